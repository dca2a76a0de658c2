"""Small exchanges of visits between unknowns that leave every given figure as it is: found by hand, in whole numbers.

Most counts are protected by the simplest exchange there is: as many visits more here as there are less beside. Finding
it row by row is hundreds of times quicker than a linear program, which then has only the hard ones left.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from surveillance.disclosure.system import System
from surveillance.disclosure.witness import Aim

STEPS, TRIES, LONG = 40, 3, 240  # rows put right, ways to begin, unknowns of a row looked at, before giving up
Change = dict[int, int]


class Swaps:
    """The open unknowns (`known` are not) with the given rows they are in, as lists."""

    def __init__(self, system: System, known: np.ndarray) -> None:
        self.value = system.value.tolist()
        self.total = system.total.tolist()
        self.known = known
        rows = system.sums
        open_rows = np.asarray(rows @ (~known).astype(np.int64)) > 0
        self.given, self.kept = system.shown & open_rows, ~system.shown & system.floor & open_rows
        self.columns: dict[int, list[int]] = {}
        for row in np.flatnonzero(self.given | self.kept).tolist():
            members = rows.indices[rows.indptr[row] : rows.indptr[row + 1]]
            self.columns[row] = members[~known[members]].tolist()
        self.rows: dict[int, list[int]] = {}
        for row, members in self.columns.items():
            for column in members:
                self.rows.setdefault(column, []).append(row)
        self._some: dict[int, list[int]] = {}

    def unmet(self, aims: list[Aim]) -> list[Aim]:
        """The aims that no exchange was found for."""
        waiting = dict.fromkeys(aims)
        of_column: dict[int, list[Aim]] = {}
        for aim in aims:
            for column in aim.columns:
                of_column.setdefault(column, []).append(aim)
        for aim in sorted(aims, key=lambda aim: (not aim.sure, -abs(aim.need))):
            for shift in range(TRIES):
                if aim not in waiting:
                    break
                change = self.exchange(aim, shift)
                if change is not None:
                    self._strike(waiting, of_column, change)
        return [aim for aim in aims if aim in waiting]

    def _strike(self, waiting: dict[Aim, None], of_column: dict[int, list[Aim]], change: Change) -> None:
        sure = all(self._kept(row, change) for column in change for row in self.rows.get(column, ()) if self.kept[row])
        for aim in {aim for column in change for aim in of_column.get(column, ())}:
            moved = sum(change.get(column, 0) for column in aim.columns)
            if (sure or not aim.sure) and (moved >= aim.need if aim.need > 0 else moved <= aim.need):
                waiting.pop(aim, None)

    def _kept(self, row: int, change: Change) -> bool:
        return bool(self.total[row] + sum(change.get(column, 0) for column in self.columns[row]) >= 1)

    def exchange(self, aim: Aim, shift: int = 0) -> Change | None:
        """A change that meets the aim and leaves every given row as it is, None when none was found."""
        change: Change = {}
        off: Change = {}
        if self._spread([c for c in aim.columns if not self.known[c]], aim.need, aim.sure, change, off, shift):
            return None
        for _ in range(STEPS):
            if not off:
                return change
            row = min(off, key=lambda row: (len(self.columns[row]), row))
            free = [column for column in self._members(row) if column not in change]
            free.sort(key=lambda column: self._cost(column, off, off[row]))
            if self._spread(free[shift:], -off[row], aim.sure, change, off, 0):
                return None
        return None

    def _members(self, row: int) -> list[int]:
        """The unknowns of a row; of a long one some: the largest, and the smallest."""
        members = self.columns[row]
        if len(members) <= LONG:
            return members
        if row not in self._some:
            order = sorted(members, key=lambda column: (-self.value[column], column))
            self._some[row] = order[: LONG // 2] + order[-LONG // 2 :]
        return self._some[row]

    def _cost(self, column: int, off: Change, amount: int) -> tuple[int, int, int]:
        """Rows that moving this unknown puts wrong, less those it puts right; then the room it has."""
        broken = 0
        for row in self.rows[column]:
            if self.given[row]:
                broken += 1 if off.get(row, 0) * amount <= 0 else -1
        room = self.value[column]
        return broken, -min(room, abs(amount)) if amount > 0 else 0, -room

    def _spread(self, columns: Iterable[int], need: int, sure: bool, change: Change, off: Change, shift: int) -> int:
        """Move `need` visits into the columns (out of them where negative); gives how many could not be moved."""
        columns = list(columns)
        for column in columns[shift % len(columns) :] + columns[: shift % len(columns)] if columns else ():
            step = need if need > 0 else -min(-need, self._room(column, sure, change))
            if step:
                change[column] = step
                for row in self.rows.get(column, ()):
                    if self.given[row]:
                        off[row] = off.get(row, 0) + step
                        if not off[row]:
                            del off[row]
                need -= step
            if not need:
                break
        return need

    def _room(self, column: int, sure: bool, change: Change) -> int:
        """How many visits can be taken from an unknown."""
        room: int = self.value[column]
        if sure:
            for row in self.rows.get(column, ()):
                if self.kept[row]:
                    moved = sum(change.get(other, 0) for other in self.columns[row])
                    room = min(room, self.total[row] - 1 + moved)
        return max(room, 0)
