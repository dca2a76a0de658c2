"""What is known of files at the other side: an entry of a listing, a listing, a file that was put and proven."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class Writer(Protocol):
    """Anything that takes bytes."""

    def write(self, data: bytes, /) -> object:
        """Take these bytes."""


@dataclass(frozen=True, order=True)
class RemoteFile:
    """A regular file of a listing: its safe name, its size in bytes, its modification time in seconds."""

    name: str
    size: int
    mtime: int


@dataclass(frozen=True)
class Listing:
    """The regular files of a folder, and the names that were refused (made harmless)."""

    files: tuple[RemoteFile, ...]
    refused: tuple[str, ...] = ()


@dataclass(frozen=True)
class Proof:
    """A file that is at the other side: read back, and `already` if it was there before we came."""

    name: str
    size: int
    sha256: str
    already: bool
