"""The Moving Epidemic Method gives the figures of the R package on synthetic seasons."""

from typing import Any

import numpy as np
import pytest

from surveillance.detection.judged import Array, Series, Status
from surveillance.detection.mem import Settings, model
from surveillance.detection.mem_intervals import interval
from surveillance.detection.mem_method import METHODS, goodness, indicators, season_places
from surveillance.detection.mem_timing import fill, map_curve, timings
from tests.detection_figures import assert_equal, figures

SETTINGS: dict[str, dict[str, Any]] = {
    "default": {},
    "arithmetic": {"type_threshold": 1, "type_intensity": 1, "type_curve": 1, "type_other": 1},
    "geometric": {"type_threshold": 2, "type_intensity": 2, "type_curve": 2, "type_other": 2},
    "tdist": {"use_t": True},
    "param2": {"parameter": 2.0},
    "param4": {"parameter": 4.0},
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


@pytest.mark.parametrize(("setting", "parameter"), [("default", 2.8), ("param2", 2.0)])
def test_timings(setting: str, parameter: float) -> None:
    for name, rows in figures("mem_timing").query("setting == @setting").groupby("set_id"):
        found = timings(rates()[str(name)], parameter)
        chosen = [found[int(season[1:]) - 1] for season in rows["season"]]
        assert_equal(np.array([float(t.start) for t in chosen]), rows["epi_start"])
        assert_equal(np.array([float(t.end) for t in chosen]), rows["epi_end"])
        assert_equal(np.array([t.percent for t in chosen]), rows["epi_percent"])
        assert_equal(np.array([t.total for t in chosen]), rows["epi_sum"])


def test_the_earliest_of_equal_runs_is_taken() -> None:
    curve = map_curve(np.array([0.0, 3.0, 0.1, 3.0, 0.1, 3.0]))
    assert curve.start[1] == 2
    assert curve.percent[-1] == pytest.approx(100.0)


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
    undated = method.run(Series(counts))
    assert (undated.status == Status.NO_FIT).all()


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
