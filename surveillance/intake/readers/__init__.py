"""The readers: from the bytes of a received file to columns of text; every line is accounted for."""

from __future__ import annotations

from collections.abc import Iterator

from surveillance.dialects import Dialect
from surveillance.intake.checks import Limits
from surveillance.intake.readers.decoding import Texts, Undecodable
from surveillance.intake.readers.delimited import read_delimited
from surveillance.intake.readers.excel import read_excel
from surveillance.intake.readers.hl7v2 import read_hl7
from surveillance.intake.readers.jsonl import read_jsonl
from surveillance.intake.readers.raw import FileRefused, RawTable, Refusal
from surveillance.intake.readers.rpu_xml import read_rpu_xml
from surveillance.intake.readers.rs_eda import read_documents
from surveillance.intake.readers.source import Source

__all__ = ["FileRefused", "RawTable", "Refusal", "Source", "Undecodable", "encodings_of", "read_parts"]

READERS = {"delimited": read_delimited, "xml": read_rpu_xml, "jsonl": read_jsonl}
WHOLE = {"hl7": read_hl7, "json": read_documents}  # read at once, up to `whole_bytes`


def encodings_of(dialect: Dialect) -> list[str]:
    """The encodings to try, in order: the first in which every byte of the file is possible is that of the file."""
    return dialect.encodings


def read_parts(source: Source, dialect: Dialect, encoding: str, limits: Limits) -> Iterator[RawTable]:
    """A received file by its sender's dialect, part by part.

    FileRefused when the whole file is not read, also after some parts; Undecodable when another encoding may be tried.
    """
    for raw in _parts(source, dialect, encoding, limits):
        raw.association = dialect.sender(raw.association)
        yield raw


def _parts(source: Source, dialect: Dialect, encoding: str, limits: Limits) -> Iterator[RawTable]:
    if dialect.kind == "excel":
        yield read_excel(source.whole(limits.whole_bytes), dialect, limits)
    elif dialect.kind in WHOLE:
        texts = Texts(source, dialect, encoding, limits.model_copy(update={"output_bytes": limits.whole_bytes}))
        text = "".join(texts.pieces())
        raw = WHOLE[dialect.kind](text, texts.cut, dialect, limits)
        raw.notes += texts.notes()
        yield raw
    else:
        texts = Texts(source, dialect, encoding, limits)
        try:
            yield from READERS[dialect.kind](texts, dialect, limits)
        except FileRefused as verdict:
            if verdict.code == "header_changed":
                texts.check_letters()  # what makes a header strange may be its encoding
            raise
