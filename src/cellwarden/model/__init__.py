"""The values that flow from room to room. All are frozen; none does anything.

Frequencies named `offset` are relative to the tuned centre (baseband); where the centre is known the absolute one is
`Segment.centre_hz + offset`. Times are sample indices into the recording, and nanoseconds since the epoch where the
recording tells its start. Powers are dBFS: 0 dBFS is a complex exponential of magnitude 1.
"""

from cellwarden.model.airinterface import Cell, Emission
from cellwarden.model.associate import Observation, Reception
from cellwarden.model.detect import Boxed, Burst
from cellwarden.model.locate import Fix
from cellwarden.model.passage import Passage
from cellwarden.model.radio import ENDLESS, Block, Interleaved, Room, Segment
from cellwarden.model.register import Find
from cellwarden.model.shift import Handover, Note, Search
from cellwarden.model.signature import (
    Emitter,
    Identified,
    JunctionReading,
    Measured,
    Provenance,
    Session,
    Signature,
)
from cellwarden.model.spectrum import Heard, Row
from cellwarden.model.store import AuditLine, Change, Invitation, Person, Role
from cellwarden.model.stray import Stray, StrayName
from cellwarden.model.watch import (
    Activity,
    Alert,
    Blind,
    Decision,
    Odds,
    Presence,
    RulesText,
    SensorState,
    Sighting,
    State,
)

__all__ = [
    "ENDLESS",
    "Activity",
    "Alert",
    "AuditLine",
    "Blind",
    "Block",
    "Boxed",
    "Burst",
    "Cell",
    "Change",
    "Decision",
    "Emission",
    "Emitter",
    "Find",
    "Fix",
    "Handover",
    "Heard",
    "Identified",
    "Interleaved",
    "Invitation",
    "JunctionReading",
    "Measured",
    "Note",
    "Observation",
    "Odds",
    "Passage",
    "Person",
    "Presence",
    "Provenance",
    "Reception",
    "Role",
    "Room",
    "Row",
    "RulesText",
    "Search",
    "Segment",
    "SensorState",
    "Session",
    "Sighting",
    "Signature",
    "State",
    "Stray",
    "StrayName",
]
