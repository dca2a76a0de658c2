"""A night: its date, what it works with, and the loop that takes it through the steps.

The order of the steps is their priority: the file is delivered before the report is drawn.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from pathlib import Path

from surveillance import __version__
from surveillance.associations import Association, load_associations
from surveillance.clock import Clock, instant
from surveillance.coding.codings import Codings, version_problems
from surveillance.content import Content
from surveillance.delivery.manifest import load_signing_key
from surveillance.errors import Exit, UsageError, as_known, said
from surveillance.files import make_folder
from surveillance.journal import Journal
from surveillance.locking import check_owner, night_lock
from surveillance.pseudonyms import load_key
from surveillance.retention import erase_raw
from surveillance.settings import Settings
from surveillance.store import Store, publish, store_path
from surveillance.timetable import Timetable, load_timetable

Counts = dict[str, int]
Teller = Callable[[str, Mapping[str, object]], None]

STEPS = ("gather", "validate", "code", "aggregate", "detect", "deliver", "receipts", "report")
NOT_VITAL = frozenset({"detect", "receipts", "report"})  # the file leaves even when these fail
BOARD_AFTER = frozenset({"gather", "aggregate", "deliver"})  # what changes the page of the board


@dataclass
class Night:
    """What the steps of a night work with."""

    date: dt.date
    content: Content
    settings: Settings
    clock: Clock
    tell: Teller = lambda kind, fields: None
    feeds: Path | None = None  # a folder of feeds (NIGHT/ASSOCIATION/file) to read instead of the SFTP servers
    missing: list[str] = field(default_factory=list)  # steps that were not done: makes the exit code 3
    verdict: Exit | None = None  # worse than partial: too few feeds, past the deadline

    def __post_init__(self) -> None:
        check_owner(self.settings.state)
        self.started: dt.datetime = self.clock.now()
        self.journal = Journal(self.settings.state / "journal", self.date, self.clock)

    @cached_property
    def associations(self) -> tuple[Association, ...]:
        """The registry in force."""
        return load_associations(self.content)

    @cached_property
    def timetable(self) -> Timetable:
        """When things happen, and how long they may take."""
        return load_timetable(self.content)

    @cached_property
    def store(self) -> Store:
        """The night's own store, opened when first asked for."""
        return Store(store_path(self.settings.state), self.content)

    @property
    def visit_day(self) -> dt.date:
        """The day the night is for: the day before the file leaves."""
        return self.date - dt.timedelta(days=1)

    def folder(self, name: str) -> Path:
        """The night's own folder in `inbox`, `records`, `outbox` or `pages`."""
        return make_folder(self.settings.state / name / self.date.isoformat())

    def at(self, hour: str) -> dt.datetime:
        """The UTC instant of a wall-clock hour of the timetable on the date of this night."""
        return instant(self.date, hour, self.timetable.zone)

    def close(self) -> None:
        """Close the store if it was opened."""
        if "store" in self.__dict__:
            self.store.close()
            del self.__dict__["store"]


def new_night(when: dt.date | None, content: Content, settings: Settings, tell: Teller | None = None) -> Night:
    """A night of that date, tonight when none is given; a rehearsal site starts it at its own hour."""
    clock = Clock()
    chosen = when or clock.tonight()
    if settings.rehearsal_hour:
        if settings.env != "TEST":
            raise UsageError('rehearsal_hour is for env = "TEST" only', "take it out of schedules/settings.toml")
        clock = Clock.starting_at(instant(chosen, settings.rehearsal_hour))
    return Night(chosen, content, settings, clock, tell or (lambda kind, fields: None))


