"""What the simulated wing's house would write: who may phone where and when."""

from cellwarden.simulate.parameters import Week
from cellwarden.simulate.week import site
from cellwarden.simulate.week_people import STAFF_H, staff_emitter
from cellwarden.watch.rules_file import Rules, Staff, Zone

PROBABILITY = 0.8
"""Four to one: so much sent from offices beside cells would else be more false alerts than the budget allows."""
OFFICE_WEIGHT = 20.0
"""Three of staff to an office, heard some 18 times a day each, against 9 phones in 60 cells, heard some 30 times: 54 to
4.5 in a day of 24 hours, but those of staff within 14."""


CORRIDOR_WEIGHT = 10.0
"""By the same count: four of staff in three corridors, heard some 18 times a day each within those 14 hours."""


def rules_of(week: Week) -> Rules:
    """Phones are allowed in offices by day, those of the house in corridors."""
    hours = ((60 * STAFF_H[0], 60 * STAFF_H[1]),)
    rooms: dict[str, list[str]] = {"office": [], "corridor": []}
    for room in site().rooms:
        rooms.setdefault(room.kind, []).append(room.name)
    zones = (
        Zone("offices", tuple(rooms["office"]), hours, "allowed", OFFICE_WEIGHT),
        Zone("corridors", tuple(rooms["corridor"]), hours, "staff", CORRIDOR_WEIGHT),
    )
    staff = tuple(Staff(staff_emitter(n), ("corridors",), hours) for n in range(week.corridors))
    return Rules(probability=PROBABILITY, zones=zones, staff=staff)
