"""The adaptive multiple regression of Rnssp (`alert_regression` 0.3.1), and the switch between it and the EWMA.

Every day a line and the day of the week are fitted to the days before; all series of a day share one design, so that
a fit is one product of matrices. Numbers are those of Rnssp, its quirks included.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from surveillance.detection.judged import Array, Judged, Method, Parameter, Series, Status
from surveillance.detection.rnssp_ewma import ALARM_AT, BLOCK, PARAMETERS, rnssp_ewma, say
from surveillance.detection.student import one_minus_pt, quantile

START = 11  # least days of a baseline
WEEK = 7
SATURDAY, SUNDAY = 5, 6  # Monday is 0
Words = NDArray[np.object_]


class Fit(NamedTuple):
    """One day's fit, each per series."""

    expected: Array
    sigma: Array
    adjusted_r2: Array


def rnssp_regression(
    series: Series, baseline: int = 28, guard: int = 2, grouped: bool = False, alarm_at: str = "red"
) -> Judged:
    """Ordinary least squares on a line and the weekdays (reference: Sunday), never below 0.

    A red or yellow day below the mean of its last 7 days is no alert (at week-ends: only if also below the mean of its
    last 7 same weekdays): it becomes blue, or grey when Rnssp is called on grouped data; the same rule turns grey first
    days blue. R² of a series without any variation is 0 (rounding noise in R). Dates unknown: row 0 is a Monday.
    A missing day (Rnssp stops): the days whose baseline holds it are not tested. Nor are rows that are not days: a
    baseline without one of the weekdays has no fit.
    """
    counts, rows = series.counts, series.rows
    weekdays = _weekdays(series)
    shape = (len(rows), counts.shape[1])
    expected, score, pvalue, sigma, r2 = (np.full(shape, np.nan) for _ in range(5))
    status = np.full(shape, Status.HISTORY, np.int8)
    for place, row in enumerate(rows):
        days = min(int(row) - guard, baseline)
        if row < START + guard:
            continue
        design, ahead = _design(weekdays, int(row), days, guard)
        if np.linalg.matrix_rank(design) < design.shape[1]:
            status[place] = Status.NO_FIT
            continue
        window = slice(row - guard - days, row - guard)
        for first in range(0, shape[1], BLOCK):
            block = slice(first, first + BLOCK)
            fit = _fit(design, ahead, counts[window, block])
            expected[place, block], sigma[place, block], r2[place, block] = fit
        score[place] = (counts[row] - expected[place]) / sigma[place]
        pvalue[place] = one_minus_pt(score[place], days - 8)
        status[place] = np.where(np.isnan(score[place]), Status.MISSING, Status.OK)
    judged = say(expected, score, pvalue, status, alarm_at)
    alert: Words = np.array(judged.more["alert"])
    lowered = (alert != "blue") & _lower(counts, weekdays, rows)
    alert[lowered] = "grey" if grouped else "blue"
    alarm = np.where(lowered & ~np.isnan(judged.alarm), 0.0, judged.alarm)
    more = {"alert": alert, "test_statistic": score, "sigma": sigma, "adjusted_r2": r2}
    return Judged(expected, judged.upperbound, alarm, score, pvalue, status, more)


def rnssp_switch(
    series: Series,
    baseline: int = 28,
    guard: int = 2,
    w1: float = 0.4,
    w2: float = 0.9,
    grouped: bool = False,
    r2_limit: float = 0.6,
    alarm_at: str = "red",
) -> Judged:
    """The row of the regression where its adjusted R² is `r2_limit` or more, that of the EWMA elsewhere."""
    ewma = rnssp_ewma(series, baseline, guard, w1, w2, alarm_at)
    regression = rnssp_regression(series, baseline, guard, grouped, alarm_at)
    chosen = regression.more["adjusted_r2"] >= r2_limit
    pick = [
        np.where(chosen, getattr(regression, name), getattr(ewma, name))
        for name in ("expected", "upperbound", "alarm", "score", "pvalue", "status")
    ]
    names = np.array(["", "EWMA", "Adaptive Multiple Regression"], dtype=object)
    detector = names[np.where(chosen, 2, ~np.isnan(pick[4]))]
    more = {
        "alert": np.where(chosen, regression.more["alert"], ewma.more["alert"]),
        "test_statistic": pick[3],
        "detector": detector,
        "adjusted_r2": regression.more["adjusted_r2"],
    }
    return Judged(pick[0], pick[1], pick[2], pick[3], pick[4], pick[5], more)


