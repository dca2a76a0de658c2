"""The cells of an answer: acts of the syndromes and all acts, and how much of what was expected arrived.

Small tables name the rows of the ledgers (days: weeks; associations: régions; bands: groups of age), which are then
added up once: by day and association first took twice as long (25 million rows). Filters are conditions of the scan.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from surveillance.ages import load_acts, load_ages
from surveillance.associations import load_associations
from surveillance.coding.rules import DIAGNOSIS
from surveillance.coding.syndromes import load_syndromes
from surveillance.perimeters import associations_in
from surveillance.questions.asked import Question
from surveillance.questions.periods import TIME
from surveillance.questions.presence import EXPECTED, Window, day_tables, window
from surveillance.registry_tables import registry_tables
from surveillance.store import Store

if TYPE_CHECKING:
    import pandas as pd

SETTLED_DAYS = 14  # every visit has arrived 14 days after (reporting triangle of the published daily files)
# Dimension → what it is in a row of a ledger (r), with the names of its day, place and age beside it.
SHOWN: Mapping[str, str] = {
    **{kind: f"d.{kind}" for kind in TIME},
    "association": "r.association",
    "department": "r.department",
    "region": "t.region",
    "national": "'FR'",
    "age": "a.age_group",
    "sex": "r.sex",
    "act": "r.act_type",
}


def cells(store: Store, question: Question, counts: str, denominators: str, untold: str = "") -> pd.DataFrame:
    """The cells in which acts are known, from these tables of counts and denominators, with the columns of `ask`.

    `untold`: a definition's version where nothing counted, and the content has no such definition.
    """
    seen = window(store, question, denominators)
    with registry_tables(store, question.scheme), day_tables(store, seen, denominators):
        found = all_cells(store, question, seen, (counts, denominators))
    found = defined(found, versions(store, question, found, untold))
    found = found[found["acts_known"]].drop(columns="acts_known").reset_index(drop=True)
    return found.astype({name: "int64" for name in found.columns if name.startswith("visits")})


def all_cells(store: Store, question: Question, seen: Window, ledgers: tuple[str, str]) -> pd.DataFrame:
    """Those too in which nothing is known; `acts_known` tells them. Needs `registry_tables` and `day_tables`.

    definition: the versions that counted in the cell, empty where nothing did (see `defined`).
    """
    asked = Filters(store, question)
    frame = store.frame(_statement(question, ledgers, asked), asked.values | _parameters(store, question, seen))
    whole = [name for name in frame.columns if name.startswith("visits")]
    return frame.astype(dict.fromkeys(whole, "Int64"))


def versions(store: Store, question: Question, found: pd.DataFrame, untold: str = "") -> dict[str, str]:
    """Syndrome → the versions of its definition that counted, as `1` or `1, 2`; where nothing did, today's."""
    today = {item.id: item.version for item in load_syndromes(store.content)}
    told = {name: today.get(name, untold) for name in question.syndromes}
    counted = found[["syndrome", "definition"]].dropna().drop_duplicates()
    for name, lists in counted.groupby("syndrome")["definition"]:
        told[str(name)] = ", ".join(sorted({one for several in lists for one in several.split(", ")}))
    return told


def defined(found: pd.DataFrame, told: Mapping[str, str]) -> pd.DataFrame:
    """The cells, with these versions where nothing counted."""
    return found.assign(definition=found["definition"].fillna(found["syndrome"].map(told)))


class Filters:
    """What a question keeps, as conditions that a scan can use: each value is a parameter of its own."""

    def __init__(self, store: Store, question: Question) -> None:
        self.values: dict[str, Any] = {}
        bands = load_ages(store.content).scheme(question.scheme).groups
        self.syndromes = self.among("syndrome", question.syndromes)
        self.places = self.among("association", associations_in(question.territories, _members(store)))
        self.people = " AND ".join(
            (
                self.among("age_band", [band for age in question.ages for band in bands[age]]),
                self.among("sex", question.sexes),
                self.among("act_type", question.acts),
            )
        )

    def among(self, column: str, wanted: Iterable[str]) -> str:
        """The condition that a column has one of these values; of none: any."""
        names = {f"{column}_{number}": value for number, value in enumerate(wanted)}
        self.values |= names
        return f"{column} IN ({', '.join(f'${name}' for name in names)})" if names else "TRUE"


def _members(store: Store) -> Any:
    return load_associations(store.content)


