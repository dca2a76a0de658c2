"""The 63 as received: harm of what is missing, in order of harm, with the words a reader needs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date

from surveillance.board import lost_visits
from surveillance.reporting.data import ReportData, Row, records

STATUSES = ("absent", "refused", "partial", "closed", "received")
MISSING = ("absent", "refused", "partial")


@dataclass(frozen=True)
class Line:
    """One association tonight. `harm`: share of the visits expected of the network that did not come (0..1)."""

    code: str
    name: str
    place: str
    department: str
    status: str
    reason: str
    detail: str
    expected: float
    visits: int
    late: int
    withdrawn: int
    last: date | None
    harm: float

    @property
    def ratio(self) -> float | None:
        """Visits received over those expected."""
        return self.visits / self.expected if self.expected > 0 else None


@dataclass(frozen=True)
class Board:
    """The lines in order of harm; `width` of a line in the strip is its part of the visits expected."""

    lines: tuple[Line, ...]
    visits_expected: float

    @property
    def missing(self) -> tuple[Line, ...]:
        """Absent, refused or partial, the most harmful first."""
        return tuple(line for line in self.lines if line.status in MISSING)

    @property
    def others(self) -> tuple[Line, ...]:
        """Received and declared closed."""
        return tuple(line for line in self.lines if line.status not in MISSING)

    @property
    def withdrawing(self) -> tuple[Line, ...]:
        """Those who took visits back tonight, most first."""
        return tuple(sorted((line for line in self.lines if line.withdrawn), key=lambda line: -line.withdrawn))

    @property
    def expected(self) -> int:
        """How many associations were expected (all but those declared closed)."""
        return sum(line.status != "closed" for line in self.lines)

    @property
    def included(self) -> int:
        """How many are in tonight's figures, partial ones too."""
        return sum(line.status in ("received", "partial") for line in self.lines)

    @property
    def lost(self) -> float:
        """Share of the visits expected that is missing (0..1)."""
        return math.fsum(line.harm for line in self.lines)

    def count(self, status: str) -> int:
        """How many have that status."""
        return sum(line.status == status for line in self.lines)

    def part(self, line: Line) -> float:
        """The line's part of the visits expected (0..1)."""
        return line.expected / self.visits_expected if self.visits_expected else 0.0


def board(data: ReportData) -> Board:
    """The board of the night: a visit lost from a large association weighs as much as one from a small one."""
    rows = records(data.receptions)
    expected = math.fsum(float(row["expected"]) for row in rows if row["status"] != "closed")
    lines = [_line(row, expected) for row in rows]
    return Board(tuple(sorted(lines, key=_order)), expected)


def _order(line: Line) -> tuple[float, int, str]:
    rank = STATUSES.index(line.status) if line.status in STATUSES else len(STATUSES)
    return (-line.harm, rank, line.code)


def _line(row: Row, total: float) -> Line:
    expected, visits, status = float(row["expected"]), _count(row["visits"]), str(row["status"])
    lost = lost_visits(status, visits, expected, _low(row["low"]))
    return Line(
        str(row["association"]),
        str(row["name"]),
        str(row["city"]),
        str(row["department"]),
        status,
        _text(row["sentence_fr"]) or str(row["code"]),
        _text(row["detail"]),
        expected,
        visits,
        _count(row["late_visits"]),
        _count(row["withdrawn"]),
        _day(row["last_night_received"]),
        lost / total if total else 0.0,
    )


def _count(value: object) -> int:
    text = str(value)
    return 0 if text in ("None", "nan", "<NA>", "") else int(float(text))


def _low(value: object) -> float | None:
    return float(value) if isinstance(value, float) and not math.isnan(value) else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _day(value: object) -> date | None:
    return value if isinstance(value, date) else None
