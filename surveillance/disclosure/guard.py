"""Hiding until nothing small can be worked out: which counts need it, and which cells go with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from surveillance.disclosure.places import components, determined, near
from surveillance.disclosure.swaps import Swaps
from surveillance.disclosure.system import System
from surveillance.disclosure.witness import Aim, search

BATCH = 600  # unknowns of one search: small components are searched together
LARGE = 300  # a component beyond it is searched around what is to be protected first
FURTHER = 3  # steps around an aim, where fewer did not do
TOGETHER = 20  # aims of a large component that are tried at once


def guard(system: System, threshold: int) -> list[Aim]:
    """Hide soft rows of `system` until every small count is protected; gives what could not be.

    A count from 1 to threshold - 1 is protected when a reader of all figures can exclude neither that it is 0 nor that
    it is `threshold`; and, being sure that no zero is hidden, neither 1 nor threshold - 1: what the rule tells anyway.
    """
    small = (system.total >= 1) & (system.total < threshold) & system.matters
    first = small & system.soft & system.shown
    system.shown[first], system.floor[first] = False, True
    lacking = _unmet(system, list(_aims(system, small, threshold)))
    if not lacking:
        return []
    left = _hide_for(system, lacking)
    if not left:
        return []
    open_zeros(system, left)
    return _hide_for(system, left)


def open_zeros(system: System, aims: Sequence[Aim]) -> None:
    """Take the floor away from what is newly hidden around these counts: zeros must be hidden beside it."""
    label = components(system, np.ones(len(system.shown), np.bool_))
    touched = {label[column] for aim in aims for column in aim.columns}
    rows = system.sums
    for row in np.flatnonzero(system.soft & ~system.shown):
        if label[rows.indices[rows.indptr[row]]] in touched:
            system.floor[row] = False


def _aims(system: System, small: np.ndarray, threshold: int) -> Iterator[Aim]:
    """For every small count of a component with new rows, where other tables must be able to move it."""
    rows = system.sums
    label = components(system, np.ones(len(system.shown), np.bool_))
    new = {label[c] for row in np.flatnonzero(system.soft) for c in rows.indices[rows.indptr[row] :][:1]}
    held = ((columns, int(system.value[list(columns)].sum())) for columns in system.secrets)
    sets = {columns: value for columns, value in held if 1 <= value < threshold and label[columns[0]] in new}
    for row in np.flatnonzero(small & ~system.shown):
        members = rows.indices[rows.indptr[row] : rows.indptr[row + 1]]
        if len(members) > 1 and label[members[0]] in new:
            sets[tuple(int(c) for c in np.sort(members))] = int(system.total[row])
    for columns, value in sets.items():
        yield from _four(columns, value, threshold, len(columns) > 1 and _holds_floor(system, columns))


def _four(columns: tuple[int, ...], value: int, threshold: int, told: bool) -> Iterator[Aim]:
    """Up to the threshold and down to 0; and, sure of the floors, up to threshold - 1 and down to 1.

    told: it holds hidden cells of earlier exports, so that more than one visit is known to be there anyway.
    """
    needs = [
        (threshold - value, False),
        (-value, False),
        (threshold - 1 - value, True),
        (0 if told else 1 - value, True),
    ]
    yield from (Aim(columns, need, sure) for need, sure in needs if need)


def _holds_floor(system: System, columns: tuple[int, ...]) -> bool:
    """Does a hidden row that is known not to be zero lie within these unknowns, and is not all of them?"""
    inside = np.zeros(len(system.value), np.int64)
    inside[list(columns)] = 1
    size = np.diff(system.sums.indptr)
    within = (system.sums @ inside == size) & (size < len(columns)) & ~system.shown & system.floor
    return bool(within.any())


def _unmet(system: System, aims: list[Aim]) -> list[Aim]:
    """The aims that no table meets as things are."""
    known = determined(system, system.shown)
    given = np.asarray(system.sums.T @ system.shown.astype(np.int64)) > 0
    bound = [aim for aim in aims if len(aim.columns) > 1 or given[aim.columns[0]]]  # else in no given figure at all
    lost = [aim for aim in bound if known[list(aim.columns)].all()]
    open_ = [aim for aim in bound if not known[list(aim.columns)].all()]
    open_ = Swaps(system, known).unmet(open_)
    label = components(system, np.ones(len(system.shown), np.bool_), ~known)
    kinds = sorted({(aim.sure, aim.need > 0) for aim in open_})
    for kind in kinds:
        mine = [aim for aim in open_ if (aim.sure, aim.need > 0) == kind]
        lost += _one_by_one(system, label, _together(system, label, mine), hide=False)
    return [aim for aim in aims if aim in set(lost)]


def _hide_for(system: System, aims: list[Aim]) -> list[Aim]:
    """Hide soft rows so that the aims are met; gives those that cannot be."""
    known = determined(system, system.shown & ~system.soft)
    label = components(system, np.ones(len(system.shown), np.bool_), ~known)
    left = [aim for aim in aims if known[list(aim.columns)].all()]
    aims = [aim for aim in aims if not known[list(aim.columns)].all()]
    for kind in sorted({(aim.sure, aim.need > 0) for aim in aims}):
        mine = [aim for aim in aims if (aim.sure, aim.need > 0) == kind]
        left += _one_by_one(system, label, mine, hide=True)
    return left


def _together(system: System, label: np.ndarray, aims: list[Aim]) -> list[Aim]:
    """Those of the aims that are not met when all of them are tried at once."""
    left: list[Aim] = []
    for columns, mine in _batches(system, label, aims, TOGETHER):
        _, met = search(system, columns, mine, False)
        left += [aim for aim, done in zip(mine, met, strict=True) if not done]
    return left


def _one_by_one(system: System, label: np.ndarray, aims: list[Aim], hide: bool) -> list[Aim]:
    """Each aim in a search of its own (those of several components side by side); gives those not met."""
    queues: dict[int, list[Aim]] = {}
    for aim in aims:
        queues.setdefault(_home(label, aim), []).append(aim)
    left: list[Aim] = []
    while queues:
        turn = [queue.pop(0) for queue in queues.values()]
        for columns, mine in _batches(system, label, turn, 1):
            change, failed = _searched(system, label, columns, mine, hide)
            left += failed
            queues = {home: [aim for aim in queue if not _meets(aim, change)] for home, queue in queues.items()}
        if hide:  # what is hidden now may have freed others
            waiting = [aim for queue in queues.values() for aim in queue]
            still = set(Swaps(system, determined(system, system.shown)).unmet(waiting))
            queues = {home: [aim for aim in queue if aim in still] for home, queue in queues.items()}
        queues = {home: queue for home, queue in queues.items() if queue}
    return left


def _meets(aim: Aim, change: np.ndarray) -> bool:
    moved = sum(int(change[column]) for column in aim.columns)
    return moved >= aim.need if aim.need > 0 else moved <= aim.need


def _searched(
    system: System, label: np.ndarray, columns: np.ndarray, aims: list[Aim], hide: bool
) -> tuple[np.ndarray, list[Aim]]:
    """A change of all unknowns that holds, and the aims not met: searched near them, then further off.

    The whole of a component is looked at last, and only before a cell is lost for want of another.
    """
    whole = np.zeros(len(system.value), np.int64)
    change, met = search(system, columns, aims, hide)
    failed = [aim for aim, done in zip(aims, met, strict=True) if not done]
    change[np.isin(label[columns], [_home(label, aim) for aim in failed])] = 0
    whole[columns] = change
    left = []
    for aim in failed:
        home = np.flatnonzero(label == _home(label, aim))
        wider = [near(system, label, [aim], FURTHER)] if len(home) > LARGE else []
        for place in [*wider, *([home] if (hide and len(home) > LARGE) or len(aims) > 1 else [])]:
            change, (done,) = search(system, place, [aim], hide)
            if done:
                whole[place] = change
                break
        else:
            left.append(aim)
    _apply(system, whole)
    return whole, left


def _apply(system: System, whole: np.ndarray) -> None:
    """Hide the soft rows that the change does not leave as they were."""
    moved = (system.sums @ whole != 0) & system.shown & system.soft
    system.shown[moved], system.floor[moved] = False, True


def _home(label: np.ndarray, aim: Aim) -> int:
    return max(int(label[c]) for c in aim.columns)  # its unknowns meet in a row; what is determined has -1


def _batches(
    system: System, label: np.ndarray, aims: list[Aim], together: int
) -> Iterator[tuple[np.ndarray, list[Aim]]]:
    """Unknowns and aims of one search each: whole components, or what lies around some aims of a large one."""
    members = _members(label)
    homes: dict[int, list[Aim]] = {}
    for aim in aims:
        homes.setdefault(_home(label, aim), []).append(aim)
    columns: list[np.ndarray] = []
    mine: list[Aim] = []
    for home, group in homes.items():
        here = members[home]
        if len(here) > LARGE:
            for n in range(0, len(group), together):
                yield near(system, label, group[n : n + together]), group[n : n + together]
            continue
        columns.append(here)
        mine += group
        if sum(map(len, columns)) > BATCH:
            yield np.concatenate(columns), mine
            columns, mine = [], []
    if mine:
        yield np.concatenate(columns), mine


def _members(label: np.ndarray) -> dict[int, np.ndarray]:
    order = np.argsort(label, kind="stable")
    names, first = np.unique(label[order], return_index=True)
    return dict(zip(names.tolist(), np.split(order, first[1:]), strict=True))
