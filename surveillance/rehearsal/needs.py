"""Which checks can run in a dialect: each needs some column, or a certain kind of file."""

from __future__ import annotations

from surveillance.dialects import Dialect
from surveillance.intake.refusals import COLUMN

LINES = frozenset({"FILE_BLOCKED", "FILE_HELD", "CUT_LINE"})  # of any file that has lines
KINDS = {  # how lines can be broken, by kind of dialect
    "FIELD_COUNT": ("delimited",),
    "QUOTE": ("delimited",),
    "LINE_TOO_LONG": ("delimited", "jsonl", "json", "hl7", "excel"),
    "NOT_JSON": ("jsonl", "json"),
    "NOT_HL7": ("hl7",),
    "CELL_ERROR": ("excel",),
    "CONTROL": (),  # no reader sets a line aside for that alone
}
FIELDS = {  # the fields of a dialect from which a canonical field is read
    "start_at": ("start_at", "start_date"),
    "call_at": ("call_at", "call_date"),
    "times": ("call_time", "start_time"),
    "age": ("birth_date", "age", "age_years", "age_months"),
}
ALSO = {  # checks that compare with another column than the one they are about
    "AGE_MONTHS": ("age_months",),
    "CALL_AFTER_START": ("call_at", "call_date"),
    "NO_START": ("call_at", "call_date"),
    "START_UNREADABLE": ("call_at", "call_date"),
}


def lacks(check: str, dialect: Dialect) -> str:
    """Why a check of a line has no object in a dialect: other_kind, no_column, or "" when it must run."""
    if check in KINDS:
        return "" if dialect.kind in KINDS[check] else "other_kind"
    if check in LINES or check not in COLUMN:
        return ""
    columns = FIELDS.get(COLUMN[check], (COLUMN[check],))
    there = any(name in dialect.fields for name in columns)
    also = check not in ALSO or any(name in dialect.fields for name in ALSO[check])
    return "" if there and also else "no_column"
