"""The board: the 63 associations in one night, by harm, from the journals and the registry alone.

Harm is the share of the national volume that an association's trouble takes away, times how unusual that is for it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field

from surveillance.clock import PARIS, instant
from surveillance.content import Content, load
from surveillance.gathering.receptions import STATUS
from surveillance.past_nights import CAME, Past, PastNight, read_past, usual_hour
from surveillance.status import COMES_LATER, NightStatus

FILE = "reports/board.toml"
LACKING = ("absent", "refused", "held", "late")  # nothing of it is in the file that leaves
GOOD = ("received", "closed", "waiting")


class BoardRules(BaseModel):
    """The file `reports/board.toml`; `type` gives for each cause the command that helps."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    nights: int = Field(ge=1, le=60)
    late_minutes: int = Field(ge=0, le=240)
    type: dict[str, str]


def load_board_rules(content: Content) -> BoardRules:
    """The rules in force; a board needs a command for a cause that has none of its own (`other`)."""
    return load(content, FILE, BoardRules)


class Member(Protocol):
    """What the board reads of an association of the registry."""

    code: str
    name: str
    contact: str
    phone: str
    path: str
    usual_volume: float

    def open_on(self, night: date) -> bool:
        """Is a file expected in that night?"""


@dataclass(frozen=True)
class Row:
    """One association tonight.

    `missing`: share of the national volume expected tonight that it takes away (0–1); `unusual`: improbability of
    what it gave (0–1, 1 = never seen); `expected`, `low`, `high`: visits of the day by habit; `visits`: received,
    None = not counted yet; `arrived`: ISO UTC instant of its last file, else only its night is known (`last_night`);
    `settled`: the night has counted it, the row will not change by itself.
    """

    code: str
    name: str
    status: str
    cause: str
    detail: str
    visits: int | None
    expected: float
    low: float | None
    high: float | None
    missing: float
    unusual: float
    last_night: str
    arrived: str
    usual_hour: str
    contact: str
    phone: str
    path: str
    settled: bool
    files: tuple[str, ...] = ()  # names of the files that were not in order

    @property
    def harm(self) -> float:
        """Share of the national volume missing × how unusual (0–1)."""
        return self.missing * self.unusual

    @property
    def troubled(self) -> bool:
        """Is there something to do about it?"""
        return self.status not in GOOD or self.harm > 0


@dataclass(frozen=True)
class Board:
    """The rows, the most harmful first, and what the journal tells of the night itself."""

    night: date
    rows: tuple[Row, ...]
    status: NightStatus
    past: Past = field(default_factory=dict)

    @property
    def troubled(self) -> tuple[Row, ...]:
        """The rows that need somebody."""
        return tuple(row for row in self.rows if row.troubled)

    @property
    def others(self) -> tuple[Row, ...]:
        """Received, closed, or not due yet."""
        return tuple(row for row in self.rows if not row.troubled)

    @property
    def missing(self) -> float:
        """Share of the national volume expected tonight that is missing (0–1)."""
        return math.fsum(row.missing for row in self.rows)

    def count(self, *statuses: str) -> int:
        """How many have one of those statuses."""
        return sum(row.status in statuses for row in self.rows)


def read_board(
    state: Path, night: date, members: Iterable[Member], found: NightStatus, rules: BoardRules, now: datetime
) -> Board:
    """The board of a night; `now` tells who is late."""
    past = read_past(state / "journal", night, rules.nights)
    return make_board(night, members, found, past, rules, now)


def make_board(
    night: date, members: Iterable[Member], found: NightStatus, past: Past, rules: BoardRules, now: datetime
) -> Board:
    """The rows of all members, from what the journals told of them."""
    view = View(night, found, past, rules, now)
    facts = [(member, view.fact(member)) for member in members]
    national = math.fsum(fact["expected"] for _, fact in facts if fact["status"] != "closed")
    rows = [_row(member, fact, national, view) for member, fact in facts]
    return Board(night, tuple(sorted(rows, key=lambda row: (-row.harm, not row.troubled, row.code))), found, past)


