"""From received bytes to text, in pieces: one declared encoding, strictly; nothing is guessed or repaired."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from surveillance.dialects import Dialect
from surveillance.intake.checks import Limits
from surveillance.intake.readers.raw import FileRefused
from surveillance.intake.readers.source import Source, Unpacked

WINDOWS = re.compile("[\x80-\x9f]")
# UTF-8 read as Windows-1252 and written again: é becomes Ã©, ’ becomes â€™; and the sign of a letter that was lost.
MOJIBAKE = re.compile("Ã[\x80-\xbf\u0152-\u2122]|Â[\xa0-\xbf]|â€[\x80-\xbf\u0152-\u2122]|\ufffd")
SIGNS = ("Ã", "Â", "â€", "\ufffd")  # one of them stands in all of those
# A sequence that UTF-8 writes for a letter and that is all but impossible in a French text in one byte per letter.
UTF8_LETTER = re.compile(rb"[\xc3\xc2\xc5][\x80-\xbf]")
# How files begin that are no text: said by name, since "not the encoding agreed" would send the sender astray.
CONTAINERS = {
    b"\x1f\x8b": "le contenu est compressé (gzip), ce que le format ne prévoit pas",
    b"PK\x03\x04": "le contenu est une archive zip ou un classeur, ce que le format ne prévoit pas",
    b"7z\xbc\xaf": "le contenu est une archive 7z, ce que le format ne prévoit pas",
    b"Rar!": "le contenu est une archive rar, ce que le format ne prévoit pas",
    b"\xd0\xcf\x11\xe0": "le contenu est un document d'Office, ce que le format ne prévoit pas",
    b"%PDF": "le contenu est un PDF, ce que le format ne prévoit pas",
}
NULS = 0.1  # share of nul bytes from which a text is in UTF-16: half of its bytes are nul


class Undecodable(Exception):
    """The bytes are not in this encoding; another declared one may be tried."""

    def __init__(self, line: int) -> None:
        super().__init__(f"line {line}")
        self.line = line


def refuse_container(piece: bytes) -> None:
    """FileRefused when a file begins as what is no text."""
    for sign, said in CONTAINERS.items():
        if piece.startswith(sign):
            raise FileRefused("unreadable", said)


def nuls_in(piece: bytes, lines: int) -> FileRefused:
    """What nul bytes tell: another encoding, or a file that was damaged at a line."""
    if piece.count(0) >= NULS * len(piece):
        return FileRefused("encoding", "octets nuls en nombre, comme en UTF-16")
    line = lines + 1 + piece.count(10, 0, piece.index(0))
    return FileRefused("unreadable", f"octet nul à la ligne {line}, le fichier a été abîmé")


class Texts:
    """The text of a file in one encoding, in pieces of any size.

    Known at the end: `cut` (a compressed stream stopped early), `windows` (letters of Windows in an ISO-8859 file),
    `mojibake` (letters encoded twice, or lost before), `foreign` (is there anything but ASCII?). The last line may be
    cut inside a character: what is left of it is dropped, and the line is one that no reader takes for whole.
    """

    def __init__(self, source: Source, dialect: Dialect, encoding: str, limits: Limits) -> None:
        self.source, self.dialect, self.encoding, self.limits = source, dialect, encoding, limits
        self.cut, self.foreign, self.windows, self.mojibake, self.lines = False, False, 0, 0, 0
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._utf8 = None if encoding.startswith("utf") else codecs.getincrementaldecoder("utf-8")()
        self._utf8_seen = False
        self._broken = b""  # from a byte that is impossible on: only the last line of a file may have one

    def pieces(self) -> Iterator[str]:
        """FileRefused when empty, too large, not compressed as agreed; Undecodable when not in this encoding."""
        if not self.source.size:
            raise FileRefused("empty", "0 octet")
        if self.source.size > self.limits.output_bytes:
            raise FileRefused("too_large", f"plus de {self.limits.output_bytes // 1_000_000} Mo")
        seen = False
        for piece in self._bytes():
            if not seen:
                refuse_container(piece)
            seen = True
            if b"\0" in piece:
                raise nuls_in(piece, self.lines)
            text = self._decode(piece)
            if self._broken and (not self.lines or b"\n" in self._broken):
                raise Undecodable(self.lines + 1)
            yield self._looked_at(text, piece)
        if not seen and not self.cut:
            raise FileRefused("empty", "0 octet une fois décompressé")
        yield self._end()

    def _bytes(self) -> Iterator[bytes]:
        if self.dialect.compression != "gzip":
            yield from self.source.pieces()
            return
        unpacked = Unpacked(self.source, self.limits)
        yield from unpacked.pieces()
        self.cut = unpacked.cut

    def _decode(self, piece: bytes) -> str:
        if self._broken:
            self._broken += piece
            return ""
        try:
            text = self._decoder.decode(piece)
        except UnicodeDecodeError as error:
            before, self._broken = error.object[: error.start], error.object[error.start :]
            text = before.decode(self.encoding.removesuffix("-sig"))
        self.lines += text.count("\n")
        return text

    def _end(self) -> str:
        rest = self._broken.decode(self.encoding, "ignore")
        try:
            rest = rest or self._decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            if not self.lines:
                raise Undecodable(1) from None
        self.check_letters()
        return rest

    def check_letters(self) -> None:
        """FileRefused when all that was read is UTF-8 where an encoding of one byte per letter was agreed."""
        if self._utf8 is not None and self._utf8_seen:
            raise FileRefused("encoding", f"lettres écrites en UTF-8, {self.encoding} convenu")

    def _looked_at(self, text: str, piece: bytes) -> str:
        """Counts doubtful letters; was UTF-8 sent where one byte per letter was agreed?"""
        if text.isascii():
            return text
        self.foreign = True
        if self.encoding.startswith("iso-8859"):
            self.windows += len(WINDOWS.findall(text))
        if any(sign in text for sign in SIGNS):
            self.mojibake += len(MOJIBAKE.findall(text))
        if self._utf8 is not None:
            try:
                self._utf8.decode(piece)
                self._utf8_seen = self._utf8_seen or UTF8_LETTER.search(piece) is not None
            except UnicodeDecodeError:
                self._utf8 = None
        return text

    def notes(self) -> list[tuple[str, str]]:
        """What is worth a word about the letters of the file."""
        found = []
        if self.windows:
            found.append(("windows_bytes", f"{self.windows}"))
        if self.mojibake:
            found.append(("mojibake", f"{self.mojibake}"))
        if self.foreign and self.encoding != self.dialect.encodings[-1]:
            usual = self.dialect.encodings[-1]
            found.append(("encoding_drift", f"{self.encoding.removesuffix('-sig')}, {usual} d'habitude"))
        return found
