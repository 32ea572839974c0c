"""Which phone is where, from when to when: sightings become presences and activities.

```
 sightings   ▪▪▪▪▪▪          ▪▪                  ▪▪▪▪▪▪▪▪▪▪            time ►
 activities  └call┘          └registration       └ call ──┘
 presences   └─────────────── A-014 ───────────────────────┘ …         outlasts FORGET_NS of silence
```

A presence is one phone in one place. To which presence a sighting belongs:

1. The one in which its name was heard last. Two phones never share a name.
2. Else the one of the same emitter, where the place fits and no other name of it was heard at that time. Association
   forgets a name between two calls; the gallery may know the phone. A signature alone merges nothing: what places or an
   overlap in time contradict are two phones.
3. Else the one that place, interface, channel and carrier offset say it is (`same`), if that was silent for GAP_NS.
   Where the gallery knows the one and not the other nothing is said: a phone of staff has a signature and may be passed
   over, and nobody else may be with it.
4. Else a new one.

So two phones in a cell are two where they send at one time, or differ in what is measured; else they are one, until
they do. A name that was counted to a presence by 2 or 3 is a guest. Should all that is heard of it speak for another
place after all, by odds of MOVED to one, it is shown out: it goes with all that it did to where it fits, or is a new
presence.

A phone that keeps its name moves where the last RECENT sightings together are of another place, by odds of MOVED to
one: one doubtful fix moves nothing. The old presence ends, and a new one of the same phone begins.

An idle phone registers every 54 minutes (T3412, 3GPP TS 24.301 §10.2, its default; GSM's T3212 is set by the network,
often to as much), so a presence lasts until two of its registrations were missed and the third is overdue.

What is kept does not grow with time: presences end, and of each a few sums and its last activities remain. The state is
changed by the functions here and by nobody else.
"""

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cellwarden.model import Activity, Presence, Sighting
from cellwarden.model.span import S_NS
from cellwarden.watch import doing as act
from cellwarden.watch import same
from cellwarden.watch.doing import GAP_NS, Doing, Proof
from cellwarden.watch.places import Pool, as_odds, empty, joined, logs, mean, probabilities, sameness, times, with_one
from cellwarden.watch.same import Trait

FORGET_NS = 165 * 60 * S_NS
"""Silence after which a presence ends: three of T3412's 54 minutes, and some."""
FITS = 1.0
"""Odds of one place against two from which on a place fits: it is likelier one."""
MOVED = 20.0
"""Odds of two places against one from which on a phone moved."""
RECENT = 3
"""Sightings that must agree on it."""
OWN = 2.0
"""Independent fixes that sightings of one place are worth, where they are asked about another one. Errors that last
(walls, furniture) would be the same in both, so what differs between them is a fix's own: fading, bodies, where in the
room it lies. An assumption: worth more, and phones that lie still seem to move."""
MEMORY = 4
"""Transmissions by guests of which a place is the mean. More, and a phone that came to the next cell would hide long
behind one that left; fewer, and a phone that lies still would seem to wander."""
MOST_RECENT = 6
"""After so many that do not, they count as the presence's own."""
MOST_ACTIVITIES = 32
MOST_NAMES = 8

What = Literal["began", "moved", "heard", "activity", "gone"]
"""A presence began; the phone began one elsewhere; it was heard again; what it does has another name or is over; it was
silent too long."""


class News(NamedTuple):
    """What is new about a presence. It is known by its phone's first name and its start, which never change."""

    what: What
    presence: Presence
    activity: Activity | None = None
    """What it does, as far as known; None where it is gone."""
    proof: Proof | None = None
    """What speaks for that activity."""
    over: bool = False
    """Whether the activity has ended."""


