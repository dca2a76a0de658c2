"""A night as its journal alone tells it: this answers while the night runs, and when the store is broken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

GOOD = ("received", "closed")
COMES_LATER = ("timeout", "incomplete", "unreachable", "no_file", "no_folder")  # may be there at the next try


@dataclass
class NightStatus:
    """What the journal tells. `receptions`: per association a mapping (association, status, code, detail, …)."""

    begun: bool = False
    step: str = ""  # under way
    failed_step: str = ""
    error: str = ""
    steps_not_done: dict[str, str] = field(default_factory=dict)
    exit: int | None = None
    receptions: dict[str, dict[str, Any]] = field(default_factory=dict)
    delivery: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)  # counts that steps reported

    def troubled(self) -> list[dict[str, Any]]:
        """The receptions that are not good, by harm: the share of the usual volume that is missing, largest first."""
        bad = [item for item in self.receptions.values() if item["status"] not in GOOD]
        return sorted(bad, key=lambda item: (-self.harm(item), item["association"]))

    def harm(self, item: Mapping[str, Any]) -> float:
        """Share of the usual national volume that this association's trouble takes away (0–1)."""
        whole = sum(float(one["usual_volume"]) for one in self.receptions.values()) or 1.0
        there = float(item.get("day_visits", 0)) if item["status"] == "partial" else 0.0
        return max(0.0, float(item["usual_volume"]) - there) / whole

    def missing_share(self) -> float:
        """Share of the usual national volume that is missing (0–1)."""
        return sum(self.harm(item) for item in self.troubled())

    def counted(self, status: str) -> int:
        """How many associations have that status."""
        return sum(item["status"] == status for item in self.receptions.values())

    def late(self) -> int:
        """How many associations caught up earlier nights."""
        return sum(item["code"] == "late" for item in self.receptions.values())


def read_status(events: Iterable[Mapping[str, Any]]) -> NightStatus:
    """Follow the events of a journal; the last run of the night wins, what was delivered stays delivered."""
    found = NightStatus()
    for event in events:
        match event["event"]:
            case "night begun":
                found.begun, found.exit, found.failed_step, found.error = True, None, "", ""
                found.steps_not_done.clear()
            case "step begun":
                found.step = event["step"]
            case "step done":
                found.step = ""
                found.facts.update({k: v for k, v in event.items() if k not in ("at", "event", "step", "seconds")})
            case "step failed":
                found.steps_not_done[event["step"]] = event["error"]
            case "night failed":
                # after the last step the night is published: run again from the last step
                found.failed_step, found.error, found.step = found.step or "report", event["error"], ""
                found.exit = event["exit"]
            case "night done":
                found.exit, found.step = event["exit"], ""
            case "reception":
                found.receptions[event["association"]] = dict(event)
            case "delivery":
                found.delivery = dict(event)
    return found


def journal_path(state: Path, night: object) -> Path:
    """Where the journal of a night lies."""
    return state / "journal" / f"{night}.jsonl"


def next_step(status: NightStatus, in_time: bool = True) -> tuple[str, str]:
    """What to do next: a key of reports/words.toml (`next_…`) and the step it needs.

    Not `in_time`: the deadline has passed, the servers are not asked again for that night.
    """
    if not status.begun:
        return "next_run", ""
    if status.failed_step or status.steps_not_done:
        return "next_since", status.failed_step or next(iter(status.steps_not_done))
    if status.step and status.exit is None:
        return "next_since", status.step
    if status.delivery.get("state") not in ("read_back", "acknowledged"):
        return "next_since", "deliver"
    if not status.troubled():
        return "next_nothing", ""
    if not in_time:
        return "next_tomorrow", ""
    if any(item["code"] in COMES_LATER for item in status.troubled()):
        return "next_since", "gather"
    return "next_arrows", ""
