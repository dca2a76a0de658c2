"""Codings: what the store codes, against a recount in plain Python; preview and adoption, cell by cell."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections import Counter
from contextlib import nullcontext
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from surveillance.ages import load_acts
from surveillance.coding.codings import Codings
from surveillance.coding.rules import DIAGNOSIS, REASON
from surveillance.coding.syndromes import Coder, load_syndromes
from surveillance.coding.thesauri import Entry, Thesaurus, load_thesauri
from surveillance.content import Content
from surveillance.counting import count_nights
from surveillance.errors import UsageError
from surveillance.known_counts import Counted, count_then, recount_then
from surveillance.ledgers import LATEST
from surveillance.questions import Question, ask
from surveillance.recoding.adopting import adopt
from surveillance.recoding.preview import preview
from surveillance.settings import Settings, load_settings
from surveillance.store import Store, open_published, store_path
from surveillance.visit_codes import coding_at
from tests.coding_tools import CONCEPTS, FIRST, NIGHTS, definition, proven, put, recounted, small_state
from tests.conftest import ROOT, surveillance

BY = ("week", "age", "region")
TABLES = ("visit_syndromes", "counts", "reason_counts", "denominators", "codings", "unknown_codes")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state of which the definition `essai`, version 1, is part; its site is `site` in it. To be copied."""
    state = tmp_path_factory.mktemp("small") / "state"
    put(state / "site", proven(Content(), definition("1")))
    small_state(state, Content(state / "site"))
    return state


