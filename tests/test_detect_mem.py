"""The Moving Epidemic Method gives the figures of the R package on synthetic seasons."""

from typing import Any

import numpy as np
import pytest

from surveillance.detection.judged import Array, Series, Status
from surveillance.detection.mem import Settings, model, trend
from surveillance.detection.mem_goodness import goodness, indicators
from surveillance.detection.mem_intervals import interval, median_interval
from surveillance.detection.mem_loess import loess
from surveillance.detection.mem_method import LIMITS, METHODS, OWN, SUMMARY
from surveillance.detection.mem_seasons import season_places
from surveillance.detection.mem_timing import (
    TIMINGS,
    bandwidth,
    fill,
    inflexion,
    knee,
    local_linear,
    map_curve,
    timings,
)
from tests.detection_figures import assert_equal, figures

SETTINGS: dict[str, dict[str, Any]] = {
    "default": {},
    "arithmetic": {"type_threshold": 1, "type_intensity": 1, "type_curve": 1, "type_other": 1},
    "geometric": {"type_threshold": 2, "type_intensity": 2, "type_curve": 2, "type_other": 2},
    "tdist": {"use_t": True},
    "param2": {"parameter": 2.0},
    "param4": {"parameter": 4.0},
    "method1": {"method": 1},
    "method3": {"method": 3},
    "method4": {"method": 4},
    "logx_twotail": {"type_threshold": 6, "tails_threshold": 2},
    "all_values": {"highest": 0},
}


def rates() -> dict[str, Array]:
    """Weeks × seasons of each set."""
    table = figures("mem_rates")
    return {
        str(name): rows.pivot(index="week_index", columns="season", values="rate").to_numpy(float)
        for name, rows in table.groupby("set_id")
    }


@pytest.mark.parametrize("setting", sorted(SETTINGS))
def test_models(setting: str) -> None:
    table = figures("mem_thresholds").query("setting == @setting").set_index("set_id")
    for name, seasons in rates().items():
        m = model(seasons, Settings(**SETTINGS[setting]))
        found = [len(m.columns), m.highest, m.pre, m.post, *m.intensity, m.mean_length, *m.length]
        found += [m.mean_start, *m.start, m.percent.middle, *m.trend]
        assert_equal(np.array(found, dtype=float), table.loc[name].drop("setting").astype(float))


@pytest.mark.parametrize(("setting", "parameter", "method"), [("default", 2.8, 2), ("param2", 2, 2), ("method1", 0, 1)])
def test_timings(setting: str, parameter: float, method: int) -> None:
    for name, rows in figures("mem_timing").query("setting == @setting").groupby("set_id"):
        found = timings(rates()[str(name)], parameter, method)
        chosen = [found[int(season[1:]) - 1] for season in rows["season"]]
        assert_equal(np.array([float(t.start) for t in chosen]), rows["epi_start"])
        assert_equal(np.array([float(t.end) for t in chosen]), rows["epi_end"])
        assert_equal(np.array([t.percent for t in chosen]), rows["epi_percent"])
        assert_equal(np.array([t.total for t in chosen]), rows["epi_sum"])


def test_the_earliest_of_equal_runs_is_taken() -> None:
    curve = map_curve(np.array([0.0, 3.0, 0.1, 3.0, 0.1, 3.0]))
    assert curve.start[1] == 2
    assert curve.percent[-1] == pytest.approx(100.0)


def test_the_knee_of_the_increments_is_where_they_fall_as_their_diagonal() -> None:
    weeks = np.arange(33.0)
    increments = 10 * np.exp(-weeks / 5)
    smooth = local_linear(weeks, increments, weeks, bandwidth(weeks))
    found, falls = knee(increments), np.diff(smooth) < -np.ptp(smooth) / 32
    assert falls[: found - 1].all() and not falls[found - 1 :].any()
    assert knee(increments + 3) == found  # weeks outside the epidemic may be high
    assert knee(np.full(33, 100 / 33)) == knee(np.array([100.0])) == 1


