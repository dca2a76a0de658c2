"""The journal of a night: what was done, one JSON object a line, flushed to the disk before going on.

It holds counts, codes and reasons, never a row of a visit.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from surveillance.clock import Clock
from surveillance.files import append_line, make_folder


class Journal:
    """Appends to journal/NIGHT.jsonl; may be written from several threads."""

    def __init__(self, folder: Path, night: date, clock: Clock, durable: bool = True) -> None:
        self.path = make_folder(folder) / f"{night.isoformat()}.jsonl"
        self.clock, self.durable = clock, durable
        self._lock = threading.Lock()

    def event(self, kind: str, **fields: object) -> None:
        """Write one event, on disk when this returns; a line cut by a crash is closed first."""
        line = json.dumps(
            {"at": self.clock.now().isoformat(timespec="milliseconds"), "event": kind, **fields},
            ensure_ascii=False,
            default=str,
        )
        with self._lock:
            append_line(self.path, line, self.durable)


def read_journal(path: Path, only: tuple[str, ...] = (), tail: int = 0) -> Iterator[dict[str, Any]]:
    """The events of a journal, oldest first; a line that is none (cut by a crash) is given as `unreadable`.

    `only`: lines that hold one of these texts; `tail`: no more than about that many bytes from the end (0: all).
    """
    if not path.is_file():
        return
    with path.open(encoding="utf-8", errors="replace") as lines:
        if tail and path.stat().st_size > tail:
            lines.seek(path.stat().st_size - tail)
            next(lines, None)  # the middle of a line
        for number, line in enumerate(lines, 1):
            if only and not any(text in line for text in only):
                continue
            yield _event(line, number)


def _event(line: str, number: int) -> dict[str, Any]:
    try:
        event = json.loads(line)
    except ValueError:
        event = None
    whole = isinstance(event, dict) and event.keys() >= {"at", "event"}
    return event if whole else {"at": "", "event": "unreadable", "line": number}
