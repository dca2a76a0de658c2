"""Habits: what is learnt of an association's own nights, the edges of each check, and what a night makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surveillance.associations import Association, load_associations
from surveillance.calendar import load_indices
from surveillance.clock import Clock
from surveillance.content import Content
from surveillance.habits.events import data_events
from surveillance.habits.findings import Finding, held
from surveillance.habits.judging import CHECKS, Case, judge, limits, severity_of
from surveillance.habits.learning import Expected, expected_minute, expected_share, expected_volume, wrap
from surveillance.habits.nights import Judge, calendar_of, tell
from surveillance.habits.past import nights_needed, past_of, read_past
from surveillance.habits.profiles import Profile, profile_of, to_table
from surveillance.habits.usual import Usual
from surveillance.habits.verdicts import held_files, overruled
from surveillance.intake.checks import load_checks
from surveillance.night import Night, troubled
from surveillance.settings import load_settings

CONTENT = Content()
MEMBERS = load_associations(CONTENT)
RULES = load_checks(CONTENT).association
JUDGE = Judge(CONTENT, MEMBERS)
CALENDAR = calendar_of(load_indices(CONTENT), "59")
NIGHT = date(2024, 2, 7)  # a Wednesday with nothing beside it: the visits are those of Tuesday the 6th
DAY = NIGHT - timedelta(days=1)
WEEK = (1.07, 0.97, 0.96, 0.96, 0.94, 1.10, 1.07)


def profile(day: date, visits: int, code: str = "5901", **changes: object) -> Profile:
    """A sound night of 200 visits more or less: 95 % coded, 1 % unknown codes, ages and sexes known."""
    when = datetime(day.year, day.month, day.day, 1, 30, tzinfo=UTC) + timedelta(days=1, minutes=day.toordinal() % 7)
    coded = round(0.95 * visits)
    sound = Profile(
        code, day, "received", 1, visits, visits, visits, coded, coded, round(0.01 * coded),
        round(0.99 * visits), round(0.99 * visits), int(when.timestamp()),
    )  # fmt: skip
    return replace(sound, **changes)  # type: ignore[arg-type]


def nights(level: float = 200, number: int = 70, seed: int = 1, code: str = "5901", end: date = DAY) -> list[Profile]:
    """The nights before `end`, as an association of that level has them."""
    rng = np.random.default_rng(seed)
    days = [end - timedelta(days=n) for n in range(number, 0, -1)]
    return [profile(day, int(rng.normal(level * WEEK[day.weekday()], 1.5 * level**0.5)), code) for day in days]


def case(tonight: Profile, before: Sequence[Profile], declared: bool = False, **waived: str) -> Case:
    usual = Usual(past_of(before), tonight.visit_day, CALENDAR, RULES.habits)
    return Case(tonight, usual, declared, waived)


def found(tonight: Profile, before: Sequence[Profile], **options: object) -> dict[str, Finding]:
    return {item.check: item for item in judge(case(tonight, before, **options), RULES)}  # type: ignore[arg-type]


def test_an_ordinary_night_passes_every_check() -> None:
    assert {item.state for item in found(profile(DAY, 194), nights()).values()} == {"passed"}


@pytest.mark.parametrize(
    ("check", "changes", "severity"),
    [
        ("volume", {"visits_day": 400}, "quarantine"),
        ("volume", {"visits_day": 300}, "note"),
        ("volume", {"visits_day": 60}, "note"),
        ("coded", {"coded": 110}, "note"),
        ("coded", {"coded": 10}, "quarantine"),
        ("unknown_codes", {"unknown_codes": 40}, "note"),
        ("unknown_codes", {"unknown_codes": 100}, "quarantine"),
        ("age", {"age_known": 140}, "note"),
        ("age", {"age_known": 0}, "quarantine"),
        ("sex", {"sex_known": 140}, "note"),
        ("sex", {"sex_known": 0}, "quarantine"),
        ("zero_day", {"visits_day": 0}, "note"),
    ],
)
def test_what_each_check_sees_and_what_it_sets_aside(check: str, changes: dict[str, int], severity: str) -> None:
    seen = found(replace(profile(DAY, 194), **changes), nights())  # type: ignore[arg-type]
    assert (seen[check].state, seen[check].severity) == ("found", severity)
    assert str(seen[check].sentence_fr)


@pytest.mark.parametrize("check", ["volume", "coded", "unknown_codes", "age", "sex", "arrival"])
def test_on_a_limit_nothing_is_found_and_beyond_it_something_is(check: str) -> None:
    rule = RULES.check(check)
    expected = Expected(200.0, 0.8, root=True) if check == "volume" else Expected(0.7, 0.02)
    relative = check == "volume"
    low, high = limits(expected, rule.note_z, rule.note_least, relative)
    for value, beyond, side in ((high, high + 1e-6, "low"), (low, low - 1e-6, "high")):
        assert severity_of(rule, expected, value, relative) == ""
        assert severity_of(rule, expected, beyond, relative) == ("" if rule.side == side else "note")
    held_low, held_high = limits(expected, rule.hold_z, rule.hold_least, relative)
    edge, step = (held_high, 1e-6) if rule.hold_side == "high" else (held_low, -1e-6)
    if rule.severity == "quarantine":
        assert severity_of(rule, expected, edge, relative) in ("note", "")
        assert severity_of(rule, expected, edge + step, relative) == "quarantine"


def test_low_volume_is_never_set_aside() -> None:
    for visits in range(0, 60, 7):
        assert found(replace(profile(DAY, 194), visits_day=visits), nights())["volume"].severity == "note"


def test_few_nights_are_an_unknown_habit_and_it_is_said() -> None:
    seen = found(profile(DAY, 194), nights(number=RULES.habits.min_nights - 1))
    assert {(seen[name].state, seen[name].why) for name in ("volume", "coded", "age", "sex", "arrival")} == {
        ("not_run", "unknown_habit")
    }
    assert found(profile(DAY, 194), nights(number=RULES.habits.min_nights))["volume"].state == "passed"
    events = tell(list(seen.values()))
    assert ("check not run", {"check": "volume", "reason": "unknown_habit", "associations": ["5901"]}) in events


def test_no_file_still_tells_what_was_expected() -> None:
    seen = found(Profile("5901", DAY, "absent"), nights())["volume"]
    assert (seen.state, seen.why) == ("not_run", "no_file")
    assert seen.expected == pytest.approx(194, rel=0.06)


def test_a_check_that_breaks_is_told_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(name: str, one: Case, rules: object) -> Finding:
        raise ZeroDivisionError("a value that must not be told")

    monkeypatch.setitem(CHECKS, "age", breaks)
    seen = found(profile(DAY, 194), nights())
    assert (seen["age"].state, seen["age"].why) == ("not_run", "error")
    assert "told" not in seen["age"].sentence_fr
    assert seen["sex"].state == "passed"
    assert ("check not run", {"check": "age", "reason": "error", "associations": ["5901"]}) in tell([*seen.values()])


def test_a_waiver_lowers_and_is_named() -> None:
    seen = found(replace(profile(DAY, 194), visits_day=400), nights(), volume="appel du 7")
    assert (seen["volume"].severity, seen["volume"].waiver) == ("note", "appel du 7")
    assert not held(list(seen.values()))


def test_a_declared_day_may_be_low_or_empty() -> None:
    for visits in (0, 20):
        seen = found(replace(profile(DAY, 194), visits_day=visits), nights(), declared=True)
        assert (seen["volume"].state, seen["zero_day"].state) == ("passed", "passed")


def test_the_hour_goes_round_midnight() -> None:
    around = np.array([1.0, -4.0, 3.0, -2.0] * 8)
    expected = expected_minute(around, RULES.habits)
    assert expected is not None
    assert abs(expected.value) < 4
    assert [wrap(value) for value in (1439, 1441, -721)] == [-1, 1, 719]
    late = profile(DAY, 194)
    seen = found(replace(late, arrival=late.arrival + 3 * 3600), nights())["arrival"]
    assert seen.severity == "note"
    assert "h" not in seen.sentence_fr.split("déposé à ")[1][:5]


def test_strikes_holidays_and_held_nights_teach_nothing() -> None:
    plain = nights()
    struck = [replace(item, visits_day=5) if n % 6 == 0 else item for n, item in enumerate(plain)]
    days = {item.visit_day for n, item in enumerate(plain) if n % 6 == 0}
    without = past_of(struck, days.__contains__)
    assert len(without) == len(plain) - len(days)
    one = expected_volume(without, DAY, CALENDAR, RULES.habits)
    other = expected_volume(past_of(plain), DAY, CALENDAR, RULES.habits)
    assert one is not None
    assert other is not None
    assert one.value == pytest.approx(other.value, rel=0.06)
    assert not past_of([replace(item, status="held") for item in plain])


@settings(max_examples=60, deadline=None)
@given(
    level=st.integers(30, 700),
    factor=st.floats(0.5, 3.0),
    seed=st.integers(0, 10_000),
)
def test_the_learner_follows_the_size_of_an_association(level: int, factor: float, seed: int) -> None:
    """An association k times as large is expected to send k times as much; and the expected is near its level."""
    before = nights(level, seed=seed)
    larger = [replace(item, visits_day=round(factor * item.visits_day)) for item in before]
    one, other = (expected_volume(past_of(part), DAY, CALENDAR, RULES.habits) for part in (before, larger))
    assert one is not None
    assert other is not None
    assert other.value == pytest.approx(factor * one.value, rel=0.08)
    assert one.value == pytest.approx(level * WEEK[DAY.weekday()], abs=5 * level**0.5)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), wrong=st.lists(st.integers(0, 2000), min_size=0, max_size=8))
def test_a_few_wild_nights_do_not_move_the_habit(seed: int, wrong: list[int]) -> None:
    before = nights(seed=seed)
    wild = list(before)
    for n, value in enumerate(wrong):
        wild[8 * n] = replace(wild[8 * n], visits_day=value)
    one, other = (expected_volume(past_of(part), DAY, CALENDAR, RULES.habits) for part in (before, wild))
    assert one is not None
    assert other is not None
    assert other.value == pytest.approx(one.value, rel=0.25)


@settings(max_examples=80, deadline=None)
@given(share=st.floats(0, 1), size=st.integers(1, 900), seed=st.integers(0, 10_000))
def test_a_share_has_limits_around_it(share: float, size: int, seed: int) -> None:
    whole = np.full(40, 200.0)
    part = np.random.default_rng(seed).binomial(200, share, 40).astype(float)
    expected = expected_share(part, whole, size, RULES.habits)
    assert expected is not None
    assert 0 <= expected.value <= 1
    assert expected.spread >= RULES.habits.share_spread
    low, high = limits(expected, 4, 0.1, relative=False)
    assert low < expected.value < high


@settings(max_examples=40, deadline=None)
@given(cuts=st.lists(st.integers(0, 60), max_size=6))
def test_a_profile_does_not_depend_on_how_the_visits_are_cut(cuts: list[int]) -> None:
    table = visits()
    edges = [0, *sorted(cuts), table.num_rows]
    parts = [table.slice(a, b - a) for a, b in pairwise(edges)]
    whole = profile_of(table, "5901", DAY, ("VISITE", "CENTRE"))
    assert profile_of(parts, "5901", DAY, ("VISITE", "CENTRE")) == whole
    assert (whole.visits_day, whole.visits_all, whole.coded, whole.unknown_codes) == (30, 40, 30, 10)
    assert (whole.age_known, whole.sex_known, whole.codes, whole.lines) == (40, 30, 60, 60)


def visits() -> pa.Table:
    """Sixty lines, of which forty count: ten are twice in the day, ten of another day."""

    def row(n: int) -> dict[str, object]:
        return {
            "status": "cancelled" if n >= 50 else "active",
            "act_type": "CONSEIL_TEL" if 40 <= n < 50 else "VISITE",
            "event_date": DAY if n < 30 else DAY - timedelta(days=2),
            "visit_uid": str(n),
            "diagnoses": [] if n >= 30 else ["J11", "R50"],
            "dq": ["DIAG_UNKNOWN", "LATE"] if n < 10 else ["LATE"] if n < 20 else [],
            "age_band": "15-44",
            "sex": "I" if n < 10 else "F",
        }

    kinds = {"diagnoses": pa.list_(pa.string()), "dq": pa.list_(pa.string()), "event_date": pa.date32()}
    names = ("status", "act_type", "event_date", "visit_uid", "diagnoses", "dq", "age_band", "sex")
    schema = pa.schema([(name, kinds.get(name, pa.string())) for name in names])
    return pa.Table.from_pylist([row(n) for n in range(60)], schema=schema)


def everyone(level: float, number: int = 40, end: date = DAY, code: str = "") -> list[Profile]:
    chosen = [item for item in MEMBERS if code in ("", item.code)]
    return [p for n, item in enumerate(chosen) for p in nights(level, number, n, item.code, end)]


def write_nights(records: Path, profiles: Sequence[Profile]) -> None:
    for day in sorted({item.visit_day for item in profiles}):
        folder = records / (day + timedelta(days=1)).isoformat()
        folder.mkdir(parents=True, exist_ok=True)
        pq.write_table(to_table(item for item in profiles if item.visit_day == day), folder / "profiles.parquet")


def test_a_doubled_file_is_held_teaches_nothing_and_is_released_by_a_waiver(tmp_path: Path) -> None:
    records, site = tmp_path / "records", tmp_path / "site"
    write_nights(records, nights(number=40))
    write_nights(records, [profile(DAY, 400)])
    first = JUDGE.night(records, NIGHT)
    assert first is not None
    assert list(held(first)) == ["5901"]
    assert ("file held", "5901") in [(kind, fields.get("association")) for kind, fields in tell(first)]
    assert [item.status for item in read_past(records, [NIGHT])["5901"]] == ["held"]
    (site / "extracts").mkdir(parents=True)
    (site / "extracts" / "waivers.toml").write_text(
        f'[[waiver]]\nassociation = "5901"\ncheck = "volume"\nfrom = {NIGHT}\nuntil = {NIGHT}\n'
        'who = "appel"\nwhy = "deux centres"\n',
        encoding="utf-8",
    )
    second = Judge(Content(site), MEMBERS).night(records, NIGHT)
    assert second is not None
    assert not held(second)
    assert {item.waiver for item in second if item.check == "volume"} == {"appel, jusqu'au 07/02/2024"}
    assert [item.status for item in read_past(records, [NIGHT])["5901"]] == ["received"]


def test_held_lines_are_refused_lines_and_none_is_lost() -> None:
    finding = Finding("5901", "volume", "found", "quarantine", sentence_fr="400 visites du jour, 194 attendues")
    file = {"association": "5901", "accepted": 400, "refused": 3, "status": "received", "code": "ok", "detail": ""}
    other = file | {"association": "5902"}
    assert held_files([file, other], [finding]) == [
        file | {"accepted": 0, "refused": 403, "status": "refused", "code": "held", "detail": finding.sentence_fr},
        other,
    ]


def member(**changes: object) -> Association:
    one = next(item for item in MEMBERS if item.code == "5901")
    return one.model_copy(update=changes)


def test_a_zero_day_is_an_outage_until_declared() -> None:
    from surveillance.associations import Closure

    row = {"association": "5901", "status": "received", "code": "ok", "detail": ""}
    zero = Finding("5901", "zero_day", "found", "note", 0.0, sentence_fr="aucune visite du jour, 194 attendues")
    members = {"5901": member()}
    assert overruled([row], [zero], members, NIGHT)[0]["code"] == "zero_day"
    strike = Closure.model_validate(
        {
            "association": "*",
            "kind": "strike",
            "from": DAY,
            "until": DAY,
            "reason": "grève nationale",
            "who": "fédération",
        }
    )
    declared = {"5901": member(closures=(strike,))}
    absent = row | {"status": "absent", "code": "no_file"}
    assert overruled([absent], [], members, NIGHT) == [absent]
    assert overruled([absent], [], declared, NIGHT)[0]["status"] == "closed"
    assert declared["5901"].open_on(NIGHT), "a strike is no closure: the association is asked"


def test_the_strike_is_a_national_data_event_and_an_ordinary_day_is_none() -> None:
    before = {item.code: nights(150, 40, n, item.code) for n, item in enumerate(MEMBERS)}

    def events(share: float) -> list[tuple[str, str]]:
        tonight = [profile(DAY, int(150 * WEEK[DAY.weekday()] * share), item.code) for item in MEMBERS]
        findings = JUDGE.findings(NIGHT, tonight, before)
        return [(e.scope, e.check) for e in data_events(NIGHT, findings, MEMBERS, RULES.territory, {})]

    assert events(1.0) == []
    assert events(0.85) == []
    strike = events(0.13)
    assert strike[0] == ("national", "volume")
    assert strike.count(("region", "volume")) == len({item.region for item in MEMBERS})


def test_what_is_read_is_bounded_whatever_the_age_of_the_state() -> None:
    needed = nights_needed(NIGHT, RULES.habits.nights, RULES.habits.last_year_days)
    assert len(needed) == len(set(needed)) <= RULES.habits.nights + 2 * RULES.habits.last_year_days + 8
    assert min(needed) > NIGHT - timedelta(days=420)


def test_a_check_that_broke_is_among_what_the_night_is_missing(tmp_path: Path) -> None:
    """The file leaves, and the night exits 3 whatever steps are run again."""
    night = Night(NIGHT, CONTENT, load_settings(CONTENT, tmp_path), Clock())
    night.store.run(
        'INSERT INTO findings (night, association, "check", state, why) '
        "VALUES ($n, '5901', 'age', 'not_run', 'error')",
        {"n": NIGHT},
    )
    assert troubled(night) == ["check age not run: 5901"]
    night.close()
