"""Small counts in exports: hidden, and out of reach of somebody who has every export and a solver.

CAMPAIGN=full attacks 10,000 random worlds; otherwise a few dozen.
"""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surveillance.content import Content
from surveillance.disclosure.audit import Untenable, protect
from surveillance.disclosure.memory import folder, one_at_a_time, remember, remembered
from surveillance.disclosure.pieces import lives
from surveillance.disclosure.release import holders, release
from surveillance.disclosure.rules import FILE, Profile, Rules, load_rules
from surveillance.disclosure.sheets import Cut, Export
from surveillance.errors import ContentError, SettingsError, UsageError
from surveillance.ledgers import LATEST, abridge
from surveillance.questions import Question, ask
from surveillance.store import Store
from tests.conftest import PATIENCE
from tests.disclosure_attack import AGES, DAYS, ELEMENTS, NIGHTS, PLACES, Attacker, World, box

FULL = os.environ.get("CAMPAIGN") == "full"
K = 5
WHERE = {"day": "visit_day", "place": "association", "age": "age_band"}
ALONE = Rules(default="x", profiles={"x": Profile(threshold=K, source="a test", reads=("x",))})
NOT_LATE = Rules(default="x", profiles={"x": Profile(threshold=K, source="a test", reads=("x",), late=False)})


def world(
    *cells: tuple[str, str, str, int], late: Sequence[tuple[str, str, str, int]] = (), measure: str = "g"
) -> World:
    """A world with these visits: (day, place, age, visits) known on the first night, and those told on the second."""
    visits = np.zeros((len(DAYS), len(PLACES), len(AGES), len(NIGHTS)), int)
    for night, told in enumerate((cells, late)):
        for day, place, age, number in told:
            visits[DAYS.index(day), PLACES.index(place), AGES.index(age), night] += number
    return World({measure: visits})


def by_place(*numbers: int) -> World:
    """So many visits at each place, on one day and of one age."""
    return world(*((DAYS[0], place, "a1", number) for place, number in zip(PLACES, numbers, strict=False)))


def export(
    here: World,
    by: str = "",
    within: dict[str, tuple[str, ...]] | None = None,
    night: int = 1,
    **cuts: dict[str, tuple[str, ...]],
) -> Export:
    """An export of the world: by single elements of `by` (`day,place,age`) or by cuts of one's own."""
    made = {name: Cut(WHERE[name], {one: (one,) for one in ELEMENTS[WHERE[name]]}) for name in by.split(",") if name}
    made |= {name: Cut(WHERE[name], labels) for name, labels in cuts.items()}
    made = made or {"all": Cut("association", {"FR": PLACES})}
    found = Export("", "x", (NIGHTS[night], 1), made, within or {}, pd.DataFrame())
    rows = []
    for labels in product(*(cut.labels for cut in made.values())):
        named = dict(zip(made, labels, strict=True))
        rows += [named | {"measure": name, "value": here.true(name, found, named)} for name in here.visits]
    found.cells = pd.DataFrame(rows).assign(shown=True, floor=False)
    return found


def let_out(
    here: World, *exports: Export, inside: dict[str, tuple[str, ...]] | None = None, rules: Rules = ALONE
) -> list[list[int | None]]:
    """The values that each export shows (None: hidden), let out one after the other."""
    done: list[Export] = []
    for number, one in enumerate(exports):
        one.name = f"{number:06d}"
        protect(one, done, rules, inside or {}, here.counter)
        done.append(one)
    return [[v if s else None for v, s in zip(e.cells["value"], e.cells["shown"], strict=True)] for e in exports]


def test_what_is_not_small_is_not_hidden() -> None:
    here = by_place(5, 0, 8, 100)
    assert let_out(here, export(here), export(here, "place")) == [[113], [5, 0, 8, 100]]


def test_a_small_count_is_hidden_and_zero_is_not() -> None:
    here = by_place(4, 0, 1, 100)
    assert let_out(here, export(here, "place")) == [[None, 0, None, 100]]


