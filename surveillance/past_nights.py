"""What each association did in the last few nights, from their journals alone: read fast, only the lines needed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from surveillance.clock import PARIS
from surveillance.journal import read_journal

WANTED = ('"event": "feed"', '"event": "reception"')
TAIL = 2_000_000  # bytes of a journal looked at: a night writes some 60 kB, a night run again thirty times still fits
CAME = ("received", "partial", "held")
ENOUGH = 3  # nights with an hour of arrival, fewer say nothing about what is usual (choice)


@dataclass(frozen=True)
class PastNight:
    """One association in one night. `arrived`: ISO UTC instant of its file or ""; `visits`: of the day, or None."""

    night: str
    status: str
    code: str
    detail: str = ""
    visits: int | None = None
    expected: float | None = None
    arrived: str = ""
    usual_hour: str = ""

    @property
    def came(self) -> bool:
        """Did a file come?"""
        return self.status in CAME


Past = dict[str, list[PastNight]]


def read_past(journals: Path, night: date, count: int) -> Past:
    """Per association its nights before `night`, newest first, out of the last `count` journals of the folder."""
    past: Past = {}
    known = sorted((p for p in journals.glob("????-??-??.jsonl") if p.stem < night.isoformat()), reverse=True)
    for path in known[:count]:
        for code, one in past_night(path.stem, read_journal(path, WANTED, TAIL)).items():
            past.setdefault(code, []).append(one)
    return past


def past_night(night: str, events: Iterable[Mapping[str, Any]]) -> dict[str, PastNight]:
    """What the events of one journal say of each association; what was settled (`reception`) goes before a feed."""
    found: dict[str, PastNight] = {}
    settled: set[str] = set()
    arrived: dict[str, str] = {}
    for event in events:
        code = event.get("association", "")
        if event["event"] == "feed":
            if hour := heard_at(event):
                arrived.setdefault(code, hour)
            if code in settled:
                continue
        elif event["event"] != "reception":
            continue
        else:
            settled.add(code)
        found[code] = _one(night, event, arrived.get(code, ""))
    return found


def heard_at(event: Mapping[str, Any]) -> str:
    """When a `feed` event brought files (ISO UTC); "" for none, and for a replay, whose hours mean nothing."""
    there = event["status"] in CAME and event.get("files") and "attempt" in event
    return str(event["at"]) if there else ""


def _one(night: str, event: Mapping[str, Any], arrived: str) -> PastNight:
    return PastNight(
        night,
        event["status"],
        event["code"],
        event.get("detail", ""),
        event.get("day_visits"),
        event.get("expected"),
        event.get("arrived") or arrived,
        event.get("usual_hour", ""),
    )


def usual_hour(nights: Iterable[PastNight]) -> str:
    """The learnt hour of arrival, `HH:MM` in Paris: the newest that a night learnt, else the median seen."""
    held = list(nights)
    if learnt := next((one.usual_hour for one in held if one.usual_hour), ""):
        return learnt
    minutes = sorted(minute_of(one.arrived) for one in held if one.arrived)
    if len(minutes) < ENOUGH:
        return ""
    middle = minutes[len(minutes) // 2]
    return f"{middle // 60:02d}:{middle % 60:02d}"


def minute_of(instant: str) -> int:
    """The minute of the Paris day of an ISO instant."""
    at = datetime.fromisoformat(instant).astimezone(PARIS)
    return 60 * at.hour + at.minute
