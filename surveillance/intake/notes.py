"""What is worth a word about a file that was read: its name, its columns, its volume, its unknown values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from surveillance.associations import Association
from surveillance.dialect_parts import Window
from surveillance.intake.checks import Checks

UNKNOWN = {
    "sex": ("NR", "sexe"),
    "age_band": ("NR", "âge"),
    "outcome": ("NR", "devenir"),
    "act_type": ("AUTRE", "type d'acte"),
}


@dataclass
class Tally:
    """What is counted over the visits that a file gave."""

    visits: int = 0
    uncoded: int = 0
    unknown: Counter[str] = field(default_factory=Counter)  # by column
    days: Counter[date] = field(default_factory=Counter)
    residences: Counter[str] = field(default_factory=Counter)  # by département, where it is known

    def add(self, visits: pa.Table) -> None:
        """The visits of one more table."""
        self.visits += visits.num_rows
        self.uncoded += pc.sum(pc.equal(pc.list_value_length(visits["diagnoses"]), 0)).as_py() or 0
        for column, (value, _) in UNKNOWN.items():
            self.unknown[column] += pc.sum(pc.equal(visits[column], value)).as_py() or 0
        for column, counts in (("event_date", self.days), ("dep_res", self.residences)):
            for item in pc.value_counts(visits[column]).to_pylist():
                if item["values"] is not None:
                    counts[item["values"]] += item["counts"]


def notes_of(
    said: Sequence[tuple[str, str]],
    tally: Tally,
    refused: Mapping[str, int],
    association: Association,
    checks: Checks,
    day: date | None,
    night: date | None,
    window: Window,
) -> tuple[tuple[str, str], ...]:
    """(check, French sentence) of each note, in order; only counts and names of columns.

    `said`: by the reader; `day` is the visit day that the file's name tells, `night` that of reception.
    """
    found = list(said)
    if day is None:
        found.append(("bad_name", ""))
    repeated = refused.get("DUPLICATE", 0) + refused.get("DUPLICATE_ID", 0)
    if repeated:
        found.append(("repeated", str(repeated)))
    found += outside_window(tally, window, day, night)
    if tally.visits:
        found += unknown_values(tally, checks) + uncoded(tally, checks) + other_days(tally, day)
        found += volume(tally, association, checks, day)
    return tuple((check, checks.sentence(check, detail)) for check, detail in found)


def outside_window(tally: Tally, window: Window, day: date | None, night: date | None) -> list[tuple[str, str]]:
    """How many visits are of other days than the file is expected to hold, seen from its own night."""
    last = day or (night - timedelta(days=1) if night else None)
    if last is None:
        return []
    first = last - timedelta(days=window.days - 1)
    outside = sum(number for one, number in tally.days.items() if not first <= one <= last)
    return [("outside_window", str(outside))] if outside else []


def percent(share: float) -> str:
    """`12 %`."""
    return f"{round(100 * share)} %"


def unknown_values(tally: Tally, checks: Checks) -> list[tuple[str, str]]:
    """Columns of which a notable share is unknown."""
    shares = {label: tally.unknown[column] / tally.visits for column, (_, label) in UNKNOWN.items()}
    said = [f"{label} {percent(share)}" for label, share in shares.items() if share > checks.shares.unknown_note]
    return [("unknown_values", ", ".join(said))] if said else []


def uncoded(tally: Tally, checks: Checks) -> list[tuple[str, str]]:
    """The share of visits without any diagnosis, when it is notable."""
    share = tally.uncoded / tally.visits
    return [("uncoded", percent(share))] if share > checks.shares.uncoded_note else []


def other_days(tally: Tally, day: date | None) -> list[tuple[str, str]]:
    """Most visits are of another day than the one the file's name tells: they count on their own day."""
    if day is None or not tally.days:
        return []
    main, _ = max(tally.days.items(), key=lambda item: (item[1], item[0]))
    return [("name_day", f"nom du {day}, visites du {main}")] if main != day and not tally.days[day] else []


def volume(tally: Tally, association: Association, checks: Checks, day: date | None) -> list[tuple[str, str]]:
    """The number of visits of the file's day, when it is far from the usual one."""
    if day is None:
        return []
    count = tally.days[day]
    ratio = count / association.usual_volume
    if checks.shares.volume_low <= ratio <= checks.shares.volume_high:
        return []
    return [("volume", f"{count} visites du jour, {round(association.usual_volume)} d'habitude")]


def elsewhere(tally: Tally, association: Association, regions: Mapping[str, str], checks: Checks) -> str:
    """`18 visites sur 20 résident hors de la région`, when so many do that the file must be another association's."""
    known = {place: number for place, number in tally.residences.items() if place in regions}
    total, away = sum(known.values()), sum(n for place, n in known.items() if regions[place] != association.region)
    if total < checks.shares.elsewhere_min or away <= checks.shares.elsewhere * total:
        return ""
    return f"{away} visites sur {total} résident hors de la région"
