"""Giving way: a receiver learns within a moment that a night has begun, and stops whatever it is doing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from surveillance.locking import between_nights
from surveillance.sftp.client import SftpError

POLL_SECONDS = 0.2


def night_runs(state: Path) -> bool:
    """Is a night (or a replay) at work on the state?"""
    with between_nights(state) as free:
        return not free


@dataclass(frozen=True)
class Halt:
    """Says whether a night has begun; asked before every piece that is read and during every wait."""

    begun: threading.Event = field(default_factory=threading.Event)

    def check(self) -> None:
        """SftpError `night` once a night has begun."""
        if self.begun.is_set():
            raise SftpError("night", "une nuit commence")

    def pause(self, seconds: float) -> None:
        """Wait, unless a night begins."""
        self.begun.wait(seconds)
        self.check()


@contextmanager
def watching(state: Path) -> Iterator[Halt]:
    """A halt that follows the night's lock."""
    halt, over = Halt(), threading.Event()

    def watch() -> None:
        while not over.wait(POLL_SECONDS):
            if night_runs(state):
                halt.begun.set()
                return

    thread = threading.Thread(target=watch, daemon=True, name="night-watch")
    thread.start()
    try:
        yield halt
    finally:
        over.set()
        thread.join()
