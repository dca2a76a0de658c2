"""A chain of lines: each holds the SHA-256 of the line before it and its own; what was torn by a crash is owned up to.

A line torn by a crash is never cut off: it is closed, and the next line holds the SHA-256 of the pieces as `torn`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from surveillance.errors import SettingsError
from surveillance.files import sha256_hex, write_atomic

NOTHING = "0" * 64  # what the first line of all names as the line before it
HEAD = "head.json"
FILES = "????-??.jsonl"
REPAIR = "surveillance journal --verify says which line; then put the folder aside: a new chain begins by itself"


@dataclass(frozen=True)
class Head:
    """Where the chain ends: number and hash of the last line, its file and the size of that file after it.

    `first`: the number of the oldest line that is kept, `before`: what that line names as the one before it.
    """

    count: int = 0
    hash: str = NOTHING
    file: str = ""
    size: int = 0
    first: int = 1
    before: str = NOTHING


class Walk:
    """Goes along the lines of a chain, from the line number `count` of hash `last` on."""

    def __init__(self, count: int, last: str) -> None:
        self.count, self.last = count, last
        self.pieces, self._torn = 0, hashlib.sha256()

    @property
    def torn(self) -> str:
        """The hash of the pieces met since the last line of the chain; "" when there were none."""
        return self._torn.hexdigest() if self.pieces else ""

    def take(self, raw: bytes) -> bool:
        """Is this the next line of the chain? Anything else is kept as a piece until a line owns up to it."""
        entry = parse_line(raw)
        expected = (self.count + 1, self.last, self.torn)
        if entry is None or (entry["n"], entry["before"], entry.get("torn", "")) != expected:
            self.pieces += 1
            self._torn.update(raw + b"\n")
            return False
        self.count, self.last = entry["n"], entry["hash"]
        self.pieces, self._torn = 0, hashlib.sha256()
        return True


def sealed(walk: Walk, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of the next line of the chain, with its number, what was before it, and its hash."""
    entry = {"n": walk.count + 1, **fields, "before": walk.last}
    if walk.pieces:
        entry["torn"] = walk.torn
    return {**entry, "hash": line_hash(entry)}


def line_hash(entry: Mapping[str, Any]) -> str:
    """The SHA-256 of a line: of all its fields but `hash`, sorted by name."""
    rest = {key: value for key, value in entry.items() if key != "hash"}
    return sha256_hex(json.dumps(rest, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode())


def parse_line(raw: bytes) -> dict[str, Any] | None:
    """A line as its fields; None when it is no line of a chain, or its hash is not its own."""
    try:
        entry = json.loads(raw)
    except ValueError:
        return None
    whole = isinstance(entry, dict) and entry.keys() >= {"n", "at", "command", "before", "hash"}
    return entry if whole and line_hash(entry) == entry["hash"] else None


def read_head(folder: Path) -> Head:
    """The head of the chain of a folder; that of an empty one where there is none. SettingsError when it is damaged."""
    try:
        return Head(**json.loads((folder / HEAD).read_bytes()))
    except FileNotFoundError:
        return Head()
    except (ValueError, TypeError) as error:
        raise SettingsError(f"{folder / HEAD} is not whole", REPAIR) from error


def write_head(folder: Path, head: Head) -> None:
    """Replace the head, durably."""
    write_atomic(folder / HEAD, json.dumps(vars(head)).encode())


def chain_files(folder: Path) -> list[Path]:
    """The files of the chain, oldest first."""
    return sorted(folder.glob(FILES))
