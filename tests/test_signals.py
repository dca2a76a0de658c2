"""Signals of a night: what is tested, what a budget lets through, one event of many alarms, doubts, the ledger."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats
from typer.testing import CliRunner

from surveillance.associations import load_associations
from surveillance.calendar import load_indices
from surveillance.cli import app
from surveillance.clock import Clock
from surveillance.content import Content
from surveillance.detection.quantiles import at_least
from surveillance.errors import UsageError
from surveillance.history import take_out
from surveillance.makers.null_signals import KINDS, MORE_YEARS, Null, nights, null_counts, tally
from surveillance.night import Night
from surveillance.replay import tell_again
from surveillance.schools import load_schools
from surveillance.settings import load_settings
from surveillance.signal_rules import load_rules
from surveillance.signals import judgements
from surveillance.signals.budget import hierarchical, threshold, weekly_threshold
from surveillance.signals.data_signals import LOST
from surveillance.signals.events import Event, Known, make_events
from surveillance.signals.expecting import limits, mid_p, weekday_factors
from surveillance.signals.firing import judge_days
from surveillance.signals.grouping import Alarm, Map, grouped
from surveillance.signals.judgements import Judgement
from surveillance.signals.near_days import NearDays
from surveillance.signals.outcome import outcome
from surveillance.signals.rising import METHOD, judge_rise, rolling_weeks
from surveillance.signals.watched import Watched, places_of
from surveillance.steps.detect import detect
from surveillance.store import Store, publish, store_path

CONTENT = Content()
RULES = load_rules(CONTENT)
MEMBERS = load_associations(CONTENT)
WHERE = Map(CONTENT, {item.code: item.department for item in MEMBERS})
PLACES = places_of(MEMBERS, RULES.series.territories)
HISTORY = RULES.daily.history_days
NIGHT = date(2023, 12, 12)  # no school holidays in the weeks before, which these counts know nothing of
QUIET = 8  # a seed
FULL = os.environ.get("CAMPAIGN") == "full"


def number(code: str) -> int:
    return next(n for n, item in enumerate(MEMBERS) if item.code == code)


@pytest.fixture(scope="module")
def quiet() -> Watched:
    """Nine weeks of six syndromes without a signal, and without an event by chance."""
    return null_counts(MEMBERS, HISTORY, Null(syndromes=6, largest=2000.0, falling=0.5), QUIET)


def with_more(seen: Watched, days: slice, codes: list[str], syndrome: int, factor: float) -> Watched:
    """The same with so many times the counts there."""
    counts = seen.counts.copy()
    counts[days, [number(code) for code in codes], syndrome] *= factor
    return replace(seen, counts=np.round(counts))


def doubt(seen: Watched, days: slice, codes: list[str]) -> Watched:
    doubtful = seen.doubtful.copy()
    doubtful[days, [number(code) for code in codes]] = True
    return replace(seen, doubtful=doubtful)


def events_of(seen: Watched, **more: Any) -> list[Event]:
    return [event for event, _ in outcome(seen, None, RULES, WHERE, **more).events]


def alarm(
    kind: str, code: str, day: int = 15, age: str = "all", pvalue: float = 1e-6, syndrome: str = "grippe"
) -> Alarm:
    when = date(2024, 1, day)
    return Alarm("ears_c2", syndrome, kind, code, age, when, when, 40.0, 20.0, 1.2, 30.0, 5.0, pvalue)


NOTHING = {
    "doubts": lambda *_: "", "calendar": lambda *_: "", "coded": lambda *_: 0.9, "late": lambda *_: None,
}  # fmt: skip


# What is tested


def test_territories_are_their_associations_and_no_series_is_tested_twice() -> None:
    assert PLACES[0].kind == "national" and len(PLACES[0].members) == len(MEMBERS)
    assert len({place.members for place in PLACES}) == len(PLACES)
    alone = next(item for item in MEMBERS if [one.department for one in MEMBERS].count(item.department) == 1)
    assert not [place for place in PLACES if (place.kind, place.code) == ("association", alone.code)]


def test_improbability_is_that_of_the_distribution() -> None:
    counts, mean, phi = np.array([0.0, 3, 9, 40]), np.array([2.0, 2.5, 3.0, 20.0]), np.array([1.0, 1.5, 2.0, 1.0])
    for at in range(4):
        size = mean[at] / max(phi[at] - 1, 1e-12)
        law = stats.poisson(mean[at]) if phi[at] == 1 else stats.nbinom(size, 1 / phi[at])
        assert at_least(counts, mean, phi)[at] == pytest.approx(law.sf(counts[at] - 1), rel=1e-9)
        low, high = limits(mean, phi, 0.95)
        assert (low[at], high[at]) == (law.ppf(0.025), law.ppf(0.975))
        middle = law.sf(counts[at]) + law.pmf(counts[at]) / 2
        assert mid_p(counts, mean, phi, 1e6)[at] == pytest.approx(middle, rel=1e-3)
    heavier = mid_p(counts, mean, phi, 54.0)
    assert (heavier >= mid_p(counts, mean, phi, 1e6) * 0.999).all()


def test_weekdays_of_a_rare_syndrome_are_those_of_all() -> None:
    week = np.array([1.1, 1.0, 1.0, 1.0, 0.9, 1.0, 1.0])
    national = np.stack([np.tile(1000 * week, 8), np.zeros(56)], axis=-1)[:, :, None]
    found = weekday_factors(national, np.arange(56) % 7)
    assert found[:, 0, 0] == pytest.approx(week, abs=1e-6)
    assert found[:, 1, 0] == pytest.approx(week, abs=1e-6)


def test_pvalues_of_quiet_series_are_no_smaller_than_they_say(quiet: Watched) -> None:
    tested = judge_days(quiet, PLACES, RULES)
    assert tested is not None and tested.method == "rnssp_switch" and tested.number > 4000
    for level in (0.01, 0.001):
        share = float((tested.pvalue <= level).sum()) / tested.number
        assert share <= level, f"{share} of the p-values are at most {level}"


@pytest.mark.parametrize(("days", "method"), [(9, None), (25, "ears_c2"), (31, "rnssp_switch")])
def test_a_short_past_has_a_method_of_its_own(quiet: Watched, days: int, method: str | None) -> None:
    tested = judge_days(quiet.ending(HISTORY - 1, days), PLACES, RULES)
    assert (tested.method if tested else None) == method


def test_weeks_are_judged_once_five_years_are_there() -> None:
    pytest.importorskip("numba")
    weeks = 52 * 7
    seen = null_counts(MEMBERS[:6], weeks, Null(syndromes=2, largest=400.0), 5)
    days = np.datetime64("2024-01-14") - 7 * np.arange(weeks)[::-1]
    seen = replace(seen, days=days, step=7, counts=seen.counts * 7)
    daily = null_counts(MEMBERS[:6], 10, Null(syndromes=2), 5)  # too short for any method of days
    assert not outcome(daily, seen, RULES, WHERE).events
    counts, acts = seen.counts.copy(), seen.acts.copy()
    counts[:200, 5], acts[:200, 5] = 0, 0  # an association of the last three years is no signal
    young = replace(seen, counts=counts, acts=acts, doubtful=acts[:, :, 0] <= 0)
    assert not outcome(daily, young, RULES, WHERE).events
    counts = seen.counts.copy()
    counts[-1, 0, 0] *= 6
    found = outcome(daily, replace(seen, counts=counts), RULES, WHERE).events
    assert {alarm.method for _, alarms in found for alarm in alarms} == {"farrington_flexible"}
    assert found[0][0].first_day == date(2024, 1, 8)


# Waves


def grown(seen: Watched, syndromes: slice, a_day: float, days: int = 42) -> Watched:
    """The same with counts of these syndromes that grow for so many days."""
    counts = seen.counts.copy()
    factor = np.exp(a_day * np.arange(1, days + 1))[:, None, None, None]
    counts[-days:, :, syndromes] = np.round(factor * counts[-days:, :, syndromes])
    return replace(seen, counts=counts)


def test_a_wave_too_slow_for_a_day_is_one_event_of_all_nights() -> None:
    seen = null_counts(MEMBERS, HISTORY + 10, Null(syndromes=4, largest=1200.0, falling=0.7), QUIET)
    found = list(nights(grown(seen, slice(1, 2), 0.04), RULES, WHERE, HISTORY))
    told = [[event for event, _ in one.events if event.syndrome == "s01"] for _, one in found]
    assert len({event.event for events in told for event in events}) == 1 and all(len(events) == 1 for events in told)
    assert all(METHOD in events[0].methods and "national:FR" in events[0].territories for events in told)
    assert [one.events[0][0].syndrome for _, one in found] == ["s01"] * len(found)
    assert told[-1][0].duration > 10


def smallest(seen: Watched) -> float:
    """The smallest p-value of a wave in all of France."""
    weeks = rolling_weeks(seen, 5)
    assert weeks is not None and rolling_weeks(seen.ending(30, 31), 5) is None
    tested = judge_rise(weeks, PLACES[:1], RULES)
    assert tested is not None and tested.number == 5 * len(seen.syndromes)
    return float(np.nanmin(tested.pvalue))


def test_a_season_or_more_acts_of_everything_are_no_wave() -> None:
    flat = null_counts(MEMBERS, HISTORY, Null(syndromes=12, largest=900.0, falling=0.8, season=0.0), QUIET)
    assert smallest(grown(flat, slice(None), 0.009, HISTORY)) > 0.001
    assert smallest(grown(flat, slice(0, 1), 0.04)) < 1e-5
    counts = flat.counts.copy()
    counts[-7:] = np.round(1.6 * counts[-7:])
    assert smallest(replace(flat, counts=counts)) > 0.001
    counts[:-7, :, 2] = np.round(counts[:-7, :, 2] / 1.6)
    assert smallest(replace(flat, counts=counts)) < 1e-5


def test_children_back_at_school_are_no_wave() -> None:
    flat = null_counts(MEMBERS, HISTORY, Null(syndromes=4, largest=1500.0, falling=0.8, season=0.0), QUIET)
    school, counts = flat.school.copy(), flat.counts.copy()
    school[:-7, :, 2] = 0.5
    counts[:-7, :, :, 2] = np.round(0.5 * counts[:-7, :, :, 2])
    assert smallest(replace(flat, counts=counts)) < 1e-5
    assert smallest(replace(flat, counts=counts, school=school)) > 0.001


def test_nothing_is_said_of_weeks_that_were_a_strike(quiet: Watched) -> None:
    blind = quiet.blind.copy()
    blind[-4:] = True
    weeks = rolling_weeks(replace(quiet, blind=blind, left=blind), 5)
    assert weeks is not None and RULES.rise is not None
    tested = judge_rise(weeks, PLACES[:14], RULES)
    assert tested is not None and np.isnan(tested.pvalue).all()
    assert judge_rise(weeks, PLACES[:14], RULES.model_copy(update={"rise": None})) is None


# The calendar


def test_days_beside_a_holiday_are_told() -> None:
    near = NearDays(load_indices(CONTENT), load_schools(CONTENT))
    told = {day: near.kind(date(2024, 5, day), "59") for day in (8, 9, 10, 13, 17, 27)}
    assert told == {8: "holiday", 9: "holiday", 10: "bridge", 13: "week", 17: "", 27: "week"}
    assert near.kind(date(2024, 12, 24), "") == "eve" and near.kind(date(2024, 12, 26), "67") == "holiday"
    assert near.said(date(2024, 5, 10), "59") == "pont (Ascension)" and near.said(date(2024, 6, 5), "59") == ""
    left, factor = near.arrays([date(2024, 5, 9), date(2024, 6, 5)], MEMBERS, RULES.calendar.left_out)
    assert left[0].all() and not left[1].any() and (factor[0] > 1).all() and (factor[1] == 1).all()


def test_the_end_of_school_holidays_is_no_signal(quiet: Watched) -> None:
    """Children's acts, fewer in the holidays, are all there the day after: expected so, where the calendar knows."""
    school, counts = quiet.school.copy(), quiet.counts.copy()
    school[-16:-2, :, 2] = 0.6
    counts[-16:-2, :, :, 2] = np.round(0.6 * counts[-16:-2, :, :, 2])
    knowing = judge_days(replace(quiet, counts=counts, school=school), PLACES, RULES)
    unaware = judge_days(replace(quiet, counts=counts), PLACES, RULES)
    assert knowing is not None and unaware is not None
    high, there = knowing.expected[-1, 0, :, 2] / unaware.expected[-1, 0, :, 2], knowing.observed[-1, 0, :, 2]
    assert (high[there > 50] > 1.15).all() and (there > 50).any()
    gap, before = (np.abs(one.expected - one.observed)[-1, 0, :, 2].sum() for one in (knowing, unaware))
    assert gap < 0.6 * before
    assert (knowing.expected[-1, :, :, 1] == unaware.expected[-1, :, :, 1]).all()


