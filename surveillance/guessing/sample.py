"""Looks at a sample file: what kind it is, how it is encoded, its columns. Only to draft, never to read for a night."""

from __future__ import annotations

import codecs
import csv
import json
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from surveillance.errors import UsageError
from surveillance.intake.checks import Limits
from surveillance.intake.readers.cells import cell_text
from surveillance.intake.readers.excel import check_workbook, open_book, open_sheet, sheet_name
from surveillance.intake.readers.raw import FileRefused
from surveillance.intake.readers.sheets import check_reach, error_rows

LOOKED_AT = 2_000  # records: enough for a day above 12, few enough for a terminal
SEPARATORS = ";,\t|"
CODES = {b"PK\x03\x04": "excel", b"\xd0\xcf\x11\xe0": "excel"}


@dataclass
class Sample:
    """A file that was looked at; `columns` holds the values of each column by its name, "" where there is none."""

    kind: str
    encoding: str = "utf-8"
    compression: str = "none"
    delimiter: str = ""
    root: str = ""
    record: str = ""
    ended: bool = True
    columns: dict[str, list[str]] = field(default_factory=dict)


def look(data: bytes, limits: Limits) -> Sample:
    """A sample's kind, encoding and columns; UsageError when it cannot be looked at."""
    if CODES.get(data[:4]) == "excel":
        return look_at_workbook(data, limits)
    packed = data[:2] == b"\x1f\x8b"
    if packed:
        data = unpacked(data, limits)
    text, encoding = decoded(data)
    sample = look_at_text(text)
    sample.encoding, sample.compression = encoding, "gzip" if packed else "none"
    sample.ended = text.endswith(("\n", "\r"))
    return sample


def unpacked(data: bytes, limits: Limits) -> bytes:
    """The start of a gzip file, up to the cap of whole files."""
    try:
        return zlib.decompressobj(wbits=31).decompress(data, limits.whole_bytes)
    except zlib.error:
        raise UsageError("the gzip file is corrupt") from None


def decoded(data: bytes) -> tuple[str, str]:
    """The text and its encoding: by its byte order mark, else UTF-8 if every byte is, else Windows; no statistics."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in data:
        raise UsageError("the sample is in UTF-16, or holds null bytes", "ask for UTF-8 or Windows-1252")
    for encoding in ("utf-8-sig", "cp1252", "iso-8859-15"):
        try:
            return data.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    raise AssertionError("iso-8859-15 reads any byte")


def look_at_text(text: str) -> Sample:
    """What a text is, by its first signs."""
    start = text.lstrip("\x0b \t\r\n")
    if not start:
        raise UsageError("the sample is empty")
    if start[:3] in ("MSH", "FHS", "BHS"):
        return Sample("hl7")
    if start[0] == "<":
        return look_at_xml(text)
    if start[0] in "{[":
        return look_at_json(text)
    return look_at_lines(text)


def look_at_lines(text: str) -> Sample:
    """A delimited text: the separator that the header holds most often."""
    lines = [line for line in text.splitlines() if line.strip()]
    counts = {sign: lines[0].count(sign) for sign in SEPARATORS}
    delimiter = max(counts, key=lambda sign: counts[sign])
    if not counts[delimiter]:
        raise UsageError("no separator was found in the first line", f"known: {' '.join(SEPARATORS.split())} and tab")
    rows = list(csv.reader(lines[: LOOKED_AT + 1], delimiter=delimiter))
    names = [name.strip() for name in rows[0]]
    names = names[:-1] if names and not names[-1] else names
    return Sample("delimited", delimiter=delimiter, columns=by_column(names, rows[1:]))


def by_column(names: list[str], rows: list[list[str]]) -> dict[str, list[str]]:
    """Values by name of column; a short row lacks its last ones."""
    return {name: [row[place] if place < len(row) else "" for row in rows] for place, name in enumerate(names)}


def look_at_json(text: str) -> Sample:
    """Lines of objects, or a document."""
    objects = []
    for line in text.splitlines()[:LOOKED_AT]:
        try:
            found = json.loads(line, parse_int=str, parse_float=str) if line.strip() else None
        except (ValueError, RecursionError):
            return Sample("json")
        objects += [found] if isinstance(found, dict) else []
    if not objects or (len(objects) == 1 and text.lstrip()[0] == "["):
        return Sample("json")
    flat = [list(paths_of(item)) for item in objects]
    names = list(dict.fromkeys(path for pairs in flat for path, _ in pairs))
    values: dict[str, list[str]] = {name: [] for name in names}
    for pairs in flat:
        for path, value in pairs:
            values[path].append(value)
    return Sample("jsonl", columns=values)


def paths_of(item: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """(path, text) of every scalar of an object."""
    if isinstance(item, dict):
        for key, value in item.items():
            yield from paths_of(value, f"{path}.{key}" if path else str(key))
    elif isinstance(item, list):
        for value in item:
            yield from paths_of(value, f"{path}[]")
    elif isinstance(item, str):
        yield path, item


def look_at_xml(text: str) -> Sample:
    """The element that is repeated most among those that hold others, and its children."""
    parser = etree.XMLParser(encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(text.encode("utf-8"), parser)
    except etree.XMLSyntaxError:
        raise UsageError("the XML of the sample is not well formed", "give a whole file") from None
    counts = Counter(str(item.tag) for item in root.iterdescendants(etree.Element) if len(item) > 2)
    if not counts:
        raise UsageError("no repeated element was found in the sample")
    record = counts.most_common(1)[0][0]
    values: dict[str, list[str]] = {}
    for item in list(root.iter(record))[:LOOKED_AT]:
        for child in item:
            below = [(f"{child.tag}.{inner.tag}", inner.text) for inner in child]
            for tag, value in below or [(str(child.tag), child.text)]:
                values.setdefault(tag, []).append(value or "")
    return Sample("xml", root=str(root.tag), record=record, columns=values)


def look_at_workbook(data: bytes, limits: Limits) -> Sample:
    """The first sheet that is not hidden."""
    try:
        check_workbook(data, limits)
        check_reach(data, limits)
        book = open_book(data)
        name = sheet_name(book, "")
        error_rows(data, name, limits)
        rows = open_sheet(book, name, limits).to_python(skip_empty_area=False)
    except FileRefused as verdict:
        raise UsageError(f"the workbook cannot be read: {verdict.code}") from None
    full = [[cell_text(cell, "") for cell in row] for row in rows[: LOOKED_AT + 1]]
    full = [row for row in full if any(text.strip() for text in row)]
    if not full:
        raise UsageError("the sheet is empty")
    names = [name.strip() for name in full[0] if name.strip()]
    return Sample("excel", columns=by_column(names, full[1:]))
