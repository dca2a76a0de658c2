"""EARS against R `surveillance`, and on series that can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from surveillance.detection.ears import METHODS, ears_c1, ears_c2, ears_c3, ears_c3_cdc
from surveillance.detection.judged import Series, Status
from tests.detect_tools import agree, at, expected, series_of

Z = 3.090232306167813
BY_NAME = {method.name: method.run for method in METHODS}


def column(values: list[float]) -> Series:
    return Series(np.array(values, dtype=float)[:, None])


@pytest.mark.parametrize("file", ["daily", "weekly"])
def test_bounds_and_alarms_are_those_of_r(file: str) -> None:
    series, ids = series_of(f"{file}_series")
    groups = expected(f"ears_{file}").groupby(["method", "baseline", "minSigma"])
    for (name, baseline, least), rows in groups:
        judged = BY_NAME[f"ears_{str(name).lower()}"](series, baseline=baseline, min_sigma=least)
        agree(at(judged.upperbound, rows, ids, "k"), rows["upperbound"])
        agree(at(judged.alarm, rows, ids, "k"), rows["alarm"])


def test_c1_uses_the_seven_days_before() -> None:
    result = ears_c1(column([1, 2, 3, 4, 5, 6, 7, 20]))
    assert np.isnan(result.upperbound[6, 0]) and result.status[6, 0] == Status.HISTORY
    assert result.expected[7, 0] == 4.0
    assert np.isclose(result.upperbound[7, 0], 4 + Z * np.std([1, 2, 3, 4, 5, 6, 7], ddof=1))
    assert result.alarm[7, 0] == 1 and result.pvalue[7, 0] < 0.001


def test_c2_leaves_two_days_out() -> None:
    result = ears_c2(column([1, 2, 3, 4, 5, 6, 7, 100, 100, 20]))
    assert np.isnan(result.alarm[:9]).all()
    assert result.expected[9, 0] == 4.0
    assert result.alarm[9, 0] == 1


def test_the_alarm_is_strict_and_the_floor_holds() -> None:
    assert ears_c2(column([5.0] * 10)).alarm[9, 0] == 0
    assert ears_c2(column([0.1] * 10)).alarm[9, 0] == 0  # 0.1 is no binary fraction: the mean must not fall below it
    raised = column([5.0] * 9 + [8.0])
    assert ears_c2(raised).alarm[9, 0] == 1
    assert ears_c2(raised, min_sigma=1.0).alarm[9, 0] == 0


def test_c3_does_not_look_at_today_but_that_of_the_cdc_does() -> None:
    rising = [1, 2, 3, 4, 5, 6, 7, 2, 2, 4, 5]
    calm, wild = column([*rising, 1]), column([*rising, 1000])
    assert ears_c3(calm).alarm[-1, 0] == ears_c3(wild).alarm[-1, 0]
    assert (ears_c3_cdc(calm).alarm[-1, 0], ears_c3_cdc(wild).alarm[-1, 0]) == (0, 1)


def test_the_bound_of_c3_is_where_its_alarm_begins() -> None:
    counts = np.random.default_rng(2).poisson(6, (200, 3)).astype(float)
    for method in (ears_c3, ears_c3_cdc):
        judged = method(Series(counts))
        told = ~np.isnan(judged.alarm)
        above = (counts > judged.upperbound) | ((judged.upperbound == 0) & (method is ears_c3_cdc))
        assert np.array_equal(judged.alarm[told] == 1, above[told])
        assert 0 < judged.alarm[told].sum() < told.sum()


def test_days_that_c2_flagged_can_be_left_out_of_the_c3_of_the_cdc() -> None:
    counts = column([1, 2, 3, 4, 5, 6, 7, 3, 3, 40, 4, 4])
    assert ears_c3_cdc(counts).alarm[-1, 0] == 1
    assert ears_c3_cdc(counts, skip_flagged=True).alarm[-1, 0] == 0


def test_a_missing_day_in_the_baseline_gives_no_verdict() -> None:
    result = ears_c1(column([1, 2, np.nan, 4, 5, 6, 7, 20]))
    assert np.isnan(result.upperbound[7, 0]) and np.isnan(result.alarm[7, 0])
    assert result.status[7, 0] == Status.MISSING


def test_a_flat_past_is_said_so_where_nothing_can_be_told() -> None:
    flat = column([0.0] * 14)
    assert ears_c3(flat).status[-1, 0] == ears_c3_cdc(flat).status[-1, 0] == Status.CONSTANT
    assert ears_c3_cdc(flat, min_sigma=0.5).alarm[-1, 0] == 0


def test_series_side_by_side_and_rows_alone_are_tested_as_alone() -> None:
    counts = np.random.default_rng(5).poisson(12, (40, 6)).astype(float)
    for method in METHODS:
        together = method.run(Series(counts), min_sigma=0.5)
        last = method.run(Series(counts, judged=np.array([39, 20])), min_sigma=0.5)
        assert np.array_equal(last.upperbound, together.upperbound[[39, 20]], equal_nan=True)
        for place in range(6):
            alone = method.run(Series(counts[:, [place]]), min_sigma=0.5)
            assert np.array_equal(together.upperbound[:, [place]], alone.upperbound, equal_nan=True)


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_short_empty_and_missing_series_are_answered(method) -> None:  # type: ignore[no-untyped-def]
    for counts in (np.zeros((0, 2)), np.zeros((3, 2)), np.zeros((30, 0)), np.full((30, 2), np.nan)):
        judged = method.run(Series(counts), **{item.name: item.default for item in method.parameters})
        assert judged.alarm.shape == judged.status.shape == counts.shape
        assert np.isnan(judged.alarm).all()
