"""The log of every access to the store: who asked what, of which tables, and how many rows were given out.

It lies in journal/access/YYYY-MM.jsonl, apart from the store; `head.json` beside says how many lines there are, the
hash of the last one and where it ends, so that a cut tail is seen. It holds no row, and of a visit's pseudonym only
the hash, by which it can be looked for.
"""

from __future__ import annotations

import fcntl
import json
import os
import pwd
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from surveillance.access.chain import (
    REPAIR,
    Head,
    Walk,
    chain_files,
    parse_line,
    read_head,
    sealed,
    write_head,
)
from surveillance.clock import Clock
from surveillance.errors import BusyError, SettingsError
from surveillance.files import make_folder, sha256_hex, sync_folder
from surveillance.locking import check_owner

LOCK_SECONDS = 30.0
POLL = 0.005
TEXT = 4000  # characters of one thing asked that are kept; of a statement the hash is of the whole
UID = re.compile(r"(?<![0-9A-Fa-f])[0-9A-Fa-f]{32}(?![0-9A-Fa-f])")  # as `pseudonyms` writes them


@dataclass(frozen=True)
class Access:
    """One access: the command, what was asked, what was read, and what came of it.

    `tables`: read by a statement; `rows`: given out; `night`: as known after it (empty: now, the last published one);
    `result`: given; or refused, stopped (time, memory), failed.
    """

    command: str
    question: Mapping[str, Any]
    tables: tuple[str, ...] = ()
    rows: int = 0
    night: date | None = None
    seconds: float | None = None
    result: str = "given"


def folder_of(state: Path) -> Path:
    """Where the log of a state folder lies."""
    return state / "journal" / "access"


def write(state: Path, access: Access, clock: Clock | None = None) -> None:
    """Add an access to the log: it is on the disk when this returns. SettingsError or BusyError when it cannot be: then
    the answer is not to be given out."""
    folder = folder_of(state)
    check_owner(state)
    try:
        with locked(folder):
            _append(folder, _fields(access, clock or Clock()))
    except OSError as error:
        raise SettingsError(
            f"the log of accesses in {folder} cannot be written ({os.strerror(error.errno or 5)})",
            "no answer is given out without it: make room there, or let this user write there",
        ) from error


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the log: one process writes, or walks along it, at a time."""
    handle = os.open(make_folder(folder) / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        until = time.monotonic() + LOCK_SECONDS
        while not _taken(handle):
            if time.monotonic() > until:
                raise BusyError(f"another process holds the log of accesses in {folder}", "wait for it, and try again")
            time.sleep(POLL)
        yield
    finally:
        os.close(handle)


def _taken(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _append(folder: Path, fields: dict[str, Any]) -> None:
    head = read_head(folder)
    walk, path, cut = _end(folder, head)
    if path is None or not (cut or walk.pieces):  # what is torn is closed where it stands
        name = f"{fields['at'][:7]}.jsonl"
        path = folder / (max(path.name, name) if path else name)  # a clock set back opens no older file
    entry = sealed(walk, fields)
    new = not path.is_file()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
    try:
        line = cut + json.dumps(entry, ensure_ascii=False).encode() + b"\n"
        if os.write(handle, line) != len(line):
            raise OSError(28, os.strerror(28), str(path))
        os.fsync(handle)
        size = os.fstat(handle).st_size
    finally:
        os.close(handle)
    if new:
        sync_folder(folder)
    write_head(folder, Head(entry["n"], entry["hash"], path.name, size, head.first, head.before))


def _end(folder: Path, head: Head) -> tuple[Walk, Path | None, bytes]:
    """Where the chain ends, past what a crash left after the head: whole lines, then pieces; the last file; what closes
    a piece that has no end of line."""
    walk, rest, last = Walk(head.count, head.hash), b"", None
    for path in [path for path in chain_files(folder) if path.name >= head.file]:
        last, start = path, head.size if path.name == head.file else 0
        with path.open("rb") as handle:
            if os.fstat(handle.fileno()).st_size < start:
                raise SettingsError(f"the log of accesses {path} was cut", REPAIR)
            handle.seek(start)
            *lines, rest = handle.read().split(b"\n")
        for raw in lines + ([rest] if rest else []):
            walk.take(raw)
    if head.file and not (folder / head.file).is_file():
        raise SettingsError(f"the log of accesses {folder / head.file} is gone", REPAIR)
    return walk, last, b"\n" if rest else b""


def _fields(access: Access, clock: Clock) -> dict[str, Any]:
    fields = {
        "at": clock.now().isoformat(timespec="milliseconds"),
        "command": access.command,
        **asker(),
        "question": {key: told(value) for key, value in access.question.items() if value not in (None, "", (), [])},
        "tables": list(access.tables),
        "rows": access.rows,
        "night": access.night.isoformat() if access.night else "",
        "result": access.result,
    }
    return fields if access.seconds is None else fields | {"seconds": round(access.seconds, 3)}


def asker() -> dict[str, Any]:
    """Who asks, as the system knows: user and uid, who became that user (sudo), from which address (ssh)."""
    uid = os.getuid()
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        name = str(uid)
    more = {"sudo": os.environ.get("SUDO_USER", ""), "from": os.environ.get("SSH_CONNECTION", "").partition(" ")[0]}
    return {"user": name, "uid": uid, **{key: value for key, value in more.items() if value}}


def told(value: Any) -> Any:
    """What the log may hold of a thing asked: of a pseudonym its hash, of a long text its beginning."""
    if isinstance(value, (list, tuple)):
        return [told(item) for item in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    text = UID.sub(lambda found: f"uid:{sha256_hex(found[0].lower().encode())[:16]}", str(value))
    return text if len(text) <= TEXT else f"{text[:TEXT]}…"


def statement_asked(text: str) -> dict[str, str]:
    """A statement as the log holds it: its SHA-256 and its text."""
    return {"sha256": sha256_hex(text.encode()), "text": text}


def read_log(state: Path) -> Iterator[dict[str, Any]]:
    """The accesses, oldest first; a line that is none is left out (`verify` tells of it)."""
    for path in chain_files(folder_of(state)):
        with path.open("rb") as lines:
            yield from (entry for raw in lines if (entry := parse_line(raw.rstrip(b"\n"))))


def forget(state: Path, month: str) -> list[str]:
    """Take out the files of the months before `month` (YYYY-MM), never the last one; gives their names. The chain then
    begins with the oldest line that is left."""
    folder = folder_of(state)
    with locked(folder):
        head, files = read_head(folder), chain_files(folder)
        old = [path for path in files if path.stem < month and path.name < head.file]
        kept = [path for path in files if path not in old]
        if not old:
            return []
        with kept[0].open("rb") as lines:
            first = parse_line(next(lines).rstrip(b"\n"))
        if first is None:
            raise SettingsError(f"the log of accesses {kept[0]} is not whole", REPAIR)
        write_head(folder, Head(head.count, head.hash, head.file, head.size, first["n"], first["before"]))
        for path in old:
            path.unlink()
        sync_folder(folder)
        return [path.name for path in old]
