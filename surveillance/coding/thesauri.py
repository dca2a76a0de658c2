"""The thesauri: what a code sent by an association means, on a given day, and its nearest CIM-10 code."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict

from surveillance.coding.cim10 import normalise_cim10
from surveillance.coding.cim10_codes import CodeList, load_codes
from surveillance.content import Content, load
from surveillance.errors import ContentError

__all__ = ["CIM10", "Entry", "Thesaurus", "fold_label", "load_thesauri", "normalise_cim10"]

FOLDER = "extracts/thesauri/"
CIM10 = "CIM10"  # the thesaurus of feeds whose diagnoses are CIM-10 codes
COLUMNS = ["kind", "code", "label", "cim10", "lossy", "valid_from", "valid_to"]


class ThesaurusHead(BaseModel):
    """The file `<id>.toml`: how codes are compared, and whether codes outside the table are known (`open`)."""

    model_config = ConfigDict(extra="forbid")
    id: str
    version: str
    status: Literal["example", "agreed", "standard"]
    label: str
    spelling: Literal["label", "code", "cim10"]
    open: bool = False
    source: str


@dataclass(frozen=True)
class Entry:
    """One code during one period. `cim10` is empty where no code is near; `lossy`: it says more, or less."""

    kind: str
    code: str
    label: str
    cim10: str
    lossy: bool = False
    valid_from: date | None = None
    valid_to: date | None = None

    def valid_on(self, day: date) -> bool:
        """Was the code in use that day? Both ends are included."""
        return (self.valid_from or date.min) <= day <= (self.valid_to or date.max)


class WrongCode(ValueError):
    """A CIM-10 code that does not exist: the sentence, and what to do about it."""


def fold_label(text: str) -> str:
    """Capitals, without accents, commas or apostrophes, single spaces: `Crise d'asthme` is CRISE D ASTHME."""
    plain = unicodedata.normalize("NFKD", text.replace("œ", "oe").replace("Œ", "OE"))
    plain = "".join(char for char in plain if not unicodedata.combining(char)).upper()
    return " ".join(re.sub(r"[',’]", " ", plain).split())


def _fold_code(text: str) -> str:
    return re.sub(r"\s+", "", text).upper()


SPELLINGS: dict[str, Callable[[str], str]] = {
    "label": fold_label,
    "code": _fold_code,
    "cim10": lambda text: normalise_cim10(text) or _fold_code(text),
}


@dataclass(frozen=True)
class Thesaurus:
    """A thesaurus in force: its head, and the entries of each (kind, code).

    `categories`: of an open one, the CIM-10 categories that exist; None = every code of the right shape is known.
    """

    id: str
    version: str
    status: str
    label: str
    spelling: str
    open: bool = False
    source: str = ""
    entries: dict[tuple[str, str], tuple[Entry, ...]] = field(default_factory=dict, repr=False)
    categories: frozenset[str] | None = field(default=None, repr=False)

    def has_category(self, cim10: str) -> bool:
        """Does the category of a CIM-10 code exist (J23 does not)?"""
        return self.categories is None or cim10[:3] in self.categories

    def normalise(self, code: str) -> str:
        """The code as this thesaurus spells it; a code it does not know is only tidied."""
        return SPELLINGS[self.spelling](code)

    def lookup(self, code: str, day: date, kind: str = "diag") -> Entry | None:
        """What the code meant that day, or None: counting unknown codes is the caller's."""
        spelled = self.normalise(code)
        for entry in self.entries.get((kind, spelled), ()):
            if entry.valid_on(day):
                return entry
        cim10 = normalise_cim10(spelled) if self.open else None
        return Entry(kind, cim10, "", cim10) if cim10 and self.has_category(cim10) else None

    def spans(self, code: str, kind: str = "diag") -> list[tuple[date, date, Entry]]:
        """What the code means on which days: rows (first day, last day, entry), both days included, in order.

        On every day the same as `lookup`; days on which the code is not known are in no row.
        """
        spelled = self.normalise(code)
        found = [
            (entry.valid_from or date.min, entry.valid_to or date.max, entry)
            for entry in self.entries.get((kind, spelled), ())
        ]
        cim10 = normalise_cim10(spelled) if self.open else None
        if cim10 and self.has_category(cim10):
            found += [(*gap, Entry(kind, cim10, "", cim10)) for gap in _gaps([row[:2] for row in found])]
        return sorted(found, key=lambda row: row[0])

    def codes(self, day: date, kind: str = "diag") -> list[str]:
        """The codes in use that day, in order."""
        known = [(code, found) for (its_kind, code), found in self.entries.items() if its_kind == kind]
        return sorted(code for code, found in known if any(entry.valid_on(day) for entry in found))


