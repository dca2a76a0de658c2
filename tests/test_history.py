"""Versions of visits: what is known after each night, whatever is sent again, corrected or withdrawn."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from surveillance.coding.syndromes import Coder
from surveillance.coding.thesauri import load_thesauri
from surveillance.content import Content
from surveillance.counting import count_later, count_nights, night_to_count
from surveillance.errors import AuditError
from surveillance.history import (
    audit,
    load_night,
    take_out,
    withdraw,
)
from surveillance.intake.visits import SCHEMA
from surveillance.ledgers import LATEST
from surveillance.store import OPEN, Store

FIRST = date(2024, 1, 15)
ACTS = ("VISITE", "CENTRE")


@pytest.fixture
def store(tmp_path: Path, content: Content) -> Iterator[Store]:
    with Store(tmp_path / "store.duckdb", content) as found:
        yield found


def line(uid: str, content_hash: str, **changes: Any) -> dict[str, Any]:
    """An accepted line of a feed, invented."""
    base = {
        "association": "5901",
        "visit_uid": uid,
        "status": "active",
        "event_date": FIRST - timedelta(days=1),
        "hour": 20,
        "act_type": "VISITE",
        "dep_care": "59",
        "dep_res": "59",
        "age_y": 30,
        "age_m": None,
        "age_band": "15-44",
        "sex": "F",
        "thesaurus": "exemple-cim10",
        "diagnoses": ["J11.1"],
        "reason_codes": [],
        "reason_concepts": [],
        "reason_suspected": [],
        "reason_texts": 0,
        "outcome": "NR",
        "dq": [],
        "file_sha256": "f" * 64,
        "line_no": 1,
        "dialect": "csv-utf8-iso",
        "content_hash": content_hash,
    }
    return base | changes


def admit(
    store: Store, night: date, lines: list[dict[str, Any]], folder: Path, sent: str | None = None
) -> dict[str, int]:
    """Admit the lines of one file, laid out in that night when nothing else is said."""
    folder.mkdir(parents=True, exist_ok=True)
    numbers = range(1, len(lines) + 1)
    rows = [
        row | {"sent": sent or f"{night}T02:00:00Z a", "arrival": n, "line_no": n}
        for n, row in zip(numbers, lines, strict=True)
    ]
    schema = SCHEMA.append(pa.field("sent", pa.string())).append(pa.field("arrival", pa.int32()))
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), folder / "visits.parquet")
    with store.transaction():
        return load_night(store, night, folder, lossy=Coder((), load_thesauri(store.content)).lossy_codes(night))


def in_force(store: Store, night: date) -> dict[str, str]:
    rows = store.rows(
        "SELECT visit_uid, content_hash FROM visits WHERE from_night <= $n AND to_night > $n", {"n": night}
    )
    return dict(rows)


def test_duplicate_correction_and_what_was_known_then(store: Store, tmp_path: Path) -> None:
    second = FIRST + timedelta(days=1)
    assert admit(store, FIRST, [line("a", "1"), line("b", "1"), line("a", "1")], tmp_path / "1") == {
        "loaded": 2,
        "duplicate": 1,
        "superseded": 0,
    }
    assert admit(store, second, [line("a", "1"), line("b", "2"), line("b", "3")], tmp_path / "2") == {
        "loaded": 1,
        "duplicate": 1,
        "superseded": 1,
    }
    assert in_force(store, FIRST) == {"a": "1", "b": "1"}
    assert in_force(store, second) == {"a": "1", "b": "3"}
    versions = store.rows("SELECT rec_version, to_night FROM visits WHERE visit_uid = 'b' ORDER BY 1")
    assert versions == [(1, second), (2, second), (3, OPEN)]


def test_a_code_whose_translation_says_more_or_less_is_flagged(store: Store, tmp_path: Path) -> None:
    """A31, allergic reaction, stands for T78.4 in the example thesaurus, marked lossy; A03, fever, is R50.9 exactly."""
    lines = [line("a", "1", thesaurus="exemple-cisp", diagnoses=["A03", "A31"], dq=["LATE"])]
    lines += [line("b", "1", thesaurus="exemple-cisp", diagnoses=["A03"]), line("c", "1", thesaurus="CIM10")]
    admit(store, FIRST, lines, tmp_path / "1")
    found = dict(store.rows("SELECT visit_uid, dq FROM visits"))
    assert found == {"a": ["LATE", "MAP_LOSSY"], "b": [], "c": []}


def test_taking_a_night_out_leaves_the_night_before(store: Store, tmp_path: Path) -> None:
    admit(store, FIRST, [line("a", "1"), line("b", "1")], tmp_path / "1")
    before = store.rows("FROM visits ORDER BY ALL")
    second = FIRST + timedelta(days=1)
    admit(store, second, [line("b", "2"), line("c", "1")], tmp_path / "2")
    with store.transaction():
        take_out(store, second)
    assert store.rows("FROM visits ORDER BY ALL") == before


def test_a_withdrawn_visit_is_a_version_and_is_not_counted(store: Store, tmp_path: Path) -> None:
    admit(store, FIRST, [line("a", "1"), line("b", "1")], tmp_path / "1")
    admit(store, FIRST + timedelta(days=1), [line("b", "2", status="cancelled")], tmp_path / "2")
    assert count_nights(store, date.min, LATEST, ACTS) == 1
    assert store.value("SELECT count(*) FROM visits WHERE visit_uid = 'b'") == 2


def test_only_acts_count_and_only_coded_acts_are_coded(store: Store, tmp_path: Path) -> None:
    lines = [line("a", "1"), line("b", "1", diagnoses=[]), line("c", "1", act_type="CONSEIL_TEL")]
    admit(store, FIRST, lines, tmp_path / "1")
    count_nights(store, date.min, LATEST, ACTS)
    assert store.rows("SELECT visits_all, visits_coded FROM denominators") == [(2, 1)]


def test_an_audit_stops_a_night_that_does_not_add_up(store: Store, tmp_path: Path) -> None:
    admit(store, FIRST, [line("a", "1")], tmp_path / "1")
    count_nights(store, date.min, LATEST, ACTS)
    audit(store, FIRST, ACTS)
    store.run("UPDATE denominators SET visits_all = visits_all + 1")
    with pytest.raises(AuditError, match="audit_counts"):
        audit(store, FIRST, ACTS)


BUSY = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
NIGHTS = st.lists(
    st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("123")), max_size=6), min_size=1, max_size=4
)


@given(nights=NIGHTS)
@settings(max_examples=25, deadline=None, suppress_health_check=BUSY)
def test_the_last_word_of_each_night_is_in_force(
    nights: list[list[tuple[str, str]]], content: Content, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Against a model: after each night a visit says what its last line said, and every line has one fate."""
    folder = tmp_path_factory.mktemp("nights")
    model: dict[str, str] = {}
    with Store(folder / "store.duckdb", content) as store:
        for number, lines in enumerate(nights):
            night = FIRST + timedelta(days=number)
            fates = admit(store, night, [line(uid, word) for uid, word in lines], folder / str(number))
            assert sum(fates.values()) == len(lines)
            model |= dict(lines)
            assert in_force(store, night) == model


