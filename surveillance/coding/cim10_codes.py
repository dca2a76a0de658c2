"""Which CIM-10 codes exist: the codes of extracts/nomenclatures/cim10_codes.csv.gz and cim10_more.csv.

The list is the WHO's; extensions made for France begin beyond the fourth character (ATIH) and are known by what they
extend: U07.10 by U07.1, R53.+1 by R53.
"""

from __future__ import annotations

import csv
import gzip
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache

from surveillance.coding.cim10 import Pattern, normalise_cim10
from surveillance.content import Content
from surveillance.errors import ContentError

FILE = "extracts/nomenclatures/cim10_codes.csv.gz"
MORE = "extracts/nomenclatures/cim10_more.csv"
HINT = f"a code of another edition goes into {MORE}"


@dataclass(frozen=True)
class CodeList:
    """The existing codes without their dots, in order (`J21`, `J210` …)."""

    bare: tuple[str, ...]

    @cached_property
    def known(self) -> frozenset[str]:
        """The same, to look one up."""
        return frozenset(self.bare)

    @cached_property
    def categories(self) -> frozenset[str]:
        """The three-character categories."""
        return frozenset(code for code in self.bare if len(code) == 3)

    @cached_property
    def divided(self) -> frozenset[str]:
        """The categories that have a fourth character in the list."""
        return frozenset(code[:3] for code in self.bare if len(code) > 3)

    def exists(self, code: str) -> bool:
        """Is a canonical code (J21.9, R53.+1) one of the list, or an extension of one?

        The fourth character of a divided category must be in the list (J21.7 is no code); an undivided category takes
        any, as external causes do for the place (W19.0 = at home).
        """
        base = code.replace(".", "").partition("+")[0]
        if base[:4] in self.known:
            return True
        return base[:3] in self.categories and base[:3] not in self.divided

    def lacking(self, pattern: Pattern) -> str:
        """The first end of a pattern that does not exist, or nothing."""
        ends = [spelled for end in pattern.text.split("-") if (spelled := normalise_cim10(end))]
        return next((end for end in ends if not self.exists(end)), "")

    def under(self, pattern: Pattern) -> tuple[str, ...]:
        """The listed codes that fall under a pattern, canonical."""
        low, high = bisect_left(self.bare, pattern.first), bisect_right(self.bare, pattern.last + "\uffff")
        return tuple(str(normalise_cim10(code)) for code in self.bare[low:high])

    def hint(self, code: str) -> str:
        """What to do about a code that does not exist: the fourth characters there are, or another list."""
        if code[:3] not in self.categories:
            return HINT
        there = [str(normalise_cim10(one)) for one in self.bare if one[:3] == code[:3] and len(one) == 4]
        return f"there are {', '.join(there)}; {HINT}"


def load_codes(content: Content) -> CodeList:
    """The list in force, read once in a process."""
    more = [(number, row.get("code") or "") for number, row in enumerate(_rows(content.text(MORE)), 2)]
    for number, code in more:
        if normalise_cim10(code) is None:
            raise ContentError(MORE, "code", f"{code!r} has not the shape of a CIM-10 code", line=number)
    return _parse(content.bytes(FILE), tuple(str(normalise_cim10(code)) for _, code in more))


def _rows(text: str) -> Iterable[dict[str, str]]:
    return csv.DictReader(text.splitlines())


@lru_cache(maxsize=4)
def _parse(packed: bytes, more: tuple[str, ...]) -> CodeList:
    try:
        header, *lines = gzip.decompress(packed).decode("ascii").split()
    except (OSError, EOFError, ValueError) as error:
        raise ContentError(FILE, "", "is not a gzipped list of codes") from error
    if header != "code":
        raise ContentError(FILE, "", "the column must be code", line=1)
    return CodeList(tuple(sorted({code.replace(".", "") for code in (*lines, *more)})))