def test_the_inflexion_is_the_first_bend_upwards() -> None:
    weeks = np.arange(34.0)
    curve = np.where(weeks < 20, 100 - (weeks - 20) ** 2 / 4, 100 + (weeks - 20) ** 2)
    found, bend = inflexion(curve), np.diff(loess(34) @ curve, 2)
    assert (bend[: found - 1] < 0).all() and bend[found - 1] > 0
    assert inflexion(100 * weeks / 33) == inflexion(-(weeks**2)) == 32  # no bend, or downwards alone
    assert inflexion(weeks[:2]) == 1


@pytest.mark.parametrize(("method", "length"), [(1, 1), (2, 33), (3, 1), (4, 32)])
def test_a_flat_season_has_a_length_by_rule(method: int, length: int) -> None:
    for count in (1.0, 7.3, 1e5):
        (timing,) = timings(np.full((33, 1), count), method=method)
        assert timing.length == length


def test_a_missing_week_is_smoothed_between_its_neighbours() -> None:
    season = np.exp(-(((np.arange(33.0) - 15) / 4) ** 2)) * 100
    holed = season.copy()
    holed[[0, 12, 32]] = np.nan
    filled = fill(holed)
    assert np.isnan(filled[[0, 32]]).all()  # nothing on one side
    assert season[11] < filled[12] < season[13]


def test_intervals_of_few_values_are_their_extremes() -> None:
    assert interval(np.array([3.0, 1.0, 2.0]), 3) == (1.0, 2.0, 3.0)
    assert np.isnan(interval(np.array([3.0]), 5).high)
    assert np.isnan(interval(np.array([]), 1).middle)


def test_seasons_of_dates() -> None:
    dates = np.array(["2020-09-28", "2020-12-28", "2021-01-04", "2021-05-17", "2021-05-24"], dtype="datetime64[D]")
    season, week = season_places(dates)
    assert week.tolist() == [0, -1, 13, 32, -1]  # week 40, week 53, weeks 1, 20 and 21
    assert season[[0, 2, 3]].tolist() == [2020, 2020, 2020]


def test_weeks_are_judged_against_the_seasons_before() -> None:
    dates = np.arange("2015-01-05", "2022-06-01", 7, dtype="datetime64[D]")
    far = (np.arange(len(dates)) + 26) % 52.18 - 30
    counts = np.stack([5.0 + 90.0 * np.exp(-((far / 4.0) ** 2)), np.zeros(len(dates))], axis=1)
    counts[-30, 0] = np.nan
    (method,) = METHODS
    judged = method.run(Series(counts, dates))
    assert judged.status[0, 0] in (Status.HISTORY, Status.NO_FIT)
    last = slice(-40, -15)
    assert np.nanmax(judged.alarm[last, 0]) == 1
    assert judged.status[-30, 0] == Status.MISSING
    assert np.isnan(judged.alarm[:, 1]).all()  # never a case: no season to learn from
    assert set(np.unique(judged.more["level"][~np.isnan(judged.more["level"])])) <= {0, 1, 2, 3, 4}
    daily = method.run(Series(counts, dates[0] + np.arange(len(dates))))
    assert (daily.status == Status.NO_FIT).all()  # rows that are no weeks


@pytest.mark.parametrize("setting", ["default", "method1", "method3", "method4"])
def test_a_matrix_of_seasons_can_be_brought_as_rows_without_days(setting: str) -> None:
    table = figures("mem_thresholds").query("setting == @setting").set_index("set_id")
    (method,) = METHODS
    for name, seasons in rates().items():
        rows = np.append(seasons.T.reshape(-1), np.nan)  # the first week of the season to come, still without a count
        judged = method.run(Series(rows[:, None], frequency=33), details=True, **SETTINGS[setting])
        last = {column: float(judged.more[column][-1, 0]) for column in (*LIMITS, *SUMMARY)}
        wanted = table.loc[name].drop("setting").astype(float)
        assert_equal(np.array([last[str(column)] for column in wanted.index]), wanted)
        assert judged.status[-1, 0] == Status.MISSING and np.isfinite(judged.upperbound[-1, 0])


def test_the_details_of_a_season_are_those_of_its_timing() -> None:
    seasons = rates()["M02"]
    (method,) = METHODS
    judged = method.run(Series(seasons.T.reshape(-1, 1), frequency=33), details=True)
    timing = timings(seasons)[4]
    found = [judged.more[name][4 * 33 + 7, 0] for name in OWN]
    assert found == [timing.length, timing.percent, timing.total, timing.start, timing.end]