@dataclass(slots=True)
class Track:
    """A presence that may go on."""

    phone: str
    start_ns: int
    end_ns: int
    settled: Pool
    recent: Pool
    recent_ns: int
    """Start of the first recent sighting."""
    emitter: str = ""
    log_ratio: float = 0.0
    """The highest for its emitter."""
    names: dict[str, tuple[int, int]] = field(default_factory=dict)
    """When each name was heard last, from and to; the latest name is the last."""
    doing: Doing | None = None
    done: tuple[Activity, ...] = ()
    trait: Trait | None = None
    guest: "Guest | None" = None
    guests: int = 0
    """Transmissions by other names than its first."""


@dataclass(slots=True)
class Guest:
    """A name that was counted to a presence by what was measured of it, and how the presence was before."""

    name: str
    start_ns: int
    pool: Pool
    """Of its own sightings."""
    end_ns: int
    settled: Pool
    trait: Trait | None
    emitter: str
    log_ratio: float


@dataclass(slots=True)
class Tracks:
    """All presences that may go on."""

    rooms: tuple[str, ...]
    """Names that odds may hold, `outside` the last (`locate.whereabouts.room_names`)."""
    index: dict[str, int]
    tracks: list[Track] = field(default_factory=list)
    by_name: dict[str, Track] = field(default_factory=dict)


def fresh(rooms: tuple[str, ...]) -> Tracks:
    """Nobody is there yet."""
    return Tracks(rooms, {name: n for n, name in enumerate(rooms)})


def presences(state: Tracks) -> tuple[Presence, ...]:
    """All that may go on, the oldest first."""
    return tuple(_presence(state, track) for track in state.tracks)


def seen(state: Tracks, sighting: Sighting) -> tuple[Tracks, tuple[News, ...]]:
    """Take a sighting in, and tell what is new. What is no phone's is passed over: it tells nothing here."""
    if not act.phone_bursts(sighting):
        return state, ()
    said = logs(state.index, sighting.odds)
    told: list[News] = []
    track = state.by_name.get(sighting.phone)
    if track is not None and _parted(track, sighting):
        del track.names[sighting.phone], state.by_name[sighting.phone]  # another phone's, or nobody asked `quiet`
        track = None
    what: What = "heard"
    if track is None:
        track = _known(state, sighting, probabilities(Pool(said, 1)))
        if track is not None:
            told += _let_in(state, track, sighting)
    elif track.guest is not None and track.guest.name != sighting.phone:
        track.settled, track.guest = _place(track), None
    if track is None:
        track, what = _new(state, sighting.phone, sighting.start_ns), "began"
    elif track.guest is not None:
        track.guest.pool = with_one(track.guest.pool, said)
        if _astray(track.guest):
            host, (track, what) = track, _shown_out(state, track, sighting)
            told += [News("heard", _presence(state, host)), *_counted(state, track, sighting, None, what)]
            return state, tuple(told)
    elif _moved(track, sighting, said, len(state.rooms)):
        old, track, what = track, _elsewhere(state, track), "moved"
        told += _ended(state, old)
    told += _counted(state, track, sighting, said, what)
    return state, tuple(told)


def quiet(state: Tracks, now_ns: int) -> tuple[Tracks, tuple[News, ...]]:
    """What silence until now means: activities that are over, presences that are gone."""
    told: list[News] = []
    for track in list(state.tracks):
        if track.doing is not None and now_ns - track.doing.end_ns > GAP_NS:
            told += _over(state, track)
        if now_ns - track.end_ns > FORGET_NS:
            told += _ended(state, track)
    return state, tuple(told)


def _parted(track: Track, sighting: Sighting) -> bool:
    """Whether a sighting cannot be of the presence in which its name was heard last."""
    return sighting.start_ns - track.end_ns > FORGET_NS or _overlaps(track, sighting)


