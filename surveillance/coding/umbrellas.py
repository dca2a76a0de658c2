"""Umbrellas: a definition that names others must hold every visit of theirs, at the ages where both apply."""

from __future__ import annotations

from collections.abc import Iterator

from surveillance.coding.case_definitions import OLDEST, Syndrome
from surveillance.coding.cim10 import normalise_cim10
from surveillance.coding.cim10_codes import CodeList
from surveillance.coding.syndromes import Coder


def umbrella_problems(umbrella: Syndrome, coder: Coder, codes: CodeList) -> Iterator[tuple[str, str]]:
    """Id and sentence of each member of which a code, a concept or every age is outside; disabled members are none."""
    for member in coder.syndromes:
        if member.id in umbrella.umbrella and _same_days(umbrella, member):
            outside = next(_outside(umbrella, member, coder, codes), "")
            if outside:
                yield member.id, f"{member.id} is not wholly inside: {outside}"


def _same_days(one: Syndrome, other: Syndrome) -> bool:
    return (one.until is None or other.since <= one.until) and (other.until is None or one.since <= other.until)


def _outside(umbrella: Syndrome, member: Syndrome, coder: Coder, codes: CodeList) -> Iterator[str]:
    """What of the member the umbrella does not hold."""
    low = max(one.age_min_months or 0 for one in (umbrella, member))
    high = min(OLDEST if one.age_max_months is None else one.age_max_months for one in (umbrella, member))
    if low > high:
        yield "no age is in both"
    if umbrella.diagnoses and member.diagnoses:
        if (umbrella.diagnoses.position, member.diagnoses.position) == ("principal", "any"):
            yield "its associated diagnoses count there only"
        for code in _candidates(umbrella, member, codes):
            if member.covers(code) and not umbrella.covers(code):
                yield f"{code} counts there only"
    if umbrella.reasons and member.reasons:
        for concept in member.reasons.concepts:
            if concept not in umbrella.reasons.concepts:
                yield f"the concept {concept} counts there only"
    for name, thesaurus in coder.thesauri.items():
        for entry in (entry for found in thesaurus.entries.values() for entry in found):
            both = (umbrella.reasons and member.reasons) if entry.kind == "motif" else umbrella.diagnoses
            if both and coder.counts(member, name, entry) and not coder.counts(umbrella, name, entry):
                yield f"{entry.code} ({name}) counts there only"
    if member.diagnoses and not umbrella.diagnoses:
        yield "it counts by diagnosis, the umbrella does not"


def _candidates(umbrella: Syndrome, member: Syndrome, codes: CodeList) -> Iterator[str]:
    """The listed codes under the member's patterns, and every existing code that either of the two names itself."""
    for one in (member, umbrella):
        for patterns in one.diagnoses.patterns if one.diagnoses else ():
            for pattern in patterns:
                yield from codes.under(pattern) if one is member else ()
                named = (normalise_cim10(part) for part in pattern.text.split("-"))
                yield from (end for end in named if end and codes.exists(end))
