"""Questions to the store: counts and shares by time, place, age and sex, as known now or on a past night."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from surveillance.ages import Ages, load_acts, load_ages
from surveillance.associations import load_associations
from surveillance.coding.syndromes import load_syndromes
from surveillance.errors import UsageError
from surveillance.perimeters import associations_in
from surveillance.store import Store

if TYPE_CHECKING:
    import pandas as pd

SETTLED_DAYS = 14  # every visit has arrived 14 days after (reporting triangle of the published daily files)
DIMENSIONS: Mapping[str, str] = {
    "day": "strftime(d.visit_day, '%Y-%m-%d')",
    "week": "strftime(d.visit_day, '%G-W%V')",
    "month": "strftime(d.visit_day, '%Y-%m')",
    "season": "season_of(d.visit_day)",
    "association": "d.association",
    "department": "d.department",
    "region": "t.region",
    "national": "'FR'",
    "age": "a.age_group",
    "sex": "d.sex",
}
PERIODS = {"day": "day", "week": "week", "month": "month"}


@dataclass(frozen=True)
class Question:
    """What is asked. Empty filters mean everything; `territories`: as in `associations_in`."""

    syndromes: tuple[str, ...]
    by: tuple[str, ...] = ("week",)
    since: date = date(2000, 1, 1)
    until: date = date(2100, 1, 1)
    scheme: str = "gene5"
    ages: tuple[str, ...] = ()
    sexes: tuple[str, ...] = ()
    territories: tuple[str, ...] = ()
    as_of: date | None = None


@dataclass(frozen=True)
class Answer:
    """The table, and what one must know to read it."""

    table: pd.DataFrame
    facts: dict[str, str]


def ask(store: Store, question: Question) -> Answer:
    """One row per cell of `by` and syndrome.

    Columns: those of `by`, syndrome, visits (acts counted in the syndrome), visits_all (all acts), visits_coded (acts
    with at least one diagnosis), share_all, share_coded (0–1), rate_coded (per 100,000 coded acts, the unit of Odissé),
    complete (every day of the cell is held and can no longer receive late visits).
    """
    _check(store, question)
    ages = load_ages(store.content)
    counts, denominators = _sources(store, question)
    with (
        store.table("ages", _age_table(ages, question.scheme)),
        store.table("territories", _territory_table(store)),
    ):
        table = store.frame(_statement(question, counts, denominators), _parameters(store, question))
    return Answer(table, _facts(store, question))


def _check(store: Store, question: Question) -> None:
    unknown = [name for name in question.by if name not in DIMENSIONS]
    if unknown:
        raise UsageError(f"--by does not know {', '.join(unknown)}", f"it knows: {', '.join(DIMENSIONS)}")
    known = {item.id for item in load_syndromes(store.content)}
    strange = [name for name in question.syndromes if name not in known]
    if strange:
        raise UsageError(f"no case definition is called {', '.join(strange)}", f"there are: {', '.join(sorted(known))}")
    groups = load_ages(store.content).scheme(question.scheme).groups
    if lost := [age for age in question.ages if age not in groups]:
        raise UsageError(f"the age scheme {question.scheme} has no {', '.join(lost)}", f"it has: {', '.join(groups)}")


def _sources(store: Store, question: Question) -> tuple[str, str]:
    if question.as_of is None:
        return "counts", "denominators"
    names = ("counts_then", "denominators_then")
    for name, file in zip(names, ("counts", "denominators"), strict=True):
        store.run(
            f"CREATE OR REPLACE TEMP TABLE {name} AS {store.sql(file)}",
            {
                "night": question.as_of,
                "first": question.since,
                "last": question.until,
                "acts": list(load_acts(store.content).counted),
            },
        )
    return names


def _statement(question: Question, counts: str, denominators: str) -> str:
    shown = ", ".join(f"{DIMENSIONS[name]} AS {_quoted(name)}" for name in question.by)
    keys = ", ".join(_quoted(name) for name in question.by)
    place = "JOIN territories t ON t.association = d.association JOIN ages a ON a.age_band = d.age_band"
    where = """d.visit_day BETWEEN $since::DATE AND $until::DATE
        AND (len($ages) = 0 OR list_contains($ages, a.age_group)) AND (len($sexes) = 0 OR list_contains($sexes, d.sex))
        AND (len($places) = 0 OR list_contains($places, d.association))"""
    return f"""
    CREATE OR REPLACE TEMP MACRO season_of(day) AS
        (year(day - INTERVAL 8 MONTH) || '-' || right((year(day - INTERVAL 8 MONTH) + 1)::VARCHAR, 2));
    WITH wanted AS (SELECT unnest($syndromes::VARCHAR[]) AS syndrome),
    below AS (
        SELECT {shown}, sum(d.visits_all) AS visits_all, sum(d.visits_coded) AS visits_coded,
            min(d.visit_day) AS first_day, max(d.visit_day) AS last_day
        FROM {denominators} d {place} WHERE {where} GROUP BY ALL
    ),
    above AS (
        SELECT {shown}, d.syndrome, sum(d.visits) AS visits FROM {counts} d {place}
        WHERE {where} AND list_contains($syndromes, d.syndrome) GROUP BY ALL
    )
    SELECT {keys}, syndrome, visits::BIGINT AS visits, visits_all::BIGINT AS visits_all,
        visits_coded::BIGINT AS visits_coded,
        visits / nullif(visits_all, 0) AS share_all, visits / nullif(visits_coded, 0) AS share_coded,
        100000 * visits / nullif(visits_coded, 0) AS rate_coded,
        (last_day + {SETTLED_DAYS} <= $known::DATE AND {_whole(question)}) AS complete
    FROM (SELECT * REPLACE (coalesce(visits, 0) AS visits) FROM
        (below CROSS JOIN wanted) LEFT JOIN above USING ({keys}, syndrome))
    ORDER BY {keys}, syndrome
    """


def _whole(question: Question) -> str:
    period = next((PERIODS[name] for name in question.by if name in PERIODS), None)
    if period is None:
        return "true"
    return f"date_trunc('{period}', first_day)::DATE >= $held::DATE"


def _parameters(store: Store, question: Question) -> dict[str, Any]:
    known = question.as_of or store.value("SELECT max(night) FROM receptions") or date(1970, 1, 1)
    first = store.value("SELECT min(night) FROM receptions") or date(1970, 1, 1)
    out: dict[str, Any] = {
        "since": question.since,
        "until": question.until,
        "ages": list(question.ages),
        "sexes": list(question.sexes),
        "places": list(associations_in(question.territories, load_associations(store.content))),
        "syndromes": list(question.syndromes),
        "known": known,
    }
    if "$held" in _statement(question, "counts", "denominators"):
        out["held"] = first - timedelta(days=1)
    return out


def _facts(store: Store, question: Question) -> dict[str, str]:
    last = question.as_of or store.value("SELECT max(night) FROM receptions")
    absent = store.rows(
        "SELECT association FROM receptions WHERE night = $night AND status IN ('absent', 'refused') ORDER BY 1",
        {"night": last},
    )
    versions = {item.id: item.version for item in load_syndromes(store.content)}
    return {
        "known_as_of": str(last),
        "definitions": ", ".join(f"{name} {versions[name]}" for name in question.syndromes),
        "missing_that_night": ", ".join(row[0] for row in absent) or "-",
        "content": store.content.decisions()[:12],
    }


def _age_table(ages: Ages, scheme: str) -> Any:
    import pyarrow as pa

    pairs = ages.scheme(scheme).of_band
    return pa.table({"age_band": list(pairs), "age_group": list(pairs.values())})


def _territory_table(store: Store) -> Any:
    import pyarrow as pa

    members = load_associations(store.content)
    return pa.table(
        {
            "association": [m.code for m in members],
            "region": [m.region for m in members],
            "department": [m.department for m in members],
        }
    )


def _quoted(name: str) -> str:
    return f'"{name}"'
