"""The coarsest parts of which every exported cell is a sum: the unknowns of whoever has the exports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from surveillance.disclosure.distinct import distinct_rows
from surveillance.disclosure.pieces import pieces_of
from surveillance.disclosure.sheets import AXES, Counter, Export

if TYPE_CHECKING:
    import pandas as pd

Classes = tuple[dict[str, int], "pd.DataFrame"]  # element → class; one row per class: codes of its labels
REST = ""  # the elements of an axis that no export names


@dataclass(frozen=True)
class Parts:
    """The unknowns. value: visits in each; inner: does it count in a measure that is sensitive?

    secrets: the sets of parts (their numbers, rising) that are protected wherever they hold few visits.

    cell: (parts, sheets) the row of the sheet's export that the part belongs to, -1 where none.
    sheets: (export, measure).
    """

    value: np.ndarray
    inner: np.ndarray
    cell: np.ndarray
    sheets: tuple[tuple[Export, str], ...]
    secrets: tuple[tuple[int, ...], ...]


def parts_of(
    exports: Sequence[Export], chain: Sequence[str], sensitive: int, count: Counter, late: bool = True
) -> Parts:
    """The parts that the exports tell apart. chain: measures, each within the next; the first `sensitive` matter.
    late: are few visits that came or went between two exports a small count?

    Two parts that no export tells apart are one. Parts of no visit are left out: who knows that they are empty
    knows more than a reader does, so that what is safe against that one is safe against every reader.
    """
    axes = {axis: _classes(axis, exports) for axis in AXES}
    editions = sorted({item.edition for item in exports})
    pieces = pieces_of(chain, editions, {axis: found[0] for axis, found in axes.items()}, count)
    sheets = tuple((item, name) for item in exports for name in chain if name in item.measures())
    columns = [
        _cells_of(exports.index(item), (item, name), (chain.index(name), editions.index(item.edition)), pieces, axes)
        for item, name in sheets
    ]
    cell = np.stack(columns, axis=1) if columns else np.empty((len(pieces), 0), dtype=np.int64)
    named = [n for n, (_, name) in enumerate(sheets) if name in chain[:sensitive]]
    inner: np.ndarray = (pieces["part"].to_numpy() < sensitive) & (cell[:, named] >= 0).any(axis=1)
    seen = (cell >= 0).any(axis=1)
    keys, where = distinct_rows(np.column_stack([inner, cell])[seen])
    total = np.bincount(where, weights=pieces["value"].to_numpy()[seen], minlength=len(keys)).astype(np.int64)
    inner, cell = keys[:, 0].astype(bool), keys[:, 1:]
    return Parts(total, inner, cell, sheets, _secrets(inner, cell, sheets, late))


def _secrets(
    inner: np.ndarray, cell: np.ndarray, sheets: tuple[tuple[Export, str], ...], late: bool
) -> tuple[tuple[int, ...], ...]:
    """The finest sets of parts that a small count can be: each part, or what the exports of one night tell apart."""
    if late:
        return tuple((int(column),) for column in np.flatnonzero(inner))
    found: set[tuple[int, ...]] = set()
    for edition in {item.edition for item, _ in sheets}:
        own = cell[:, [n for n, (item, _) in enumerate(sheets) if item.edition == edition]]
        alive = np.flatnonzero(inner & (own >= 0).any(axis=1))
        _, where = distinct_rows(own[alive])
        order = np.argsort(where, kind="stable")
        first = np.flatnonzero(np.diff(where[order], prepend=-1))
        found |= {tuple(map(int, group)) for group in np.split(alive[order], first[1:])}
    return tuple(sorted(found))


def _classes(axis: str, exports: Sequence[Export]) -> Classes:
    """The class of each element of an axis, and one row per class: its label in each cut, whether filters let it in."""
    import pandas as pd

    marks: dict[tuple[int, str], dict[str, int]] = {}
    for n, item in enumerate(exports):
        for name, cut in item.cuts.items():
            if cut.axis == axis:
                marks[n, name] = {one: code for code, found in enumerate(cut.labels.values()) for one in found}
        if axis in item.within:
            marks[n, REST] = dict.fromkeys(item.within[axis], 0)
    elements = sorted({one for known in marks.values() for one in known} | {REST})
    table = pd.DataFrame(
        {key: [known.get(one, -1) for one in elements] for key, known in marks.items()}, index=elements
    )
    if table.shape[1] == 0:
        return {REST: 0}, pd.DataFrame(index=[0])
    table.columns = pd.MultiIndex.from_tuples(marks)
    distinct, where = distinct_rows(table.to_numpy())
    return dict(zip(elements, where.tolist(), strict=True)), pd.DataFrame(distinct, columns=table.columns)


def _cells_of(
    number: int, sheet: tuple[Export, str], when: tuple[int, int], pieces: pd.DataFrame, axes: dict[str, Classes]
) -> np.ndarray:
    """For each piece the row of the export's cells it belongs to, -1 for none. when: depth in the chain, edition."""
    item, measure = sheet
    counted = (pieces["part"] <= when[0]) & (pieces["first"] <= when[1]) & (pieces["last"] >= when[1])
    inside: np.ndarray = np.array(counted)
    key = np.zeros(len(pieces), dtype=np.int64)
    rows = item.cells.index[item.cells["measure"] == measure]
    wanted = np.zeros(len(rows), dtype=np.int64)
    for axis in item.within:
        inside &= axes[axis][1][number, REST].to_numpy()[pieces[axis]] >= 0
    for name, cut in item.cuts.items():
        code = axes[cut.axis][1][number, name].to_numpy()[pieces[cut.axis]]
        inside &= code >= 0
        place = {label: n for n, label in enumerate(cut.labels)}
        key = key * len(place) + code
        wanted = wanted * len(place) + item.cells.loc[rows, name].map(place).to_numpy(dtype=np.int64)
    return _found(key, inside, wanted, np.asarray(rows))


def _found(key: np.ndarray, inside: np.ndarray, wanted: np.ndarray, rows: np.ndarray) -> np.ndarray:
    order = np.argsort(wanted, kind="stable")
    if not len(order):
        return np.full(len(key), -1, dtype=np.int64)
    place = np.minimum(np.searchsorted(wanted[order], key), len(order) - 1)
    hit = inside & (wanted[order][place] == key)
    return np.where(hit, rows[order][place], -1)
