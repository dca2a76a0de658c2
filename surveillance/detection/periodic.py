"""Weighted regressions on a trend and the season, one design for many series."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from surveillance.detection.judged import Array

Flags = NDArray[np.bool_]


class Basis(NamedTuple):
    """A design of n rows × p, its columns made orthonormal over the rows used: design = rows @ triangle."""

    rows: Array
    triangle: Array

    @classmethod
    def of(cls, design: Array, used: Flags) -> Basis:
        """`used`: n, true on the rows that some series is fitted on; too few of them: all the rows."""
        chosen = design[used] if used.sum() >= design.shape[1] else design
        triangle = np.linalg.qr(chosen)[1] if len(chosen) >= design.shape[1] else np.eye(design.shape[1])
        if np.abs(np.diag(triangle)).min(initial=np.inf) < 1e-10 * np.abs(triangle).max(initial=0.0):
            return cls(design, np.eye(design.shape[1]))  # columns that cannot be told apart: left to `solve`
        return cls(np.linalg.solve(triangle.T, design.T).T, triangle)


class Line(NamedTuple):
    """A weighted fit. coefficients: p × series, on the basis; fitted: n × series; inverse: series × p × p."""

    coefficients: Array
    fitted: Array
    inverse: Array


def seasonal(time: Array, period: float, harmonics: int = 1, degree: int = 1) -> Array:
    """One, powers of time, and the cosine and sine of each harmonic: n × (1 + degree + 2 harmonics)."""
    middle = (time - time.mean()) / max(1.0, np.ptp(time)) if len(time) else time
    turns = 2 * np.pi * time / period
    waves = [wave(turns * order) for order in range(1, harmonics + 1) for wave in (np.cos, np.sin)]
    return np.column_stack([*(middle**power for power in range(degree + 1)), *waves])


def least_squares(basis: Array, values: Array, weights: Array) -> Line:
    """`basis`: n × p; `values`, `weights`: n × series, values finite wherever a weight is not 0."""
    columns = basis.shape[1]
    products = (basis[:, :, None] * basis[:, None, :]).reshape(len(basis), columns**2)
    inverse = invert((weights.T @ products).reshape(-1, columns, columns))
    right = (np.where(weights > 0, values, 0.0) * weights).T @ basis
    coefficients = np.einsum("spq,sq->ps", inverse, right)
    return Line(coefficients, basis @ coefficients, inverse)


def invert(matrices: Array) -> Array:
    """Inverses of series × p × p; pseudo-inverse of those without one; NaN where they are not finite."""
    finite: Flags = np.asarray(np.isfinite(matrices).all(axis=(1, 2)))
    safe = np.where(finite[:, None, None], matrices, np.eye(matrices.shape[-1]))
    try:
        inverse = np.linalg.inv(safe)
    except np.linalg.LinAlgError:
        inverse = np.linalg.pinv(safe, hermitian=True)
    return np.where(finite[:, None, None], inverse, np.nan)


def leverage(basis: Array, inverse: Array) -> Array:
    """x'(X'WX)⁻¹x of each row: n × series."""
    return np.asarray(np.einsum("np,spq,nq->ns", basis, inverse, basis, optimize=True))
