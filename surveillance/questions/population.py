"""Inhabitants of the départements that an association covers, cell by cell: what a rate of visits is made with.

SOS Médecins covers a part of most départements, and which part is not published: a rate is of the inhabitants of the
whole départements in which an association is a member. That is INFERRED, and makes rates low where little is covered.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from surveillance.ages import load_acts, load_ages
from surveillance.associations import load_associations
from surveillance.content import Content
from surveillance.perimeters import associations_in
from surveillance.questions.asked import Question
from surveillance.questions.presence import Window
from surveillance.store import Store
from surveillance.territories import Inhabitants, load_population

if TYPE_CHECKING:
    import pandas as pd

PER = 100_000
SEXES = ("F", "M")
OLDEST = 120
WHERE = {"association": "association", "department": "department", "region": "region", "national": "'FR'"}


@dataclass(frozen=True)
class Countable:
    """Which inhabitants stand for whom. ages: group ("" without that dimension) → the years of age it holds.

    impossible: the groups that the source's bands cannot make exactly: they have no rate.
    """

    ages: dict[str, frozenset[int]]
    impossible: tuple[str, ...]
    years: tuple[int, int]


def rates(store: Store, question: Question, seen: Window, frame: pd.DataFrame) -> pd.DataFrame:
    """The cells with `population` (inhabitants, the mean over their days) and `rate_pop` (visits per 100,000 of these).

    Both are empty where inhabitants cannot be told: a part of the associations of a département, an age group that the
    source's bands do not make, an unknown sex or age. Needs `registry_tables` and `day_tables`.
    """
    keys = list(question.by)
    found = inhabitants(store, question, seen)
    both = frame.merge(found, on=keys, how="left", validate="many_to_one") if keys else frame
    both.insert(list(both.columns).index("completeness"), "population", both.pop("population"))
    both.insert(list(both.columns).index("population"), "rate_pop", PER * both["visits"] / both["population"])
    return both.astype({"rate_pop": "float64"})


def counted(content: Content, question: Question) -> Countable:
    """Which inhabitants a question can count."""
    source, ages = load_population(content), load_ages(content)
    bands = {item.ages for item in source}
    groups = ages.scheme(question.scheme).groups
    asked: dict[str, tuple[str, ...]] = {name: (name,) for name in question.ages or groups}
    if "age" not in question.by:
        asked = {"": tuple(asked)}
    held = {name: {band for group in parts for band in groups[group]} for name, parts in asked.items()}
    years = {name: frozenset(n for n, band in enumerate(ages.years) if band in bands) for name, bands in held.items()}
    everyone = frozenset(range(OLDEST + 1))  # those of unknown age are among them, and nowhere else
    exact = {
        name: found
        for name, found in years.items()
        if found and found == _made(bands, found) and (ages.unknown not in held[name] or found == everyone)
    }
    known = sorted({item.year for item in source})
    lacking = tuple(name or ", ".join(question.ages) for name in years if name not in exact)
    return Countable(exact, lacking, (known[0], known[-1]))


def _made(bands: set[tuple[int, int]], years: frozenset[int]) -> set[int]:
    """The years of age of the source's bands that lie wholly within these."""
    return {year for low, high in bands if set(range(low, high + 1)) <= years for year in range(low, high + 1)}


def _table(content: Content, question: Question, what: Countable) -> Any:
    """inhabitants: covered (département), year, age, sex (both "" without that dimension), population."""
    import pyarrow as pa

    sexes = set(question.sexes or SEXES)
    sums: dict[tuple[str, int, str, str], int] = {}
    for item in load_population(content) if sexes <= set(SEXES) or "sex" in question.by else ():
        for age, years in what.ages.items():
            if item.sex in sexes and _within(item, years):
                cell = (item.department, item.year, age, item.sex if "sex" in question.by else "")
                sums[cell] = sums.get(cell, 0) + item.number
    names = ("covered", "year", "age", "sex")
    columns: dict[str, Any] = {name: [cell[place] for cell in sums] for place, name in enumerate(names)}
    kinds = (pa.string(), pa.int32(), pa.string(), pa.string(), pa.int64())
    return pa.table(columns | {"population": list(sums.values())}).cast(
        pa.schema(list(zip((*names, "population"), kinds, strict=True)))
    )


