"""Reweighted least squares for M-estimates, many series at once (`rlm` of R; Venables & Ripley 2002, 6.5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from surveillance.detection.judged import Array
from surveillance.detection.periodic import least_squares

MAD = 0.6745  # the median of |z|, as rlm writes it


class RobustFit(NamedTuple):
    """basis: n × p; fitted: n × series; scale: per series, NaN where there are too few values to fit."""

    basis: Array
    fitted: Array
    scale: Array


def reweigh(
    basis: Array,
    known: NDArray[np.bool_],
    counts: Array,
    start: Array,
    weigh: Callable[[Array], Array],
    steps: int,
    accuracy: float,
) -> RobustFit:
    """From the fitted values `start` (n × series) on. `weigh`: scaled residuals → weights. `known`: values to fit on.

    The scale is the median absolute residual *before* the last step, as rlm reports it; a scale of 0 ends a series
    where it stands. The steps end when the residuals moved by less than `accuracy`, relatively.
    """
    fitted = start.copy()
    rest = np.where(known, counts - fitted, np.nan)
    scale = np.full(known.shape[1], np.nan)
    left = np.flatnonzero(known.sum(axis=0) > basis.shape[1])
    for _ in range(steps):
        if not len(left):
            break
        scale[left] = np.nanmedian(np.abs(rest[:, left]), axis=0) / MAD
        size = np.max(np.abs(counts[:, left]), axis=0, initial=0.0, where=known[:, left])
        flat = scale[left] <= 1e-13 * size  # rounding only
        scale[left[flat]] = 0.0
        left = left[~flat]
        old = rest[:, left]
        weights = np.where(known[:, left], weigh(np.nan_to_num(old) / scale[left]), 0.0)
        fitted[:, left] = least_squares(basis, counts[:, left], weights).fitted
        rest[:, left] = np.where(known[:, left], counts[:, left] - fitted[:, left], np.nan)
        moved = np.nansum((old - rest[:, left]) ** 2, axis=0) / np.maximum(1e-20, np.nansum(old**2, axis=0))
        left = left[np.sqrt(moved) > accuracy]
    return RobustFit(basis, fitted, scale)
