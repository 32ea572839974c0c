"""The transmitter's fingerprint: simulated twins at two receivers, and six real boards of one model.

Twins: 50 phones of one population, of which 25 are enrolled, behind fading echoes (TDL-A); the carrier offset is drawn
anew each session and is not compared. Curves against SNR and number of bursts. Several populations are drawn of the
parameters, for of 25 phones alone a rank says little (0.96 has an interval from 0.80 to 0.99), and a few more have them
varied by ±50 %.

Boards: a comparator learned from one folder of `shared/recordings/fingerprint`, single captures of the other named.
"""

import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.lane import Lane
from benchmarks.results import ROOT
from cellwarden.measure import likelihood
from cellwarden.measure.proportion import wilson
from cellwarden.model import Block, Emission, Emitter, Segment, Session, Signature
from cellwarden.signature.comparators import comparator
from cellwarden.signature.compare import Comparator, Point, learn, log_ratios, point
from cellwarden.signature.features_lora import measure
from cellwarden.signature.gallery import Index, identify, index, nearest, placed
from cellwarden.signature.models import likely_model
from cellwarden.signature.sessions import joined
from cellwarden.simulate.parameters import Twins, varied
from cellwarden.simulate.transmitters import SENSORS, Model, Transmitter, drawn, new_model, session

BOARDS = ROOT.parent / "shared/recordings/fingerprint"
PHONES, ENROLLED, BURSTS, SNR_DB = 50, 25, 20, 20.0
SNRS_DB = (0, 5, 10, 15, 20, 25, 30)
COUNTS = (1, 2, 5, 10, 20, 50, 100)
POPULATIONS, VARIED = 8, 3
MODELS, UNITS, GALLERIES = 8, 3, 10
"""Models of which so many phones each are known, in so many galleries; as many other models are heard."""
EMITTERS, QUERIES = 100_000, 200
TOGETHER = 10
"""Captures of a board that count as one session when a comparator is learned: ten seconds apart each."""
FALSE_ACCEPT = 1e-3


def _gsm() -> Comparator:
    one = comparator("gsm:normal")
    assert one is not None, "python -m benchmarks.fingerprint_learn"
    return one


def scores(enrolled: Sequence[Session], heard: Sequence[Session]) -> NDArray[np.float64]:
    """Logarithm of the ratio of each heard session against each enrolled one, shape (heard, enrolled)."""
    one = _gsm()
    known = [point(one, [s]) for s in enrolled]
    return np.array([log_ratios(one, known, point(one, [s])) for s in heard])