# The budget


def test_the_threshold_keeps_the_budget(quiet: Watched) -> None:
    tested = judge_days(quiet, PLACES, RULES)
    assert tested is not None
    limit = threshold([tested], RULES.budget)
    rule = RULES.budget
    assert limit * tested.number * 7 * rule.calibration == pytest.approx(rule.events_a_week - rule.weekly_events_a_week)
    weekly = replace(tested, method=RULES.weekly.method)
    assert threshold([tested, weekly], rule) == limit and weekly_threshold([tested, weekly], rule, 1) < limit


def test_families_are_opened_from_their_own_series() -> None:
    rng = np.random.default_rng(1)
    pvalues = rng.random((1, 40, 3, 2))
    pvalues[0, 7, 1, 0] = 1e-9
    pvalues[0, :, 2, 1] = np.nan
    found = hierarchical(pvalues, 0.05)
    assert np.argwhere(found).tolist() == [[0, 7, 1, 0]]
    assert not hierarchical(np.full((1, 0, 3, 2), np.nan), 0.05).any()


def test_nights_without_a_signal_keep_the_budget() -> None:
    """Events of nights without any signal: no more than the budget within chance; the whole set-up in the campaign."""
    null = Null() if FULL else Null(syndromes=8, largest=1500.0, falling=0.6)
    nights = 140 if FULL else 14
    found = tally(null_counts(MEMBERS, HISTORY + nights - 1, null, 11), RULES, WHERE)
    wanted = RULES.budget.events_a_week / 7 * nights
    assert found.nights == nights
    assert len(found.events) <= stats.poisson(wanted).ppf(0.999)
    assert not FULL or len(found.events) >= stats.poisson(wanted / 4).ppf(0.001), "the budget is not used"


