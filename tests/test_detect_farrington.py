"""Farrington's methods against figures of the R packages (`tests/detection`), and on series with little to fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from surveillance.detection import farrington as module
from surveillance.detection import farrington_phe, farrington_rnssp, quantiles
from surveillance.detection.farrington import farrington, farrington_flexible
from surveillance.detection.farrington_weeks import in_levels, reference_rows
from surveillance.detection.judged import Judged, Series, Status

HERE = Path(__file__).parent / "detection"
NOUFAILY = {
    "no_periods": 10, "past_weeks_not_included": 26, "p_threshold_trend": 1.0, "threshold_method": "nbPlugin",
    "alpha": 0.01,
}  # fmt: skip
# How each part of the expected figures was made.
CONFIGS: dict[str, tuple[Any, dict[str, Any]]] = {
    "ff_default_date": (farrington_flexible, {}),
    "ff_default_index": (farrington_flexible, {"epoch": "index"}),
    "ff_noufaily_date": (farrington_flexible, NOUFAILY),
    "ff_noufaily_index": (farrington_flexible, NOUFAILY | {"epoch": "index"}),
    "ff_muan": (farrington_flexible, NOUFAILY | {"threshold_method": "muan"}),
    "ff_delta10": (farrington_flexible, NOUFAILY | {"threshold_method": "delta", "alpha": 0.05}),
    "ff_classic": (
        farrington_flexible,
        {"b": 4, "weights_threshold": 1, "past_weeks_not_included": 3, "alpha": 0.1, "power_trans": "1/2"},
    ),
    "ff_plain": (
        farrington_flexible,
        {
            "no_periods": 5, "b": 3, "w": 4, "reweight": False, "trend": False, "past_weeks_not_included": 10,
            "threshold_method": "nbPlugin", "alpha": 0.025, "limit54": (0, 4),
        },
    ),
    "ff_popoffset": (farrington_flexible, NOUFAILY | {"population_offset": True}),
    "ff_once": (
        farrington_flexible,
        {
            "b": 6, "reweight": False, "no_periods": 2, "past_weeks_not_included": 10, "threshold_method": "muan",
            "p_threshold_trend": 1.0, "alpha": 0.025, "limit54": (4, 5),
        },
    ),
    "ff_once_delta": (
        farrington_flexible,
        {
            "b": 1, "w": 0, "reweight": False, "no_periods": 10, "past_weeks_not_included": 0, "alpha": 0.01,
            "p_threshold_trend": 0.2, "power_trans": "none", "limit54": (7, 2),
        },
    ),
    "farrington_early": (farrington, {"b": 9, "w": 5, "alpha": 0.1, "trend": False, "limit54": (7, 4)}),
    "farrington_date": (farrington, {}),
    "farrington_index": (farrington, {"epoch": "index"}),
    "rnssp_original": (farrington_rnssp.rnssp_farrington_original, {}),
    "rnssp_modified": (farrington_rnssp.rnssp_farrington_modified, {}),
}  # fmt: skip
COLUMNS = ("expected", "upperbound", "alarm", "score", "pvalue", "mu0", "phi", "trend", "coef_time")


@pytest.fixture(scope="module")
def weekly() -> pd.DataFrame:
    return pd.read_csv(HERE / "farrington_series.csv.gz", parse_dates=["date"])


@pytest.fixture(scope="module")
def figures() -> pd.DataFrame:
    return pd.read_csv(HERE / "farrington_expected.csv.gz")


def column(judged: Judged, name: str) -> Any:
    return judged.more[name] if name in judged.more else getattr(judged, name)


def one(counts: Any, **settings: Any) -> Series:
    """A weekly series from 2016 on, its last row judged."""
    values = np.atleast_2d(np.asarray(counts, float)).T
    dates = np.datetime64("2016-01-04") + 7 * np.arange(len(values))
    return Series(values, dates, judged=np.array([len(values) - 1]), **settings)


@pytest.mark.parametrize("config", CONFIGS)
def test_figures_are_those_of_r(weekly: pd.DataFrame, figures: pd.DataFrame, config: str) -> None:
    part = figures[figures.config == config]
    counts = weekly.pivot(index="t", columns="series_id", values="observed")
    population = weekly.pivot(index="t", columns="series_id", values="population")
    rows = np.unique(part.k.to_numpy()) - 1
    series = Series(
        counts.to_numpy(float), np.unique(weekly.date.to_numpy()), population.to_numpy(float), rows.astype(np.intp)
    )
    method, settings = CONFIGS[config]
    judged = method(series, **settings)
    at = np.searchsorted(rows, part.k - 1), np.searchsorted(counts.columns, part.series_id)
    compared = 0
    for name in COLUMNS:
        wanted = part[name].to_numpy(float)
        if np.isnan(wanted).all():  # the reference does not give it
            continue
        got = column(judged, name)[at]
        assert (np.isnan(got) == np.isnan(wanted)).all(), name
        given = ~np.isnan(wanted) & (got != wanted)
        with np.errstate(invalid="ignore"):
            off = np.abs(got - wanted)[given] / np.maximum(1.0, np.abs(wanted[given]))
        assert off.max(initial=0.0) < 1e-6, name
        compared += 1
    assert compared >= 4


def test_quantiles_are_the_smallest_counts_that_reach() -> None:
    mean = np.array([0.0001, 0.3, 4.7, 52.0, 1234.5, 2e5, 3.0, 40.0])
    phi = np.array([1.0, 1.0, 1.0001, 1.5, 12.0, 3.0, 40.0, 1.0])
    for probability in (0.0, 0.01, 0.5, 0.95, 0.99, 0.999999):
        found = quantiles.quantile(probability, mean, phi)
        assert (quantiles.below(found, mean, phi) >= probability - 1e-14).all()
        assert ((found == 0) | (quantiles.below(found - 1, mean, phi) < probability)).all()


def test_probability_of_a_count_that_is_not_whole_is_that_below_it() -> None:
    mean, phi = np.array([4.0, 4.0]), np.array([1.0, 2.0])
    assert quantiles.at_least(np.array([6.7, 6.7]), mean, phi) == pytest.approx(
        quantiles.at_least(np.array([6.0, 6.0]), mean, phi)
    )


def test_reference_weeks_by_date() -> None:
    dates = np.datetime64("2014-12-29") + 7 * np.arange(340)
    assert list(dates[reference_rows(300, 5, 52, dates)].astype(str)) == [
        "2020-09-28", "2019-09-30", "2018-10-01", "2017-09-25", "2016-09-26", "2015-09-28",
    ]  # fmt: skip
    leap = np.datetime64("2016-01-01") + np.arange(2000)
    row = int(np.flatnonzero(leap == np.datetime64("2020-02-29"))[0])
    assert [str(leap[place]) for place in reference_rows(row, 3, 365, leap)[1:]] == [
        "2019-03-01", "2018-03-01", "2017-03-01",
    ]  # fmt: skip
    assert reference_rows(100, 2, 52, None).tolist() == [100, 48, -4]


def test_levels_cut_the_weeks_between_windows() -> None:
    baseline = in_levels(300, reference_rows(300, 5, 52, None), 3, 10, 26, None)
    assert baseline is not None and baseline.rows[0] == 37 and baseline.rows[-1] == 273
    assert baseline.levels[:12].tolist() == [9] * 7 + [0] * 5
    assert in_levels(262, reference_rows(262, 5, 52, None), 3, 10, 26, None) is None


@pytest.mark.parametrize("method", [farrington, farrington_flexible, farrington_phe.farrington_flexible_phe])
def test_degenerate_series_are_said_not_raised(method: Any) -> None:
    n, rng = 320, np.random.default_rng(3)
    usual = rng.poisson(6.0, n).astype(float)
    columns = {
        "usual": usual, "zero": np.zeros(n), "constant": np.full(n, 7.0), "missing": np.full(n, np.nan),
        "one": np.where(np.arange(n) == 100, 9.0, 0.0), "negative": usual - 9.0,
        "holes": np.where(usual > 6, np.nan, usual),
        "last missing": np.where(np.arange(n) == n - 1, np.nan, usual), "rates": usual * 1.37,
        "vast": usual * 1e9, "alone": np.where(np.arange(n) == 150, 5.0, np.nan),
    }  # fmt: skip
    series = Series(np.stack(list(columns.values()), axis=1), judged=np.array([40, n - 1]))
    judged = method(series)
    status = dict(zip(columns, judged.status[1], strict=True))
    assert (judged.status[0] == Status.HISTORY).all()
    assert status["usual"] == Status.OK and status["rates"] == Status.OK and status["vast"] == Status.OK
    assert {status[name] for name in ("missing", "negative", "alone")} <= {Status.NO_FIT, Status.MISSING}
    assert status["last missing"] == Status.MISSING
    assert not (judged.alarm[:, [list(columns).index(name) for name in ("zero", "missing", "negative")]] == 1).any()
    assert judged.expected[1][0] == pytest.approx(6.0, abs=1.5)


def test_a_constant_past_keeps_no_trend() -> None:
    judged = farrington_flexible(one(np.full(320, 7.0)), **NOUFAILY)
    assert judged.more["trend"][0, 0] == 0 and judged.expected[0, 0] == pytest.approx(7.0)


def test_a_short_series_has_no_history() -> None:
    judged = farrington_flexible(one(np.arange(40.0)))
    assert judged.status[0, 0] == Status.HISTORY and np.isnan(judged.alarm).all()


def test_days_are_judged_by_the_week_that_ends_on_them() -> None:
    rng = np.random.default_rng(8)
    days = rng.poisson(4.0, (2300, 2)).astype(float)
    days[-3:, 1] += 40
    weeks = days[-2296:].reshape(-1, 7, 2).sum(axis=1)
    daily = farrington_phe.farrington_flexible_phe(Series(days, judged=np.array([2299]), frequency=365))
    weekly = farrington_phe.farrington_flexible_phe(Series(weeks, judged=np.array([len(weeks) - 1])))
    assert daily.upperbound == pytest.approx(weekly.upperbound)
    assert daily.alarm.tolist() == [[0.0, 1.0]]


def test_results_do_not_depend_on_the_other_series() -> None:
    rng = np.random.default_rng(2)
    counts = rng.negative_binomial(3, 0.3, (330, 700)).astype(float)
    rows = np.array([329])
    together = farrington_flexible(Series(counts, judged=rows), **NOUFAILY)
    alone = farrington_flexible(Series(counts[:, 611:612], judged=rows), **NOUFAILY)
    assert together.score[0, 611] == alone.score[0, 0] and together.pvalue[0, 611] == alone.pvalue[0, 0]


def test_every_method_runs_with_its_defaults_by_name() -> None:
    series = one(np.random.default_rng(4).poisson(5.0, 330))
    for method in module.METHODS + farrington_phe.METHODS + farrington_rnssp.METHODS:
        judged = method.run(series, **{parameter.name: parameter.default for parameter in method.parameters})
        assert judged.alarm.shape == (1, 1) and set(judged.more) == set(method.columns)
        assert judged.status[0, 0] == Status.OK


# Cases that the files of figures do not hold: figures of R surveillance 1.20.3.

TIMES = np.arange(1, 301)
RISING = (TIMES * TIMES * 7 + 3 * TIMES) % 11 * 1.0
RISING[205:210] = [14, 9, 16, 12, 15]


def rising(missing: int, **settings: Any) -> Judged:
    """algo.farrington of position 206, one position missing."""
    counts = np.where(missing == TIMES, np.nan, RISING)[:, None]
    return farrington(Series(counts, judged=np.array([205])), epoch="index", w=2, **settings)


def told(judged: Judged) -> list[float]:
    return [float(column(judged, name)[0, 0]) for name in ("upperbound", "alarm", "pvalue", "mu0")]


def test_a_fit_in_one_pass_leaves_out_the_missing_weeks() -> None:
    assert told(rising(154, b=2, reweight=False, fit="glm")) == pytest.approx([13.9483538, 1, 0.02448985, 4.22222222])
    assert np.isnan(told(rising(154, b=2, reweight=False))).all()  # the fast fit stops
    assert np.isnan(told(rising(154, b=2, fit="glm"))).all()


def test_the_model_is_told_when_one_of_the_last_weeks_is_missing() -> None:
    bound, alarm, *model = told(rising(204, b=2))
    assert np.isnan([bound, alarm]).all() and model == pytest.approx([0.00827080311, 3.07782725], rel=1e-6)
    assert rising(204, b=2).status[0, 0] == Status.MISSING


def test_a_line_through_two_points_is_not_kept() -> None:
    dates = np.arange("2010-01", "2022-07", dtype="datetime64[M]").astype("datetime64[D]")
    series = Series(np.full((150, 1), 7.0), dates, judged=np.array([148]), frequency=12)
    rules = {"power_trans": "none", "threshold_method": "muan", "limit54": (0, 4)}
    judged = farrington_flexible(series, b=2, w=0, alpha=0.1, reweight=False, **rules)
    assert [float(x[0, 0]) for x in (judged.expected, judged.upperbound)] == pytest.approx([7.0, 10.0])
    assert judged.pvalue[0, 0] == pytest.approx(0.550289, abs=1e-6)


@pytest.mark.parametrize("method", [farrington, farrington_flexible])
def test_rates_of_one_series_alone(method: Any) -> None:
    counts, population = RISING[:, None].copy(), np.linspace(9e4, 1e5, 300)[:, None]
    population[100] = np.nan
    kept = counts.copy()
    for array in (counts, population):
        array.setflags(write=False)
    alone = Series(counts, population=population, judged=np.arange(290, 300))
    two = Series(np.repeat(counts, 2, axis=1), population=np.repeat(population, 2, axis=1), judged=alone.judged)
    found, wanted = (method(series, b=3, population_offset=True) for series in (alone, two))
    np.testing.assert_array_equal(found.upperbound[:, 0], wanted.upperbound[:, 1])
    np.testing.assert_array_equal(counts, kept)
