"""Values to keep, in one place."""

from cellwarden.model import Activity, Alert, Presence, SensorState, Sighting

SECOND = 10**9
T0 = 1_790_000_000 * SECOND


def sighting(k: int = 0, phone: str = "P-1", at_ns: int = T0, cell: str = "A-001") -> Sighting:
    return Sighting(
        start_ns=at_ns + k * SECOND,
        end_ns=at_ns + k * SECOND + 800_000_001,
        phone=phone,
        interface="gsm",
        labels={"gsm:normal": 17, "gsm:access": 1},
        frequency_hz=897.4e6,
        confidence=0.1 + 0.2,
        odds=((cell, 0.7), ("outside", 0.3)),
        sensors=("A0-S2", "A0-S1"),
        evidence=("ab" * 32,),
        emitter="E-0042",
        log_ratio=7.25,
        offset_hz=-87.5,
        offset_error_hz=3.25,
    )


def activity(phone: str = "P-1") -> Activity:
    return Activity(phone, "call", T0, T0 + 240 * SECOND, "gsm", "GSM 900", 4321)


def presence(phone: str = "P-1", start_ns: int = T0, seconds: int = 60) -> Presence:
    return Presence(phone, "", (("A-001", 0.9),), start_ns, start_ns + seconds * SECOND, (activity(phone),))


def alert(name: str, told_ns: int = T0) -> Alert:
    return Alert(
        name=name,
        told_ns=told_ns,
        since_ns=told_ns - 90 * SECOND,
        phone="P-1",
        emitter="",
        activity=activity(),
        odds=(("A-001", 0.7), ("A-002", 0.2), ("outside", 0.1)),
        probability=0.9,
        severity="high",
        sensors=("A0-S1",),
        evidence=("cd" * 32,),
        details={"bursts": 4321, "zone": "wing A", "ratio": 1234.5},
    )


def sensor(name: str = "A0-S1", time_ns: int = T0, reason: str = "") -> SensorState:
    return SensorState(name, time_ns, -151.5, 0, 20.0, reason)