def test_weeks_and_days_keep_the_budget_together() -> None:
    """Monday nights test weeks too, once five years are there; years and weeks of all France differ."""
    null = KINDS[-1][1] if FULL else replace(KINDS[-1][1], syndromes=3, largest=900.0, falling=0.5)
    count = 182 if FULL else 8
    years = RULES.weekly.years + (MORE_YEARS if FULL else 1)
    found = tally(null_counts(MEMBERS, 52 * 7 * years + count, null, 12), RULES, WHERE, count, years)
    assert found.nights == count and found.weekly_tested > 0
    assert len(found.events) <= stats.poisson(RULES.budget.events_a_week / 7 * count).ppf(0.999)


# Events


def test_one_event_of_nested_and_neighbouring_alarms_on_following_days() -> None:
    nord, aisne, var = alarm("department", "59"), alarm("department", "02", 14), alarm("department", "83")
    lille, region = alarm("association", "5901", age="65+"), alarm("region", "32", pvalue=1e-9)
    other = alarm("department", "59", syndrome="gastro")
    groups = grouped([nord, aisne, var, lille, region, other], WHERE, 1)
    assert sorted(len(group) for group in groups) == [1, 1, 4]
    assert len(grouped([nord, alarm("department", "59", 10)], WHERE, 1)) == 2
    assert len(grouped([nord, alarm("department", "59", 13)], WHERE, 1)) == 1
    assert len(grouped([var, alarm("national", "FR"), nord], WHERE, 1)) == 1
    assert len(grouped([alarm("region", "44"), alarm("department", "44")], WHERE, 1)) == 2, "44 is two territories"


