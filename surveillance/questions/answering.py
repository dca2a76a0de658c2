"""Answering a question: its cells, those they are compared with, and the facts that one must know to read them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from surveillance.ages import load_acts
from surveillance.associations import load_associations
from surveillance.errors import UsageError
from surveillance.known_counts import Counted, recount_then
from surveillance.ledgers import DENOMINATORS, TABLES, known
from surveillance.perimeters import associations_in
from surveillance.questions import facts, population
from surveillance.questions.asked import Answer, Earlier, Question, checked, known_names, placed
from surveillance.questions.cells import all_cells, defined, versions
from surveillance.questions.presence import Presence, Window, constant, day_tables, presences, window
from surveillance.questions.trends import looked_at, spans_of
from surveillance.registry_tables import registry_tables
from surveillance.store import Store
from surveillance.visit_codes import coding_at

if TYPE_CHECKING:
    import pandas as pd


def ask(store: Store, question: Question) -> Answer:
    """One row per cell of `by` and syndrome in which acts are known or were expected.

    Columns: those of `by`, syndrome, visits (acts counted in the syndrome; empty: nothing is known), visits_all (all
    acts), visits_coded (acts with at least one diagnosis), share_all, share_coded (0–1), rate_coded (per 100,000 coded
    acts, the unit of Odissé), completeness (0–1: of the association-days that were expected, closures aside, those that
    arrived), state (counted: all of them; partial; missing: none; closed: none was expected), complete (every
    association sent every day of the cell, and nothing more can arrive for it), definition (the version or versions of
    the definition that counted). By reason the three of coded acts are visits_reason (acts with at least one call
    reason), share_reason and rate_reason. With `rate`: rate_pop (visits per 100,000 inhabitants) and population.
    `with_trends` adds what looks at other cells.
    """
    checked(question)
    known_names(store, question)
    question = placed(store, question)
    denominators = known(DENOMINATORS, question.as_of, brief=True)
    seen = window(store, question, denominators)
    before = looked_at(question, seen)
    wide = seen if before is None else window(store, before, denominators)
    ledgers = (_counts(store, before or question), known(DENOMINATORS, question.as_of, question.brief))
    with registry_tables(store, question.scheme), day_tables(store, wide, denominators):
        kept, told = _perimeter(store, question, presences(store, wide, spans_of(question, seen)))
        told |= facts.of_presence(store, question, presences(store, wide, [(seen.first, seen.last)]))
        found = all_cells(store, kept, seen, ledgers)
        used = versions(store, kept, found)
        table, earlier = _table(store, kept, seen, defined(found, used)), None
        if before is not None:
            asked = replace(before, territories=kept.territories)
            found = defined(all_cells(store, asked, wide, ledgers), used)
            earlier = Earlier(asked, _table(store, asked, wide, found))
        return Answer(table, facts.told(store, kept, seen, used) | told, kept, earlier)


def _table(store: Store, question: Question, seen: Window, found: pd.DataFrame) -> pd.DataFrame:
    frame = found.drop(columns="acts_known")
    return population.rates(store, question, seen, frame) if question.rate else frame


def _perimeter(store: Store, question: Question, found: dict[str, Presence]) -> tuple[Question, dict[str, str]]:
    """The question put to the associations of its perimeter, and the fact that says which these are."""
    inside = associations_in(question.territories, load_associations(store.content))
    found = {code: one for code, one in found.items() if not inside or code in inside}
    if question.perimeter == "current":
        return question, {"perimeter": f"current: {len(found)}"}
    kept = constant(found)
    if not kept:
        raise UsageError(
            "no association was there on every day of these periods", "a shorter time, or --perimeter current"
        )
    said = {"perimeter": f"constant: {len(kept)} / {len(found)}"}
    said |= {"left_out": ", ".join(code for code in found if code not in kept) or "-"}
    return replace(question, territories=tuple(f"assoc:{code}" for code in kept)), said


def _counts(store: Store, question: Question) -> str:
    """The rows of counts that the question is put to, as a statement reads them."""
    night = question.as_of
    if night is None or question.coding in (None, coding_at(store, night)):
        return known(TABLES[question.basis], night, question.brief)
    acts = load_acts(store.content).counted
    asked = (question.since, question.until, acts, question.basis, question.syndromes, night, question.coding)
    return recount_then(store, Counted(*asked))
