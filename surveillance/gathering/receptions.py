"""What came of asking an association for its files: a status, a reason, the files – and the file that keeps them.

inbox/NIGHT/receptions.json holds one entry an association, in order of code, nothing that a rerun would change.
It stays when the raw files are erased: later nights know from it which files they have already had.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
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
