"""Values of the watch room as columns, and back. What is a tuple or a table in a value is JSON in a column."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import RowMapping

from cellwarden.model.watch import Activity, Alert, Blind, Decision, Odds, Presence, SensorState, Sighting

Columns = dict[str, Any]


def sighting_columns(one: Sighting) -> Columns:
    """Also `cell`, the most probable room: what heat maps count by."""
    return {
        "start_ns": one.start_ns,
        "end_ns": one.end_ns,
        "phone": one.phone,
        "interface": one.interface,
        "labels": dict(one.labels),
        "frequency_hz": one.frequency_hz,
        "confidence": one.confidence,
        "odds": _pairs(one.odds),
        "cell": one.odds[0][0] if one.odds else "",
        "sensors": list(one.sensors),
        "evidence": list(one.evidence),
        "emitter": one.emitter,
        "log_ratio": one.log_ratio,
        "offset_hz": one.offset_hz,
        "offset_error_hz": one.offset_error_hz,
    }


def sighting(row: "RowMapping | Mapping[str, Any]") -> Sighting:
    """A row of `sightings`, or of the history."""
    return Sighting(
        start_ns=row["start_ns"],
        end_ns=row["end_ns"],
        phone=row["phone"],
        interface=row["interface"],
        labels=row["labels"],
        frequency_hz=row["frequency_hz"],
        confidence=row["confidence"],
        odds=_odds(row["odds"]),
        sensors=tuple(row["sensors"]),
        evidence=tuple(row["evidence"]),
        emitter=row["emitter"],
        log_ratio=row["log_ratio"],
        offset_hz=row["offset_hz"],
        offset_error_hz=row["offset_error_hz"] or 0.0,
    )


def presence_columns(one: Presence) -> Columns:
    """All of a presence."""
    return {
        "phone": one.phone,
        "emitter": one.emitter,
        "odds": _pairs(one.odds),
        "start_ns": one.start_ns,
        "end_ns": one.end_ns,
        "activities": [_activity_columns(activity) for activity in one.activities],
    }


def presence(row: RowMapping) -> Presence:
    """A row of `presences`."""
    activities = tuple(Activity(**activity) for activity in row["activities"])
    return Presence(row["phone"], row["emitter"], _odds(row["odds"]), row["start_ns"], row["end_ns"], activities)


def alert_columns(one: Alert) -> Columns:
    """All of an alert; its state is the store's."""
    return {
        "name": one.name,
        "told_ns": one.told_ns,
        "since_ns": one.since_ns,
        "phone": one.phone,
        "emitter": one.emitter,
        "activity": _activity_columns(one.activity),
        "odds": _pairs(one.odds),
        "probability": one.probability,
        "severity": one.severity,
        "sensors": list(one.sensors),
        "evidence": list(one.evidence),
        "details": dict(one.details),
    }


def alert(row: RowMapping) -> Alert:
    """A row of `alerts`."""
    return Alert(
        name=row["name"],
        told_ns=row["told_ns"],
        since_ns=row["since_ns"],
        phone=row["phone"],
        emitter=row["emitter"],
        activity=Activity(**row["activity"]),
        odds=_odds(row["odds"]),
        probability=row["probability"],
        severity=row["severity"],
        sensors=tuple(row["sensors"]),
        evidence=tuple(row["evidence"]),
        details=row["details"],
    )


def decision_columns(one: Decision) -> Columns:
    """All of a decision."""
    return {"alert": one.alert, "state": one.state, "who": one.who, "when_ns": one.when_ns, "why": one.why}


def decision(row: RowMapping) -> Decision:
    """A row of `decisions`."""
    return Decision(row["alert"], row["state"], row["who"], row["when_ns"], row["why"])


def sensor_columns(one: SensorState) -> Columns:
    """All of a sensor's state."""
    return {
        "sensor": one.sensor,
        "time_ns": one.time_ns,
        "floor_dbfs_hz": one.floor_dbfs_hz,
        "lost_samples": one.lost_samples,
        "clock_error_ns": one.clock_error_ns,
        "reason": one.reason,
        "temperature_c": one.temperature_c,
        "blind": [[blind.band, blind.since_ns] for blind in one.blind],
    }


def sensor_state(row: RowMapping) -> SensorState:
    """A row of `sensor_states`."""
    return SensorState(
        row["sensor"],
        row["time_ns"],
        row["floor_dbfs_hz"],
        row["lost_samples"],
        row["clock_error_ns"],
        row["reason"],
        row["temperature_c"],
        tuple(Blind(*one) for one in row["blind"]),
    )


def _activity_columns(one: Activity) -> Columns:
    return {
        "phone": one.phone,
        "kind": one.kind,
        "start_ns": one.start_ns,
        "end_ns": one.end_ns,
        "interface": one.interface,
        "band": one.band,
        "bursts": one.bursts,
        "frequency_hz": one.frequency_hz,
        "offset_hz": one.offset_hz,
        "offset_error_hz": one.offset_error_hz,
    }


def _pairs(odds: Odds) -> list[list[str | float]]:
    return [[room, probability] for room, probability in odds]


def _odds(pairs: Sequence[Sequence[Any]]) -> Odds:
    return tuple((room, probability) for room, probability in pairs)
