"""Presences that were going on before the program began: whoever is heard again goes on with its own.

The timeline keeps presences as they were last told; what a track needs beyond that is made anew from them.
"""

from collections.abc import Sequence

from cellwarden.model import Presence
from cellwarden.watch import same
from cellwarden.watch.places import empty, logs, with_one
from cellwarden.watch.tracker import MOST_ACTIVITIES, Track, Tracks


def going_on(presences: Sequence[Presence]) -> list[Presence]:
    """Those that may go on when they are resumed: of a phone that moved, only the one where it went."""
    newest: dict[str, int] = {}
    for one in presences:
        newest[one.phone] = max(one.start_ns, newest.get(one.phone, 0))
    return [
        one
        for one in presences
        if not any(
            newest.get(name, 0) >= max(one.end_ns, one.start_ns + 1)
            for name in {one.phone, *(activity.phone for activity in one.activities)}
        )
    ]


def resumed(state: Tracks, one: Presence, log_ratio: float) -> None:
    """A presence that was going on before the program began: whoever fits to it goes on with it. Changes the state.

    It has no name: association gives names anew, and may give this one to another phone. `log_ratio` is the highest
    for its emitter. Rooms that are no longer on the plan are as if they were not named.
    """
    nothing = empty(len(state.rooms))
    settled = with_one(nothing, logs(state.index, tuple(pair for pair in one.odds if pair[0] in state.index)))
    track = Track(one.phone, one.start_ns, one.end_ns, settled, nothing, one.end_ns, one.emitter, log_ratio)
    track.done = one.activities[-MOST_ACTIVITIES:]
    for activity in track.done:
        new = same.trait(activity)
        track.trait = new if track.trait is None else same.with_one(track.trait, new)
    state.tracks.append(track)
