"""`cellwarden listen SOURCE`: what is on the air, while it is."""

import json
import math
import sys
import time
from dataclasses import asdict
from functools import partial
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import click

from cellwarden.cli import complain, options
from cellwarden.cli.ending import closed_by_signals
from cellwarden.cli.quantity import Seconds
from cellwarden.language import gettext as _
from cellwarden.language import ngettext, number
from cellwarden.radio.sources import SOURCES

if TYPE_CHECKING:
    from cellwarden.model import Blind
    from cellwarden.radio.band_plan import Schedule
    from cellwarden.radio.live.stream import Stream
    from cellwarden.runtime.listen import Event, Health

MOST_CLIPPED = 1e-4
"""Part of a second's samples from which on clipping is told."""
DEAF_DB = 10.0
"""A noise floor that falls by so much is an antenna that came off."""
MEMORY = 0.9
"""Part of its past that the usual noise floor keeps from second to second."""


@click.command(
    help=_("Tell each phone when it begins to send. SOURCE is a receiver or a stream."),
    epilog="\b\n" + _("Sources:") + "\n" + "\n".join(f"  {how}" for _module, how in SOURCES.values()),
)
@click.argument("source")
@options.centre
@options.rate
@options.gain
@click.option(
    "--plan",
    type=options.PATH,
    help=_("Listen to several frequencies in turn, by a plan that `bands plan -o` wrote."),
)
@click.option(
    "--band",
    "wanted",
    multiple=True,
    metavar=_("NAME"),
    help=_(
        "Listen to a band's uplink, as gsm-900-uplink or 20 (LTE's number), in turns where the rate holds but a part."
    ),
)
@click.option("--receiver", default=1, type=click.IntRange(1), metavar="N", help=_("Which one of the plan's this is."))
@options.seconds
@options.min_confidence
@click.option(
    "--evidence",
    type=options.PATH,
    metavar=_("FOLDER"),
    help=_("Keep the first bursts of each call here, without their content: training, tails and ramps alone."),
)
@click.option(
    "--keep",
    "keep_mb",
    default=1000.0,
    show_default=True,
    type=click.FloatRange(1),
    metavar="MB",
    help=_("What the folder may hold; the oldest go first."),
)
@click.option("--keep-for", "keep_s", type=Seconds(), help=_("Remove what was kept longer ago than this (30d, 12h)."))
@click.option(
    "--record",
    type=options.PATH,
    metavar=_("FOLDER"),
    help=_("Record whole samples here, encrypted to the key of a mandate."),
)
@click.option("--mandate", type=options.PATH, help=_("The file that names the mandate; --record needs it."))
@click.option("--all", "everything", is_flag=True, help=_("Tell also what is no phone."))
@click.option("--json", "as_json", is_flag=True, help=_("Print one JSON object a line for all that happens."))
def listen(
    source: str,
    centre_hz: float | None,
    rate_hz: float | None,
    gain_db: float | None,
    plan: Path | None,
    wanted: tuple[str, ...],
    receiver: int,
    seconds: float | None,
    min_confidence: float,
    evidence: Path | None,
    keep_mb: float,
    keep_s: float | None,
    record: Path | None,
    mandate: Path | None,
    everything: bool,
    as_json: bool,
) -> None:
    """Ctrl-C is the usual end: nothing that was heard is lost by it."""
    from dataclasses import replace

    from cellwarden.radio.live import Tuning, open_stream
    from cellwarden.runtime import listen as runtime
    from cellwarden.runtime.hourly import Hourly
    from cellwarden.runtime.keep import Keeper
    from cellwarden.runtime.mandate import read
    from cellwarden.runtime.silence import Silence

    if (record is None) != (mandate is None):
        raise click.UsageError(_("whole samples need a mandate: give --record and --mandate together"))
    if ignored := _ignored(plan, wanted, receiver, (centre_hz, rate_hz), keep_s, evidence or record):
        raise click.UsageError(ignored)
    allowed = None if mandate is None else read(mandate, time.time_ns())
    if plan is None and not wanted:
        stream = open_stream(source, Tuning(rate_hz, centre_hz, gain_db))
    else:
        stream = _hopping(source, _schedule(plan, receiver, wanted, rate_hz), gain_db)
    # Behind the source: a start that fails leaves no index that looks like that of a run that was killed.
    keeper = Keeper(evidence, keep_mb * 1e6, keep_s or math.inf, record, allowed, complain)
    teller = _Json() if as_json else _Words(everything)
    silence = Silence(partial(teller.silent, source))
    if not stream.patient:  # a file's samples come when they are asked for
        stream = replace(stream, pieces=silence.pieces(stream.pieces))
    test = Hourly(stream.rate_hz, teller.tested)

    def health(told: "Health") -> None:
        test.health(told)
        teller.health(told)

    events = runtime.listen(
        stream,
        seconds=seconds,
        min_confidence=min_confidence,
        health=health,
        passing=lambda blocks: test.passing(keeper.passing(blocks)),
    )
    with closed_by_signals(stream), silence.watched(), keeper:
        for event in test.events(events):
            teller.event(event)
            keeper.event(event)
    teller.end()


