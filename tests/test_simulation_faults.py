"""Faults put into feeds: what they do to the files, and that the readers say of them what the truth says."""

from __future__ import annotations

import gzip
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest

from surveillance.associations import load_associations
from surveillance.content import Content
from surveillance.errors import UsageError
from surveillance.intake.reading import IntakeContext, build_context, read_file
from surveillance.reasons.coder import ReasonReading
from surveillance.simulation import Fault, default_trouble, parse_fault, simulate
from surveillance.simulation.days import Days
from surveillance.simulation.faults import KINDS
from surveillance.simulation.nights import NightFiles, Nights
from surveillance.simulation.world import World, load_world

NIGHT = date(2024, 1, 16)


@pytest.fixture(scope="module")
def world() -> World:
    return load_world(Content(), seed=1)


@pytest.fixture(scope="module")
def days(world: World) -> Days:
    return Days(world, keep=40)


@pytest.fixture(scope="module")
def reader() -> IntakeContext:
    return build_context(Content(), b"0123456789abcdef" * 2, read_reason=lambda text: ReasonReading())


def one_of(world: World, dialect: str) -> str:
    return next(item.code for item in world.associations if item.dialect == dialect and item.department != "972")


def with_fault(days: Days, text: str) -> NightFiles:
    fault = parse_fault(text)
    return Nights(days.world, [fault], shared=days).files(NIGHT, fault.association)


@pytest.mark.parametrize("kind", ["truncated", "header", "encoding", "empty", "wrong_association", "total_line"])
@pytest.mark.parametrize("dialect", ["csv-fr-cp1252", "csv-utf8-iso", "xml-rpu-like", "jsonl-fixed"])
def test_the_readers_say_what_the_truth_says(
    world: World, days: Days, reader: IntakeContext, kind: str, dialect: str
) -> None:
    if KINDS[kind].dialects and dialect not in KINDS[kind].dialects:
        return
    code = one_of(world, dialect)
    found = with_fault(days, f"{kind}:{code}@{NIGHT}")
    (truth,) = found.faults
    (feed,) = (feed for feed in found.files if feed.association == code)
    item = next(item for item in world.associations if item.code == code)
    result = read_file(feed.data, feed.name, item, reader.dialect_of(item), reader, NIGHT)
    assert (result.status, result.code) == (truth["status"], truth["code"]) == (KINDS[kind].status, KINDS[kind].code)
    assert (result.ledger["accepted"] > 0) == (kind in ("truncated", "total_line"))


def test_absent_has_no_file_and_host_key_leaves_it_alone(world: World, days: Days) -> None:
    sound = {feed.association: feed for feed in Nights(world, shared=days).files(NIGHT).files}
    code = one_of(world, "csv-fr-cp1252")
    assert code not in {feed.association for feed in with_fault(days, f"absent:{code}").files}
    assert sound[code] in with_fault(days, f"host_key:{code}").files


def test_a_duplicate_is_the_same_content_under_another_name(world: World, days: Days) -> None:
    code = one_of(world, "jsonl-fixed")
    one, two = (feed for feed in with_fault(days, f"duplicate:{code}").files if feed.association == code)
    assert one.data == two.data and one.name != two.name


def test_late_files_are_silent_then_all_there(world: World, days: Days) -> None:
    code = one_of(world, "csv-fr-cp1252")
    fault = parse_fault(f"late:3:{code}@{NIGHT}")
    nights = Nights(world, [fault], shared=days)
    sound = {
        n: [
            feed
            for feed in Nights(world, shared=days).files(NIGHT - timedelta(days=n), code).files
            if feed.association == code
        ]
        for n in range(4)
    }
    for n in (1, 2, 3):
        before = nights.files(NIGHT - timedelta(days=n), code)
        assert [(line["association"], line["status"], line["code"]) for line in before.faults] == [
            (code, "absent", "no_file")
        ]
        assert code not in {feed.association for feed in before.files}
    assert nights.files(NIGHT - timedelta(days=4), code).faults == []
    mine = [feed for feed in nights.files(NIGHT, code).files if feed.association == code]
    assert [feed.data for feed in mine] == [sound[n][0].data for n in (3, 2, 1, 0)]
    assert len({feed.name for feed in mine}) == 4 and {feed.modified for feed in mine} == {sound[0][0].modified}


@pytest.mark.parametrize("dialect", ["csv-fr-cp1252", "csv-utf8-iso", "xml-rpu-like", "jsonl-fixed"])
def test_a_file_sent_again_keeps_its_visits_and_its_counts(
    world: World, days: Days, reader: IntakeContext, dialect: str
) -> None:
    code = one_of(world, dialect)
    item = next(item for item in world.associations if item.code == code)
    before = next(
        feed
        for feed in Nights(world, shared=days).files(NIGHT - timedelta(days=1), code).files
        if feed.association == code
    )
    again, tonight = (feed for feed in with_fault(days, f"resent:{code}").files if feed.association == code)
    assert again.name == before.name and again.data != before.data and tonight.name != again.name
    old, new = (
        read_file(feed.data, feed.name, item, reader.dialect_of(item), reader, NIGHT).visits for feed in (before, again)
    )
    for column in ("visit_uid", "event_date", "age_band", "act_type"):
        assert old.column(column).to_pylist() == new.column(column).to_pylist(), column
    changed = [
        pair
        for pair in zip(old.to_pylist(), new.to_pylist(), strict=True)
        if pair[0]["content_hash"] != pair[1]["content_hash"]
    ]
    assert 3 <= len(changed) < 0.1 * len(old) + 4
    assert any(one["outcome"] != two["outcome"] for one, two in changed)
    for one, two in changed:
        assert two["diagnoses"][: len(one["diagnoses"])] == one["diagnoses"]
        assert bool(one["diagnoses"]) == bool(two["diagnoses"])


