"""Farrington's methods: a count against those of the same weeks of the last years.

`farrington`: Farrington, Andrews, Beale & Catchpole 1996 (J R Stat Soc A 159:547-563), as `algo.farrington`;
`farrington_flexible`: Noufaily et al. 2013 (Stat Med 32:1206-1222), as `farringtonFlexible`, of the R package
`surveillance`, whose figures and quirks are kept.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special

from surveillance.detection import farrington_limits as limits
from surveillance.detection import quantiles
from surveillance.detection.farrington_model import Fitted, Past, Rules
from surveillance.detection.farrington_weeks import classic, in_levels, reference_rows
from surveillance.detection.judged import Array, Judged, Method, Parameter, Series, Status

COLUMNS = ("mu0", "phi", "trend", "coef_time")


def farrington_flexible(
    series: Series, b: int = 5, w: int = 3, reweight: bool = True, weights_threshold: float = 2.58,
    alpha: float = 0.05, trend: bool = True, p_threshold_trend: float = 0.05, limit54: tuple[int, int] = (5, 4),
    power_trans: str = "2/3", no_periods: int = 1, past_weeks_not_included: int | None = None,
    threshold_method: str = "delta", population_offset: bool = False, epoch: str = "date",
) -> Judged:  # fmt: skip
    """Noufaily et al. 2013: every week of the last years, in levels by part of the year, a one-sided bound."""
    left_out = w if past_weeks_not_included is None else past_weeks_not_included
    dates = series.dates if epoch == "date" else None
    rules = Rules(weights_threshold if reweight else None, trend, int(b >= 3), p_threshold_trend, bare=reweight)
    answer = Answer(series)
    past = Past(series.counts, series.population if population_offset else None)
    for place, row in enumerate(series.rows):
        references = reference_rows(int(row), b, series.frequency, dates)
        baseline = in_levels(int(row), references, w, no_periods, left_out, dates)
        if baseline is None:
            continue
        fitted = past.fitted(int(row), baseline, rules)
        answer.flexible(place, int(row), fitted, limit54, alpha, power_trans, threshold_method)
    return answer.judged()


def farrington(
    series: Series, b: int = 5, w: int = 3, reweight: bool = True, weights_threshold: float = 1.0,
    alpha: float = 0.05, trend: bool = True, p_threshold_trend: float = 0.05, limit54: tuple[int, int] = (5, 4),
    power_trans: str = "2/3", population_offset: bool = False, epoch: str = "date", fit: str = "fast",
) -> Judged:  # fmt: skip
    """Farrington et al. 1996: the same weeks of the last years, a two-sided bound on the scale of power 2/3."""
    dates = series.dates if epoch == "date" else None
    rules = Rules(weights_threshold if reweight else None, trend, int(b >= 3), p_threshold_trend, bare=False)
    answer = Answer(series)
    offset = series.population if population_offset or fit == "population_offset" else None
    past = Past(series.counts, offset)
    for place, row in enumerate(series.rows):
        references = reference_rows(int(row), b, series.frequency, dates)
        baseline = classic(int(row), references, w, len(series.counts))
        if not len(baseline.rows):
            continue
        # A missing week in the baseline stops R, in the second pass or in the fast fit: nothing is said of the series.
        missing = np.isnan(past.counts[:, baseline.rows]).any(axis=1) & (reweight or fit == "fast")
        answer.classic(place, int(row), past.fitted(int(row), baseline, rules), missing, limit54, alpha, power_trans)
    return answer.judged()


class Answer:
    """What is said, filled in row by row (rows judged × series)."""

    def __init__(self, series: Series) -> None:
        shape = (len(series.rows), series.counts.shape[1])
        self.counts = series.counts
        self.names = ("expected", "upperbound", "alarm", "score", "pvalue", *COLUMNS)
        self.values = {name: np.full(shape, np.nan) for name in self.names}
        self.status = np.full(shape, Status.HISTORY, np.int8)

    def set(self, place: int, status: NDArray[np.int8], **values: Array) -> None:
        """One row judged."""
        self.status[place] = status
        for name, value in values.items():
            self.values[name][place] = value

    def judged(self) -> Judged:
        """All of it."""
        values = self.values
        more = {name: values[name] for name in COLUMNS}
        return Judged(
            values["expected"],
            values["upperbound"],
            values["alarm"],
            values["score"],
            values["pvalue"],
            self.status,
            more,
        )

    def recent(self, row: int, limit54: tuple[int, int]) -> Array:
        """Cases of the last limit54[1] rows, the one judged with them (NaN: one is missing)."""
        return np.asarray(self.counts[max(0, row - limit54[1] + 1) : row + 1].sum(axis=0))

    def classic(
        self, place: int, row: int, fitted: Fitted, missing: NDArray[np.bool_], limit54: tuple[int, int], alpha: float,
        power: str,
    ) -> None:  # fmt: skip
        """Threshold, score and p-value of algo.farrington."""
        count, recent = self.counts[row], self.recent(row, limit54)
        mean, exponent = fitted.expected, limits.POWERS[power]
        with np.errstate(all="ignore"):
            tau = fitted.phi * (1.0 + mean * fitted.variance)
            bound, scale = limits.power_bound(mean, tau, float(special.ndtri(1.0 - alpha / 2.0)), power)
            score = (count - mean) / (bound - mean)
            pvalue = special.ndtr(-(count**exponent - mean**exponent) / scale)
        none, few = np.isnan(fitted.eta), ~(recent >= limit54[0])
        # With few cases lately R gives a bound and a score of 0.
        unknown = np.isnan(recent)  # a missing week among the last ones: the model is told, not the bound
        bound = np.where(unknown, np.nan, np.where(few, 0.0, bound))
        score = np.where(unknown, np.nan, np.where(few, 0.0, score))
        alarm = np.where(np.isnan(score), np.nan, score > 1.0)
        status = np.where(few, Status.FEW, Status.OK).astype(np.int8)
        status[none] = Status.NO_FIT
        status[missing | unknown] = Status.MISSING
        values = {
            "expected": mean, "upperbound": bound, "alarm": alarm, "score": score, "pvalue": pvalue, "mu0": mean,
            "phi": fitted.phi, "trend": fitted.trend, "coef_time": fitted.slope,
        }  # fmt: skip
        untold = missing | none
        self.set(place, status, **{name: np.where(untold, np.nan, value) for name, value in values.items()})

    def flexible(
        self, place: int, row: int, fitted: Fitted, limit54: tuple[int, int], alpha: float, power: str, method: str
    ) -> None:
        """Threshold, score and p-value of farringtonFlexible."""
        count, recent = self.counts[row], self.recent(row, limit54)
        with np.errstate(all="ignore"):
            bound, pvalue, mean, base = flexible_bound(count, fitted, alpha, power, method)
            score = (count - base) / (bound - base)
            enough = recent >= limit54[0]
            alarm = np.where(np.isnan(score), np.nan, (score > 1.0) & (count != 0))
        none, endless = np.isnan(fitted.eta), np.isinf(mean) & (method != "delta")
        pvalue[none | endless] = np.nan
        few = ~enough & ~none
        untold = few | endless
        alarm[untold] = 0.0
        status = np.where(few, Status.FEW, Status.OK).astype(np.int8)
        status[np.isnan(count)] = Status.MISSING
        status[none | endless] = Status.NO_FIT
        # Without a fit R leaves the expected count at the 0 it began with.
        expected = np.where(none, 0.0, np.where(untold, np.nan, fitted.expected))
        self.set(
            place, status, expected=expected, upperbound=np.where(untold, np.nan, bound), alarm=alarm, score=score,
            pvalue=pvalue, mu0=mean, phi=fitted.phi, trend=fitted.trend, coef_time=fitted.slope,
        )  # fmt: skip


def flexible_bound(
    count: Array, fitted: Fitted, alpha: float, power: str, method: str
) -> tuple[Array, Array, Array, Array]:
    """Upper bound, p-value, `mu0` and the base of the score, by `method` (delta, nbPlugin, muan)."""
    z = float(special.ndtri(1.0 - alpha))
    error = np.sqrt(fitted.variance * fitted.error_phi)
    if method == "delta":
        response = fitted.expected * error
        bound, scale = limits.power_bound(fitted.expected, fitted.phi + response**2 / fitted.expected, z, power)
        exponent = limits.POWERS[power]
        pvalue = special.ndtr(-(count**exponent - fitted.expected**exponent) / scale)
        # R takes the mean for a logarithm here.
        return bound, pvalue, np.exp(fitted.expected + z * response), fitted.expected
    mean = np.exp(fitted.eta + (z * error if method == "muan" else 0.0))
    bound = quantiles.quantile(1.0 - alpha, mean, fitted.phi)
    # The score is on the scale of the linear predictor: R's quirk.
    return bound, quantiles.at_least(count, mean, fitted.phi), mean, fitted.eta


YEARS = Parameter("b", 5, "years of the past that are taken", ("b",), least=1)
WINDOW = Parameter("w", 3, "weeks (steps) taken on each side of the same week of an earlier year", ("w",), least=0)
REWEIGHT = Parameter("reweight", True, "give past outbreaks less weight, in a second pass", ("reweight",))
LIMIT = "standardised Anscombe residual above which a past week loses weight"
LIMIT54 = Parameter(
    "limit54",
    (5, 4),
    "fewest cases, in how many last weeks (the one judged with them), for an alarm",
    ("limit54",),
    least=0,
)
POWER = Parameter("power_trans", "2/3", "power that makes the variance stable", ("powertrans",), tuple(limits.POWERS))
TREND = Parameter("trend", True, "fit a trend", ("trend",))
P_TREND = Parameter("p_threshold_trend", 0.05, "p-value below which the trend is kept; 1: always", ("pThresholdTrend",))
OFFSET = Parameter("population_offset", False, "rates: counts by population", ("populationOffset",))
EPOCH = Parameter(
    "epoch",
    "date",
    "same weeks of earlier years: by date, or by place in the series",
    ("epochAsDate",),
    ("date", "index"),
)
FIT = Parameter(
    "fit", "fast", "fitting function of the reference: the same figures, population_offset apart", ("fitFun",),
    ("fast", "glm", "population_offset"),
)  # fmt: skip
PERIODS = Parameter(
    "no_periods", 1, "parts of the year with a level of their own; 1: the same weeks only", ("noPeriods",), least=1
)
PAST = Parameter(
    "past_weeks_not_included", None, "last weeks left out of the past; none: w", ("pastWeeksNotIncluded",), least=0
)
BOUND = Parameter(
    "threshold_method", "delta", "bound: by delta method, negative binomial quantile, or that of an upper mean",
    ("thresholdMethod",), ("delta", "nbPlugin", "muan"),
)  # fmt: skip

METHODS: tuple[Method, ...] = (
    Method(
        "farrington", farrington,
        (
            YEARS, WINDOW, REWEIGHT, Parameter("weights_threshold", 1.0, LIMIT, ("weightsThreshold",)),
            Parameter("alpha", 0.05, "two-sided error of the bound: half of it is above", ("alpha",), least=0, most=1),
            TREND, P_TREND, LIMIT54, POWER, OFFSET, EPOCH, FIT,
        ),
        "Same weeks of the last years, quasi-Poisson with trend (Farrington 1996)",
        "Farrington et al. 1996, J R Stat Soc A 159:547-563; R surveillance, algo.farrington", COLUMNS,
    ),
    Method(
        "farrington_flexible", farrington_flexible,
        (
            YEARS, WINDOW, REWEIGHT, Parameter("weights_threshold", 2.58, LIMIT, ("weightsThreshold",)),
            Parameter("alpha", 0.05, "one-sided error of the bound", ("alpha",), least=0, most=1), TREND, P_TREND,
            LIMIT54, POWER, PERIODS, PAST, BOUND, OFFSET, EPOCH,
        ),
        "Every week of the last years in levels by part of the year (Noufaily 2013)",
        "Noufaily et al. 2013, Stat Med 32:1206-1222; R surveillance, farringtonFlexible", COLUMNS,
    ),
)  # fmt: skip
