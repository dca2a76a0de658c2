"""Farrington's methods as the R package Rnssp 0.3.1 has them (`alert_farrington`), whose quirks are kept.

They differ from `surveillance`: always one-sided at 95 %, more than five cases in the last five weeks, and the slope
reported is that of the first pass, whether the model keeps its trend or not.
"""

from __future__ import annotations

import numpy as np

from surveillance.detection import farrington_limits as limits
from surveillance.detection import quantiles
from surveillance.detection.farrington_model import Fitted, Past, Rules
from surveillance.detection.farrington_weeks import Baseline, classic, in_levels, reference_rows
from surveillance.detection.judged import Array, Codes, Judged, Method, Parameter, Series, Status

Z95 = 1.6448536269514722
WEEKS, CASES = 5, 5.0  # cases lately: in so many weeks, more than so many
WINDOW = 3  # weeks on each side, whatever `w` says: the quirk of the original method
COLUMNS = ("alert", "phi", "trend", "coef_time")


def rnssp_farrington_original(series: Series, b: int = 4, w: int = 3) -> Judged:
    """Farrington et al. 1996: the same weeks of the last `b` years, three on each side; `w` moves the first row."""
    return _judge(series, b, w, 1.0, None, 0)


def rnssp_farrington_modified(series: Series, b: int = 4, w: int = 3, g: int = 27, p: int = 10) -> Judged:
    """Noufaily et al. 2013: every week but the last ones, in `p` levels; a negative binomial quantile."""
    return _judge(series, b, w, 2.58, p, g - 1)


def _judge(series: Series, b: int, w: int, limit: float, periods: int | None, left_out: int) -> Judged:
    shape = (len(series.rows), series.counts.shape[1])
    values = {name: np.full(shape, np.nan) for name in ("expected", "upperbound", "alarm", "score", *COLUMNS[1:])}
    status = np.full(shape, Status.HISTORY, np.int8)
    past = Past(series.counts)
    for place, row in enumerate(int(row) for row in series.rows):
        if row < 52 * b + w + 2:
            continue
        references = reference_rows(row, b, series.frequency, series.dates)
        baseline: Baseline | None
        if periods is None:
            baseline = classic(row, references, WINDOW, len(series.counts))
        else:
            baseline = in_levels(row, references, w, periods, left_out, series.dates)
        if baseline is None or not len(baseline.rows):
            continue
        # The trend's test takes the dispersion without the mean, as farringtonFlexible's does.
        fitted = past.fitted(row, baseline, Rules(limit, True, int(b >= 3), 0.05, bare=True))
        first_pass = past.fitted(row, baseline, Rules(None, True, 2, 0.05, bare=True))
        said, status[place] = _said(series.counts, row, fitted, periods is not None)
        for name, value in (said | {"coef_time": first_pass.slope}).items():
            values[name][place] = value
    more = {name: values[name] for name in COLUMNS[1:]}
    alert = np.full(shape, "grey", dtype=object)
    alert[values["alarm"] == 1], alert[values["alarm"] == 0] = "red", "blue"
    nothing = np.full(shape, np.nan)
    return Judged(
        values["expected"], values["upperbound"], values["alarm"], values["score"], nothing, status,
        {"alert": alert, **more},
    )  # fmt: skip


def _said(counts: Array, row: int, fitted: Fitted, modified: bool) -> tuple[dict[str, Array], Codes]:
    """Bound, score and alarm of a row, and its status."""
    count, mean = counts[row], fitted.expected
    with np.errstate(all="ignore"):
        enough = counts[max(0, row - WEEKS + 1) : row + 1].sum(axis=0) > CASES
        if modified:
            bound = quantiles.quantile(0.95, np.exp(fitted.eta), fitted.phi)
            score = (count - fitted.eta) / (bound - fitted.eta)  # on the scale of the linear predictor: a quirk
            bound = np.where(enough, bound, np.nan)
        else:
            tau = fitted.phi + mean * fitted.variance * fitted.error_phi
            bound, _ = limits.power_bound(mean, tau, Z95, "2/3")
            score = (count - mean) / (bound - mean)
        alarm = np.where(np.isnan(score), np.nan, (score > 1.0) & enough)
    status = np.where(enough, Status.OK, Status.FEW).astype(np.int8)
    status[np.isnan(count)] = Status.MISSING
    status[np.isnan(fitted.eta)] = Status.NO_FIT
    said = {
        "expected": mean, "upperbound": bound, "alarm": alarm, "score": score, "phi": fitted.phi, "trend": fitted.trend,
    }  # fmt: skip
    return said, status


YEARS = Parameter("b", 4, "years of the past that are taken", ("B",))
METHODS: tuple[Method, ...] = (
    Method(
        "rnssp_farrington_original", rnssp_farrington_original,
        (YEARS, Parameter("w", 3, "weeks by which the first row judged is later; no window", ("w",))),
        "Farrington 1996 as in ESSENCE's R package", "CDCgov/Rnssp 0.3.1, alert_farrington, original", COLUMNS,
    ),
    Method(
        "rnssp_farrington_modified", rnssp_farrington_modified,
        (
            YEARS, Parameter("w", 3, "weeks on each side of the same week of an earlier year", ("w",)),
            Parameter("g", 27, "weeks before the one judged from which the past ends", ("g",)),
            Parameter("p", 10, "parts of the year with a level of their own", ("p",)),
        ),
        "Farrington flexible as in ESSENCE's R package", "CDCgov/Rnssp 0.3.1, alert_farrington, modified", COLUMNS,
    ),
)  # fmt: skip