FILES = st.lists(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("12")), max_size=4), min_size=1, max_size=5)


@given(files=FILES, order=st.randoms(use_true_random=False), repeated=st.integers(0, 3))
@settings(max_examples=40, deadline=None, suppress_health_check=BUSY)
def test_files_in_any_order_of_nights_lead_to_the_same_visits(
    files: list[list[tuple[str, str]]],
    order: Any,
    repeated: int,
    content: Content,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """What is in force is what the file laid out last says, whichever night each file reached us, and how often."""
    folder = tmp_path_factory.mktemp("nights")
    model = {uid: word for lines in files for uid, word in lines}
    deliveries = list(enumerate(files)) + [(n % len(files), files[n % len(files)]) for n in range(repeated)]
    order.shuffle(deliveries)
    with Store(folder / "store.duckdb", content) as store:
        for number, (file, lines) in enumerate(deliveries):
            night = FIRST + timedelta(days=number)
            rows = [line(uid, word, file_sha256=f"{file:064d}") for uid, word in lines]
            fates = admit(store, night, rows, folder / str(number), f"2024-01-{file:02d} a")
            assert sum(fates.values()) == len(lines)
        assert in_force(store, night) == model
        twice = store.rows("SELECT visit_uid, rec_version FROM visits GROUP BY ALL HAVING count(*) > 1")
        assert not twice


def hold(store: Store, night: date, sent: str, days: list[date], association: str = "5901") -> None:
    """A file of that night that holds everything of some days, and the row of its association."""
    store.run(
        "INSERT INTO files BY NAME SELECT $night AS night, $association AS association, $sha AS sha256, $sent AS sent, "
        "$days AS replaced_days",
        {"night": night, "association": association, "sha": sent, "sent": sent, "days": days},
    )
    store.run(
        "INSERT INTO receptions BY NAME SELECT $night AS night, $association AS association, 'received' AS status",
        {"night": night, "association": association},
    )


@pytest.mark.parametrize("late", [False, True])
def test_a_visit_that_a_whole_file_does_not_hold_any_more_is_withdrawn(
    store: Store, tmp_path: Path, late: bool
) -> None:
    """An event, not a hole: a version that says so; also when the older file reaches us after the newer one."""
    day, words = FIRST - timedelta(days=1), [line(uid, "1") for uid in "abcdefghij"]
    files = [(f"{FIRST}T01 a", words), (f"{FIRST}T02 b", words[1:])]
    for number, (sent, rows) in enumerate(reversed(files) if late else files):
        night = FIRST + timedelta(days=number)
        admit(store, night, rows, tmp_path / str(number), sent)
        with store.transaction():
            hold(store, night, sent, [day])
            found = withdraw(store, night)
        assert found == {"withdrawn": number}
    last = FIRST + timedelta(days=1)
    assert store.rows("SELECT visit_uid, status, to_night FROM visits WHERE visit_uid = 'a' ORDER BY rec_version") == [
        ("a", "active", last), ("a", "deleted", OPEN),
    ]  # fmt: skip
    assert count_nights(store, date.min, LATEST, ACTS) == 9
    with store.transaction():
        take_out(store, last)
    assert in_force(store, FIRST).keys() == set("bcdefghij" if late else "abcdefghij")


def test_a_file_that_lost_too_much_withdraws_nothing(store: Store, tmp_path: Path) -> None:
    words = [line(uid, "1") for uid in "abcdefghij"]
    admit(store, FIRST, words, tmp_path / "1")
    second = FIRST + timedelta(days=1)
    admit(store, second, words[5:], tmp_path / "2")
    with store.transaction():
        hold(store, second, f"{second}T02:00:00Z a", [FIRST - timedelta(days=1)])
        assert withdraw(store, second) == {"withdrawn": 0}
    assert store.rows("SELECT status, code, detail FROM receptions") == [("partial", "mass_withdrawal", "5 visites")]
    assert len(in_force(store, second)) == 10


def test_a_number_that_begins_again_after_years_is_another_visit(store: Store, tmp_path: Path) -> None:
    admit(store, FIRST, [line("a", "1")], tmp_path / "1")
    later = FIRST + timedelta(days=431)
    found = admit(store, later, [line("a", "2", event_date=later - timedelta(days=1))], tmp_path / "2")
    assert found == {"loaded": 1, "duplicate": 0, "superseded": 0}
    versions = store.rows("SELECT rec_version, from_night, to_night FROM visits ORDER BY from_night")
    assert versions == [(1, FIRST, OPEN), (1, later, OPEN)]
    count_nights(store, date.min, LATEST, ACTS)
    audit(store, later, ACTS)
    assert store.rows("SELECT visit_day, visits_all FROM denominators ORDER BY 1") == [
        (FIRST - timedelta(days=1), 1), (later - timedelta(days=1), 1),
    ]  # fmt: skip


def test_the_first_night_to_count_is_the_oldest_that_was_touched(store: Store) -> None:
    count_later(store, FIRST)
    count_later(store, FIRST + timedelta(days=1))
    assert night_to_count(store) == FIRST
    assert night_to_count(store) is None