def _statement(question: Question, ledgers: tuple[str, str], asked: Filters) -> str:
    below = "coded" if question.basis == DIAGNOSIS else "reason"
    keys = ", ".join(_quoted(name) for name in question.by)
    where_keys = ", ".join(["everywhere", *map(_quoted, question.whereabouts)])
    return f"""
    WITH {_known_cells(question, ledgers, asked, below)}, {_expected_cells(question, asked)},
    found AS (
        SELECT {keys}, v.syndrome, b.visits_all IS NOT NULL AS acts_known,
            CASE WHEN acts_known THEN coalesce(f.visits, 0) WHEN p.heard_of THEN 0 END::BIGINT AS visits,
            CASE WHEN acts_known THEN b.visits_all WHEN p.heard_of THEN 0 END::BIGINT AS visits_all,
            CASE WHEN acts_known THEN b.visits_{below} WHEN p.heard_of THEN 0 END::BIGINT AS visits_{below},
            p.expected, p.came, p.settled, f.definition
        FROM (SELECT *, 1 AS everywhere FROM every) CROSS JOIN (SELECT unnest($counted::VARCHAR[]) AS syndrome) v
        LEFT JOIN below b USING ({keys})
        LEFT JOIN above f USING ({keys}, syndrome) LEFT JOIN present p USING ({where_keys})
    )
    SELECT {keys}, syndrome, visits, visits_all, visits_{below},
        visits / nullif(visits_all, 0) AS share_all, visits / nullif(visits_{below}, 0) AS share_{below},
        100000 * visits / nullif(visits_{below}, 0) AS rate_{below}, came / nullif(expected, 0) AS completeness,
        CASE WHEN visits IS NULL AND expected = 0 THEN 'closed' WHEN visits IS NULL THEN 'missing'
            WHEN came < expected THEN 'partial' ELSE 'counted' END AS state,
        coalesce(settled, false) AS complete, definition, acts_known
    FROM found ORDER BY {keys}, syndrome
    """


def _known_cells(question: Question, ledgers: tuple[str, str], asked: Filters, below: str) -> str:
    """below: one row per cell of `by` with its acts. above: one per cell and syndrome that has visits."""
    shown = ", ".join(f"{SHOWN[name]} AS {_quoted(name)}" for name in question.by)
    kept = f"visit_day BETWEEN $since::DATE AND $until::DATE AND {asked.places} AND {asked.people}"
    named = f"""{"JOIN days d USING (visit_day)" if question.of_time else ""} JOIN territories t USING (association)
        {"JOIN ages a USING (age_band)" if "age" in question.by else ""}"""
    counts, denominators = ledgers
    return f"""below AS (
        SELECT {shown}, sum(r.visits_all) AS visits_all, sum(r.visits_{below}) AS visits_{below}
        FROM {denominators} r {named} WHERE {kept} GROUP BY ALL HAVING sum(r.visits_all) <> 0
    ),
    above AS (
        SELECT * EXCLUDE (definition, visits), sum(visits) AS visits,
            string_agg(definition, ', ' ORDER BY definition) AS definition
        FROM (
            SELECT {shown}, r.syndrome, r.definition, sum(r.visits) AS visits
            FROM {counts} r {named} WHERE {kept} AND {asked.syndromes} GROUP BY ALL HAVING sum(r.visits) <> 0
        ) GROUP BY ALL
    )"""


def _expected_cells(question: Question, asked: Filters) -> str:
    """present: one row per cell of time and place with what was expected of it. every: one per cell of the answer."""
    keys = ", ".join(_quoted(name) for name in question.by)
    shown = "".join(f", {_whereabouts(name)} AS {_quoted(name)}" for name in question.whereabouts)
    met = "".join(
        f" CROSS JOIN (SELECT unnest(${name}_values::VARCHAR[]) AS {_quoted(name)} UNION "
        f"SELECT {_quoted(name)} FROM below)"
        for name in question.of_people
    )
    return f"""present AS (
        SELECT 1 AS everywhere{shown}, count(*) FILTER (NOT closed) AS expected,
            count(*) FILTER (NOT closed AND arrived) AS came, bool_or(arrived) AS heard_of, bool_or(held) AS held,
            bool_and(arrived AND visit_day >= $held::DATE AND visit_day + {SETTLED_DAYS} <= $known::DATE)
                FILTER (NOT closed) AS settled
        FROM ({EXPECTED}) e WHERE visit_day BETWEEN $first AND $last AND {asked.places} GROUP BY ALL
    ),
    every AS (SELECT {keys} FROM below UNION SELECT {keys} FROM (FROM present WHERE held){met})"""


def _whereabouts(name: str) -> str:
    """A dimension of time or place in a row of EXPECTED."""
    return "'FR'" if name == "national" else f"e.{name}"


def _parameters(store: Store, question: Question, seen: Window) -> dict[str, Any]:
    acts, ages = load_acts(store.content).counted, load_ages(store.content)
    groups = [name for name, bands in ages.scheme(question.scheme).groups.items() if bands != (ages.unknown,)]
    values = {
        "age_values": question.ages or groups,
        "sex_values": question.sexes or ("F", "M"),
        "act_values": question.acts or acts,
    }
    return {
        "since": question.since,
        "until": question.until,
        "first": seen.first,
        "last": seen.last,
        "known": seen.known,
        "held": seen.held,
        "counted": list(question.syndromes),
    } | {f"{name}_values": list(values[f"{name}_values"]) for name in question.of_people}


def _quoted(name: str) -> str:
    return f'"{name}"'
