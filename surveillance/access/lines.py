"""Line lists for an investigation: the acts that count in a syndrome, one a row; refused when too long."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from surveillance.access.limits import FILE, Limits
from surveillance.ages import load_acts, load_ages
from surveillance.associations import load_associations
from surveillance.coding.rules import BASES, DIAGNOSIS
from surveillance.coding.syndromes import load_syndromes
from surveillance.errors import UsageError
from surveillance.ledgers import LATEST
from surveillance.perimeters import associations_in
from surveillance.registry_tables import registry_tables
from surveillance.store import Store
from surveillance.visit_codes import NOW, coding_at

if TYPE_CHECKING:
    import pandas as pd

SHORTEST_WHY = 10  # characters: a reason that somebody else can understand
TABLES = ("visit_syndromes", "visits")


@dataclass(frozen=True)
class LineList:
    """What is asked: a syndrome, visit days (both included), territories as in `associations_in`, groups of a scheme.

    why, who: the reason for it and, if not the user of the machine, for whom; both are logged.
    """

    syndrome: str
    since: date
    until: date
    why: str
    who: str = ""
    territories: tuple[str, ...] = ()
    ages: tuple[str, ...] = ()
    scheme: str = "gene5"
    basis: str = DIAGNOSIS
    as_of: date | None = None


def checked(asked: LineList, store: Store, limits: Limits) -> None:
    """UsageError for a list that may not be given, or can mean nothing, whatever the store holds."""
    if len(asked.why.strip()) < SHORTEST_WHY:
        raise UsageError("--why: a line list needs a reason", 'as --why "cluster of gastroenteritis, inquiry 2024-17"')
    if asked.until < asked.since:
        raise UsageError(f"--until {asked.until} is before --since {asked.since}")
    days = (asked.until - asked.since).days + 1
    if days > limits.line_list_days:
        raise UsageError(
            f"{days} days are asked for, and a line list has {limits.line_list_days} at most ({FILE})",
            "ask for fewer days with --since and --until; surveillance query counts over any time",
        )
    known = sorted({item.id for item in load_syndromes(store.content)})
    if asked.syndrome not in known:
        raise UsageError(f"no case definition is called {asked.syndrome}", f"there are: {', '.join(known)}")
    if asked.basis not in BASES:
        raise UsageError(f"--basis knows {' and '.join(BASES)}, not {asked.basis!r}")
    groups = load_ages(store.content).scheme(asked.scheme).groups
    if lost := [age for age in asked.ages if age not in groups]:
        raise UsageError(f"the age scheme {asked.scheme} has no {', '.join(lost)}", f"it has: {', '.join(groups)}")


def line_list(store: Store, asked: LineList, limits: Limits) -> pd.DataFrame:
    """One row per act: visit_uid, visit_day, association, age_group, sex, act_type, diagnoses, reason_concepts, outcome
    (lists joined by `|`). UsageError when there are more than the limit: it is never cut short."""
    checked(asked, store, limits)
    parameters = {
        "syndrome": asked.syndrome,
        "basis": asked.basis,
        "since": asked.since,
        "until": asked.until,
        "ages": list(asked.ages),
        "places": list(associations_in(asked.territories, load_associations(store.content))),
        "acts": list(load_acts(store.content).counted),
        "night": asked.as_of or LATEST,
        "coding": coding_at(store, asked.as_of) if asked.as_of else NOW,
    }
    statement = store.sql("line_list")
    with registry_tables(store, asked.scheme):
        rows = int(store.value(f"SELECT count(*) FROM ({statement})", parameters))
        if rows > limits.line_list_rows:
            raise UsageError(
                f"{rows} visits would be listed, and a line list has {limits.line_list_rows} at most ({FILE})",
                "narrow it with --since, --until, --territory, --age; surveillance query counts any number",
            )
        frame = store.frame(statement, parameters)
    for name in ("diagnoses", "reason_concepts"):
        frame[name] = ["|".join(value) for value in frame[name]]
    return frame
