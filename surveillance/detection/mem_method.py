"""The Moving Epidemic Method week by week, on dated series, and how well it finds the epidemics of past seasons."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from surveillance.detection.judged import Array, Judged, Method, Parameter, Series, Status
from surveillance.detection.mem import INTENSITY, Model, Settings, model_of
from surveillance.detection.mem_intervals import TYPES
from surveillance.detection.mem_timing import Timing, timings

FIRST_WEEK, WEEKS = 40, 33  # from ISO week 40 to week 20 of the next year; week 53 is left out
CRITERIA = (2.0, 2.2, 2.4, 2.6, 2.8, 3.0)  # of the timings that goodness compares with
Places = NDArray[np.intp]


def season_places(dates: NDArray[np.datetime64]) -> tuple[Places, Places]:
    """Season (the year of its week 40) and week in it, from 0, of each Monday; week -1: in no season."""
    thursday = dates.astype("datetime64[D]") + np.timedelta64(3, "D")
    year = thursday.astype("datetime64[Y]").astype(np.intp) + 1970
    week = (thursday - thursday.astype("datetime64[Y]")).astype(np.intp) // 7 + 1
    place = np.where(week >= FIRST_WEEK, week - FIRST_WEEK, np.where(week <= 20, week + 12, -1))
    return np.where(week >= FIRST_WEEK, year, year - 1), np.where(week == 53, -1, place)


def mem(
    series: Series,
    seasons: int = 10,
    parameter: float = 2.8,
    type_threshold: int = 5,
    level_threshold: float = 0.95,
    type_intensity: int = 6,
    level_intensity: tuple[float, float, float] = INTENSITY,
    highest: int = -1,
    use_t: bool = False,
    least: int = 2,
) -> Judged:
    """Each week against the thresholds of the seasons before its own; alarm: within an epidemic.

    An epidemic starts with the first week above the pre-epidemic threshold, and ends before the first one below the
    post-epidemic threshold. upperbound: the one in force. level: 0 baseline, 1 low, 2 medium, 3 high, 4 very high.
    Weeks outside any season have no alarm (status no_fit), nor those of a season with fewer than `least` before it.
    """
    settings = Settings(
        seasons=seasons,
        parameter=parameter,
        type_threshold=type_threshold,
        level_threshold=level_threshold,
        type_intensity=type_intensity,
        level_intensity=level_intensity,
        highest=highest,
        use_t=use_t,
    )
    rows = series.rows
    shape = (len(rows), series.counts.shape[1])
    bound, alarm, level = (np.full(shape, np.nan) for _ in range(3))
    status = np.full(shape, Status.NO_FIT, dtype=np.int8)
    if series.dates is not None and len(rows):
        of, place = season_places(series.dates)
        names = np.unique(of[rows[place[rows] >= 0]])
        past_names = np.arange(of.min(), names.max()) if len(names) else names
        for column in range(shape[1]):
            grid = _seasons(series.counts[:, column], of, place, np.append(past_names, names.max(initial=-1)))
            past = timings(grid[:, :-1], settings.parameter)
            for name in names:
                known = past[: int(name - of.min())]
                at = np.flatnonzero((of[rows] == name) & (place[rows] >= 0))
                if sum(t.start > 0 for t in known) < least:
                    status[at, column] = Status.HISTORY
                    continue
                out = follow(grid[:, int(name - of.min())], model_of(known, settings))
                bound[at, column], alarm[at, column], level[at, column] = out[:, place[rows[at]]]
                status[at, column] = np.where(np.isnan(alarm[at, column]), Status.MISSING, Status.OK)
    nothing = np.full(shape, np.nan)
    return Judged(nothing, bound, alarm, nothing.copy(), nothing.copy(), status, {"level": level})


def _seasons(counts: Array, of: Places, place: Places, names: Places) -> Array:
    """Weeks × seasons of one series; NaN where there is no such week."""
    grid = np.full((WEEKS, len(names)), np.nan)
    held = (place >= 0) & (of <= names[-1])
    grid[place[held], of[held] - of.min()] = counts[held]
    return grid


def follow(season: Array, model: Model) -> Array:
    """Threshold in force, within an epidemic (1, 0), intensity level of each week: 3 × weeks; NaN: missing."""
    out = np.full((3, len(season)), np.nan)
    within = False
    for week, rate in enumerate(season):
        out[0, week] = model.post if within else model.pre
        if np.isnan(rate) or np.isnan(out[0, week]):
            continue
        within = bool(rate >= model.post) if within else bool(rate > model.pre)
        out[1, week] = float(within)
        out[2, week] = 1.0 + sum(rate > t for t in model.intensity) if within else 0.0
    return out


def in_epidemic(season: Array, model: Model) -> NDArray[np.bool_]:
    """Weeks above the threshold: of the start up to the week of the peak, of the end after it."""
    if np.isnan(season).all():
        return np.zeros(len(season), dtype=bool)
    rising = np.arange(len(season)) <= int(np.nanargmax(season))
    with np.errstate(invalid="ignore"):
        return np.asarray(season > np.where(rising, model.pre, model.post))


def goodness(rates: Array, settings: Settings | None = None, criteria: Sequence[float] = CRITERIA) -> dict[str, float]:
    """How well each season is found by the thresholds of all others (R `memgoodness`, cross-validation).

    rates: weeks × seasons. The true epidemic is the one timed with each of `criteria`: their counts are added up.
    """
    settings = settings or Settings()
    base = timings(rates, settings.parameter)
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


METHODS: tuple[Method, ...] = (
    Method(
        "mem",
        mem,
        (
            Parameter("seasons", 10, "last seasons with cases that count", ("i.seasons",)),
            Parameter("parameter", 2.8, "slope of the MAP curve where an epidemic ends, % a week", ("i.param",)),
            Parameter("type_threshold", 5, "interval of the thresholds", ("i.type.threshold",), TYPES),
            Parameter("level_threshold", 0.95, "its level, one tail, 0–1", ("i.level.threshold",)),
            Parameter("type_intensity", 6, "interval of the intensity levels", ("i.type.intensity",), TYPES),
            Parameter("level_intensity", INTENSITY, "their three levels, one tail, 0–1", ("i.level.intensity",)),
            Parameter("highest", -1, "highest values a season, 0: all, -1: 30 / seasons", ("i.n.max",)),
            Parameter("use_t", False, "Student's quantiles for normal ones", ("i.use.t",), (True, False)),
            Parameter("least", 2, "seasons with cases before one is judged"),
        ),
        "Moving Epidemic Method: epidemic thresholds and intensity levels by season",
        "Vega et al. 2013, Influenza Other Respir Viruses 7:546–558; 2015, 9:234–246",
        ("level",),
    ),
)
