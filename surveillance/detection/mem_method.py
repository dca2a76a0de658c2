"""The Moving Epidemic Method week by week, on weekly series with days or without."""

from __future__ import annotations

import numpy as np

from surveillance.detection.judged import Array, Codes, Judged, Method, Parameter, Series, Status
from surveillance.detection.mem import INTENSITY, Model, Settings, model_of
from surveillance.detection.mem_intervals import TYPES
from surveillance.detection.mem_seasons import FIRST_WEEK, LAST_WEEK, Places, Seasons, seasons_of
from surveillance.detection.mem_timing import TIMINGS, Timing, timings

LIMITS = ("pre_threshold", "post_threshold", "int_medium", "int_high", "int_vhigh")
SUMMARY = (
    "n_seasons", "n_max", "mean_length", "len_lo", "len_med", "len_hi", "mean_start", "start_lo", "start_med",
    "start_hi", "percent_lo", "percent_med", "percent_hi", "trend_up", "trend_down",
)  # fmt: skip
TIMING = "1 original, 2 fixed criterium, 3 slope, 4 second derivative of the MAP curve"
OWN = ("epi_length", "epi_percent", "epi_sum", "epi_start", "epi_end")


def mem(
    series: Series,
    seasons: int = 10,
    method: int = 2,
    parameter: float = 2.8,
    type_threshold: int = 5,
    level_threshold: float = 0.95,
    tails_threshold: int = 1,
    type_intensity: int = 6,
    level_intensity: tuple[float, float, float] = INTENSITY,
    tails_intensity: int = 1,
    type_other: int = 3,
    level_other: float = 0.95,
    type_curve: int = 2,
    level_curve: float = 0.95,
    highest: int = -1,
    use_t: bool = False,
    least: int = 2,
    first_week: int = FIRST_WEEK,
    last_week: int = LAST_WEEK,
    details: bool = False,
) -> Judged:
    """Each week against the thresholds of the seasons before its own; alarm: within an epidemic.

    An epidemic starts with the first week above the pre-epidemic threshold, and ends before the first one below the
    post-epidemic threshold. upperbound: the one in force. level: 0 baseline, 1 low, 2 medium, 3 high, 4 very high.
    Weeks outside any season have no alarm (status no_fit), nor those of a season with fewer than `least` before it, nor
    rows that are no weeks. `details` adds SUMMARY, of the seasons before, and OWN, of the row's own season as a whole.
    """
    settings = Settings(
        seasons=seasons,
        type_threshold=type_threshold,
        level_threshold=level_threshold,
        tails_threshold=tails_threshold,
        type_intensity=type_intensity,
        level_intensity=level_intensity,
        tails_intensity=tails_intensity,
        type_curve=type_curve,
        level_curve=level_curve,
        type_other=type_other,
        level_other=level_other,
        method=method,
        parameter=parameter,
        highest=highest,
        use_t=use_t,
    )
    shape = (len(series.rows), series.counts.shape[1])
    names = ("bound", "alarm", "level", *LIMITS, *(SUMMARY + OWN if details else ()))
    told = {name: np.full(shape, np.nan) for name in names}
    status = np.full(shape, Status.NO_FIT, dtype=np.int8)
    places = seasons_of(series, first_week, last_week)
    if places is not None:
        for column in range(shape[1]):
            _judge(series, places, settings, max(2, least), column, told, status)
    nothing = np.full(shape, np.nan)
    more = {name: told[name] for name in names[2:]}
    return Judged(nothing, told["bound"], told["alarm"], nothing.copy(), nothing.copy(), status, more)


