"""Rows of whole numbers that are the same."""

from __future__ import annotations

import numpy as np


def distinct_rows(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The distinct rows, in order, and for each row which of them it is: numpy's `unique` of rows, many times faster.

    Column by column, so that only single numbers are sorted.
    """
    where = np.zeros(len(table), dtype=np.int64)
    first = np.zeros(min(len(table), 1), dtype=np.intp)
    for column in table.T.astype(np.int64):
        low = column.min(initial=0)
        span = int(column.max(initial=0)) - int(low) + 1
        _, first, where = np.unique(where * span + (column - low), return_index=True, return_inverse=True)
        where = where.ravel()
    return table[first], where