def test_an_event_is_named_after_its_most_improbable_series_and_keeps_its_name() -> None:
    group = [alarm("department", "59", age="65+"), alarm("region", "32", pvalue=1e-9)]
    event = make_events(group, RULES, WHERE, [], NOTHING)[0][0]
    assert event.event == "grippe-reg32-20240115"
    assert (event.territories, event.ages) == (["department:59", "region:32"], ["all", "65+"])
    assert (event.observed, event.excess, event.severity) == (40, 20, 1.5)
    assert event.weight == pytest.approx(20 * 9 * 1.5)
    assert "80" not in event.neighbours and "77" in event.neighbours and event.protocol == "respiratory"
    earlier = [Known("grippe-dep59-20240113", "grippe", date(2024, 1, 13), date(2024, 1, 14), (("department", "59"),))]
    again = make_events(group, RULES, WHERE, earlier, NOTHING)[0][0]
    assert (again.event, again.first_day, again.duration) == ("grippe-dep59-20240113", date(2024, 1, 13), 3)
    long_ago = [replace(earlier[0], last_day=date(2024, 1, 10))]
    assert make_events(group, RULES, WHERE, long_ago, NOTHING)[0][0].event == "grippe-reg32-20240115"
    split = [alarm("department", "59"), alarm("department", "13")]
    names = [one.event for one, _ in make_events(split, RULES, WHERE, earlier, NOTHING)]
    assert sorted(names) == ["grippe-dep13-20240115", "grippe-dep59-20240113"]


