"""The counts of the store by the classes that exports tell apart, as known and coded then."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import date
from typing import TYPE_CHECKING, Any

from surveillance.ages import load_acts
from surveillance.disclosure.sheets import Edition, Maps
from surveillance.known_counts import Counted, recount_then
from surveillance.ledgers import DENOMINATORS, TABLES, known
from surveillance.store import Store
from surveillance.visit_codes import coding_at

if TYPE_CHECKING:
    import pandas as pd


class StoreCounter:
    """Counts a measure (`basis/syndrome`, or a denominator: visits_…) of an edition by classes, from the store.

    newest: the edition that is in force now; earlier ones are counted again as they were.
    """

    def __init__(self, store: Store, newest: Edition, first: date, last: date) -> None:
        self.store, self.newest, self.first, self.last = store, newest, first, last

    def __call__(self, measure: str, edition: Edition, maps: Maps) -> pd.DataFrame:
        """One row per combination of classes with visits: the axes of the maps, visits."""
        basis, _, syndrome = measure.rpartition("/")
        table = self._rows(basis, syndrome, edition) if basis else self._totals(edition)
        column = "visits" if basis else measure
        here = {name for (name,) in self.store.rows(f"SELECT column_name FROM (DESCRIBE FROM {table})")}
        where = "d.visit_day BETWEEN $first AND $last" + (" AND d.syndrome = $syndrome" if basis else "")
        chosen, joins = [], []
        with ExitStack() as stack:
            for axis, classes in maps.items():
                if len(classes) == 1 or axis not in here:
                    chosen.append(f"{classes['']} AS {axis}")
                    continue
                stack.enter_context(self.store.table(f"class_{axis}", _classes(axis, classes)))
                joins.append(f"LEFT JOIN class_{axis} ON class_{axis}.element = d.{axis}")
                chosen.append(f"coalesce(class_{axis}.class, {classes['']}) AS {axis}")
            keys = {"first": self.first, "last": self.last} | ({"syndrome": syndrome} if basis else {})
            return self.store.frame(
                f"SELECT {', '.join(chosen)}, sum(d.{column})::BIGINT AS visits FROM {table} d {' '.join(joins)} "
                f"WHERE {where} GROUP BY ALL",
                keys,
            )

    def _totals(self, edition: Edition) -> str:
        return known(DENOMINATORS, None if edition == self.newest else date.fromisoformat(edition[0]))

    def _rows(self, basis: str, syndrome: str, edition: Edition) -> str:
        """The rows of counts of an edition, as statements read them."""
        if edition == self.newest:
            return known(TABLES[basis], None)
        night, coding = date.fromisoformat(edition[0]), edition[1]
        if coding in (0, coding_at(self.store, night)):
            return known(TABLES[basis], night)
        acts = load_acts(self.store.content).counted
        return recount_then(self.store, Counted(self.first, self.last, acts, basis, (syndrome,), night, coding))


def _classes(axis: str, classes: Any) -> Any:
    import pyarrow as pa

    named = [element for element in classes if element]
    elements = pa.array([date.fromisoformat(one) for one in named] if axis == "visit_day" else named)
    return pa.table({"element": elements, "class": pa.array([classes[one] for one in named], pa.int32())})
