"""The dictionary of call reasons as the coder reads it: words and signs, the longest term first."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import NamedTuple

from surveillance.reasons.spelling import Spelling

# A number with its decimal or degree sign (39°5, 38,7), a word, or one sign.
TOKEN = re.compile(r"#|\d+(?:[.,]\d{1,2}(?!\d)|\s?°\s?\d(?!\d)(?!\s?(?:j|ans|mois|h)\b))?\s?°?|[a-z]+|[^\sa-z0-9]")
DOTTED = re.compile(r"(?<![a-z])(?:[a-z]\.){2,}(?:[a-z]\b)?")
# Roles of cues whose words are looked for when they are misspelt.
MISSPELT = frozenset({"contact", "vaccine", "vaccinated", "test", "positive", "negative", "history_after", "drug"})
NO_ROLE: frozenset[str] = frozenset()
YES, NO = "\u2295", "\u2296"  # what stands for (+) and (-)


def normalise(text: str) -> str:
    """NFKC, lower case, no accents, œ as oe, apostrophes as blanks, abbreviations without dots."""
    plain = text.lower()
    if not plain.isascii():
        plain = unicodedata.normalize("NFKC", text).lower().replace("œ", "oe").replace("æ", "ae").replace("º", "°")
        plain = "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c))
    plain = re.sub(r"['’`´]", " ", re.sub(r"[–—−]", "-", plain))
    plain = re.sub(r"[^\S\n]", " ", plain)
    plain = re.sub(r"\(\s*\++\s*\)", YES, re.sub(r"\(\s*-+\s*\)", NO, plain))
    plain = re.sub(r"([a-z])\1\1+", r"\1\1", re.sub(r"(?<=[a-z])-(?=[a-z])", " ", plain))
    return DOTTED.sub(lambda found: found[0].replace(".", "") + " ", plain)


def expand(pattern: str) -> Iterator[str]:
    """Every wording of a pattern: `mal (au|de) dos` is two, `gastro(|s)` is two."""
    parts = [part.split("|") for part in re.split(r"[()]", pattern)]
    for choice in product(*parts):
        yield " ".join("".join(choice).split())


@dataclass(slots=True)
class Item:
    """A stretch of the text: its words, the roles and concepts they have, and the blanks around it."""

    words: tuple[str, ...]
    roles: frozenset[str] = NO_ROLE
    concepts: tuple[str, ...] = ()
    space_before: bool = True
    space_after: bool = True
    kept: bool = True
    text: str = ""  # the words with a blank between them

    def __post_init__(self) -> None:
        self.text = self.words[0] if len(self.words) == 1 else " ".join(self.words)


class Term(NamedTuple):
    """What a wording is: its roles, and the concepts it stands for."""

    roles: frozenset[str]
    concepts: tuple[str, ...]


@dataclass
class Lexicon:
    """Terms by their words, and the spelling that slips are corrected with; `#` stands for any whole number."""

    terms: dict[tuple[str, ...], Term] = field(default_factory=dict)
    spelling: Spelling = field(default_factory=Spelling)
    _longest: dict[str, int] = field(default_factory=dict)  # words of the longest term that begins with this one

    def add(self, patterns: Iterable[str], role: str, concepts: tuple[str, ...] = ()) -> None:
        """Terms of one role; a wording that has a role already gets one more."""
        for wording in (one for pattern in patterns for one in expand(pattern)):
            words = tuple(found.strip() for found in TOKEN.findall(wording))
            known = self.terms.get(words, Term(NO_ROLE, ()))
            self.terms[words] = Term(known.roles | {role}, known.concepts or concepts)
            self._longest[words[0]] = max(self._longest.get(words[0], 1), len(words))

    def freeze(self) -> None:
        """Let the spelling know every word, those of terms apart."""
        of_terms = [(words, known.concepts) for words, known in self.terms.items() if "term" in known.roles]
        cues = (word for words, known in self.terms.items() if known.roles & MISSPELT for word in words)
        self.spelling.learn((word for words in self.terms for word in words), of_terms, cues)

    def items(self, text: str) -> list[Item]:
        """The text as items, the longest term first from left to right."""
        words, starts, ends = self._words(text)
        plain = tuple("#" if word.isdigit() else word for word in words)
        items: list[Item] = []
        at = 0
        while at < len(words):
            size, found = self._longest_at(words, plain, at)
            start, end = starts[at], ends[at + size - 1]
            before = start == 0 or text[start - 1] == " " or text[start] == " "
            after = end == len(text) or text[end] == " "
            said = words[at : at + size]
            known = found or Term(NO_ROLE, ())
            items.append(Item(said, known.roles, known.concepts, before, after))
            at += size
        return items

    def _words(self, text: str) -> tuple[tuple[str, ...], list[int], list[int]]:
        """The words as they are meant, and where each starts and ends; abbreviations lose their full stop."""
        words: list[str] = []
        starts, ends = list[int](), list[int]()
        for found in TOKEN.finditer(text):
            said = found[0]
            if said == "." and words and words[-1] in self.spelling.dotted:
                continue
            for word in self.spelling.read(said.strip()):
                words.append(word)
                starts.append(found.start())
                ends.append(found.end())
        return tuple(words), starts, ends

    def _longest_at(self, words: tuple[str, ...], plain: tuple[str, ...], at: int) -> tuple[int, Term | None]:
        longest = max(self._longest.get(words[at], 0), self._longest.get(plain[at], 0))
        for size in range(min(longest, len(words) - at), 0, -1):
            found = self.terms.get(words[at : at + size]) or self.terms.get(plain[at : at + size])
            if found:
                return size, found
        return 1, None
