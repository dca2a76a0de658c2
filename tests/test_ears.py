"""EARS on series that can be worked out by hand."""

from __future__ import annotations

import numpy as np

from surveillance.detection.ears import Z, c1, c2, c3


def column(values: list[float]) -> np.ndarray:  # type: ignore[type-arg]
    return np.array(values, dtype=float)[:, None]


def test_c1_uses_the_seven_days_before() -> None:
    counts = column([1, 2, 3, 4, 5, 6, 7, 20])
    result = c1(counts)
    assert np.isnan(result.threshold[6, 0])
    assert result.expected[7, 0] == 4.0
    assert np.isclose(result.threshold[7, 0], 4 + Z["c1"] * np.std([1, 2, 3, 4, 5, 6, 7], ddof=1))
    assert result.alarm[7, 0]


def test_c2_leaves_two_days_out() -> None:
    counts = column([1, 2, 3, 4, 5, 6, 7, 100, 100, 20])
    result = c2(counts)
    assert not result.alarm[:9].any()
    assert result.expected[9, 0] == 4.0
    assert result.alarm[9, 0]


def test_the_alarm_is_strict_and_the_floor_holds() -> None:
    flat = column([5.0] * 10)
    assert not c2(flat).alarm.any()
    raised = column([5.0] * 9 + [8.0])
    assert c2(raised).alarm[9, 0]
    assert not c2(raised, min_sigma=1.0).alarm[9, 0]


def test_c3_does_not_look_at_today() -> None:
    rising = [1, 2, 3, 4, 5, 6, 7, 2, 2, 30, 40]
    assert bool(c3(column([*rising, 1])).alarm[-1, 0]) == bool(c3(column([*rising, 1000])).alarm[-1, 0])


def test_a_missing_day_in_the_baseline_gives_no_verdict() -> None:
    counts = column([1, 2, np.nan, 4, 5, 6, 7, 20])
    result = c1(counts)
    assert np.isnan(result.threshold[7, 0])
    assert not result.alarm[7, 0]


def test_series_side_by_side_are_tested_as_alone() -> None:
    rng = np.random.default_rng(5)
    counts = rng.poisson(12, (40, 6)).astype(float)
    together = c2(counts, min_sigma=0.5)
    for place in range(6):
        alone = c2(counts[:, [place]], min_sigma=0.5)
        assert np.array_equal(together.threshold[:, [place]], alone.threshold, equal_nan=True)
