"""From received bytes to text: one gzip member under a cap, one declared encoding, strictly; nothing is guessed."""

from __future__ import annotations

import re
import zlib
from typing import NamedTuple

from surveillance.dialects import Dialect
from surveillance.intake.checks import Limits
from surveillance.intake.readers.raw import FileRefused

CHUNK = 1 << 20
WINDOWS = re.compile("[\x80-\x9f]")
# A sequence that UTF-8 writes for a letter and that is all but impossible in a French text in one byte per letter.
UTF8_LETTER = re.compile(rb"[\xc3\xc2\xc5][\x80-\xbf]")


class Body(NamedTuple):
    """The text of a file. `cut`: the bytes stopped before the end (compressed file); `tail_lost`: its last
    line was cut inside a character and is replaced by one that no reader can take for a whole line."""

    text: str
    cut: bool
    windows: int


def open_body(data: bytes, dialect: Dialect, limits: Limits) -> Body:
    """The text of a received file; FileRefused when empty, too large, or not compressed or encoded as agreed."""
    if not data:
        raise FileRefused("empty", "0 octet")
    if len(data) > limits.output_bytes:
        raise FileRefused("too_large", f"plus de {limits.output_bytes // 1_000_000} Mo")
    cut = False
    if dialect.compression == "gzip":
        data, cut = gunzip(data, limits)
        if not data and not cut:
            raise FileRefused("empty", "0 octet une fois décompressé")
    text = decode(data, dialect)
    windows = len(WINDOWS.findall(text)) if dialect.encodings[0].startswith("iso-8859") else 0
    return Body(text, cut, windows)


def gunzip(data: bytes, limits: Limits) -> tuple[bytes, bool]:
    """The content of one gzip member, and whether the stream stops before its end."""
    if data[:2] != b"\x1f\x8b"[: len(data)]:
        raise FileRefused("unreadable", "le fichier n'est pas compressé en gzip comme convenu")
    stream, out, size, rest = zlib.decompressobj(wbits=31), [], 0, data
    while rest and not stream.eof:
        try:
            piece = stream.decompress(rest, CHUNK)
        except zlib.error:
            raise FileRefused("unreadable", "la compression gzip est corrompue") from None
        out.append(piece)
        size += len(piece)
        if size > limits.output_bytes or (size > CHUNK and size > limits.ratio * len(data)):
            raise FileRefused("too_large", "une fois décompressé, le fichier dépasse la taille ou le taux admis")
        rest = stream.unconsumed_tail
    if stream.unused_data:
        raise FileRefused("unreadable", "des octets suivent la fin de la compression gzip")
    if not stream.eof:
        out.append(stream.flush())
    return b"".join(out), not stream.eof


def decode(data: bytes, dialect: Dialect) -> str:
    """Strict decoding; a last line cut inside a character loses that character, nothing else is repaired."""
    head, newline, tail = data.rpartition(b"\n")
    for encoding in dialect.encodings:
        try:
            text = (head + newline).decode(encoding)
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            continue
        if "\0" in text or b"\0" in tail:
            raise FileRefused("encoding", "octets nuls (UTF-16 ?)")
        if is_utf8(data, encoding):
            raise FileRefused("encoding", f"lettres écrites en UTF-8, {encoding} convenu")
        return text + (tail.decode(encoding, "ignore") if head else first_line(tail, encoding))
    raise FileRefused("encoding", f"octet impossible en {dialect.encodings[-1]}, ligne {line}")


def first_line(data: bytes, encoding: str) -> str:
    """The only line of a file without any end of line."""
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        raise FileRefused("encoding", f"octet impossible en {encoding}, ligne 1") from None


def is_utf8(data: bytes, encoding: str) -> bool:
    """Was UTF-8 sent where an encoding of one byte per letter was agreed? Every byte would decode, wrongly."""
    if encoding.startswith("utf") or not UTF8_LETTER.search(data):
        return False
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start > len(data) - 4  # cut inside the last character
    return True
