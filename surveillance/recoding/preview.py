"""Preview of a definition: what it would move in the counts that are known, cell by cell, before it is adopted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from surveillance.ages import load_acts
from surveillance.coding.case_definitions import Syndrome
from surveillance.coding.codings import Codings, version_problems
from surveillance.coding.rules import DIAGNOSIS, REASON, RuleBook, Seen, rules_table
from surveillance.coding.syndromes import Coder, load_syndromes
from surveillance.coding.thesauri import load_thesauri
from surveillance.content import Content
from surveillance.known_counts import Counted, add_counts
from surveillance.ledgers import TABLES
from surveillance.questions import Question, cells, checked
from surveillance.recoding.trying import Tried, try_definition
from surveillance.store import Store
from surveillance.visit_codes import STILL, Told, rules_of

if TYPE_CHECKING:
    import pandas as pd

CODES_SHOWN = 15  # of the codes by which visits enter or leave (choice)
AFTER = {DIAGNOSIS: "counts_after", REASON: "reason_counts_after"}


@dataclass(frozen=True)
class Preview:
    """What a definition would move.

    cells: the columns asked for, basis, before, after, difference, difference_percent (of before; empty where that is
    0), share_before and share_after (of the coded acts; by reason, of the acts with a reason), acts (these), complete,
    definition_before and definition_after. totals: basis, before, after, entering, leaving. codes: basis, code,
    thesaurus, label, entering, leaving. version: why the version must be changed before adopting, or nothing.
    """

    tried: Tried
    cells: pd.DataFrame
    totals: pd.DataFrame
    codes: pd.DataFrame
    version: str


def preview(store: Store, content: Content, state: Path, path: Path, question: Question) -> Preview:
    """What the definition of a file would move; `question`: by what, since, until, age scheme.

    `store`: the published copy. Only the codes of this definition are looked at; nothing is written.
    """
    checked(question)
    tried, codings = try_definition(content, path), Codings(state)
    with store.bounded():
        return _previewed(store, content, codings, tried, question)


def _previewed(store: Store, content: Content, codings: Codings, tried: Tried, question: Question) -> Preview:
    own = codings.own(content)
    new = _book(tried.content, tried.one.id, own)
    old = _book(content, tried.one.id, own)
    told = _told(store)
    with rules_of(store, new, told) as seen:
        _lay_out(store, tried.one.id, told)
        with _instead(store):
            _count(store, question)
    question = replace(question, syndromes=(tried.one.id,))
    moved = {"first": question.since, "last": question.until, "acts": list(load_acts(content).counted)}
    store.run(store.sql("preview_moved"), moved)
    version = [problem for problem in version_problems(tried.content, codings) if problem.file == tried.rel]
    return Preview(
        tried,
        _cells(store, question, tried.one),
        store.frame(TOTALS),
        _codes(store, new, old, seen),
        version[0].message if version else "",
    )


TOTALS = """
SELECT basis, count(*) FILTER (change <> 'enters') AS before, count(*) FILTER (change <> 'leaves') AS after,
    count(*) FILTER (change = 'enters') AS entering, count(*) FILTER (change = 'leaves') AS leaving
