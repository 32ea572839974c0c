"""Detectors on trial: ours, a Python entry point, or a command. Each is given a recording and makes claims.

    ours              cellwarden
    entry point       package.module:function      a function from the path of a .sigmf-meta to SigMF annotations
                      name                          …that an installed package offers under `cellwarden.detectors`
    command           "prog {input} {output}"      reads the .sigmf-meta {input}, writes annotated SigMF to {output}

An annotation counts by `core:sample_start`, `core:sample_count`, its frequency edges (absolute; none: the whole band),
`core:label` (none: it names nothing and is judged by its box alone) and its score: `cellwarden:score`, any number, or
`cellwarden:confidence`, or 1.
"""

import importlib
import json
import math
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, TypeAlias

from cellwarden.errors import DetectorError
from cellwarden.language import gettext as _
from cellwarden.language import reason_of
from cellwarden.radio.recording import Recording, open_recording
from cellwarden.runtime.scan import scan

OWN = "cellwarden"
GROUP = "cellwarden.detectors"
LONGEST_S = 900
"""That a command may take for one recording of some seconds."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What a detector says lies somewhere; the box is relative to the tuned centre."""

    label: str
    sample_start: float
    sample_count: int
    low_offset_hz: float
    high_offset_hz: float
    score: float
    banded: bool = True
    """It says which frequencies it means; otherwise its band is the whole recording's."""


Detect: TypeAlias = Callable[[Path], list[Claim]]


def detector(name: str) -> Detect:
    """The detector of a name. Raises DetectorError."""
    if name == OWN:
        return ours
    if "{input}" in name or "{output}" in name:
        return _command(name)
    return _function(name)


def ours(path: Path) -> list[Claim]:
    """All that a scan names, however unsure."""
    return [
        Claim(e.label, e.sample_start, e.sample_count, e.low_offset_hz, e.high_offset_hz, e.confidence)
        for e in scan(open_recording(path), min_confidence=0.0)
    ]


def _function(name: str) -> Detect:
    call = _loaded(name)

    def detect(path: Path) -> list[Claim]:
        try:
            annotations = list(call(path))
        except Exception as error:
            why = f"{type(error).__name__}: {error}"
            raise DetectorError(_("the detector {name} failed: {why}: mend it").format(name=name, why=why)) from error
        return claims(name, annotations, open_recording(path))

    return detect


def _loaded(name: str) -> Callable[[Path], Iterable[Any]]:
    """The function of an entry point, or of `module:function` in the path or the present folder."""
    offered = {point.name: point for point in entry_points(group=GROUP)}
    module, colon, attribute = name.partition(":")
    try:
        if name in offered:
            found = offered[name].load()
        elif colon:
            if "" not in sys.path and str(Path.cwd()) not in sys.path:
                sys.path.insert(0, str(Path.cwd()))
            found = importlib.import_module(module)
            for part in attribute.split("."):
                found = getattr(found, part)
        else:
            raise DetectorError(
                _(
                    "{name} is no detector: write module:function, a command with {{input}} and {{output}},"
                    " or one of {names}"
                ).format(name=repr(name), names=", ".join([OWN, *sorted(offered)]))
            )
    except DetectorError:
        raise
    except Exception as error:
        raise DetectorError(
            _("the detector {name} cannot be loaded: {why}: check its name and the Python path").format(
                name=name, why=error
            )
        ) from error
    if not callable(found):
        raise DetectorError(_("the detector {name} is no function: name one").format(name=name))
    return found


def _command(line: str) -> Detect:
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise DetectorError(
            _("the detector {name} cannot be read as a command: {why}").format(name=line, why=error)
        ) from error
    if not any("{input}" in word for word in words) or not any("{output}" in word for word in words):
        raise DetectorError(_("the detector {name} needs both {{input}} and {{output}}").format(name=line))

    def detect(path: Path) -> list[Claim]:
        with tempfile.TemporaryDirectory(prefix="cellwarden-") as folder:
            output = Path(folder) / "found.sigmf-meta"
            _run(line, [w.replace("{input}", str(path)).replace("{output}", str(output)) for w in words])
            return claims(line, _annotations(line, output), open_recording(path))

    return detect


def _run(line: str, words: list[str]) -> None:
    try:
        done = subprocess.run(words, capture_output=True, text=True, errors="replace", timeout=LONGEST_S, check=False)
    except subprocess.TimeoutExpired as error:
        why = _("it took more than {seconds} s").format(seconds=LONGEST_S)
        raise DetectorError(_("the detector {name} failed: {why}: mend it").format(name=line, why=why)) from error
    except OSError as error:
        raise DetectorError(
            _("the detector {name} cannot be started: {why}: check its path").format(name=line, why=reason_of(error))
        ) from error
    if done.returncode:
        said = (done.stderr.strip().splitlines() or [""])[-1]
        why = _("exit code {code}, {said}").format(code=done.returncode, said=said)
        raise DetectorError(_("the detector {name} failed: {why}: mend it").format(name=line, why=why))


def _annotations(line: str, output: Path) -> list[Any]:
    try:
        found = json.loads(output.read_text(encoding="utf-8"))["annotations"]
    except FileNotFoundError as error:
        raise DetectorError(_("the detector {name} wrote no {{output}}").format(name=line)) from error
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise DetectorError(
            _("what the detector {name} wrote is no SigMF with annotations: mend it").format(name=line)
        ) from error
    if not isinstance(found, list):
        raise DetectorError(_("what the detector {name} wrote is no SigMF with annotations: mend it").format(name=line))
    return found


def claims(name: str, annotations: Iterable[Any], recording: Recording) -> list[Claim]:
    """Claims of SigMF annotations, in the order of time. Raises DetectorError for one that cannot be understood."""
    found = []
    for number, annotation in enumerate(annotations):
        try:
            found.append(_claim(annotation, recording))
        except (TypeError, ValueError, KeyError, OverflowError) as error:
            raise DetectorError(
                _("annotation {number} of the detector {name} is malformed ({why}): mend it").format(
                    number=number, name=name, why=error
                )
            ) from error
    return sorted(found, key=lambda claim: claim.sample_start)


def _claim(annotation: Any, recording: Recording) -> Claim:
    if not isinstance(annotation, Mapping):
        raise TypeError(_("it is no object"))
    centre, half = recording.segments[0].centre_hz or 0.0, recording.rate_hz / 2
    start = float(annotation["core:sample_start"])
    count = int(annotation.get("core:sample_count", recording.sample_count - start))
    low = float(annotation.get("core:freq_lower_edge", centre - half)) - centre
    high = float(annotation.get("core:freq_upper_edge", centre + half)) - centre
    score = float(annotation.get("cellwarden:score", annotation.get("cellwarden:confidence", 1.0)))
    if not all(map(math.isfinite, (start, low, high, score))) or count < 0:
        raise ValueError(_("a number in it is not finite, or a length negative"))
    banded = "core:freq_lower_edge" in annotation or "core:freq_upper_edge" in annotation
    return Claim(str(annotation.get("core:label") or ""), start, count, low, high, score, banded)
