"""What a check of an association against its habits said: passed, found or not run, with its figures and its words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

PASSED, FOUND, NOT_RUN = "passed", "found", "not_run"
HELD = "quarantine"


@dataclass(frozen=True)
class Finding:
    """One check of one association in one night.

    observed, expected, low, high: in the check's unit (visits of the day; a share 0–1; minutes from midnight in Paris,
    the evening before negative); None where unknown. spread: the standard deviation (of the square root, for volume);
    score: how many of them `observed` is from `expected`. severity: "" unless found. why: key of
    [association.not_run] when not run. waiver: who lowered the severity, "" if nobody.
    """

    association: str
    check: str
    state: str
    severity: str = ""
    observed: float | None = None
    expected: float | None = None
    low: float | None = None
    high: float | None = None
    spread: float | None = None
    score: float | None = None
    why: str = ""
    waiver: str = ""
    sentence_fr: str = ""

    def row(self) -> dict[str, Any]:
        """The row of findings.parquet."""
        return dict(vars(self))


COLUMNS = tuple(item.name for item in fields(Finding))
NUMBERS = ("observed", "expected", "low", "high", "spread", "score")


def schema() -> pa.Schema:
    """The columns of records/NIGHT/findings.parquet."""
    import pyarrow as pa

    return pa.schema([(name, pa.float64() if name in NUMBERS else pa.string()) for name in COLUMNS])


def to_table(findings: Iterable[Finding]) -> pa.Table:
    """Findings as a table, in the order given."""
    import pyarrow as pa

    return pa.Table.from_pylist([item.row() for item in findings], schema=schema())


def held(findings: Iterable[Finding]) -> dict[str, str]:
    """Association → the sentences of the checks for which its file is set aside."""
    found: dict[str, str] = {}
    for item in findings:
        if item.severity == HELD:
            found[item.association] = " ; ".join(filter(None, [found.get(item.association, ""), item.sentence_fr]))
    return found
