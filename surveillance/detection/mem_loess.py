"""Local quadratic regression of a curve on 0, 1, … as a matrix: loess, as Cleveland and colleagues describe it.

Cleveland 1979 (J Am Stat Assoc 74:829–836): weights, neighbours. Cleveland and Grosse 1991 (Stat Comput 1:47–62): fit,
with its slope, at the vertices of a k-d tree, and cubic blending between them. Settings: the defaults of `loess` of R,
with which the fitted values agree to 1e-9.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from surveillance.detection.judged import Array

SPAN, CELL, MARGIN = 0.75, 0.2, 0.005  # share of points near; of those, in a cell; of the range, added at its ends
LEAST = 4  # points; with fewer a quadratic has no three neighbours of weight


@lru_cache(maxsize=64)
def loess(points: int) -> Array:
    """Weights of each value (columns) in each fitted one (rows), points × points; identity for fewer than four."""
    if points < LEAST:
        return np.eye(points)
    x = np.arange(float(points))
    near = int(np.floor(points * SPAN + 1e-5))
    margin = MARGIN * (points - 1.0)
    most = int(np.floor(points * SPAN * CELL))
    corners = np.array([-margin, *_cuts(0, points - 1, most, points - 1), points - 1.0 + margin])
    fits = [_local(x, corner, near) for corner in corners]
    values, slopes = np.stack([f[0] for f in fits]), np.stack([f[1] for f in fits])
    cell = np.clip(np.searchsorted(corners, x, side="left") - 1, 0, len(corners) - 2)
    width = (corners[cell + 1] - corners[cell])[:, None]
    u = (x - corners[cell])[:, None] / width
    start = (1.0 - u) ** 2 * ((1.0 + 2.0 * u) * values[cell] + u * width * slopes[cell])
    end = u**2 * ((3.0 - 2.0 * u) * values[cell + 1] - (1.0 - u) * width * slopes[cell + 1])
    return np.asarray(start + end)


def _cuts(first: int, last: int, most: int, end: int) -> list[float]:
    """Points that cut first … last in half, and their halves, until a cell holds `most` of them or fewer.

    The point of a cut belongs to the lower half; a point alone at the edge of its cell cannot cut it, the last one can.
    """
    if last - first + 1 <= most or first == last < end:
        return []
    if first == last:
        return [float(last)]
    middle = (first + last) // 2
    return [*_cuts(first, middle, most, end), float(middle), *_cuts(middle + 1, last, most, end)]


def _local(x: Array, at: float, near: int) -> tuple[Array, Array]:
    """Weights of each value in the local quadratic at one place, and in its slope there."""
    distance = np.abs(x - at)
    reach = np.sort(distance)[near - 1]
    weight = np.sqrt(np.clip(1.0 - (distance / reach) ** 3, 0.0, None) ** 3)
    basis = np.stack([np.ones_like(x), x - at, (x - at) ** 2], axis=1)
    solved = np.linalg.pinv(weight[:, None] * basis) * weight
    return solved[0], solved[1]
