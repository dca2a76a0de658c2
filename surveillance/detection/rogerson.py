"""Poisson CUSUM with a changing mean in control (Rogerson and Yamada 2004, Stat Med 23:2195–2214).

As R `algo.rogerson`: sums and limits are compared as floating point numbers, without any tolerance.
"""

from __future__ import annotations

from functools import lru_cache
from math import gcd
from typing import NamedTuple

import numpy as np
from scipy.special import gammaln

from surveillance.detection.judged import Array, Judged, Method, Parameter, Series, Status

UNIT = 10  # k and h have one decimal
FIRST = 120  # highest limit tried first, tenths
MOST = 1024  # limits tried, tenths
LARGE = 100.0  # largest mean designed for: beyond it counts are not rare, and the chain has too many states


class Design(NamedTuple):
    """k, h: reference value and decision limit, cases; arl: mean run in control; error: its relative distance."""

    k: float
    h: float
    arl: float
    error: float


def reference_value(theta: float, s: float = 1.0) -> float:
    """k of the mean `theta` against a mean `s` standard deviations higher: one decimal, never a multiple of 0.5.

    On a multiple of 0.5 the sum moves on too coarse a grid; k is then moved by 0.1 towards its exact value.
    """
    higher = theta + s * np.sqrt(theta)
    exact = (higher - theta) / np.log(higher / theta)
    k = round(exact * UNIT)
    if k % 5 == 0:
        k += 1 if exact * UNIT > k else -1
    return float(k / UNIT)