def _known(state: Tracks, sighting: Sighting, there: NDArray[np.float64], besides: Track | None = None) -> Track | None:
    """The presence that a new name belongs to by all that is measured of it; there: where it is, shape (rooms,)."""
    new, best, found = same.trait(sighting), -np.inf, None
    for track in state.tracks:
        if track is besides or sighting.start_ns - track.end_ns > FORGET_NS or _overlaps(track, sighting):
            continue
        place = sameness(probabilities(_place(track)), there)
        if sighting.emitter and sighting.emitter == track.emitter and sighting.log_ratio >= 0:
            worth = sighting.log_ratio + np.log(place) if place >= FITS else -np.inf
        elif sighting.emitter or track.emitter or track.trait is None or sighting.start_ns - track.end_ns < GAP_NS:
            continue
        else:
            worth = same.nats(place, track.trait, new)
            worth = worth if worth >= same.SAME_NATS else -np.inf
        if worth > best:
            best, found = worth, track
    return found


def _let_in(state: Tracks, track: Track, sighting: Sighting) -> list[News]:
    """A new name becomes a presence's guest; whatever that did is over."""
    told = _over(state, track)
    track.settled, track.recent = _remembered(track), empty(len(state.rooms))
    track.guests += 1
    track.guest = Guest(
        sighting.phone, sighting.start_ns, empty(len(state.rooms)), track.end_ns, track.settled, track.trait,
        track.emitter, track.log_ratio,
    )  # fmt: skip
    return told


def _place(track: Track) -> Pool:
    """Where a phone is by what is remembered and what is heard now."""
    if track.guest is None:
        return joined(track.settled, track.recent)
    return joined(track.settled, mean(track.guest.pool))


def _remembered(track: Track) -> Pool:
    """The same, each transmission weighing alike, when another one begins."""
    acts = min(MEMORY - 1, max(1, track.guests + (track.guest is None)))
    return times(mean(_place(track)), acts)


def _astray(guest: Guest) -> bool:
    """Whether all that was heard of a guest is of another place than the presence was."""
    if guest.pool.fixes < RECENT:
        return False
    return sameness(probabilities(guest.settled, OWN), probabilities(guest.pool, OWN)) * MOVED < 1.0


def _shown_out(state: Tracks, host: Track, sighting: Sighting) -> tuple[Track, What]:
    """The presence of a guest that is another phone: one that fits, else a new one. The host is as it was before."""
    guest = host.guest
    assert guest is not None
    host.end_ns, host.settled, host.recent = guest.end_ns, guest.settled, empty(len(state.rooms))
    host.trait, host.emitter, host.log_ratio, host.guest = guest.trait, guest.emitter, guest.log_ratio, None
    doing, host.doing = host.doing, None
    done = tuple(one for one in host.done if one.start_ns >= guest.start_ns)
    host.done = tuple(one for one in host.done if one.start_ns < guest.start_ns)
    del host.names[guest.name], state.by_name[guest.name]
    what: What = "activity"
    track = _known(state, sighting, probabilities(guest.pool), host)
    if track is None:
        track, what = _new(state, guest.name, guest.start_ns), "began"
        track.trait = same.trait(sighting)
    else:
        _over(state, track)
        track.settled, track.recent = _remembered(track), empty(len(state.rooms))
    track.settled = joined(track.settled, mean(guest.pool))
    track.done, track.doing = (*track.done, *done)[-MOST_ACTIVITIES:], doing
    return track, what


def _overlaps(track: Track, sighting: Sighting) -> bool:
    """Whether another of a presence's names was heard at the time of a sighting: then they are two phones."""
    return any(
        start < sighting.end_ns and sighting.start_ns < end
        for name, (start, end) in track.names.items()
        if name != sighting.phone
    )


def _new(state: Tracks, phone: str, start_ns: int) -> Track:
    """A presence of which nothing was counted yet."""
    nothing = empty(len(state.rooms))
    while any(one.phone == phone and one.start_ns == start_ns for one in state.tracks):
        start_ns += 1  # a name that was split off in the moment in which it began
    track = Track(phone, start_ns, start_ns, nothing, nothing, start_ns)
    state.tracks.append(track)
    return track


