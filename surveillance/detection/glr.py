"""Likelihood ratio CUSUMs of counts around a seasonal mean (Höhle and Paul 2008, CSDA 52:4357–4368), as R `algo.glrnb`.

Against a Poisson or negative binomial mean mu_t in control: the mean is multiplied by e^kappa from some week on, kappa
known (LR) or maximised (GLR, generalised). The statistic restarts the week after an alarm.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from surveillance.detection.harmonic import Fit, design, fit_negative_binomial, fit_poisson
from surveillance.detection.judged import Array, Judged, Method, Parameter, Series, Status

Mask = NDArray[np.bool_]
NEWTON_STEPS = 100


def glr(
    series: Series,
    alpha: float | None = None,
    theta: float | None = None,
    limit: float = 5.0,
    harmonics: int = 1,
    trend: bool = True,
    refit: bool = False,
    window: int = -1,
    minimum: int = 1,
    direction: str = "inc",
) -> Judged:
    """GLR (theta None) or LR statistic (theta: log of the factor looked for) of each row judged, in `score`.

    mu_t: regression of the rows before the first judged, again on all rows before after each alarm if `refit`. alpha:
    variance mu + alpha mu²; None: estimated. limit: alarm at it or above (LR: above it). window: weeks that may hold
    the change (M, -1: all); minimum: fewest weeks after it (Mtilde). upperbound: the statistic, as the reference
    reports it (ret = value). A missing count ends the sums: nothing is said after it. expected: mu_t.
    """
    rows, counts = series.rows, series.counts
    shape = (len(rows), counts.shape[1])
    score, alarm, centre = np.full(shape, np.nan), np.full(shape, np.nan), np.full(shape, np.nan)
    first = int(rows[0]) if len(rows) else 0
    status = np.full(shape, Status.HISTORY, dtype=np.int8)
    spread = np.full(shape, np.nan)
    if first > 2 * harmonics + int(trend) + 1:
        fit = _fit(series, first, harmonics, trend, alpha)
        centre = _means(series, rows, fit, harmonics, trend)
        spread[:] = 1.0 / fit.theta
        start = np.zeros(shape[1], dtype=np.intp)  # place of the first row since the last alarm
        total = np.zeros(shape[1])
        for place, row in enumerate(rows):
            observed = counts[rows[: place + 1]]
            if theta is not None:
                total = _add(total, counts[row], centre[place], spread[place], theta, direction)
                score[place], fired = total, total > limit
            else:
                score[place] = _supremum(
                    observed, centre[: place + 1], spread[place], start, window, minimum, direction
                )
                fired = score[place] >= limit
            alarm[place] = np.where(np.isnan(score[place]), np.nan, fired)
            total = np.where(fired, 0.0, total)
            start = np.where(fired, place + 1, start)
            if refit and fired.any() and place + 1 < len(rows):
                at = np.flatnonzero(fired)
                part = Series(counts[:, at], frequency=series.frequency)
                again = _fit(part, int(row) + 1, harmonics, trend, alpha)
                centre[place + 1 :, at] = _means(part, rows[place + 1 :], again, harmonics, trend)
                spread[place + 1 :, at] = 1.0 / again.theta
        status = np.where(np.isnan(score), Status.MISSING, Status.OK).astype(np.int8)
        status[np.isnan(centre)] = Status.NO_FIT
    return Judged(centre, score.copy(), alarm, score, np.full(shape, np.nan), status, {"alpha": spread})


def _fit(series: Series, first: int, harmonics: int, trend: bool, alpha: float | None) -> Fit:
    """Regression of the first rows; theta of the fit: 1 / alpha (inf: Poisson)."""
    terms = design(np.arange(1.0, first + 1.0), harmonics, trend, series.frequency)
    if alpha == 0:
        return fit_poisson(terms, series.counts[:first])
    fit = fit_negative_binomial(terms, series.counts[:first])
    return fit if alpha is None else fit._replace(theta=np.full_like(fit.theta, 1.0 / alpha))


def _means(series: Series, rows: NDArray[np.intp], fit: Fit, harmonics: int, trend: bool) -> Array:
    terms = design(rows.astype(np.float64) + 1.0, harmonics, trend, series.frequency)
    with np.errstate(over="ignore"):
        return np.asarray(np.exp(terms @ fit.coefficients))


def increment(counts: Array, mean: Array, alpha: Array, kappa: Array | float) -> Array:
    """Log-likelihood ratio of one count, e^kappa times the mean against the mean."""
    factor = np.exp(kappa)
    some = np.where(alpha > 0, alpha, 1.0)
    poisson = kappa * counts + (1.0 - factor) * mean
    mixed = kappa * counts + (counts + 1.0 / some) * np.log((1.0 + some * mean) / (1.0 + some * mean * factor))
    return np.where(alpha > 0, mixed, poisson)


def _add(total: Array, counts: Array, mean: Array, alpha: Array, theta: float, direction: str) -> Array:
    kappa = theta if direction == "inc" else -abs(theta)
    return np.maximum(0.0, total + increment(counts, mean, alpha, kappa))


def _supremum(
    counts: Array, mean: Array, alpha: Array, start: NDArray[np.intp], window: int, minimum: int, direction: str
) -> Array:
    """Largest log-likelihood ratio over the weeks of change since `start` and over kappa. counts: rows × series."""
    size = len(counts)
    best = np.zeros(counts.shape[1])
    sum_x, sum_mu = np.zeros(counts.shape[1]), np.zeros(counts.shape[1])
    kappa = np.zeros(counts.shape[1])
    for change in range(size - 1, -1, -1):
        if window >= 0 and change < size - 1 - window:
            break
        open_ = (change >= start) | np.isnan(best)
        if not open_.any():
            break
        sum_x, sum_mu = sum_x + counts[change], sum_mu + mean[change]
        if size - change < minimum:
            continue
        kappa = _kappa(counts[change:], mean[change:], alpha, sum_x, sum_mu, kappa, direction, open_)
        value = increment(counts[change:], mean[change:], alpha, kappa).sum(axis=0)
        best = np.where(open_, np.maximum(best, value), best)
    return best


def _kappa(
    counts: Array, mean: Array, alpha: Array, sum_x: Array, sum_mu: Array, guess: Array, direction: str, open_: Mask
) -> Array:
    """kappa of maximum likelihood, on the side looked for (0 if it lies on the other). Newton where alpha > 0."""
    with np.errstate(invalid="ignore", divide="ignore"):
        kappa = np.log(sum_x / sum_mu)
    sign = 1.0 if direction == "inc" else -1.0
    at = np.flatnonzero((alpha > 0) & open_ & np.isfinite(kappa))
    if len(at):
        y, mu, a = counts[:, at], mean[:, at], alpha[at]
        some = kappa[at]
        for _ in range(NEWTON_STEPS):
            raised = mu * np.exp(some)
            slope = ((y - raised) / (1.0 + a * raised)).sum(axis=0)
            curve = (raised * (1.0 + a * y) / (1.0 + a * raised) ** 2).sum(axis=0)
            step = np.clip(slope / curve, -1.0, 1.0)
            some = some + step
            if not (np.abs(step) > 1e-10).any():
                break
        kappa[at] = some
    kappa = np.where(np.isneginf(kappa), 0.0 if direction == "inc" else -700.0, kappa)
    return sign * np.maximum(0.0, sign * kappa)


def _parameters(alpha: float | None) -> tuple[Parameter, ...]:
    return (
        Parameter(
            "alpha", alpha, "dispersion, variance mu + alpha mu²; None: estimated (glm.nb); 0: Poisson", ("alpha",)
        ),
        Parameter("theta", None, "log of the factor looked for (LR); None: any rise (GLR)", ("theta", "kappa")),
        Parameter("limit", 5.0, "statistic at which to alarm", ("c.ARL",)),
        Parameter("harmonics", 1, "harmonics of the year in the mean", ("mu0$S",)),
        Parameter("trend", True, "whether the mean has a log-linear trend", ("mu0$trend",), (True, False)),
        Parameter("refit", False, "whether the mean is fitted again after an alarm", ("mu0$refit",), (True, False)),
        Parameter("window", -1, "weeks back a change may be, -1: all", ("M",)),
        Parameter("minimum", 1, "fewest weeks since a change", ("Mtilde",)),
        Parameter("direction", "inc", "rise or fall looked for", ("dir",), ("inc", "dec")),
    )


_SOURCE = "Höhle and Paul 2008, Comput Stat Data Anal 52:4357–4368"
METHODS: tuple[Method, ...] = (
    Method("glr_nb", glr, _parameters(None), "Negative binomial likelihood ratio CUSUM", _SOURCE, ("alpha",)),
    Method("glr_pois", glr, _parameters(0.0), "Poisson likelihood ratio CUSUM", _SOURCE, ("alpha",)),
)
