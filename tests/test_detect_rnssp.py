"""The daily alerters of Rnssp against Rnssp 0.3.1, and where it stops."""

from __future__ import annotations

import numpy as np
import pytest

from surveillance.detection.judged import Judged, Series, Status
from surveillance.detection.rnssp_ewma import METHODS as EWMA
from surveillance.detection.rnssp_ewma import rnssp_ewma
from surveillance.detection.rnssp_regression import METHODS as REGRESSION
from surveillance.detection.rnssp_regression import rnssp_regression, rnssp_switch
from tests.detect_tools import agree, at, expected, series_of

START = np.datetime64("2024-01-01") + np.arange(100)


def hold(judged: Judged, file: str, ids: list[str]) -> None:
    rows = expected(file)
    agree(at(judged.expected, rows, ids), rows["baseline_expected"])
    agree(at(judged.score, rows, ids), rows["test_statistic"])
    agree(at(judged.pvalue, rows, ids), rows["p.value"])
    assert list(at(judged.more["alert"], rows, ids)) == list(rows["alert"])
    if "detector" in rows:
        assert list(at(judged.more["detector"], rows, ids)) == list(rows["detector"].fillna(""))


def test_ewma() -> None:
    series, ids = series_of("daily_series")
    hold(rnssp_ewma(series), "rnssp_ewma", ids)


def test_regression() -> None:
    series, ids = series_of("daily_series")
    judged = rnssp_regression(series)
    hold(judged, "rnssp_regression", ids)
    rows = expected("rnssp_regression")
    agree(at(judged.more["sigma"], rows, ids), rows["sigma"])
    agree(at(judged.more["adjusted_r2"], rows, ids), rows["adjusted_r_squared"])


def test_switch_with_its_settings() -> None:
    series, ids = series_of("daily_series")
    hold(rnssp_switch(series), "rnssp_switch", ids)
    hold(rnssp_switch(series, baseline=56, guard=1, w1=0.3, w2=0.8), "rnssp_switch_b56_g1", ids)
    hold(rnssp_switch(series, grouped=True), "rnssp_switch_grouped", ids)


def test_the_last_day_alone_is_as_among_the_others() -> None:
    counts = np.random.default_rng(3).poisson(9, (100, 5)).astype(float)
    every = rnssp_switch(Series(counts, START))
    last = rnssp_switch(Series(counts, START, judged=np.array([99, 70])))
    for name in ("expected", "score", "pvalue", "alarm", "status"):
        assert np.array_equal(getattr(last, name), getattr(every, name)[[99, 70]], equal_nan=True)


def test_an_alert_is_an_alarm_when_red_or_from_yellow_on() -> None:
    counts = np.random.default_rng(4).poisson(9, (100, 40)).astype(float)
    red = rnssp_switch(Series(counts, START))
    yellow = rnssp_switch(Series(counts, START), alarm_at="yellow")
    assert ((red.alarm == 1) == (red.more["alert"] == "red")).all()
    assert ((yellow.alarm == 1) == np.isin(yellow.more["alert"], ["red", "yellow"])).all()


def test_a_constant_series_has_no_r2_and_goes_to_the_ewma() -> None:
    judged = rnssp_switch(Series(np.full((60, 1), 7.0), START[:60]))
    assert judged.more["adjusted_r2"][-1, 0] == 0
    assert judged.more["detector"][-1, 0] == "EWMA" and judged.alarm[-1, 0] == 0


def test_all_zero_and_missing_series_are_not_tested_by_the_ewma() -> None:
    counts = np.random.default_rng(6).poisson(5, (60, 3)).astype(float)
    counts[:, 0] = 0
    counts[40, 1] = np.nan
    judged = rnssp_ewma(Series(counts, START[:60]))
    assert judged.status[-1].tolist() == [Status.CONSTANT, Status.MISSING, Status.OK]
    assert judged.status[39, 1] == Status.OK and judged.status[5, 2] == Status.HISTORY
    assert np.isnan(judged.alarm[-1, :2]).all() and judged.more["alert"][-1, 0] == "grey"
    assert rnssp_regression(Series(counts, START[:60])).status[-1, 1] == Status.MISSING


@pytest.mark.parametrize("method", [*EWMA, *REGRESSION], ids=lambda method: method.name)
def test_short_empty_and_missing_series_are_answered(method) -> None:  # type: ignore[no-untyped-def]
    for counts in (np.zeros((0, 2)), np.zeros((3, 2)), np.zeros((30, 0)), np.full((30, 2), np.nan)):
        judged = method.run(Series(counts), **{item.name: item.default for item in method.parameters})
        assert judged.alarm.shape == judged.status.shape == counts.shape
        assert np.isnan(judged.alarm).all()
        assert set(method.columns) <= set(judged.more)
