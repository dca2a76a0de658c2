"""The readers: from the bytes of a received file to columns of text; every line is accounted for."""

from __future__ import annotations

from surveillance.dialects import Dialect
from surveillance.intake.checks import Limits
from surveillance.intake.readers.decoding import open_body
from surveillance.intake.readers.delimited import read_delimited
from surveillance.intake.readers.jsonl import read_jsonl
from surveillance.intake.readers.raw import FileRefused, RawTable, Refusal
from surveillance.intake.readers.rpu_xml import read_rpu_xml

__all__ = ["FileRefused", "RawTable", "Refusal", "read_raw"]

READERS = {"delimited": read_delimited, "xml": read_rpu_xml, "jsonl": read_jsonl}


def read_raw(data: bytes, dialect: Dialect, limits: Limits) -> RawTable:
    """Reads received bytes by their sender's dialect; FileRefused when the whole file is not read."""
    return READERS[dialect.kind](open_body(data, dialect, limits), dialect, limits)
