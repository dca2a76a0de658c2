"""What the habits make of a night's receptions: a file held is set aside, a zero day is no wholly received day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from surveillance.associations import Association
from surveillance.habits.findings import FOUND, Finding, held

if TYPE_CHECKING:
    import pyarrow as pa

SILENT = ("no_file", "no_folder")  # what a strike looks like from here
Row = dict[str, Any]


def without_held(visits: pa.Table, findings: Sequence[Finding]) -> pa.Table:
    """The visits of a night but those of associations whose files are set aside; the records keep them all."""
    import pyarrow as pa
    import pyarrow.compute as pc

    codes = pa.array(sorted(held(findings)), pa.string())
    return visits.filter(pc.invert(pc.is_in(visits["association"], codes))) if len(codes) else visits


def held_files(files: Sequence[Row], findings: Sequence[Finding]) -> list[Row]:
    """The files of the night; in one that is set aside every line accepted becomes a refused one."""
    reasons = held(findings)
    return [
        _held_file(file, reasons[file["association"]]) if file["association"] in reasons else file for file in files
    ]


def _held_file(file: Row, reason: str) -> Row:
    if not file["accepted"]:
        return file
    lines = {"accepted": 0, "refused": file["refused"] + file["accepted"]}
    return file | lines | {"status": "refused", "code": "held", "detail": reason}


def overruled(
    receptions: Sequence[Row], findings: Sequence[Finding], members: Mapping[str, Association], night: date
) -> list[Row]:
    """Receptions (association, status, code, detail) as the habits and the declared days see them."""
    reasons = held(findings)
    zero = {item.association: item for item in findings if item.check == "zero_day" and item.state == FOUND}
    return [_overruled(row, reasons, zero, members.get(row["association"]), night) for row in receptions]


def _overruled(
    row: Row, reasons: Mapping[str, str], zero: Mapping[str, Finding], member: Association | None, night: date
) -> Row:
    code = row["association"]
    if code in reasons:
        return row | {"status": "refused", "code": "held", "detail": reasons[code]}
    declared = member.declared_on(night - timedelta(days=1)) if member else None
    if declared and (row["code"] in SILENT or (row["status"], row["code"]) == ("refused", "empty")):
        return row | {"status": "closed", "code": "closed", "detail": declared.reason}
    if declared:
        return row | {"declared": True}
    if code in zero and row["status"] == "received":
        return row | {"status": "partial", "code": "zero_day", "detail": zero[code].sentence_fr}
    return row
