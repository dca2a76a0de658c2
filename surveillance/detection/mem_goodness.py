"""How well the Moving Epidemic Method finds the epidemics of past seasons, each by the thresholds of all others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from surveillance.detection.judged import Array
from surveillance.detection.mem import Model, Settings, model_of
from surveillance.detection.mem_timing import Timing, timings

CRITERIA = (2.0, 2.2, 2.4, 2.6, 2.8, 3.0)  # of the timings that goodness compares with


def in_epidemic(season: Array, model: Model) -> NDArray[np.bool_]:
    """Weeks above the threshold: of the start up to the week of the peak, of the end after it."""
    if np.isnan(season).all():
        return np.zeros(len(season), dtype=bool)
    rising = np.arange(len(season)) <= int(np.nanargmax(season))
    with np.errstate(invalid="ignore"):
        return np.asarray(season > np.where(rising, model.pre, model.post))


def goodness(rates: Array, settings: Settings | None = None, criteria: Sequence[float] = CRITERIA) -> dict[str, float]:
    """How well each season is found by the thresholds of all others (R `memgoodness`, cross-validation).

    rates: weeks × seasons. The true epidemic is the one timed by the fixed criterium with each of `criteria`: their
    counts are added up.
    """
    settings = settings or Settings()
    base = timings(rates, settings.parameter, settings.method)
    truths = [timings(rates, criterion) for criterion in criteria]
    counts = np.zeros(4)
    for held in range(rates.shape[1]):
        others = [t for place, t in enumerate(base) if place != held]
        season = rates[:, held]
        found, known = in_epidemic(season, model_of(others, settings)), ~np.isnan(season)
        for truth in truths:
            true = _mask(truth[held], len(season))
            pairs = ((found & true), (found & ~true), (~found & ~true), (~found & true))
            counts += [float((pair & known).sum()) for pair in pairs]
    return {"Weeks": float(rates.size), "Non-missing weeks": float((~np.isnan(rates)).sum()), **indicators(*counts)}


def _mask(timing: Timing, weeks: int) -> NDArray[np.bool_]:
    mask = np.zeros(weeks, dtype=bool)
    if timing.start:
        mask[timing.start - 1 : timing.end] = True
    return mask


def indicators(tp: float, fp: float, tn: float, fn: float) -> dict[str, float]:
    """Sensitivity and the like of a table of four, by their names in R `mem`. Undefined: NaN."""
    with np.errstate(invalid="ignore", divide="ignore"):
        a, b, c, d = (np.float64(x) for x in (tp, fp, tn, fn))
        sensitivity, specificity = a / (a + d), c / (c + b)
        correlation = (a * c - b * d) / np.sqrt((a + b) * (a + d) * (c + b) * (c + d))
        values = {
            "True positives": a,
            "False positives": b,
            "True negatives": c,
            "False negatives": d,
            "Sensitivity": sensitivity,
            "Specificity": specificity,
            "Positive predictive value": a / (a + b),
            "Negative predictive value": c / (c + d),
            "Positive likehood ratio": sensitivity / (1.0 - specificity),
            "Negative likehood ratio": (1.0 - sensitivity) / specificity,
            "Percent agreement": (a + c) / (a + b + c + d),
            "Matthews correlation coefficient": correlation,
            "Youdens Index": sensitivity + specificity - 1.0,
        }
    return {name: float(value) for name, value in values.items()}
