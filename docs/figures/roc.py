"""A curve for each air interface: `python docs/figures/roc.py` draws those in benchmarks/results/roc.

They were measured by `cellwarden bench roc`; `… measure` measures them anew, some minutes each on one core.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

FOLDER = Path(__file__).parent
RESULTS = FOLDER.parents[1] / "benchmarks" / "results" / "roc"
INTERFACES = ("gsm", "umts", "lte", "nr", "bluetooth", "ble", "wifi", "dect", "impostors", "junction")
LEVELS = {"junction": "0:45:5"}
"""Of what is not a burst; of bursts -6:15:3."""
WANTED = ("--trials", "16", "--absent-trials", "50", "--seed", "7")


def measure() -> None:
    """Measure all anew; what was broken off goes on."""
    RESULTS.mkdir(exist_ok=True)
    for name in INTERFACES:
        print(name, flush=True)
        path, page = RESULTS / f"{name}.json", FOLDER.parents[1] / "out" / f"roc-{name}.html"
        page.parent.mkdir(exist_ok=True)
        command = [
            sys.executable,
            "-m",
            "cellwarden",
            "bench",
            "roc",
            name,
            *WANTED,
            "--snr",
            LEVELS.get(name, "-6:15:3"),
        ]
        subprocess.run([*command, "-o", str(path), "--report", str(page), "--force", "--quiet"], check=True)


def draw(result: dict[str, Any]) -> None:
    """Share named against SNR with intervals of 95 %, and what was falsely named."""
    chart, axes = plt.subplots(figsize=(8, 4.5))
    for number, curve in enumerate(result["curves"]):
        points, absent = curve["points"], curve["absent"]
        share = np.array([p["share"] for p in points])
        ends = np.array([p["interval"] for p in points])
        spread = np.clip([share - ends[:, 0], ends[:, 1] - share], 0, 1)
        false = f"{absent['false']}/{absent['windows']} false (≤ {absent['interval'][1]:.3f})"
        snr = np.array([p["snr_db"] for p in points]) + 0.12 * number  # beside each other, not on top
        label = f"{curve['label']}, n = {points[0]['trials']} a level; {false}"
        axes.errorbar(snr, share, spread, fmt="o-", ms=3, lw=1.2, capsize=2, label=label)
    made, scene = result["provenance"], result["scene"]
    version = made.get("commit", made["cellwarden"])
    title = f"{scene['interface']}, {scene['channel']['name']}, seed {scene['seed']}, {version}"
    axes.set(xlabel="SNR in the signal's own band, dB", ylabel="share named", ylim=(-0.02, 1.02), title=title)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=7)
    chart.tight_layout()
    chart.savefig(FOLDER / f"roc-{scene['interface']}.png", dpi=100)
    plt.close(chart)


def main() -> None:
    """Draw what is there."""
    if sys.argv[1:] == ["measure"]:
        measure()
    for path in sorted(RESULTS.glob("*.json")):
        draw(json.loads(path.read_text(encoding="utf-8")))


if __name__ == "__main__":
    main()
