"""The last complete week by age class of the bulletin: all acts, then the headline syndromes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from surveillance.reporting.data import ReportData, Row, records
from surveillance.reporting.french import acts, signed_acts, signed_percent
from surveillance.reporting.rules import Labels
from surveillance.reporting.seasons import share_of
from surveillance.reporting.trends import last_complete_week, relative


@dataclass(frozen=True)
class AgeCell:
    """Acts of one age class: count now and the week before, part of the coded acts of that class."""

    visits: int
    visits_before: int | None
    share: float | None

    @property
    def change(self) -> float | None:
        """Relative change from the week before."""
        return relative(self.visits, self.visits_before)


Line = tuple[str, list[AgeCell | None]]


def age_table(data: ReportData, labels: Labels, headline: list[str]) -> list[Line]:
    """Rows: all acts, then each headline syndrome; one cell per class, in the order of [age] in the labels."""
    week = last_complete_week(data)
    rows = {(row["week_monday"], str(row["syndrome"]), str(row["age_group"])): row for row in records(data.ages)}
    if week is None or not rows:
        return []
    groups, any_syndrome = list(labels.table("age")), next(iter(rows))[1]
    lines: list[Line] = [(labels.get("points", "all_acts"), [_cell(rows, week, any_syndrome, g, True) for g in groups])]
    return lines + [(data.label(item), [_cell(rows, week, item, g, False) for g in groups]) for item in headline]


def _cell(rows: dict[tuple[date, str, str], Row], week: date, item: str, group: str, every: bool) -> AgeCell | None:
    now, before = rows.get((week, item, group)), rows.get((week - timedelta(days=7), item, group))
    if now is None:
        return None
    column = "visits_all" if every else "visits"
    share = None if every else share_of(now["visits"], now["visits_coded"])
    return AgeCell(int(now[column]), int(before[column]) if before is not None else None, share)


def age_sentence(lines: list[Line], labels: Labels, week: str) -> str:
    """All acts of the week by age class, percentage and count together; nothing when it cannot be said."""
    if not lines:
        return ""
    named = zip(labels.table("age").values(), lines[0][1], strict=True)
    parts = [
        f"{acts(cell.visits)} chez les {name} ({signed_percent(cell.change)}, soit "
        f"{signed_acts(cell.visits - cell.visits_before)})"
        for name, cell in named
        if cell is not None and cell.visits_before
    ]
    return labels.say("points", "by_age", week=week, parts=", ".join(parts)) if parts else ""
