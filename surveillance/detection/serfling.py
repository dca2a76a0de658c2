"""Periodic regressions: Serfling with past epidemics left out, and two that give them little weight.

Serfling 1963 (Public Health Rep 78:494–506), Costagliola 1991 (Am J Public Health 81:97–99), Pelat 2007 (BMC Med
Inform Decis Mak 7:29): counts on a trend and harmonics of a year. The robust fits are those of `rlm` in R (Huber and
bisquare M-estimates, Venables & Ripley 2002, section 6.5), down to where they stop.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from surveillance.detection.judged import Array, Judged, Method, Parameter, Series, Status
from surveillance.detection.periodic import Basis, least_squares, leverage, seasonal
from surveillance.detection.robust import RobustFit, reweigh
from surveillance.detection.student import quantile

YEARS = {52: 52.1775, 365: 365.25}  # rows a year, by the frequency of a series
HUBER_STEPS, BISQUARE_STEPS, CLOSE = 50, 200, 1e-10


def serfling(
    series: Series,
    prune: float = 0.75,
    harmonics: int = 1,
    degree: int = 1,
    period: float = 0.0,
    alpha: float = 0.05,
    bound: str = "deviation",
    training: int = 0,
    consecutive: int = 2,
) -> Judged:
    """Least squares on the values at or below their quantile `prune`; bound: fit + z residual standard deviations.

    With bound = prediction: the one-sided prediction interval, Student's t. A fit without residuals (a flat past) has
    a standard deviation of exactly 0. Own columns: sigma, training, epidemic (alarm for `consecutive` rows).
    """
    design, known = _prepare(series, harmonics, degree, period, training)
    values = np.where(known, series.counts, np.nan)
    kept = known & (series.counts <= _quantiles(values, prune))
    basis = Basis.of(design, np.asarray(kept.any(axis=1))).rows
    line = least_squares(basis, series.counts, kept.astype(float))
    freedom = kept.sum(axis=0) - design.shape[1]
    rest = np.where(kept, series.counts - line.fitted, 0.0)
    rss = (rest**2).sum(axis=0)
    rss = np.where(rss <= 1e-24 * (np.where(kept, series.counts, 0.0) ** 2).sum(axis=0), 0.0, rss)
    with np.errstate(divide="ignore", invalid="ignore"):
        sigma = np.where(freedom > 0, np.sqrt(rss / freedom), np.nan)
    reach = np.full(kept.shape, ndtri(1 - alpha))
    if bound == "prediction":
        t = {int(free): quantile(1 - alpha, int(free)) if free > 0 else np.nan for free in np.unique(freedom)}
        reach = np.array([t[int(free)] for free in freedom]) * np.sqrt(1 + leverage(basis, line.inverse))
    return _judge(series, line.fitted, sigma, reach * sigma, consecutive, {"training": kept.astype(np.int8)})


def serfling_huber(
    series: Series,
    k: float = 1.345,
    harmonics: int = 1,
    degree: int = 1,
    period: float = 0.0,
    alpha: float = 0.05,
    training: int = 0,
    consecutive: int = 2,
    steps: int = HUBER_STEPS,
    accuracy: float = CLOSE,
) -> Judged:
    """Huber's M-estimate from least squares: weights min(1, k / |residual / scale|); bound: fit + z scales."""
    design, known = _prepare(series, harmonics, degree, period, training)
    fit = _huber(design, known, series.counts, k, steps, accuracy)
    return _judge(series, fit.fitted, fit.scale, ndtri(1 - alpha) * fit.scale, consecutive, {})


def serfling_bisquare(
    series: Series,
    c: float = 4.685,
    harmonics: int = 1,
    degree: int = 1,
    period: float = 0.0,
    alpha: float = 0.05,
    training: int = 0,
    consecutive: int = 2,
    steps: int = BISQUARE_STEPS,
    accuracy: float = CLOSE,
) -> Judged:
    """Tukey's bisquare from the Huber fit: weights (1 − min(1, |residual / scale / c|)²)²; bound: fit + z scales.

    It does not always settle: then it is what the last of `steps` left, as rlm answers with a warning.
    """

    def weigh(rest: Array) -> Array:
        return np.asarray((1.0 - np.minimum(1.0, np.abs(rest / c)) ** 2) ** 2)

    design, known = _prepare(series, harmonics, degree, period, training)
    start = _huber(design, known, series.counts, 1.345, HUBER_STEPS, CLOSE)
    fit = reweigh(start.basis, known, series.counts, start.fitted, weigh, steps, accuracy)
    return _judge(series, fit.fitted, fit.scale, ndtri(1 - alpha) * fit.scale, consecutive, {})