def test_alarms_that_go_on_the_same_event_are_one() -> None:
    known = [Known("grippe-FR-20240110", "grippe", date(2024, 1, 10), date(2024, 1, 14), (("national", "FR"),))]
    apart = [alarm("department", "59"), alarm("department", "13"), alarm("department", "33", syndrome="gastro")]
    found = make_events(apart, RULES, WHERE, known, NOTHING)
    assert sorted(event.event for event, _ in found) == ["gastro-dep33-20240115", "grippe-FR-20240110"]
    assert {len(group) for _, group in found} == {1, 2}


def test_a_week_without_an_alarm_does_not_end_a_wave() -> None:
    known = [Known("grippe-FR-20231226", "grippe", date(2023, 12, 26), date(2024, 1, 2), (("national", "FR"),))]
    week = replace(alarm("national", "FR", 16), method=METHOD, first=date(2024, 1, 10))
    assert make_events([week], RULES, WHERE, known, NOTHING)[0][0].event == "grippe-FR-20231226"
    later = replace(week, first=date(2024, 1, 12), last=date(2024, 1, 18))
    assert make_events([later], RULES, WHERE, known, NOTHING)[0][0].event == "grippe-FR-20240112"
    day = alarm("national", "FR", 10)
    assert make_events([day], RULES, WHERE, known, NOTHING)[0][0].event == "grippe-FR-20240110"


def test_the_first_by_rank_are_shown() -> None:
    many = [
        alarm("department", item, syndrome=f"s{n}") for n, item in enumerate(sorted({m.department for m in MEMBERS}))
    ]
    found = [event for event, _ in make_events(many, RULES, WHERE, [], NOTHING)]
    assert [event.rank for event in found] == list(range(1, len(many) + 1))
    assert sum(event.shown for event in found) == RULES.budget.shown_a_night


