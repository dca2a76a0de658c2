"""Farrington's flexible method as Public Health England ran it, day by day.

Noufaily et al. 2019 (Bioinformatics 35:3110-3118). It differs from `farringtonFlexible`: a week is the seven days that
end on the day judged; a year is 52.18 weeks, cut in nine times five weeks and the seven (eight) around the day; weeks
before the first case are no past; a trend is fitted unless every case lies within a year, and always kept.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from surveillance.detection import quantiles
from surveillance.detection.farrington_model import Fitted, Past, Rules
from surveillance.detection.farrington_weeks import Baseline
from surveillance.detection.judged import Array, Judged, Method, Parameter, Series, Status

YEAR, WINDOW, PERIODS, PERIOD = 52.18, 3, 9, 5  # weeks a year; around the day; periods a year, weeks each
COLUMNS = ("mu0", "phi", "trend", "coef_time")


def farrington_flexible_phe(
    series: Series, b: int = 5, alpha: float = 0.01, weights_threshold: float = 2.58,
    past_weeks_not_included: int = 26, limit54: tuple[int, int] = (5, 4),
) -> Judged:  # fmt: skip
    """Daily series (frequency 365): each day by the week that ends on it; weekly series: as they are."""
    step = 7 if series.frequency == 365 else 1
    shape = (len(series.rows), series.counts.shape[1])
    names = ("expected", "upperbound", "alarm", "score", "pvalue", *COLUMNS)
    values = {name: np.full(shape, np.nan) for name in names}
    status = np.full(shape, Status.HISTORY, np.int8)
    by_phase = [_weeks(series.counts, step, phase) for phase in range(step)]
    for place, day in enumerate(int(row) for row in series.rows):
        weeks, past = by_phase[(day + 1) % step]
        row = (day + 1) // step - 1
        baseline = phe_baseline(row, b, past_weeks_not_included)
        if baseline is None:
            continue
        fitted, none = _fitted(weeks, past, row, baseline, weights_threshold)
        said, status[place] = _said(weeks, row, fitted, none, alpha, limit54)
        for name, value in said.items():
            values[name][place] = value
    more = {name: values[name] for name in COLUMNS}
    return Judged(
        values["expected"], values["upperbound"], values["alarm"], values["score"], values["pvalue"], status, more
    )  # fmt: skip


def phe_baseline(row: int, years: int, left_out: int) -> Baseline | None:
    """Ten levels: nine periods after each window; a week too many in a year belongs to the next window."""
    references = row - np.round(YEAR * np.arange(years + 1)).astype(int)
    if references[-1] < WINDOW:
        return None
    level = np.full(row + 1, PERIODS, np.intp)
    level[: references[-1] - WINDOW] = -1
    for before in references[1:]:
        start = before + WINDOW + 1
        level[start : start + PERIODS * PERIOD] = np.repeat(np.arange(PERIODS), PERIOD)[: row + 1 - start]
    level[max(0, row - left_out) :] = -1
    rows = np.flatnonzero(level >= 0).astype(np.intp)
    return Baseline(rows, level[rows], PERIODS + 1, rows.astype(float), float(row), False)


def _weeks(counts: Array, step: int, phase: int) -> tuple[Array, Past]:
    """Sums of `step` rows from row `phase` on (weeks × series), and the past of them: from the first case on."""
    whole = (len(counts) - phase) // step
    weeks = counts[phase : phase + whole * step].reshape(whole, step, counts.shape[1]).sum(axis=1)
    begun = np.maximum.accumulate(np.nan_to_num(weeks) > 0, axis=0)
    return weeks, Past(np.where(begun, weeks, np.nan))


def _fitted(weeks: Array, past: Past, row: int, baseline: Baseline, limit: float) -> tuple[Fitted, NDArray[np.bool_]]:
    """The model, without a trend where every case lies within 52 weeks; none: fewer than two weeks with cases."""
    cases = np.nan_to_num(weeks[baseline.rows]) > 0
    first, last = np.argmax(cases, axis=0), len(cases) - 1 - np.argmax(cases[::-1], axis=0)
    short = baseline.rows[last] - baseline.rows[first] < 52
    with_trend = past.fitted(row, baseline, Rules(limit, True, 2, 1.0, bare=False))
    without = past.fitted(row, baseline, Rules(limit, False, 0, 1.0, bare=False))
    return with_trend.where(~short, without), cases.sum(axis=0) < 2


def _said(
    weeks: Array, row: int, fitted: Fitted, none: NDArray[np.bool_], alpha: float, limit54: tuple[int, int]
) -> tuple[dict[str, Array], NDArray[np.int8]]:
    """Bound (at least 1), p-value, score on the scale of counts, alarm; and the status."""
    count, mean = weeks[row], np.exp(fitted.eta)
    with np.errstate(all="ignore"):
        bound = np.fmax(1.0, quantiles.quantile(1.0 - alpha, mean, fitted.phi))
        pvalue = quantiles.at_least(count, mean, fitted.phi)
        score = (count - mean) / (bound - mean)
        recent = weeks[max(0, row - limit54[1] + 1) : row + 1].sum(axis=0)
        few = ~(recent >= limit54[0])
        alarm = np.where(np.isnan(count), np.nan, (count > bound) & ~few)
    status = np.where(few, Status.FEW, Status.OK).astype(np.int8)
    status[np.isnan(count)] = Status.MISSING
    untold = none | np.isnan(fitted.phi)
    status[untold] = Status.NO_FIT
    said = {
        "expected": mean, "upperbound": bound, "alarm": alarm, "score": score, "pvalue": pvalue, "mu0": mean,
        "phi": fitted.phi, "trend": fitted.trend, "coef_time": fitted.slope,
    }  # fmt: skip
    return {name: np.where(untold, np.nan, value) for name, value in said.items()}, status


METHODS: tuple[Method, ...] = (
    Method(
        "farrington_flexible_phe", farrington_flexible_phe,
        (
            Parameter("b", 5, "years of the past that are taken", ("b",)),
            Parameter("alpha", 0.01, "one-sided error of the bound", ("alpha",)),
            Parameter("weights_threshold", 2.58, "Anscombe residual above which a past week loses weight"),
            Parameter("past_weeks_not_included", 26, "last weeks left out of the past"),
            Parameter("limit54", (5, 4), "fewest cases, in how many last weeks, for an alarm", ("limit54",)),
        ),
        "Farrington flexible day by day, on weeks that end on the day judged (PHE)",
        "Noufaily et al. 2019, Bioinformatics 35:3110-3118", COLUMNS,
    ),
)  # fmt: skip
