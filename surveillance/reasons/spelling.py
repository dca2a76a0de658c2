"""How words of call reasons are misspelt: one slip, a sound written otherwise, a word cut short, two words glued."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

SLIP, TWO_SLIPS, SOUND, CUT, GLUED = 6, 9, 5, 4, 10  # letters from which each is read; shorter words are as written
SHORTEST = 4  # letters of a word that another may sound like, or be glued from
SOUNDS = (
    (r"ph", "f"), (r"eau|au", "o"), (r"(ai|ei)(?!n(?:[^aeiouyn]|$))", "e"), (r"y", "i"), (r"sc(?=[ei])", "s"),
    (r"c(?=[ei])", "s"), (r"ch(?=[rlio])|ck|qu|k|c(?=[aoulrt]|$)", "k"), (r"(?<!c)h", ""), (r"g(?=[ei])", "j"),
    (r"tion", "sion"),
    (r"[ae][nm](?=[^aeiounm]|$)", "an"), (r"om(?=[bp])", "on"), (r"im(?=[bp])", "in"), (r"(.)\1+", r"\1"),
)  # fmt: skip


@dataclass
class Spelling:
    """Corrects unknown words to words that terms are made of; `ordinary`: words near a term that are not it."""

    ordinary: frozenset[str] = frozenset()
    aliases: Mapping[str, str] = field(default_factory=dict)  # what short forms stand for
    dotted: frozenset[str] = frozenset()  # abbreviations after which a full stop ends nothing
    known: set[str] = field(default_factory=set)
    _near: dict[str, set[str]] = field(default_factory=dict)
    _sounds: dict[str, str] = field(default_factory=dict)
    _starts: dict[str, dict[tuple[str, ...], str]] = field(default_factory=dict)  # concepts → shortest such word
    _seen: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def learn(
        self, words: Iterable[str], terms: Iterable[tuple[tuple[str, ...], tuple[str, ...]]], cues: Iterable[str] = ()
    ) -> None:
        """Know `words`; take as targets the words of `terms`, given with their concepts, and of `cues`."""
        self.known.update(words)
        listed = sorted(terms, key=lambda term: (len(term[0]), len(term[0][0]), term))
        alone = {said[0] for said, _ in listed if len(said) == 1 and said[0].isalpha()}
        said_in = {word for said, _ in listed for word in said} | set(cues)
        for word in sorted(word for word in said_in if len(word) >= SLIP and word.isalpha()):
            for shorter in _deletions(word):
                self._near.setdefault(shorter, set()).add(word)
            self._sounds.setdefault(sound(word), word)
        for word in sorted(word for word in alone if len(word) >= SHORTEST):
            self._sounds.setdefault(sound(word), word)
        for said, concepts in listed:
            if len(said) == 1:
                for size in range(CUT, len(said[0])):
                    self._starts.setdefault(said[0][:size], {}).setdefault(concepts, said[0])

    def read(self, word: str) -> tuple[str, ...]:
        """The word as it was meant: itself, the word it is a slip of, or the two it is glued from."""
        if word in self.aliases:
            return tuple(self.aliases[word].split())
        if len(word) < CUT or word in self.known or word in self.ordinary or not word.isalpha():
            return (word,)
        if word not in self._seen:
            if len(self._seen) > 50_000:
                self._seen.clear()
            self._seen[word] = self._meant(word)
        return self._seen[word]

    def _meant(self, word: str) -> tuple[str, ...]:
        one = self._cut(word) or self._slip(word) or self._heard(word)
        return (one,) if one else self._glued(word) or (word,)

    def _slip(self, word: str) -> str:
        """A word of the same first letter, one edit away, or two between long words."""
        if len(word) < SLIP:
            return ""
        found = {one for shorter in _deletions(word) for one in self._near.get(shorter, ())}
        ranked = sorted((distance(word, one), one) for one in found if one[0] == word[0])
        if ranked and ranked[0][0] <= (1 if min(len(word), len(ranked[0][1])) < TWO_SLIPS else 2):
            return ranked[0][1]
        return ""

    def _heard(self, word: str) -> str:
        return self._sounds.get(sound(word), "") if len(word) >= SOUND else ""

    def _cut(self, word: str) -> str:
        """The shortest term that begins so, when all that do mean the same."""
        found = self._starts.get(word, {})
        return next(iter(found.values())) if len(found) == 1 else ""

    def _glued(self, word: str) -> tuple[str, ...]:
        if len(word) >= GLUED:
            for at in range(SHORTEST, len(word) - SHORTEST + 1):
                if word[:at] in self.known and word[at:] in self.known:
                    return word[:at], word[at:]
        return ()


def sound(word: str) -> str:
    """A rough key of how a French word sounds: `urinere` and `urinaire` have the same."""
    for spelled, heard in SOUNDS:
        word = re.sub(spelled, heard, word)
    return word.rstrip("esx")


def _deletions(word: str) -> set[str]:
    once = {word[:i] + word[i + 1 :] for i in range(len(word))}
    if len(word) < TWO_SLIPS:
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