def run_length(h: float, k: float, theta: float) -> float:
    """Mean weeks until S ≥ h from S = 0, exact on a grid of 0.1 (Brook and Evans 1972, Biometrika 59:539–549)."""
    limit, step = round(h * UNIT), round(k * UNIT)
    states = np.arange(limit)
    moves = np.zeros((limit, limit))
    for count in range((limit + step) // UNIT + 1):
        to = np.maximum(0, states + count * UNIT - step)
        inside = to < limit
        moves[states[inside], to[inside]] += np.exp(count * np.log(theta) - theta - gammaln(count + 1.0))
    return float(np.linalg.solve(np.eye(limit) - moves, np.ones(limit))[0])


@lru_cache(maxsize=4096)
def find_design(theta: float, arl0: float = 500.0, s: float = 1.0, tolerance: float = 0.02) -> Design:
    """k and a limit h, one decimal, of which the mean run in control is about `arl0` weeks, or longer.

    Doubled or halved from 4 k (12 at most) until the run of two limits has `arl0` between; then where its logarithm is
    that of `arl0` on the line between theirs; then by steps of the chain's grid, until the run is within `tolerance`
    (relative) or passes `arl0`: then the longer one. A mean of 0, or above 100, has no design: NaN.
    """
    if not 0 < theta <= LARGE:
        return Design(np.nan, np.nan, np.nan, np.nan)
    k = reference_value(theta, s)
    low, short, high, long = _around(k, theta, arl0)
    share = np.log(arl0 / short) / np.log(long / short)
    now = max(1, round(low + share * (high - low)))
    run, before, former = run_length(now / UNIT, k, theta), now, 0.0
    step = gcd(round(k * UNIT), UNIT)
    up = run < arl0
    while abs(run - arl0) >= tolerance * arl0 and (run < arl0) == up and 0 < now <= MOST:
        before, former = now, run
        now += step if up else -step
        run = run_length(max(1, now) / UNIT, k, theta)
    if abs(run - arl0) >= tolerance * arl0 and run < arl0:
        now, run = before, former
    return Design(k, now / UNIT, run, abs(run - arl0) / arl0)


def _around(k: float, theta: float, arl0: float) -> tuple[int, float, int, float]:
    """A limit (tenths) with a run shorter than `arl0`, that run, and its double or thereabouts with a longer one."""
    low = high = min(FIRST, 4 * round(k * UNIT))
    short = long = run_length(low / UNIT, k, theta)
    while long < arl0 and high < MOST:
        low, short = high, long
        high *= 2
        long = run_length(high / UNIT, k, theta)
    while short >= arl0 and low > 1:
        high, long = low, short
        low = round(low / 2)
        short = run_length(low / UNIT, k, theta)
    return low, short, high, long


def rogerson(
    series: Series,
    theta0: float | str = "earlier",
    arl0: float = 500.0,
    s: float = 1.0,
    limit: float = np.inf,
    head_start: bool = False,
    step: float = 0.5,
) -> Judged:
    """S_t = max(0, S_{t-1} + c_t (y_t - k_t)), alarm when S_t ≥ h; c_t = h / h_t, S_0 = 0 or h / 2 with a head start.

    theta0: mean in control, a number; `earlier`: mean of the rows before the first judged, to the next `step`;
    `season`: mean of the same place in the years before (3 rows on each side), to the next `step`: k_t and h_t then
    follow it, and h is of its mean. After an alarm S is cut to `limit` h (0: it restarts; inf: nothing is cut); with a
    head start it goes back there, whatever the limit. upperbound: least count that would have raised an alarm. A
    missing count leaves S as it was.
    """
    if isinstance(theta0, str) and theta0 not in ("earlier", "season"):
        raise ValueError("theta0 is earlier, season or a number of cases")
    rows, counts = series.rows, series.counts
    theta = _in_control(series, theta0, step)
    shape = theta.shape
    overall = _nearest(theta.mean(axis=0), step) if len(rows) else np.full(shape[1], np.nan)
    k, h_t = _designs(theta, arl0, s)
    h = _designs(overall, arl0, s)[1]
    start = h / 2.0 if head_start else np.zeros_like(h)
    score, bound, alarm = (np.full(shape, np.nan) for _ in range(3))
    total = start.copy()
    with np.errstate(invalid="ignore"):
        for place, row in enumerate(rows):
            weight = h / h_t[place]
            bound[place] = np.maximum(0.0, np.ceil((h - total) / weight + k[place]))
            after = np.maximum(0.0, total + weight * (counts[row] - k[place]))
            score[place] = after
            fired = after >= h
            alarm[place] = np.where(np.isnan(after), np.nan, fired)
            cut = start if head_start else np.minimum(after, limit * h) if np.isfinite(limit) else after
            total = np.where(np.isnan(after), total, np.where(fired, cut, after))
    status = np.where(np.isnan(score), Status.MISSING, Status.OK).astype(np.int8)
    status[np.isnan(k)] = Status.CONSTANT if len(rows) and rows[0] > 0 else Status.HISTORY
    status[theta > LARGE] = Status.NO_FIT
    return Judged(theta, bound, alarm, score, np.full(shape, np.nan), status, {"h": np.broadcast_to(h, shape).copy()})


def _in_control(series: Series, theta0: float | str, step: float) -> Array:
    """Mean in control of each row judged × series; NaN: none."""
    rows, counts = series.rows, series.counts
    shape = (len(rows), counts.shape[1])
    if not isinstance(theta0, str):
        return np.full(shape, float(theta0))
    first = int(rows[0]) if len(rows) else 0
    earlier = counts[:first]
    with np.errstate(invalid="ignore", divide="ignore"):
        known = ~np.isnan(earlier)
        mean = _nearest(np.nansum(earlier, axis=0) / known.sum(axis=0), step)
        mean = np.where(np.nansum(earlier, axis=0) > 0, mean, np.nan)
        if theta0 != "season":
            return np.broadcast_to(mean, shape).copy()
        out = np.empty(shape)
        for place, row in enumerate(rows):
            years = np.arange(row % series.frequency, first, series.frequency)
            at = (years[:, None] + np.arange(-3, 4)).ravel()
            near = counts[at[(at >= 0) & (at < first)]]
            out[place] = np.nansum(near, axis=0) / (~np.isnan(near)).sum(axis=0)
    return np.where(np.isnan(mean), np.nan, _nearest(out, step))


def _nearest(theta: Array, step: float) -> Array:
    """To the nearest multiple of `step`, one at least."""
    return np.asarray(np.maximum(step, np.round(theta / step) * step))


def _designs(theta: Array, arl0: float, s: float) -> tuple[Array, Array]:
    """k and h of each mean, of its shape; one search for each different mean."""
    values, place = np.unique(theta, return_inverse=True)
    found = [find_design(float(value), arl0, s) for value in values]
    k, h = np.array([d.k for d in found]), np.array([d.h for d in found])
    return k[place].reshape(theta.shape), h[place].reshape(theta.shape)


METHODS: tuple[Method, ...] = (
    Method(
        "rogerson",
        rogerson,
        (
            Parameter("theta0", "earlier", "mean in control: a number of cases, earlier, or season", ("theta0t",)),
            Parameter("arl0", 500.0, "mean weeks to a false alarm", ("ARL0",), least=1),
            Parameter("s", 1.0, "rise looked for, standard deviations", ("s",)),
            Parameter(
                "limit", np.inf, "share of h that the sum is cut to after an alarm, 0: it restarts", ("limit",), least=0
            ),
            Parameter("head_start", False, "whether the sum starts at h / 2", ("FIR",), (True, False)),
            Parameter("step", 0.5, "grid of the means in control, cases"),
        ),
        "Poisson CUSUM with a changing mean",
        "Rogerson and Yamada 2004, Stat Med 23:2195–2214",
        ("h",),
    ),
)