def _weekdays(series: Series) -> NDArray[np.int64]:
    """0 (Monday) to 6 of each row."""
    if series.dates is None:
        return np.arange(len(series.counts)) % WEEK
    return (series.dates.astype("datetime64[D]").astype(np.int64) + 3) % WEEK  # 1970-01-01 was a Thursday


def _design(weekdays: NDArray[np.int64], row: int, days: int, guard: int) -> tuple[Array, Array]:
    """The design of the baseline of `row` (days × 8: one, day 1 to n, Monday to Saturday), and that of the row."""
    baseline = np.append(weekdays[row - guard - days : row - guard], weekdays[row])
    line = np.append(np.arange(1.0, days + 1), days + guard + 1.0)
    names = (baseline[:, None] == np.arange(SUNDAY)).astype(float)
    design = np.column_stack([np.ones(days + 1), line, names])
    return design[:-1], design[-1]


def _fit(design: Array, ahead: Array, counts: Array) -> Fit:
    """`counts`: days × series, one block. Rnssp's expected, sigma and adjusted R²."""
    days = len(design)
    freedom = days - 8
    basis, triangle = np.linalg.qr(design)
    weights = basis @ np.linalg.solve(triangle.T, ahead)
    shares = basis.T @ counts
    rest = counts - basis @ shares
    rss = np.einsum("ij,ij->j", rest, rest)
    mss = np.einsum("ij,ij->j", shares[1:], shares[1:])  # the first column of the basis is constant: about the mean
    flat = rss + mss < 1e-12 * days * counts.mean(axis=0) ** 2
    scale = np.sqrt((days + WEEK) * (days - 4) / (days * (days - WEEK)))
    least = 0.01 / round(quantile(0.95, freedom), 5)
    with np.errstate(divide="ignore", invalid="ignore"):
        r2 = 1.0 - (1.0 - mss / (mss + rss)) * (days - 1) / freedom
    r2 = np.where(flat | (rss + mss == 0), 0.0, r2)
    expected = np.maximum(0.0, weights @ counts)
    return Fit(expected, np.maximum(np.sqrt(rss / freedom) * scale, least), np.where(np.isnan(rss), np.nan, r2))


def _lower(counts: Array, weekdays: NDArray[np.int64], rows: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Whether each row judged is below the mean of its last 7 days, at week-ends that of its last 7 same weekdays too.

    The row itself is one of the 7; a mean of fewer than 7, or with a missing day, says no.
    """
    lower = np.zeros((len(rows), counts.shape[1]), bool)
    for place, row in enumerate(rows):
        if row >= WEEK - 1:
            lower[place] = counts[row] < counts[row - WEEK + 1 : row + 1].mean(axis=0)
        if weekdays[row] in (SATURDAY, SUNDAY):
            far = row - WEEK * (WEEK - 1)
            same = counts[far : row + 1 : WEEK].mean(axis=0) if far >= 0 else np.full(counts.shape[1], np.nan)
            lower[place] &= counts[row] < same
    return lower


_GROUPED = Parameter("grouped", False, "as Rnssp on grouped data: a suppressed alert is grey, not blue")
METHODS: tuple[Method, ...] = (
    Method(
        "rnssp_regression",
        rnssp_regression,
        (*PARAMETERS[:2], _GROUPED, ALARM_AT),
        "a line and the day of the week over the last weeks, with a p-value each day",
        "Rnssp 0.3.1, alert_regression; Burkom (NSSP-ESSENCE)",
        ("alert", "test_statistic", "sigma", "adjusted_r2"),
    ),
    Method(
        "rnssp_switch",
        rnssp_switch,
        (
            *PARAMETERS,
            _GROUPED,
            Parameter("r2_limit", 0.6, "adjusted R² from which the regression is used"),
            ALARM_AT,
        ),
        "the regression where it fits well, the EWMA elsewhere",
        "Rnssp 0.3.1, alert_switch",
        ("alert", "test_statistic", "detector", "adjusted_r2"),
    ),
)
