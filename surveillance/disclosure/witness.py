"""Other tables that give the same figures: a count is safe when enough of them are exhibited.

A count is protected by showing whole tables of whole numbers that agree with every figure that was given, and in
which it is different. The search may use floating point; what it finds is believed only when it holds in whole numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from surveillance.disclosure.system import System

if TYPE_CHECKING:
    from scipy.sparse import csc_array

SECONDS = 5.0  # for one search among whole numbers; not found in that time is not found
MET = 1000.0  # what a protected count is worth, against hiding a cell (1 to 2 for each visit moved)


@dataclass(frozen=True)
class Aim:
    """Move the sum over some unknowns by `need` (down where negative). sure: hidden cells with a floor keep it."""

    columns: tuple[int, ...]
    need: int
    sure: bool


def search(
    system: System, columns: np.ndarray, aims: list[Aim], hide: bool, whole: bool = False
) -> tuple[np.ndarray, list[bool]]:
    """Changes of the unknowns `columns` (whole numbers; the others stay), and which aims they meet.

    hide: soft rows may change, at a price: they must be hidden then. All zero where no valid change was found.
    All aims are of one kind, sure or not. What does not hold in whole numbers is searched again among these.
    """
    rows = system.by_column[:, columns].tocsr()
    used = np.flatnonzero(np.diff(rows.indptr))
    problem = _Problem(system, used, rows[used], columns, aims, hide)
    change = problem.solve(whole)
    if change is None:
        return np.zeros(len(columns), dtype=np.int64), [False] * len(aims)
    wrong = problem.wrong(change)
    change[wrong] = 0
    met = problem.met(change)
    again = [n for n, done in enumerate(met) if not done and not whole and problem.touches(n, wrong)]
    if again:
        second, done = search(system, columns[wrong], [aims[n] for n in again], hide, whole=True)
        change[wrong] = second
        for n, well in zip(again, done, strict=True):
            met[n] = well
    return change, met


class _Problem:
    """One linear program: the changes, up and down parts of soft rows, and how far each aim is met."""

    def __init__(
        self, system: System, used: np.ndarray, rows: object, columns: np.ndarray, aims: list[Aim], hide: bool
    ) -> None:
        from scipy.sparse import csr_array

        self.rows = csr_array(rows)
        self.value = system.value[columns]
        self.total, shown = system.total[used], system.shown[used]
        self.soft = shown & system.soft[used] & hide & (self.total > 0)
        self.hard = shown & ~self.soft
        sure = bool(aims) and aims[0].sure
        self.kept = ~shown & system.floor[used] & sure & (self.total > 0)
        place = {int(column): n for n, column in enumerate(columns)}
        self.aims = aims
        picks = [(n, place[c]) for n, aim in enumerate(aims) for c in aim.columns if c in place]
        at = ([n for n, _ in picks], [c for _, c in picks])
        self.picked = csr_array((np.ones(len(picks), np.int64), at), shape=(len(aims), len(columns)))

    def solve(self, whole: bool) -> np.ndarray | None:
        """The cheapest change that meets the aims as far as can be, rounded; None when none is found."""
        from scipy.optimize import Bounds, LinearConstraint, milp

        n, soft, aims = len(self.value), int(self.soft.sum()), len(self.aims)
        sign = np.array([1 if aim.need > 0 else -1 for aim in self.aims])
        need = np.array([abs(aim.need) for aim in self.aims], float)
        hard, kept = int(self.hard.sum()), int(self.kept.sum())
        a = self._matrix(sign)
        low = np.concatenate([np.zeros(hard + soft), 1.0 - self.total[self.kept], np.zeros(aims)])
        high = np.concatenate([np.zeros(hard + soft), np.full(kept + aims, np.inf)])
        totals = self.total[self.soft]
        price = np.tile(1 + np.log2(1 + totals) / 16, 2)
        most = float(need.sum())
        bounds = Bounds(
            np.concatenate([-self.value.astype(float), np.zeros(2 * soft + aims)]),
            np.concatenate([np.full(n + soft, most), totals - 1.0, need]),
        )
        cost = np.concatenate([np.zeros(n), price, np.full(aims, -MET)])
        kinds = np.concatenate([np.ones(n), np.zeros(2 * soft + aims)]) if whole else None
        options = {"time_limit": SECONDS} if whole else {}
        found = milp(
            cost, integrality=kinds, bounds=bounds, constraints=LinearConstraint(a, low, high), options=options
        )
        return None if found.x is None else np.rint(found.x[:n]).astype(np.int64)

    def _matrix(self, sign: np.ndarray) -> csc_array:
        """Rows: hard, soft, kept, aims; columns: changes, ups and downs of soft rows, how far each aim is met."""
        from scipy.sparse import csc_array, hstack, vstack

        hard, soft, kept, aims = int(self.hard.sum()), int(self.soft.sum()), int(self.kept.sum()), len(self.aims)
        of_change = vstack(
            [self.rows[self.hard], self.rows[self.soft], self.rows[self.kept], self.picked.multiply(sign[:, None])]
        )
        line = np.concatenate([np.tile(hard + np.arange(soft), 2), hard + soft + kept + np.arange(aims)])
        amount = np.concatenate([-np.ones(soft), np.ones(soft), -np.ones(aims)])
        slack = csc_array((amount, (line, np.arange(2 * soft + aims))), shape=(of_change.shape[0], 2 * soft + aims))
        return csc_array(hstack([of_change, slack]))

    def wrong(self, change: np.ndarray) -> np.ndarray:
        """Unknowns of the components where the changed table is not one of whole numbers, none negative, with every
        given figure as it was."""
        from scipy.sparse.csgraph import connected_components

        moved = self.rows @ change
        bad = self.hard & (moved != 0)
        bad |= (self.soft | self.kept) & (self.total + moved < 1)
        column = self.value + change < 0
        if not bad.any() and not column.any():
            return np.zeros(len(change), np.bool_)
        label = connected_components(self.rows.T @ self.rows, directed=False)[1]
        hit = column | (np.asarray(self.rows.T @ bad.astype(np.int64)) > 0)
        return np.isin(label, label[hit])

    def touches(self, aim: int, columns: np.ndarray) -> bool:
        """Is one of these unknowns in the sum of the aim?"""
        return bool((self.picked[[aim]] @ columns.astype(np.int64))[0])

    def met(self, change: np.ndarray) -> list[bool]:
        """Which aims the change meets."""
        moved = self.picked @ change
        return [bool(m >= a.need if a.need > 0 else m <= a.need) for m, a in zip(moved, self.aims, strict=True)]
