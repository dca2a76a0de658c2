"""Refused lines: which, how they are told, and when there are so many that the file is doubted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from surveillance.dialects import Dialect
from surveillance.intake.checks import Checks
from surveillance.intake.readers import RawTable, Refusal
from surveillance.intake.visits import Flags, Origin, Typed

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


COLUMN = {  # the canonical field a refusal is about
    "ID_MISSING": "visit_id", "ID_SHAPE": "visit_id", "DUPLICATE": "visit_id", "DUPLICATE_ID": "visit_id",
    "DATE_MISSING": "start_at", "DATE_UNREADABLE": "start_at", "DATE_FUTURE": "start_at", "DATE_OLD": "start_at",
    "DATE_AMBIGUOUS": "start_at",
    "AGE_RANGE": "age", "AGE_UNREADABLE": "age", "AGE_MONTHS": "age", "SEX_UNKNOWN": "sex",
    "ACT_UNKNOWN": "act_type",
    "OUTCOME_UNKNOWN": "outcome", "STATUS_UNKNOWN": "status", "DIAG_UNKNOWN": "diagnoses",
    "DIAG_SYSTEM": "diagnoses",
    "REASON_UNKNOWN": "reason_codes", "TEXT_LONG": "reason_texts", "POSTAL_UNREADABLE": "postal_code",
    "POSTAL_UNKNOWN": "postal_code",
    "COMMUNE_UNREADABLE": "insee_code", "COMMUNE_UNKNOWN": "insee_code",
    "POSTAL_AMBIG": "postal_code", "CALL_AFTER_START": "call_at",
    "CALL_UNREADABLE": "call_at", "END_UNREADABLE": "end_at", "DURATION": "end_at", "TIME_UNREADABLE": "start_at",
    "NO_START": "start_at", "START_UNREADABLE": "start_at", "DST_AMBIG": "start_at", "DST_MISSING": "start_at",
    "SAME_DAY": "start_at", "LATE": "start_at",
}  # fmt: skip


def judge(typed: Typed, hashes: list[str], raw: RawTable, checks: Checks) -> tuple[list[bool], Flags, list[Refusal]]:
    """Which lines are kept, their flags, and the refusals of the others; of a visit sent twice the last stays."""
    keep, refusals = [True] * len(hashes), []
    flags: Flags = [()] * len(hashes)
    for row, found in sorted(typed.issues.items()):
        refused = [check for check in found if checks.severity(check) != "note"]
        if refused:
            keep[row] = False
            refusals.append(Refusal(raw.line_no[row], refused[0], COLUMN.get(refused[0], "")))
        flags[row] = tuple(dict.fromkeys(check for check in found if checks.severity(check) == "note"))
    if len(set(typed.uids)) < len(typed.uids):
        refusals += _repeated(typed.uids, hashes, raw, keep)
    return keep, flags, refusals


def _repeated(uids: list[str], hashes: list[str], raw: RawTable, keep: list[bool]) -> list[Refusal]:
    last = {uid: row for row, uid in enumerate(uids) if keep[row]}
    found = []
    for row, uid in enumerate(uids):
        if keep[row] and last[uid] != row:
            keep[row] = False
            check = "DUPLICATE" if hashes[row] == hashes[last[uid]] else "DUPLICATE_ID"
            found.append(Refusal(raw.line_no[row], check, COLUMN[check]))
    return found


def counted(problems: Sequence[Refusal], checks: Checks) -> int:
    """Refused lines that say something about the file (not repeated visits, not the line where it was cut)."""
    return sum(checks.row[problem.check].counted for problem in problems)


def blocked(problems: Sequence[Refusal], kept: int, checks: Checks) -> bool:
    """Are so many lines refused that the others are not believed either?"""
    bad = counted(problems, checks)
    return bad > checks.shares.refused_block * (bad + kept)


def verdict_of(raw: RawTable, problems: Sequence[Refusal], kept: int, checks: Checks) -> tuple[str, str]:
    """Code and detail of a file that was read: ok, cut, not what its total says, too many lines refused."""
    bad, lines = counted(problems, checks), len(raw.line_no) + len(raw.problems)
    if blocked(problems, kept, checks):
        return "lines_refused", refused_share(bad, bad + kept)
    if raw.truncated:
        return "truncated", raw.truncated
    if raw.announced is not None and raw.announced != lines and checks.file["total_mismatch"].partial:
        return "truncated", f"{raw.announced} lignes annoncées par la ligne de total, {lines} lues"
    if bad >= checks.shares.refused_min and bad > checks.shares.refused_partial * (bad + kept):
        return "lines_refused", refused_share(bad, bad + kept)
    return "ok", ""


def refused_share(bad: int, lines: int) -> str:
    """`12 sur 200 (6,0 %)`."""
    share = f"{100 * bad / lines:.1f}".replace(".", ",")
    return f"{bad} sur {lines} ({share} %)"


def refusal_table(problems: Sequence[Refusal], origin: Origin, dialect: Dialect, checks: Checks) -> pa.Table:
    """The refusals with the columns of REFUSALS; a column is named as the sender names it."""
    names = column_names(dialect)
    rows = [
        (
            origin.association,
            origin.sha256,
            item.line,
            item.check,
            names.get(item.column, item.column),
            checks.sentence(item.check),
        )
        for item in problems
    ]
    return _table(rows)


def column_names(dialect: Dialect) -> Mapping[str, str]:
    """The sender's name of each canonical field."""
    names = {name: ", ".join(spec.columns) for name, spec in dialect.fields.items()}
    for moment in ("start", "call"):
        if f"{moment}_date" in names:
            names[f"{moment}_at"] = names[f"{moment}_date"]
    names["age"] = ", ".join(names[name] for name in ("birth_date", "age", "age_years", "age_months") if name in names)
    return names


def file_refusal(code: str, sentence: str, origin: Origin) -> pa.Table:
    """The one refusal, on line 0, of a file that is refused as a whole."""
    return _table([(origin.association, origin.sha256, 0, code, "", sentence)])


def _table(rows: Sequence[tuple[object, ...]]) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else ([] for _ in REFUSALS)
    arrays = [pa.array(values, kind.type) for values, kind in zip(columns, REFUSALS, strict=True)]
    return pa.Table.from_arrays(arrays, schema=REFUSALS)
