"""One night at a time on a state folder, one receiver, and never both: locks that the system frees with their owner.

A receiver works between nights. It holds the door (door.lock) for moments only, while it lays one file into an inbox;
a night takes its own lock (night.lock) with the door in hand, so that the two never meet and neither waits.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from surveillance.errors import BusyError, SettingsError
from surveillance.files import make_folder


def check_owner(state: Path) -> None:
    """Only the user that owns the state may write to it: files of another (root, say) would stop the next night."""
    if state.is_dir() and (owner := state.stat().st_uid) != os.geteuid():
        try:
            name = pwd.getpwuid(owner).pw_name
        except KeyError:
            name = str(owner)
        raise SettingsError(f"the state {state} belongs to the user {name}", f"sudo -u {name} surveillance …")


DOOR_SECONDS = 10.0  # a door that is held longer than this belongs to a process that is stopped: the night goes on
DOOR_POLL = 0.01


@contextmanager
def night_lock(state: Path, what: str) -> Iterator[None]:
    """Hold the lock of a state folder; BusyError names who holds it otherwise."""
    with _opened(state, "night.lock") as handle:
        with _door(state):
            held = _try(handle, fcntl.LOCK_EX)
        if not held:
            owner = os.pread(handle, 200, 0).decode("utf-8", "replace").strip() or "unknown"
            raise BusyError(
                f"another night is running on {state} ({owner})",
                "wait for it to end, or see what it does: surveillance status",
            )
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"process {os.getpid()}: {what}".encode(), 0)
        yield


@contextmanager
def receiver_lock(state: Path) -> Iterator[None]:
    """Be the one receiver of a state folder; BusyError if there is one already."""
    with _opened(state, "receive.lock") as handle:
        if not _try(handle, fcntl.LOCK_EX):
            raise BusyError(f"another receiver is at work on {state}", "there is one at a time: let it work")
        yield


@contextmanager
def between_nights(state: Path) -> Iterator[bool]:
    """True when no night is running; inside, none can begin: for moments only."""
    with _door(state), _opened(state, "night.lock") as handle:
        yield _try(handle, fcntl.LOCK_SH)


@contextmanager
def _opened(state: Path, name: str) -> Iterator[int]:
    handle = os.open(make_folder(state) / name, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield handle
    finally:
        os.close(handle)


def running(state: Path) -> str:
    """What holds the lock of a state folder (`process 4711: night 2024-01-16`), "" for nothing; never takes it itself.

    A try at the lock would turn away a night that begins in that instant, so the system's own list is read (Linux).
    """
    try:
        inode = (state / "night.lock").stat().st_ino
        held = Path("/proc/locks").read_text(encoding="ascii")
        owner = (state / "night.lock").read_text(encoding="utf-8")
    except OSError:
        return ""
    taken = any(f":{inode} " in line for line in held.splitlines() if " FLOCK " in line and " WRITE " in line)
    return owner if taken else ""


@contextmanager
def _door(state: Path) -> Iterator[None]:
    with _opened(state, "door.lock") as handle:
        until = time.monotonic() + DOOR_SECONDS
        while not _try(handle, fcntl.LOCK_EX) and time.monotonic() < until:
            time.sleep(DOOR_POLL)
        yield


def _try(handle: int, kind: int) -> bool:
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
