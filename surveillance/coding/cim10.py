"""The shape of a CIM-10 code: one spelling for all of J219, J21.9 and U07.1.0, and patterns such as J09-J11."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

# A letter and two digits, then the subdivision: digits, the French extension "+1" of the PMSI, or both.
SHAPE = re.compile(r"^([A-Z]\d\d)(\d{0,3}(?:\+\d{1,2})?)$")


@lru_cache(maxsize=16_384)
def normalise_cim10(text: str) -> str | None:
    """The canonical spelling (J21.9, U07.10, R53.+1), or None when the text has not the shape of a CIM-10 code.

    Dots, spaces, case, the dagger and star of the double coding and a closing `.-` make no difference: the dot may
    stand anywhere (`U07.1.0` is how SOS Médecins writes U07.10, Thiam et al., RESP 2022;70:S200).
    """
    bare = re.sub(r"[\s.]", "", text).upper().rstrip("-*†+")
    found = SHAPE.match(bare)
    if found is None:
        return None
    return f"{found[1]}.{found[2]}" if found[2] else found[1]


@dataclass(frozen=True)
class Pattern:
    """A code with all that lies below it (`J21`, `U07.1`), or a range of such (`J09-J11`)."""

    text: str
    first: str
    last: str

    def __contains__(self, code: object) -> bool:
        """Does a canonical code fall under the pattern?"""
        bare = str(code).replace(".", "")
        size = len(self.first)
        return len(bare) >= size and self.first <= bare[:size] <= self.last


def parse_pattern(text: str) -> Pattern:
    """The pattern written `J21`, `U07.1` or `J09-J11`; ValueError says what is wrong with it."""
    ends = [normalise_cim10(part) for part in text.split("-")]
    if len(ends) > 2 or None in ends:
        raise ValueError(f"{text!r} is neither a CIM-10 code nor a range of two, such as 'J09-J11'")
    first, last = (str(ends[0]).replace(".", ""), str(ends[-1]).replace(".", ""))
    if len(first) != len(last) or first > last or (len(ends) == 2 and first == last):
        raise ValueError(f"{text!r} is not a range: write the smaller code first, both of the same length")
    return Pattern(text, first, last)
