"""The curves beside the report's picture, from the newest results: `python docs/figures/curves.py`."""

import sys
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))
from benchmarks.recognition import theory
from benchmarks.results import newest

FOLDER = Path(__file__).parent


def recognition(figures: dict[str, Any]) -> None:
    """Share recognised against SNR, beside theory."""
    chart, axes = plt.subplots(figsize=(8, 4.5))
    fine = np.linspace(-8, 12, 401)
    for kind, colour in (("normal", "tab:blue"), ("access", "tab:orange")):
        points = sorted((p for p in figures["points"] if p["kind"] == kind), key=lambda p: p["snr_db"])
        share = np.array([p["share"] for p in points])
        ends = np.array([p["interval"] for p in points])
        spread = np.clip([share - ends[:, 0], ends[:, 1] - share], 0, 1)
        axes.errorbar([p["snr_db"] for p in points], share, spread, fmt="o-", ms=3, color=colour, label=f"{kind} burst")
        ideal = theory(kind, fine)
        axes.plot(fine, ideal["energy"], "--", color=colour, lw=1, label=f"{kind}: ideal energy detector")
        axes.plot(fine, ideal["matched"], ":", color=colour, lw=1, label=f"{kind}: matched filter, known symbols")
    axes.set(xlabel="SNR in 200 kHz, dB", ylabel="share recognised", ylim=(-0.02, 1.02))
    _save(chart, axes, "recognition")


def tails(figures: dict[str, Any]) -> None:
    """How often noise comes to some evidence: observed, the fitted tail with its interval, and the gate it meets."""
    chart, axes = plt.subplots(figsize=(8, 4.5))
    one = figures["gate"]
    curve, fit = np.array(one["curve"]), np.array(one["fit"])
    axes.semilogy(curve[:, 0], curve[:, 1], ".", ms=4, label=f"observed in {figures['noise']['seconds']:.0f} s")
    axes.semilogy(fit[:, 0], fit[:, 1], "-", lw=1, color="tab:orange", label="exponential tail, fitted")
    axes.fill_between(fit[:, 0], fit[:, 2], fit[:, 3], color="tab:orange", alpha=0.2, label="its interval of 95 %")
    axes.axvline(one["least_nats"], color="grey", lw=0.8, label="gate: below it no symbol is looked at")
    rate = figures["false_labels_per_s"]
    value = max(rate["value"], 1e-12)
    spread = [[value - max(rate["lower"], 1e-12)], [max(rate["upper"] - value, 0.0)]]
    axes.errorbar([one["least_nats"]], [value], spread, fmt="o", color="tab:red", label="then named as a phone's")
    axes.axhline(figures["allowed_per_s"], color="tab:red", lw=0.8, ls=":", label="allowed")
    axes.set(xlabel="evidence of energy, nats", ylabel="a second in 10 MHz", ylim=(1e-12, 10))
    _save(chart, axes, "noise-tail")


def confidence(figures: dict[str, Any]) -> None:
    """Share right against confidence."""
    chart, axes = plt.subplots(figsize=(4.5, 4.5))
    bins = figures["phones"]["bins"]
    right = np.array([b["share_right"] for b in bins])
    ends = np.array([b["interval"] for b in bins])
    axes.plot([0, 1], [0, 1], color="grey", lw=0.8)
    spread = np.clip([right - ends[:, 0], ends[:, 1] - right], 0, 1)
    axes.errorbar([b["mean_confidence"] for b in bins], right, spread, fmt="o", label="GSM bursts")
    axes.set(xlabel="confidence", ylabel="share right", xlim=(0, 1.02), ylim=(0, 1.02))
    _save(chart, axes, "confidence")


def association(figures: dict[str, Any]) -> None:
    """Purity and completeness of bursts put together from several nodes, against their clocks' error."""
    chart, axes = plt.subplots(figsize=(8, 4.5))
    cases = {"clear": "ten phones", "faint": "ten faint phones, half a second", "alone": "one phone, two seconds"}
    shown = [(case, "", words) for case, words in cases.items()]
    for colour, (case, key, words) in zip(
        "bgrk", [*shown, ("clear", "believed_", "ten, clocks believed")], strict=True
    ):
        points = figures[case]
        error = [1e3 * point["clock_error_s"] for point in points]
        for what, line in (("purity", "o-"), ("completeness", "x:")):
            value = np.array([point[key + what] for point in points])
            spread = np.clip([value[:, 0] - value[:, 1], value[:, 2] - value[:, 0]], 0, 1)
            axes.errorbar(error, value[:, 0], spread, fmt=line, ms=4, color=colour, lw=1, label=f"{words}: {what}")
    axes.set(xscale="log", xlabel="error of the nodes' clocks, ms", ylabel="share", ylim=(-0.02, 1.05))
    axes.set_title(f"{figures['nodes']} nodes", fontsize=10)
    _save(chart, axes, "association")


def _save(chart: Any, axes: Any, name: str) -> None:
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    chart.tight_layout()
    chart.savefig(FOLDER / f"{name}.png", dpi=100)
    plt.close(chart)


def main() -> None:
    """Draw what was measured."""
    figures = newest()
    if not figures:
        sys.exit("nothing was measured yet: make bench")
    lanes = {"recognition": recognition, "false_alarms": tails, "confidence": confidence, "association": association}
    for lane, draw in lanes.items():
        if lane in figures:
            draw(figures[lane])


if __name__ == "__main__":
    main()