def run_night(night: Night, steps: tuple[str, ...] = STEPS) -> Exit:
    """Take a night through its steps, then publish; gives the exit code, or raises what stopped it."""
    with night_lock(night.settings.state, f"night {night.date}"):
        night.journal.event(
            "night begun",
            night=night.date,
            steps=steps,
            tool=__version__,
            content=night.content.digest(),
            env=night.settings.env,
        )
        try:
            preflight(night, steps)
            for name in steps:
                take_step(night, name)
                if name in BOARD_AFTER:
                    draw_board(night, over=False)
            missing = night.missing + troubled(night)
            publish(night.store, night.settings.state)
            erased = erase_raw(night.settings.state / "inbox", night.date, night.timetable.raw_days)
            night.journal.event("raw files erased", files=erased)
        except Exception as error:
            known = as_known(error)
            code = known.exit_code if known else Exit.BUG
            night.journal.event("night failed", exit=int(code), error=said(error))
            draw_board(night, over=True)
            raise
        finally:
            night.close()
        result = night.verdict or (Exit.PARTIAL if missing else Exit.COMPLETE)
        night.journal.event("night done", exit=int(result), missing=missing)
        draw_board(night, over=True)
        return result


def draw_board(night: Night, over: bool) -> None:
    """Write the page of the board from the journal; whatever goes wrong with it never stops a night."""
    try:
        page = import_module("surveillance.reporting.board_page")
        page.draw_board(night.content, night.settings, night.date, night.associations, night.clock.now(), over)
    except Exception as error:
        night.journal.event("board page failed", error=said(error))


def preflight(night: Night, steps: tuple[str, ...]) -> None:
    """What would stop the night at its end stops it before anything is fetched."""
    if "validate" in steps:
        load_key(night.settings.key("pseudonym.key"))
    if "code" in steps:
        problems = version_problems(night.content, Codings(night.settings.state))
        if problems:
            raise problems[0]
        if store_path(night.settings.state).is_file():
            night.store.value("SELECT 1")  # opens it: laid out by another version, or damaged, it says so now
    if "deliver" in steps and night.settings.sign:
        load_signing_key(night.settings.key("manifest.key"))
    known = "SELECT count(*) FROM receptions WHERE night = $night"
    if not {"gather", "validate", "code"} & set(steps) and not night.store.value(known, {"night": night.date}):
        raise UsageError(f"the night of {night.date} has not been gathered", f"surveillance run {night.date}")


def troubled(night: Night) -> list[str]:
    """Who was not wholly received, as `5901: no_file`, and checks that broke, whatever steps were run this time."""
    rows = night.store.rows(
        "SELECT association, code FROM receptions "
        "WHERE night = $night AND status IN ('partial', 'absent', 'refused') ORDER BY association",
        {"night": night.date},
    )
    broken = night.store.rows(
        "SELECT \"check\", string_agg(association, ', ' ORDER BY association) FROM findings "
        "WHERE night = $night AND why = 'error' GROUP BY ALL ORDER BY ALL",
        {"night": night.date},
    )
    missing = [f"{association}: {code}" for association, code in rows]
    return missing + [f"check {check} not run: {associations}" for check, associations in broken]


def take_step(night: Night, name: str) -> None:
    """Run one step between its *begun* and its *done* or *failed*; a step that is not vital may fail."""
    step: Callable[[Night], Counts] = getattr(import_module(f"surveillance.steps.{name}"), name)
    night.journal.event("step begun", step=name)
    night.tell("begun", {"step": name})
    before = night.clock.now()
    try:
        counts = step(night)
    except Exception as error:
        message = said(error)
        night.journal.event("step failed", step=name, error=message)
        if name not in NOT_VITAL:
            raise
        night.missing.append(f"{name}: {message}")
        night.tell("failed", {"step": name, "error": message})
        return
    seconds = round((night.clock.now() - before).total_seconds(), 3)
    night.journal.event("step done", step=name, seconds=seconds, **counts)
    night.tell("done", {"step": name, "seconds": seconds, **counts})


def steps_since(first: str) -> tuple[str, ...]:
    """The steps from `first` on."""
    if first not in STEPS:
        raise UsageError(f"there is no step {first!r}", f"the steps are: {', '.join(STEPS)}")
    return STEPS[STEPS.index(first) :]
