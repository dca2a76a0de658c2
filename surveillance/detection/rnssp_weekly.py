"""The weekly regressions of Rnssp (`alert_serfling`, `alert_nbinom` 0.3.1): a baseline that ends on a date, and bounds.

Counts on a line and one harmonic of 52.18 weeks; the last rows are forecast from the baseline.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from surveillance.detection import quantiles
from surveillance.detection.judged import Array, Codes, Judged, Method, Parameter, Series, Status
from surveillance.detection.negative_binomial import fit_negative_binomial
from surveillance.detection.periodic import Basis, least_squares, leverage, seasonal
from surveillance.detection.student import one_minus_pt, quantile

YEAR = 52.18
EPIDEMIC_MONTHS = (10, 5)  # from October to May
LEAST = 104  # rows of a baseline: Rnssp wants two years
Flags = NDArray[np.bool_]


def rnssp_serfling(series: Series, baseline_end: str = "", baseline_share: float = 0.7, alpha: float = 0.05) -> Judged:
    """Least squares on the rows of the baseline from June to September; one-sided prediction bound (Student).

    The months are those of the rows' dates; without dates the first row begins a year.
    """
    basis, known, chosen = _prepare(series, baseline_end, baseline_share)
    month = _months(series)
    calm = (month < EPIDEMIC_MONTHS[0]) & (month > EPIDEMIC_MONTHS[1])
    used = known & (chosen & calm)[:, None]
    basis = Basis.of(basis, np.asarray(used.any(axis=1))).rows
    line = least_squares(basis, series.counts, used.astype(float))
    freedom = used.sum(axis=0) - basis.shape[1]
    rss = np.where(used, (series.counts - line.fitted) ** 2, 0.0).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        sigma = np.where(freedom > 0, np.sqrt(rss / freedom), np.nan)
        spread = sigma * np.sqrt(1 + leverage(basis, line.inverse))
        score = np.where(spread > 0, (series.counts - line.fitted) / spread, np.nan)
    threshold, pvalue = line.fitted + _student(freedom, alpha) * spread, np.full(score.shape, np.nan)
    for free in np.unique(freedom[freedom > 0]):
        these = freedom == free
        pvalue[:, these] = one_minus_pt(score[:, these], float(free))
    status = _status(series, known, chosen, np.isnan(sigma))
    return _judge(series, (line.fitted, threshold, score, pvalue), status, chosen)


def rnssp_nbinom(
    series: Series,
    baseline_end: str = "",
    baseline_share: float = 0.7,
    alpha: float = 0.05,
    include_time: bool = True,
) -> Judged:
    """Negative binomial regression on all rows of the baseline.

    Threshold: quantile of a negative binomial around the upper confidence bound of the mean (Student); that of a
    Poisson law where the counts vary so little that no theta is found (rounding noise in R: 1e7 or 1e29). A baseline of
    zeros has no fit (`constant`). include_time: of no effect, as in Rnssp, which takes it and always fits the line.
    """
    basis, known, chosen = _prepare(series, baseline_end, baseline_share)
    used = known & chosen[:, None]
    rows = Basis.of(basis, np.asarray(used.any(axis=1))).rows
    empty = np.where(used, series.counts, 0.0).sum(axis=0) <= 0
    kept = np.flatnonzero(~empty & (used.sum(axis=0) > basis.shape[1]))
    found = np.full((2, *series.counts.shape), np.nan)
    theta = np.full(series.counts.shape[1], np.nan)
    if len(kept):
        part = fit_negative_binomial(rows, series.counts[:, kept], used[:, kept])
        spread = np.sqrt(leverage(rows, part.model.inverse))
        reach = _student(used[:, kept].sum(axis=0) - basis.shape[1], alpha)
        found[0][:, kept] = np.exp(part.model.eta)
        above = np.exp(part.model.eta + reach * spread)[series.rows]
        theta[kept] = part.theta
        found[1][np.ix_(series.rows, kept)] = quantiles.quantile(1 - alpha, above, 1.0 + above / theta[kept])
    status = _status(series, known, chosen, np.isnan(found[0]).any(axis=0), empty)
    nothing = np.full(series.counts.shape, np.nan)
    more = {"theta": np.broadcast_to(theta, series.counts.shape)}
    return _judge(series, (found[0], found[1], nothing, nothing), status, chosen, more)


def _prepare(series: Series, baseline_end: str, baseline_share: float) -> tuple[Array, Flags, Flags]:
    """The design; which observations are there; which rows are of the baseline."""
    rows = len(series.counts)
    design = seasonal(np.arange(1.0, rows + 1), YEAR)
    last = round(baseline_share * rows)
    if baseline_end.isdigit():
        last = int(baseline_end)
    elif baseline_end and series.dates is not None:
        last = int((series.dates <= np.datetime64(baseline_end)).sum())
    return design, ~np.isnan(series.counts), np.arange(rows) < last


def _months(series: Series) -> NDArray[np.int64]:
    if series.dates is None:
        place = np.arange(len(series.counts)) % series.frequency
        return place * 12 // series.frequency + 1
    return series.dates.astype("datetime64[M]").astype(np.int64) % 12 + 1


def _student(freedom: NDArray[np.intp], alpha: float) -> Array:
    """One-sided quantile of Student's t, per series."""
    known = {int(free): quantile(1 - alpha, int(free)) for free in np.unique(freedom) if free > 0}
    return np.array([known.get(int(free), np.nan) for free in freedom])


