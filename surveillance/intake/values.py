"""Single values of a visit: from the text received to the canonical value and the check it failed, if any."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from surveillance.coding.thesauri import CIM10, Thesaurus
from surveillance.dialects import fold
from surveillance.intake.coded import Read, Text
from surveillance.intake.readers.raw import FOREIGN, ITEM, SYSTEM
from surveillance.territories import PostalCode

if TYPE_CHECKING:
    from surveillance.reasons.coder import ReasonReading

Diagnoses = tuple[str, tuple[str, ...]]  # thesaurus, codes

NUMBER = re.compile(r"-?[0-9]{1,4}", re.ASCII)
POSTAL = re.compile(r"[0-9]{5}", re.ASCII)
COMMUNE = re.compile(r"([0-9]{2}|2[AB])[0-9]{3}", re.ASCII)
SHAPES = {
    # What an unknown code must look like to be kept as it is; anything else may be text typed in the wrong column.
    "cim10": re.compile(r"[A-Z][0-9]{2}(\.[0-9+]{1,4})?"),
    "code": re.compile(r"[A-Z]{1,3}[0-9]{1,4}(\.[0-9]{1,2})?"),
}
Hide = Callable[[str, str], str]  # (thesaurus, text) -> a keyed code in its place


def mapped(table: Mapping[str, str], otherwise: str, check: str) -> Read[str]:
    """Reads a value through the dialect's table, compared without case or accents."""

    def read(text: str) -> tuple[str, str]:
        found = table.get(fold(text))
        return (found, "") if found is not None else (otherwise, check)

    return read


def number(highest: int) -> Read[int | None]:
    """Reads ASCII digits between 0 and `highest`; outside, or anything else, is not an age."""

    def read(text: str) -> tuple[int | None, str]:
        if not NUMBER.fullmatch(text):
            return None, "AGE_UNREADABLE"
        value = int(text)
        return (value, "") if 0 <= value <= highest else (None, "AGE_RANGE")

    return read


def department_of(table: Mapping[str, PostalCode], departments: frozenset[str]) -> Read[Text]:
    """Reads a postal code as a département of residence.

    RPU conventions (format V2006): 99999 unknown, 99xxx abroad (here "99"), département + 999 unknown commune.
    A code outside the table (CEDEX, new code) leads to the département of its first digits, with a check.
    """

    def read(text: str) -> tuple[Text, str]:
        if not POSTAL.fullmatch(text):
            return None, "POSTAL_UNREADABLE"
        if text.startswith("99"):
            return (None if text == "99999" else "99"), ""
        if found := table.get(text):
            return found.department, "POSTAL_AMBIG" if found.ambiguous else ""
        prefix = _prefix(text)
        if prefix not in departments:
            return None, "POSTAL_UNREADABLE"
        return prefix, "" if text.endswith("999") else "POSTAL_UNKNOWN"

    return read


def department_of_commune(table: Mapping[str, str], departments: frozenset[str]) -> Read[Text]:
    """Reads an INSEE code of a commune as its département; 99xxx abroad (here "99").

    A code outside the table (a commune that merged since) leads to the département its first digits are, with a check.
    """

    def read(text: str) -> tuple[Text, str]:
        code = text.upper()
        if not COMMUNE.fullmatch(code):
            return None, "COMMUNE_UNREADABLE"
        prefix = code[:3] if code.startswith(("97", "98")) else code[:2]
        if found := table.get(code):
            return found, ""
        if prefix == "99":
            return prefix, ""
        return (prefix, "COMMUNE_UNKNOWN") if prefix in departments else (None, "COMMUNE_UNREADABLE")

    return read


def _prefix(postal_code: str) -> str:
    if postal_code.startswith(("97", "98")):
        return postal_code[:3]
    if postal_code.startswith("20"):  # Corsica: 200xx and 201xx south, 202xx and 206xx north; 20999 tells neither
        return {"0": "2A", "1": "2A", "2": "2B", "6": "2B"}.get(postal_code[2], "")
    return postal_code[:2]


