"""Somebody who has every export and wants the small counts: linear programs over single visits' atoms.

Written from what an export shows, not from how it was protected: every atom is an unknown of its own, every given
figure an equation. Late visits are unknowns beside those known first. Nothing of surveillance.disclosure.guard is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
import pandas as pd
from scipy.optimize import linprog

from surveillance.disclosure.sheets import Export

DAYS, PLACES, AGES = ("2024-01-01", "2024-01-02", "2024-01-03"), ("p1", "p2", "p3", "p4"), ("a1", "a2", "a3")
NIGHTS = ("2024-01-04", "2024-01-05")
ELEMENTS = {"visit_day": DAYS, "association": PLACES, "age_band": AGES}


@dataclass
class World:
    """Visits by atom: (measure, day, place, age, night of arrival) → visits; all that there is."""

    visits: dict[str, np.ndarray]  # measure → array (days, places, ages, nights), what each night added

    def true(self, measure: str, export: Export, labels: dict[str, str]) -> int:
        return int((self.visits[measure] * box(export, labels)).sum())

    def counter(self, measure: str, edition: tuple[str, int], maps) -> pd.DataFrame:  # type: ignore[no-untyped-def]
        """The counts as the store would give them."""
        known = self.visits[measure][..., : NIGHTS.index(edition[0]) + 1].sum(axis=-1)
        rows = []
        for d, p, a in product(range(len(DAYS)), range(len(PLACES)), range(len(AGES))):
            if known[d, p, a]:
                own = {"visit_day": DAYS[d], "association": PLACES[p], "age_band": AGES[a]}
                keys = {axis: named.get(own.get(axis, ""), named[""]) for axis, named in maps.items()}
                rows.append(keys | {"visits": int(known[d, p, a])})
        table = pd.DataFrame(rows, columns=[*maps, "visits"])
        return table.groupby(list(maps), as_index=False)["visits"].sum().astype("int64")


def box(export: Export, labels: dict[str, str]) -> np.ndarray:
    """1 where an atom (day, place, age, night) is in the cell, 0 elsewhere."""
    inside = []
    for axis, elements in ELEMENTS.items():
        keep = np.ones(len(elements), bool)
        if axis in export.within:
            keep &= np.isin(elements, export.within[axis])
        for name, cut in export.cuts.items():
            if cut.axis == axis:
                keep &= np.isin(elements, cut.labels[labels[name]])
        inside.append(keep)
    nights = np.arange(len(NIGHTS)) <= NIGHTS.index(export.edition[0])
    return np.einsum("d,p,a,n->dpan", *inside, nights).astype(float)


class Attacker:
    """Knows the given figures of one measure in some exports (and which measures lie within which)."""

    def __init__(self, exports: list[Export], chain: tuple[str, ...], counted_in: dict[str, tuple[int, ...]]) -> None:
        self.boxes: list[tuple[str, np.ndarray]] = []
        self.counted_in, self.size = counted_in, len(chain)
        equations, given = [], []
        for export in exports:
            for row in export.cells.to_dict("records"):
                if row["measure"] not in chain:
                    continue
                here = box(export, {name: row[name] for name in export.cuts})
                self.boxes.append((row["measure"], here))
                if row["shown"]:
                    equations.append(self.line(row["measure"], here))
                    given.append(row["value"])
        if equations:
            lines, first = np.unique(np.array(equations), axis=0, return_index=True)
            self.a, self.b = lines, np.array(given, float)[first]
        else:
            self.a, self.b = np.empty((0, 0)), np.empty(0)

    def line(self, measure: str, here: np.ndarray) -> np.ndarray:
        """A sum over atoms as a row over all unknowns: one block for each part of the chain."""
        return np.concatenate([here.ravel() * (part in self.counted_in[measure]) for part in range(self.size)])

    def interval(self, line: np.ndarray) -> tuple[float, float]:
        """The smallest and the largest value that the figures leave open (inf: no end)."""
        if not len(self.b):
            return 0.0, np.inf
        columns = np.unique(np.vstack([self.a, line]), axis=1)
        ends = []
        for sign in (1, -1):
            found = linprog(sign * columns[-1], A_eq=columns[:-1], b_eq=self.b, bounds=(0, None), method="highs")
            if found.status == 3:
                ends.append(sign * -np.inf)
            else:
                assert found.status == 0, found.message
                ends.append(sign * found.fun)
        return ends[0], ends[1]

    def secrets(
        self, world: World, threshold: int, matters: tuple[str, ...], late: bool
    ) -> list[tuple[np.ndarray, int, bool]]:
        """Every cell, and every difference of a cell and one within it, that holds 1 to threshold - 1 visits.

        late: also the difference of two nights. (sum, true value, is it a cell?)
        """
        lines = [
            (self.line(m, here), int((world.visits[m] * here).sum()), here.any(axis=(0, 1, 2)).tolist())
            for m, here in self.boxes
            if m in matters
        ]
        found: dict[bytes, tuple[np.ndarray, int, bool]] = {}
        for (one, first, night), (two, second, other) in combinations(lines, 2):
            if not late and night != other:
                continue
            for big, small, value in ((one, two, first - second), (two, one, second - first)):
                if (big >= small).all() and (big > small).any():
                    found[(big - small).tobytes()] = (big - small, value, False)
        found |= {line.tobytes(): (line, value, True) for line, value, _ in lines}
        return [one for one in found.values() if 0 < one[1] < threshold]

    def recovered(
        self, world: World, threshold: int, matters: tuple[str, ...], late: bool = True
    ) -> list[tuple[int, float, float]]:
        """(true value, low, high) of every secret that is known better than it may be.

        A cell to an interval narrower than `threshold`; a difference that must be below `threshold`.
        """
        out = []
        for line, value, cell in self.secrets(world, threshold, matters, late):
            low, high = self.interval(line)
            if high < threshold - 1e-6 or (cell and high - low < threshold - 1e-6):
                out.append((value, low, high))
        return out