def test_a_total_hides_a_second_cell_beside_the_small_one_the_smallest_that_will_do() -> None:
    here = by_place(2, 30, 8, 100)
    assert let_out(here, export(here), export(here, "place")) == [[140], [None, 30, None, 100]]


def test_two_small_cells_hide_one_another_only_when_their_sum_is_not_small() -> None:
    here = by_place(3, 4, 50, 60)
    assert let_out(here, export(here), export(here, "place"))[1] == [None, None, 50, 60]
    here = by_place(1, 2, 50, 60)
    assert let_out(here, export(here), export(here, "place"))[1] == [None, None, None, 60]


def test_parts_after_the_whole_and_the_whole_after_its_parts() -> None:
    here = by_place(2, 30, 8, 100)
    parts = {"association": ("p2", "p3", "p4")}
    assert let_out(here, export(here), export(here, within=parts)) == [[140], [None]]
    assert let_out(here, export(here, within=parts), export(here)) == [[138], [None]]


def test_age_schemes_that_overlap_without_nesting() -> None:
    here = world((DAYS[0], "p1", "a1", 20), (DAYS[0], "p1", "a2", 3), (DAYS[0], "p1", "a3", 40))
    young, old = {"-": ("a1", "a2"), "+": ("a3",)}, {"-": ("a1",), "+": ("a2", "a3")}
    first, second = let_out(here, export(here, age=young), export(here, age=old))
    assert first == [23, 40] and second == [None, None]  # 23 - 20 and 43 - 40 would both tell the 3


def test_margins_of_a_table_in_three_dimensions() -> None:
    here = world(
        *((d, p, a, 2 if (d, p, a) == (DAYS[0], "p1", "a1") else 9) for d, p, a in product(DAYS, PLACES, AGES))
    )
    *_, cube = let_out(here, *(export(here, by) for by in ("day,place", "place,age", "day,age", "day,place,age")))
    assert cube.count(None) == 8  # no less will do: two cells on every line through each of them


def test_late_visits_between_two_nights() -> None:
    few = world((DAYS[0], "p1", "a1", 50), late=[(DAYS[0], "p1", "a1", 2)])
    many = world((DAYS[0], "p1", "a1", 50), late=[(DAYS[0], "p1", "a1", 7)])
    assert let_out(few, export(few, night=0), export(few)) == [[50], [None]]
    assert let_out(many, export(many, night=0), export(many)) == [[50], [57]]
    assert let_out(few, export(few, night=0), export(few, night=0)) == [[50], [50]]  # the same night asked again
    assert let_out(few, export(few, night=0), export(few), rules=NOT_LATE) == [[50], [52]]
    hidden = world((DAYS[0], "p1", "a1", 3), (DAYS[0], "p2", "a1", 40), late=[(DAYS[0], "p1", "a1", 2)])
    lots = export(hidden, night=0), export(hidden, "place", night=0), export(hidden, "place"), export(hidden)
    assert let_out(hidden, *lots, rules=NOT_LATE)[1][0] is None
    assert not Attacker(list(lots), ("g",), {"g": (0,)}).recovered(hidden, K, ("g",), late=False)


def test_an_umbrella_without_its_part() -> None:
    part, rest = by_place(20, 20), by_place(9, 3)
    here = World({"part": part.visits["g"], "whole": part.visits["g"] + rest.visits["g"]})
    shown = let_out(here, export(here, "place"), inside={"part": ("whole",)})[0]
    assert shown[:2] == [20, 29] and None in shown[2:4]  # 23 - 20 would be told


def test_a_denominator_bounds_what_is_hidden() -> None:
    here = by_place(2, 20, 30, 60)
    coded = by_place(12, 20, 30, 60)  # every coded visit but ten counts: nothing can be more than it is
    here = World({"s": here.visits["g"], "visits_coded": coded.visits["g"]})
    whole, parts = let_out(here, export(here), export(here, "place"), inside={"s": ("visits_coded",)})
    assert whole == [112, 122]
    assert not [value for value in parts[::2] if value is not None and value < K and value]
    assert sum(value is None for value in parts) >= 3  # the small one, another, and a denominator that would bind it