def copied(small: Path, folder: Path) -> tuple[Path, Settings]:
    """A copy of the state, and its settings."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(small, folder)
    return folder, load_settings(Content(folder / "site"), folder)


def tables(state: Path, opened: Store | None = None) -> dict[str, pa.Table]:
    """Everything that codings decide in a store."""
    with nullcontext(opened) if opened else Store(store_path(state), Content()) as store:
        return {name: store.arrow(f"FROM {name} ORDER BY ALL") for name in TABLES}


def answered(state: Path, basis: str, **asked: Any) -> pd.DataFrame:
    """Cells of `essai` in the published copy."""
    with open_published(state, Content(state / "site")) as store:
        found = ask(store, Question(("essai",), by=BY, basis=basis, **asked)).table
    return found[found["visits_all"].fillna(0) > 0]


def per_cell(frame: pd.DataFrame, *columns: str) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """Cell → some columns; what is not there as None."""
    rows = frame.astype(object).where(frame.notna(), None)
    return {tuple(row[name] for name in BY): tuple(row[name] for name in columns) for row in rows.to_dict("records")}


PATTERNS = ["J21", "J21.9", "J09-J11", "J20-J22", "U07.1", "R50"]
CHANGES = st.fixed_dictionaries(
    {
        "cim10": st.lists(st.sampled_from(PATTERNS), min_size=1, unique=True),
        "not_cim10": st.sampled_from([(), ("J21.9",), ("J20",)]),
        "ages": st.sampled_from([(None, None), (None, 23), (None, 11), (24, None), (12, 168), (0, None), (23, 23)]),
        "position": st.sampled_from(["any", "principal"]),
        "only_listed": st.sampled_from([(), ("exemple-cisp",)]),
        "thesaurus": st.sampled_from([{}, {"exemple-libelles": ("TOUX",)}, {"exemple-cisp": ("A03", "R83")}]),
        "not_thesaurus": st.sampled_from([{}, {"exemple-cim10": ("J21.9",)}]),
        "concepts": st.lists(st.sampled_from(CONCEPTS), min_size=1, unique=True),
        "reasons": st.sampled_from([{}, {"exemple-cisp": ("R08", "A01")}, {"exemple-libelles": ("FIEVRE",)}]),
        "since": st.sampled_from([date(2006, 1, 1), FIRST + timedelta(days=7)]),
        "until": st.sampled_from([None, FIRST + timedelta(days=12)]),
    }
)


@given(says=CHANGES, after=st.sampled_from([None, None, FIRST + timedelta(days=9)]))
@settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
)
def test_a_preview_says_what_adopting_does_and_a_recount_finds(
    says: dict[str, Any], after: date | None, small: Path, tmp_path: Path
) -> None:
    """Random changes of codes, ages, position, lists and days; by week × age × région, in both series."""
    says["age_min_months"], says["age_max_months"] = says.pop("ages")
    text = proven(Content(), definition("2", **says))
    assume(text)
    state, found = copied(small, tmp_path / "state")
    before = {basis: answered(state, basis) for basis in (DIAGNOSIS, REASON)}
    file = tmp_path / "essai.toml"
    file.write_text(text, encoding="utf-8")
    content = Content(state / "site")
    question = Question((), by=BY, since=after or date(2000, 1, 1))
    with open_published(state, content) as store:
        seen = preview(store, content, state, file, question)
    put(state / "site", text)
    content = Content(state / "site")
    adopt(content, found, "a test", "random change", after)
    for basis, share in ((DIAGNOSIS, "share_coded"), (REASON, "share_reason")):
        shown = seen.cells[seen.cells["basis"] == basis]
        now = answered(state, basis, since=after or date(2000, 1, 1))
        assert per_cell(shown, "after", "share_after") == per_cell(now, "visits", share)
        if after is None:
            assert per_cell(shown, "before", "share_before") == per_cell(before[basis], "visits", share)
        assert (shown["difference"] == shown["after"] - shown["before"]).all()
        by_hand(state, basis, after, found)
        moved = seen.totals[seen.totals["basis"] == basis]
        sums = (moved["after"].sum(), (moved["entering"] - moved["leaving"]).sum())
        assert sums == (shown["after"].sum(), shown["difference"].sum())


def by_hand(state: Path, basis: str, after: date | None, found: Settings) -> None:
    """The counts of the store are those of visits recounted one by one, before and after the first day recoded."""
    codings = Codings(state)
    with Store(store_path(state), Content(state / "site")) as store:
        table = "counts" if basis == DIAGNOSIS else "reason_counts"
        counted = in_store(store, table, "essai")
        old, new = (recounted(store, codings.coder(one.digest), "essai", basis) for one in codings.all[-2:])
    expected = {key: value for key, value in old.items() if after and key[0] < after}
    assert counted == expected | {key: value for key, value in new.items() if not after or key[0] >= after}


def in_store(store: Store, table: str, ident: str) -> Counter[tuple[Any, ...]]:
    """The counts of a definition by day, association, age band and sex."""
    rows = store.rows(
        f"SELECT visit_day, association, age_band, sex, sum(visits) FROM {table} WHERE syndrome = $ident GROUP BY ALL "
        "HAVING sum(visits) <> 0",
        {"ident": ident},
    )
    return Counter({row[:4]: int(row[4]) for row in rows})


def test_what_is_coded_is_what_the_coder_says_visit_by_visit(small: Path) -> None:
    """All definitions, both series: unknown ages, positions, thesauri, codes of another thesaurus, late visits."""
    content = Content(small / "site")
    with open_published(small, content) as store:
        coder = Codings(small).coder(Codings(small).all[0].digest)
        for basis, table in ((DIAGNOSIS, "counts"), (REASON, "reason_counts")):
            for ident in ("essai", "grippe", "ira", "bronchiolite", "bronchiolite_1an", "fievre", "covid", "toux"):
                assert in_store(store, table, ident) == recounted(store, coder, ident, basis)
        reason = store.value("SELECT sum(visits_reason) FROM denominators")
        with_reason = store.value(
            "SELECT count(*) FROM visits WHERE to_night = DATE '9999-12-31' AND status = 'active' "
            "AND act_type IN ('VISITE', 'CENTRE') AND len(reason_codes) + len(reason_concepts) > 0"
        )
        assert reason == with_reason


def test_what_was_known_after_any_night_is_a_sum_of_the_ledgers(small: Path, tmp_path: Path) -> None:
    """Counted again from the visits as they were in force, and coded, after each night: two adoptions, late visits."""
    state, found = copied(small, tmp_path / "state")
    for version, since in (("2", FIRST + timedelta(days=6)), ("3", None)):
        text = definition(version, cim10=("J20-J22",) if since else ("J09-J11",), concepts=("toux",))
        put(state / "site", proven(Content(), text))
        assert adopt(Content(state / "site"), found, "a test", "why", since).new
    with Store(store_path(state), Content(state / "site")) as store:
        acts = load_acts(store.content).counted
        lived = tables(state, store)
        for night in (FIRST + timedelta(days=number) for number in range(NIGHTS + 2)):
            for basis in (DIAGNOSIS, REASON):
                then = Counted(date.min, LATEST, acts, basis, night=night, coding=coding_at(store, night))
                count_then(store, then)
                summed = Counter({row[:-1]: row[-1] for row in store.rows("FROM counts_then")})
                recount_then(store, then)
                again = store.rows("SELECT * EXCLUDE (night) FROM counts_then")
                held: Counter[Any] = Counter()
                for row in again:
                    held[row[:-1]] += row[-1]
                assert summed == held and (held or night < FIRST)
        with store.transaction():  # from any night on, in a month or in a day, the ledgers are the same
            count_nights(store, date.min, LATEST, acts)
        assert tables(state, store) == lived
        with store.transaction():
            count_nights(store, FIRST + timedelta(days=11), LATEST, acts)
        assert tables(state, store) == lived


def test_the_old_coding_can_still_be_asked(small: Path, tmp_path: Path) -> None:
    state, found = copied(small, tmp_path / "state")
    was = {basis: answered(state, basis) for basis in (DIAGNOSIS, REASON)}
    put(state / "site", proven(Content(), definition("2", cim10=("J20-J22",), concepts=("toux",))))
    assert adopt(Content(state / "site"), found, "a test", "why").new
    last = FIRST + timedelta(days=NIGHTS - 1)
    for basis in (DIAGNOSIS, REASON):
        now = answered(state, basis)
        assert set(now["definition"]) == {"2"}
        for asked in ({"coding": 1}, {"as_of": last}, {"coding": 1, "as_of": last}):
            pd.testing.assert_frame_equal(answered(state, basis, **asked), was[basis])
        pd.testing.assert_frame_equal(answered(state, basis, coding=2), now)
        middle = FIRST + timedelta(days=9)
        old = answered(state, basis, coding=2, as_of=middle)
        assert old["visits"].sum() < now["visits"].sum() and set(old["definition"]) == {"2"}
    with open_published(state, Content(state / "site")) as store:
        facts = ask(store, Question(("essai",), as_of=last)).facts
        assert (facts["definitions"], facts["coding"]) == ("essai 1", "1")
        with pytest.raises(UsageError, match="there is no coding 3"):
            ask(store, Question(("essai",), coding=3))
        with pytest.raises(UsageError, match="ended with the night of 2024-01-31"):
            ask(store, Question(("essai",), coding=1, as_of=last + timedelta(days=1)))


def test_a_partial_adoption_says_both_versions(small: Path, tmp_path: Path) -> None:
    state, found = copied(small, tmp_path / "state")
    put(state / "site", proven(Content(), definition("2", cim10=("J20-J22",))))
    content = Content(state / "site")
    assert adopt(content, found, "a test", "why", FIRST + timedelta(days=9)).new
    with open_published(state, content) as store:
        answer = ask(store, Question(("essai",), by=("day",)))
        assert answer.facts["definitions"] == "essai 1, 2"
        counted = answer.table[answer.table["visits"] > 0]
        later = counted["day"] >= str(FIRST + timedelta(days=9))
        assert set(counted[later]["definition"]) == {"2"} and set(counted[~later]["definition"]) == {"1"}
    assert not adopt(content, found, "a test", "again", FIRST + timedelta(days=9)).new
    assert adopt(content, found, "a test", "the rest").new
    with open_published(state, content) as store:
        assert ask(store, Question(("essai",))).facts["definitions"] == "essai 2"


def test_a_definition_that_is_new_or_taken_out(small: Path, tmp_path: Path) -> None:
    """Preview and adoption of an id that was not there, and of one that is no more; the others do not move."""
    state, found = copied(small, tmp_path / "state")
    content = Content(state / "site")
    text = proven(Content(), definition("1", cim10=("J20-J22",), age_max_months=180))
    out = proven(Content(), definition("1")).replace('id = "essai"', 'id = "essai"\nenabled = false')
    drafts = {"nouveau": text.replace('id = "essai"', 'id = "nouveau"'), "essai": out}
    sums = {}
    for name, said in drafts.items():
        draft = tmp_path / f"{name}.toml"
        draft.write_text(said, encoding="utf-8")
        with open_published(state, content) as store:
            totals = preview(store, content, state, draft, Question((), by=("week",))).cells
        sums[name] = {basis: rows[["before", "after"]].sum().tolist() for basis, rows in totals.groupby("basis")}
        put(state / "site", said, name)
    assert all(was == 0 < now for was, now in sums["nouveau"].values())
    assert all(was > 0 == now for was, now in sums["essai"].values())
    done = adopt(Content(state / "site"), found, "a test", "why")
    assert {syndrome for _, syndrome in done.moved} == {"essai", "nouveau"}
    with Store(store_path(state), Content(state / "site")) as store:
        for basis, table in ((DIAGNOSIS, "counts"), (REASON, "reason_counts")):
            held = dict(store.rows(f"SELECT syndrome, sum(visits) FROM {table} GROUP BY ALL"))
            assert held.get("essai", 0) == 0 and held["nouveau"] == sums["nouveau"][basis][1]
            coder = Codings(state).coder(done.coding.digest)
            assert in_store(store, table, "nouveau") == recounted(store, coder, "nouveau", basis)


def test_a_draft_for_later_days_says_which_days_it_leaves(small: Path, tmp_path: Path) -> None:
    file = tmp_path / "essai_2.toml"
    file.write_text(proven(Content(), definition("2", since=FIRST + timedelta(days=7))), encoding="utf-8")
    done = surveillance("indicators", "preview", file, "--lang", "en", "--state", small)
    assert done.returncode == 0, done.stderr
    assert "essai.toml is for days before 2024-01-15, this file is not" in done.stderr


KILLED = """
import os, signal, sys
from datetime import date
from pathlib import Path
import surveillance.recoding.adopting as adopting
from surveillance.content import Content
from surveillance.settings import load_settings
place, state = sys.argv[1], Path(sys.argv[2])
def die(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)
if place == "keep":
    adopting.Codings.keep = die
