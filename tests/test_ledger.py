"""The ledger of files: in any order, repeated or interrupted, the same deliveries give the same tables."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from surveillance.ages import load_acts
from surveillance.clock import Clock
from surveillance.coding.syndromes import Coder, load_syndromes
from surveillance.coding.thesauri import load_thesauri
from surveillance.content import Content
from surveillance.counting import count_nights
from surveillance.gathering.feednames import names_of
from surveillance.gathering.folders import gather_folder
from surveillance.gathering.known import LOOSE, ROLL, known_files
from surveillance.gathering.receptions import ReceivedFile, Reception, write_receptions
from surveillance.habits.nights import Judge
from surveillance.history import admit_night, audit, nights_held, take_out
from surveillance.intake.reading import build_context
from surveillance.known_counts import Counted, count_then
from surveillance.ledgers import LATEST
from surveillance.night import Night
from surveillance.settings import Settings
from surveillance.steps.validate import validate_with
from surveillance.store import Store
from tests import sample_files as files

CONTENT = Content()
CONTEXT = build_context(CONTENT, files.KEY)
CODER = Coder(load_syndromes(CONTENT), load_thesauri(CONTENT))
JUDGE = Judge(CONTENT, (files.association("csv-fr-cp1252"),))
ACTS = load_acts(CONTENT).counted
MEMBER = files.association("csv-fr-cp1252")
FIRST = date(2024, 1, 10)


@dataclass(frozen=True)
class Delivery:
    """A file that an association lays out: its day, its words for some visits, when (minutes after its night began)."""

    day: int
    visits: tuple[tuple[int, str], ...]  # (number, outcome)
    minute: int

    @property
    def name(self) -> str:
        return f"EXPORT_{FIRST + timedelta(days=self.day):%Y%m%d}.csv"

    @property
    def data(self) -> bytes:
        day = f"{FIRST + timedelta(days=self.day):%d/%m/%Y}"
        lines = [
            files.d1_line(n, id=f"D{self.day}-{n}", day=day, call_day=day, outcome=outcome)
            for n, outcome in self.visits
        ]
        return files.d1([*lines, "cassée;ligne", ""], end=f"\r\nTOTAL;{len(lines) + 1}\r\n")

    @property
    def mtime(self) -> int:
        night = datetime.combine(FIRST + timedelta(days=self.day + 1), time(1), UTC)
        return int(night.timestamp()) + 60 * self.minute


def lay(folder: Path, item: Delivery, name: str | None = None) -> None:
    """Lay a file out, as its association did."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / (name or item.name)
    path.write_bytes(item.data)
    os.utime(path, (item.mtime, item.mtime))


def run_nights(state: Path, nights: Sequence[Sequence[tuple[Delivery, str]]], interrupted: bool) -> dict[str, Any]:
    """The tables after nights that each bring some files, under the names given ("" = their own)."""
    feeds, night_of = state / "feeds", names_of(CONTENT)
    with Store(state / "store" / "surveillance.duckdb", CONTENT) as store:
        for number, brought in enumerate(nights):
            night = FIRST + timedelta(days=number + 5)
            folder = feeds / night.isoformat() / MEMBER.code
            for place, (item, name) in enumerate(brought):
                lay(folder, item, name or f"{item.name[:-4]}-{place}.csv")
                if interrupted:  # killed after each file, and begun again
                    take(state, night, night_of)
                    validated(state, night)
            take(state, night, night_of)
            validated(state, night)
            for _ in range(2 if interrupted else 1):
                with store.transaction():
                    for held in reversed(nights_held(store, night)):
                        take_out(store, held)
                    admit_night(store, night, state / "records" / night.isoformat(), CODER, JUDGE)
            with store.transaction():
                count_nights(store, date.min if interrupted else night, LATEST, ACTS)
                audit(store, night, ACTS)
            assert not store.rows(
                "SELECT * FROM files WHERE lines_in <> loaded + duplicate + superseded + refused + other"
            )
        count_then(store, Counted(date.min, LATEST))
        return {
            "visits": store.rows(
                "SELECT visit_uid, content_hash, status, event_date, outcome FROM visits "
                "WHERE to_night = DATE '9999-12-31' ORDER BY ALL"
            ),
            "counts": store.rows("FROM counts_then ORDER BY ALL"),
            "denominators": store.rows("FROM denominators_then ORDER BY ALL"),
        }