def test_each_kind_of_reader_is_reckoned_with() -> None:
    rules = Rules(
        default="in",
        profiles={
            "in": Profile(threshold=5, source="a test", reads=("in", "out")),
            "out": Profile(threshold=11, source="a test", reads=("out",)),
        },
    )
    here = by_place(7, 30, 2, 100)
    inner, outer = export(here, "place"), export(here, "place")
    inner.profile, outer.profile, inner.name = "in", "out", "000001"
    protect(inner, [], rules, {}, here.counter)
    protect(outer, [inner], rules, {}, here.counter)
    assert inner.cells["shown"].tolist() == [True, True, False, True]
    assert outer.cells["shown"].tolist() == [False, True, False, True]


def test_what_was_let_out_under_a_lower_threshold_stands_in_the_way_of_a_higher_one() -> None:
    here = by_place(7, 30, 8, 100)
    first = export(here, "place")
    first.name = "000001"
    strict = Rules(default="x", profiles={"x": Profile(threshold=11, source="a test", reads=("x",))})
    with pytest.raises(Untenable, match="000001") as error:
        protect(export(here, "place,age"), [first], strict, {}, here.counter)
    assert "--as-of" in error.value.hint


def test_lives() -> None:
    assert sorted(lives([3, 5, 4])) == [(0, 2, 3), (1, 1, 1), (1, 2, 1)]
    assert list(lives([2, 0, 2])) == [(0, 0, 2), (2, 2, 2)]


def random_world(rng: np.random.Generator, measures: Sequence[str]) -> World:
    """Few visits, unequally spread, some of them late; each measure holds the one before it."""
    shape = (len(DAYS), len(PLACES), len(AGES))
    whole, found = np.zeros((*shape, 2), int), {}
    for name in measures:
        mean = rng.choice([0.15, 0.5, 1.5, 5])
        first = rng.poisson(rng.gamma(0.7, mean / 0.7, shape))
        whole = whole + np.stack([first, rng.poisson(rng.choice([0, 0.05, 0.4]), shape)], axis=-1)
        found[name] = whole
    return World(found)


def random_export(rng: np.random.Generator, here: World) -> Export:
    """Any grouping of any axes, sometimes with a filter, as known on any night, of some of the measures."""
    cuts: dict[str, dict[str, tuple[str, ...]]] = {}
    for name, axis in WHERE.items():
        if rng.random() < 0.75 or (name == "age" and not cuts):
            labels: dict[str, tuple[str, ...]] = {}
            for element in ELEMENTS[axis]:
                label = f"L{rng.integers(0, rng.choice([2, 4, 8]))}"
                labels[label] = (*labels.get(label, ()), element)
            cuts[name] = labels
    within = {
        a: tuple(e for e in ELEMENTS[a] if rng.random() < 0.7) or ELEMENTS[a][:1]
        for a in ELEMENTS
        if rng.random() < 0.15
    }
    found = export(here, within=within, night=int(rng.integers(0, 2)), **cuts)
    names = [name for name in here.visits if rng.random() < 0.8] or list(here.visits)[:1]
    found.cells = found.cells[found.cells["measure"].isin(names)].reset_index(drop=True)
    return found


def attacked(seed: int, rules: Rules = ALONE) -> tuple[int, int, int]:
    """Let random exports of a random world out, and attack them; gives counts, small ones, others hidden."""
    rng = np.random.default_rng(seed)
    chain = (("g",), ("g", "visits_coded"), ("g", "ira"))[seed % 3]
    here, done = random_world(rng, chain), list[Export]()
    for number in range(int(rng.integers(1, 4))):
        one = random_export(rng, here)
        one.name = f"{number:06d}"
        try:
            protect(one, done, rules, {"g": chain[1:]}, here.counter)
        except Untenable:  # about one in a thousand, and never the first
            continue
        done.append(one)
    told = {name: tuple(range(n + 1)) for n, name in enumerate(chain)}
    matter = tuple(name for name in chain if name != "visits_coded")
    assert not Attacker(done, chain, told).recovered(here, K, matter, rules.profiles["x"].late), seed
    cells = pd.concat([one.cells for one in done])
    small = cells["value"].between(1, K - 1)
    assert not (small & cells["shown"]).any()
    return len(cells), int(small.sum()), int((~small & ~cells["shown"]).sum())


