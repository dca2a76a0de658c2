"""The receipt of one file: its verdict, its accounts, what to repair – counts, lines and columns, never a value."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from surveillance.associations import Association
from surveillance.dialects import Dialect
from surveillance.intake.checks import Checks
from surveillance.intake.refusals import COLUMN, column_names
from surveillance.sftp.names import is_safe, shown

if TYPE_CHECKING:
    from surveillance.intake.reading import FileResult

VERDICTS = {"received": "accepted", "partial": "partial", "refused": "refused"}  # of a status; any other: set aside
ColumnOf = Callable[[str], str]  # a check -> the column it is about, as the sender names it
ACCOUNTS = ("lines_in", "accepted", "refused", "header", "blank", "total")


@dataclass(frozen=True)
class Remark:
    """Something said about a file as a whole: the check, what is wrong, what the sender does about it."""

    check: str
    sentence: str
    repair: str


@dataclass(frozen=True)
class Group:
    """The lines that failed one check in one column (as the sender names it): how many, and the first of them."""

    check: str
    column: str
    sentence: str
    repair: str
    count: int
    lines: tuple[int, ...]


@dataclass(frozen=True)
class Receipt:
    """What is told about one file, the same from `surveillance check` and from the night.

    verdict: accepted | partial | refused | set_aside. `cause` says why it is not simply accepted. ledger: ACCOUNTS,
    lines_in = the sum of the others. days: accepted visits by visit day, the first `listed_days`; `day_count` says of
    how many. refused, kept: by check and column, the most frequent first. kind: of the dialect.
    """

    association: str
    name: str
    file: str
    size: int
    sha256: str
    dialect: str
    kind: str
    night: date | None
    verdict: str
    cause: Remark | None
    ledger: dict[str, int]
    days: tuple[tuple[date, int], ...]
    day_count: int
    refused: tuple[Group, ...]
    kept: tuple[Group, ...]
    notes: tuple[Remark, ...]

    @property
    def clean(self) -> bool:
        """Was every line accepted, and nothing said against the file?"""
        return self.verdict == "accepted" and not self.ledger["refused"]


@dataclass(frozen=True)
class Limits:
    """How many numbers of lines a receipt holds in all, and how many days."""

    lines: int
    days: int


def receipt_of(
    result: FileResult,
    file: tuple[str, int],
    member: Association,
    dialect: Dialect,
    checks: Checks,
    night: date | None,
    limits: Limits,
) -> Receipt:
    """The receipt of a file that was read. `file`: its name and its size in bytes as received. Pure."""
    names = column_names(dialect)
    return Receipt(
        association=member.code,
        name=member.name,
        file=file[0] if is_safe(file[0]) else shown(file[0]),
        size=file[1],
        sha256=result.sha256,
        dialect=result.dialect,
        kind=dialect.kind,
        night=night,
        verdict=VERDICTS.get(result.status, "set_aside"),
        cause=_cause(result, checks),
        ledger={name: result.ledger[name] for name in ACCOUNTS},
        days=tuple(sorted(result.dates.items()))[: limits.days],
        day_count=len(result.dates),
        refused=refused_groups(result.refusals, checks, limits.lines),
        kept=kept_groups(result.visits, checks, lambda check: names.get(COLUMN.get(check, ""), ""), limits.lines),
        notes=tuple(Remark(check, sentence, checks.repair(check)) for check, sentence in result.notes),
    )


def _cause(result: FileResult, checks: Checks) -> Remark | None:
    if result.code == "ok":
        return None
    known = result.code in checks.file or result.code in checks.row
    return Remark(result.code, result.sentence_fr, checks.repair(result.code) if known else "")


def refused_groups(refusals: pa.Table, checks: Checks, most: int) -> tuple[Group, ...]:
    """The refused lines (columns of REFUSALS) by check and column; line 0, the file itself, is the verdict's."""
    lines = refusals.filter(pc.greater(refusals["line_no"], 0))
    found = [
        (count, check, column)
        for check, column, count in _counts(lines.group_by(["check", "column"]).aggregate([("line_no", "count")]))
    ]
    groups, left = [], most
    for rank, (count, check, column) in enumerate(sorted(found)):  # the rare ones first: they are told whole
        share = left // (len(found) - rank)
        own = lines.filter(pc.and_(pc.equal(lines["check"], check), pc.equal(lines["column"], column)))
        numbers = sorted(own["line_no"].slice(0, min(count, share)).to_pylist())
        left -= len(numbers)
        groups.append(Group(check, column, checks.sentence(check), checks.repair(check), count, tuple(numbers)))
    return tuple(sorted(groups, key=lambda group: (-group.count, group.check, group.column)))


def _counts(table: pa.Table) -> Iterator[tuple[str, str, int]]:
    for row in table.to_pylist():
        yield row["check"], row["column"], row["line_no_count"]


def kept_groups(visits: pa.Table, checks: Checks, column_of: ColumnOf, most: int) -> tuple[Group, ...]:
    """The lines that were kept with a flag (`dq`), by check, read batch by batch."""
    counts: dict[str, int] = {}
    lines: dict[str, list[int]] = {}
    for batch in visits.to_batches():
        flags, parents = pc.list_flatten(batch["dq"]), pc.list_parent_indices(batch["dq"])
        for item in pc.value_counts(flags).to_pylist():
            check, count = item["values"], item["counts"]
            counts[check] = counts.get(check, 0) + count
            room = most // len(checks.row) - len(lines.setdefault(check, []))
            if room > 0:
                rows = parents.filter(pc.equal(flags, check)).slice(0, room)
                lines[check] += batch["line_no"].take(rows).to_pylist()
    groups = [
        Group(check, column_of(check), checks.sentence(check), checks.repair(check), count, tuple(sorted(lines[check])))
        for check, count in counts.items()
    ]
    return tuple(sorted(groups, key=lambda group: (-group.count, group.check)))
