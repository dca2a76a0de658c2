"""Where a count lies among the others: what is determined, what hangs together, what is near."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from surveillance.disclosure.system import System
from surveillance.disclosure.witness import Aim

HOPS, FEW, MANY = 2, 5, 3  # around an aim: so many steps, along each row the smallest and the largest unknowns


def determined(system: System, given: np.ndarray) -> np.ndarray:
    """Unknowns that follow one after the other from the rows given: a row with one unknown left tells it."""
    rows = system.sums[given]
    known = np.zeros(len(system.value), np.bool_)
    while True:
        lone = np.asarray(rows @ (~known).astype(np.int64)) == 1
        found = (np.asarray(rows[lone].T @ np.ones(int(lone.sum()), np.int64)) > 0) & ~known
        if not found.any():
            return known
        known |= found


def components(system: System, rows: np.ndarray, among: np.ndarray | None = None) -> np.ndarray:
    """The component of each unknown: those that meet in a row hang together; -1 for those not `among` them."""
    from scipy.sparse import coo_array, csr_array
    from scipy.sparse.csgraph import connected_components

    count = len(system.value)
    among = np.ones(count, np.bool_) if among is None else among
    links = coo_array(system.sums)
    keep = rows[links.coords[0]] & among[links.coords[1]]
    at = (links.coords[0][keep] + count, links.coords[1][keep])
    size = count + len(system.total)
    graph = csr_array((np.ones(int(keep.sum()), np.int8), at), shape=(size, size))
    label = connected_components(graph, directed=False)[1][:count]
    return np.where(among, label, -1)


def near(system: System, label: np.ndarray, aims: Sequence[Aim], hops: int = HOPS) -> np.ndarray:
    """The unknowns within a few steps of some aims, along given and hidden rows, few of each row."""
    rows, columns = system.sums, system.by_column
    found = {c for aim in aims for c in aim.columns if label[c] >= 0}
    edge = set(found)
    for _ in range(hops):
        touched = {int(r) for c in edge for r in columns.indices[columns.indptr[c] : columns.indptr[c + 1]]}
        reached: set[int] = set()
        for row in sorted(touched):
            members = rows.indices[rows.indptr[row] : rows.indptr[row + 1]]
            members = members[label[members] >= 0]
            order = members[np.lexsort((members, system.value[members]))]
            reached |= {int(c) for c in [*order[:FEW], *order[-MANY:]]}
        edge = reached - found
        found |= reached
    return np.array(sorted(found), np.int64)
