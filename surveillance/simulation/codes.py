"""Diagnoses and call reasons as each association spells them: the thesauri read backwards, from CIM-10 to code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from surveillance.coding.thesauri import CIM10, Entry, Thesaurus, load_thesauri
from surveillance.content import Content
from surveillance.errors import ContentError
from surveillance.simulation.recipes import Recipes
from surveillance.simulation.topics import Catalogue

SLOTS = 12  # synonyms are dealt over this many positions


@dataclass(frozen=True)
class Spelling:
    """Of each CIM-10 code of the catalogue the codes and labels (SLOTS positions); motif codes of each topic."""

    codes: tuple[tuple[str, ...], ...]
    labels: tuple[tuple[str, ...], ...]
    motifs: tuple[tuple[str, ...], ...]


def load_spellings(content: Content, recipes: Recipes, catalogue: Catalogue) -> dict[str, Spelling]:
    """The spelling of every thesaurus in force, and CIM10 itself."""
    thesauri = {name: item for name, item in load_thesauri(content).items() if name != CIM10}
    found = {name: _spelling(item, recipes, catalogue) for name, item in thesauri.items()}
    plain = tuple((code,) * SLOTS for code in catalogue.codes)
    found[CIM10] = Spelling(plain, plain, catalogue.motifs)
    return found


def _spelling(thesaurus: Thesaurus, recipes: Recipes, catalogue: Catalogue) -> Spelling:
    diagnoses = _by_cim10(thesaurus, "diag")
    motifs = _by_cim10(thesaurus, "motif")
    entries = [_near(code, diagnoses, recipes) for code in catalogue.codes]
    for code, found in zip(catalogue.codes, entries, strict=True):
        if not found:
            raise ContentError(
                f"extracts/thesauri/{thesaurus.id}.csv", code, "no code in use for this diagnosis of the simulation"
            )
    dealt = [[found[n % len(found)] for n in range(SLOTS)] for found in entries]
    return Spelling(
        tuple(tuple(entry.code for entry in row) for row in dealt),
        tuple(tuple(entry.label.upper() for entry in row) for row in dealt),
        tuple(tuple(motifs[c][0].code if c in motifs else "" for c in row) for row in catalogue.motifs),
    )


def _by_cim10(thesaurus: Thesaurus, kind: str) -> dict[str, list[Entry]]:
    """Entries in use without end, by their CIM-10 code."""
    found: dict[str, list[Entry]] = {}
    for (its_kind, _), entries in sorted(thesaurus.entries.items()):
        for entry in entries:
            if (
                its_kind == kind
                and entry.cim10
                and entry.valid_to is None
                and (entry.valid_from or date.min).year <= 2021
            ):
                found.setdefault(entry.cim10, []).append(entry)
    return found


def _near(code: str, entries: Mapping[str, list[Entry]], recipes: Recipes) -> list[Entry]:
    """The entries of that very CIM-10 code; else those of the nearest other code of the same topics."""
    if code in entries:
        return entries[code]
    topics = [recipes.topic(name).codes for name in recipes.topics]
    shared: Iterable[str] = [other for codes in topics if code in codes for other in codes if other in entries]
    ranked = sorted(shared, key=lambda other: (-_common(code, other), other))
    return entries[ranked[0]] if ranked else []


def _common(one: str, other: str) -> int:
    length = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        length += 1
    return length
