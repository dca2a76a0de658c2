"""Weekly shares by région and for France, from the store, as known after a night."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from surveillance.clock import week_monday
from surveillance.detection.judged import Array
from surveillance.questions import Question, ask
from surveillance.store import Store

FRANCE = "FR"


@dataclass(frozen=True)
class Weekly:
    """Weekly counts of one syndrome: weeks × places, NaN where nothing is known; the weeks follow each other.

    places: INSEE codes of régions, FR. night: the last night that is known of.
    """

    mondays: tuple[date, ...]
    places: tuple[str, ...]
    visits: Array
    coded: Array
    acts: Array
    night: date

    def shares(self, coded_share: float) -> Array:
        """Acts of the syndrome over coded acts; NaN where too few of the acts are coded, or none."""
        with np.errstate(divide="ignore", invalid="ignore"):
            found = np.where(self.coded > 0, self.visits / self.coded, np.nan)
            return np.asarray(np.where(self.coded >= coded_share * self.acts, found, np.nan))


def questions(syndrome: str, as_of: date | None, territories: tuple[str, ...], since: date) -> tuple[Question, ...]:
    """What an answer with the counts of these phases asks: by région, and for France unless only some are wanted."""
    kinds = ("region",) if territories else ("region", "national")
    return tuple(
        Question((syndrome,), ("week", kind), since=since, territories=territories, as_of=as_of) for kind in kinds
    )


def read_weeks(store: Store, syndrome: str, as_of: date | None, territories: tuple[str, ...]) -> Weekly:
    """All whole weeks that are known, up to the last whose Sunday was to be known after the night."""
    night = min(as_of or date.max, store.value("SELECT max(night) FROM receptions") or date.min)
    cells: dict[str, dict[date, tuple[float, float, float]]] = {}
    asked = questions(syndrome, as_of, territories, Question(()).since)
    table = ask(store, asked[0]).table[["week", "region", "visits", "visits_coded", "visits_all"]].dropna()
    for week, region, *figures in table.itertuples(index=False):
        monday = week_monday(week)
        if monday + timedelta(days=7) > night:
            continue
        visits, coded, acts = (float(figure) for figure in figures)
        for place in (str(region),) if territories else (str(region), FRANCE):
            before = cells.setdefault(place, {}).get(monday, (0.0, 0.0, 0.0))
            cells[place][monday] = (before[0] + visits, before[1] + coded, before[2] + acts)
    known = [monday for told in cells.values() for monday in told]
    first, last = (min(known), max(known)) if known else (night, night - timedelta(days=7))
    mondays = tuple(first + timedelta(weeks=n) for n in range((last - first).days // 7 + 1))
    places = tuple(sorted(cells, key=lambda place: (place == FRANCE, place)))
    found = np.full((3, len(mondays), len(places)), np.nan)
    for column, place in enumerate(places):
        for row, monday in enumerate(mondays):
            if monday in cells[place]:
                found[:, row, column] = cells[place][monday]
    return Weekly(mondays, places, found[0], found[1], found[2], night)
