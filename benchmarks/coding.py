"""Coding years of visits with every definition, by the functions of night and adoption, against a plain DuckDB join.

The visits are those of two simulated weeks, put one behind the other by SQL until there are enough (`--million 2`),
each fortnight with pseudonyms of its own. *Plain join* is the limit: diagnoses and reasons taken apart and joined with
a table of codes in one statement, without ages, days, positions, versions, or two codes of one group counted once.
`--keep DIR` leaves the store there, and uses it the next time. Ratios are of processor seconds: clocks are shared.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from multiprocessing import get_context
from pathlib import Path

from surveillance.ages import load_acts
from surveillance.coding.codings import Codings
from surveillance.coding.rules import RuleBook, rules_table
from surveillance.content import Content
from surveillance.counting import count_nights
from surveillance.ledgers import LATEST
from surveillance.questions import Question
from surveillance.recoding.preview import preview
from surveillance.replay import replay
from surveillance.settings import load_settings
from surveillance.simulation import simulate
from surveillance.store import Store, store_path
from surveillance.visit_codes import Told, code_new, know_codings, recode, rules_of

FIRST, LAST = date(2024, 1, 9), date(2024, 1, 22)
FORTNIGHT = 14


def make_store(state: Path, million: float) -> int:
    """A store of so many visits, coded in nothing; gives their number."""
    content = Content()
    simulate(content, FIRST, LAST, state / "feeds", 7)
    replay(content, load_settings(content, state), FIRST, LAST, state / "feeds")
    with Store(store_path(state), content) as store:
        for table in ("visit_syndromes", "counts", "reason_counts"):
            store.run(f"DELETE FROM {table}")
        store.run("CREATE TEMP TABLE fortnight AS FROM visits")
        held = wanted = int(store.value("SELECT count(*) FROM visits"))
        for back in range(1, max(1, round(1e6 * million / held))):
            days = {"days": FORTNIGHT * back}
            store.run(
                "INSERT INTO visits SELECT * REPLACE (md5(visit_uid || $days::VARCHAR) AS visit_uid, "
                "from_night - $days AS from_night, event_date - $days AS event_date, "
                "if(to_night = DATE '9999-12-31', to_night, to_night - $days) AS to_night) FROM fortnight",
                days,
            )
            wanted += held
        store.run("CHECKPOINT")
    return wanted


def told(store: Store) -> Told:
    """Every visit."""
    return Told(*store.rows("SELECT min(from_night), max(from_night) FROM visits")[0])


def by_the_tool(state: Path) -> int:
    """All definitions, both series, month by month, by what codes a night."""
    codings = Codings(state)
    with Store(store_path(state), Content()) as store, store.bounded(), store.transaction():
        store.run("DELETE FROM visit_syndromes")
        book = RuleBook(codings.coder(codings.all[0].digest))
        for month in told(store).months():
            code_new(store, book, month, 1)
        return int(store.value("SELECT count(*) FROM visit_syndromes"))


def counted(state: Path) -> int:
    """Every night counted again, both series."""
    with Store(store_path(state), Content()) as store, store.bounded(), store.transaction():
        count_nights(store, date.min, LATEST, load_acts(Content()).counted)
        return int(store.value("SELECT count(*) FROM counts"))


def by_a_join(state: Path) -> int:
    """The limit: one join, and nothing that a definition says beside its codes."""
    codings = Codings(state)
    book = RuleBook(codings.coder(codings.all[0].digest))
    with Store(store_path(state), Content()) as store, store.bounded():
        with rules_of(store, book, told(store)) as seen:
            pass
        rows = {row[:5]: row for row in book.rows(seen)}.values()
        with store.table("rules", rules_table(rows)), store.transaction():
            store.run("""
                CREATE OR REPLACE TABLE plain AS SELECT from_night, arrival, basis, syndrome FROM (
                    SELECT *, 'diag' AS kind, unnest(diagnoses) AS code FROM visits
                    UNION ALL BY NAME SELECT *, 'motif' AS kind, unnest(reason_codes) AS code FROM visits
                    UNION ALL BY NAME SELECT * REPLACE ('' AS thesaurus), 'concept' AS kind,
                        unnest(reason_concepts) AS code FROM visits
                ) JOIN rules USING (kind, thesaurus, code)""")
            rows_made = int(store.value("SELECT count(*) FROM plain"))
            store.run("DROP TABLE plain")
        return rows_made


def changed(state: Path, site: Path) -> Path:
    """A site whose influenza has another version and more codes; gives the definition's file."""
    text = Content().text("indicators/syndromes/grippe.toml")
    text = text.replace('version = "1"', 'version = "2"').replace('["J09-J11"]', '["J09-J11", "J22"]')
    path = site / "indicators" / "syndromes" / "grippe.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def previewed(state: Path) -> int:
    """One changed definition, on everything, by week, région and age."""
    file = changed(state, state / "site")
    question = Question((), by=("week", "region", "age"))
    with Store(store_path(state), Content(), read_only=True) as store:
        return len(preview(store, Content(), state, file, question).cells)


def recoded(state: Path) -> int:
    """The same definition adopted: rows that end and begin, and its counts."""
    changed(state, state / "site")
    codings, content = Codings(state), Content(state / "site")
    coder = codings.coder(codings.draft(content, LAST).digest)
    with Store(store_path(state), content) as store, store.bounded(), store.transaction():
        store.run("DELETE FROM visit_syndromes WHERE from_coding = 2")
        store.run("UPDATE visit_syndromes SET to_coding = 2147483647 WHERE to_coding = 2")
        days = recode(store, RuleBook(coder, ["grippe"]), 2, told(store))
        if days:
            know_codings(store, [*codings.all, codings.draft(content, LAST + timedelta(days=1), date.min)])
            count_nights(store, LAST + timedelta(days=1), LATEST, load_acts(content).counted)
        return int(store.value("SELECT count(*) FROM visit_syndromes WHERE from_coding = 2"))


def measured(what: Callable[[Path], int], state: Path) -> tuple[float, float, float, int]:
    """Seconds by the clock and of the processor, peak memory (MB) and result of a function in a process of its own."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(_measured, (what, state))


def _measured(what: Callable[[Path], int], state: Path) -> tuple[float, float, float, int]:
    begun, worked = time.perf_counter(), time.process_time()
    found = what(state)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return time.perf_counter() - begun, time.process_time() - worked, memory, found


def main() -> None:
    """Print the rows of the table that benchmarks/RESULTS.md keeps."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--million", type=float, default=2)
    parser.add_argument("--keep", type=Path, help="make the store here, or use the one that is here")
    words = parser.parse_args()
    state = words.keep or Path(tempfile.mkdtemp())
    if not store_path(state).is_file():
        make_store(state, words.million)
    with Store(store_path(state), Content()) as store:
        visits = store.value("SELECT count(*) FROM visits")
        first, last = store.rows("SELECT min(event_date), max(event_date) FROM visits")[0]
    print(f"{visits:,} visits, {(last - first) // timedelta(days=1)} days, {state}")
    limit = 0.0
    for name, what in (("plain join", by_a_join), ("coded with all definitions", by_the_tool), ("counted", counted),
                       ("one definition previewed", previewed), ("one definition adopted", recoded)):  # fmt: skip
        seconds, worked, memory, rows = measured(what, state)
        limit = limit or worked
        shown = f"{seconds:.0f} s | {worked:.0f} s | {worked / limit:.2f} | {memory:.0f} MB"
        print(f"| {name}, {rows:,} rows | {shown} |", flush=True)
    if not words.keep:
        shutil.rmtree(state)


if __name__ == "__main__":
    main()