def _moved(track: Track, sighting: Sighting, said: NDArray[np.float64], rooms: int) -> bool:
    """Add a sighting to the recent ones; whether these are of another place than those before. Changes the track."""
    if sighting.start_ns - track.end_ns > GAP_NS and not _apart(track):
        _settle(track, rooms)
    if not track.recent.fixes:
        track.recent_ns = sighting.start_ns
    track.recent = with_one(track.recent, said)
    if track.recent.fixes >= RECENT and _apart(track):
        return True
    if track.recent.fixes >= MOST_RECENT:
        _settle(track, rooms)
    return False


def _apart(track: Track) -> bool:
    """Whether the recent sightings are of another place than those before."""
    if not track.recent.fixes or not track.settled.fixes:
        return False
    return sameness(probabilities(track.settled, OWN), probabilities(track.recent, OWN)) * MOVED < 1.0


def _settle(track: Track, rooms: int) -> None:
    """Count the recent sightings as the presence's own."""
    track.settled, track.recent = joined(track.settled, track.recent), empty(rooms)


def _elsewhere(state: Tracks, old: Track) -> Track:
    """The presence of a phone that moved: it begins with the recent sightings, and goes on with what it does."""
    nothing = empty(len(state.rooms))
    track = Track(
        list(old.names)[-1], old.recent_ns, old.end_ns, old.recent, nothing, old.recent_ns, old.emitter, old.log_ratio
    )
    track.names, old.names = old.names, {}
    track.trait = old.trait
    if old.doing is not None:
        old.done = (*old.done, act.activity(old.doing))[-MOST_ACTIVITIES:]
    track.doing, old.doing = old.doing, None
    old.recent, old.end_ns = nothing, min(old.end_ns, old.recent_ns)
    state.tracks.append(track)
    for name in track.names:
        state.by_name[name] = track
    return track


def _counted(
    state: Tracks, track: Track, sighting: Sighting, said: NDArray[np.float64] | None, what: What
) -> list[News]:
    """Count a sighting into its presence and what it does there; said: where it is, None where that was counted."""
    told: list[News] = []
    if said is not None and what == "began":
        track.settled = with_one(track.settled, said)
    if track.doing is not None and not act.goes_on(track.doing, sighting):
        told += _over(state, track)
    if track.doing is None:
        track.doing, what = act.begun(sighting), "activity" if what == "heard" else what
        new = same.trait(sighting)
        track.trait = new if track.trait is None else same.with_one(track.trait, new)
    if act.count(track.doing, sighting) and what == "heard":
        what = "activity"
    if sighting.emitter and sighting.log_ratio >= track.log_ratio:
        track.emitter, track.log_ratio = sighting.emitter, sighting.log_ratio
    track.end_ns = max(track.end_ns, sighting.end_ns)
    track.names.pop(sighting.phone, None)
    track.names[sighting.phone] = sighting.start_ns, sighting.end_ns
    state.by_name[sighting.phone] = track
    while len(track.names) > MOST_NAMES:
        oldest = next(iter(track.names))
        del track.names[oldest], state.by_name[oldest]
    told.append(News(what, _presence(state, track), act.activity(track.doing), act.proof(track.doing, track.log_ratio)))
    return told


def _over(state: Tracks, track: Track) -> list[News]:
    """What a phone does has ended."""
    if track.doing is None:
        return []
    done, proof = act.activity(track.doing), act.proof(track.doing, track.log_ratio)
    track.done, track.doing = (*track.done, done)[-MOST_ACTIVITIES:], None
    return [News("activity", _presence(state, track), done, proof, over=True)]


def _ended(state: Tracks, track: Track) -> list[News]:
    """A presence has ended."""
    told = _over(state, track)
    state.tracks.remove(track)
    for name in track.names:
        if state.by_name.get(name) is track:
            del state.by_name[name]
    return [*told, News("gone", _presence(state, track))]


def _presence(state: Tracks, track: Track) -> Presence:
    place = probabilities(_place(track))
    now = (act.activity(track.doing),) if track.doing is not None else ()
    odds = as_odds(state.rooms, place)
    return Presence(track.phone, track.emitter, odds, track.start_ns, track.end_ns, (*track.done, *now))
