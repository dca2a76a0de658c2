"""The facts that stand under every answer: until when it knows, by which definitions, who is missing."""

from __future__ import annotations

from collections.abc import Mapping

from surveillance.associations import load_associations
from surveillance.perimeters import associations_in
from surveillance.questions import population
from surveillance.questions.asked import Question
from surveillance.questions.presence import Presence, Window
from surveillance.store import Store
from surveillance.visit_codes import coding_at


def told(store: Store, question: Question, seen: Window, used: Mapping[str, str]) -> dict[str, str]:
    """Until when, by which definitions and coding, from which content; of which population the rates are."""
    last = store.value("SELECT max(night) FROM receptions")
    night = question.as_of or last
    absent = store.rows(
        "SELECT association FROM receptions WHERE night = $night AND status IN ('absent', 'refused') ORDER BY 1",
        {"night": night},
    )
    ended = store.value("SELECT max(happened_at) FROM deliveries WHERE night = $night", {"night": last})
    coding = question.coding or (question.as_of and coding_at(store, question.as_of))
    simulated = (
        {} if store.fact("simulated") is None else {"simulated": ", ".join(store.invented(question.syndromes)) or "-"}
    )
    return (
        simulated
        | {
            "known_as_of": str(night),
            "last_run": f"{last} ({ended})" if ended else str(last),
            "basis": question.basis,
            "definitions": "; ".join(f"{name} {used[name]}" for name in question.syndromes),
            "coding": str(coding or store.value("SELECT max(number) FROM codings") or "-"),
            "missing_that_night": ", ".join(row[0] for row in absent) or "-",
            "content": store.content.decisions()[:12],
        }
        | (population.told(store.content, question, seen) if question.rate else {})
    )


def of_presence(store: Store, question: Question, found: dict[str, Presence]) -> dict[str, str]:
    """Which associations lack days of the answer, with how many; which territories had none to send anything."""
    members = load_associations(store.content)
    inside = {text: associations_in((text,), members) for text in question.territories}
    asked = {code for codes in inside.values() for code in codes}
    lacking = {code: one.missing for code, one in found.items() if one.missing and (not inside or code in asked)}
    empty = [text for text, codes in inside.items() if not set(codes) & found.keys()]
    missing = ", ".join(f"{code} ({days})" for code, days in sorted(lacking.items())) or "-"
    return {"missing": missing} | ({"no_association": ", ".join(empty)} if empty else {})
