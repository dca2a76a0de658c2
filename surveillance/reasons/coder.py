"""What the reason for a call says: the concepts of a short French text, with its negations, relatives and vaccines.

A text is cut into clauses (segments.py); in each, rules drop what is not there now (presence.py) and
what is not the patient's (subjects.py), and tell what is only suspected (certainty.py). The words they
look for are in extracts/nomenclatures/reasons.toml. The text itself is never kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from surveillance.content import Content, load
from surveillance.reasons.certainty import doubted
from surveillance.reasons.presence import history, negation, signs
from surveillance.reasons.segments import Groups, Segment, drop, segments
from surveillance.reasons.spelling import Spelling
from surveillance.reasons.subjects import contact, relatives, tests, vaccines
from surveillance.reasons.temperatures import Temperature, as_fever
from surveillance.reasons.terms import NO_ROLE, Item, Lexicon, normalise

FILE = "extracts/nomenclatures/reasons.toml"
LONGEST = 500  # characters of a call reason that are read, as in the record layout
PLUS = ("plus de", "plus d", "plus")
PRESENCE = (signs, negation, history)
MEMO = 50_000  # distinct texts remembered within one process, never written


class _Spelling(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    ordinary: tuple[str, ...]
    dotted: frozenset[str]
    aliases: dict[str, str]


class _Neutral(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    terms: tuple[str, ...]


class Homonym(BaseModel):
    """A term that is not ours beside the words `unless`, or is ours only with those of `only_with`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    unless: frozenset[str] = frozenset()
    only_with: frozenset[str] = frozenset()


class UnknownWords(BaseModel):
    """From how many uses and how many associations of a night a word that nobody knows may be kept and shown."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    uses: int = Field(ge=10)
    associations: int = Field(ge=2)


class Nomenclature(BaseModel):
    """The file extracts/nomenclatures/reasons.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    version: str
    status: str
    source: str
    terms: dict[str, tuple[str, ...]]
    combined: dict[str, tuple[str, ...]]
    neutral: _Neutral
    homonyms: dict[str, Homonym]
    cues: dict[str, tuple[str, ...]]
    groups: Groups
    temperature: Temperature
    spelling: _Spelling
    unknown_words: UnknownWords


def load_nomenclature(content: Content) -> Nomenclature:
    """The nomenclature in force; ContentError names the file, the line and the key."""
    return load(content, FILE, Nomenclature)


def coder_version(content: Content) -> str:
    """The version of the nomenclature in force: it stands beside the concepts it found."""
    return load_nomenclature(content).version


class ReasonReading(NamedTuple):
    """What a text says.

    `concepts` in alphabetical order; `suspected`: those of them that are only suspected; `ambiguous`: terms left
    uncoded because they can mean two things here; `unknown`: words (three letters or more) that nothing explains.
    """

    concepts: tuple[str, ...] = ()
    suspected: tuple[str, ...] = ()
    ambiguous: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


NOTHING = ReasonReading()


