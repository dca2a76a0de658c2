"""Student's t as R computes it, down to its rounding: `1 - pt(x, df)` is 0 where pt rounds to 1."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

Array = NDArray[np.float64]


def one_minus_pt(score: Array, freedom: float | NDArray[np.intp]) -> Array:
    """`1 - pt(score, freedom)` of R, any shape; NaN stays. Above about 10 it underflows to 0: kept, for its ties."""
    tail = stdtr(freedom, -np.abs(score))
    return np.asarray(np.where(score > 0, 1.0 - ((0.5 - tail) + 0.5), 1.0 - tail))


def quantile(probability: float, freedom: float) -> float:
    """qt(probability, freedom)."""
    return float(stdtrit(freedom, probability))
