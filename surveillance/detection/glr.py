"""Likelihood ratio CUSUMs of counts around a seasonal mean (Höhle and Paul 2008, CSDA 52:4357–4368), as R `algo.glrnb`.

Against a Poisson or negative binomial mean mu_t in control: the mean is multiplied by e^kappa from some week on, kappa
known (LR) or maximised (GLR, generalised). The statistic restarts the week after an alarm.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from surveillance.detection.families import Family
from surveillance.detection.harmonic import Fit, design, fit_dispersed, fit_negative_binomial, fit_poisson
from surveillance.detection.judged import Array, Judged, Method, Parameter, Series, Status

Mask = NDArray[np.bool_]
NEWTON_STEPS = 100
HALF = 0.5  # from which kappa is looked for
FALLEN = -700.0  # kappa of a mean that no case is left of
BOUND = "what upperbound says: the statistic, or the count that would have raised an alarm"
MOST_CASES, NEVER = 1e4, 1e99  # counts tried; said where none of them raises an alarm


def glr(
    series: Series,
    alpha: float | None = None,
    theta: float | None = None,
    limit: float = 5.0,
    harmonics: int = 1,
    trend: bool = False,
    refit: bool = False,
    window: int = -1,
    minimum: int = 1,
    direction: str = "inc",
    mean: float | None = None,
    bound: str = "value",
    change: str = "intercept",
) -> Judged:
    """GLR (theta None) or LR statistic (theta: log of the factor looked for) of each row judged, in `score`.

    mu_t: `mean`, or a regression of the rows before the first judged, again on all rows before after each alarm if
    `refit`. alpha: variance mu + alpha mu²; None: estimated, once. limit: alarm at it or above (LR: above it). window:
    weeks that may hold the change (M, -1: all); minimum: fewest weeks after it (Mtilde). upperbound: the statistic, or
    with bound = cases the count that would have raised an alarm (ret). A missing count ends the sums: nothing is said
    after it. expected: mu_t.
    """
    if any(isinstance(one, str) for one in (alpha, theta, mean)):
        raise ValueError("alpha, theta and mean are numbers, or NULL")
    rows, counts = series.rows, np.trunc(series.counts)  # of counts that are not whole (quirk kept)
    shape = (len(rows), counts.shape[1])
    score, alarm, upper = np.full(shape, np.nan), np.full(shape, np.nan), np.full(shape, np.nan)
    first = int(rows[0]) if len(rows) else 0
    status = np.full(shape, Status.HISTORY, dtype=np.int8)
    if mean is None and first <= 2 * harmonics + int(trend) + 1:
        return Judged(score, upper, alarm, score, score, status, {"alpha": score})
    fit = _in_control(series, first, harmonics, trend, alpha, mean)
    centre = np.full(shape, mean, float) if mean is not None else _means(series, rows, fit, harmonics, trend)
    spread = 1.0 / fit.theta
    start = np.zeros(shape[1], dtype=np.intp)  # place of the first row since the last alarm
    total = np.zeros(shape[1])
    for place, row in enumerate(rows):
        past = counts[rows[: place + 1]]
        if theta is not None:
            upper[place] = _linear_bound(total, centre[place], spread, theta, limit)
            total = _add(total, counts[row], centre[place], spread, theta)
            score[place], fired = total, total > limit
        else:
            chart = Chart(centre[: place + 1], spread, start, window, minimum, direction)
            score[place] = chart.supremum(past)
            fired = score[place] >= limit
            if bound == "cases":
                upper[place] = np.where((spread > 0) & (counts[row] == 0), NEVER, chart.cases(past, limit))
        alarm[place] = np.where(np.isnan(score[place]), np.nan, fired)
        total = np.where(fired, 0.0, total)
        start = np.where(fired, place + 1, start)
        if refit and mean is None and fired.any() and place + 1 < len(rows):
            at = np.flatnonzero(fired)
            part = Series(series.counts[:, at], frequency=series.frequency)
            again = _fit(part, int(row) + 1, harmonics, trend, fit.theta[at])
            centre[place + 1 :, at] = _means(part, rows[place + 1 :], again, harmonics, trend)
    status = np.where(np.isnan(score), Status.MISSING, Status.OK).astype(np.int8)
    status[np.isnan(centre)] = Status.NO_FIT
    upper = np.where(np.isnan(score), np.nan, upper) if bound == "cases" else score.copy()
    own = {"alpha": np.broadcast_to(spread, shape).copy()}
    return Judged(centre, upper, alarm, score, np.full(shape, np.nan), status, own)


def _in_control(
    series: Series, first: int, harmonics: int, trend: bool, alpha: float | None, mean: float | None
) -> Fit:
    """What the mean follows before any alarm; of a mean that is given only the dispersion counts."""
    if mean is not None and (alpha is None or not mean > 0):
        raise ValueError("a mean is above 0, and alpha is given with it")
    theta = None if alpha is None else np.full(series.counts.shape[1], np.inf if alpha == 0 else 1.0 / alpha)
    if mean is not None and theta is not None:
        return Fit(np.zeros((0, len(theta))), theta, np.ones(len(theta), np.bool_))
    return _fit(series, first, harmonics, trend, theta)


def _fit(series: Series, first: int, harmonics: int, trend: bool, theta: Array | None) -> Fit:
    """Regression of the first rows. theta: 1 / alpha of each series (inf: Poisson, of all), None: estimated."""
    terms = design(np.arange(1.0, first + 1.0), harmonics, trend, series.frequency)
    counts = series.counts[:first]
    if theta is None:
        return fit_negative_binomial(terms, counts)
    return fit_poisson(terms, counts) if np.isinf(theta).all() else fit_dispersed(terms, counts, theta)


def _means(series: Series, rows: NDArray[np.intp], fit: Fit, harmonics: int, trend: bool) -> Array:
    terms = design(rows.astype(np.float64) + 1.0, harmonics, trend, series.frequency)
    return Family().mean(terms @ fit.coefficients)


def increment(counts: Array, mean: Array, alpha: Array, kappa: Array | float) -> Array:
    """Log-likelihood ratio of one count, e^kappa times the mean against the mean."""
    factor = np.exp(kappa)
    some = np.where(alpha > 0, alpha, 1.0)
    poisson = kappa * counts + (1.0 - factor) * mean
    mixed = kappa * counts + (counts + 1.0 / some) * np.log1p(
        some * mean * (1.0 - factor) / (1.0 + some * mean * factor)
    )
    return np.where(alpha > 0, mixed, poisson)


def _add(total: Array, counts: Array, mean: Array, alpha: Array, theta: float) -> Array:
    """The LR statistic one row on, whatever the direction asked (quirk kept: theta has the sign)."""
    return np.maximum(0.0, total + increment(counts, mean, alpha, theta))


def _linear_bound(total: Array, mean: Array, alpha: Array, theta: float, limit: float) -> Array:
    """The count that would take the LR statistic to `limit`: not whole, as the reference gives it."""
    least = increment(np.zeros_like(mean), mean, alpha, theta)
    return np.asarray((limit - total - least) / (increment(np.ones_like(mean), mean, alpha, theta) - least))


class Chart(NamedTuple):
    """The GLR statistic at one row. mean: rows × series up to it; start: place of the first row since an alarm."""

    mean: Array
    alpha: Array
    start: NDArray[np.intp]
    window: int
    minimum: int
    direction: str

    def supremum(self, counts: Array) -> Array:
        """Largest log-likelihood ratio over the weeks of change since `start` and over kappa. counts: rows × series.

        Quirks kept. Poisson: `minimum` rows since the alarm are waited for, and then each may hold the change; with a
        window only those that leave `minimum` rows after theirs. A kappa that cannot be found (NaN) is passed over.
        """
        size, mean, alpha = len(counts), self.mean, self.alpha
        negative = bool((alpha > 0).any())
        least = self.minimum if negative else 1 if self.window < 0 else self.minimum + 1
        best, kappa = np.zeros(counts.shape[1]), np.full(counts.shape[1], HALF)
        oldest = 0 if self.window < 0 else max(0, size - 1 - self.window)
        sums = np.cumsum(np.stack([counts, mean])[:, oldest:][:, ::-1], axis=1)[:, ::-1]  # from each row on
        for change in range(max(oldest, int(self.start.min(initial=size))), size - least + 1):
            open_ = change >= self.start
            sum_x, sum_mu = sums[:, change - oldest]
            found = _kappa(counts[change:], mean[change:], alpha, sum_x, sum_mu, kappa, open_)
            kappa = np.where(open_, found, HALF)
            side = np.maximum(0.0, kappa) if self.direction == "inc" else np.minimum(0.0, kappa)
            value = increment(counts[change:], mean[change:], alpha, side).sum(axis=0)
            best = np.where(open_, np.fmax(best, value), best)
        if not negative:
            best = np.where(size - self.start < self.minimum, 0.0, best)
        missing = np.isnan(counts) & (np.arange(size)[:, None] >= np.maximum(self.start, oldest))
        return np.where(missing.any(axis=0), np.nan, best)

    def cases(self, counts: Array, limit: float) -> Array:
        """The least count of the last row (for a fall: the largest) that takes the statistic to `limit`."""
        rising = self.direction == "inc"

        most, never = (MOST_CASES, NEVER) if (self.alpha > 0).any() else (1e12, 0.0)

        def alarmed(last: Array) -> Mask:
            return np.asarray(self.supremum(np.vstack([counts[:-1], last])) >= limit)

        low, high = np.zeros(counts.shape[1]), np.full(counts.shape[1], most)  # where rising: none yet, alarm
        ends = alarmed(low), alarmed(high)
        while (high - low > 1).any():
            middle = np.floor((low + high) / 2.0)
            up = alarmed(middle) == rising
            low, high = np.where(up, low, middle), np.where(up, middle, high)
        if rising:
            return np.where(ends[0], 0.0, np.where(ends[1], high, never))
        return np.where(ends[0], low, 0.0)


def _kappa(counts: Array, mean: Array, alpha: Array, sum_x: Array, sum_mu: Array, guess: Array, open_: Mask) -> Array:
    """kappa of maximum likelihood; NaN: none was found. Poisson without a case: none.

    Where alpha > 0 by Newton's steps from the kappa of the change a week before, however long: they lose their way
    where the counts are far from the mean, as those of the reference, and do not find it again (quirk kept).
    """
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        kappa = np.where(sum_x > 0, np.log(sum_x / sum_mu), np.where(alpha > 0, FALLEN, np.nan))
        at = np.flatnonzero((alpha > 0) & open_ & (sum_x > 0))
        if len(at):
            y, mu, a = counts[:, at], mean[:, at], alpha[at]
            some = guess[at]
            for _ in range(NEWTON_STEPS):
                raised = mu * np.exp(some)
                slope = ((y - raised) / (1.0 + a * raised)).sum(axis=0)
                curve = (raised * (1.0 + a * y) / (1.0 + a * raised) ** 2).sum(axis=0)
                some, before = some + slope / curve, some
                if not (np.abs(some - before) > 1e-10).any():
                    break
            kappa[at] = some
    return kappa


def _parameters(alpha: float | None) -> tuple[Parameter, ...]:
    return (
        Parameter(
            "alpha",
            alpha,
            "dispersion, variance mu + alpha mu²; None: estimated (glm.nb); 0: Poisson",
            ("alpha",),
            least=0,
        ),
        Parameter("theta", None, "log of the factor looked for (LR); None: any rise (GLR)", ("theta", "kappa")),
        Parameter("limit", 5.0, "statistic at which to alarm", ("c.ARL",), least=0),
        Parameter("harmonics", 1, "harmonics of the year in the mean", ("mu0$S",), least=0),
        Parameter("trend", False, "whether the mean has a log-linear trend", ("mu0$trend",), (True, False)),
        Parameter("refit", False, "whether the mean is fitted again after an alarm", ("mu0$refit",), (True, False)),
        Parameter("window", -1, "weeks back a change may be, -1: all", ("M",), least=-1),
        Parameter("minimum", 1, "fewest weeks since a change", ("Mtilde",), least=1),
        Parameter("direction", "inc", "rise or fall looked for (LR: theta says it)", ("dir",), ("inc", "dec")),
        Parameter("mean", None, "mean in control, cases; None: a regression of the rows before", ("mu0",), least=0),
        Parameter("bound", "value", BOUND, ("ret",), ("value", "cases")),
        Parameter("change", "intercept", "how the mean changes: by a factor", ("change",), ("intercept",)),
    )


_SOURCE = "Höhle and Paul 2008, Comput Stat Data Anal 52:4357–4368"
METHODS: tuple[Method, ...] = (
    Method("glr_nb", glr, _parameters(None), "Negative binomial likelihood ratio CUSUM", _SOURCE, ("alpha",)),
    Method(
        "glr_pois", partial(glr, alpha=0.0), _parameters(0.0), "Poisson likelihood ratio CUSUM", _SOURCE, ("alpha",)
    ),
)
