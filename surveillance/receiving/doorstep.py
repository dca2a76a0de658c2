"""The doorstep: an inbox into which files are laid between nights, each whole and in a moment, or not at all.

Pieces are written beside the inboxes (receive/CODE) and moved in under the door's lock: a night that begins finds
whole files that are listed, or nothing, and never the receiver's hand in its own folder.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from surveillance.files import make_folder
from surveillance.gathering.inbox import Inbox
from surveillance.gathering.receptions import ReceivedFile
from surveillance.locking import between_nights
from surveillance.receiving.halting import Halt
from surveillance.sftp.client import SftpError


class Doorstep(Inbox):
    """The inbox of one association in the coming night, as a receiver may touch it."""

    def __init__(self, state: Path, night: str, code: str, halt: Halt) -> None:
        super().__init__(state / "inbox" / night / code)
        self.state, self.halt = state, halt
        self.staging = state / "receive" / code
        for left in self.staging.glob(".*.part"):  # of a receiver that was killed
            left.unlink()

    @contextlib.contextmanager
    def part(self, name: str) -> Iterator[BinaryIO]:
        """A new file for the bytes of `name`; writing to it fails once a night has begun."""
        make_folder(self.staging)
        with super().part(name) as out:
            yield cast("BinaryIO", _Checked(out, self.halt))

    def keep(self, file: ReceivedFile) -> None:
        """Lay a fetched part into the inbox, unless a night is running."""
        with between_nights(self.state) as free:
            if not free or self.halt.begun.is_set():
                self.drop(file.name)
                raise SftpError("night", "une nuit commence")
            super().keep(file)

    def _part(self, name: str) -> Path:
        return self.staging / f".{name}.part"


class _Checked:
    """A file whose writer is stopped by a halt."""

    def __init__(self, out: BinaryIO, halt: Halt) -> None:
        self.out, self.halt = out, halt

    def write(self, data: bytes) -> int:
        self.halt.check()
        return self.out.write(data)
