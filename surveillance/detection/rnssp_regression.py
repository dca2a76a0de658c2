"""The adaptive multiple regression of Rnssp (`alert_regression` 0.3.1), and the switch between it and the EWMA.

Every day a line and the day of the week are fitted to the days before; all series of a day share one design, so that
a fit is one product of matrices. Numbers are those of Rnssp, its quirks included.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from surveillance.detection.judged import Array, Judged, Method, Parameter, Series, Status
from surveillance.detection.rnssp_ewma import ALARM_AT, BLOCK, PARAMETERS, averages, say
from surveillance.detection.student import one_minus_pt, quantile

START = 11  # least days of a baseline
WEEK = 7
SATURDAY, SUNDAY = 5, 6  # Monday is 0
Words = NDArray[np.object_]


class Fits(NamedTuple):
    """The fit of each row judged: expected, sigma, r2 (adjusted), score are rows judged × series, NaN without a fit.

    freedom: degrees of freedom of each row judged. status: why a row was not tested.
    """

    expected: Array
    sigma: Array
    r2: Array
    score: Array
    freedom: NDArray[np.intp]
    status: NDArray[np.int8]

    def pvalues(self, wanted: NDArray[np.bool_]) -> Array:
        """p-value of the rows wanted, NaN elsewhere."""
        found = np.full(self.score.shape, np.nan)
        freedom = np.broadcast_to(self.freedom[:, None], self.score.shape)[wanted]
        found[wanted] = one_minus_pt(self.score[wanted], freedom)
        return found


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
    found = fits(series, baseline, guard)
    judged = say(found.expected, found.score, found.pvalues(~np.isnan(found.score)), found.status, alarm_at)
    alert, alarm = _lowered(series, judged, grouped)
    more = {"alert": alert, "test_statistic": found.score, "sigma": found.sigma, "adjusted_r2": found.r2}
    return Judged(judged.expected, judged.upperbound, alarm, judged.score, judged.pvalue, judged.status, more)


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
    ewma, regression = averages(series, baseline, guard, w1, w2), fits(series, baseline, guard)
    chosen = regression.r2 >= r2_limit
    score, pvalue = ewma.smaller(~chosen & ~np.isnan(ewma.first))
    score = np.where(chosen, regression.score, score)
    pvalue = np.where(chosen, regression.pvalues(chosen), pvalue)
    expected = np.where(chosen, regression.expected, ewma.mean)
    judged = say(expected, score, pvalue, np.where(chosen, regression.status, ewma.status), alarm_at)
    alert, alarm = _lowered(series, judged, grouped, chosen)
    names = np.array(["", "EWMA", "Adaptive Multiple Regression"], dtype=object)
    more = {
        "alert": alert,
        "test_statistic": score,
        "detector": names[np.where(chosen, 2, ~np.isnan(pvalue))],
        "adjusted_r2": regression.r2,
    }
    return Judged(expected, judged.upperbound, alarm, score, pvalue, judged.status, more)


def fits(series: Series, baseline: int, guard: int) -> Fits:
    """The fit of every row judged, without p-values."""
    counts, rows = np.ascontiguousarray(series.counts, dtype=np.float64), series.rows
    weekdays = _weekdays(series)
    expected, sigma, r2, score = (np.full((len(rows), counts.shape[1]), np.nan) for _ in range(4))
    status = np.full(score.shape, Status.HISTORY, np.int8)
    bases: dict[bytes, Basis | None] = {}  # days that follow each other have seven designs
    for place, row in enumerate(rows):
        days = min(int(row) - guard, baseline)
        if row < START + guard:
            continue
        names = np.append(weekdays[row - guard - days : row - guard], weekdays[row])
        if names.tobytes() not in bases:
            bases[names.tobytes()] = Basis.of(names, guard)
        basis = bases[names.tobytes()]
        if basis is None:
            status[place] = Status.NO_FIT
            continue
        window = slice(row - guard - days, row - guard)
        for first in range(0, counts.shape[1], BLOCK):
            block = slice(first, first + BLOCK)
            expected[place, block], sigma[place, block], r2[place, block] = basis.fit(counts[window, block])
        score[place] = (counts[row] - expected[place]) / sigma[place]
        status[place] = np.where(np.isnan(score[place]), Status.MISSING, Status.OK)
    return Fits(expected, sigma, r2, score, (np.minimum(rows - guard, baseline) - 8).astype(np.intp), status)


def _weekdays(series: Series) -> NDArray[np.int64]:
    """0 (Monday) to 6 of each row."""
    if series.dates is None:
        return np.arange(len(series.counts)) % WEEK
    return (series.dates.astype("datetime64[D]").astype(np.int64) + 3) % WEEK  # 1970-01-01 was a Thursday


class Basis(NamedTuple):
    """What a baseline has the same for all series: an orthonormal basis (days × 8), weights of the value foreseen."""

    columns: Array
    weights: Array
    scale: float
    least: float

    @classmethod
    def of(cls, names: NDArray[np.int64], guard: int) -> Basis | None:
        """Of the weekdays of a baseline and of the day tested, last: one, day 1 to n, Monday to Saturday.

        None: a weekday is lacking.
        """
        days = len(names) - 1
        line = np.append(np.arange(1.0, days + 1), days + guard + 1.0)
        dummies = (names[:, None] == np.arange(SUNDAY)).astype(float)
        design = np.column_stack([np.ones(days + 1), line, dummies])
        if np.linalg.matrix_rank(design[:-1]) < design.shape[1]:
            return None
        columns, triangle = np.linalg.qr(design[:-1])
        scale = np.sqrt((days + WEEK) * (days - 4) / (days * (days - WEEK)))
        least = 0.01 / round(quantile(0.95, days - 8), 5)
        return cls(columns, columns @ np.linalg.solve(triangle.T, design[-1]), float(scale), least)

    def fit(self, counts: Array) -> tuple[Array, Array, Array]:
        """`counts`: days × series, one block. Rnssp's expected, sigma and adjusted R²."""
        days = len(self.columns)
        freedom = days - 8
        shares = self.columns.T @ counts
        rest = counts - self.columns @ shares
        rss = np.einsum("ij,ij->j", rest, rest)
        mss = np.einsum("ij,ij->j", shares[1:], shares[1:])  # the first column is constant: about the mean
        flat = rss + mss < 1e-12 * days * counts.mean(axis=0) ** 2
        with np.errstate(divide="ignore", invalid="ignore"):
            r2 = 1.0 - (1.0 - mss / (mss + rss)) * (days - 1) / freedom
        r2 = np.where(flat | (rss + mss == 0), 0.0, r2)
        expected = np.maximum(0.0, self.weights @ counts)
        sigma = np.maximum(np.sqrt(rss / freedom) * self.scale, self.least)
        return expected, sigma, np.where(np.isnan(rss), np.nan, r2)


def _lowered(
    series: Series, judged: Judged, grouped: bool, where: NDArray[np.bool_] | None = None
) -> tuple[Words, Array]:
    """Alerts and alarms without those of days below the last ones; `where`: only there."""
    lowered = _lower(series.counts, _weekdays(series), series.rows) & (judged.more["alert"] != "blue")
    if where is not None:
        lowered &= where
    alert: Words = np.array(judged.more["alert"])
    alert[lowered] = "grey" if grouped else "blue"
    return alert, np.where(lowered & ~np.isnan(judged.alarm), 0.0, judged.alarm)


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
