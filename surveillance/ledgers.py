"""The ledgers of counts: what each night changed. What is known after a night is the sum of the rows up to it.

Each has an abridged one beside it, by visit day, association and age band alone: two fifths of the rows of all acts,
three fifths of the counts, and enough for a question that does not ask for départements, sexes or types of act.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType

from surveillance.coding.rules import DIAGNOSIS, REASON
from surveillance.store import OPEN, Store

LATEST = OPEN - timedelta(days=1)  # the night after which what is in force now is known
TABLES = {DIAGNOSIS: "counts", REASON: "reason_counts"}
DENOMINATORS = "denominators"
BRIEF_CELL = "visit_day, association, age_band"
CELL = "visit_day, association, department, age_band, sex, act_type"
BRIEF = "brief_"
COUNTED = "sum(visits)::INTEGER AS visits"
TOTALS = ", ".join(f"sum({name})::INTEGER AS {name}" for name in ("visits_all", "visits_coded", "visits_reason"))


@dataclass(frozen=True)
class Ledger:
    """A ledger: the statement that finds changes, what makes a row one beside its cell (its order too), its sums."""

    table: str
    statement: str
    before: str
    after: str
    sums: str

    def key(self, cell: str) -> str:
        """What makes a row one, in the order of the rows."""
        return f"{self.before}{cell}{self.after}"

    @property
    def nothing(self) -> str:
        """The condition that a sum says nothing."""
        return " AND ".join(f"{part.split(' AS ')[0]} = 0" for part in self.sums.split(", "))


COUNT_LEDGERS: Mapping[str, Ledger] = MappingProxyType(
    {
        basis: Ledger(table, "count_changes", "syndrome, night, ", ", definition", COUNTED)
        for basis, table in TABLES.items()
    }
)
DENOMINATOR_LEDGER = Ledger(DENOMINATORS, "denominator_changes", "night, ", "", TOTALS)
LEDGERS = (*COUNT_LEDGERS.values(), DENOMINATOR_LEDGER)


def known(table: str, night: date | None, brief: bool = False) -> str:
    """The rows of a ledger, or of its abridged one, that were known after a night (None: now), as statements read them:
    FROM {known(…)}."""
    table = BRIEF + table if brief else table
    return table if night is None else f"(FROM {table} WHERE night <= DATE '{night.isoformat()}')"


def abridge(store: Store, first: date, last: date) -> None:
    """Write again what these nights changed in the abridged ledgers, from the others."""
    nights = {"first": first, "last": last}
    for ledger in LEDGERS:
        store.run(f"DELETE FROM {BRIEF}{ledger.table} WHERE night BETWEEN $first AND $last", nights)
        store.run(
            f"INSERT INTO {BRIEF}{ledger.table} BY NAME SELECT {ledger.key(BRIEF_CELL)}, {ledger.sums} "
            f"FROM {ledger.table} WHERE night BETWEEN $first AND $last "
            f"GROUP BY ALL HAVING NOT ({ledger.nothing}) ORDER BY {ledger.key(BRIEF_CELL)}",
            nights,
        )
