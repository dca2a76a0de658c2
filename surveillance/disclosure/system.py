"""What a reader of the exports can write down: unknown parts, and rows that are sums of them, given or hidden."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from surveillance.disclosure.distinct import distinct_rows
from surveillance.disclosure.partition import Parts
from surveillance.disclosure.sheets import Export

if TYPE_CHECKING:
    from scipy.sparse import csc_array, csr_array

BOOL = np.bool_


@dataclass
class System:
    """value: true visits of each unknown; secrets: sets of them that matter (see Parts).

    sums: (rows, unknowns) of 0 and 1; total: of each row.

    shown: is the sum given? soft: may it still be hidden? floor: where it is hidden, is a reader sure that it is not 0?
    row: where each row stands, (sheet, row of the export's cells). matters: rows of a measure that is sensitive.
    """

    value: np.ndarray
    secrets: tuple[tuple[int, ...], ...]
    sums: csr_array
    total: np.ndarray
    shown: np.ndarray
    soft: np.ndarray
    floor: np.ndarray
    row: np.ndarray
    matters: np.ndarray
    sheets: tuple[tuple[Export, str], ...]

    @cached_property
    def by_column(self) -> csc_array:
        """The sums, quick to take columns from."""
        return self.sums.tocsc()


def system_of(parts: Parts, new: Export, matters: Callable[[str], bool]) -> System:
    """The rows of all exports over their parts; those of `new` are soft."""
    from scipy.sparse import csr_array

    column, sheet = np.nonzero(parts.cell >= 0)
    cell = parts.cell[column, sheet]
    keys, row = distinct_rows(np.column_stack([sheet, cell]))
    ones = np.ones(len(column), dtype=np.int64)
    sums = csr_array((ones, (row, column)), shape=(len(keys), len(parts.value)))
    shown, floor = np.zeros(len(keys), BOOL), np.zeros(len(keys), BOOL)
    for n, (item, _) in enumerate(parts.sheets):
        here = keys[:, 0] == n
        shown[here] = item.cells["shown"].to_numpy()[keys[here, 1]]
        floor[here] = item.cells["floor"].to_numpy()[keys[here, 1]]
    soft = np.array([item is new for item, _ in parts.sheets], BOOL)[keys[:, 0]]
    great = np.array([matters(name) for _, name in parts.sheets], BOOL)[keys[:, 0]]
    return System(parts.value, parts.secrets, sums, sums @ parts.value, shown, soft, floor, keys, great, parts.sheets)


def give_back(system: System, new: Export) -> None:
    """Write into the cells of the new export which of its rows are hidden now."""
    for n, (item, _) in enumerate(system.sheets):
        if item is new:
            here = (system.row[:, 0] == n) & ~system.shown
            places = item.cells.index[system.row[here, 1]]
            item.cells.loc[places, "shown"] = False
            item.cells.loc[places, "floor"] = system.floor[here]
