"""A night as its journal alone tells it: this answers while the night runs, and when the store is broken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from surveillance.past_nights import heard_at

GOOD = ("received", "closed")
COMES_LATER = ("timeout", "incomplete", "unreachable", "no_file", "no_folder")  # may be there at the next try


@dataclass
class NightStatus:
    """What the journal tells. `receptions`: per association a mapping (association, status, code, detail, …).

    `feeds`: the last word of the gathering about an association, as long as no reception has settled it; `heard`: when
    it first gave files (ISO UTC); `attempts` and `files`: every `feed` event, and what its files were found to be.
    """

    begun: bool = False
    step: str = ""  # under way
    failed_step: str = ""
    error: str = ""
    steps_not_done: dict[str, str] = field(default_factory=dict)
    exit: int | None = None
    receptions: dict[str, dict[str, Any]] = field(default_factory=dict)
    delivery: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)  # counts that steps reported
    feeds: dict[str, dict[str, Any]] = field(default_factory=dict)
    heard: dict[str, str] = field(default_factory=dict)
    attempts: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    files: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    data_events: list[dict[str, Any]] = field(default_factory=list)
    not_run: dict[str, set[str]] = field(default_factory=dict)  # reason → associations with a check that did not run
    held_for: dict[str, list[str]] = field(default_factory=dict)  # association → checks that set its files aside
    receipts: dict[str, dict[str, str]] = field(default_factory=dict)  # association → receipt not put → why
    last_at: str = ""  # of the last event (ISO UTC)

    @property
    def gathering(self) -> bool:
        """Are the associations still being asked?"""
        return self.begun and self.exit is None and self.step == "gather"

    def troubled(self) -> list[dict[str, Any]]:
        """The receptions that are not good, in order of code."""
        bad = [item for item in self.receptions.values() if item["status"] not in GOOD]
        return sorted(bad, key=lambda item: str(item["association"]))

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
        found.last_at = event["at"] or found.last_at
        _follow_night(found, event)
        _follow_data(found, event)
    return found


def _follow_night(found: NightStatus, event: Mapping[str, Any]) -> None:
    """What an event says of the night and its steps."""
    match event["event"]:
        case "night begun":
            found.begun, found.exit, found.failed_step, found.error = True, None, "", ""
            found.steps_not_done.clear()
        case "step begun":
            found.step = event["step"]
            _begin_again(found, event["step"])
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
        case "delivery":
            found.delivery = dict(event)


def _begin_again(found: NightStatus, step: str) -> None:
    """What a step will say anew when it is run again."""
    if step == "validate":
        found.files.clear()
        found.not_run.clear()
        found.held_for.clear()
    if step in ("validate", "code"):
        found.data_events.clear()


def _follow_data(found: NightStatus, event: Mapping[str, Any]) -> None:
    """What an event says of an association, or of the day's data."""
    match event["event"]:
        case "feed":
            code = event["association"]
            found.feeds[code] = dict(event)
            found.attempts.setdefault(code, []).append(dict(event))
            if hour := heard_at(event):
                found.heard.setdefault(code, hour)
        case "file":
            found.files.setdefault(event["association"], []).append(dict(event))
        case "reception":
            found.receptions[event["association"]] = dict(event)
            found.feeds.pop(event["association"], None)
        case "check not run":
            found.not_run.setdefault(event["reason"], set()).update(event["associations"])
        case "file held":
            found.held_for.setdefault(event["association"], []).append(event["check"])
        case "data event":
            found.data_events.append(dict(event))
        case "receipt":
            _follow_receipt(found.receipts, event)


def _follow_receipt(unput: dict[str, dict[str, str]], event: Mapping[str, Any]) -> None:
    """A receipt that could not be put, until it is."""
    mine = unput.setdefault(event["association"], {})
    if event["state"] == "put":
        mine.pop(event["name"], None)
    else:
        mine[event["name"]] = event["code"]
    if not mine:
        del unput[event["association"]]


def journal_path(state: Path, night: object) -> Path:
    """Where the journal of a night lies."""
    return state / "journal" / f"{night}.jsonl"


def next_step(status: NightStatus, in_time: bool = True, running: bool = False) -> tuple[str, str]:
    """What to do next: a key of reports/words.toml (`next_…`) and the step it needs.

    Not `in_time`: the deadline has passed, the servers are not asked again for that night. `running`: the night
    is being run just now, another one would be turned away.
    """
    if running:
        return "next_wait", status.step
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
