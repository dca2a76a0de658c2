"""What one diagnosis, or one call reason, does in one definition: whether it counts, and by which of its rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from surveillance.coding.case_definitions import Diagnoses, Rule, Syndrome
from surveillance.coding.syndromes import Coder
from surveillance.coding.thesauri import Entry

Kind = Literal["diag", "motif", "concept"]
Said = tuple[str, dict[str, str]]  # a cause, and what its sentence names


@dataclass(frozen=True)
class Element:
    """A diagnosis (rank 1 = principal), the code of a call reason, or a concept found in its words.

    `entry`: what the code means in its thesaurus that day; None when unknown, and for concepts.
    """

    kind: Kind
    rank: int
    code: str
    thesaurus: str = ""
    entry: Entry | None = None


@dataclass(frozen=True)
class Reading:
    """An element in a definition: `cause` is a key of words (`explain_why_…`), `values` what its sentence names."""

    element: Element
    counts: bool
    cause: str
    values: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """A definition, judged by diagnosis or by call reason: one reading for each element."""

    syndrome: Syndrome
    readings: tuple[Reading, ...]

    @property
    def counts(self) -> bool:
        """Does the visit count in it?"""
        return any(reading.counts for reading in self.readings)


def elements(coder: Coder, kind: Kind, thesaurus: str, codes: Iterable[str], day: date) -> tuple[Element, ...]:
    """Codes as sent, with what they mean that day; a thesaurus that there is not knows no code."""
    known = kind != "concept" and thesaurus in coder.thesauri
    return tuple(
        Element(kind, rank, code, thesaurus, coder.entry(thesaurus, code, day, kind) if known else None)
        for rank, code in enumerate(codes, 1)
    )


def judge(coder: Coder, one: Syndrome, found: Iterable[Element], months: int | None) -> Verdict:
    """The verdict of one definition, in force or not; age in completed months, None = unknown."""
    return Verdict(one, tuple(_read(coder, one, element, months) for element in found))


def _read(coder: Coder, one: Syndrome, element: Element, months: int | None) -> Reading:
    matched, (cause, values) = _match(coder, one, element)
    if not matched:
        return Reading(element, False, cause, values)
    rule = one.rule if element.kind == "diag" else one.reason_rule
    if not rule.holds(months, element.rank):
        return Reading(element, False, _limit(rule, months, element.rank), values)
    return Reading(element, True, cause, values)


def _limit(rule: Rule, months: int | None, rank: int) -> str:
    """Which limit a code that is on the list does not meet."""
    if rule.position == "principal" and rank != 1:
        return "not_principal"
    return "age_unknown" if months is None else "age_outside"


def _match(coder: Coder, one: Syndrome, element: Element) -> tuple[bool, Said]:
    """Is the element one of the definition's, whatever the age, and why?"""
    if element.kind != "concept" and element.entry is None:
        return False, ("unknown", {})
    if element.kind != "diag":
        return _match_reason(coder, one, element)
    if one.diagnoses is None or element.entry is None:
        return False, ("reasons_only", {})
    return _match_diagnosis(coder, one.diagnoses, element, element.entry)


def _match_reason(coder: Coder, one: Syndrome, element: Element) -> tuple[bool, Said]:
    if one.reasons is None:
        return False, ("diagnoses_only", {})
    if element.kind == "concept":
        listed = element.code in one.reasons.concepts
        return listed, ("concept" if listed else "no_concept", {})
    listed = _spelled(coder, element, one.reasons.thesaurus)
    return listed, ("listed" if listed else "no_reason", {})


def _match_diagnosis(coder: Coder, says: Diagnoses, element: Element, entry: Entry) -> tuple[bool, Said]:
    wanted, unwanted = says.patterns
    pattern = next((one.text for one in wanted if entry.cim10 and entry.cim10 in one), "")
    without = next((one.text for one in unwanted if entry.cim10 and entry.cim10 in one), "")
    if _spelled(coder, element, says.not_thesaurus):
        return False, ("not_thesaurus", {})
    if _spelled(coder, element, says.thesaurus):
        return True, ("listed", {})
    if element.thesaurus in says.only_listed:
        return False, ("only_listed", {})
    if not entry.cim10:
        return False, ("no_map", {})
    if not pattern:
        return False, ("no_code", {"patterns": ", ".join(says.cim10)})
    if without:
        return False, ("not_cim10", {"pattern": pattern, "without": without})
    return True, ("pattern", {"pattern": pattern})


def _spelled(coder: Coder, element: Element, listed: Mapping[str, tuple[str, ...]]) -> bool:
    """Is the code of the element in a list of codes by thesaurus, however it is spelt there?"""
    spell = coder.thesauri[element.thesaurus].normalise
    return element.entry is not None and element.entry.code in map(spell, listed.get(element.thesaurus, ()))
