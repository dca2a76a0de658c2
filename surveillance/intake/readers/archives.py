"""Opens the zip archive that a workbook is, only once every member is proven to be as small as it says."""

from __future__ import annotations

import io
import zipfile
import zlib

from surveillance.intake.checks import Limits
from surveillance.intake.readers.raw import FileRefused

MEMBERS = 5_000  # files in an archive: a workbook has some dozens
LOCAL = 30  # bytes of the head of a member, before its name
PIECE = 1 << 20


def open_archive(data: bytes, limits: Limits) -> zipfile.ZipFile:
    """The archive; FileRefused when it is not one, encrypted, larger unpacked than admitted, or lies about a size."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        raise FileRefused("unreadable", "le classeur est incomplet ou corrompu") from None
    members = archive.infolist()
    total = sum(member.file_size for member in members)
    if total > limits.whole_bytes or total > limits.ratio * max(len(data), PIECE) or len(members) > MEMBERS:
        raise FileRefused("too_large", "une fois décompressé, le classeur dépasse la taille ou le taux admis")
    for member in members:
        if member.flag_bits & 1:
            raise FileRefused("unreadable", "le classeur est chiffré")
        if not is_honest(data, member):
            raise FileRefused("unreadable", "le classeur est incomplet ou corrompu")
    return archive


def is_honest(data: bytes, member: zipfile.ZipInfo) -> bool:
    """Does the member unpack to the size that the directory says? zipfile itself stops reading there, others do not."""
    head = data[member.header_offset : member.header_offset + LOCAL]
    if len(head) < LOCAL or head[:4] != b"PK\x03\x04":
        return False
    start = member.header_offset + LOCAL + int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little")
    packed = data[start : start + member.compress_size]
    if member.compress_type == zipfile.ZIP_STORED:
        return len(packed) == member.file_size
    return member.compress_type == zipfile.ZIP_DEFLATED and unpacked_size(packed, member.file_size) == member.file_size


def unpacked_size(packed: bytes, expected: int) -> int:
    """The size of a deflated member, counted no further than one byte above what is expected; -1 when it is broken."""
    stream, size = zlib.decompressobj(-15), 0
    try:
        while not stream.eof and size <= expected:
            piece = stream.decompress(packed, min(PIECE, expected + 1 - size) or 1)
            size, packed = size + len(piece), stream.unconsumed_tail
            if not piece and not packed:
                break
    except zlib.error:
        return -1
    return size if stream.eof or size > expected else -1