def _within(item: Inhabitants, years: frozenset[int]) -> bool:
    return item.ages[0] in years and item.ages[1] in years


def inhabitants(store: Store, question: Question, seen: Window) -> pd.DataFrame:
    """One row per cell of `by` whose inhabitants can be told: the columns of `by`, population."""
    what = counted(store.content, question)
    keys, where = ", ".join(map(_quoted, question.by)), ", ".join(["everywhere", *map(_quoted, question.whereabouts)])
    shown = "".join(f", {WHERE.get(name, _quoted(name))} AS {_quoted(name)}" for name in question.whereabouts)
    time = "".join(f", {_quoted(name)}" for name in question.of_time)
    people = "".join(f", p.{name}" for name in question.of_people if name != "act")
    act = ", unnest($acts::VARCHAR[]) AS act" if "act" in question.by else ""
    statement = f"""
    WITH members AS (
        SELECT d.*, t.association, t.department AS covered, t.department, t.region,
            list_contains($places::VARCHAR[], t.association) AS mine
        FROM days d JOIN territories t ON d.visit_day + 1 BETWEEN t.since AND t.until
        WHERE d.visit_day BETWEEN $first AND $last
    ),
    whole AS (SELECT visit_day, covered, count(*) AS everyone FROM members GROUP BY ALL),
    part AS (SELECT visit_day, covered, 1 AS everywhere{shown}, count(*) AS these FROM members WHERE mine GROUP BY ALL),
    spans AS (SELECT 1 AS everywhere{time}, count(*) AS days FROM days
        WHERE visit_day BETWEEN $first AND $last GROUP BY ALL),
    people AS (
        SELECT {where}{people}, bool_and(these = everyone AND year(visit_day) >= $first_year) AS whole,
            sum(p.population) / any_value(s.days) AS number
        FROM part JOIN whole USING (visit_day, covered) JOIN spans s USING (everywhere{time})
        JOIN inhabitants p ON p.covered = part.covered
            AND p.year = greatest($first_year, least(year(visit_day), $last_year))
        GROUP BY ALL
    )
    SELECT {keys}, number AS population FROM (SELECT *{act} FROM people) WHERE whole
    """
    places = associations_in(question.territories, load_associations(store.content))
    values: dict[str, Any] = {
        "first": seen.first,
        "last": seen.last,
        "places": list(places or (item.code for item in load_associations(store.content))),
        "first_year": what.years[0],
        "last_year": what.years[1],
    } | ({"acts": list(load_acts(store.content).counted)} if act else {})
    with store.table("inhabitants", _table(store.content, question, what)):
        return store.frame(statement, values)


def told(content: Content, question: Question, seen: Window) -> dict[str, str]:
    """What one must know of the rates: the years of the population, the groups that have none."""
    what = counted(content, question)
    first, last = (max(what.years[0], min(day.year, what.years[1])) for day in (seen.first, seen.last))
    used = f"{first}" if first == last else f"{first}-{last}"
    after = f" ({what.years[1]} → {seen.last.year})" if seen.last.year > what.years[1] else ""
    lacking = {"no_rate": ", ".join(what.impossible)} if what.impossible else {}
    parts = _parts(content, question)
    return {"population": used + after} | lacking | ({"no_rate_of": ", ".join(parts)} if parts else {})


def _parts(content: Content, question: Question) -> list[str]:
    """Départements of which a cell counts some associations and not the others."""
    members = load_associations(content)
    chosen = associations_in(question.territories, members) or tuple(item.code for item in members)
    mine = Counter(item.department for item in members if item.code in chosen)
    everyone = Counter(item.department for item in members)
    each = "association" in question.by
    return sorted(code for code, number in mine.items() if everyone[code] > (1 if each else number))


def _quoted(name: str) -> str:
    return f'"{name}"'
