"""Questions to the store: counts and shares by time, place, age and sex, as known now or on a past night."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from surveillance.ages import load_acts, load_ages
from surveillance.associations import load_associations
from surveillance.coding.rules import BASES, DIAGNOSIS
from surveillance.coding.syndromes import load_syndromes
from surveillance.counting import DENOMINATORS, TABLES, Counted, known, recount_then, versions_used
from surveillance.errors import UsageError
from surveillance.perimeters import associations_in
from surveillance.registry_tables import registry_tables
from surveillance.store import Store
from surveillance.visit_codes import coding_at

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
ADDED_UP = ("total", "all", "sum", "syndrome", "syndromes", "group", "groups")  # asked for, and would be wrong
NEVER_ADDED = "syndromes are never added up: a visit may count in several, and would be counted as often"
ASK_INSTEAD = "ask for an umbrella definition, one that holds them all, as ira does (surveillance indicators)"
OF_PEOPLE = ("age", "sex")  # the other dimensions are of time and place: there a feed can be missing


@dataclass(frozen=True)
class Question:
    """What is asked. Empty filters mean everything; `territories`: as in `associations_in`.

    basis: by diagnosis or by call reason. as_of: as known, and coded, after that night. coding: as coded by that one.
    """

    syndromes: tuple[str, ...]
    by: tuple[str, ...] = ("week",)
    since: date = date(2000, 1, 1)
    until: date = date(2100, 1, 1)
    scheme: str = "gene5"
    ages: tuple[str, ...] = ()
    sexes: tuple[str, ...] = ()
    territories: tuple[str, ...] = ()
    as_of: date | None = None
    basis: str = DIAGNOSIS
    coding: int | None = None


@dataclass(frozen=True)
class Answer:
    """The table, and what one must know to read it."""

    table: pd.DataFrame
    facts: dict[str, str]


def ask(store: Store, question: Question) -> Answer:
    """One row per cell of `by` and syndrome.

    Columns: those of `by`, syndrome, visits (acts counted in the syndrome), visits_all (all acts), visits_coded (acts
    with at least one diagnosis), share_all, share_coded (0–1), rate_coded (per 100,000 coded acts, the unit of Odissé),
    complete (every association sent every day of the cell, and nothing more can arrive for it), definition (the version
    or versions of the definition that counted). By reason the three of coded acts are visits_reason (acts with at least
    one call reason), share_reason and rate_reason.
    """
    checked(question)
    _known(store, question)
    question = _placed(store, question)
    counts, denominators = _sources(store, question)
    return Answer(cells(store, question, counts, denominators), _facts(store, question, counts))


def cells(store: Store, question: Question, counts: str, denominators: str, untold: str = "") -> pd.DataFrame:
    """The table of an answer from these tables of counts and denominators; `untold`: a definition's version where
    nothing counted, and the content has no such definition."""
    versions = _version_table(_versions(store, question, counts, untold))
    with registry_tables(store, question.scheme), store.table("versions", versions):
        return store.frame(_statement(question, counts, denominators), _parameters(store, question, denominators))


def checked(question: Question) -> None:
    """UsageError for a question that can mean nothing, or something wrong, whatever the store holds."""
    if question.basis not in BASES:
        raise UsageError(f"--basis knows {' and '.join(BASES)}, not {question.basis!r}")
    if added := [name for name in question.by if name in ADDED_UP]:
        raise UsageError(f"--by {added[0]}: {NEVER_ADDED}", ASK_INSTEAD)
    unknown = [name for name in question.by if name not in DIMENSIONS]
    if unknown:
        raise UsageError(f"--by does not know {', '.join(unknown)}", f"it knows: {', '.join(DIMENSIONS)}")


def _known(store: Store, question: Question) -> None:
    known = {item.id for item in load_syndromes(store.content)}
    strange = [name for name in question.syndromes if name not in known]
    if strange:
        raise UsageError(f"no case definition is called {', '.join(strange)}", f"there are: {', '.join(sorted(known))}")
    groups = load_ages(store.content).scheme(question.scheme).groups
    if lost := [age for age in question.ages if age not in groups]:
        raise UsageError(f"the age scheme {question.scheme} has no {', '.join(lost)}", f"it has: {', '.join(groups)}")


def _placed(store: Store, question: Question) -> Question:
    """The question with its night and its coding: a past night has its coding, a past coding its last night."""
    if question.coding is None:
        return question
    codings = {row[0]: row[1] for row in store.rows("SELECT number, from_night FROM codings")}
    if question.coding not in codings:
        raise UsageError(
            f"there is no coding {question.coding}", "surveillance indicators codings lists them"
        )
    later = [night for number, night in codings.items() if number > question.coding]
    last = min(later) - timedelta(days=1) if later else None
    if last and question.as_of and question.as_of > last:
        raise UsageError(
            f"coding {question.coding} ended with the night of {last}: what was told later was never coded by it",
            f"--as-of {last}, or no --as-of",
        )
    return replace(question, as_of=question.as_of or last)


def _sources(store: Store, question: Question) -> tuple[str, str]:
    """The rows of counts and of denominators that the question is put to, as a statement reads them."""
    night, denominators = question.as_of, known(DENOMINATORS, question.as_of)
    if night is None or question.coding in (None, coding_at(store, night)):
        return known(TABLES[question.basis], night), denominators
    acts = load_acts(store.content).counted
    asked = (question.since, question.until, acts, question.basis, question.syndromes, night, question.coding)
    return recount_then(store, Counted(*asked)), denominators


def _statement(question: Question, counts: str, denominators: str) -> str:
    coded = "coded" if question.basis == DIAGNOSIS else "reason"
    shown = ", ".join(f"{DIMENSIONS[name]} AS {_quoted(name)}" for name in question.by)
    keys = ", ".join(_quoted(name) for name in question.by)
    whereabouts = [name for name in question.by if name not in OF_PEOPLE]
    shown_where = ", ".join(["1 AS everywhere", *(f"{DIMENSIONS[name]} AS {_quoted(name)}" for name in whereabouts)])
    where_keys = ", ".join(["everywhere", *(_quoted(name) for name in whereabouts)])
    place = "JOIN territories t ON t.association = d.association JOIN ages a ON a.age_band = d.age_band"
    where = """d.visit_day BETWEEN $since::DATE AND $until::DATE
        AND (len($ages) = 0 OR list_contains($ages, a.age_group)) AND (len($sexes) = 0 OR list_contains($sexes, d.sex))
        AND (len($places) = 0 OR list_contains($places, d.association))"""
    return f"""
    CREATE OR REPLACE TEMP MACRO season_of(day) AS
        (year(day - INTERVAL 8 MONTH) || '-' || right((year(day - INTERVAL 8 MONTH) + 1)::VARCHAR, 2));
    WITH wanted AS (SELECT unnest($syndromes::VARCHAR[]) AS syndrome),
    below AS (
        SELECT {shown}, sum(d.visits_all) AS visits_all, sum(d.visits_{coded}) AS visits_{coded}
        FROM {denominators} d {place} WHERE {where} GROUP BY ALL HAVING sum(d.visits_all) <> 0
    ),
    above AS (
        SELECT {keys}, syndrome, sum(visits) AS visits, string_agg(definition, ', ' ORDER BY definition) AS definition
        FROM (
            SELECT {shown}, d.syndrome, d.definition, sum(d.visits) AS visits
            FROM {counts} d {place}
            WHERE {where} AND list_contains($syndromes, d.syndrome) GROUP BY ALL HAVING sum(d.visits) <> 0
        ) GROUP BY ALL
    ),
    expected AS (
        SELECT c.day::DATE AS visit_day, t.association, t.department,
            p.association IS NOT NULL AND c.day >= $held::DATE AND c.day + {SETTLED_DAYS} <= $known::DATE AS settled
        FROM (SELECT unnest(generate_series($from::DATE, $to::DATE, INTERVAL 1 DAY))::DATE AS day) c
        CROSS JOIN territories t
        LEFT JOIN (SELECT DISTINCT visit_day, association FROM {denominators}) p
            ON p.visit_day = c.day AND p.association = t.association
        ANTI JOIN closures x ON x.association = t.association AND c.day BETWEEN x.first AND x.last
        WHERE c.day + 1 BETWEEN t.since AND t.until
            AND (len($places) = 0 OR list_contains($places, t.association))
    ),
    settled AS (
        SELECT {shown_where}, bool_and(d.settled) AS complete
        FROM expected d JOIN territories t USING (association) GROUP BY ALL
    )
    SELECT {keys}, syndrome, visits::BIGINT AS visits, visits_all::BIGINT AS visits_all,
        visits_{coded}::BIGINT AS visits_{coded},
        visits / nullif(visits_all, 0) AS share_all, visits / nullif(visits_{coded}, 0) AS share_{coded},
        100000 * visits / nullif(visits_{coded}, 0) AS rate_{coded},
        coalesce(complete, false) AS complete, coalesce(found.definition, v.definition) AS definition
    FROM (SELECT * REPLACE (coalesce(visits, 0) AS visits), 1 AS everywhere FROM
        (below CROSS JOIN wanted) LEFT JOIN above USING ({keys}, syndrome)) found
    LEFT JOIN settled USING ({where_keys}) LEFT JOIN versions v USING (syndrome)
    ORDER BY {keys}, syndrome
    """


def _whole_periods(first: date, last: date, by: tuple[str, ...]) -> tuple[date, date]:
    """The days from `first` to `last`, with the rest of the weeks, months or seasons they begin and end."""
    if "season" in by:
        first = first.replace(year=first.year - (first.month < 9), month=9, day=1)
        return first, last.replace(year=last.year + (last.month >= 9), month=8, day=31)
    if "month" in by:
        first = first.replace(day=1)
        last = (last.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    if "week" in by:
        first, last = first - timedelta(days=first.weekday()), last + timedelta(days=6 - last.weekday())
    return first, last


def _parameters(store: Store, question: Question, denominators: str) -> dict[str, Any]:
    known = question.as_of or store.value("SELECT max(night) FROM receptions") or date(1970, 1, 1)
    held = store.value("SELECT min(night) FROM receptions") or date(1970, 1, 1)
    asked = {"since": question.since, "until": question.until}
    days = store.rows(
        f"SELECT min(visit_day), max(visit_day) FROM {denominators} WHERE visit_day BETWEEN $since AND $until", asked
    )[0]
    begin, end = _whole_periods(days[0] or known, days[1] or known, question.by)
    return asked | {
        "from": max(begin, question.since),
        "to": min(end, question.until),
        "ages": list(question.ages),
        "sexes": list(question.sexes),
        "places": list(associations_in(question.territories, load_associations(store.content))),
        "syndromes": list(question.syndromes),
        "known": known,
        "held": held - timedelta(days=1),
    }


def _versions(store: Store, question: Question, counts: str, untold: str = "") -> dict[str, str]:
    """Syndrome → the versions of its definition that counted, as `1` or `1, 2`; where nothing did, today's."""
    today = {item.id: item.version for item in load_syndromes(store.content)}
    found = versions_used(store, counts, question.since, question.until, question.syndromes)
    return {name: today.get(name, untold) for name in question.syndromes} | found


def _version_table(versions: Mapping[str, str]) -> Any:
    import pyarrow as pa

    return pa.table({"syndrome": list(versions), "definition": list(versions.values())})


def _facts(store: Store, question: Question, counts: str) -> dict[str, str]:
    last = question.as_of or store.value("SELECT max(night) FROM receptions")
    absent = store.rows(
        "SELECT association FROM receptions WHERE night = $night AND status IN ('absent', 'refused') ORDER BY 1",
        {"night": last},
    )
    versions = _versions(store, question, counts)
    coding = question.coding or (question.as_of and coding_at(store, question.as_of))
    simulated = (
        {} if store.fact("simulated") is None else {"simulated": ", ".join(store.invented(question.syndromes)) or "-"}
    )
    return simulated | {
        "known_as_of": str(last),
        "basis": question.basis,
        "definitions": "; ".join(f"{name} {versions[name]}" for name in question.syndromes),
        "coding": str(coding or store.value("SELECT max(number) FROM codings") or "-"),
        "missing_that_night": ", ".join(row[0] for row in absent) or "-",
        "content": store.content.decisions()[:12],
    }


def _quoted(name: str) -> str:
    return f'"{name}"'