def _judge(
    series: Series, places: Seasons, settings: Settings, least: int, column: int, told: dict[str, Array], status: Codes
) -> None:
    """Fill in one column of `told` and `status`, season by season."""
    rows = series.rows
    own, place = places.of[rows], places.place[rows]
    grid = places.grid(series.counts[:, column])
    timed = timings(grid, settings.parameter, settings.method)
    for season in np.unique(own[place >= 0]):
        at = np.flatnonzero((own == season) & (place >= 0))
        known = timed[:season]
        if "epi_sum" in told:
            _put(told, at, column, _own(timed[season]))
        if sum(t.start > 0 for t in known) < least:
            status[at, column] = Status.HISTORY
            continue
        learned = model_of(known, settings)
        out = follow(grid[:, season], learned)
        for name, values in zip(("bound", "alarm", "level"), out, strict=True):
            told[name][at, column] = values[place[at]]
        _put(told, at, column, _figures(learned))
        lacking = np.isnan(grid[place[at], season])
        unsaid = np.where(lacking, Status.MISSING, Status.NO_FIT)
        status[at, column] = np.where(np.isnan(told["alarm"][at, column]), unsaid, Status.OK)


def _put(told: dict[str, Array], at: Places, column: int, values: dict[str, float]) -> None:
    for name in values.keys() & told.keys():
        told[name][at, column] = values[name]


def _figures(model: Model) -> dict[str, float]:
    summary = (
        len(model.columns), model.highest, model.mean_length, *model.length, model.mean_start, *model.start,
        *model.percent, *model.trend,
    )  # fmt: skip
    limits = (model.pre, model.post, *model.intensity)
    return dict(zip((*LIMITS, *SUMMARY), (*limits, *summary), strict=True))


def _own(timing: Timing) -> dict[str, float]:
    if not timing.start:
        return {}
    return dict(zip(OWN, (timing.length, timing.percent, timing.total, timing.start, timing.end), strict=True))


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


METHODS: tuple[Method, ...] = (
    Method(
        "mem",
        mem,
        (
            Parameter("seasons", 10, "last seasons with cases that count", ("i.seasons",)),
            Parameter("method", 2, f"timing: {TIMING}", ("i.method",), TIMINGS),
            Parameter("parameter", 2.8, "method 2: slope of the MAP curve where epidemics end, % a week", ("i.param",)),
            Parameter("type_threshold", 5, "interval of the thresholds", ("i.type.threshold",), TYPES),
            Parameter("level_threshold", 0.95, "its level, 0–1", ("i.level.threshold",)),
            Parameter("tails_threshold", 1, "its tails", ("i.tails.threshold",), (1, 2)),
            Parameter("type_intensity", 6, "interval of the intensity levels", ("i.type.intensity",), TYPES),
            Parameter("level_intensity", INTENSITY, "their three levels, 0–1", ("i.level.intensity",)),
            Parameter("tails_intensity", 1, "their tails", ("i.tails.intensity",), (1, 2)),
            Parameter("type_other", 3, "interval of length, start and percentage", ("i.type.other",), TYPES),
            Parameter("level_other", 0.95, "its level, two tails, 0–1", ("i.level.other",)),
            Parameter("type_curve", 2, "of the typical curve, not offered: no effect", ("i.type.curve",), TYPES),
            Parameter("level_curve", 0.95, "of the typical curve, not offered: no effect", ("i.level.curve",)),
            Parameter("highest", -1, "highest values a season, 0: all, -1: 30 / seasons", ("i.n.max",)),
            Parameter("use_t", False, "Student's quantiles for normal ones", ("i.use.t",), (True, False)),
            Parameter("least", 2, "seasons with cases before one is judged, 2 or more"),
            Parameter("first_week", FIRST_WEEK, "ISO week with which a season starts", ("i.range.x.ini",)),
            Parameter("last_week", LAST_WEEK, "ISO week with which it ends", ("i.range.x.fin",)),
            Parameter("details", False, "adds what memmodel and memtiming say, as columns", (), (True, False)),
        ),
        "Moving Epidemic Method: epidemic thresholds and intensity levels by season",
        "Vega et al. 2013, Influenza Other Respir Viruses 7:546–558; 2015, 9:234–246",
        ("level", *LIMITS),
        weekly=True,
    ),
)
