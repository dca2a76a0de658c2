"""The syndromes in force: loading their case definitions, and coding diagnoses and call reasons with them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import pairwise

from pydantic import BaseModel, ConfigDict

from surveillance.coding.case_definitions import Rule, Syndrome
from surveillance.coding.thesauri import Entry, Thesaurus
from surveillance.content import Content, find_line, load
from surveillance.errors import ContentError

__all__ = [
    "Coder",
    "Rule",
    "Syndrome",
    "code_table",
    "concept_table",
    "load_groups",
    "load_syndromes",
    "reason_table",
    "set_digest",
    "set_version",
]

FOLDER = "indicators/syndromes/"
SET_FILE = f"{FOLDER}_set.toml"
DECIDING = (FOLDER, "extracts/thesauri/", "extracts/nomenclatures/")


class Group(BaseModel):
    """The name of a group of definitions, in both languages."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    fr: str
    en: str


class _Set(BaseModel):
    model_config = ConfigDict(extra="forbid")
    version: str
    groups: dict[str, Group] = {}


def set_version(content: Content) -> str:
    """The version of the set of case definitions, for the manifest and the report."""
    return load(content, SET_FILE, _Set).version


def load_groups(content: Content) -> dict[str, Group]:
    """The groups by their id, in the order in which readers see them."""
    return load(content, SET_FILE, _Set).groups


def set_digest(content: Content) -> str:
    """One SHA-256 over every file that decides which visit counts for what: definitions, thesauri, nomenclatures."""
    whole = hashlib.sha256()
    for file in [file for folder in DECIDING for file in content.files(folder)]:
        whole.update(f"{file.rel}\0".encode() + hashlib.sha256(content.bytes(file.rel)).digest())
    return whole.hexdigest()


def load_syndromes(content: Content) -> tuple[Syndrome, ...]:
    """The definitions that are enabled, by id then first day; two of one id may not be for the same days."""
    found = [(rel, load(content, rel, Syndrome)) for rel in definition_files(content)]
    for problem in defined_twice(content, found):
        raise problem
    return tuple(one for _, one in _enabled(found))


def defined_twice(content: Content, found: Iterable[tuple[str, Syndrome]]) -> Iterator[ContentError]:
    """An error for each definition, of a file, whose days another of its id is for already."""
    for (rel, one), (other_rel, other) in pairwise(_enabled(found)):
        if one.id == other.id and (one.until is None or one.until >= other.since):
            line = find_line(content.text(other_rel), ["since"])
            yield ContentError(other_rel, "since", f"{one.id} is already defined for these days in {rel}", line=line)


def _enabled(found: Iterable[tuple[str, Syndrome]]) -> list[tuple[str, Syndrome]]:
    kept = [(rel, one) for rel, one in found if one.enabled]
    return sorted(kept, key=lambda pair: (pair[1].id, pair[1].since))


def definition_files(content: Content) -> list[str]:
    """The files of the case definitions, enabled or not."""
    return [file.rel for file in content.files(FOLDER) if file.rel.endswith(".toml") and file.rel != SET_FILE]


