"""What became of each association's feed in a night, once its lines have met those already held."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

OLD_BY_NAME = ("late", "resent")  # what the gathering says of a file that has the name of an earlier night
FATES = ("loaded", "duplicate", "superseded", "corrected", "day_visits", "late_visits")


@dataclass
class Settled:
    """One association in one night. Lines: lines_in = loaded + duplicate + superseded + refused + other."""

    night: date
    association: str
    status: str  # received, partial, absent, refused, closed
    code: str
    detail: str
    files: int = 0
    lines_in: int = 0
    loaded: int = 0
    duplicate: int = 0
    superseded: int = 0
    refused: int = 0
    other: int = 0  # header, blank and total lines
    corrected: int = 0  # loaded lines that replace an earlier version
    withdrawn: int = 0  # visits that a file which holds everything of their day does not hold any more
    day_visits: int = 0  # loaded visits of the day the night is for
    late_visits: int = 0  # loaded visits of the days before
    usual_volume: float = 0.0  # visits a day

    def row(self) -> dict[str, Any]:
        """The row of the table `receptions`."""
        return asdict(self)


def settle(night: date, held: Iterable[Mapping[str, Any]], files: Iterable[Mapping[str, Any]]) -> list[Settled]:
    """One line per association (`held`: association, status, code, detail, usual_volume), from its files' fates.

    `declared` in a line of `held`: the day may lack, somebody said so.
    """
    by_association: dict[str, list[Mapping[str, Any]]] = {}
    for file in files:
        by_association.setdefault(file["association"], []).append(file)
    return [_settle_one(night, item, by_association.get(item["association"], [])) for item in held]


def _settle_one(night: date, item: Mapping[str, Any], files: list[Mapping[str, Any]]) -> Settled:
    found = Settled(
        night,
        item["association"],
        item["status"],
        item["code"],
        item["detail"],
        files=len(files),
        usual_volume=item["usual_volume"],
    )
    for file in files:
        for name in ("lines_in", "refused", "other", *FATES):
            setattr(found, name, getattr(found, name) + int(file[name]))
    if found.status == "received" and not item.get("declared"):
        found.status, found.code, found.detail = _name_old_files(night, files, found)
    return found


def _name_old_files(night: date, files: list[Mapping[str, Any]], found: Settled) -> tuple[str, str, str]:
    day = night - timedelta(days=1)
    old = [file for file in files if file["main_day"] is not None and file["main_day"] < day]
    late = sorted({file["main_day"] for file in old if 2 * file["new_visits"] >= file["loaded"] + file["duplicate"]})
    again = sorted({file["main_day"] for file in old} - set(late))
    if files and old and len(old) == len([file for file in files if file["accepted"]]):
        return "partial", "no_day", _days(late or again)
    if late:
        return found.status, "late", _days(late)
    if again:
        return found.status, "resent", _days(again)
    if found.code in OLD_BY_NAME and any(file["main_day"] is not None for file in files):
        return found.status, "misnamed", day.isoformat()  # the name tells another night, the visits are this night's
    return found.status, found.code, found.detail


def _days(days: list[date]) -> str:
    return ", ".join(day.isoformat() for day in days)
