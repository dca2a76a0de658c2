"""Nowcasts: delays learnt by weekday, late associations, intervals that hold, and no estimate where none is better."""

from __future__ import annotations

import gzip
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from surveillance.cli import app
from surveillance.content import Content
from surveillance.detection.judged import Array
from surveillance.ledgers import abridge
from surveillance.nowcasting.bayes import bayes
from surveillance.nowcasting.ladder import estimate
from surveillance.nowcasting.past import added, bounds, past_estimates, tell
from surveillance.nowcasting.reading import read
from surveillance.nowcasting.triangle import Triangle, carried, usual
from surveillance.nowcasting.validating import TRIANGLE, validation
from surveillance.signal_rules import NowcastRule, load_rules
from surveillance.store import Store, open_published, publish, store_path
from tests.query_tools import COUNTS, DENOMINATORS, Day, ledger_rows, put, site

KNOWN = np.array([0.9, 0.97, 0.99, 1.0, 1.0])  # part of a day that is known so many nights after


@pytest.fixture(scope="module")
def rule() -> NowcastRule:
    found = load_rules(Content(None)).nowcast
    return found.model_copy(update={"settled_days": 4, "learn_weeks": 6, "error_weeks": 6})


def triangle(days: int, series: int, mean: float = 400.0, seed: int = 3, sunday: float = 1.0) -> tuple[Triangle, Array]:
    """Acts reported one by one, Sundays `sunday` times as many on the first night; and the days once complete."""
    drawn = np.random.default_rng(seed)
    weekday = np.arange(days) % 7
    final = drawn.poisson(mean * np.where(weekday >= 5, 1.2, 1.0)[:, None] * np.ones((days, series)))
    known = np.empty((days, len(KNOWN), series))
    left, before = final.copy(), 0.0
    for age, part in enumerate(KNOWN):
        chance = np.where((weekday == 6) & (age == 0), part * sunday, part)[:, None]
        come = drawn.binomial(left, np.clip((chance - before) / np.maximum(1 - before, 1e-9), 0, 1))
        left, before = left - come, chance
        known[:, age] = final - left
    known[:, -1] = final
    return Triangle(known, weekday), final.astype(float)


def test_a_full_past_gives_back_what_is_missing(rule: NowcastRule) -> None:
    """With exact parts the estimate is exact, by weekday too."""
    final = np.arange(100.0, 184.0)[:, None] * 100
    parts = np.where((np.arange(84) % 7 == 6)[:, None, None], (KNOWN * [0.98, 1, 1, 1, 1])[:, None], KNOWN[:, None])
    exact = Triangle(final[:, None] * parts, np.arange(84) % 7)
    made = estimate(exact, exact, 83, rule.model_copy(update={"weekday_days": 0}))
    np.testing.assert_allclose(made.expected[:, 0], final[83 - np.arange(4), 0], rtol=1e-9)
    np.testing.assert_allclose(made.observed[0, 0], final[83, 0] * 0.9 * 0.98)
    assert not made.lacking.any()


def test_nothing_after_the_night_is_looked_at(rule: NowcastRule) -> None:
    whole, _ = triangle(90, 2)
    later = Triangle(np.where(np.arange(90)[:, None, None] > 70, -5.0, whole.known), whole.weekday)
    later.known[66:71] = np.where(
        (np.arange(66, 71)[:, None] + np.arange(5) > 70)[:, :, None], -9.0, whole.known[66:71]
    )
    for one, other in zip(
        vars(estimate(whole, whole, 70, rule)).values(), vars(estimate(later, later, 70, rule)).values(), strict=True
    ):
        np.testing.assert_array_equal(one, other)


def test_an_association_that_has_not_arrived_has_its_usual_day(rule: NowcastRule) -> None:
    acts, final = triangle(84, 6)
    acts.known[83, 0, 2] = 0.0
    made = estimate(acts, acts, 83, rule)
    assert made.lacking[0].tolist() == [False, False, True, False, False, False]
    assert abs(made.expected[0, 2] / final[[76, 69, 62, 55], 2].mean() - 1) < 0.15
    assert made.doubt[0, 2] > 0 and not made.doubt[0, :2].any()
    assert made.rule[0, 2] == acts.known[76, 4, 2] and made.rule[0, 0] == made.observed[0, 0]
    closed = np.zeros((84, 6), dtype=bool)
    closed[83, 2] = True
    declared = Triangle(acts.known, acts.weekday, closed)
    assert not estimate(declared, declared, 83, rule).lacking.any()


def test_a_day_that_is_low_everywhere_lacks_nobody(rule: NowcastRule) -> None:
    acts, _ = triangle(84, 6)
    acts.known[83, 0] *= 0.3
    assert not estimate(acts, acts, 83, rule).lacking.any()


def test_intervals_hold_what_they_say_and_beat_waiting(rule: NowcastRule) -> None:
    acts, final = triangle(330, 8, sunday=0.8)
    nights, places = np.arange(60, 330), np.eye(8)
    past = past_estimates(acts, acts, nights, places, rule, final)
    told = tell(past, rule)
    use = slice(120, 265)
    held = (np.round(told.low) <= past.final) & (past.final <= np.round(told.high))
    assert 0.76 < held[use, 0].mean() < 0.84
    assert told.given[use, 0].mean() > 0.95
    assert np.nanmean(told.error[use, 0]) < 0.5 * np.nanmean(told.error_known[use, 0])


def test_without_late_acts_the_estimate_is_switched_off(rule: NowcastRule) -> None:
    acts, final = triangle(200, 2)
    prompt = Triangle(np.repeat(final[:, None], 5, axis=1), acts.weekday)
    told = tell(past_estimates(prompt, prompt, np.arange(60, 200), np.eye(2), rule, final), rule)
    assert not told.given.any() and told.tried[-1].min() >= rule.min_errors