def _ignored(
    plan: Path | None,
    wanted: tuple[str, ...],
    receiver: int,
    tuned: tuple[float | None, float | None],
    keep_s: float | None,
    kept: Path | None,
) -> str:
    """What to say of the first option that would do nothing beside the others; empty where each does something."""
    idle = {
        _("--receiver is of a plan's: give --plan, too"): plan is None and receiver != 1,
        _("--plan says the frequency and rate itself: leave out --centre and --rate"): plan and tuned != (None, None),
        _("--band says the frequency itself: leave out --centre and --plan"): wanted and (plan or tuned[0] is not None),
        _("--keep-for is of what is kept: give --evidence or --record, too"): keep_s is not None and kept is None,
    }
    return next((words for words, ignored in idle.items() if ignored), "")


def _schedule(plan: Path | None, receiver: int, wanted: tuple[str, ...], rate_hz: float | None) -> "Schedule":
    """What a plan says of one of its receivers, or one receiver does over some bands."""
    from cellwarden.radio import band_plan

    if plan is not None:
        return band_plan.read(plan, receiver)
    try:
        return band_plan.over(wanted, rate_hz)
    except KeyError as error:
        raise click.UsageError(
            _("{band} is no band that phones send in: name it as gsm-900-uplink, or by LTE's number, as 20").format(
                band=error.args[0]
            )
        ) from error


def _hopping(source: str, schedule: "Schedule", gain_db: float | None) -> "Stream":
    """A source that is tuned from window to window."""
    from cellwarden.radio.live import Tuning, open_stream
    from cellwarden.radio.live.hop import hopping

    tuning = Tuning(schedule.rate_hz, schedule.centres_hz[0], gain_db)
    return hopping(open_stream(source, tuning), schedule)


class _Json:
    """Everything, for machines."""

    def __init__(self) -> None:
        self._lock = Lock()

    def event(self, event: "Event") -> None:
        from cellwarden.radio.annotations import annotation
        from cellwarden.radio.clock import stamp

        told = {"event": event.what, "time": _clock(event, "%Y-%m-%dT%H:%M:%S.%fZ"), "train": event.train}
        told |= stamp(event.segment)
        self._print(told | annotation(event.emission, event.segment))

    def tested(self, faults: tuple[str, ...]) -> None:
        self._print({"event": "selftest", "faults": list(faults)})

    def silent(self, source: str, silent: bool) -> None:
        self._print({"event": "silence", "source": source, "silent": silent})

    def health(self, health: "Health") -> None:
        self._print(
            {
                "event": "health",
                "samples": health.samples,
                "lost": health.lost,
                "dropped": health.dropped,
                "clipped": health.clipped,
                "floor_dbfs_hz": health.floor_dbfs_hz,
                "load": round(health.load, 3),
                "temperature_c": health.temperature_c,
                "blind": [asdict(one) for one in health.blind],
                "products": health.products,
            }
        )

    def end(self) -> None:
        sys.stdout.flush()

    def _print(self, told: dict[str, object]) -> None:
        with self._lock:  # silence is told by a thread of its own
            sys.stdout.write(json.dumps(told) + "\n")
            sys.stdout.flush()