@dataclass(frozen=True)
class CodeRules:
    """How codes are read: in which thesauri, which texts mean nothing, how many at most, how text is hidden."""

    own: Thesaurus
    cim10: Thesaurus
    fixed: bool  # the dialect says CIM-10, whoever sends
    missing: frozenset[str]
    most: int
    hide: Hide

    def thesaurus(self, system: str) -> Thesaurus:
        """The thesaurus a code belongs to: the association's, unless its system says CIM-10."""
        return self.cim10 if self.fixed or fold(system) in ("CIM10", "CIM 10") else self.own

    def items(self, text: str) -> list[tuple[str, str]]:
        """(system, code) of each item that means something."""
        pairs = (item.rpartition(SYSTEM)[::2] for item in text.split(ITEM))
        return [(system, code) for system, code in pairs if code.strip() not in self.missing]

    def spell(self, thesaurus: Thesaurus, kind: str, code: str, foreign: bool = False) -> tuple[str, bool]:
        """The code as its thesaurus spells it, and whether it is known there.

        An unknown code is kept when it has the shape of a code; otherwise it could be anything somebody typed, and
        a keyed code (`?` and 8 hexadecimal digits) stands for it: it can be counted, and found again, but not read.
        """
        spelled = thesaurus.normalise(code)
        if foreign:  # 428 of the ICD-9 is no code of ours, and E812 only looks like one
            return f"?{self.hide(thesaurus.id, spelled)[:8]}", False
        shape = SHAPES.get(thesaurus.spelling)
        shaped = shape is not None and shape.fullmatch(spelled) is not None
        known = (kind, spelled) in thesaurus.entries or (
            thesaurus.open and shaped and thesaurus.has_category(spelled)
        )
        return (spelled if known or shaped else f"?{self.hide(thesaurus.id, spelled)[:8]}"), known


def diagnoses(rules: CodeRules) -> Read[Diagnoses]:
    """Reads joined codes as (thesaurus, codes), principal first.

    The first code's system is the visit's; a code of another system is kept as SYSTEM:code.
    """

    def read(text: str) -> tuple[Diagnoses, str]:
        kept: dict[tuple[str, str], bool] = {}
        for system, code in rules.items(text):
            thesaurus = rules.thesaurus(system)
            spelled, known = rules.spell(thesaurus, "diag", code, system == FOREIGN)
            kept[thesaurus.id, spelled] = known
        first = next(iter(kept), (rules.thesaurus("").id, ""))[0]
        codes = tuple(code if system == first else f"{system}:{code}" for system, code in kept)[: rules.most]
        if any(system != first for system, _ in kept):
            return (first, codes), "DIAG_SYSTEM"
        return (first, codes), "" if all(kept.values()) else "DIAG_UNKNOWN"

    return read


def reason_codes(rules: CodeRules, pattern: str = "") -> Read[tuple[str, ...]]:
    """Reads joined codes of call reasons, in the association's thesaurus.

    pattern: the shape of the codes of a public list, where the dialect has one: these stay readable, known or not.
    """
    shape = re.compile(pattern, re.ASCII) if pattern else None

    def spell(code: str) -> tuple[str, bool]:
        spelled, known = rules.spell(rules.own, "motif", code)
        return (code.strip() if not known and shape and shape.fullmatch(code.strip()) else spelled), known

    def read(text: str) -> tuple[tuple[str, ...], str]:
        found = dict(spell(code) for _, code in rules.items(text))
        return tuple(found)[: rules.most], "" if all(found.values()) else "REASON_UNKNOWN"

    return read


class Reason(NamedTuple):
    """What the call reasons of a visit say: see `reasons.coder.ReasonReading`; `texts`: how many were given."""

    concepts: tuple[str, ...] = ()
    suspected: tuple[str, ...] = ()
    texts: int = 0
    unknown: tuple[str, ...] = ()


def reasons(read_reason: Callable[[str], ReasonReading], missing: frozenset[str], longest: int) -> Read[Reason]:
    """Reads joined texts of call reasons; nothing of a text is kept but words that nobody knows, to be counted."""

    def read(text: str) -> tuple[Reason, str]:
        texts = [item for item in map(str.strip, text.split(ITEM)) if item and item not in missing]
        found = [read_reason(item[:longest]) for item in texts]
        concepts = tuple(dict.fromkeys(concept for one in found for concept in one.concepts))
        stated = {concept for one in found for concept in one.concepts if concept not in one.suspected}
        suspected = tuple(concept for concept in concepts if concept not in stated)
        unknown = tuple(word for one in found for word in one.unknown)
        long, unclear = any(len(item) > longest for item in texts), any(one.ambiguous for one in found)
        check = "TEXT_LONG" if long else "REASON_AMBIG" if unclear else ""
        return Reason(concepts, suspected, len(texts), unknown), check

    return read


def open_cim10(thesauri: Mapping[str, Thesaurus]) -> Thesaurus:
    """The CIM-10 itself: from the content when there, else every code of its shape."""
    return thesauri.get(CIM10) or Thesaurus(CIM10, "", "standard", "CIM-10", "cim10", open=True)
