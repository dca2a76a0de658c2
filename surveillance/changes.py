"""Why a count is another than it was: what changed in a cell between two nights, each visit with one cause."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from surveillance.ages import load_acts, load_ages
from surveillance.associations import load_associations
from surveillance.coding.rules import BASES, DIAGNOSIS
from surveillance.coding.syndromes import load_syndromes
from surveillance.content import Content
from surveillance.errors import AuditError, UsageError
from surveillance.intake.visits import load_visit_rules
from surveillance.kept_counts import kept_in
from surveillance.perimeters import associations_in
from surveillance.store import Store
from surveillance.visit_codes import coding_at

if TYPE_CHECKING:
    import pandas as pd

MEASURES = ("visits", "coded", "all")  # counted in the syndrome; with a code; all acts
PARTS = ("new", "absent", "late", "double", "withdrawn", "recoded", "geography", "corrected")
Key = tuple[str, str]  # part, detail ("" for most)


@dataclass(frozen=True)
class Cell:
    """What was counted: a syndrome by a basis, the acts of some days, places, ages, sexes, types. Empty means all.

    `territories`: as in `associations_in`. `scheme`: of the age groups in `ages`.
    """

    syndrome: str
    first: date
    last: date
    basis: str = DIAGNOSIS
    territories: tuple[str, ...] = ()
    scheme: str = "gene5"
    ages: tuple[str, ...] = ()
    sexes: tuple[str, ...] = ()
    acts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Change:
    """A cell after two nights. `before`, `after`: measure → acts.

    `moves`: (measure, part, detail) → acts that came into the cell, and that left it (changed_visits.sql).
    """

    cell: Cell
    nights: tuple[date, date]
    codings: tuple[int, int]
    before: dict[str, int]
    after: dict[str, int]
    moves: dict[tuple[str, str, str], tuple[int, int]]

    def parts(self) -> list[Key]:
        """The parts that there are, with their details, in the order in which they are told."""
        found = {(part, detail) for _, part, detail in self.moves}
        return sorted(found, key=lambda key: (PARTS.index(key[0]), key[1]))

    def moved(self, measure: str) -> dict[Key, tuple[int, int]]:
        """Part and detail → (acts that came in, acts that went out)."""
        return {key: self.moves.get((measure, *key), (0, 0)) for key in self.parts()}

    def share(self, which: str, side: str) -> Fraction | None:
        """The share of the acts counted among those of `which` (coded, all), `before` or `after`; None of no act."""
        held = self.before if side == "before" else self.after
        return Fraction(held["visits"], held[which]) if held[which] else None

    def effects(self, which: str) -> dict[Key, tuple[Fraction, Fraction]] | None:
        """Part and detail → what its acts do to the share as numerator and as denominator; None where there is none.

        With n acts of d before, N of D after: N/D - n/d = (N - n)/d + N × (1/D - 1/d). A part that adds x to the
        numerator and y to the denominator has x/d and -N × y/(D × d): the sums are exact.
        """
        n, below, above = self.after["visits"], self.before[which], self.after[which]
        if not below or not above:
            return None
        up, down = self.moved("visits"), self.moved(which)
        return {
            key: (Fraction(up[key][0] - up[key][1], below), Fraction(-n * (down[key][0] - down[key][1]), below * above))
            for key in self.parts()
        }


def explain_change(store: Store, cell: Cell, nights: tuple[date, date]) -> Change:
    """What changed in a cell from what was known and coded after the first night to the second.

    UsageError for a cell or nights that mean nothing; AuditError should the parts not lead from the one to the other.
    """
    asked = _asked(store, cell, nights)
    totals = store.rows(store.sql("cell_totals"), {key: value for key, value in asked.items() if key != "reach"})[0]
    rows = store.rows(
        "SELECT measure, part, detail, count(*) FILTER (change > 0), count(*) FILTER (change < 0) "
        f"FROM ({store.sql('changed_visits')}) GROUP BY ALL",
        asked,
    )
    moves = {(measure, part, detail): (came, went) for measure, part, detail, came, went in rows}
    before, after = (dict(zip(MEASURES, map(int, totals[side::2]), strict=True)) for side in (0, 1))
    for measure in MEASURES:
        gained = sum(came - went for (name, *_), (came, went) in moves.items() if name == measure)
        if before[measure] + gained != after[measure]:
            raise AuditError(
                f"{measure}: {before[measure]} {gained:+} is not {after[measure]}",
                "a bug in indicators/sql/changed_visits.sql, or a store that does not hold together: "
                "surveillance replay rebuilds it",
            )
    return Change(cell, nights, (asked["then"], asked["now"]), before, after, moves)


def changed_visits(store: Store, cell: Cell, nights: tuple[date, date]) -> pd.DataFrame:
    """The visits behind the parts, one row each that counts otherwise in the syndrome.

    Columns: visit_uid, association, visit_day (of the newest version known), part, detail, change (+1, -1).
    """
    columns = "visit_uid, association, visit_day, part, detail, change"
    statement = f"SELECT {columns} FROM ({store.sql('changed_visits')}) WHERE measure = 'visits'"
    return store.frame(f"{statement} ORDER BY part, detail, visit_uid, change", _asked(store, cell, nights))


def checked(content: Content, cell: Cell) -> Cell:
    """The cell with its types of act; UsageError where it names what there is not."""
    if cell.basis not in BASES:
        raise UsageError(f"--basis knows {' and '.join(BASES)}, not {cell.basis!r}")
    if cell.last < cell.first:
        raise UsageError(f"the last visit day {cell.last} is before the first {cell.first}")
    counted = load_acts(content).counted
    groups = load_ages(content).scheme(cell.scheme).groups
    known = {one.id for one in load_syndromes(content)}
    _only("case definition", (cell.syndrome,), known)
    _only(f"age group of {cell.scheme}", cell.ages, groups)
    _only("type of act that is counted", cell.acts, counted)
    return replace(cell, acts=cell.acts or counted)


def _only(what: str, given: tuple[str, ...], known: Any) -> None:
    if strange := [name for name in given if name not in known]:
        raise UsageError(f"no {what} is called {', '.join(strange)}", f"there are: {', '.join(sorted(known))}")


def _asked(store: Store, cell: Cell, nights: tuple[date, date]) -> dict[str, Any]:
    """Cell and nights as the statements name them: the places are those of the registry in force, as in a question."""
    if nights[1] < nights[0]:
        raise UsageError(f"--from {nights[0]} is after --to {nights[1]}", "give the earlier night to --from")
    cell = checked(store.content, cell)
    if (kept := kept_in(store)) and cell.first < kept.before:
        raise UsageError(
            f"visits of before {kept.before} were reduced to counts: what made them is no longer known",
            f"--since {kept.before}; surveillance query --as-of still tells both counts",
        )
    members, bands = load_associations(store.content), load_ages(store.content).scheme(cell.scheme).of_band
    places = associations_in(cell.territories, members) or tuple(one.code for one in members)
    return {
        "syndrome": cell.syndrome,
        "basis": cell.basis,
        "first": cell.first,
        "last": cell.last,
        "places": list(places),
        "ages": [band for band, group in bands.items() if group in cell.ages],
        "sexes": list(cell.sexes),
        "acts": list(cell.acts),
        "from": nights[0],
        "to": nights[1],
        "then": coding_at(store, nights[0]),
        "now": coding_at(store, nights[1]),
        "reach": cell.first - timedelta(days=1 + load_visit_rules(store.content).limits.identity_days),
    }