def test_the_default_trouble_is_seven_associations(world: World) -> None:
    associations = load_associations(Content())
    dialects = {item.code: item.dialect for item in associations}
    for seed in range(40):
        found = default_trouble(NIGHT, seed, associations)
        assert Counter(fault.kind for fault in found) == {
            "absent": 2,
            "truncated": 1,
            "resent": 1,
            "late": 1,
            "header": 1,
            "host_key": 1,
        }
        codes = [fault.association for fault in found]
        assert len(set(codes)) == 7 and not any(code.startswith("972") for code in codes)
        by_kind = {fault.kind: fault for fault in found}
        assert dialects[by_kind["header"].association] in ("csv-fr-cp1252", "csv-utf8-iso")
        assert dialects[by_kind["truncated"].association] != "xml-rpu-like"
        assert by_kind["late"].nights == 3
    assert default_trouble(NIGHT, 1, associations) == default_trouble(NIGHT, 1, associations)


def test_a_whole_troubled_night_and_its_truth(world: World, tmp_path: Path) -> None:
    trouble = default_trouble(NIGHT, 1, world.associations)
    truth = simulate(Content(), NIGHT - timedelta(days=1), NIGHT, tmp_path, faults=trouble)
    tonight = {
        (line["fault"], line["association"]): line for line in truth.faults if line["night"] == NIGHT.isoformat()
    }
    assert set(tonight) == {(fault.kind, fault.association) for fault in trouble}
    assert Counter(line["status"] for line in tonight.values()) == {
        "absent": 2,
        "partial": 1,
        "received": 2,
        "refused": 2,
    }
    sent = {path.name for path in (tmp_path / NIGHT.isoformat()).iterdir()}
    absent = {code for kind, code in tonight if kind == "absent"}
    assert {item.code for item in world.associations} - sent == absent


def test_picked_associations_depend_on_the_seed_and_the_night_alone(world: World, days: Days) -> None:
    fault = parse_fault("absent:2")
    first = [line["association"] for line in Nights(world, [fault], shared=days).files(NIGHT).faults]
    again = [
        line["association"]
        for line in Nights(world, [fault, parse_fault("empty:1@2024-01-17")], shared=days).files(NIGHT).faults
    ]
    assert len(first) == 2 and first == again


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("absent:5901@2024-01-15", Fault("absent", "5901", date(2024, 1, 15))),
        ("absent:2", Fault("absent", count=2)),
        ("truncated", Fault("truncated")),
        ("late:3", Fault("late", nights=3)),
        ("late:3@2024-01-15", Fault("late", "", date(2024, 1, 15), nights=3)),
        ("late:2:2A01@2024-01-15", Fault("late", "2A01", date(2024, 1, 15), nights=2)),
    ],
)
def test_faults_are_read_and_written(text: str, fault: Fault) -> None:
    assert parse_fault(text) == fault
    assert parse_fault(fault.text()) == fault


@pytest.mark.parametrize(
    "text", ["fire", "absent:0", "absent:1:2", "absent@15/01/2024", "header:5901:3301", "absent:x"]
)
def test_a_wrong_fault_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError, match="not a fault"):
        parse_fault(text)


@pytest.mark.parametrize("text", ["absent:0000@2024-01-16", "header:XML@2024-01-16"])
def test_a_fault_of_nobody_or_of_another_dialect_is_a_usage_error(world: World, tmp_path: Path, text: str) -> None:
    wrong = text.replace("XML", one_of(world, "xml-rpu-like"))
    with pytest.raises(UsageError):
        simulate(Content(), NIGHT, NIGHT, tmp_path, faults=[parse_fault(wrong)])


def test_a_cut_gzip_still_begins_as_gzip(world: World, days: Days) -> None:
    code = one_of(world, "csv-utf8-iso")
    (feed,) = (feed for feed in with_fault(days, f"truncated:{code}").files if feed.association == code)
    with pytest.raises(EOFError):
        gzip.decompress(feed.data)


def test_late_without_a_night_comes_on_the_last(tmp_path: Path) -> None:
    truth = simulate(Content(), NIGHT - timedelta(days=1), NIGHT, tmp_path, faults=[parse_fault("late:3")])
    assert [(line["night"], line["code"]) for line in truth.faults] == [
        ("2024-01-15", "no_file"),
        ("2024-01-16", "late"),
    ]
