"""The readers: from the bytes of a received file to columns of text; every line is accounted for."""

from __future__ import annotations

from surveillance.dialects import Dialect
from surveillance.intake.checks import Limits
from surveillance.intake.readers.decoding import open_body
from surveillance.intake.readers.delimited import read_delimited
from surveillance.intake.readers.excel import read_excel
from surveillance.intake.readers.hl7v2 import read_hl7
from surveillance.intake.readers.jsonl import read_jsonl
from surveillance.intake.readers.raw import FileRefused, RawTable, Refusal
from surveillance.intake.readers.rpu_xml import read_rpu_xml
from surveillance.intake.readers.rs_eda import read_documents

__all__ = ["FileRefused", "RawTable", "Refusal", "read_raw"]

WHOLE = {"hl7": read_hl7, "json": read_documents}
READERS = {"delimited": read_delimited, "xml": read_rpu_xml, "jsonl": read_jsonl}


def read_raw(data: bytes, dialect: Dialect, limits: Limits) -> RawTable:
    """Reads received bytes by their sender's dialect; FileRefused when the whole file is not read."""
    if dialect.kind == "excel":
        raw = read_excel(data, dialect, limits)
    elif dialect.kind in WHOLE:
        body = open_body(data, dialect, limits.model_copy(update={"output_bytes": limits.whole_bytes}))
        raw = WHOLE[dialect.kind](body.text, body.cut, dialect, limits)
    else:
        raw = READERS[dialect.kind](open_body(data, dialect, limits), dialect, limits)
    raw.association = dialect.sender(raw.association)
    return raw
