"""A count that is another than it was: the parts lead from the one to the other, and each visit is in the right one.

CAMPAIGN=full explains ten thousand random cells; otherwise some hundred.
"""

from __future__ import annotations

import io
import json
import os
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from surveillance import changes
from surveillance.changes import MEASURES, Cell, changed_visits, explain_change
from surveillance.cli import app
from surveillance.content import Content
from surveillance.questions import Question, ask
from surveillance.store import Store, store_path
from tests.changing_tools import ACTS, AFTER, NIGHTS, SEXES, Recount, past_state
from tests.coding_tools import FIRST

FULL = os.environ.get("CAMPAIGN") == "full"
CELLS = 10_000 if FULL else 120
SYNDROMES = ("grippe", "grippe", "grippe", "ira", "bronchiolite", "covid")
TERRITORIES = ((), (), ("reg:93",), ("reg:84", "reg:11"), ("0601",), ("dep:06", "dep:13"))


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state that lived through it all; its site has the definitions in force at the end."""
    found = tmp_path_factory.mktemp("past")
    past_state(found)
    return found


@pytest.fixture(scope="module")
def past(state: Path) -> Iterator[Store]:
    with Store(store_path(state), Content(state / "site")) as store:
        yield store


def some_of(drawn: random.Random, things: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(drawn.sample(things, drawn.choice((0, 0, 1, 2)))))


def drawn_cell(drawn: random.Random, places: list[str]) -> tuple[Cell, tuple[date, date]]:
    nights = sorted(drawn.choices([*range(-1, NIGHTS + 1), AFTER, AFTER + 1], k=2))
    first = FIRST + timedelta(days=drawn.randrange(-12, NIGHTS))
    last = first + timedelta(days=drawn.choice((0, 0, 3, 6, 30, 500)))
    scheme, groups = drawn.choice((("gene5", ("00-04", "05-14", "65+", "NR")), ("bronchio", ("0", "1", "2+"))))
    cell = Cell(
        drawn.choice(SYNDROMES), first, last, drawn.choice(("diagnosis", "reason")),
        some_of(drawn, tuple(places)), scheme, some_of(drawn, groups), some_of(drawn, SEXES), some_of(drawn, ACTS[:2]),
    )  # fmt: skip
    return cell, (FIRST + timedelta(days=nights[0]), FIRST + timedelta(days=nights[1]))


@pytest.fixture(autouse=True)
def content_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("load_syndromes", "load_associations", "load_ages", "load_acts", "load_visit_rules"):
        monkeypatch.setattr(changes, name, cache(getattr(changes, name)))


def test_every_cell_is_explained_visit_by_visit(past: Store) -> None:
    drawn, recount, seen = random.Random(7), Recount(past), Counter()
    places = [row[0] for row in past.rows("SELECT DISTINCT association FROM visits ORDER BY 1")]
    for number in range(CELLS):
        cell, nights = drawn_cell(drawn, places)
        found = explain_change(past, cell, nights)
        totals, moves = recount.cell(cell, nights)
        assert [[found.before[name], found.after[name]] for name in MEASURES] == totals, (cell, nights)
        assert {key: list(moved) for key, moved in found.moves.items()} == moves, (cell, nights)
        seen.update({key[1:]: sum(moved) for key, moved in found.moves.items()})
        for which in ("coded", "all"):
            effects = found.effects(which)
            if effects is not None:
                assert found.share(which, "before") + sum(map(sum, effects.values())) == found.share(which, "after")
        if number % 10 == 0:
            listed = changed_visits(past, cell, nights)
            parts = Counter(zip(listed["part"], listed["detail"], listed["change"], strict=True))
            wanted = {(part, detail): moved for (name, part, detail), moved in found.moves.items() if name == "visits"}
            for (part, detail), (came, went) in wanted.items():
                assert (parts[part, detail, 1], parts[part, detail, -1]) == (came, went)
    said = {part for part, _ in seen}
    assert said == {"new", "absent", "late", "double", "withdrawn", "recoded", "geography", "corrected"}
    details = {detail for part, detail in seen if part in ("corrected", "withdrawn")}
    assert details >= {"status", "day", "act", "age", "sex", "diagnosis", "reason", "cancelled", "deleted", "lacking"}
    if FULL:
        print(CELLS, "cells", dict(seen))


def asked(store: Store, cell: Cell, night: date) -> dict[str, int]:
    """What the question says of a cell as known after a night."""
    same = {"since": cell.first, "until": cell.last, "scheme": cell.scheme, "ages": cell.ages, "sexes": cell.sexes}
    question = Question(
        (cell.syndrome,), ("national",), **same, territories=cell.territories, basis=cell.basis, as_of=night
    )
    rows = ask(store, question).table.to_dict("records")
    coded = "visits_coded" if cell.basis == "diagnosis" else "visits_reason"
    row = rows[0] if rows else {"visits": 0, coded: 0, "visits_all": 0}
    numbers = (row["visits"], row[coded], row["visits_all"])
    return {name: int(number or 0) for name, number in zip(MEASURES, numbers, strict=True)}


def test_both_ends_are_those_of_a_question(past: Store) -> None:
    drawn = random.Random(11)
    for _ in range(500 if FULL else 20):
        cell, nights = drawn_cell(drawn, [places[0] for places in TERRITORIES if places])
        cell = replace(cell, acts=())
        found = explain_change(past, cell, nights)
        assert (found.before, found.after) == tuple(asked(past, cell, night) for night in nights), (cell, nights)


def said(state: Path, *words: str) -> str:
    done = CliRunner().invoke(app, ["explain", "change", *words, "--site", str(state / "site"), "--state", str(state)])
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_the_screen_the_tables_and_the_visits_say_the_same(state: Path, past: Store, lang: str) -> None:
    cell, nights = (
        Cell("grippe", FIRST, FIRST + timedelta(days=9)),
        (FIRST + timedelta(days=8), FIRST + timedelta(days=19)),
    )
    found = explain_change(past, cell, nights)
    words = (
        "grippe",
        "--since",
        str(cell.first),
        "--until",
        str(cell.last),
        "--from",
        str(nights[0]),
        "--to",
        str(nights[1]),
    )
    screen = said(state, *words, "--share", "--lang", lang).splitlines()
    assert max(map(len, screen)) <= 80
    told = (
        {line.split()[-3] for line in screen if str(nights[0]) in line},
        {line.split()[-3] for line in screen if str(nights[1]) in line},
    )
    assert told == ({str(found.before["visits"])}, {str(found.after["visits"])})
    table = pd.read_csv(io.StringIO(said(state, *words, "--share", "--format", "csv")), keep_default_na=True)
    rows = json.loads(said(state, *words, "--share", "--format", "json"))
    assert [row["visits"] for row in rows] == list(table["visits"]) and len(rows) == len(found.parts()) + 2
    for name in ("visits", "visits_coded", "visits_all"):
        assert table[name].iloc[:-1].sum() == table[name].iloc[-1]
    effects = table["share_by_numerator"].sum() + table["share_by_denominator"].sum()
    assert table["share_coded"].iloc[0] + effects == pytest.approx(table["share_coded"].iloc[-1], abs=1e-12)
    visits = pd.read_csv(io.StringIO(said(state, *words, "--visits", "--format", "csv")))
    assert visits["change"].sum() == found.after["visits"] - found.before["visits"]


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("grippe", "--from", "2024-01-12", "--to", "2024-01-10"), "earlier night"),
        (("gripe", "--from", "2024-01-10", "--to", "2024-01-12"), "there are: "),
        (("grippe", "--from", "2024-01-10", "--to", "2024-01-12", "--act", "CONSEIL_TEL"), "there are: CENTRE"),
        (("grippe", "--from", "2024-01-10", "--to", "2024-01-12", "--age", "5"), "there are: 00-04"),
        (
            ("grippe", "--from", "2024-01-10", "--to", "2024-01-12", "--day", "2024-01-09", "--week", "2024-W02"),
            "--day",
        ),
    ],
)
def test_a_cell_that_means_nothing_is_refused(past: Store, state: Path, words: tuple[str, ...], hint: str) -> None:
    done = CliRunner().invoke(app, ["explain", "change", *words, "--state", str(state)])
    assert done.exception is not None and hint in f"{done.exception} {getattr(done.exception, 'hint', '')}"
