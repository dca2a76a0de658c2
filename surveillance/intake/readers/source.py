"""The bytes of a received file, once hashed and then read in pieces: never more of it in memory than a piece."""

from __future__ import annotations

import hashlib
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from surveillance.intake.checks import Limits
from surveillance.intake.readers.raw import FileRefused

PIECE = 1 << 22  # bytes read at a time: some 30,000 lines
TOO_LARGE = "une fois décompressé, le fichier dépasse la taille ou le taux admis"
UNPACKED = 1 << 20  # bytes unpacked at a time: a bomb is seen before it is whole


class Source:
    """A received file: its SHA-256 and size, and its bytes in pieces as often as they are asked for.

    The file stays open between the hash and the reading; `changed` tells whether the bytes read were the bytes hashed.
    """

    def __init__(self, data: bytes | Path) -> None:
        self._file: BinaryIO = io.BytesIO(data) if isinstance(data, bytes) else data.open("rb")
        digest, self.size = hashlib.sha256(), 0
        while piece := self._file.read(PIECE):
            digest.update(piece)
            self.size += len(piece)
        self.sha256 = digest.hexdigest()

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def whole(self, most: int) -> bytes:
        """All the bytes, for formats that cannot be read in pieces; FileRefused when there are more than `most`."""
        if self.size > most:
            raise FileRefused("too_large", f"plus de {most // 1_000_000} Mo")
        self._file.seek(0)
        return self._file.read()

    def pieces(self) -> Iterator[bytes]:
        """The bytes again, from the start; FileRefused when they are no longer those that were hashed."""
        self._file.seek(0)
        digest = hashlib.sha256()
        while piece := self._file.read(PIECE):
            digest.update(piece)
            yield piece
        if digest.hexdigest() != self.sha256:
            raise FileRefused("unreadable", "le fichier change pendant la lecture")


class Unpacked:
    """The content of one gzip member in pieces, under the caps; `cut`, known at the end: did the stream stop early?"""

    def __init__(self, source: Source, limits: Limits) -> None:
        self.source, self.limits, self.cut = source, limits, False

    def pieces(self) -> Iterator[bytes]:
        """FileRefused when it is not gzip, corrupt, followed by other bytes, or too large once unpacked."""
        stream, size, packed, head = zlib.decompressobj(wbits=31), 0, 0, True
        for piece in self.source.pieces():
            if head and piece[:2] != b"\x1f\x8b"[: len(piece)]:
                raise FileRefused("unreadable", "le fichier n'est pas compressé en gzip comme convenu")
            head, packed = False, packed + len(piece)
            if stream.eof:
                raise FileRefused("unreadable", "des octets suivent la fin de la compression gzip")
            for out in self._unpack(stream, piece):
                size += len(out)
                if size > self.limits.output_bytes or (size > UNPACKED and size > self.limits.ratio * packed):
                    raise FileRefused("too_large", TOO_LARGE)
                yield out
        if not stream.eof and (rest := stream.flush()):
            yield rest
        self.cut = not stream.eof

    def _unpack(self, stream: zlib._Decompress, piece: bytes) -> Iterator[bytes]:
        while piece and not stream.eof:
            try:
                out = stream.decompress(piece, UNPACKED)
            except zlib.error:
                raise FileRefused("unreadable", "la compression gzip est corrompue") from None
            piece = stream.unconsumed_tail
            if out:
                yield out
        if stream.unused_data:
            raise FileRefused("unreadable", "des octets suivent la fin de la compression gzip")
