"""The board in words: cells, causes, whom to call, what to type; the same for the screen and for the page."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from surveillance.board import Board, BoardRules, Row, paris
from surveillance.clock import deadline_utc
from surveillance.content import Content
from surveillance.settings import Settings
from surveillance.status import next_step
from surveillance.timetable import load_timetable
from surveillance.words import knows, say

COLUMNS = ("code", "name", "status", "missing", "arrived", "usual", "visits")
NONE = "–"
SCOPES = {"national": 0, "region": 1, "association": 2}


@dataclass(frozen=True)
class BoardWords:
    """Says a board. `folders`: options that name the folders in a command; `busy`: what runs on this state just now."""

    content: Content
    lang: str
    settings: Settings
    rules: BoardRules
    night: date
    now: datetime
    folders: str = ""
    busy: str = ""

    def say(self, key: str, **values: object) -> str:
        """A sentence of reports/words.toml."""
        return say(self.content, self.lang, key, **values)

    # --- one row ---

    def cells(self, row: Row) -> tuple[str, ...]:
        """The seven cells of a row, in the order of COLUMNS."""
        return (
            row.code,
            row.name.removeprefix("SOS Médecins "),
            self.say(f"status_{row.status}"),
            self.share(row.missing) if row.missing else NONE,
            self.arrived(row),
            row.usual_hour or NONE,
            f"{NONE if row.visits is None else row.visits}/{row.expected:.0f}",
        )

    def heads(self) -> tuple[str, ...]:
        """The words above the seven cells."""
        return tuple(self.say(f"column_{name}") for name in COLUMNS)

    def arrived(self, row: Row) -> str:
        """Hour of the last file (Paris), with its date unless it came tonight; its night where no hour is known."""
        if not row.last_night:
            return NONE
        day = date.fromisoformat(row.last_night)
        if not row.arrived:
            return self.say("board_tonight") if day == self.night else f"{day:%d/%m}"
        at = paris(row.arrived)
        return f"{at:%H:%M}" if at.date() == self.night else f"{at:%d/%m %H:%M}"

    def share(self, value: float) -> str:
        """A share in per cent, with the comma of the language."""
        return f"{100 * value:.1f} %".replace(".", "," if self.lang == "fr" else ".")

    def cause(self, row: Row) -> str:
        """What happened, in words; a cause without words of its own is told by its code."""
        key = f"cause_{row.cause}"
        if not knows(self.content, key):
            return f"{row.cause} : {row.detail}".rstrip(" :")
        return self.say(key, detail=row.detail).replace("()", "").rstrip(" :")

    def contact(self, row: Row) -> str:
        """Whom to call."""
        return " ".join(part for part in (row.contact, row.phone) if part) or self.say("board_nobody")

    def advice(self, row: Row) -> str:
        """Whom to call and what to ask."""
        if not row.troubled:
            return ""
        names = (row.status, row.cause) if row.status == "late" else (row.cause, row.status)
        key = next((f"do_{name}" for name in names if knows(self.content, f"do_{name}")), "do_other")
        return self.say(
            key,
            contact=self.contact(row),
            path=row.path,
            again=self.again() if self.left() > timedelta(0) else self.say("again_tomorrow"),
            release=f"surveillance run {self.typed()} --since validate",
            edited=self.site_file(),
        )

    def command(self, row: Row) -> str:
        """The next command to type for that row; "" when there is nothing to do."""
        if not row.troubled:
            return ""
        template = self.rules.type.get(row.cause, self.rules.type["other"])
        if template == "{again}" and not self.may_ask_again():
            template = "{story}"
        if template == "{check}" and not row.files:
            template = "{story}"
        return template.format(again=self.again(), story=self.story(row), check=self.check(row), key=self.key(row))

    # --- commands ---

    def again(self) -> str:
        """This night once more, from the gathering on."""
        return f"surveillance run {self.typed()} --since gather"

    def story(self, row: Row) -> str:
        """What one association did."""
        return f"surveillance status {self.typed()} -a {row.code}"

    def check(self, row: Row) -> str:
        """The rules of the night on the first of its files that was not in order."""
        path = self.settings.state / "inbox" / self.night.isoformat() / row.code / (row.files[0] if row.files else "")
        return f"surveillance check {shlex.quote(str(path))} -a {row.code}{self._where()}"

    def key(self, row: Row) -> str:
        """The public half of the key with which we come to that association."""
        return f"ssh-keygen -y -f {shlex.quote(str(self.settings.feed_key(row.code)))}"

    def typed(self) -> str:
        """The night as it is typed in a command, with the folders it needs."""
        return f"{self.night}{self._where()}"

    def _where(self) -> str:
        return f" {self.folders}" if self.folders else ""

    def site_file(self) -> str:
        """The folder of the content files that this site edits."""
        return str(self.content.site / "extracts" if self.content.site else "extracts")

    def may_ask_again(self) -> bool:
        """Would a run from the gathering on ask the servers: is there time, and does no other run hold the state?"""
        return self.left() > timedelta(0) and not self.busy

    # --- the night ---

    def left(self) -> timedelta:
        """Time left to the deadline; a rehearsal is always in time."""
        if self.settings.rehearsal_hour:
            return timedelta.max
        return deadline_utc(self.night, load_timetable(self.content).deadline) - self.now

    def head(self, board: Board, events: int | None = None) -> list[str]:
        """What must be read first: the night, the hour, the agency, the step, the counts, the first `events`."""
        title = self.say("status_title", night=self.night, day=self.night - timedelta(days=1))
        told = self.events(board)
        shown = (
            told[:events] if events is None or len(told) <= events else [*told[:events], self._more(len(told) - events)]
        )
        return [
            title,
            self.hour(),
            *self.agency(board),
            *self.steps(board),
            *self.counts(board),
            *shown,
            *self.not_run(board),
            *self.receipts(board),
        ]

    def not_run(self, board: Board) -> list[str]:
        """Checks against habits that nobody can have made, or that broke: what is not checked is never passed over."""
        found = board.status.not_run
        return [
            self.say(f"board_{reason}", number=len(found[reason]), codes=", ".join(sorted(found[reason])[:5]))
            for reason in ("unknown_habit", "error")
            if reason in found
        ]

    def receipts(self, board: Board) -> list[str]:
        """Associations that have not got their receipt."""
        found = board.status.receipts
        return [self.say("board_receipts", number=len(found), codes=", ".join(sorted(found)[:5]))] if found else []

    def _more(self, number: int) -> str:
        return self.say("board_more_events", number=number)

    def hour(self) -> str:
        """Time left."""
        if self.settings.rehearsal_hour:
            return self.say("status_rehearsal")
        hour, left = load_timetable(self.content).deadline, self.left()
        if left > timedelta(0):
            return self.say("status_time_left", hour=hour, left=duration(left))
        return self.say("status_past_hour", hour=hour)

    def agency(self, board: Board) -> list[str]:
        """What the agency has."""
        given = board.status.delivery
        if not given:
            return [self.say("status_not_delivered")] if board.status.begun else []
        name = str(given.get("name") or given["seq"]).removesuffix(".manifest.json")
        at = f"{paris(given['at']):%H:%M:%S}"
        return [self.say("status_delivered", state=self.say("state_" + given["state"]), at=at, name=name)]

    def steps(self, board: Board) -> list[str]:
        """What the night is doing, or how it ended."""
        found = board.status
        if not found.begun:
            return [self.say("status_never")]
        lines = [
            self.say("status_step_failed", step=step, error=error)
            for step, error in found.steps_not_done.items()
            if step != found.failed_step
        ]
        if found.failed_step:
            return [*lines, self.say("status_failed", step=found.failed_step, error=found.error)]
        if found.exit is None:
            key = "status_running" if self.busy else "status_died"
            return [*lines, self.say(key, step=found.step or NONE)]
        return [*lines, self.say("status_done", exit=found.exit, meaning=self.say(f"exit_{found.exit}"))]

    def counts(self, board: Board) -> list[str]:
        """How many of each, and the share of the national volume that is missing."""
        names = ("received", "partial", "absent", "refused", "held", "late", "waiting", "closed")
        told = [f"{self.say(f'count_{name}')} {board.count(name)}" for name in names if board.count(name)]
        visits = f"{int(board.status.facts.get('day_acts', 0)):,}".replace(",", " ")
        lines = [" · ".join([*told, *self._caught_up(board)])]
        return [*lines, self.say("status_visits", visits=visits, share=self.share(board.missing))]

    def _caught_up(self, board: Board) -> list[str]:
        late = board.status.late()
        return [f"{self.say('count_caught_up')} {late}"] if late else []

    def events(self, board: Board) -> list[str]:
        """What the day's data were found to be (a strike, an outage), the widest first."""
        found = sorted(board.status.data_events, key=lambda one: SCOPES.get(one.get("scope", ""), len(SCOPES)))
        return [f"! {one.get('sentence_fr') or one.get('sentence') or one.get('check', '')}" for one in found]

    def todo(self, board: Board) -> str:
        """The one next thing: a command, or why there is none."""
        key, step = next_step(board.status, self.left() > timedelta(0), bool(self.busy))
        return self.say(key, night=self.typed(), step=step)


def duration(left: timedelta) -> str:
    """`2 h 05`, `58 min`, or a number of days."""
    minutes = int(left.total_seconds()) // 60
    if minutes >= 48 * 60:
        return f"{minutes // 1440} j"
    return f"{minutes // 60} h {minutes % 60:02d}" if minutes >= 60 else f"{minutes} min"