def test_bayes_gives_a_median_within_its_bounds(rule: NowcastRule) -> None:
    acts, final = triangle(120, 2, mean=60)
    middle, low, high = bayes(acts, np.arange(100, 116), np.ones((2, 1)), rule)
    assert (low <= middle).all() and (middle <= high).all()
    truth = added(final[[115, 114, 113, 112]], np.ones((2, 1)))[:, 0]
    assert np.abs(middle[-1, :, 0] / truth - 1).max() < 0.15


def test_bounds_are_order_statistics() -> None:
    low, high = bounds(np.array([[3.0], [1.0], [np.nan], [2.0], [4.0]]), np.array([0.6]))
    assert (low[0], high[0]) == (1.0, 4.0)
    assert np.isnan(bounds(np.full((3, 1), np.nan), np.array([0.8]))).all()


def test_degenerate_triangles_give_no_error(rule: NowcastRule) -> None:
    for known in (np.zeros((84, 5, 2)), np.full((84, 5, 2), np.nan), np.zeros((3, 5, 2)), np.zeros((1, 5, 0))):
        given = Triangle(known, np.arange(len(known)) % 7)
        last = len(known) - 1
        places = np.ones((known.shape[2], 1))
        past = past_estimates(given, given, np.arange(last + 1), places, rule, known[:, -1])
        assert not tell(past, rule).given.any()
    assert carried(np.array([[[1.0], [np.nan]]]))[0, 1, 0] == 1.0
    assert np.isnan(usual(np.ones((7, 1)), 4)).all()


def late_store(tmp_path: Path, nights: int = 70) -> Content:
    """A store in which a fifth of the acts of every day come a night late."""
    content, first = site(tmp_path / "site"), date(2023, 3, 1)
    days = [Day(code, first + timedelta(days=n), 20 + n % 7, 5) for n in range(nights) for code in ("5901", "7501")]
    late = [Day(code, first + timedelta(days=n), 5, 1) for n in range(nights - 1) for code in ("5901", "7501")]
    with Store(store_path(tmp_path / "state"), content) as store:
        for rows in (ledger_rows(days), ledger_rows(late, later=2)):
            put(store, "denominators", DENOMINATORS, rows[0])
            put(store, "counts", COUNTS, rows[1])
        abridge(store, date(2000, 1, 1), date(2100, 1, 1))
        for n in range(nights):
            store.run("INSERT INTO receptions (night, association, status) VALUES ($n, '5901', 'received')",
                      {"n": first + timedelta(days=n + 1)})  # fmt: skip
        publish(store, tmp_path / "state")
    return content


def test_the_ledgers_give_the_triangle_and_the_command_the_estimate(tmp_path: Path) -> None:
    content = late_store(tmp_path)
    rules = load_rules(content).nowcast
    with open_published(tmp_path / "state", content) as store:
        found = read(store, "grippe", date(2023, 5, 1), rules)
    assert found.night == date(2023, 5, 1) and found.associations == ("5901", "7501")
    assert found.counts.known[-1, 0].tolist() == [5, 5] and np.isnan(found.counts.known[-1, 1]).all()
    assert (
        found.counts.known[-2, :2, 0].tolist() == [5, 6]
        and found.acts.known[-2, 1, 0] - found.acts.known[-2, 0, 0] == 5
    )
    args = ["nowcast", "grippe", "--state", str(tmp_path / "state"), "--site", str(tmp_path / "site"), "--lang", "en"]

    def run(*more: str) -> Any:
        return CliRunner().invoke(app, [*args, *more])

    shown = run("--days", "2", "--by", "day,national")
    assert shown.exit_code == 0, shown.output
    last = next(line for line in shown.stdout.splitlines() if "2023-05-09" in line).split()
    assert last[2:5] == ["10", "12", "12–12"] and last[7] == "16.7" and float(last[5]) < 2
    assert "did no better than the last complete day" in shown.stdout
    assert max(map(len, shown.stdout.splitlines()[:6])) <= 80
    rows = json.loads(run("--format", "json", "--days", "1").stdout)
    assert {row["region"] for row in rows} == {"11", "32"}
    assert "does not know sex" in str(run("--by", "day,sex").exception)


def test_validation_wants_its_folder(tmp_path: Path, rule: NowcastRule) -> None:
    with pytest.raises(Exception, match="is not there"):
        validation(tmp_path, rule)


def test_validation_reads_publications_and_scores_every_method(tmp_path: Path, rule: NowcastRule) -> None:
    """Two régions of 240 days, acts that come one by one: the interval holds what it says, and the ladder is better."""
    known, _ = triangle(240, 2)
    first, lines = date(2020, 8, 1), ["date_publication;reg;date_de_passage;nbre_acte_corona;nbre_acte_tot;delai_j"]
    for day, age, place in np.ndindex(known.known.shape):
        count = int(known.known[day, age, place])
        when = first + timedelta(days=int(day))
        lines.append(f"{when + timedelta(days=age + 2)};{place + 11};{when};{count // 10};{count};{age + 2}")
    path = tmp_path / TRIANGLE
    path.parent.mkdir()
    with gzip.open(path, "wt") as out:
        out.write("\n".join(lines))
    found = validation(tmp_path, rule.model_copy(update={"settled_days": 6})).set_index(
        ["series", "place", "days_after"]
    )
    ladder = found[found["method"] == "ladder"].loc[("acts", "régions", 2)]
    assert 0.72 <= ladder["covered"] <= 0.88
    assert ladder["error"] < ladder["error_known"] and ladder["given"] > 0.9
    assert ladder["estimates"] > 80
    assert set(found["method"]) == {"ladder", "bnb"}