def test_an_outbreak_is_one_event_where_it_is(quiet: Watched) -> None:
    assert events_of(quiet) == []
    seen = with_more(quiet, slice(-1, None), ["5901"], 1, 3.0)
    found = events_of(seen)
    assert found[0].syndrome == "s01" and "association:5901" in found[0].territories
    assert found[0].excess > 0 and found[0].low <= found[0].expected <= found[0].high < found[0].observed
    assert not found[0].doubtful


# Data before health


def test_a_doubtful_feed_raises_no_signal_by_itself(quiet: Watched) -> None:
    seen = doubt(with_more(quiet, slice(-1, None), ["5901"], 1, 3.0), slice(-1, None), ["5901"])
    assert events_of(seen) == []


def test_a_signal_that_holds_without_the_doubtful_feed_says_so(quiet: Watched) -> None:
    north = [item.code for item in MEMBERS if item.region == "32"]
    raised = with_more(quiet, slice(-1, None), north, 1, 2.5)
    found = events_of(doubt(raised, slice(-1, None), ["5902"]))
    region = next(event for event in found if "region:32" in event.territories)
    assert region.doubtful and "5902" in region.reason and "tient sans elle" in region.reason
    past = events_of(doubt(raised, slice(-20, -18), ["5901"]))
    assert any("association:5901" in event.territories or "department:59" in event.territories for event in past)


@pytest.mark.parametrize("ago", [0, 1, 2, 3, 10])
def test_a_national_strike_raises_no_health_signal_on_its_day_or_after(quiet: Watched, ago: int) -> None:
    day = HISTORY - 1 - ago
    counts, acts, blind = quiet.counts.copy(), quiet.acts.copy(), quiet.blind.copy()
    counts[day], acts[day], blind[day] = np.floor(0.13 * counts[day]), 0.13 * acts[day], True
    assert events_of(replace(quiet, counts=counts, acts=acts, blind=blind, left=blind)) == []


def test_a_new_definition_makes_its_signals_doubtful(quiet: Watched) -> None:
    seen = with_more(quiet, slice(-1, None), ["5901"], 1, 3.0)
    found = events_of(seen, changed=frozenset({"s01"}))
    assert found[0].doubtful and "définition de s01" in found[0].reason


# The night