@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.integers(0, 2**32), st.sampled_from([ALONE, NOT_LATE]))
def test_nothing_small_is_recovered_from_random_exports(seed: int, rules: Rules) -> None:
    attacked(seed, rules)


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(100 if FULL else 1))
def test_nothing_small_is_recovered_from_ten_thousand_worlds(chunk: int) -> None:
    """Ten thousand in the campaign, twenty else."""
    worlds, rules = 100 if FULL else 20, (ALONE, NOT_LATE)
    told = np.array([attacked(worlds * chunk + n, rules[n % 2]) for n in range(worlds)]).sum(axis=0)
    print(f"{chunk}: {told[0]} counts, {told[1]} small, {told[2]} hidden beside them")


def test_the_attacker_recovers_what_is_hidden_without_its_neighbours() -> None:
    here = by_place(2, 30, 8, 100)
    whole, parts = export(here), export(here, "place")
    parts.cells["shown"] = parts.cells["value"] >= K
    assert Attacker([whole, parts], ("g",), {"g": (0,)}).recovered(here, K, ("g",)) == [(2, 2.0, 2.0)]
    assert box(whole, {"all": "FR"}).sum() == len(DAYS) * len(PLACES) * len(AGES) * len(NIGHTS)


# --- the memory, the rules, and the store ---


def test_an_export_is_remembered_as_its_reader_has_it(tmp_path: Path) -> None:
    here = by_place(2, 30, 8, 100)
    one = export(here, "place", within={"visit_day": DAYS[:1]})
    let_out(here, one)
    with one_at_a_time(tmp_path):
        remember(tmp_path, one)
    (path,) = folder(tmp_path).glob("*.parquet")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    (again,) = remembered(tmp_path)
    assert (again.name, again.profile, again.edition) == ("000001", "x", one.edition)
    assert again.cuts == one.cuts and again.within == one.within
    assert again.cells["value"].isna().tolist() == [True, False, False, False]
    assert again.cells["shown"].tolist() == one.cells["shown"].tolist()
    path.with_name(".000002.parquet.77.part").write_bytes(b"cut by a crash")
    assert len(remembered(tmp_path)) == 1
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(SettingsError, match="000001"):
        remembered(tmp_path)


def test_two_exports_are_never_made_at_once(tmp_path: Path) -> None:
    entered = threading.Event()

    def other() -> None:
        with one_at_a_time(tmp_path):
            entered.set()

    with one_at_a_time(tmp_path):
        waiting = threading.Thread(target=other)
        waiting.start()
        assert not entered.wait(0.2)
    waiting.join(PATIENCE)
    assert entered.is_set()


def site_rules(tmp_path: Path, more: str) -> Content:
    put = tmp_path / "site" / FILE
    put.parent.mkdir(parents=True)
    put.write_text(Content().text(FILE) + more, encoding="utf-8")
    return Content(tmp_path / "site")


def test_an_exemption_without_a_reference_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match=r"exempt\.spf\.reference"):
        load_rules(site_rules(tmp_path, '\n[exempt.spf]\nrecipient = "SpF"\nauthor = "A. B."\ndate = 2024-01-10\n'))


def test_an_exemption_ends(tmp_path: Path) -> None:
    lines = 'recipient = "SpF"\nauthor = "A. B."\ndate = 2024-01-10\nreference = "c. 1"\nuntil = 2024-02-01\n'
    rules = load_rules(site_rules(tmp_path, f"\n[exempt.spf]\n{lines}"))
    assert rules.exemption("spf", date(2024, 2, 1))
    with pytest.raises(ContentError, match="2024-02-01"):
        rules.exemption("spf", date(2024, 2, 2))
    with pytest.raises(UsageError, match="nobody"):
        rules.exemption("nobody", date(2024, 2, 2))


