"""The search sheet: what an officer takes along, on one page of paper, in both languages.

```
 A-104   83 %          call, 4 min, GSM 900 · appel, 4 min, GSM 900         A-2026-000042
 1 A-104  83 %    2 A-105  9 %    3 A-103  4 %
 [ plan of the floor, the first cell filled, the next two framed ]
 found ☐  where ______  model ______  seal ______      not found ☐      who ______  when ______
```
"""

from collections.abc import Callable, Sequence

from fpdf import FPDF

from cellwarden.console import words
from cellwarden.console.sheet_plan import plan
from cellwarden.document.pdf import begun, fit, written
from cellwarden.language import LANGUAGES, speaking
from cellwarden.language import gettext as _
from cellwarden.locate.site import Site
from cellwarden.model import Alert, Decision

MARGIN_MM = 14.0
WIDE_MM = 210.0 - 2 * MARGIN_MM
PLAN_MM = 112.0
"""The plan is no higher than this: the sheet stays one page."""
BELOW_MM = 75.0
"""What stands below the plan takes this: facts, boxes and lines, and the foot of the page beneath them."""
MOST_SENSORS = 5
MOST_LETTERS = 110
"""Of a decision's line."""


def search_sheet(
    site: Site, alert: Alert, decisions: Sequence[Decision], who: str, now_ns: int, language: str
) -> bytes:
    """The sheet as PDF. The asker's language comes first; where they differ, the other one follows in grey."""
    spoken = [language, *(other for other in LANGUAGES if other != language)]
    pdf = begun(f"{alert.name} – {site.name}", language, MARGIN_MM)
    _head(pdf, site, alert, spoken)
    _rooms(pdf, site, alert, spoken)
    plan(pdf, site, words.best(alert.odds), WIDE_MM, min(PLAN_MM, 297.0 - MARGIN_MM - BELOW_MM - pdf.get_y()))
    pdf.ln(3)
    _facts(pdf, alert, decisions, spoken, now_ns)
    _to_fill_in(pdf, spoken)
    with speaking(language):
        foot = (
            _("Printed by {who}, {day} {time}. A hypothesis from radio: a person decides.").format(
                who=who, day=words.day(now_ns), time=words.clock(now_ns)
            )
            + " "
            + words.whose_clock(now_ns)
        )
    pdf.set_y(-MARGIN_MM - 4)
    _line(pdf, foot, 8, grey=True)
    return bytes(pdf.output())


def both(spoken: Sequence[str], say: Callable[[], str]) -> tuple[str, str]:
    """What is said in the first language, and in the others where it differs."""
    said = []
    for each in spoken:
        with speaking(each):
            said.append(say())
    return said[0], " · ".join(other for other in dict.fromkeys(said[1:]) if other != said[0])


def _head(pdf: FPDF, site: Site, alert: Alert, spoken: Sequence[str]) -> None:
    title, other = both(spoken, lambda: _("Search sheet"))
    _line(pdf, f"{title} {f'({other})' if other else ''} – {site.name}", 11, grey=True, right=alert.name)
    place, other = both(spoken, lambda: words.place(alert))
    _line(pdf, place, 40, bold=True, right=words.share(alert))
    if other:
        _line(pdf, other, 12, grey=True)
    what, other = both(spoken, lambda: words.told(alert.activity))
    _line(pdf, what, 16, bold=True, right=f"{words.day(alert.told_ns)}, {words.clock(alert.told_ns)}")
    if other:
        _line(pdf, other, 11, grey=True)


def _rooms(pdf: FPDF, site: Site, alert: Alert, spoken: Sequence[str]) -> None:
    """What to do; the rooms in one line, each in its own where names are long. The plan is of the first's floor."""
    what, other = both(spoken, lambda: words.to_do(alert, "search ordered"))
    pdf.ln(2)
    _lines(pdf, what, 13)
    if other:
        _lines(pdf, other, 10, grey=True)
    best = words.best(alert.odds)
    floors = {floor.number: floor.name for floor in site.floors}
    on = {room.name: floors.get(room.floor, "") for room in site.rooms if room.kind != "outside"}
    first = next((on[name] for name, _p in best if name in on), "")
    with speaking(spoken[0]):
        told = [
            f"{at + 1}.  {words.room_name(name)}  {words.percent(p)}"
            + (f" ({on[name]})" if on.get(name, first) != first else "")
            for at, (name, p) in enumerate(best)
        ]
    pdf.ln(1)
    pdf.set_font("helvetica", "B", 13)
    one = "        ".join(told)
    for line in (one,) if pdf.get_string_width(written(one)) <= WIDE_MM else told:
        _line(pdf, line, 13, bold=True)
    pdf.ln(2)