def fill(night: Night, seen: Watched, names: tuple[str, ...], bands: tuple[str, ...]) -> None:
    """Put counts into the ledgers of a store, each day told in the night after it."""
    last = night.visit_day
    rows, acts, receptions = [], [], []
    for step in range(len(seen.days)):
        day = last - timedelta(days=len(seen.days) - 1 - step)
        told = day + timedelta(days=1)
        for n, item in enumerate(MEMBERS):
            receptions.append({"night": told, "association": item.code, "status": "received", "code": "ok"})
            acts.append(
                {"night": told, "visit_day": day, "association": item.code, "age_band": bands[0],
                 "visits_all": int(seen.acts[step, n, 0]), "visits_coded": int(seen.acts[step, n, 1])}
            )  # fmt: skip
            rows += [
                {"night": told, "visit_day": day, "association": item.code, "age_band": band, "syndrome": name,
                 "definition": "1", "visits": int(seen.counts[step, n, s, a + 1])}
                for s, name in enumerate(names)
                for a, band in enumerate(bands)
                if seen.counts[step, n, s, a + 1]
            ]  # fmt: skip
    for table, found in (("brief_counts", rows), ("brief_denominators", acts), ("receptions", receptions)):
        with night.store.table("found", pa.Table.from_pylist(found)):
            night.store.run(f"INSERT INTO {table} BY NAME SELECT * FROM found")


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state with one night in which Lille has an outbreak of flu, published."""
    folder = tmp_path_factory.mktemp("state")
    seen = with_more(
        null_counts(MEMBERS, 40, Null(syndromes=3, largest=900.0, falling=0.5), 4), slice(-1, None), ["5901"], 1, 5.0
    )
    night = Night(NIGHT, CONTENT, load_settings(CONTENT, folder), Clock())
    fill(night, seen, ("gastro", "grippe", "asthme"), ("02-04", "05-14", "15-44", "75+"))
    night.store.run(
        "INSERT INTO data_events VALUES ($n, $d, 'association', '1301', 'volume', 3, 90, 60, 120, 'Marseille : 3')",
        {"n": NIGHT, "d": NIGHT - timedelta(days=1)},
    )
    counted = detect(night)
    assert counted["series"] > 500 and counted["events"] >= 1 and counted["data_signals"] == 1
    publish(night.store, folder)
    night.close()
    return folder


def test_past_nights_are_told_again_and_published(state: Path) -> None:
    before, settings = json.loads(run(state, "list", "--format", "json").stdout), load_settings(CONTENT, state)
    with Store(store_path(state), CONTENT) as store:
        for table in ("signal_events", "signal_alarms", "data_signals"):
            store.run(f"DELETE FROM {table}")
        tell_again(CONTENT, settings, store, [NIGHT - timedelta(days=1), NIGHT])
        assert store.rows("SELECT DISTINCT night FROM data_signals ORDER BY night")[-1] == (NIGHT,)
        publish(store, state)
    assert json.loads(run(state, "list", "--format", "json").stdout) == before


def test_a_night_writes_its_events_once_and_takes_them_out(state: Path) -> None:
    night = Night(NIGHT, CONTENT, load_settings(CONTENT, state), Clock())
    tables = ("signal_events", "signal_alarms", "data_signals")
    before = [night.store.rows(f"FROM {table} ORDER BY ALL") for table in tables]
    detect(night)
    assert [night.store.rows(f"FROM {table} ORDER BY ALL") for table in tables] == before
    assert all(before)
    first = night.store.arrow("FROM signal_events ORDER BY rank").to_pylist()[0]
    assert first["syndrome"] == "grippe" and first["event"].endswith("-20231211") and first["shown"]
    assert first["coded_share"] == pytest.approx(0.8, abs=0.01) and first["late_share"] == 0
    take_out(night.store, NIGHT)
    assert not any(night.store.value(f"SELECT count(*) FROM {table}") for table in tables)
    night.close()


def run(state: Path, *args: str) -> Any:
    return CliRunner().invoke(
        app, ["signals", *args, "--state", str(state)], catch_exceptions=False, env={"COLUMNS": "80"}
    )


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_signals_are_listed_and_shown_in_80_columns(state: Path, lang: str) -> None:
    listed = run(state, "list", "--lang", lang)
    assert listed.exit_code == 0 and "1301" in listed.stdout
    name = re.search(r"grippe-\w+-20231211", listed.stdout)
    assert name
    shown = run(state, "show", name.group(), "--lang", lang)
    assert getattr(RULES.protocol["respiratory"], lang)[:30] in shown.stdout
    course = json.loads(run(state, "show", name.group(), "--format", "json").stdout)["nights"]
    assert [one["night"] for one in course] == [str(NIGHT)] and course[0]["observed"] > course[0]["expected"]
    assert max(map(len, (listed.stdout + shown.stdout).splitlines())) <= 80
    found = json.loads(run(state, "list", "--format", "json").stdout)
    assert found["data_signals"][0]["territory"] == "1301" and found["signals"][0]["event"] == name.group()
    assert run(state, "list", "--format", "csv").stdout.startswith("night,event,rank,")


def test_judgements_are_kept_and_precision_is_measured(state: Path) -> None:
    name = json.loads(run(state, "list", "--format", "json").stdout)["signals"][0]["event"]
    assert json.loads(run(state, "show", name, "--format", "json").stdout)["state"] == "new"
    with pytest.raises(UsageError, match="reason"):
        run(state, "judge", name, "--verdict", "confirmed")
    with pytest.raises(UsageError, match="no event is called 'gripe-dep59'"):
        run(state, "judge", "gripe-dep59", "--verdict", "under_review")
    assert run(state, "judge", name, "--state", "under review", "--owner", "A. Durand").exit_code == 0
    run(state, "judge", name, "--verdict", "confirmed", "--reason", "virologie", "--outcome", "bulletin")
    run(state, "judge", name, "--verdict", "closed", "--reason", "fini")
    shown = json.loads(run(state, "show", name, "--format", "json").stdout)
    assert (shown["state"], shown["owner"], shown["outcome"]) == ("closed", "A. Durand", "bulletin")
    assert [one["state"] for one in shown["judgements"]] == ["under_review", "confirmed", "closed"]
    assert run(state, "list", "--open").stdout.count(name) == 0
    told = run(state, "list", "--precision", "--format", "json").stdout
    assert {(one["by"], one["name"], one["confirmed"]) for one in json.loads(told)} >= {("syndrome", "grippe", 1)}
    run(state, "judge", name, "--outcome", "foyer clos")
    shown = json.loads(run(state, "show", name, "--format", "json").stdout)
    assert (shown["state"], shown["outcome"]) == ("closed", "foyer clos")
    run(state, "judge", name, "--state", "new")  # withdrawn
    assert json.loads(run(state, "list", "--precision", "--format", "json").stdout) == []
    assert max(map(len, run(state, "list", "--precision").stdout.splitlines())) <= 80
    run(state, "judge", name, "--verdict", "confirmed", "--reason", "virologie")


def test_every_kind_of_data_signal_has_words() -> None:
    kinds = {"feed_lost", "strike", "new_association", "thesaurus", "definition", *LOST, *RULES.data.checks}
    for lang in ("fr", "en"):
        words = CONTENT.toml("reports/words.toml")[lang]
        assert {f"data_{kind}" for kind in kinds} <= words.keys()


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("list", "grippe"), "list takes no event"),
        (("list", "--state", "confirmed"), "list takes no state"),
        (("list", "--night", "2020-01-01"), "nothing is known of the night of 2020-01-01"),
        (("list", "--night", "2030-01-01"), "nothing is known of the night of 2030-01-01"),
        (("judge", "grippe", "--state", "rejeté"), "no signal is ever 'rejeté'"),
        (("judge", "grippe", "--state", "confirmed", "--reason", "  "), "confirmed wants a reason"),
    ],
)
def test_what_signals_cannot_do_is_said(state: Path, args: tuple[str, ...], said: str) -> None:
    with pytest.raises(UsageError, match=re.escape(said)):
        run(state, *args)
    assert max(map(len, run(state, "list", "--precision").stdout.splitlines())) <= 80
    assert (judgements.path_of(state).stat().st_mode & 0o777) == 0o600


def test_a_line_cut_by_a_crash_costs_only_itself(tmp_path: Path) -> None:
    told = ("2024-01-16T05:00:00+00:00", "grippe-FR-20240115", "rejected", "", "codage", "", "grippe", "national:FR")
    one = Judgement(*told, ("rnssp_switch",), "2024-01-16")
    judgements.append(tmp_path, one)
    path = judgements.path_of(tmp_path)
    path.write_bytes(path.read_bytes() + path.read_bytes()[:40])
    judgements.append(tmp_path, replace(one, event="x", state="confirmed"))
    assert [item.event for item in judgements.read(tmp_path)] == [one.event, "x"]
    found = {(item.by, item.name): item for item in judgements.precisions(judgements.read(tmp_path))}
    assert found["method", "rnssp_switch"].judged == 2 and found["all", "all"].precision == 0.5
    low, high = judgements.wilson(1, 2)
    assert (low, high) == pytest.approx((0.0945, 0.9055), abs=1e-3)
