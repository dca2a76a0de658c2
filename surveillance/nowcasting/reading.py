"""The reporting triangles of a syndrome and of all acts, from the ledgers: night × visit day, by association."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from surveillance.detection.judged import Array
from surveillance.ledgers import DENOMINATORS, TABLES, known
from surveillance.nowcasting.triangle import WEEK, Triangle
from surveillance.registry_tables import registry_tables
from surveillance.signal_rules import NowcastRule
from surveillance.store import Store

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Reported:
    """Triangles of all acts and of a syndrome, days × ages × associations; final: what is known now of each day.

    first: the first day. night: the last that is known of: it follows the last day.
    """

    acts: Triangle
    counts: Triangle
    final: Array
    associations: tuple[str, ...]
    first: date
    night: date


def read(store: Store, syndrome: str, as_of: date | None, rule: NowcastRule, basis: str = "diagnosis") -> Reported:
    """The days that estimates of the last days, and the past estimates that say how wrong they are, are made of."""
    first_night, last_night = store.rows("SELECT min(night), max(night) FROM receptions")[0]
    night = min(as_of or date.max, last_night or date.min)
    days = WEEK * (rule.learn_weeks + rule.weekdays + 2 * rule.error_weeks) + 3 * rule.settled_days
    first = max(night - timedelta(days=days), (first_night or night) - timedelta(days=WEEK * rule.weekdays))
    number = max(0, (night - first).days)
    members = store.rows("SELECT DISTINCT association FROM brief_denominators ORDER BY ALL")
    codes = tuple(str(row[0]) for row in members)
    shape = (number, rule.settled_days + 1, len(codes))
    place = {code: column for column, code in enumerate(codes)}

    def steps(ledger: str, column: str, condition: str) -> Array:
        found = np.zeros(shape)
        rows = store.rows(
            f"SELECT visit_day, association, night - visit_day - 1, sum({column}) "
            f"FROM {known(ledger, night, brief=True)} "
            f"WHERE visit_day >= $first AND visit_day < $night {condition} GROUP BY ALL",
            {"first": first, "night": night} | ({"syndrome": syndrome} if "$syndrome" in condition else {}),
        )
        for day, code, age, visits in rows:
            found[(day - first).days, min(max(age, 0), rule.settled_days), place[code]] += visits
        return np.cumsum(found, axis=1)

    acts = steps(DENOMINATORS, "visits_all", "")
    counts = steps(TABLES[basis], "visits", "AND syndrome = $syndrome")
    final = counts[:, -1].copy()
    days_, ages = np.indices(shape[:2])
    unknown = (days_ + ages < ((first_night or night) - first - DAY).days) | (days_ + ages >= number)
    acts[unknown], counts[unknown] = np.nan, np.nan
    weekday = np.array([(first + timedelta(days=day)).weekday() for day in range(number)], dtype=np.intp)
    return Reported(
        Triangle(acts, weekday, _closed(store, codes, first, number)),
        Triangle(counts, weekday),
        final,
        codes,
        first,
        night,
    )


def _closed(store: Store, codes: tuple[str, ...], first: date, number: int) -> np.ndarray:
    """days × associations: declared to be closed, or no member."""
    found = np.zeros((number, len(codes)), dtype=bool)
    with registry_tables(store, "all"):
        declared = store.rows("SELECT association, first, last FROM closures")
        members = store.rows("SELECT association, since, until FROM territories")
    for code, begin, end in declared:
        if code in codes:
            found[max(0, (begin - first).days) : max(0, (end - first).days + 1), codes.index(code)] = True
    for code, since, until in members:
        if code in codes:
            found[: max(0, (since - DAY - first).days), codes.index(code)] = True
            found[max(0, (until - first).days) :, codes.index(code)] = True
    return found