@dataclass(frozen=True)
class View:
    """What the rows of one night are made from."""

    night: date
    found: NightStatus
    past: Past
    rules: BoardRules
    now: datetime

    def fact(self, member: Member) -> dict[str, Any]:
        """What is known of one association: its reception, else the gathering's last word, else that it is awaited."""
        found, code = self.found, member.code
        settled = found.receptions.get(code)
        heard = found.feeds.get(code)
        if settled and not (heard and _better(settled, heard)):
            fact = {**settled, "settled": True}
        elif heard:
            fact = {**heard, "settled": False, "status": self._provisional(heard, code)}
        else:
            fact = self._unheard(member)
        habit = fact.get("expected")
        if fact["code"] == "held":  # refused for now, until somebody releases it
            fact["status"] = "held"
        return {"detail": "", **fact, "expected": float(member.usual_volume if habit is None else habit)}

    def _provisional(self, heard: Mapping[str, Any], code: str) -> str:
        """While the night still asks again, what may come is awaited until its hour, then late."""
        if not (self.found.gathering and heard["status"] == "absent" and heard["code"] in COMES_LATER):
            return str(heard["status"])
        return "waiting" if heard["code"] == "no_file" and self._early(code) else "late"

    def _unheard(self, member: Member) -> dict[str, Any]:
        if not member.open_on(self.night):
            return {"status": "closed", "code": "closed", "settled": False}
        hour = usual_hour(self.past.get(member.code, ()))
        late = bool(hour) and not self._early(member.code)
        return {
            "status": "late" if late else "waiting",
            "code": "waiting" if hour else "waiting_unknown",
            "detail": hour,
            "settled": False,
        }

    def _early(self, code: str) -> bool:
        """Is it before the hour at which this association is usually there, and some minutes more?"""
        hour = usual_hour(self.past.get(code, ()))
        return bool(hour) and self.now < instant(self.night, hour) + timedelta(minutes=self.rules.late_minutes)


def _better(settled: Mapping[str, Any], heard: Mapping[str, Any]) -> bool:
    """Does a later gathering change what was settled? Only where nothing had come: bytes are judged by the intake."""
    return settled["status"] not in ("received", "closed") and settled["code"] in STATUS


def _row(member: Member, fact: Mapping[str, Any], national: float, view: View) -> Row:
    status, code, detail = _cause(fact)
    there = fact.get("day_visits")
    nights = view.past.get(member.code, [])
    night, arrived = _last(view, member.code, fact, nights)
    return Row(
        member.code,
        member.name,
        status,
        code,
        detail,
        there,
        fact["expected"],
        fact.get("low"),
        fact.get("high"),
        lost_visits(fact["status"], there or 0, fact["expected"], fact.get("low")) / national if national else 0.0,
        _unusual(fact, status),
        night,
        arrived,
        fact.get("usual_hour") or usual_hour(nights),
        member.contact,
        member.phone,
        member.path,
        fact["settled"],
        tuple(one["name"] for one in view.found.files.get(member.code, ()) if one["status"] != "received"),
    )


def _unusual(fact: Mapping[str, Any], status: str) -> float:
    """How unusual it is; where no habit says, trouble is as unusual as can be."""
    known = fact.get("unusual")
    return (1.0 if status in (*LACKING, "partial") else 0.0) if known is None else float(known)


def few(status: str, visits: int, low: float | None) -> bool:
    """Received in order, but fewer visits than this association ever gives on such a day."""
    return status == "received" and low is not None and visits < low


def lost_visits(status: str, visits: int, expected: float, low: float | None) -> float:
    """Visits of the day that are missing: all, what a part leaves, or nothing."""
    if status in LACKING:
        return expected
    return max(0.0, expected - visits) if status == "partial" or few(status, visits, low) else 0.0


def _cause(fact: Mapping[str, Any]) -> tuple[str, str, str]:
    """Status, cause and its detail."""
    if few(fact["status"], fact.get("day_visits") or 0, fact.get("low")):
        return "received", "few_visits", f"{fact['day_visits']} / {fact['low']:.0f}–{fact.get('high') or 0:.0f}"
    return str(fact["status"]), str(fact["code"]), str(fact["detail"])


def _last(view: View, code: str, fact: Mapping[str, Any], nights: list[PastNight]) -> tuple[str, str]:
    """Night and instant of the last arrival; the instant is "" where no journal has it."""
    arrived = fact.get("arrived") or view.found.heard.get(code, "")
    if fact["status"] in CAME or arrived:
        return view.night.isoformat(), arrived
    last = next((one for one in nights if one.came), None)
    return (last.night, last.arrived) if last else ("", "")


def paris(instant_utc: str) -> datetime:
    """An ISO instant as the clock on the wall shows it."""
    return datetime.fromisoformat(instant_utc).astimezone(PARIS)
