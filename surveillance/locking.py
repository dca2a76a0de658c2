"""One night at a time on a state folder: a lock that the system frees when its owner dies."""

from __future__ import annotations

import fcntl
import os
import pwd
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


@contextmanager
def night_lock(state: Path, what: str) -> Iterator[None]:
    """Hold the lock of a state folder; BusyError names who holds it otherwise."""
    handle = os.open(make_folder(state) / "night.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.pread(handle, 200, 0).decode("utf-8", "replace").strip() or "unknown"
            raise BusyError(
                f"another night is running on {state} ({owner})",
                "wait for it to end, or see what it does: surveillance status",
            ) from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"process {os.getpid()}: {what}".encode(), 0)
        yield
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
    taken = any(f":{inode} " in line for line in held.splitlines() if " FLOCK " in line)
    return owner if taken else ""
