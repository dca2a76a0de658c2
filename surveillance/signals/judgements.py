"""The triage ledger: what people judged of events, appended line by line; the store is rebuilt, this is not.

STATE/signals/judgements.jsonl; a line is never changed: the last one of an event says where it stands.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from math import sqrt
from pathlib import Path

from surveillance.errors import UsageError
from surveillance.files import append_line, make_folder
from surveillance.locking import check_owner

FOLDER, FILE = "signals", "judgements.jsonl"
NEW, REVIEW, CONFIRMED, REJECTED, CLOSED = STATES = ("new", "under_review", "confirmed", "rejected", "closed")
VERDICTS = (CONFIRMED, REJECTED)
Z = 1.959963984540054


@dataclass(frozen=True)
class Judgement:
    """One line: who said what of an event and when (UTC), with what the event was, so that it outlives the store."""

    at: str
    event: str
    state: str
    owner: str
    reason: str
    outcome: str
    syndrome: str
    territory: str
    methods: tuple[str, ...]
    night: str


def path_of(state: Path) -> Path:
    """Where the ledger lies."""
    return state / FOLDER / FILE


def read(state: Path) -> list[Judgement]:
    """Every judgement, oldest first; a line cut by a crash is left out."""
    path = path_of(state)
    if not path.is_file():
        return []
    names = {item.name for item in fields(Judgement)}
    found = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            entry = json.loads(line)
        except json.JSONDecodeError:
            continue
        if isinstance(entry, dict) and names <= entry.keys():
            kept = {name: entry[name] for name in names}
            found.append(Judgement(**kept | {"methods": tuple(kept["methods"])}))
    return found


def append(state: Path, one: Judgement) -> None:
    """Write a judgement, on disk when this returns; UsageError when it lacks what its state asks for."""
    if one.state not in STATES:
        raise UsageError(f"no signal is ever {one.state!r}", f"states: {', '.join(STATES)}")
    if one.state in (*VERDICTS, CLOSED) and not one.reason.strip():
        raise UsageError(f"{one.state} wants a reason", "--reason TEXT, for whoever reads it in a year")
    check_owner(state)
    path = path_of(state)
    make_folder(path.parent)
    append_line(path, json.dumps(asdict(one), ensure_ascii=False))


def now(text: datetime) -> str:
    """An instant as the ledger writes it."""
    return text.isoformat(timespec="seconds")


def standing(found: Iterable[Judgement]) -> dict[str, Judgement]:
    """Event → its last judgement."""
    return {one.event: one for one in found}


def verdicts(found: Sequence[Judgement]) -> dict[str, Judgement]:
    """Event → the last of its judgements that confirmed or rejected it; closing it changes nothing, to be new or under
    review again withdraws it."""
    told = {one.event: one for one in found if one.state != CLOSED}
    return {event: one for event, one in told.items() if one.state in VERDICTS}


@dataclass(frozen=True)
class Precision:
    """Of the events judged, by syndrome or method: how many were confirmed, and the Wilson interval of 95 %."""

    by: str
    name: str
    judged: int
    confirmed: int
    precision: float
    low: float
    high: float


def precisions(found: Sequence[Judgement]) -> list[Precision]:
    """Of all events, then by syndrome, then by method that fired; an event of two methods counts in both."""
    judged = list(verdicts(found).values())
    groups: dict[tuple[str, str], list[bool]] = {}
    for one in judged:
        keys = [("all", "all"), ("syndrome", one.syndrome), *(("method", name) for name in one.methods)]
        for key in keys:
            groups.setdefault(key, []).append(one.state == CONFIRMED)
    order = ("all", "syndrome", "method")
    return [
        Precision(by, name, len(good), sum(good), sum(good) / len(good), *wilson(sum(good), len(good)))
        for (by, name), good in sorted(groups.items(), key=lambda item: (order.index(item[0][0]), item[0][1]))
    ]


def wilson(good: int, total: int) -> tuple[float, float]:
    """Interval of a proportion: Wilson 1927 (J Am Stat Assoc 22:209-212)."""
    share, weight = good / total, Z * Z / total
    middle = (share + weight / 2) / (1 + weight)
    half = Z * sqrt(share * (1 - share) / total + weight / total / 4) / (1 + weight)
    return max(0.0, middle - half), min(1.0, middle + half)
