"""The dictionary of call reasons as the coder reads it: words and signs, the longest term, one slip of spelling."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import product

# A number with its decimal or degree sign (39°5, 38,7), a word, or one sign.
TOKEN = re.compile(r"\d+(?:[.,]\d{1,2}(?!\d)|\s?°\s?\d(?!\d)(?!\s?(?:j|ans|mois|h)\b))?\s?°?|[a-z]+|[^\sa-z0-9]")
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
    ordinary: frozenset[str] = frozenset()
    _vocabulary: set[str] = field(default_factory=set)
    _near: dict[str, set[str]] = field(default_factory=dict)
    _sounds: dict[str, str] = field(default_factory=dict)
    _heads: set[str] = field(default_factory=set)

    def add(self, patterns: Iterable[str], role: str, concepts: tuple[str, ...] = ()) -> None:
        """Terms of one role; a wording that has a role already gets one more."""
        for wording in (one for pattern in patterns for one in expand(pattern)):
            words = tuple(found.strip() for found in TOKEN.findall(wording))
            roles, known = self.terms.get(words, (frozenset(), ()))
            self.terms[words] = (roles | {role}, known or concepts)
            self.longest = max(self.longest, len(words))
            self._heads.add(words[0])
            self._vocabulary.update(words)

    def freeze(self) -> None:
        """Index the vocabulary for spelling: the words of six letters or more that terms are made of."""
        targets = {w for words, (roles, _) in self.terms.items() if "term" in roles for w in words if len(w) >= 6}
        for word in sorted(targets):
            for shorter in _deletions(word):
                self._near.setdefault(shorter, set()).add(word)
            self._sounds.setdefault(sound(word), word)

    def correct(self, word: str) -> str:
        """The word of the vocabulary that it is a slip of, else the word itself."""
        if len(word) < 6 or word in self._vocabulary or word in self.ordinary:
            return word
        found: set[str] = set()
        for shorter in _deletions(word):
            found |= self._near.get(shorter, set())
        ranked = sorted((distance(word, one), one) for one in found if one[0] == word[0])
        if ranked and ranked[0][0] <= (1 if min(len(word), len(ranked[0][1])) < 9 else 2):
            return ranked[0][1]
        return self._sounds.get(sound(word), word)

    def items(self, text: str) -> list[Item]:
        """The text as items, the longest term first from left to right."""
        found = [(m[0].strip(), m.start(), m.end()) for m in TOKEN.finditer(text)]
        words = [self.correct(word) for word, _, _ in found]
        items: list[Item] = []
        at = 0
        while at < len(words):
            size = self._longest_at(words, at)
            roles, concepts = self.terms.get(tuple(words[at : at + size]), (frozenset(), ()))
            start, end = found[at][1], found[at + size - 1][2]
            before = start == 0 or text[start - 1].isspace() or text[start].isspace()
            after = end == len(text) or text[end].isspace()
            items.append(Item(tuple(words[at : at + size]), roles, concepts, before, after))
            at += size
        return items

    def _longest_at(self, words: list[str], at: int) -> int:
        if words[at] in self._heads:
            for size in range(min(self.longest, len(words) - at), 0, -1):
                if tuple(words[at : at + size]) in self.terms:
                    return size
        return 1


def sound(word: str) -> str:
    """A rough key of how a French word sounds: `urinere` and `urinaire` have the same."""
    for spelled, heard in (
        ("ph", "f"),
        ("eau", "o"),
        ("au", "o"),
        ("ai", "e"),
        ("ei", "e"),
        ("qu", "k"),
        ("y", "i"),
    ):
        word = word.replace(spelled, heard)
    word = re.sub(r"(?<!c)h", "", word)
    return re.sub(r"(.)\1", r"\1", word).rstrip("esx")


def _deletions(word: str) -> set[str]:
    once = {word[:i] + word[i + 1 :] for i in range(len(word))}
    if len(word) < 9:
        return once | {word}
    return once | {word} | {one[:i] + one[i + 1 :] for one in once for i in range(len(one))}


def distance(one: str, other: str) -> int:
    """Edits between two words; two neighbouring letters swapped are one edit (optimal string alignment)."""
    rows = [list(range(len(other) + 1))]
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            row.append(min(rows[-1][j] + 1, row[j - 1] + 1, rows[-1][j - 1] + (a != b)))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                row[j] = min(row[j], rows[-2][j - 2] + 1)
        rows.append(row)
    return rows[-1][-1]
