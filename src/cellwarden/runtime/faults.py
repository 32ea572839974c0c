"""What a person should know of a recording before trusting what was heard in it, a sentence each.

after the scan ─► a few stretches of samples, even and where something was heard ─► saturated, coarse, real, out of step
               ─► a few bursts, recognised again the other way round             ─► swapped
               ─► its sample rate                                                ─► interfaces that it cannot show
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from cellwarden.airinterface import INTERFACES, Interface
from cellwarden.airinterface.handed import is_swapped
from cellwarden.detect.suppress import density_db
from cellwarden.language import gettext as _
from cellwarden.language import number
from cellwarden.model import Burst, Emission
from cellwarden.radio.annotations import segment_of
from cellwarden.radio.iq import WINDOW, Faults, around, faults, is_coarse, saturated, windows
from cellwarden.radio.samples import Recording

MOST_LOUD = 12
"""Emissions whose samples are looked at besides those of places that lie evenly."""
MOST_ASKED = 6
"""Bursts that are recognised again the other way round."""
TELLING = ("gsm:access", "gsm:normal", "bluetooth:", "ble:", "unknown:burst")
WIDEST_HZ, LONGEST_S, FAINTEST_DB = 3e6, 10e-3, 8.0
"""Of bursts that are recognised again."""
MARGIN_S = 200e-6
FREE = 0.98
"""Part of an interface's least rate that is enough: rates are rounded."""


def seen(recording: Recording, emissions: Sequence[Emission]) -> Faults:
    """What is wrong with the samples, as far as some stretches of them tell."""
    loud = sorted(emissions, key=density_db, reverse=True)[:MOST_LOUD]
    places = [e.sample_start + (min(e.sample_count, 2 * WINDOW) - WINDOW) // 2 for e in loud]
    stretches = windows(recording, places)
    if recording.real:
        return Faults(saturated([stretch.real.astype(np.complex64) for stretch in stretches]))
    return replace(faults(stretches), coarse=recording.dtype.kind in "iu" and is_coarse(stretches))


def swapped(recording: Recording, emissions: Sequence[Emission]) -> bool:
    """Whether I and Q are exchanged, as far as a few of the clearest bursts tell."""
    if recording.real:
        return False
    rate = recording.rate_hz
    clear = [e for e in emissions if e.label.startswith(TELLING) and e.snr_db > FAINTEST_DB]
    short = [e for e in clear if e.sample_count < LONGEST_S * rate and e.high_offset_hz - e.low_offset_hz < WIDEST_HZ]
    asked = []
    for e in sorted(short, key=lambda e: -e.snr_db)[:MOST_ASKED]:
        burst = Burst(
            e.sample_start, e.sample_count, e.low_offset_hz, e.high_offset_hz, e.snr_db, e.floor_dbfs_hz or -100.0
        )
        asked.append((burst, around(recording, segment_of(recording, e), burst, round(MARGIN_S * rate))))
    return is_swapped(asked)


def sentences(recording: Recording, emissions: Sequence[Emission]) -> dict[str, str]:
    """What is wrong with a recording's samples, by its name for machines, and what to do about it in words."""
    found = seen(recording, emissions)
    said: dict[str, str] = {}
    if found.saturated:
        said["saturated"] = _(
            "{path}: up to {percent} % of the values are saturated, which makes false signals: turn the gain down"
        ).format(path=recording.path, percent=number(100 * found.saturated, 2))
    if found.coarse:
        said["coarse"] = _(
            "{path}: its noise fills hardly two steps of its numbers, so that faint signals are lost and false ones"
            " made: turn the gain up"
        ).format(path=recording.path)
    if found.real:
        said["real"] = _(
            "{path}: its complex samples are real ones, so that each signal is there twice, mirrored about the centre:"
            " give --real"
        ).format(path=recording.path)
    if found.late:
        said["iq_out_of_step"] = _(
            "{path}: I and Q are one sample out of step, so that each signal has a mirror image: give --align-iq"
        ).format(path=recording.path)
    if found.mirrored:
        said["mirrored"] = _(
            "{path}: each signal has a strong mirror image: see how it was recorded, or take it for one of real samples"
        ).format(path=recording.path)
    if not said.keys() & {"real", "iq_out_of_step", "mirrored"} and swapped(recording, emissions):
        said["iq_swapped"] = _(
            "{path}: I and Q are swapped, so that each frequency is mirrored about the centre: give --swap-iq, or leave"
            " it out where it was given"
        ).format(path=recording.path)
    return said


def cannot_show(rate_hz: float) -> list[Interface]:
    """Interfaces of which nothing can be recognised at a sample rate."""
    return [interface for interface in INTERFACES if rate_hz < FREE * interface.least_rate_hz]


def too_slow(rate_hz: float, missing: Sequence[Interface]) -> str:
    """One sentence on the interfaces that a sample rate cannot show."""
    by_rate = sorted(missing, key=lambda interface: interface.least_rate_hz)
    names = [_("{name} (from {rate} on)").format(name=i.title, rate=hertz(i.least_rate_hz)) for i in by_rate]
    return _("a {rate} recording cannot show {names}").format(rate=hertz(rate_hz), names=", ".join(names))


def hertz(frequency_hz: float) -> str:
    """A rate in words: 200 kHz, 3.84 MHz."""
    unit, name = (1e6, "MHz") if frequency_hz >= 1e6 else (1e3, "kHz")
    digits = next((d for d in (0, 1, 2) if abs(round(frequency_hz / unit, d) * unit / frequency_hz - 1) < 1e-6), 2)
    return f"{number(frequency_hz / unit, digits)} {name}"
