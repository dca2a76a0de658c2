"""The trend classifier of Rnssp (`classify_trend` 0.3.1): is the share of the visits rising over the last days?"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.special import ndtr

from surveillance.detection.families import Binomial
from surveillance.detection.irls import fit
from surveillance.detection.judged import Array, Codes, Judged, Method, Parameter, Series, Status

FEW, LEVEL = 10.0, 0.01  # cases in a window above which it is fitted; level of the Wald test
WINDOWS = 1 << 16  # windows fitted together


def rnssp_trend(series: Series, baseline: int = 12) -> Judged:
    """Logistic regression of counts among the population on the date, over the `baseline` days that end with the row.

    Wald test of the slope, two-sided at .01. The population is the denominator (all visits); without one, nothing can
    be judged (`no_fit`). Windows of 10 cases or fewer are `few` ("Insufficient Data" in Rnssp, which drops the first
    baseline − 1 rows; here they are `history`). Alarm: a significant increase.
    """
    rows, width = series.rows, series.counts.shape[1]
    score, expected = np.full((len(rows), width), np.nan), np.full((len(rows), width), np.nan)
    status = np.full((len(rows), width), Status.HISTORY, np.int8)
    population = np.full(series.counts.shape, np.nan) if series.population is None else series.population
    full = np.flatnonzero(rows >= baseline - 1)
    if len(full) and width:
        windows = rows[full] - baseline + 1
        counts = sliding_window_view(series.counts, baseline, axis=0)[windows].reshape(-1, baseline).T
        trials = sliding_window_view(population, baseline, axis=0)[windows].reshape(-1, baseline).T
        parts = [_slopes(counts[:, at : at + WINDOWS], trials[:, at : at + WINDOWS]) for at in _starts(counts.shape[1])]
        for place, target in enumerate((score, expected, status)):
            target[full] = np.concatenate([part[place] for part in parts]).reshape(len(full), width)
    pvalue = 2 * ndtr(-np.abs(score))
    told = ~np.isnan(pvalue)
    words = np.full(score.shape, "Insufficient Data", dtype=object)
    words[told] = "Stable"
    words[told & (pvalue < LEVEL) & (score > 0)] = "Significant Increase"
    words[told & (pvalue < LEVEL) & (score < 0)] = "Significant Decrease"
    alarm = np.where(told, words == "Significant Increase", np.nan)
    return Judged(expected, np.full(score.shape, np.nan), alarm, score, pvalue, status, {"trend": words})


def _starts(windows: int) -> range:
    return range(0, windows, WINDOWS)


def _slopes(counts: Array, trials: Array) -> tuple[Array, Array, Codes]:
    """Wald statistic of the slope, count expected on the last day, and status of each window (days × windows)."""
    days, windows = counts.shape
    missing = np.isnan(counts).any(axis=0) | np.isnan(trials).any(axis=0)
    impossible = (trials < counts).any(axis=0) | np.isnan(trials).all(axis=0)
    status = np.where(counts.sum(axis=0) > FEW, Status.OK, Status.FEW).astype(np.int8)
    status[missing] = Status.MISSING
    status[impossible] = Status.NO_FIT
    chosen = np.flatnonzero(status == Status.OK)
    basis, triangle = np.linalg.qr(np.column_stack([np.ones(days), np.arange(days) - (days - 1) / 2]))
    size = trials[:, chosen]
    share = np.divide(counts[:, chosen], size, out=np.zeros_like(size), where=size > 0)
    model = fit(basis, share, size, Binomial(), (size * share + 0.5) / (size + 1))
    score, expected = np.full(windows, np.nan), np.full(windows, np.nan)
    with np.errstate(invalid="ignore"):
        error = np.sqrt(model.inverse[:, 1, 1])
    score[chosen] = np.sign(triangle[1, 1]) * model.coefficients[1] / error
    expected[chosen] = model.mu[-1] * size[-1]
    status[np.isnan(score) & (status == Status.OK)] = Status.NO_FIT
    return score, expected, status


METHODS: tuple[Method, ...] = (
    Method(
        "rnssp_trend",
        rnssp_trend,
        (Parameter("baseline", 12, "days of the window, the day judged being the last", ("B",)),),
        "is the share among all visits rising, stable or falling over the last days",
        "Rnssp 0.3.1, classify_trend",
        ("trend",),
    ),
)