class Coder:
    """Which syndromes a diagnosis, or a call reason, counts for on a day; answers are kept: ask once per distinct code.

    By diagnosis and by reason are two series: `rules_for` and `syndromes_of` know nothing of reasons,
    `concept_rules`, `reason_rules` and `reasons_for` nothing of diagnoses.
    """

    def __init__(
        self,
        syndromes: Iterable[Syndrome],
        thesauri: Mapping[str, Thesaurus],
        own: Mapping[str, str] | None = None,
    ) -> None:
        """`own`: association → the thesaurus in which its call reasons are coded, where its visits do not say."""
        self.syndromes = tuple(syndromes)
        self.thesauri = dict(thesauri)
        self.own = dict(own or {})
        self._counting: dict[tuple[str, Entry], tuple[Syndrome, ...]] = {}
        self._days: dict[date, tuple[int, ...]] = {}  # places of the definitions in force
        self._concepts: dict[tuple[int, ...], dict[str, tuple[Rule, ...]]] = {}
        self._listed: dict[tuple[str, str, str], frozenset[str]] = {}

    def entry(self, thesaurus: str, code: str, day: date, kind: str = "diag") -> Entry | None:
        """What the code means; None when its thesaurus does not know it; no thesaurus: ContentError."""
        if thesaurus not in self.thesauri:
            raise ContentError(f"extracts/thesauri/{thesaurus}.toml", "", "this thesaurus is missing")
        return self.thesauri[thesaurus].lookup(code, day, kind)

    def cim10(self, thesaurus: str, code: str, day: date) -> str | None:
        """The nearest CIM-10 code in its canonical spelling, or None (unknown code, or none is near)."""
        found = self.entry(thesaurus, code, day)
        return found.cim10 or None if found else None

    def lossy_codes(self, day: date) -> dict[str, list[str]]:
        """By thesaurus, the diagnosis codes in use that day whose CIM-10 code says more, or less, than they do."""
        found = {}
        for name, thesaurus in self.thesauri.items():
            entries = ((code, thesaurus.lookup(code, day)) for code in thesaurus.codes(day))
            found[name] = [code for code, entry in entries if entry is not None and entry.lossy]
        return found

    def rules_for(self, thesaurus: str, code: str, day: date) -> tuple[Rule, ...]:
        """The syndromes that the code of a diagnosis counts for, each with its ages and position, in order of id."""
        return self._found(thesaurus, self.entry(thesaurus, code, day), day)

    def reason_rules(self, thesaurus: str, code: str, day: date) -> tuple[Rule, ...]:
        """The same for the code of a call reason (kind `motif`)."""
        return self._found(thesaurus, self.entry(thesaurus, code, day, "motif"), day)

    def concept_rules(self, concept: str, day: date) -> tuple[Rule, ...]:
        """The same for a concept that the coder of call reasons found in a text."""
        places = self._in_force(day)
        if places not in self._concepts:
            found: dict[str, list[Rule]] = {}
            for one in (self.syndromes[place] for place in places):
                for listed in one.reasons.concepts if one.reasons else ():
                    found.setdefault(listed, []).append(one.reason_rule)
            self._concepts[places] = {name: tuple(rules) for name, rules in found.items()}
        return self._concepts[places].get(concept, ())

    def _found(self, thesaurus: str, entry: Entry | None, day: date) -> tuple[Rule, ...]:
        if entry is None:
            return ()
        today = [one for one in self.counting(thesaurus, entry) if one.in_force(day)]
        return tuple(one.reason_rule if entry.kind == "motif" else one.rule for one in today)

    def counting(self, thesaurus: str, entry: Entry) -> tuple[Syndrome, ...]:
        """The definitions in which that entry of a thesaurus counts, whatever the day and the age; in order of id."""
        key = (thesaurus, entry)
        if key not in self._counting:
            self._counting[key] = tuple(one for one in self.syndromes if self.counts(one, thesaurus, entry))
        return self._counting[key]

    def _in_force(self, day: date) -> tuple[int, ...]:
        if day not in self._days:
            self._days[day] = tuple(place for place, one in enumerate(self.syndromes) if one.in_force(day))
        return self._days[day]

    def counts(self, syndrome: Syndrome, thesaurus: str, entry: Entry) -> bool:
        """Does that entry of a thesaurus count in the definition, whatever the day and the age?"""
        if entry.kind == "motif":
            return syndrome.reasons is not None and entry.code in self._spelled(
                thesaurus, "reasons", syndrome, syndrome.reasons.thesaurus
            )
        listed = syndrome.diagnoses
        if listed is None or entry.code in self._spelled(thesaurus, "not", syndrome, listed.not_thesaurus):
            return False
        if entry.code in self._spelled(thesaurus, "diagnoses", syndrome, listed.thesaurus):
            return True
        return thesaurus not in listed.only_listed and bool(entry.cim10) and syndrome.covers(entry.cim10)

    def _spelled(
        self, thesaurus: str, key: str, syndrome: Syndrome, listed: Mapping[str, tuple[str, ...]]
    ) -> frozenset[str]:
        if thesaurus not in listed:
            return frozenset()
        place = (thesaurus, key, f"{syndrome.id} {syndrome.since}")
        if place not in self._listed:
            self._listed[place] = frozenset(map(self.thesauri[thesaurus].normalise, listed[thesaurus]))
        return self._listed[place]

    def syndromes_of(self, thesaurus: str, codes: Iterable[str], day: date, age_months: int | None) -> set[str]:
        """The syndromes of one visit by diagnosis: its codes (principal first) and its age in completed months."""
        ranked = ((rank, rule) for rank, code in enumerate(codes, 1) for rule in self.rules_for(thesaurus, code, day))
        return {rule.syndrome for rank, rule in ranked if rule.holds(age_months, rank)}

    def reasons_for(
        self, thesaurus: str, codes: Iterable[str], concepts: Iterable[str], day: date, age_months: int | None
    ) -> set[str]:
        """The syndromes of one visit by call reason: codes of the association's thesaurus, and concepts of its text."""
        rules = [rule for code in codes for rule in self.reason_rules(thesaurus, code, day)]
        rules += [rule for concept in concepts for rule in self.concept_rules(concept, day)]
        return {rule.syndrome for rule in rules if rule.holds(age_months)}


def code_table(coder: Coder, day: date) -> list[tuple[str, str, str, int | None, int | None, str]]:
    """Every code that a table lists: rows (thesaurus, code, syndrome, age_min_months, age_max_months, position)."""
    return [
        (name, code, *rule)
        for name, thesaurus in sorted(coder.thesauri.items())
        for code in thesaurus.codes(day)
        for rule in coder.rules_for(name, code, day)
    ]


def reason_table(coder: Coder, day: date) -> list[tuple[str, str, str, int | None, int | None]]:
    """Every coded call reason that counts: rows (thesaurus, code, syndrome, age_min_months, age_max_months)."""
    return [
        (name, code, *rule[:3])
        for name, thesaurus in sorted(coder.thesauri.items())
        for code in thesaurus.codes(day, "motif")
        for rule in coder.reason_rules(name, code, day)
    ]


def concept_table(coder: Coder, day: date) -> list[tuple[str, str, int | None, int | None]]:
    """Every concept of call reasons that counts: rows (concept, syndrome, age_min_months, age_max_months)."""
    listed = {name for one in coder.syndromes if one.reasons for name in one.reasons.concepts}
    return [(name, *rule[:3]) for name in sorted(listed) for rule in coder.concept_rules(name, day)]
