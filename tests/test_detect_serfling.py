"""Periodic regressions, pruned and robust, against lm and rlm of R."""

from __future__ import annotations

import numpy as np
import pytest

from surveillance.detection.judged import Series, Status
from surveillance.detection.serfling import METHODS, serfling, serfling_bisquare, serfling_huber
from tests.detect_tools import agree, at, expected, series_of

T = np.arange(200.0)


def wave(noise: float = 1.0) -> Series:
    rng = np.random.default_rng(8)
    season = 20 + 0.02 * T + 8 * np.cos(2 * np.pi * T / 52.1775)
    return Series(season[:, None] + noise * rng.normal(size=(200, 4)))


@pytest.mark.parametrize(
    ("method", "columns"),
    [
        (serfling, "serf_fit serf_sigma serf_threshold"),
        (serfling_huber, "huber_fit huber_s huber_threshold"),
        (serfling_bisquare, "bisq_fit bisq_s bisq_threshold"),
    ],
)
def test_fits_scales_and_bounds_are_those_of_r(method, columns: str) -> None:  # type: ignore[no-untyped-def]
    rows = expected("serfling_robust")
    series, ids = series_of("weekly_series", ids=sorted(set(rows["series_id"])))
    judged = method(series)
    for mine, theirs in zip((judged.expected, judged.more["sigma"], judged.upperbound), columns.split(), strict=True):
        agree(at(mine, rows, ids), rows[theirs])
    if "training" in judged.more:
        assert (at(judged.more["training"], rows, ids) == rows["train"]).all()


def test_an_outbreak_moves_the_robust_fits_little() -> None:
    calm = wave()
    struck = calm.counts.copy()
    struck[120:126] += 60
    for method in (serfling_huber, serfling_bisquare):
        gap = np.abs(method(Series(struck)).expected - method(calm).expected).max()
        assert gap < 1.5
    judged = serfling_bisquare(Series(struck))
    assert (judged.alarm[120:126] == 1).all()
    assert judged.more["epidemic"][120:126].tolist() == [[0] * 4] + [[1] * 4] * 5


def test_a_prediction_interval_is_wider_than_the_deviation() -> None:
    narrow, wide = serfling(wave()), serfling(wave(), bound="prediction")
    assert (wide.upperbound > narrow.upperbound).all()


def test_series_are_fitted_as_alone_and_missing_weeks_left_out() -> None:
    counts = wave().counts.copy()
    counts[3:6, 1] = counts[199, 2] = np.nan
    for method in METHODS:
        together = method.run(Series(counts))
        for place in range(4):
            alone = method.run(Series(counts[:, [place]]))
            assert np.allclose(together.upperbound[:, [place]], alone.upperbound, rtol=1e-9, equal_nan=True)
        assert together.status[199, 2] == Status.MISSING and np.isnan(together.alarm[199, 2])


def test_only_the_training_rows_are_fitted() -> None:
    counts = wave().counts
    later = np.where(T[:, None] < 150, counts, 1000.0)
    for method in METHODS:
        fit = method.run(Series(later), training=150)
        assert np.allclose(fit.expected[:150], method.run(Series(counts), training=150).expected[:150])
        assert (fit.alarm[150:] == 1).all()


def test_flat_series_have_no_spread_and_no_alarm() -> None:
    for level in (0.0, 0.1, 7.0):
        for method in METHODS:
            judged = method.run(Series(np.full((200, 1), level)))
            assert (judged.more["sigma"] == 0).all() and (judged.alarm == 0).all()


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_short_empty_and_missing_series_are_answered(method) -> None:  # type: ignore[no-untyped-def]
    for counts in (np.zeros((0, 2)), np.zeros((3, 2)), np.zeros((30, 0)), np.full((30, 2), np.nan)):
        judged = method.run(Series(counts), **{item.name: item.default for item in method.parameters})
        assert judged.alarm.shape == judged.status.shape == counts.shape
        assert np.isnan(judged.alarm).all()
        assert set(method.columns) <= set(judged.more)


@pytest.mark.parametrize("name", ["serfling", "serfling_huber", "serfling_bisquare"])
def test_a_season_is_a_year_of_the_rows_that_there_are(name: str) -> None:
    """Days have 365.25 a year without being told: a yearly wave is no alarm."""
    method = next(one for one in METHODS if one.name == name)
    time = np.arange(1096.0)
    wave = (100 + 60 * np.cos(2 * np.pi * time / 365.25) + np.random.default_rng(1).normal(0, 3, 1096))[:, None]
    days = method.run(Series(wave, np.datetime64("2019-01-01") + time.astype(int), frequency=365))
    assert np.nansum(days.alarm) < 0.12 * len(time) and abs(days.expected[-1, 0] - wave[-1, 0]) < 15