def _status(series: Series, known: Flags, chosen: Flags, unfit: Flags, empty: Flags | None = None) -> Codes:
    status = np.where(known, Status.OK, Status.MISSING).astype(np.int8)
    status[:, unfit] = Status.NO_FIT
    if empty is not None:
        status[:, empty] = Status.CONSTANT
    status[:, ~known.any(axis=0)] = Status.MISSING
    if chosen.sum() < LEAST:
        status[:] = Status.HISTORY
    return status


def _judge(
    series: Series,
    found: tuple[Array, Array, Array, Array],
    status: Codes,
    chosen: Flags,
    more: dict[str, NDArray[np.float64]] | None = None,
) -> Judged:
    """`found`: expected, upperbound, score and p-value of every row; those of series without a fit are taken out."""
    rows = series.rows
    out = np.isin(status, [Status.NO_FIT, Status.HISTORY, Status.CONSTANT])
    expected, threshold, score, pvalue = (np.where(out, np.nan, values)[rows] for values in found)
    untold = np.isnan(series.counts[rows]) | np.isnan(threshold)
    alarm = np.where(untold, np.nan, series.counts[rows] > threshold)
    words = np.where(chosen, "Baseline Period", "Prediction Period").astype(object)
    own: dict[str, NDArray[np.object_] | Array] = {
        "split": np.broadcast_to(words[:, None], series.counts.shape)[rows],
        **{name: values[rows] for name, values in (more or {}).items()},
    }
    return Judged(expected, threshold, alarm, score, pvalue, status[rows], own)


_PARAMETERS = (
    Parameter(
        "baseline_end", "", "last date of the baseline, or number of rows; empty: baseline_share", ("baseline_end",)
    ),
    Parameter("baseline_share", 0.7, "share of the rows, from the first, that are the baseline"),
    Parameter("alpha", 0.05, "one-sided level of the bound"),
)
METHODS: tuple[Method, ...] = (
    Method(
        "rnssp_serfling",
        rnssp_serfling,
        _PARAMETERS,
        "a line and the season on the weeks from June to September of a baseline; prediction bound",
        "Rnssp 0.3.1, alert_serfling",
        ("split",),
        weekly=True,
    ),
    Method(
        "rnssp_nbinom",
        rnssp_nbinom,
        (
            *_PARAMETERS,
            Parameter(
                "include_time",
                True,
                "taken and of no effect, as in Rnssp: the line is always fitted",
                ("include_time", "include_time_term"),
            ),
        ),
        "negative binomial regression on a line and the season of a baseline",
        "Rnssp 0.3.1, alert_nbinom; MASS::glm.nb",
        ("split", "theta"),
        weekly=True,
    ),
)
