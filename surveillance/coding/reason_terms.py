"""The dictionary of call reasons as the coder reads it: words and signs, the longest term first."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import product

from surveillance.coding.reason_spelling import Spelling

# A number with its decimal or degree sign (39°5, 38,7), a word, or one sign.
TOKEN = re.compile(r"#|\d+(?:[.,]\d{1,2}(?!\d)|\s?°\s?\d(?!\d)(?!\s?(?:j|ans|mois|h)\b))?\s?°?|[a-z]+|[^\sa-z0-9]")
DOTTED = re.compile(r"(?<![a-z])(?:[a-z]\.){2,}(?:[a-z]\b)?")
BREAKS = frozenset(",;.()!\n") | {"mais", "puis", "?"}
YES, NO = "\u2295", "\u2296"  # what stands for (+) and (-)


def normalise(text: str) -> str:
    """NFKC, lower case, no accents, œ as oe, apostrophes as blanks, abbreviations without dots."""
    plain = unicodedata.normalize("NFKC", text).lower().replace("œ", "oe").replace("æ", "ae").replace("º", "°")
    plain = "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c))
    plain = re.sub(r"['’`´]", " ", re.sub(r"[–—−]", "-", plain))
    plain = re.sub(r"\(\s*\++\s*\)", YES, re.sub(r"\(\s*-+\s*\)", NO, plain))
    return DOTTED.sub(lambda found: found[0].replace(".", "") + " ", plain)


def expand(pattern: str) -> Iterator[str]:
    """Every wording of a pattern: `mal (au|de) dos` is two, `gastro(|s)` is two."""
    parts = [part.split("|") for part in re.split(r"[()]", pattern)]
    for choice in product(*parts):
        yield " ".join("".join(choice).split())


@dataclass
class Item:
    """A stretch of the text: its words, the roles and concepts they have, and the blanks around it."""

    words: tuple[str, ...]
    roles: frozenset[str] = frozenset()
    concepts: tuple[str, ...] = ()
    space_before: bool = True
    space_after: bool = True
    kept: bool = True

    @property
    def text(self) -> str:
        """The words with a blank between them."""
        return " ".join(self.words)


@dataclass
class Lexicon:
    """Terms by their words; `roles` and `concepts` of each, and the vocabulary that slips are corrected to."""

    terms: dict[tuple[str, ...], tuple[frozenset[str], tuple[str, ...]]] = field(default_factory=dict)
    longest: int = 1
    spelling: Spelling = field(default_factory=Spelling)
    _heads: set[str] = field(default_factory=set)

    def add(self, patterns: Iterable[str], role: str, concepts: tuple[str, ...] = ()) -> None:
        """Terms of one role; a wording that has a role already gets one more."""
        for wording in (one for pattern in patterns for one in expand(pattern)):
            words = tuple(found.strip() for found in TOKEN.findall(wording))
            roles, known = self.terms.get(words, (frozenset(), ()))
            self.terms[words] = (roles | {role}, known or concepts)
            self.longest = max(self.longest, len(words))
            self._heads.add(words[0])

    def freeze(self) -> None:
        """Let the spelling know every word, those of terms apart."""
        of_terms = [(words, concepts) for words, (roles, concepts) in self.terms.items() if "term" in roles]
        self.spelling.learn((word for words in self.terms for word in words), of_terms)

    def items(self, text: str) -> list[Item]:
        """The text as items, the longest term first from left to right."""
        found = [
            (word, m.start(), m.end()) for m in TOKEN.finditer(text) for word in self.spelling.read(m[0].strip())
        ]
        words = [word for word, _, _ in found]
        items: list[Item] = []
        at = 0
        while at < len(words):
            size = self._longest_at(words, at)
            roles, concepts = self._known(words[at : at + size]) or (frozenset(), ())
            start, end = found[at][1], found[at + size - 1][2]
            before = start == 0 or text[start - 1].isspace() or text[start].isspace()
            after = end == len(text) or text[end].isspace()
            items.append(Item(tuple(words[at : at + size]), roles, concepts, before, after))
            at += size
        return items

    def _longest_at(self, words: list[str], at: int) -> int:
        if words[at] in self._heads or words[at].isdigit():
            for size in range(min(self.longest, len(words) - at), 0, -1):
                if self._known(words[at : at + size]):
                    return size
        return 1

    def _known(self, words: list[str]) -> tuple[frozenset[str], tuple[str, ...]] | None:
        """The term of these words, a whole number standing for `#`."""
        found = self.terms.get(tuple(words))
        if found is None and any(word.isdigit() for word in words):
            found = self.terms.get(tuple("#" if word.isdigit() else word for word in words))
        return found
