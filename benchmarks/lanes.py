"""All lanes: `python -m benchmarks.lanes` runs a small version of each, `… N [SCALE]` lane N in full."""

import sys
import time

from benchmarks import (
    accuracy,
    association,
    confidence,
    confusion,
    console,
    cost,
    false_alarms,
    fingerprint,
    geofence,
    history,
    junction,
    killed,
    live,
    machine,
    memory,
    on_screen,
    one_phone,
    recognition,
    recordings,
    referee,
    results,
    sensitivity,
    speed,
    table,
    tasks,
    tdoa,
    walks,
    week,
    week_iq,
    wing,
)
from benchmarks.lane import Lane, run

SOAK: dict[int, Lane] = {
    1: recognition.LANE,
    2: false_alarms.LANE,
    3: confidence.LANE,
    4: accuracy.LANE,
    5: memory.LANE,
    6: speed.LANE,
    7: confusion.LANE,
    8: cost.LANE,
    9: one_phone.LANE,
    10: walks.LANE,
    11: association.LANE,
    12: geofence.LANE,
    13: tdoa.LANE,
    14: wing.LANE,
    15: fingerprint.LANE,
    16: junction.LANE,
    17: live.LANE,
    18: week.LANE,
    19: killed.LANE,
    20: history.LANE,
    21: console.LANE,
    22: referee.LANE,
    23: machine.BESIDE,
    24: machine.BOTH,
    25: on_screen.LANE,
    26: week_iq.LANE,
    27: tasks.LANE,
    28: sensitivity.LANE,
}
QUICK: tuple[tuple[Lane, float], ...] = (
    (recordings.LANE, 1.0),
    (recognition.LANE, 0.1),
    (false_alarms.LANE, 0.01),
    (confidence.LANE, 0.1),
    (accuracy.LANE, 0.1),
    (memory.LANE, 0.01),
    (speed.LANE, 0.05),
    (confusion.LANE, 0.02),
    (sensitivity.LANE, 0.04),
    (cost.LANE, 0.05),
    (one_phone.LANE, 0.1),
    (walks.LANE, 1.0),
    (association.LANE, 0.05),
    (geofence.LANE, 0.02),
    (tdoa.LANE, 0.05),
    (wing.LANE, 0.1),
    (referee.LANE, 0.2),
    (fingerprint.LANE, 0.05),
    (junction.LANE, 0.1),
    (live.LANE, 0.02),
    (week.LANE, 0.01),
    (killed.LANE, 0.05),
    (history.LANE, 0.05),
    (on_screen.LANE, 0.03),
    (tasks.LANE, 0.1),
)
"""Every lane with the part of its full size that takes a minute or so."""
KEPT = results.ROOT / "out" / "soak"


def main() -> None:
    """Measure, add to the results of this commit, write the README's table."""
    words = sys.argv[1:]
    if (words and not words[0].isdigit()) or (words and int(words[0]) not in SOAK):
        sys.exit(f"make soak LANE=n: n is one of {', '.join(f'{n} ({lane.name})' for n, lane in SOAK.items())}")
    chosen = ((SOAK[int(words[0])], float(words[1]) if len(words) > 1 else 1.0),) if words else QUICK
    for lane, scale in chosen:
        began = time.perf_counter()
        figures = run(lane, scale, KEPT / results.commit(), lambda line: print(line, flush=True))
        path = results.merged({lane.name: figures})
        print(f"{lane.name}: {time.perf_counter() - began:.0f} s, in {path.relative_to(results.ROOT)}", flush=True)
    table.main()
    print(table.table(results.newest()))


if __name__ == "__main__":
    main()