FROM moved GROUP BY ALL ORDER BY ALL"""


def _book(content: Content, ident: str, own: dict[str, str]) -> RuleBook:
    return RuleBook(Coder(load_syndromes(content), load_thesauri(content), own), [ident])


def _told(store: Store) -> Told:
    first, last = store.rows("SELECT min(from_night), max(from_night) FROM visits")[0]
    return Told(first or date.min, last or date.min)


def _lay_out(store: Store, ident: str, told: Told) -> None:
    """Two tables: `before`, the rows of visit_syndromes in force for a definition; `after`, those it would give."""
    store.run(
        f"CREATE OR REPLACE TEMP TABLE before AS FROM visit_syndromes WHERE syndrome = $ident AND to_coding = {STILL}",
        {"ident": ident},
    )
    store.run("CREATE OR REPLACE TEMP TABLE after AS FROM visit_syndromes LIMIT 0")
    for part in told.months():
        rows = f"SELECT *, 1 AS from_coding, {STILL} AS to_coding FROM ({store.sql('coded_visits')})"
        store.run(f"INSERT INTO after BY NAME {rows}", part.parameters)


@contextmanager
def _instead(store: Store) -> Iterator[None]:
    """Let the statement that counts read `after` for visit_syndromes: a temporary table goes before a stored one."""
    store.run("CREATE OR REPLACE TEMP VIEW visit_syndromes AS FROM after")
    try:
        yield
    finally:
        store.run("DROP VIEW temp.visit_syndromes")


def _count(store: Store, question: Question) -> None:
    acts = load_acts(store.content).counted
    for basis, table in AFTER.items():
        store.run(f"CREATE OR REPLACE TEMP TABLE {table} AS FROM counts LIMIT 0")
        add_counts(store, table, Counted(question.since, question.until, acts, basis))


def _cells(store: Store, question: Question, one: Syndrome) -> pd.DataFrame:
    """The two tables of cells side by side, for each series in which the definition counts, or did."""
    import pandas as pd

    found = []
    for basis, said in ((DIAGNOSIS, one.diagnoses), (REASON, one.reasons)):
        asked = replace(question, basis=basis)
        was, now = (cells(store, asked, table, "denominators", one.version) for table in (TABLES[basis], AFTER[basis]))
        if said is not None or was["visits"].sum() or now["visits"].sum():
            found.append(_side_by_side(was, now, asked))
    return pd.concat(found, ignore_index=True)


def _side_by_side(before: pd.DataFrame, after: pd.DataFrame, asked: Question) -> pd.DataFrame:
    import pandas as pd

    below, by = ("coded" if asked.basis == DIAGNOSIS else "reason"), list(asked.by)
    both = before.merge(after, on=[*by, "syndrome"], suffixes=("_before", "_after"), validate="one_to_one")
    was, now = both["visits_before"], both["visits_after"]
    return pd.DataFrame(
        {name: both[name] for name in by}
        | {
            "basis": asked.basis,
            "before": was,
            "after": now,
            "difference": now - was,
            "difference_percent": 100 * (now - was) / was.where(was > 0).astype("Float64"),
            "share_before": both[f"share_{below}_before"],
            "share_after": both[f"share_{below}_after"],
            "acts": both[f"visits_{below}_before"],
            "complete": both["complete_before"],
            "definition_before": both["definition_before"].where(was > 0, ""),
            "definition_after": both["definition_after"],
        }
    )


def _codes(store: Store, new: RuleBook, old: RuleBook, seen: list[Seen]) -> pd.DataFrame:
    """The codes by which most visits enter or leave, with their labels."""
    import pyarrow as pa

    sides = [(rules_table(book.rows(seen)), change) for book, change in ((new, "enters"), (old, "leaves"))]
    rules = pa.concat_tables(
        [table.append_column("change", pa.array([change] * table.num_rows, pa.string())) for table, change in sides]
    )
    own = pa.table({"association": list(new.coder.own), "thesaurus": list(new.coder.own.values())})
    with store.table("rules", rules), store.table("own", own):
        frame = store.frame(store.sql("preview_codes")).head(CODES_SHOWN)
    labels = [_label(new, row) for row in frame.to_dict("records")]
    frame.insert(list(frame.columns).index("entering"), "label", labels)
    return frame[["basis", "code", "thesaurus", "label", "entering", "leaving"]]


def _label(book: RuleBook, row: dict[Any, Any]) -> str:
    if row["kind"] not in ("diag", "motif"):
        return ""
    meanings = book.spans((row["kind"], row["thesaurus"], row["code"]))
    return meanings[-1][2].label if meanings else ""
