"""What the reason for a call says: the concepts of a short French text, with its negations, relatives and vaccines.

The rules, in the order they run on each segment of the text, are in reason_rules.py beside this file; the words they
look for are in extracts/nomenclatures/reasons.toml. The text itself is never kept.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from surveillance.coding.reason_rules import SEGMENT_RULES, Groups, segments
from surveillance.coding.reason_spelling import Spelling
from surveillance.coding.reason_terms import Lexicon, normalise
from surveillance.coding.temperatures import Temperature, as_fever
from surveillance.content import Content, load

FILE = "extracts/nomenclatures/reasons.toml"
LONGEST = 500  # characters of a call reason that are read, as in the record layout
MEMO = 50_000  # distinct texts remembered within one process, never written


class _Spelling(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    ordinary: tuple[str, ...]


class _Neutral(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    terms: tuple[str, ...]


class Nomenclature(BaseModel):
    """The file extracts/nomenclatures/reasons.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    version: str
    status: str
    source: str
    terms: dict[str, tuple[str, ...]]
    combined: dict[str, tuple[str, ...]]
    neutral: _Neutral
    cues: dict[str, tuple[str, ...]]
    groups: Groups
    temperature: Temperature
    spelling: _Spelling


def coder_version(content: Content) -> str:
    """The version of the nomenclature in force: it stands beside the concepts it found."""
    return load(content, FILE, Nomenclature).version


class ReasonCoder:
    """Codes call reasons with one version of the nomenclature; calling it gives the concepts of a text."""

    def __init__(self, content: Content) -> None:
        self.nomenclature = load(content, FILE, Nomenclature)
        self.version = self.nomenclature.version
        self.concepts = tuple(sorted({*self.nomenclature.terms, "test_covid", "vaccination"}))
        self._lexicon = build_lexicon(self.nomenclature)
        self._memo: dict[str, tuple[str, ...]] = {}

    def __call__(self, text: str | None) -> tuple[str, ...]:
        """The concepts of a text in alphabetical order; nothing for an empty or unknown text, or a placeholder."""
        if not text:
            return ()
        found = self._memo.get(text)
        if found is None:
            if len(self._memo) >= MEMO:
                self._memo.clear()
            found = self._memo[text] = self.code_once(text[:LONGEST])
        return found

    def code_once(self, text: str) -> tuple[str, ...]:
        items = self._lexicon.items(normalise(text))
        as_fever(items, self.nomenclature.temperature)
        extra: set[str] = set()
        for segment in segments(items):
            for rule in SEGMENT_RULES:
                extra |= rule(segment, self.nomenclature.groups)
        return combine({c for item in items if item.kept for c in item.concepts} | extra)


def build_lexicon(nomenclature: Nomenclature) -> Lexicon:
    """The lexicon of a nomenclature, ready for reading."""
    lexicon = Lexicon(spelling=Spelling(frozenset(nomenclature.spelling.ordinary)))
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