def twins(seed: int, phones: int, other: bool) -> dict[str, Any]:
    """Scores of one population at the enrolment's receiver and at another one; other: with parameters of its own."""
    rng = np.random.default_rng(61_000 + seed)
    population = varied(Twins(), rng) if other else Twins()
    every = [drawn(population, rng) for _ in range(phones)]

    def at(sensor: int, some: Sequence[Transmitter]) -> list[Session]:
        return [joined(session(p, SENSORS[sensor], population, rng, BURSTS, SNR_DB)) for p in some]

    enrolled = at(0, every[: phones // 2])
    among, found = index(_gsm(), _emitters(enrolled)), {}
    for name, sensor in (("same", 0), ("across", 1)):
        heard = at(sensor, every)
        told = [identify(among, s) for s in heard]
        found[name] = {
            "scores": np.round(scores(enrolled, heard), 3).tolist(),
            "verdicts": [[t.verdict, t.name == f"E-{k:04d}"] for k, t in enumerate(told)],
        }
    return found


def _emitters(sessions: Sequence[Session]) -> list[Emitter]:
    return [Emitter(f"E-{k:04d}", (s,)) for k, s in enumerate(sessions)]


def models(seed: int) -> list[tuple[str, bool, bool]]:
    """Verdicts on the model of phones that were never heard, half of models that were: verdict, right, model known."""
    rng = np.random.default_rng(64_000 + seed)
    several = [new_model(Twins(), rng) for _ in range(2 * MODELS)]

    def heard(of: Model, sensor: int) -> Session:
        return joined(session(drawn(Twins(), rng, of), SENSORS[sensor], Twins(), rng, BURSTS, SNR_DB))

    known = [
        Emitter("", (heard(of, unit % 2),), f"M{k}") for k, of in enumerate(several[:MODELS]) for unit in range(UNITS)
    ]
    told = [likely_model(known, heard(of, k % 2)) for k, of in enumerate(several)]
    return [(t.verdict, t.name == f"M{k}", k < MODELS) for k, t in enumerate(told) if t is not None]


def curve(phones: int) -> dict[str, Any]:
    """Rank-1 and EER across receivers against SNR (20 bursts) and against the number of bursts (at 20 dB)."""
    rng = np.random.default_rng(62_000)
    every = [drawn(Twins(), rng) for _ in range(phones)]
    enrolled = [joined(session(p, SENSORS[0], Twins(), rng, BURSTS, SNR_DB)) for p in every[: phones // 2]]
    made: dict[str, Any] = {"snr": {}, "bursts": {}}
    for snr in SNRS_DB:
        heard = [joined(session(p, SENSORS[1], Twins(), rng, BURSTS, snr)) for p in every]
        made["snr"][str(snr)] = _figures(scores(enrolled, heard))
    long = [session(p, SENSORS[1], Twins(), rng, COUNTS[-1], SNR_DB) for p in every]
    for count in COUNTS:
        made["bursts"][str(count)] = _figures(scores(enrolled, [joined(s[:count]) for s in long]))
    return made


def _figures(score: NDArray[np.float64]) -> dict[str, float]:
    own = np.eye(*score.shape, dtype=bool)
    known = score.shape[1]
    first = float(np.mean(np.argmax(score[:known], axis=1) == np.arange(known)))
    return {
        "rank1": first,
        "eer": likelihood.equal_error(score.ravel(), own.ravel()),
        "cllr": likelihood.cost(score.ravel(), own.ravel()),
        "missed": likelihood.missed_at(score.ravel(), own.ravel(), FALSE_ACCEPT),
    }


def search(emitters: int) -> dict[str, float]:
    """Processor time of a query with its exact ratios, and how often its best is the best of all, of those drawn."""
    one, rng = _gsm(), np.random.default_rng(63_000)
    size, spread = len(one.names), one.session + one.burst / BURSTS
    zero = np.zeros(size)
    own = rng.multivariate_normal(zero, one.between, emitters, check_valid="ignore")
    held = own + rng.multivariate_normal(zero, spread, emitters, check_valid="ignore")
    asked = own[:QUERIES] + rng.multivariate_normal(zero, spread, QUERIES, check_valid="ignore")
    among = Index(one, ("",) * emitters, (), *placed(one, held))
    gain = np.linalg.solve(one.between + spread, one.between).T
    root = np.linalg.inv(np.linalg.cholesky(one.between - gain @ one.between + spread))
    predicted = held @ (root @ gain).T
    right, times = 0, []
    for x in asked:
        heard = Point(x, spread)
        began = time.process_time()
        near = nearest(among, heard)
        exact = log_ratios(one, [Point(held[i], spread) for i in near], heard)
        times.append(time.process_time() - began)
        best = int(np.argmin(np.sum((predicted - root @ x) ** 2, axis=1)))
        right += int(near[int(np.argmax(exact))]) == best
    return {"emitters": emitters, "queries": QUERIES, "ms": 1e3 * float(np.median(times)), "same_best": right}


def boards(left_out: tuple[str, ...], step: int = 1) -> dict[str, Any]:
    """Rank-1 of single captures, each `step`-th of them, learned from one folder and tried on the other, both
    ways."""
    if not BOARDS.is_dir():
        return {}
    held = {name: _captures(name, step) for name in ("room", "wired")}
    found = {}
    for learned, tried in (("room", "wired"), ("wired", "room")):
        examples = {
            board: [every[i : i + TOGETHER] for i in range(0, len(every), TOGETHER)]
            for board, every in held[learned].items()
        }
        one = learn(examples, left_out=left_out)
        known = [point(one, [joined(every)]) for every in held[learned].values()]
        score = np.array([log_ratios(one, known, point(one, [joined([s])])) for e in held[tried].values() for s in e])
        truth = np.repeat(np.arange(len(known)), [len(e) for e in held[tried].values()])
        hits = int(np.sum(score.argmax(axis=1) == truth))
        own = truth[:, None] == np.arange(len(known))
        found[f"{learned} to {tried}"] = {
            "rank1": hits / len(truth),
            "interval": list(wilson(hits, len(truth))),
            "captures": len(truth),
            "eer": likelihood.equal_error(score.ravel(), own.ravel()),
        }
    return found


def _captures(name: str, step: int) -> dict[str, list[Signature]]:
    held = np.load(BOARDS / f"lora_heltec_v3_{name}.npz")
    rate, made = float(held["sample_rate"]), {}  # type: ignore[var-annotated]
    details: Mapping[str, str | int | float] = {"spreading_factor": 7, "bandwidth_hz": 250e3}
    for iq, board in zip(held["iq"][::step], held["device"][::step].tolist(), strict=True):
        emission = Emission("other:lora", 0, len(iq), -125e3, 125e3, 0.0, 1.0, details=details)
        told = measure(emission, Block(iq, 1.0, 0, Segment(0, len(iq), rate)))
        if told is not None:
            made.setdefault(str(board), []).append(told)
    return made


def parts(scale: float) -> dict[str, Any]:
    """At full size, so many populations of 50 phones; the boards and the search are always whole."""
    phones = max(10, round(PHONES * min(1.0, 2 * scale)))
    several, others = max(1, round(POPULATIONS * scale)), max(1, round(VARIED * scale))
    made: dict[str, Any] = {f"twins-{seed}": partial(twins, 100 * seed, phones, False) for seed in range(several)}
    made |= {f"varied-{seed}": partial(twins, seed, phones, True) for seed in range(1, others + 1)}
    made |= {f"models-{seed}": partial(models, seed) for seed in range(max(2, round(GALLERIES * scale)))}
    made["curve"] = partial(curve, max(10, round(PHONES * scale)))
    made["search"] = partial(search, max(1000, round(EMITTERS * min(1.0, 10 * scale))))
    made["boards"] = partial(boards, ("carrier_hz",))
    made["boards-carrier"] = partial(boards, ())
    return made


def summary(done: Mapping[str, Any]) -> dict[str, Any]:
    """Figures of all populations of the parameters with intervals over their phones, and their range over all of
    them, those of other parameters too."""
    told: dict[str, Any] = {"boards": done["boards"], "boards_carrier": done["boards-carrier"]}
    told |= {"curve": done["curve"], "search": done["search"]}
    asked = [tuple(one) for name in done if name.startswith("models-") for one in done[name]]
    told["models"] = {
        "known": sum(known for _v, _r, known in asked),
        "named": sum(v == "known" and right for v, right, known in asked if known),
        "misnamed": sum(v == "known" and not right for v, right, known in asked if known),
        "called_new": sum(v == "new" for v, _r, known in asked if known),
        "likeliest": sum(right for _v, right, known in asked if known),
        "strangers": sum(not known for _v, _r, known in asked),
        "taken_for_known": sum(v == "known" for v, _r, known in asked if not known),
        "new": sum(v == "new" for v, _r, known in asked if not known),
    }
    drawn_alike = [done[name] for name in done if name.startswith("twins-")]
    several = [*drawn_alike, *(done[name] for name in done if name.startswith("varied-"))]
    for name in ("same", "across"):
        each = [_figures(np.array(one[name]["scores"])) for one in several]
        scored = [np.array(one[name]["scores"]) for one in drawn_alike]
        known = scored[0].shape[1]
        of = known * len(scored)
        hits = round(sum(one["rank1"] for one in each[: len(scored)]) * known)
        told[name] = {
            "phones": len(scored[0]),
            "enrolled": known,
            "populations": len(scored),
            "rank1": [hits / of, *wilson(hits, of)],
            **{key: _interval(scored, key) for key in ("eer", "cllr", "missed")},
            "ranges": {k: [min(e[k] for e in each), max(e[k] for e in each)] for k in each[0]},
            "verdicts": _verdicts([v for one in several for v in _marked(one[name]["verdicts"], known)]),
        }
    return told


def _interval(scored: Sequence[NDArray[np.float64]], key: str) -> list[float]:
    """A figure of several populations with its interval, phones being drawn again, those enrolled among themselves and
    the others so too."""
    known, others = scored[0].shape[1], len(scored[0]) - scored[0].shape[1]

    def figure(chosen: NDArray[np.intp]) -> float:
        scores, owns = [], []
        for at, score in enumerate(scored):
            here = chosen[chosen // known == at] - at * known
            rows = np.concatenate([here, known + here[here < others]]) if others else here
            scores.append(score[np.ix_(rows, here)].ravel())
            owns.append((rows[:, None] == here[None, :]).ravel())
        part, own = np.concatenate(scores), np.concatenate(owns)
        if key == "eer":
            return likelihood.equal_error(part, own)
        if key == "cllr":
            return likelihood.cost(part, own)
        return likelihood.missed_at(part, own, FALSE_ACCEPT)

    return list(likelihood.over_sources(figure, known * len(scored), np.random.default_rng(1)))


def _marked(verdicts: Sequence[Sequence[Any]], known: int) -> list[tuple[bool, str, bool]]:
    return [(k < known, str(verdict), bool(right)) for k, (verdict, right) in enumerate(verdicts)]


def _verdicts(marked: Sequence[tuple[bool, str, bool]]) -> dict[str, int]:
    """Right and wrong verdicts, of phones that are enrolled and of those that are not."""
    return {
        "enrolled": sum(e for e, _v, _r in marked),
        "named": sum(e and v == "known" and r for e, v, r in marked),
        "misnamed": sum(e and v == "known" and not r for e, v, r in marked),
        "called_new": sum(e and v == "new" for e, v, _r in marked),
        "strangers": sum(not e for e, _v, _r in marked),
        "new": sum(not e and v == "new" for e, v, _r in marked),
        "taken_for_known": sum(not e and v == "known" for e, v, _r in marked),
        "cannot_say": sum(v == "cannot say" for _e, v, _r in marked),
    }


LANE = Lane("fingerprint", parts, summary)