@pytest.fixture
def store(content: Content, tmp_path: Path) -> Iterator[Store]:
    """Two nights: a week of flu at three associations; two visits are told a night late."""
    with Store(tmp_path / "store.duckdb", content) as made:
        days = [f"2024-01-{day:02}" for day in range(8, 15)]
        for night, code, visits in (("2024-01-15", "5901", 3), ("2024-01-15", "7502", 9), ("2024-01-16", "7502", 0)):
            made.run(
                "INSERT INTO receptions (night, association, status) VALUES ($night, $code, 'received')",
                {"night": night, "code": code},
            )
            for day in days if visits else days[:2]:
                row = {"night": night, "day": day, "code": code, "visits": visits or 1}
                department = {"5901": "59", "7502": "75"}[code]
                made.run(
                    "INSERT INTO counts (night, visit_day, association, department, age_band, sex, act_type, syndrome, "
                    f"visits) VALUES ($night, $day, $code, '{department}', '15-44', 'F', 'VISITE', 'grippe', $visits)",
                    row,
                )
                made.run(
                    "INSERT INTO denominators (night, visit_day, association, department, age_band, sex, act_type, "
                    f"visits_all, visits_coded, visits_reason) VALUES ($night, $day, $code, '{department}', '15-44', "
                    "'F', 'VISITE', 10 * $visits, 9 * $visits, 0)",
                    row,
                )
        abridge(made, date.min, LATEST)
        yield made


def released(store: Store, state: Path, profile: str | None = None, **asked: object) -> pd.DataFrame:
    question = Question(("grippe",), **asked)  # type: ignore[arg-type]
    return release(store, state, question, ask(store, question).table, profile, "2024-01-16T07:00:00").table


def test_what_depends_on_a_hidden_count_is_empty(store: Store, tmp_path: Path) -> None:
    table = released(store, tmp_path, by=("day", "association"))
    table = table[table["day"] < "2024-01-15"]  # of which nothing has arrived
    small = table[table["association"] == "5901"]
    assert len(small) > 5 and (small["state"] == "suppressed").all()
    assert small[["visits", "share_all", "share_coded", "rate_coded"]].isna().all(axis=None)
    assert small["visits_all"].notna().all()
    large = table[table["association"] == "7502"]
    assert (large["state"] == "counted").all() and large.loc[large["visits"] > 0, "share_coded"].notna().all()


def test_an_answer_is_judged_with_those_let_out_before(store: Store, tmp_path: Path) -> None:
    first = released(store, tmp_path, by=("national",), as_of=date(2024, 1, 15))
    assert first["visits"].tolist() == [84]
    now = {"by": ("national",), "profile": "public"}
    assert released(store, tmp_path, **now, as_of=date(2024, 1, 15))["visits"].tolist() == [84]
    assert released(store, tmp_path, **now)["visits"].isna().all()  # two more: they would be told
    assert released(store, tmp_path, by=("national",))["visits"].tolist() == [86]
    assert released(store, tmp_path, by=("national",), as_of=date(2024, 1, 15))["visits"].tolist() == [84]
    weeks = released(store, tmp_path, by=("week", "association"), as_of=date(2024, 1, 15))
    assert weeks["visits"].dropna().tolist() == [21, 63]
    names = [f"{n:06}" for n in range(1, 6)]  # one was asked a second time: it is not another export
    assert [one.name for one in remembered(tmp_path)] == names


def test_what_holds_what(content: Content) -> None:
    from surveillance.coding.syndromes import load_syndromes

    found = holders(load_syndromes(content))
    assert found["diagnosis/grippe"][-2:] == ("visits_coded", "visits_all")
    assert any("diagnosis/ira" in above for above in found.values())