class ReasonCoder:
    """Codes call reasons with one version of the nomenclature; calling it gives the concepts of a text."""

    def __init__(self, content: Content) -> None:
        self.nomenclature = load_nomenclature(content)
        self.version = self.nomenclature.version
        self.concepts = tuple(sorted({*self.nomenclature.terms, "test_covid", "vaccination"}))
        self._lexicon = build_lexicon(self.nomenclature)
        self._memo: dict[str, ReasonReading] = {}

    def __call__(self, text: str | None) -> tuple[str, ...]:
        """The concepts of a text in alphabetical order; nothing for an empty or unknown text, or a placeholder."""
        return self.read(text).concepts

    def read(self, text: str | None) -> ReasonReading:
        """Everything that a text says; asked again, it is only looked up."""
        if not text:
            return NOTHING
        found = self._memo.get(text)
        if found is None:
            if len(self._memo) >= MEMO:
                self._memo.clear()
            found = self._memo[text] = self.read_once(text[:LONGEST])
        return found

    def read_once(self, text: str) -> ReasonReading:
        """The same, read anew."""
        items = self._lexicon.items(normalise(text))
        ambiguous = (*_take_apart(items, self.nomenclature.homonyms), *_plus(items))
        as_fever(items, self.nomenclature.temperature)
        clauses = segments(items)
        added = {concept for clause in clauses for concept in self._judge(clause)}
        roles = frozenset().union(*(item.roles for item in items))
        if "well" in roles and not roles & {"test", "test_covid"}:  # `frere grippe, lui va bien`
            drop(one for clause in clauses for one in clause.terms(self.nomenclature.groups.contagious))
        found = {concept for item in items if item.kept for concept in item.concepts} | added
        if "drug" in roles and ("gai" in found or "voluntary" in roles):
            found |= {"gai", "intox_med"}
        concepts = combine(found)
        suspected = {concept for clause in clauses for concept in doubted(clause)}.intersection(concepts)
        unknown = (word for item in items if not item.roles for word in item.words if self._is_unknown(word))
        return ReasonReading(concepts, tuple(sorted(suspected)), ambiguous, tuple(unknown))

    def _judge(self, clause: Segment) -> Iterator[str]:
        """Mark what is not kept in a clause; concepts that the clause adds."""
        groups = self.nomenclature.groups
        if clause.has("term"):
            for rule in PRESENCE:
                rule(clause, groups)
            relatives(clause, groups)
            contact(clause, groups)
        if clause.has("vaccine", "vaccinated") and (added := vaccines(clause, groups)):
            yield added
        if clause.has("test", "test_covid") and (added := tests(clause, groups)):
            yield added

    def _is_unknown(self, word: str) -> bool:
        says = self._lexicon.spelling
        return len(word) > 2 and word.isalpha() and word not in says.known and word not in says.ordinary


def _take_apart(items: list[Item], homonyms: Mapping[str, Homonym]) -> tuple[str, ...]:
    """Leave out a term that has another meaning beside certain words, or its own only beside others; the latter are
    ambiguous and given back."""
    unclear: list[str] = []
    found = [(item, homonyms[item.text]) for item in items if item.text in homonyms]
    said = {word for item in items for word in item.words} if found else set()
    for item, rule in found:
        alone = bool(rule.only_with) and not said & rule.only_with
        if alone or said & rule.unless:
            item.roles, item.concepts = NO_ROLE, ()
        if alone:
            unclear.append(item.text)
    return tuple(unclear)


def _plus(items: list[Item]) -> Iterator[str]:
    """Terms after a `plus de` without `ne`: no more of it, or more of it?"""
    for before, item, after in zip([None, *items], items, items[1:], strict=False):
        if item.text in PLUS and "term" in after.roles and not (before and before.words[-1] in ("ne", "n", "a", "de")):
            yield after.text


def build_lexicon(nomenclature: Nomenclature) -> Lexicon:
    """The lexicon of a nomenclature, ready for reading."""
    says = nomenclature.spelling
    lexicon = Lexicon(spelling=Spelling(frozenset(says.ordinary), says.aliases, says.dotted))
    for concept, patterns in nomenclature.terms.items():
        lexicon.add(patterns, "term", (concept,))
    for pattern, concepts in nomenclature.combined.items():
        lexicon.add([pattern], "term", concepts)
    lexicon.add(nomenclature.neutral.terms, "neutral")
    for role, patterns in nomenclature.cues.items():
        lexicon.add(patterns, role)
    lexicon.freeze()
    return lexicon


def combine(found: set[str]) -> tuple[str, ...]:
    """What concepts mean together: a death or a certificate stands alone; diarrhoea and vomiting; heat."""
    if "deces" in found:
        return ("deces",)
    if "admin" in found:
        return ("admin",)
    if {"diarrhee", "vomissements"} <= found:
        found = found | {"gastro"}
    if "hyperthermie" in found:
        found = found - {"hyperthermie"} | (set() if "coup_de_chaleur" in found else {"fievre"})
    return tuple(sorted(found))
