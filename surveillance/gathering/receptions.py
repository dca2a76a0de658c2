"""What came of asking an association for its files: a status, a reason, the files – and the file that keeps them.

inbox/NIGHT/receptions.json holds one entry an association, in order of code, nothing that a rerun would change.
It stays when the raw files are erased: later nights know from it which files they have already had.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

from surveillance.files import write_atomic

FILE = "receptions.json"

# Which status a reason of the gathering has; the reasons found later, in the bytes, belong to the intake.
STATUS = {
    "ok": "received",
    "resent": "received",
    "late": "received",
    "no_file": "absent",
    "no_folder": "absent",
    "unreachable": "absent",
    "timeout": "absent",
    "auth": "absent",
    "incomplete": "absent",
    "closed": "closed",
    "host_key": "refused",
    "no_pin": "refused",
    "weak_crypto": "refused",
    "protocol": "refused",
    "too_large": "refused",
    "bad_name": "refused",
}


@dataclass(frozen=True, order=True)
class ReceivedFile:
    """A file in the inbox: name and modification time (UTC seconds) as on the server, size in bytes, SHA-256."""

    name: str
    size: int
    mtime: int
    sha256: str

    @property
    def key(self) -> tuple[str, int, int]:
        """What tells a file of a listing from another without reading it."""
        return self.name, self.size, self.mtime


@dataclass(frozen=True)
class Reception:
    """What one association gave in one night; `detail` is a short French text without any patient's value."""

    association: str
    status: str
    code: str
    detail: str = ""
    files: tuple[ReceivedFile, ...] = ()
    attempts: int = 0
    seconds: float = 0.0


def write_receptions(folder: Path, receptions: Iterable[Reception]) -> None:
    """Write the receptions of a night into its inbox folder; attempts and durations are the journal's."""
    entries = []
    for reception in sorted(receptions, key=lambda item: item.association):
        entry = asdict(reception)
        del entry["attempts"], entry["seconds"]
        entries.append(entry)
    write_atomic(folder / FILE, (json.dumps(entries, ensure_ascii=False, indent=1) + "\n").encode())


def read_receptions(folder: Path) -> tuple[Reception, ...]:
    """The receptions of a night, in order of association; empty if it was never gathered."""
    path = folder / FILE
    if not path.is_file():
        return ()
    entries = json.loads(path.read_text(encoding="utf-8"))
    return tuple(
        Reception(**{**entry, "files": tuple(ReceivedFile(**file) for file in entry["files"])}) for entry in entries
    )


@dataclass(frozen=True)
class Known:
    """What one association gave in other nights; `names` are those of earlier nights only."""

    keys: frozenset[tuple[str, int, int]] = frozenset()
    hashes: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()


def known_files(inbox: Path, night: str) -> dict[str, Known]:
    """What every association gave in the nights of `inbox` other than `night` (ISO date), earlier or later."""
    files: dict[str, set[ReceivedFile]] = {}
    names: dict[str, set[str]] = {}
    for folder in _nights(inbox):
        for reception in _remembered(folder) if folder.name != night else ():
            files.setdefault(reception.association, set()).update(reception.files)
            if folder.name < night:
                names.setdefault(reception.association, set()).update(file.name for file in reception.files)
    return {code: _known(found, names.get(code, set())) for code, found in files.items()}


def _known(files: set[ReceivedFile], names: set[str]) -> Known:
    keys, hashes = (file.key for file in files), (file.sha256 for file in files)
    return Known(frozenset(keys), frozenset(hashes), frozenset(names))


def _remembered(folder: Path) -> tuple[Reception, ...]:
    path = folder / FILE
    return _read_once(folder, path.stat().st_mtime_ns) if path.is_file() else ()


@lru_cache(maxsize=4096)
def _read_once(folder: Path, changed: int) -> tuple[Reception, ...]:
    return read_receptions(folder)  # a replay of a year asks for each night hundreds of times


def _nights(inbox: Path) -> Iterator[Path]:
    if inbox.is_dir():
        yield from sorted(path for path in inbox.iterdir() if path.is_dir())
