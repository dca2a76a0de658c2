"""A count that is another than it was: the parts lead from the one to the other, and each visit is in the right one.

CAMPAIGN=full explains ten thousand random cells; otherwise some hundred.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from surveillance.changes import MEASURES, Cell, changed_visits, explain_change
from surveillance.content import Content
from surveillance.store import Store, store_path
from tests.changing_tools import ACTS, AFTER, NIGHTS, SEXES, Recount, past_state
from tests.coding_tools import FIRST

FULL = os.environ.get("CAMPAIGN") == "full"
CELLS = 10_000 if FULL else 150
SYNDROMES = ("grippe", "grippe", "grippe", "ira", "bronchiolite", "covid")
TERRITORIES = ((), (), ("reg:93",), ("reg:84", "reg:11"), ("0601",), ("dep:06", "dep:13"))


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    state = tmp_path_factory.mktemp("past")
    content = past_state(state)
    with Store(store_path(state), content) as store:
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