def test_seasons_may_be_any_weeks() -> None:
    dates = np.datetime64("2019-12-30") + 7 * np.arange(106)
    season, week = season_places(dates, 30, 29)  # whole years
    assert week[:2].tolist() == [23, 24] and (week[dates == np.datetime64("2020-12-28")] == -1).all()  # week 53
    assert season[28:30].tolist() == [2019, 2020]
    season, week = season_places(dates, 10, 40)  # in one year
    assert week[[8, 9, 39, 40]].tolist() == [-1, 0, 30, -1]
    with pytest.raises(ValueError, match="52"):
        season_places(dates, 0, 20)


def test_loess_is_that_of_r() -> None:
    curve = np.array([0.0, 20, 35, 55, 70, 82, 90, 95, 97, 100])
    r = [
        0.191504205130,
        19.029274454108,
        36.997742226453,
        54.071871449231,
        70.232032137692,
        81.845311908205,
        90.077344045897,
        94.946108368505,
        98.164891706122,
        99.468671891889,
    ]  # fitted(loess(y ~ x)) of R 4.2.2, x from 0
    assert np.allclose(loess(10) @ curve, r, rtol=0, atol=1e-9)
    assert np.allclose(loess(33).sum(axis=1), 1)
    assert np.allclose(loess(33) @ np.arange(33.0) ** 2, np.arange(33.0) ** 2)  # a quadratic is kept
    assert (loess(3) == np.eye(3)).all()


def test_a_trend_is_of_weeks_known_and_0_is_rise_and_fall() -> None:
    season = np.array([1.0, 1, 1, 30, 60, 60, np.nan, 40, 20, 1, 1, 1])
    (timing,) = timings(season[:, None])
    assert (timing.start, timing.end) == (4, 9)
    up, down = np.array([29.0, 30, 0]), np.array([0.0, -20, -19])
    assert trend([timing]) == (interval(up, 1, 0.95, 1).low, interval(down, 1, 0.95, 1).high)


def test_one_tail_of_a_median() -> None:
    values = np.arange(1.0, 21.0)
    low, middle, high = median_interval(values, 0.95, 1)
    assert middle == 10.5 and high + low == pytest.approx(21.0)
    assert 14 < high < 15  # P(B ≤ 13) = 0.942, P(B ≤ 14) = 0.979
    assert median_interval(values[:3], 0.95, 1) == (1.0, 2.0, 3.0)


@pytest.mark.parametrize("kind", [1, 2, 3, 5, 6])
@pytest.mark.parametrize("timing", TIMINGS)
def test_degenerate_seasons_have_an_answer(kind: int, timing: int) -> None:
    weeks = np.arange(160.0)
    series = [weeks * 0, weeks * 0 + 3, weeks * np.nan, np.where(weeks == 70, 1, 0), np.where(weeks % 9, np.nan, 2)]
    counts = np.stack([np.asarray(one, dtype=float) for one in series], axis=1)
    (method,) = METHODS
    settings = {"method": timing, "type_threshold": kind, "type_intensity": kind, "type_other": kind, "details": True}
    for rows in (0, 1, 40, 160):
        for weekly in (4, 33):
            judged = method.run(Series(counts[:rows], frequency=weekly), **settings)
            assert judged.alarm.shape == (rows, 5)
    with pytest.raises(ValueError, match="season"):
        method.run(Series(counts), seasons=0)


def test_goodness() -> None:
    found = goodness(rates()["M02"])
    assert found["Weeks"] == 330
    assert found["True positives"] + found["False negatives"] > 0
    assert found["Sensitivity"] > 0.7
    assert np.isnan(indicators(0, 0, 5, 0)["Sensitivity"])


def test_no_season_or_one_gives_no_threshold() -> None:
    assert np.isnan(model(np.zeros((33, 4))).pre)
    assert np.isnan(model(np.full((33, 1), np.nan)).pre)
    assert np.isnan(model(rates()["M01"][:, :1]).post)
