"""The syndromes in force: loading and checking their case definitions, and coding diagnoses with them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date
from itertools import pairwise

from pydantic import BaseModel, ConfigDict

from surveillance.coding.case_definitions import Example, Rule, Syndrome
from surveillance.coding.thesauri import Entry, Thesaurus, load_thesauri
from surveillance.content import Content, load
from surveillance.errors import ContentError

__all__ = [
    "Coder",
    "Rule",
    "Syndrome",
    "check_syndromes",
    "code_table",
    "load_syndromes",
    "set_digest",
    "set_version",
]

FOLDER = "indicators/syndromes/"
SET_FILE = f"{FOLDER}_set.toml"


class _Set(BaseModel):
    model_config = ConfigDict(extra="forbid")
    version: str


def set_version(content: Content) -> str:
    """The version of the set of case definitions, for the manifest and the report."""
    return load(content, SET_FILE, _Set).version


def set_digest(content: Content) -> str:
    """One SHA-256 over every file that decides which visit counts for what: definitions and thesauri."""
    whole = hashlib.sha256()
    for file in [*content.files(FOLDER), *content.files("extracts/thesauri/")]:
        whole.update(f"{file.rel}\0".encode() + hashlib.sha256(content.bytes(file.rel)).digest())
    return whole.hexdigest()


def load_syndromes(content: Content) -> tuple[Syndrome, ...]:
    """The definitions that are enabled, by id then first day; two of one id may not be for the same days."""
    found = [(rel, load(content, rel, Syndrome)) for rel in _files(content)]
    kept = sorted(((rel, one) for rel, one in found if one.enabled), key=lambda pair: (pair[1].id, pair[1].since))
    for (rel, one), (other_rel, other) in pairwise(kept):
        if one.id == other.id and (one.until is None or one.until >= other.since):
            raise ContentError(other_rel, "since", f"{one.id} is already defined for these days in {rel}")
    return tuple(one for _, one in kept)


def _files(content: Content) -> list[str]:
    return [file.rel for file in content.files(FOLDER) if file.rel.endswith(".toml") and file.rel != SET_FILE]


class Coder:
    """Which syndromes a diagnosis code counts for on a day; answers are kept, so ask once per distinct code."""

    def __init__(self, syndromes: Iterable[Syndrome], thesauri: Mapping[str, Thesaurus]) -> None:
        self.syndromes = tuple(syndromes)
        self.thesauri = dict(thesauri)
        self._rules: dict[tuple[str, Entry, tuple[int, ...]], tuple[Rule, ...]] = {}
        self._days: dict[date, tuple[int, ...]] = {}  # places of the definitions in force

    def entry(self, thesaurus: str, code: str, day: date) -> Entry | None:
        """What the code means; None when its thesaurus does not know it; no thesaurus: ContentError."""
        if thesaurus not in self.thesauri:
            raise ContentError(f"extracts/thesauri/{thesaurus}.toml", "", "this thesaurus is missing")
        return self.thesauri[thesaurus].lookup(code, day)

    def cim10(self, thesaurus: str, code: str, day: date) -> str | None:
        """The nearest CIM-10 code in its canonical spelling, or None (unknown code, or none is near)."""
        found = self.entry(thesaurus, code, day)
        return found.cim10 or None if found else None

    def rules_for(self, thesaurus: str, code: str, day: date) -> tuple[Rule, ...]:
        """The syndromes that the code counts for, each with its ages and position, in order of id."""
        found = self.entry(thesaurus, code, day)
        if found is None:
            return ()
        key = (thesaurus, found, self._in_force(day))
        if key not in self._rules:
            today = [self.syndromes[place] for place in key[2]]
            self._rules[key] = tuple(_rule(one) for one in today if self._counts(one, thesaurus, found))
        return self._rules[key]

    def _in_force(self, day: date) -> tuple[int, ...]:
        if day not in self._days:
            self._days[day] = tuple(place for place, one in enumerate(self.syndromes) if one.in_force(day))
        return self._days[day]

    def _counts(self, syndrome: Syndrome, thesaurus: str, entry: Entry) -> bool:
        listed = syndrome.diagnoses
        if entry.code in self._spelled(thesaurus, listed.not_thesaurus):
            return False
        if entry.code in self._spelled(thesaurus, listed.thesaurus):
            return True
        return thesaurus not in listed.only_listed and bool(entry.cim10) and syndrome.covers(entry.cim10)

    def _spelled(self, thesaurus: str, listed: Mapping[str, tuple[str, ...]]) -> set[str]:
        return {self.thesauri[thesaurus].normalise(code) for code in listed.get(thesaurus, ())}

    def syndromes_of(self, thesaurus: str, codes: Iterable[str], day: date, age_months: int | None) -> set[str]:
        """The syndromes of one visit: its codes (principal first) and its age in completed months."""
        ranked = ((rank, rule) for rank, code in enumerate(codes, 1) for rule in self.rules_for(thesaurus, code, day))
        return {rule.syndrome for rank, rule in ranked if rule.holds(age_months, rank)}


def _rule(syndrome: Syndrome) -> Rule:
    says = syndrome.diagnoses
    return Rule(syndrome.id, says.age_min_months, says.age_max_months, says.position)


def code_table(coder: Coder, day: date) -> list[tuple[str, str, str, int | None, int | None, str]]:
    """Every code that a table lists: rows (thesaurus, code, syndrome, age_min_months, age_max_months, position)."""
    return [
        (name, code, *rule)
        for name, thesaurus in sorted(coder.thesauri.items())
        for code in thesaurus.codes(day)
        for rule in coder.rules_for(name, code, day)
    ]


def check_syndromes(content: Content) -> list[ContentError]:
    """Everything wrong with the case definitions, each with its file and key: an empty list is what one wants."""
    problems: list[ContentError] = []
    found: list[tuple[str, Syndrome]] = []
    for rel in _files(content):
        try:
            found.append((rel, load(content, rel, Syndrome)))
        except ContentError as error:
            problems.append(error)
    try:
        set_version(content)
        coder = Coder((one for _, one in found if one.enabled), load_thesauri(content))
        load_syndromes(content)
    except ContentError as error:
        return problems if error.args in [known.args for known in problems] else [*problems, error]
    ids = {one.id for _, one in found}
    for rel, one in found:
        problems += _problems(rel, one, coder, ids)
    return problems


def _problems(rel: str, one: Syndrome, coder: Coder, ids: set[str]) -> list[ContentError]:
    says = one.diagnoses
    wrong = [("umbrella", f"no definition has the id {name!r}") for name in one.umbrella if name not in ids]
    for key, listed in (("thesaurus", says.thesaurus), ("not_thesaurus", says.not_thesaurus)):
        strange = [(name, code) for name, codes in listed.items() for code in codes if not _known(coder, name, code)]
        wrong += [(f"diagnoses.{key}.{name}", f"unknown code {code!r}") for name, code in strange]
    missing = [name for name in says.only_listed if name not in coder.thesauri]
    wrong += [("diagnoses.only_listed", f"unknown thesaurus {name!r}") for name in missing]
    if {example.counts for example in one.examples} != {True, False}:
        wrong.append(("examples", "give at least one example that counts and one that does not"))
    if not wrong and one.enabled:
        wrong = [(f"examples.{n}", text) for n, ex in enumerate(one.examples) if (text := failure(one, ex, coder))]
    return [ContentError(rel, key, message) for key, message in wrong]


def _known(coder: Coder, thesaurus: str, code: str) -> bool:
    found = coder.thesauri.get(thesaurus)
    return found is not None and (("diag", found.normalise(code)) in found.entries)


def failure(syndrome: Syndrome, example: Example, coder: Coder) -> str:
    """Why the example fails under its definition, or nothing; it is tried on the definition's last day in force."""
    if example.thesaurus not in coder.thesauri:
        return f"unknown thesaurus {example.thesaurus!r}"
    day = syndrome.until or max(syndrome.since, max(one.since for one in coder.syndromes))
    counted = syndrome.id in coder.syndromes_of(example.thesaurus, example.codes, day, example.age_months)
    if counted == example.counts:
        return ""
    what = " ".join(example.codes) or example.text
    return f"{what} ({example.thesaurus}) {'counts' if counted else 'does not count'}, but: {example.why}"