def _gaps(taken: list[tuple[date, date]]) -> list[tuple[date, date]]:
    """The days in none of these periods, which do not overlap, as periods."""
    free, begin = [], date.min
    for first, last in sorted(taken):
        if begin < first:
            free.append((begin, first - timedelta(days=1)))
        if last == date.max:
            return free
        begin = last + timedelta(days=1)
    return [*free, (begin, date.max)]


def load_thesauri(content: Content) -> dict[str, Thesaurus]:
    """Every thesaurus in force by its id; ContentError names the file and the line."""
    found: dict[str, Thesaurus] = {}
    codes = load_codes(content)
    for file in content.files(FOLDER):
        if not file.rel.endswith(".toml"):
            continue
        head = load(content, file.rel, ThesaurusHead)
        if f"{FOLDER}{head.id}.toml" != file.rel:
            raise ContentError(file.rel, "id", f"{head.id!r} is not the name of the file")
        table = f"{FOLDER}{head.id}.csv"
        if not content.has(table) and not head.open:
            raise ContentError(table, "", "this thesaurus has no table", "or say open = true in its TOML file")
        spell, text = SPELLINGS[head.spelling], content.text(table) if content.has(table) else ""
        entries = read_entries(table, text, spell, codes) if text else {}
        found[head.id] = Thesaurus(
            **head.model_dump(), entries=entries, categories=codes.categories if head.open else None
        )
    return found


def read_entries(
    file: str, text: str, spell: Callable[[str], str], codes: CodeList
) -> dict[tuple[str, str], tuple[Entry, ...]]:
    """The table of a thesaurus (columns COLUMNS) by kind and code; a wrong line is a ContentError."""
    reader = csv.DictReader(text.splitlines())
    if reader.fieldnames != COLUMNS:
        raise ContentError(file, "", f"the columns must be {','.join(COLUMNS)}", line=1)
    found: dict[tuple[str, str], tuple[Entry, ...]] = {}
    for row in reader:
        try:
            entry = _entry(row, spell)
            if entry.cim10 and not codes.exists(entry.cim10):
                raise WrongCode(f"no such CIM-10 code: {entry.cim10}", codes.hint(entry.cim10))
            others = found.get((entry.kind, entry.code), ())
            if any(_overlap(entry, other) for other in others):
                raise ValueError("this code is already there for the same days")
        except ValueError as error:
            hint = error.args[1] if isinstance(error, WrongCode) else ""
            raise ContentError(file, row["code"] or "code", error.args[0], hint, reader.line_num) from error
        found[entry.kind, entry.code] = (*others, entry)
    return found


def _entry(row: dict[str, str], spell: Callable[[str], str]) -> Entry:
    if None in row or None in row.values():
        raise ValueError(f"there must be {len(COLUMNS)} values on the line")
    cim10 = normalise_cim10(row["cim10"]) if row["cim10"] else ""
    if cim10 is None:
        raise ValueError(f"{row['cim10']!r} has not the shape of a CIM-10 code")
    if row["kind"] not in ("diag", "motif") or row["lossy"] not in ("0", "1") or not row["code"].strip():
        raise ValueError("kind must be diag or motif, lossy 0 or 1, and the code not empty")
    start, end = (date.fromisoformat(row[name]) if row[name] else None for name in ("valid_from", "valid_to"))
    return Entry(row["kind"], spell(row["code"]), row["label"], cim10, row["lossy"] == "1", start, end)


def _overlap(one: Entry, other: Entry) -> bool:
    low, high = date.min, date.max
    return (one.valid_from or low) <= (other.valid_to or high) and (other.valid_from or low) <= (one.valid_to or high)
