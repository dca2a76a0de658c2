"""Bytes on disk: written whole or not at all, compressed to the same bytes each time, named by their hash."""

from __future__ import annotations

import contextlib
import errno
import glob
import gzip
import hashlib
import io
import os
from pathlib import Path


def sha256_hex(data: bytes) -> str:
    """SHA-256 of some bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def sha256_file(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal, read in pieces."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def make_folder(path: Path) -> Path:
    """The folder, made private (0700) with those above it if they were not there."""
    if not path.is_dir():
        make_folder(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)  # parents=True would leave the parents open to others
    return path


def sync_folder(path: Path) -> None:
    """Make a rename in this folder survive a power cut."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_atomic(path: Path, data: bytes, durable: bool = True) -> None:
    """Write `data` at `path` so that a reader sees the old file or the new one, never a part (mode 0600).

    Not `durable`: it may be lost in a power cut, for what can be made again. What a writer of it left that was killed
    goes.
    """
    make_folder(path.parent)
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
        if not _runs(left.name.split(".")[-2]):
            left.unlink(missing_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "wb") as out:
            out.write(data)
            out.flush()
            if durable:
                os.fsync(out.fileno())
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()
        raise
    if durable:
        sync_folder(path.parent)


def _runs(process: str) -> bool:
    """Is there a process of this number?"""
    try:
        os.kill(int(process), 0)
    except (ProcessLookupError, ValueError):
        return False
    except PermissionError:
        return True
    return True


def append_line(path: Path, line: str, durable: bool = True) -> None:
    """Add a line to a ledger, whole or with an error (a full disk takes a part); one cut by a crash is ended first.

    Its reader must leave out lines that are cut.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
    try:
        size = os.fstat(handle).st_size
        cut = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
        data = (b"\n" if cut else b"") + line.encode() + b"\n"
        if os.write(handle, data) != len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        if durable:
            os.fsync(handle)
    finally:
        os.close(handle)
    if durable and size == 0:
        sync_folder(path.parent)


def replace_atomic(temporary: Path, path: Path) -> None:
    """Give a finished temporary file its final name, durably."""
    with temporary.open("rb") as handle:
        os.fsync(handle.fileno())
    temporary.chmod(0o600)
    temporary.replace(path)
    sync_folder(path.parent)


def gzip_fixed(data: bytes) -> bytes:
    """Gzip with no name and no date: the same bytes in give the same bytes out."""
    out = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=out, mtime=0, compresslevel=6) as packed:
        packed.write(data)
    return out.getvalue()
