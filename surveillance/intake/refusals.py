"""Refused lines: which, how they are told, and when there are so many that the file is doubted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from surveillance.dialects import Dialect
from surveillance.intake.checks import Checks
from surveillance.intake.coded import Coded
from surveillance.intake.readers import RawTable, Refusal
from surveillance.intake.visits import Origin, Typed

Mask = npt.NDArray[np.bool_]

REFUSALS = pa.schema(
    [
        pa.field("association", pa.string(), nullable=False),
        pa.field("file_sha256", pa.string(), nullable=False),
        pa.field("line_no", pa.int32(), nullable=False),
        pa.field("check", pa.string(), nullable=False),
        pa.field("column", pa.string(), nullable=False),
        pa.field("sentence_fr", pa.string(), nullable=False),
    ]
)


COLUMN = {  # the canonical field a refusal is about ("times": whichever hour of the line cannot be read)
    "ID_MISSING": "visit_id", "ID_SHAPE": "visit_id", "DUPLICATE": "visit_id", "DUPLICATE_ID": "visit_id",
    "DATE_MISSING": "start_at", "DATE_UNREADABLE": "start_at", "DATE_FUTURE": "start_at", "DATE_OLD": "start_at",
    "DATE_AMBIGUOUS": "start_at",
    "AGE_RANGE": "age", "AGE_UNREADABLE": "age", "AGE_MONTHS": "age", "SEX_UNKNOWN": "sex",
    "ACT_UNKNOWN": "act_type",
    "OUTCOME_UNKNOWN": "outcome", "STATUS_UNKNOWN": "status", "DIAG_UNKNOWN": "diagnoses",
    "DIAG_SYSTEM": "diagnoses",
    "REASON_UNKNOWN": "reason_codes", "REASON_AMBIG": "reason_texts", "TEXT_LONG": "reason_texts",
    "POSTAL_UNREADABLE": "postal_code",
    "POSTAL_UNKNOWN": "postal_code",
    "COMMUNE_UNREADABLE": "insee_code", "COMMUNE_UNKNOWN": "insee_code",
    "POSTAL_AMBIG": "postal_code", "CALL_AFTER_START": "call_at",
    "CALL_UNREADABLE": "call_at", "END_UNREADABLE": "end_at", "DURATION": "end_at", "TIME_UNREADABLE": "times",
    "NO_START": "start_at", "START_UNREADABLE": "start_at", "DST_AMBIG": "start_at", "DST_MISSING": "start_at",
    "SAME_DAY": "start_at", "LATE": "start_at",
}  # fmt: skip


def judge(typed: Typed, raw: RawTable, checks: Checks) -> tuple[Mask, Coded[tuple[str, ...]], list[Refusal]]:
    """Which lines of a part are kept, their notes (for `dq`), and the refusals of the others."""
    keep, refusals = np.ones(len(typed), bool), []
    codes = np.zeros(len(typed), np.int32)
    notes: dict[tuple[str, ...], int] = {(): 0}
    for row, found in sorted(typed.issues.items()):
        aside = [check for check in found if checks.severity(check) != "note"]
        if aside:
            keep[row] = False
            refusals.append(Refusal(int(raw.line_no[row]), aside[0], COLUMN.get(aside[0], "")))
        said = tuple(dict.fromkeys(check for check in found if checks.severity(check) == "note"))
        codes[row] = notes.setdefault(said, len(notes))
    return keep, Coded(codes, list(notes)), refusals


def refused_lines(found: Mapping[str, int], checks: Checks) -> int:
    """Refused lines that say something about the file (not repeated visits, not the line where it was cut)."""
    return sum(number for check, number in found.items() if checks.row[check].counted)


def blocking(found: Mapping[str, int], kept: int, checks: Checks) -> tuple[str, str]:
    """Code and detail of a file whose sound lines are not believed either: so many are refused, or one of those
    that block; ("", "") otherwise."""
    worst = next((check for check in sorted(found) if checks.severity(check) == "block"), "")
    if worst:
        return "line_blocks", checks.sentence(worst)
    bad = refused_lines(found, checks)
    if bad > checks.shares.refused_block * (bad + kept):
        return "lines_refused", refused_share(bad, bad + kept)
    return "", ""


def verdict_of(
    found: Mapping[str, int], kept: int, truncated: str, announced: int | None, lines: int, checks: Checks
) -> tuple[str, str]:
    """Code and detail of a file that was read: ok, cut, not what its total says (`lines`: all but header, blank and
    total), too many lines refused."""
    bad = refused_lines(found, checks)
    if truncated:
        return "truncated", truncated
    if announced is not None and announced != lines and checks.file["total_mismatch"].partial:
        what = "truncated" if announced > lines else "total_mismatch"  # with more lines than told nothing is cut
        return what, f"{announced} lignes annoncées par la ligne de total, {lines} lues"
    if bad >= checks.shares.refused_min and bad > checks.shares.refused_partial * (bad + kept):
        return "lines_refused", refused_share(bad, bad + kept)
    return "ok", ""


def refused_share(bad: int, lines: int) -> str:
    """`12 sur 200 (6,0 %)`."""
    share = f"{100 * bad / lines:.1f}".replace(".", ",")
    return f"{bad} sur {lines} ({share} %)"


def refusal_table(problems: Sequence[Refusal], origin: Origin, names: Mapping[str, str], checks: Checks) -> pa.Table:
    """The refusals with the columns of REFUSALS; a column is named as the sender names it (`names`)."""
    kinds = Coded(*_distinct([(item.check, item.column) for item in problems]))
    text, size = pa.string(), len(problems)
    arrays = [
        pa.repeat(origin.association, size), pa.repeat(origin.sha256, size),
        pa.array([item.line for item in problems], pa.int32()),
        Coded(kinds.codes, [check for check, _ in kinds.values]).array(text),
        Coded(kinds.codes, [names.get(column, column) for _, column in kinds.values]).array(text),
        Coded(kinds.codes, [checks.sentence(check) for check, _ in kinds.values]).array(text),
    ]  # fmt: skip
    return pa.Table.from_arrays(arrays, schema=REFUSALS)


def _distinct(items: Sequence[tuple[str, str]]) -> tuple[npt.NDArray[np.int32], list[tuple[str, str]]]:
    known: dict[tuple[str, str], int] = {}
    codes = [known.setdefault(item, len(known)) for item in items]
    return np.array(codes, np.int32), list(known)


def column_names(dialect: Dialect) -> Mapping[str, str]:
    """The sender's name of each canonical field."""
    names = {name: ", ".join(spec.columns) for name, spec in dialect.fields.items()}
    for moment in ("start", "call"):
        if f"{moment}_date" in names:
            names[f"{moment}_at"] = names[f"{moment}_date"]
    names["times"] = ", ".join(names[name] for name in ("call_time", "start_time") if name in names)
    names["age"] = ", ".join(names[name] for name in ("birth_date", "age", "age_years", "age_months") if name in names)
    return names


def file_refusal(code: str, sentence: str, origin: Origin) -> pa.Table:
    """The one refusal, on line 0, of a file that is refused as a whole."""
    row = (origin.association, origin.sha256, 0, code, "", sentence)
    return pa.Table.from_pylist([dict(zip(REFUSALS.names, row, strict=True))], schema=REFUSALS)
