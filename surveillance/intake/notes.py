"""What is worth a word about a file that was read: its name, its columns, its volume, its unknown values."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from surveillance.associations import Association
from surveillance.dialect_parts import Window
from surveillance.intake.checks import Checks
from surveillance.intake.readers import RawTable, Refusal

UNKNOWN = {
    "sex": ("NR", "sexe"),
    "age_band": ("NR", "âge"),
    "outcome": ("NR", "devenir"),
    "act_type": ("AUTRE", "type d'acte"),
}


def notes_of(
    raw: RawTable,
    visits: pa.Table,
    problems: Sequence[Refusal],
    association: Association,
    checks: Checks,
    day: date | None,
    night: date | None,
    window: Window,
) -> tuple[tuple[str, str], ...]:
    """(check, French sentence) of each note, in order; only counts and names of columns.

    `day` is the visit day that the file's name tells, `night` that of reception.
    """
    found = list(raw.notes)
    if day is None:
        found.append(("bad_name", ""))
    repeated = sum(problem.check in ("DUPLICATE", "DUPLICATE_ID") for problem in problems)
    if repeated:
        found.append(("repeated", str(repeated)))
    found += outside_window(visits, window, day, night)
    if visits.num_rows:
        found += unknown_values(visits, checks) + uncoded(visits, checks)
        found += volume(visits, association, checks, day)
    return tuple((check, checks.sentence(check, detail)) for check, detail in found)


def outside_window(visits: pa.Table, window: Window, day: date | None, night: date | None) -> list[tuple[str, str]]:
    """How many visits are of other days than the file is expected to hold, seen from its own night."""
    last = day or (night - timedelta(days=1) if night else None)
    if last is None:
        return []
    first = last - timedelta(days=window.days - 1)
    days = visits["event_date"]
    outside = pc.sum(pc.or_(pc.less(days, first), pc.greater(days, last))).as_py()
    return [("outside_window", str(outside))] if outside else []


def percent(share: float) -> str:
    """`12 %`."""
    return f"{round(100 * share)} %"


def unknown_values(visits: pa.Table, checks: Checks) -> list[tuple[str, str]]:
    """Columns of which a notable share is unknown."""
    said = []
    for column, (value, label) in UNKNOWN.items():
        share = pc.mean(pc.equal(visits[column], value)).as_py()
        if share > checks.shares.unknown_note:
            said.append(f"{label} {percent(share)}")
    return [("unknown_values", ", ".join(said))] if said else []


def uncoded(visits: pa.Table, checks: Checks) -> list[tuple[str, str]]:
    """The share of visits without any diagnosis, when it is notable."""
    share = pc.mean(pc.equal(pc.list_value_length(visits["diagnoses"]), 0)).as_py()
    return [("uncoded", percent(share))] if share > checks.shares.uncoded_note else []


def volume(visits: pa.Table, association: Association, checks: Checks, day: date | None) -> list[tuple[str, str]]:
    """The number of visits of the file's day, when it is far from the usual one."""
    if day is None:
        return []
    count = pc.sum(pc.equal(visits["event_date"], pa.scalar(day, pa.date32()))).as_py() or 0
    ratio = count / association.usual_volume
    if checks.shares.volume_low <= ratio <= checks.shares.volume_high:
        return []
    return [("volume", f"{count} visites du jour, {round(association.usual_volume)} d'habitude")]