class _Words:
    """A line for each train that begins or ends, and a warning where the receiver is not well."""

    def __init__(self, everything: bool) -> None:
        from cellwarden.cli.terminal import Terminal

        self.everything = everything
        self.console = Terminal(highlight=False, soft_wrap=True)
        self.phones = self.others = 0
        self.last: Health | None = None
        self.usual_db: float | None = None
        self.unsent = 0
        """Samples that the source did not give."""

    def event(self, event: "Event") -> None:
        from cellwarden.airinterface import is_phone

        phone = is_phone(event.emission)
        if event.what == "begun":
            self.phones += phone
            self.others += not phone
            if event.emission.label == "noise:jammer":
                complain(_("a jammer sends: phones are not heard beneath it"))
        if event.what != "burst" and (phone or self.everything):
            self.console.print(_line(event), style="bold yellow" if phone and event.what == "begun" else None)

    def tested(self, faults: tuple[str, ...]) -> None:
        from cellwarden.console.words import deaf_words

        for fault in faults:
            complain(_("the self-test failed: {why}").format(why=deaf_words(fault)))
        if not faults:
            complain(_("the self-test is passed again"))

    def silent(self, source: str, silent: bool) -> None:
        if silent:
            complain(
                _("nothing comes from {source}: look whether it is on, plugged in, and sends there").format(
                    source=source
                )
            )
        else:
            complain(_("{source} sends again").format(source=source))

    def health(self, health: "Health") -> None:
        from cellwarden.runtime.selftest import PRODUCTS

        before, self.last = self.last, health
        lost = health.lost - (before.lost if before else 0)
        unsent, self.unsent = self.unsent, max(self.unsent, health.lost - health.dropped)
        if lost:  # what is dropped is known as lost only when what waits before it is worked off
            why = _("the source did not send them") if self.unsent > unsent else _("this machine is too slow")
            complain(_("{count} samples were lost: {why}").format(count=number(lost), why=why))
        if health.clipped > MOST_CLIPPED:
            complain(
                _("{percent} % of the samples are cut off: lower the gain").format(
                    percent=number(100 * health.clipped, 2)
                )
            )
        if health.products >= PRODUCTS:
            complain(
                _("{count} bursts of this second were made in the receiver, of stronger ones: lower the gain").format(
                    count=number(health.products)
                )
            )
        self._floor(health.floor_dbfs_hz)
        self._blind(before.blind if before else (), health.blind)

    def _blind(self, before: "tuple[Blind, ...]", now: "tuple[Blind, ...]") -> None:
        from cellwarden.console.words import blind, hears_in

        for one in now:
            if one not in before:
                complain(_("a jammer sends: {what}").format(what=blind(one, time.time_ns())))
        for band in [one.band for one in before if one.band not in {other.band for other in now}]:
            complain(hears_in(band))

    def _floor(self, floor_db: float | None) -> None:
        if floor_db is None:
            return
        if self.usual_db is not None and floor_db < self.usual_db - DEAF_DB:
            complain(
                _("the noise floor fell by {db} dB: look at antenna and cable").format(
                    db=number(self.usual_db - floor_db)
                )
            )
        self.usual_db = floor_db if self.usual_db is None else MEMORY * self.usual_db + (1 - MEMORY) * floor_db

    def end(self) -> None:
        phones = ngettext("{count} phone transmission", "{count} phone transmissions", self.phones)
        others = ngettext("{count} other", "{count} others", self.others)
        lost = self.last.lost if self.last else 0
        self.console.print(
            _("Heard {phones}, {others}; {lost} samples were lost").format(
                phones=phones.format(count=number(self.phones)),
                others=others.format(count=number(self.others)),
                lost=number(lost),
            )
        )


def _line(event: "Event") -> str:
    from cellwarden.airinterface import TITLES
    from cellwarden.radio.absolute import middle_hz
    from cellwarden.runtime.heard import channel_names

    e, segment = event.emission, event.segment
    interface, _colon, kind = e.label.partition(":")
    channel = ", ".join(channel_names(e, segment))
    words = {
        "clock": _clock(event, "%H:%M:%S", after=e.sample_count if event.what == "over" else 0),
        "what": f"{TITLES.get(interface, interface)} {kind}",
        "where": f"{number(middle_hz(e, segment) / 1e6, 3)} MHz" + (f" ({channel})" if channel else ""),
        "train": event.train,
    }
    if event.what == "begun":
        return _("{clock}  #{train} {what} on {where}, SNR {snr} dB").format(snr=number(e.snr_db, 1), **words)
    bursts = int(e.details["bursts"])
    told = ngettext("{count} burst", "{count} bursts", bursts).format(count=number(bursts))
    return _("{clock}  #{train} {what} on {where} is over: {seconds} s, {bursts}").format(
        seconds=number(e.sample_count / segment.rate_hz, 2), bursts=told, **words
    )


def _clock(event: "Event", form: str, after: int = 0) -> str | None:
    """When it began, or some samples later."""
    from cellwarden.radio.absolute import moment

    told = moment(event.segment, event.emission.sample_start + after)
    return told.strftime(form) if told else None