def _huber(design: Array, known: NDArray[np.bool_], counts: Array, k: float, steps: int, accuracy: float) -> RobustFit:
    def weigh(rest: Array) -> Array:
        return np.asarray(np.minimum(1.0, k / np.maximum(np.abs(rest), 1e-300)))

    basis = Basis.of(design, np.asarray(known.any(axis=1))).rows
    start = least_squares(basis, counts, known.astype(float)).fitted
    return reweigh(basis, known, counts, start, weigh, steps, accuracy)


def _prepare(
    series: Series, harmonics: int, degree: int, period: float, training: int
) -> tuple[Array, NDArray[np.bool_]]:
    """The design, and which observations the fit may use: those that are there, of the first `training` rows."""
    period = period or YEARS.get(series.frequency, float(series.frequency))
    design = seasonal(np.arange(1.0, len(series.counts) + 1), period, harmonics, degree)
    known = ~np.isnan(series.counts)
    if training:
        known[training:] = False
    return design, known


def _quantiles(values: Array, level: float) -> Array:
    """Quantiles of each series (type 7 of R), NaN where it has no value."""
    some = ~np.isnan(values).all(axis=0)
    found = np.full(values.shape[1], np.nan)
    if some.any():
        found[some] = np.nanquantile(values[:, some], level, axis=0)
    return found


def _judge(
    series: Series, fitted: Array, sigma: Array, above: Array, consecutive: int, more: dict[str, NDArray[Any]]
) -> Judged:
    rows, counts = series.rows, series.counts
    none = np.isnan(sigma)
    threshold = np.where(none, np.nan, fitted + above)
    slack = np.where(sigma == 0, 1e-9 * np.maximum(1.0, np.abs(fitted)), 0.0)  # a flat past: no alarm for rounding
    alarm = np.where(np.isnan(counts) | none, np.nan, counts > threshold + slack)
    run = np.ones(counts.shape)
    for back in range(consecutive):
        run[back:] *= alarm[: len(alarm) - back] == 1
        run[:back] = 0
    with np.errstate(divide="ignore", invalid="ignore"):
        score = np.where(sigma > 0, (counts - fitted) / sigma, np.nan)
    status = np.where(none, Status.HISTORY, np.where(np.isnan(counts), Status.MISSING, Status.OK)).astype(np.int8)
    own: dict[str, NDArray[Any]] = {"sigma": np.broadcast_to(sigma, counts.shape)[rows], "epidemic": run[rows]}
    own |= {name: values[rows] for name, values in more.items()}
    expected = np.where(none, np.nan, fitted)
    return Judged(expected[rows], threshold[rows], alarm[rows], score[rows], ndtr(-score[rows]), status[rows], own)


_SHAPE = (
    Parameter("harmonics", 1, "sine and cosine pairs of the year (1: a year; 2: and half a year)"),
    Parameter("degree", 1, "degree of the trend: 0 none, 1 a line, 2 a parabola"),
    Parameter("period", 0.0, "rows a year; 0: as the dates or freq say (52.1775 in weeks, 365.25 in days)"),
    Parameter("alpha", 0.05, "one-sided level of the bound, normal quantile"),
)
_USE = (
    Parameter("training", 0, "rows from the first that the fit may use; 0: all"),
    Parameter("consecutive", 2, "rows above the bound, one after the other, that make an epidemic"),
)
_STOP = Parameter("accuracy", CLOSE, "relative move of the residuals at which the reweighting stops", ("acc",))
_OWN = ("sigma", "epidemic")
RLM = "Venables & Ripley 2002, 6.5"


def _robust(run: Callable[..., Judged], tuning: Parameter, steps: int, about: str, psi: str) -> Method:
    """An M-estimate as a method: its one constant, and when its reweighting ends."""
    limit = Parameter("steps", steps, "at most so many reweightings", ("maxit",))
    about = f"trend and season, past epidemics given {about}"
    return Method(run.__name__, run, (tuning, *_SHAPE, *_USE, limit, _STOP), about, f"MASS::rlm, {psi}; {RLM}", _OWN)


METHODS: tuple[Method, ...] = (
    Method(
        "serfling",
        serfling,
        (
            Parameter("prune", 0.75, "quantile of the values above which they are left out of the fit"),
            *_SHAPE,
            Parameter("bound", "deviation", "z standard deviations, or a prediction", (), ("deviation", "prediction")),
            *_USE,
        ),
        "trend and season fitted on the weeks without an epidemic",
        "Serfling 1963; Costagliola 1991; Pelat 2007",
        (*_OWN, "training"),
    ),
    _robust(
        serfling_huber,
        Parameter("k", 1.345, "scaled residual from which the weight falls", ("k",)),
        HUBER_STEPS,
        "less weight (Huber)",
        "psi.huber",
    ),
    _robust(
        serfling_bisquare,
        Parameter("c", 4.685, "scaled residual from which the weight is 0", ("c",)),
        BISQUARE_STEPS,
        "little weight or none (bisquare)",
        "psi.bisquare",
    ),
)
