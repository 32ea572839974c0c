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
3. Else a new one. So two phones in a cell are two, and a phone that nothing identifies is a new one each time that it
   gets a new name: which of both it is, nothing can tell, and a phone must not be hidden behind another.

It moves where the last RECENT sightings together are of another place, by odds of MOVED to one: one doubtful fix moves
nothing. The old presence ends, and a new one of the same phone begins.

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
from cellwarden.watch.doing import GAP_NS, Doing, Proof
from cellwarden.watch.places import Pool, as_odds, empty, joined, logs, probabilities, sameness, with_one

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
    track = _of(state, sighting, probabilities(Pool(said, 1)))
    what: What = "heard"
    if track is None:
        track, what = _new(state, sighting), "began"
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


def _of(state: Tracks, sighting: Sighting, there: NDArray[np.float64]) -> Track | None:
    """The presence that a sighting belongs to."""
    track = state.by_name.get(sighting.phone)
    if track is not None and sighting.start_ns - track.end_ns > FORGET_NS:
        return None  # nobody asked `quiet` in between
    if track is not None:
        if not _overlaps(track, sighting):
            return track
        del track.names[sighting.phone], state.by_name[sighting.phone]  # it turned out to be another phone's
        return None
    if not sighting.emitter or sighting.log_ratio < 0:
        return None
    fitting = [
        (sameness(probabilities(joined(one.settled, one.recent)), there), one)
        for one in state.tracks
        if one.emitter == sighting.emitter
        and sighting.start_ns - one.end_ns <= FORGET_NS
        and not _overlaps(one, sighting)
    ]
    best = max(fitting, key=lambda pair: pair[0], default=None)
    return best[1] if best is not None and best[0] >= FITS else None


def _overlaps(track: Track, sighting: Sighting) -> bool:
    """Whether another of a presence's names was heard at the time of a sighting: then they are two phones."""
    return any(
        start < sighting.end_ns and sighting.start_ns < end
        for name, (start, end) in track.names.items()
        if name != sighting.phone
    )


def _new(state: Tracks, sighting: Sighting) -> Track:
    """A presence of which nothing was counted yet."""
    nothing = empty(len(state.rooms))
    start_ns = sighting.start_ns
    while any(one.phone == sighting.phone and one.start_ns == start_ns for one in state.tracks):
        start_ns += 1  # a name that was split off in the moment in which it began
    track = Track(sighting.phone, start_ns, sighting.start_ns, nothing, nothing, sighting.start_ns)
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
    if old.doing is not None:
        old.done = (*old.done, act.activity(old.doing))[-MOST_ACTIVITIES:]
    track.doing, old.doing = old.doing, None
    old.recent, old.end_ns = nothing, min(old.end_ns, old.recent_ns)
    state.tracks.append(track)
    for name in track.names:
        state.by_name[name] = track
    return track


def _counted(state: Tracks, track: Track, sighting: Sighting, said: NDArray[np.float64], what: What) -> list[News]:
    """Count a sighting into its presence and what it does there."""
    told: list[News] = []
    if what == "began":
        track.settled = with_one(track.settled, said)
    if track.doing is not None and not act.goes_on(track.doing, sighting):
        told += _over(state, track)
    if track.doing is None:
        track.doing, what = act.begun(sighting), "activity" if what == "heard" else what
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
    place = probabilities(joined(track.settled, track.recent))
    now = (act.activity(track.doing),) if track.doing is not None else ()
    odds = as_odds(state.rooms, place)
    return Presence(track.phone, track.emitter, odds, track.start_ns, track.end_ns, (*track.done, *now))
