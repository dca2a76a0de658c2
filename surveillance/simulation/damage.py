"""How each fault changes the files of one association in one night."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from surveillance.associations import Association
from surveillance.files import gzip_fixed
from surveillance.simulation.feeds import Feed

RENAMED = {"csv-fr-cp1252": ("Sexe", "Genre"), "csv-utf8-iso": ("sex", "gender")}
GZIP = b"\x1f\x8b"
NOT_DECODABLE = {"csv-fr-cp1252": b"\x81\x8d", "csv-utf8-iso": b"\xe9t\xe9", "jsonl-fixed": b"\xe9t\xe9"}


@dataclass(frozen=True)
class Damaged:
    """The files that are on the server after the fault, and a detail for the truth.

    accepted: visits that a true reading of them gives (None: all the file would hold if nothing were wrong);
    fresh: those that nobody told before (None: as accepted); refused: lines set aside one by one.
    """

    files: list[Feed]
    detail: str = ""
    accepted: int | None = None
    fresh: int | None = None
    refused: int = 0


def truncate(feed: Feed, item: Association) -> Damaged:
    """Cut in the middle of a record (of the compressed stream for gzip)."""
    keep = len(feed.data) * 3 // 5
    if item.dialect == "xml-rpu-like":  # between two records nothing would be cut
        keep = feed.data.index(b"<PATIENT>", keep) + len(b"<PATIENT>") + 5
    while keep > 1 and feed.data[keep - 1 : keep] in b"\r\n":
        keep -= 1
    cut = feed.holding(feed.data[:keep])
    return Damaged([cut], f"{keep} of {len(feed.data)} bytes", whole_records(cut.data, item.dialect), refused=1)


def whole_records(data: bytes, dialect: str) -> int:
    """Visits that are whole in a file that may be cut, or repeated."""
    if dialect == "xml-rpu-like":
        return data.count(b"</PATIENT>")
    text = zlib.decompressobj(wbits=31).decompress(data) if data[:2] == GZIP else data
    return max(text.count(b"\n") - len(re.findall(rb"(?m)^TOTAL;", text)) - (dialect in RENAMED), 0)


def repeat(feed: Feed, item: Association) -> Damaged:
    """Every visit twice, as an export that was run two times into one file."""
    number = whole_records(feed.data, item.dialect)
    return Damaged(
        [_edited(feed, item, lambda data: _twice(data, item.dialect))], "every line twice", number, refused=number
    )


def _twice(data: bytes, dialect: str) -> bytes:
    if dialect == "xml-rpu-like":
        first, last = data.index(b"<PASSAGES>"), data.rindex(b"</PASSAGES>") + len(b"</PASSAGES>")
        return data[:last] + data[first:last] + data[last:]
    lines = data.splitlines(keepends=True)
    head = 1 if dialect in RENAMED else 0
    body = [line for line in lines[head:] if not line.startswith(b"TOTAL;")]
    return b"".join([*lines[:head], *body, *body])


def in_utf8(feed: Feed, item: Association) -> Damaged:
    """The software was updated and writes another encoding, which the dialect allows."""
    return Damaged([feed.holding(feed.data.decode("cp1252").encode())], "cp1252 -> utf-8")


def rename_column(feed: Feed, item: Association) -> Damaged:
    """A required column has another name."""
    old, new = RENAMED[item.dialect]
    return Damaged([_edited(feed, item, lambda data: _header(data, old, new))], f"{old} -> {new}")


def spoil(feed: Feed, item: Association) -> Damaged:
    """Bytes that the declared encoding does not have, in the middle of the file."""

    def edit(data: bytes) -> bytes:
        where = data.index(b"\n", len(data) // 2) - 1
        while not data[where : where + 1].isdigit() and not data[where : where + 1].isalpha():
            where -= 1
        return data[:where] + NOT_DECODABLE[item.dialect] + data[where:]

    return Damaged([_edited(feed, item, edit)], "bytes outside the declared encoding")


def copy(feed: Feed, item: Association) -> Damaged:
    """The same content twice, the second time under a name of the same form where there is one."""
    stem, dot, rest = feed.name.partition(".")
    return Damaged([feed, feed.named(f"{stem}_copie{dot}{rest}")], "same content under another name")


def empty(feed: Feed, item: Association) -> Damaged:
    """No byte at all."""
    return Damaged([feed.holding(b"")], "0 bytes")


def swap(feed: Feed, item: Association, other: str) -> Damaged:
    """The file says that it is another association's: inside for XML, in its name otherwise."""
    if item.dialect == "xml-rpu-like":
        code = f"<CODE>{item.code}</CODE>".encode(), f"<CODE>{other}</CODE>".encode()
        return Damaged([feed.holding(feed.data.replace(*code, 1))], f"says {other}")
    return Damaged([feed.named(feed.name.replace(item.code, other, 1))], f"says {other}")


DAMAGE: dict[str, Callable[[Feed, Association], Damaged]] = {
    "absent": lambda feed, item: Damaged([]),
    "truncated": truncate,
    "header": rename_column,
    "encoding": spoil,
    "duplicate": copy,
    "empty": empty,
    "repeated": repeat,
    "utf8_drift": in_utf8,
    "host_key": lambda feed, item: Damaged([feed], "the server shows another key; the file is sound"),
}


def _header(data: bytes, old: str, new: str) -> bytes:
    head, end, rest = data.partition(b"\n")
    for separator in (b";", b","):
        cells = head.split(separator)
        if old.encode() in cells:
            cells[cells.index(old.encode())] = new.encode()
            return separator.join(cells) + end + rest
    return data


def _edited(feed: Feed, item: Association, edit: Callable[[bytes], bytes]) -> Feed:
    if item.dialect == "csv-utf8-iso":
        return feed.holding(gzip_fixed(edit(gzip.decompress(feed.data))))
    return feed.holding(edit(feed.data))
