"""Rules on the same weeks of past years: Stroup's historical limits, the Bayes rules, the rules of the RKI.

Stroup et al. 1989 (Stat Med 8:323–329); Riebler 2004 (the Bayes rules of Höhle 2007, Comput Stat 22:571–582, §2);
limits of Poisson means of Crow and Gardner 1959 (Biometrika 46:441–453, table 1). A week of a past year is found by
its place, 52 rows a year back: years of 53 weeks shift it, as in the R package `surveillance`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from surveillance.detection.judged import Array, Judged, Method, Parameter, Series, Status
from surveillance.detection.quantiles import at_least, quantile

Places = NDArray[np.intp]
# Upper 95 % limit of a Poisson mean of which 0, 1, … 20 cases were seen (Crow and Gardner 1959).
CROW_GARDNER = np.array(
    (
        *(3.285, 5.323, 6.686, 8.102, 9.598, 11.177, 12.817, 13.765, 14.921, 16.768, 17.633),
        *(19.050, 20.335, 21.364, 22.945, 23.762, 25.400, 26.306, 27.735, 28.966, 30.017),
    )
)
FEW = 20  # a larger mean is taken as normal by the RKI rules
WEEKS = 4  # weeks of the sums that Stroup compares


def reference_places(years: int, width: int, recent: bool, frequency: int) -> Places:
    """Rows before the one judged (negative): `width` on each side of it in past years, and just before it if recent."""
    past = [-frequency * year + offset for year in range(years, 0, -1) for offset in range(-width, width + 1)]
    return np.array(past + (list(range(-width, 0)) if recent else []), dtype=np.intp)


def _judge(
    series: Series, places: Places, rule: Callable[[Array, Array], tuple[Array, Array, Array, Array, Array]]
) -> Judged:
    """Judge each row by `rule(reference, row)` → expected, bound, statistic, score, p-value, each one per series.

    reference: reference values × series. A row without its whole past is not tested; one of which the rule says no
    bound, or that is missing itself, has no alarm.
    """
    shape = (len(series.rows), series.counts.shape[1])
    out = np.full((5, *shape), np.nan)
    status = np.full(shape, Status.HISTORY, dtype=np.int8)
    for place, row in enumerate(series.rows):
        at = row + places
        if len(places) and at.min() >= 0 and at.max() < len(series.counts):
            out[:, place] = rule(series.counts[at], series.counts[row])
            status[place] = np.where(np.isnan(out[1, place]) | np.isnan(out[2, place]), Status.MISSING, Status.OK)
    expected, bound, statistic, score, pvalue = out
    unknown = np.isnan(statistic) | np.isnan(bound)
    with np.errstate(invalid="ignore"):
        alarm = np.where(unknown, np.nan, (statistic > bound).astype(float))
    return Judged(expected, bound, alarm, score, pvalue, status, {"statistic": statistic})


def bayes(series: Series, years: int = 0, width: int = 6, recent: bool = True, alpha: float = 0.05) -> Judged:
    """Quantile of the next count given the reference counts, Jeffreys' prior on their Poisson mean.

    The next count is NB(sum + 1/2, n / (n + 1)); missing reference counts leave both the sum and n. p-value: P(Y ≥ y).
    """

    places = reference_places(years, width, recent, series.frequency)
    shape = (len(series.rows), series.counts.shape[1])
    number, total = np.zeros(shape), np.zeros(shape)
    status = np.full(shape, Status.HISTORY, dtype=np.int8)
    for place, row in enumerate(series.rows):
        if len(places) and row + places.min() >= 0:
            reference = series.counts[row + places]
            number[place] = (~np.isnan(reference)).sum(axis=0)
            total[place] = np.nansum(reference, axis=0)
            status[place] = Status.MISSING
    counts = series.counts[series.rows]
    with np.errstate(invalid="ignore", divide="ignore"):
        expected = np.where(number > 0, total + 0.5, np.nan) / number
        spread = (number + 1.0) / number  # variance over mean
        bound = quantile(1.0 - alpha, expected, spread)  # of all rows at once: the search is what costs
        score = (counts - expected) / np.sqrt(expected * spread)
        alarm = np.where(np.isnan(counts) | np.isnan(bound), np.nan, (counts > bound).astype(float))
        pvalue = at_least(counts, expected, spread)
    status[~np.isnan(alarm)] = Status.OK
    return Judged(expected, bound, alarm, score, pvalue, status, {"statistic": counts.astype(float)})


def rki(series: Series, years: int = 2, width: int = 4, recent: bool = False) -> Judged:
    """Mean + 2 sd of the reference counts if their mean is above 20; else the tabulated limit of a Poisson mean.

    One missing reference count: not tested (the reference stops). One reference count: no sd, hence no bound above 20.
    """

    def rule(reference: Array, row: Array) -> tuple[Array, Array, Array, Array, Array]:
        mean = reference.mean(axis=0)
        sd = reference.std(axis=0, ddof=1) if len(reference) > 1 else np.full_like(mean, np.nan)
        with np.errstate(invalid="ignore", divide="ignore"):
            entry = np.clip(np.nan_to_num(np.floor(mean)), 0, FEW).astype(np.intp)
            bound = np.where(mean > FEW, mean + 2.0 * sd, np.where(np.isnan(mean), np.nan, CROW_GARDNER[entry]))
            score = (row - mean) / sd
        return mean, bound, row, score, np.full_like(mean, np.nan)

    return _judge(series, reference_places(years, width, recent, series.frequency), rule)


def cdc(series: Series, years: int = 5, months: int = 1, alpha: float = 0.025) -> Judged:
    """Four-week sum up to the row against those of past years, `months` four-week blocks on each side of it included.

    Bound: mean + z(1 - alpha/2) sd sqrt(1 + 1/n), n = years (2 months + 1) sums (Stroup 1989, eq. 1, its normal form).
    Weekly series only. p-value: one-sided, normal. A year is 52 rows. A missing week makes its sums missing. Past sums
    of counts that are not whole are cut to whole numbers, that of the row is not (quirk kept).
    """
    ends = np.array([-52 * year + WEEKS * m for year in range(years, 0, -1) for m in range(-months, months + 1)])
    sums = np.arange(1 - WEEKS, 1)
    places = np.concatenate([(ends[:, None] + sums).ravel(), sums]).astype(np.intp)

    def rule(reference: Array, row: Array) -> tuple[Array, Array, Array, Array, Array]:
        total = reference.reshape(-1, WEEKS, reference.shape[1]).sum(axis=1)
        past, now = np.trunc(total[:-1]), total[-1]
        mean, error = past.mean(axis=0), past.std(axis=0, ddof=1) * np.sqrt(1.0 + 1.0 / len(past))
        with np.errstate(invalid="ignore", divide="ignore"):
            score = (now - mean) / error
        return mean, mean + float(ndtri(1.0 - alpha / 2.0)) * error, now, score, 1.0 - ndtr(score)

    return _judge(series, places, rule)


def _window(years: int, width: int, recent: bool) -> tuple[Parameter, ...]:
    return (
        Parameter("years", years, "past years looked at, 0 or more", ("b",), least=0),
        Parameter("width", width, "rows on each side in past years, and before the row judged", ("w",), least=0),
        Parameter("recent", recent, "whether the rows just before the one judged count", ("actY",), (True, False)),
    )


_ALPHA = Parameter("alpha", 0.05, "probability of a higher count in a normal week, 0–1", ("alpha",), least=0, most=1)
_Window = tuple[int, int, bool]
_WINDOWS: dict[str, _Window] = {
    "1": (0, 6, True),
    "2": (1, 6, True),
    "3": (2, 4, False),
}


def _named(rule: Callable[..., Judged], window: _Window) -> Callable[..., Any]:
    return partial(rule, **dict(zip(("years", "width", "recent"), window, strict=True)))


METHODS: tuple[Method, ...] = (
    Method(
        "cdc",
        cdc,
        (
            Parameter("years", 5, "past years looked at", ("b",), least=1),
            Parameter("months", 1, "four-week blocks on each side in past years", ("m",), least=0),
            Parameter("alpha", 0.025, "level of the two-sided bound, 0–1", ("alpha",), least=0, most=1),
        ),
        "Stroup's historical limits on four-week sums",
        "Stroup et al. 1989, Stat Med 8:323–329",
        ("statistic",),
        weekly=True,
    ),
    *(
        Method(
            "bayes" + name,
            _named(bayes, window),
            (*_window(*window), _ALPHA),
            "Bayesian quantile of the reference weeks",
            "Höhle 2007, Comput Stat 22:571–582",
            ("statistic",),
        )
        for name, window in {"": (0, 6, True), **_WINDOWS}.items()
    ),
    *(
        Method(
            "rki" + name,
            _named(rki, window),
            _window(*window),
            "Rule of the Robert Koch-Institut",
            "Höhle 2007, Comput Stat 22:571–582; Crow and Gardner 1959, Biometrika 46:441–453",
            ("statistic",),
        )
        for name, window in {"": (2, 4, False), **_WINDOWS}.items()
    ),
)
