"""The receipt of one file: its verdict, its accounts, what to repair – counts, lines and columns, never a value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
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
HELD = "held"  # the code of a file that is set aside until someone has looked at it
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
class NightFound:
    """What only a night can find of a file.

    counts: its accepted lines by fate. held: why the night set the file aside, if it did. released: was it set aside
    before, and told so? unusual: what is not as this
    association usually sends, in French; it holds for all its files of the night.
    """

    counts: Mapping[str, int] = field(default_factory=dict)
    held: str = ""
    unusual: tuple[str, ...] = ()
    released: bool = False


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
        verdict="set_aside" if result.code == HELD else VERDICTS.get(result.status, "set_aside"),
        cause=_cause(result, checks),
        ledger={name: result.ledger[name] for name in ACCOUNTS},
        days=tuple(sorted(result.dates.items()))[: limits.days],
        day_count=len(result.dates),
        refused=refused_groups(result.aside.tables(), checks, limits.lines),
        kept=kept_groups(
            result.kept.tables(), checks, lambda check: names.get(COLUMN.get(check, ""), ""), limits.lines
        ),
        notes=tuple(Remark(check, sentence, checks.repair(check)) for check, sentence in result.notes),
    )


def _cause(result: FileResult, checks: Checks) -> Remark | None:
    if result.code == "ok":
        return None
    known = result.code in checks.file or result.code in checks.row
    return Remark(result.code, result.sentence_fr, checks.repair(result.code) if known else "")


def refused_groups(tables: Iterable[pa.Table], checks: Checks, most: int) -> tuple[Group, ...]:
    """The refused lines (columns of REFUSALS) by check and column; line 0, the file itself, is the verdict's."""
    tally = _Tally(most)
    for table in tables:
        lines = table.filter(pc.greater(table["line_no"], 0))
        for row in lines.group_by(["check", "column"]).aggregate([("line_no", "count")]).to_pylist():
            check, column = row["check"], row["column"]
            own = lines.filter(pc.and_(pc.equal(lines["check"], check), pc.equal(lines["column"], column)))
            tally.add((check, column), row["line_no_count"], own["line_no"])
    return tally.groups(checks)


def kept_groups(tables: Iterable[pa.Table], checks: Checks, column_of: ColumnOf, most: int) -> tuple[Group, ...]:
    """The lines that were kept with a flag (`dq` of SCHEMA), by check."""
    tally = _Tally(most)
    for batch in (batch for table in tables for batch in table.select(["dq", "line_no"]).to_batches()):
        flags, parents = pc.list_flatten(batch["dq"]), pc.list_parent_indices(batch["dq"])
        for item in pc.value_counts(flags).to_pylist():
            check = item["values"]
            rows = parents.filter(pc.equal(flags, check))
            tally.add((check, column_of(check)), item["counts"], batch["line_no"].take(rows))
    return tally.groups(checks)


class _Tally:
    """Counts and first lines by (check, column), over a file that may not fit into memory."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.counts: dict[tuple[str, str], int] = {}
        self.lines: dict[tuple[str, str], list[int]] = {}

    def add(self, key: tuple[str, str], count: int, lines: pa.ChunkedArray) -> None:
        held = self.lines.setdefault(key, [])
        self.counts[key] = self.counts.get(key, 0) + count
        held += lines.slice(0, self.most - len(held)).to_pylist()

    def groups(self, checks: Checks) -> tuple[Group, ...]:
        """The most frequent first; the lines that may be told are shared out, and rare checks are told whole."""
        out, left = [], self.most
        for rank, (key, count) in enumerate(sorted(self.counts.items(), key=lambda item: (item[1], item[0]))):
            numbers = sorted(self.lines[key])[: left // (len(self.counts) - rank)]
            left -= len(numbers)
            check, column = key
            out.append(Group(check, column, checks.sentence(check), checks.repair(check), count, tuple(numbers)))
        return tuple(sorted(out, key=lambda group: (-group.count, group.check, group.column)))