def _facts(pdf: FPDF, alert: Alert, decisions: Sequence[Decision], spoken: Sequence[str], now_ns: int) -> None:
    since, phone, heard = (
        lambda: _("There since") + _(": ") + words.moment(alert.since_ns, now_ns),
        lambda: _("Phone") + _(": ") + words.known(alert.emitter),
        lambda: _("Heard by") + _(": ") + _some(alert.sensors),
    )
    for say in (since, phone, heard) if alert.sensors else (since,):
        what, other = both(spoken, say)
        _line(pdf, f"{what}   ({other})" if other else what, 10)
    for decision in decisions[-2:]:
        with speaking(spoken[0]):
            state = _(words.STATE_WORDS[decision.state])
        said = f"{words.moment(decision.when_ns, now_ns)}  {state}, {decision.who}: {decision.why}"
        _line(pdf, said if len(said) <= MOST_LETTERS else f"{said[: MOST_LETTERS - 1]}…", 10)


def _some(sensors: Sequence[str]) -> str:
    """As many as are read at a glance, and how many there are; all of them stand on the alert's page."""
    return ", ".join(sensors if len(sensors) <= MOST_SENSORS else (*sensors[:MOST_SENSORS], f"… ({len(sensors)})"))


def _to_fill_in(pdf: FPDF, spoken: Sequence[str]) -> None:
    """Boxes and lines for a pen."""
    pdf.ln(3)
    for row in (
        ((True, lambda: _("phone found")), (True, lambda: _("nothing found"))),
        ((False, lambda: _("Where it was found")), (False, lambda: _("Model as seen"))),
        ((False, lambda: _("Seal number")), (False, lambda: _("Name, time, signature"))),
    ):
        y = pdf.get_y()
        for at, (box, say) in enumerate(row):
            x = MARGIN_MM + at * WIDE_MM / 2
            what, other = both(spoken, say)
            label = f"{what} / {other}" if other else what
            if box:
                pdf.rect(x, y + 1, 5, 5)
            pdf.set_xy(x + (7 if box else 0), y)
            _cell(pdf, label, 10)
            if not box:
                pdf.line(x, y + 13, x + WIDE_MM / 2 - 6, y + 13)
        pdf.set_xy(MARGIN_MM, y + (9 if row[0][0] else 15))


def _line(pdf: FPDF, text: str, size: float, *, bold: bool = False, grey: bool = False, right: str = "") -> None:
    """One line, made smaller where it is too long; `right` stands at its end."""
    pdf.set_x(MARGIN_MM)
    room = WIDE_MM
    pdf.set_text_color(*((90,) * 3 if grey else (0,) * 3))
    if right:
        pdf.set_font("helvetica", "B" if bold else "", size)
        room -= pdf.get_string_width(written(right)) + 4
    fit(pdf, text, size, room, bold=bold)
    pdf.cell(room, size * 0.5, written(text))
    if right:
        pdf.set_font("helvetica", "B" if bold else "", size)
        pdf.cell(WIDE_MM - room, size * 0.5, written(right), align="R")
    pdf.ln(size * 0.5)


def _lines(pdf: FPDF, text: str, size: float, *, grey: bool = False) -> None:
    """As many as the text needs."""
    pdf.set_text_color(*((90,) * 3 if grey else (0,) * 3))
    pdf.set_font("helvetica", "", size)
    pdf.multi_cell(WIDE_MM, size * 0.5, written(text), align="L", new_x="LMARGIN", new_y="NEXT")


def _cell(pdf: FPDF, text: str, size: float) -> None:
    pdf.set_text_color(0)
    fit(pdf, text, size, WIDE_MM / 2 - 10)
    pdf.cell(WIDE_MM / 2 - 10, 7, written(text))