def take(state: Path, night: date, night_of: Any) -> None:
    inbox = state / "inbox"
    known = known_files(inbox, night.isoformat())
    gather_folder([MEMBER], night, state / "feeds", inbox, known, night_of)


def validated(state: Path, night: date) -> None:
    clock = Clock(lambda: datetime.combine(night, time(3), UTC))
    one = Night(night, CONTENT, Settings(env="TEST", state=state, keys=state), clock)
    one.__dict__["associations"] = (MEMBER,)
    validate_with(one, CONTEXT)


VISITS = st.lists(st.tuples(st.integers(1, 4), st.sampled_from(["Domicile", "SAMU", "Refus"])), min_size=1, max_size=4)
DELIVERIES = st.lists(st.tuples(st.integers(0, 2), VISITS), min_size=1, max_size=5).map(
    lambda items: [Delivery(day, tuple(visits), minute) for minute, (day, visits) in enumerate(items)]
)


@settings(
    max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, phases=[Phase.generate]
)
@given(deliveries=DELIVERIES, seed=st.integers(0, 2**32), interrupted=st.booleans())
def test_any_order_repetition_and_interruption_give_the_same_tables(
    deliveries: list[Delivery], seed: int, interrupted: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    dice = random.Random(seed)
    plain = run_nights(tmp_path_factory.mktemp("plain"), [[(item, "")] for item in deliveries], interrupted=False)
    shuffled = list(deliveries)
    dice.shuffle(shuffled)
    nights: list[list[tuple[Delivery, str]]] = [[] for _ in range(dice.randrange(1, len(shuffled) + 2))]
    for item in shuffled:
        nights[dice.randrange(len(nights))].append((item, ""))
        if dice.random() < 0.5:  # the same bytes again, in any night, under another name
            nights[dice.randrange(len(nights))].append((item, f"copie-{dice.randrange(1000)}.csv"))
    again = run_nights(tmp_path_factory.mktemp("again"), nights, interrupted)
    assert again == plain


def test_a_file_forty_days_late_lands_on_its_own_days(tmp_path: Path) -> None:
    old = Delivery(-35, ((1, "Domicile"), (2, "SAMU")), 0)
    found = run_nights(tmp_path, [[(old, old.name)]], interrupted=False)
    assert {row[3] for row in found["visits"]} == {FIRST - timedelta(days=35)}
    assert len(found["visits"]) == 2


def test_files_of_many_nights_are_known_from_one_list(tmp_path: Path) -> None:
    """Rolled up or read night by night, the same files are known; a night that changes later is read again."""

    def put(night: date, names: list[str]) -> None:
        received = tuple(ReceivedFile(name, 1, 2, f"{name}-{night}") for name in names)
        write_receptions(tmp_path / night.isoformat(), [Reception("5901", "received", "ok", files=received)])

    nights = [FIRST + timedelta(days=n) for n in range(LOOSE + 10)]
    for night in nights[:LOOSE]:
        put(night, ["a"])
    before = known_files(tmp_path, nights[5].isoformat())["5901"]
    assert not (tmp_path / ROLL).exists()
    for night in nights[LOOSE:]:
        put(night, ["a"])
    after = known_files(tmp_path, nights[5].isoformat())["5901"]
    assert (tmp_path / ROLL).exists()
    assert after.hashes == before.hashes | {f"a-{night}" for night in nights[LOOSE:]}
    assert f"a-{nights[5]}" not in after.hashes
    put(nights[3], ["a", "b"])
    assert f"b-{nights[3]}" in known_files(tmp_path, nights[5].isoformat())["5901"].hashes
