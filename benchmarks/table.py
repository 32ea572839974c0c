"""The README's table of figures, made from the newest results: `python -m benchmarks.table` writes it in its place."""

import sys
from collections.abc import Callable
from functools import partial

from benchmarks import cells, cells_places, cells_signatures, cells_watch, confusion, sensitivity, tasks
from benchmarks.cells import Figures
from benchmarks.results import ROOT, newest

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
NOT_YET = "not measured yet"

LINES: tuple[tuple[str, str, str, Callable[[Figures], str]], ...] = (
    (
        "Recordings with truth, recognised",
        "8/8, all, ≥ 99 %; false 0",
        "recordings",
        cells.recordings(("gsm_access_2M", "gsm_call_2M", "gsm_band_10M")),
    ),
    ("Phone labels in noise and interference", "0", "recordings", cells.quiet),
    (
        "Recognition end to end, normal at 2 dB, access at 3.5 dB",
        "≥ 0.99, lower bound ≥ 0.985",
        "recognition",
        cells.recognition,
    ),
    ("False alarms on white noise, 10 MS/s", "≤ 1 burst a minute; 0 phone labels", "false_alarms", cells.false),
    ("False phone labels in 10 MHz, extrapolated", "≤ 1.1e-9 a second", "false_alarms", cells.tail),
    ("Carrier offset error, normal burst, 15 dB", "RMSE ≤ 2 × Cramér–Rao (12.1 Hz)", "accuracy", cells.carrier),
    ("Start time error, 10 dB, interquartile range", "≤ 1 µs", "accuracy", cells.time),
    ("The same with the simulation's parameters varied by ±50 %", "–", "accuracy", cells.ranges),
    (
        "Real recordings, recognised",
        "every box, false ≤ 1 each",
        "recordings",
        lambda f: "; ".join(
            f"{n} found {one['found']}/{one['true']}, false {one['false']}"
            for n, one in f["recordings"]["files"].items()
            if n in ("lte_uplink_30M", "wifi_dot11n_65mbps")
        ),
    ),
    ("One phone's bursts together, parameters varied by ±50 %", "LTE ≥ 0.9 pure", "one_phone", cells.one_phone),
    ("LTE carrier offset error, and over its bound", "–", "one_phone", cells.bounds),
    ("Recordings without a phone", "no phone label", "recordings", cells.no_phones),
    ("Confidence from 0.9 to 1", "share right within 0.05 of mean p", "confidence", cells.confidence),
    (
        "Own signals of each label at 15 dB behind echoes",
        "each ≥ 0.98 right; phone called no phone ≤ 0.005, no phone called phone ≤ 0.001",
        "confusion",
        confusion.cell,
    ),
    *(
        (
            f"Faint bursts in white noise: {words}",
            sensitivity.asked(family),
            "sensitivity",
            partial(sensitivity.cell, family),
        )
        for words, family in sensitivity.FAMILIES.items()
    ),
    ("A learned cell's extra time", "≤ 10 %", "sensitivity", sensitivity.extra),
    ("Peak memory", "< 500 MB for 10 GB and for 1 GB", "memory", cells.memory),
    ("Speed, one core, 10 MS/s", "≥ 60 MS/s at 5 % occupied", "speed", cells.speed),
    ("The quiet scan over window, transform and power of every sample alone", "≥ 0.6", "speed", cells.limit),
    ("… over GNU Radio: FFT, power, average, threshold", "≥ 4 × a core", "gnuradio", cells.gnuradio),
    ("Two processes on two cores", "≥ 1.7 × one", "processes", cells.processes),
    ("40 % of the plane on the air", "≥ 10 MS/s, ≤ 25 µs a burst, all found", "speed", cells.busy),
    ("From the command to the end of a scan of nothing", "≤ 0.6 s", "speed", cells.start),
    ("Share of each stage", "–", "speed", cells.stages),
    ("Recognition of one burst, by its interface", "≤ 2 ms a core (median)", "cost", cells.cost),
    (
        "Real walks, mean error of a causal fix",
        "≤ 1.5 m, each ≤ 2.0 m; 90 % radii hold 85–95 %",
        "walks",
        cells_places.walks("causal"),
    ),
    ("The same smoothed", "≤ 1.2 m", "walks", cells_places.walks("smoothed")),
    (
        "Same bursts at four nodes, ten phones, by clocks' error",
        "≥ 0.99 pure",
        "association",
        cells_places.association,
    ),
    (
        "Inside or outside the wall",
        "outside called inside ≤ 1e-4; inside missed ≤ 1 %",
        "geofence",
        cells_places.geofence,
    ),
    ("GSM burst at 20 dB, sensors agree to 10 ns, place", "≤ 1.5 × Cramér–Rao", "tdoa", cells_places.tdoa("noise")),
    ("The same behind echoes of a building", "–", "tdoa", cells_places.tdoa("echoes")),
    (
        "Simulated wing, right cell, sensors in corridor or cells, no survey",
        "first ≥ 0.40 or 0.70, among three ≥ 0.85 or 0.98",
        "wing",
        cells_places.wing("plan none"),
    ),
    ("The best that any rule reaches there: first", "–", "wing", cells_places.wing_bound),
    (
        "The same, surveyed at one point a cell",
        "first ≥ 0.60, among three ≥ 0.95",
        "wing",
        cells_places.wing("survey none"),
    ),
    ("No survey, world's parameters varied by ±50 %", "ECE ≤ 0.03", "wing", cells_places.wing_varied("varied")),
    ("… after a hundred phones heard at unknown places", "ECE ≤ 0.03", "wing", cells_places.wing_varied("taught")),
    ("Fall of those among three, one sensor lying by 15 dB or dead", "≤ 0.05", "wing", cells_places.wing_fault),
    ("Calibration error of cell probabilities", "≤ 0.03", "wing", cells_places.wing_true),
    (
        "The wing by a ray tracer (Sionna RT), surveyed: error over that in our own simulator",
        "≤ 1.5 ×",
        "referee",
        cells_places.referee,
    ),
    ("A fix among 600 cells with 60 sensors, one core", "≤ 5 ms", "wing", cells_places.wing_speed),
    ("Junctions, phone in a pocket called semiconductor", "≥ 0.95", "junction", cells_signatures.junction("pocket")),
    ("… persons without electronics", "≤ 0.001", "junction", cells_signatures.junction("persons")),
    ("… corroded contacts", "≤ 0.02", "junction", cells_signatures.junction("contact")),
    (
        "… in a shoe, in the body, and what else has junctions",
        "–",
        "junction",
        cells_signatures.junction(
            "shoe", "body 1 cm", "body 2 cm", "body 4 cm", "charger", "watch", "hearing aid", "SIM card"
        ),
    ),
    (
        "A wand over bedding, a body, a hinge that corroded; what is clean",
        "–",
        "junction",
        cells_signatures.junction("pocket", "body 2 cm", "body 4 cm", "watch", "contact", "persons", instrument="wand"),
    ),
    (
        "A mail scanner: a phone in a parcel, a charger, a watch, a SIM card, a contact; what is clean",
        "–",
        "junction",
        cells_signatures.junction("pocket", "charger", "watch", "SIM card", "contact", "persons", instrument="mail"),
    ),
    ("Junctions, range of one, 20 MHz of steps", "≤ 0.5 m", "junction", cells_signatures.junction_range),
    (
        "Twins, 20 bursts at 20 dB, same receiver (simulated, carrier left out)",
        "rank-1 ≥ 0.95, EER ≤ 0.05, Cllr ≤ 0.5",
        "fingerprint",
        cells_signatures.twins("same"),
    ),
    (
        "The same across receivers",
        "rank-1 ≥ 0.80, EER ≤ 0.12, Cllr ≤ 0.5",
        "fingerprint",
        cells_signatures.twins("across"),
    ),
    ("The same against SNR, 20 bursts", "–", "fingerprint", cells_signatures.twins_curve("snr", " dB")),
    ("The same against bursts, 20 dB", "–", "fingerprint", cells_signatures.twins_curve("bursts", "")),
    (
        "Six real LoRa boards, single captures, without the carrier",
        "rank-1 ≥ 0.60 each way, mean ≥ 0.70",
        "fingerprint",
        cells_signatures.boards("boards"),
    ),
    ("The same with what is left of the carrier offset", "–", "fingerprint", cells_signatures.boards("boards_carrier")),
    (
        "Model of a phone that was never heard, 8 models of 3 phones each known",
        "–",
        "fingerprint",
        cells_signatures.models,
    ),
    ("Search among known emitters", "≤ 5 ms, ≥ 0.99 as exact", "fingerprint", cells_signatures.search),
    (
        "Live at true speed",
        "nothing lost that was not dropped on purpose, all counted, samples as in the file, load ≤ 0.7",
        "live",
        cells.live,
    ),
    ("Simulated week of 60 cells and 9 phones, calls told", "≥ 0.98", "week", cells_watch.week_told),
    ("… right cell among three, of calls told", "≥ 0.85", "week", cells_watch.week_cell),
    ("… false alerts", "≤ 25 in 20 weeks", "week", cells_watch.week_false),
    ("… alerts in a week", "–", "week", cells_watch.week_alerts),
    (
        "… of what phones do: told twice, counted to another's alert, that names another cell",
        "–",
        "week",
        cells_watch.week_same,
    ),
    (
        "The same wing through samples, half an hour at scale 1",
        "every call told, 0 false",
        "week-iq",
        cells_watch.week_iq,
    ),
    ("kill -9 at random moments under load", "nothing acknowledged lost or doubled", "killed", cells_watch.killed),
    ("Heat map of a day of 140,000 trains", "≤ 1 s", "history", cells_watch.heat_map),
    (
        "From a burst on the air to the alert on the screen, samples at true speed at two sensors",
        "every call; median ≤ 1.5 s, 99 in 100 ≤ 3 s",
        "on-screen",
        cells_watch.on_screen,
    ),
    (
        "Console with 200 sensors, 5,000 open alerts, 50 viewers",
        "page ≤ 200 ms, event ≤ 1 s for 19 in 20; < 1 GB",
        "console",
        cells_watch.console,
    ),
    ("What an officer does most, on 390 × 844: clicks, machine's time", "≤ 3 clicks each", "tasks", tasks.cell),
)


def table(figures: Figures) -> str:
    """The table in Markdown, of the figures of each lane; what was not measured says so."""
    rows = ["| figure | target | measured | scale | commit |", "|---|---|---|---|---|"]
    for name, target, lane, cell in LINES:
        measured = cell(figures) if lane in figures else ""
        scale, commit = (f"{figures[lane]['scale']:g}", figures[lane]["commit"][:7]) if measured else ("–", "–")
        rows.append(f"| {name} | {target} | {measured or NOT_YET} | {scale} | {commit} |")
    if processors := sorted({one["processor"] for one in figures.values()}):
        rows += ["", f"Measured on {', '.join(processors)}."]
    return "\n".join(rows)


def put(text: str, made: str) -> str:
    """A text with the table between its two markers."""
    before, begin, rest = text.partition(BEGIN)
    _old, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"no place for the table: {BEGIN} and {END} are needed")
    return f"{before}{BEGIN}\n{made}\n{END}{after}"


def main() -> None:
    """Write the table into README.md."""
    readme = ROOT / "README.md"
    readme.write_text(put(readme.read_text(encoding="utf-8"), table(newest())), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