else:
    setattr(adopting, place, die)
content = Content(state / "site")
adopting.adopt(content, load_settings(content, state), "a test", "why")
"""


@pytest.mark.parametrize("place", ["count_nights", "know_codings", "keep", "publish", "_tell"])
def test_killed_while_adopting(place: str, small: Path, tmp_path: Path) -> None:
    """Readers see the old numbers until the new ones are whole; adopting again ends as if nobody had disturbed it."""
    text = proven(Content(), definition("2", cim10=("J20-J22",), concepts=("toux",)))
    calm, found = copied(small, tmp_path / "calm")
    put(calm / "site", text)
    adopt(Content(calm / "site"), found, "a test", "why")
    state, found = copied(small, tmp_path / "state")
    put(state / "site", text)
    before, held = answered(state, DIAGNOSIS), tables(state)
    done = subprocess.run([sys.executable, "-c", KILLED, place, str(state)], capture_output=True, cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    if place != "_tell":
        pd.testing.assert_frame_equal(answered(state, DIAGNOSIS), before)
    if place in ("count_nights", "know_codings"):
        assert tables(state) == held and len(Codings(state).all) == 1
    adopt(Content(state / "site"), found, "a test", "why")
    assert tables(state) == tables(calm)
    assert Codings(state).all == Codings(calm).all
    pd.testing.assert_frame_equal(answered(state, DIAGNOSIS), answered(calm, DIAGNOSIS))


def test_adopting_asks_who_and_why(small: Path) -> None:
    done = surveillance("indicators", "adopt", "--who", " ", "--why", "x", "--state", small)
    assert done.returncode == 2 and "--who NAME --why TEXT" in done.stderr


def test_a_definition_that_fails_its_examples_is_not_previewed(small: Path, tmp_path: Path) -> None:
    """Exit 10, with the file as it was given, the key and the sentence of the content check."""
    file = tmp_path / "brouillon.toml"
    text = proven(Content(), definition("2")).replace("counts = true", "counts = false", 1)
    file.write_text(text, encoding="utf-8")
    done = surveillance("indicators", "preview", file, "--state", small)
    assert done.returncode == 10, done.stderr
    assert f"{file}:" in done.stderr and "examples." in done.stderr and "must not" in done.stderr


def test_the_command_line_previews_adopts_and_lists(small: Path, tmp_path: Path) -> None:
    state, _ = copied(small, tmp_path / "state")
    file = tmp_path / "essai.toml"
    file.write_text(proven(Content(), definition("1", cim10=("J20-J22",))), encoding="utf-8")
    asked = ("--by", "week,age", "--format", "csv", "--lang", "en", "--state", state)
    done = surveillance("indicators", "preview", file, *asked)
    assert done.returncode == 0, done.stderr
    header = done.stdout.splitlines()[0].split(",")
    assert header[:6] == ["week", "age", "basis", "before", "after", "difference"]
    assert "difference_percent" in header and "enter" in done.stderr
    assert "version '1' of essai is known with other codes" in done.stderr
    put(state / "site", file.read_text(encoding="utf-8"))
    for words in (("check",), ("indicators", "adopt", "--who", "a", "--why", "b")):
        done = surveillance(*words, "--site", state / "site", "--state", state)
        assert done.returncode == 10
        assert "essai.toml" in done.stdout + done.stderr and "version" in done.stdout + done.stderr
    put(state / "site", file.read_text(encoding="utf-8").replace('version = "1"', 'version = "2"'))
    done = surveillance("indicators", "adopt", "--who", "A. B.", "--why", "the whole of J20-J22", "--state", state)
    assert done.returncode == 0, done.stderr
    listed = surveillance("indicators", "codings", "--format", "csv", "--state", state).stdout
    assert listed.splitlines()[2].split(",")[4:6] == ["A. B.", "the whole of J20-J22"]
    assert "A. B." in surveillance("journal", FIRST + timedelta(days=NIGHTS), "--state", state).stdout


@pytest.mark.parametrize("words", [("--by", "total"), ("--by", "week,syndrome"), ("--total",)])
def test_syndromes_are_never_added_up(small: Path, words: tuple[str, ...]) -> None:
    done = surveillance("query", "grippe", "covid", *words, "--state", small)
    assert done.returncode == 2
    assert "never added up" in done.stderr and "umbrella definition" in done.stderr and "ira" in done.stderr


def test_labels_and_examples_may_change_under_one_version(small: Path, tmp_path: Path) -> None:
    state, found = copied(small, tmp_path / "state")
    put(state / "site", proven(Content(), definition("1")).replace('label_en = "Trial"', 'label_en = "Other"'))
    done = adopt(Content(state / "site"), found, "a test", "a label")
    assert done.new and done.moved == {}


DAYS = st.dates(date(2019, 12, 28), date(2020, 1, 8))


@given(st.lists(st.tuples(DAYS, DAYS), max_size=3), st.booleans())
@settings(max_examples=60, deadline=None)
def test_spans_of_a_code_say_what_a_look_up_says_each_day(periods: list[tuple[date, date]], is_open: bool) -> None:
    entries: list[Entry] = []
    for first, last in sorted((min(pair), max(pair)) for pair in periods):
        if not entries or (entries[-1].valid_to or date.max) < first:
            entries.append(Entry("diag", "J21", f"n{len(entries)}", "J21", False, first, last))
    kept = {("diag", "J21"): tuple(entries)}
    thesaurus = Thesaurus("t", "1", "example", "T", "cim10", is_open, entries=kept, categories=frozenset({"J21"}))
    spans = thesaurus.spans("J21")
    for back in range(16):
        day = date(2019, 12, 26) + timedelta(days=back)
        found = [entry for first, last, entry in spans if first <= day <= last]
        assert found == ([entry] if (entry := thesaurus.lookup("J21", day)) else [])


def test_a_definition_is_for_visit_days_and_not_for_the_nights_that_tell(tmp_path: Path) -> None:
    """The last visit day of a definition is told the night after: it counts."""
    state = tmp_path / "state"
    last = FIRST + timedelta(days=6)
    put(state / "site", proven(Content(), definition("1", until=last)))
    content = Content(state / "site")
    small_state(state, content)
    with open_published(state, content) as store:
        days = store.rows("SELECT max(visit_day) FROM counts WHERE syndrome = 'essai'")
        assert days == [(last,)]
        coder = Coder(load_syndromes(content), load_thesauri(content))
        coder.own = Codings(state).own(content)
        assert in_store(store, "counts", "essai") == recounted(store, coder, "essai", DIAGNOSIS)
