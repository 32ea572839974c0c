"""Sightings made by hand: a phone in a room, second by second."""

from collections.abc import Iterator

from cellwarden.model import Odds, Sighting

S_NS = 1_000_000_000
MINUTE_NS = 60 * S_NS
START_NS = 1_767_571_200 * S_NS
"""Monday 2026-01-05, 00:00 UTC."""
ROOMS = (*(f"A-{n:03}" for n in range(1, 21)), "Office", "Corridor", "Lawyers", "outside")
SPEECH = {"gsm": {"gsm:normal": 200}, "lte": {"lte:pusch": 45, "lte:pucch": 25}}
SIGNALLING = {"gsm": {"gsm:normal": 24}, "lte": {"lte:pusch": 6, "lte:pucch": 20}}


def sure(room: str, probability: float = 0.9) -> Odds:
    """Odds of a room, what is left shared by the next two and hardly by what lies outside."""
    at = ROOMS.index(room)
    others = [ROOMS[(at + 1) % (len(ROOMS) - 1)], ROOMS[(at + 2) % (len(ROOMS) - 1)]]
    left = 1 - probability - (1e-6 if room != "outside" else 0.0)
    odds = [(room, probability), *((name, left / 2) for name in others)]
    return tuple(odds if room == "outside" else [*odds, ("outside", 1e-6)])


def one(at_s: float, phone: str = "P-1", room: str = "A-001", **more: object) -> Sighting:
    """A second of a call, as sure as can be; `more` says what differs."""
    start_ns = START_NS + round(at_s * S_NS)
    interface = str(more.pop("interface", "gsm"))
    values: dict[str, object] = {
        "start_ns": start_ns, "end_ns": start_ns + S_NS, "phone": phone, "interface": interface,
        "labels": SPEECH.get(interface, {"wifi:ofdm": 5}),
        "frequency_hz": 897.6e6 if interface == "gsm" else 1747.5e6, "confidence": 0.999, "odds": sure(room),
        "sensors": ("S1", "S2"),
    }  # fmt: skip
    return Sighting(**{**values, **more})  # type: ignore[arg-type]


def many(at_s: float, seconds: int, phone: str = "P-1", room: str = "A-001", **more: object) -> Iterator[Sighting]:
    """So many seconds of it."""
    for second in range(seconds):
        yield one(at_s + second, phone, room, **more)
