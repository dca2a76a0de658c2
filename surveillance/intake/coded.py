"""A column as few values and, for each line, which of them: what makes millions of lines cheap to read."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

T = TypeVar("T")
Text = str | None
Texts: TypeAlias = "Sequence[Text] | pa.Array"
Issues = defaultdict[int, list[str]]  # checks failed, by row
Read = Callable[[str], tuple[T, str]]
Codes = npt.NDArray[np.int32]
REMEMBERED = 200_000  # distinct texts a memo keeps from one part to the next


@dataclass(frozen=True)
class Coded(Generic[T]):
    """`values[codes[row]]` is the value of a row; the same value may stand twice in `values`."""

    codes: Codes
    values: list[T]

    def __len__(self) -> int:
        return len(self.codes)

    def rows(self) -> list[T]:
        """The value of each row."""
        return [self.values[code] for code in self.codes.tolist()]

    def array(self, kind: pa.DataType) -> pa.Array:
        """The column as an Arrow array."""
        return pa.array(self.values, kind).take(pa.array(self.codes))

    def numbers(
        self, kind: type[np.signedinteger[Any]], of: Callable[[T], int] | None = None
    ) -> npt.NDArray[Any]:
        """A number for each row, from that of each value; the values themselves, when they are numbers."""
        return np.array([of(value) for value in self.values] if of else self.values, kind)[self.codes]


def coded(texts: Texts) -> tuple[Codes, list[Text]]:
    """The distinct texts of a column, and which of them each row has."""
    array = texts if isinstance(texts, pa.Array) else pa.array(texts, pa.string())
    found = array.dictionary_encode(null_encoding="encode")
    return found.indices.to_numpy(zero_copy_only=False), found.dictionary.to_pylist()


def add_issues(issues: Issues, codes: Codes, failed: dict[int, str]) -> None:
    """Adds to each row the check that its value failed (`failed`: by code)."""
    if failed:
        bad = np.zeros(max(int(codes.max(initial=0)), max(failed)) + 1, bool)
        bad[list(failed)] = True
        for row in np.flatnonzero(bad[codes]).tolist():
            issues[row].append(failed[int(codes[row])])


class Memo(dict[Text, T], Generic[T]):
    """Reads each distinct text once, from file to file; `checks` are those that reading may fail."""

    def __init__(self, read: Read[T], missing: frozenset[str], nothing: T, *checks: str) -> None:
        super().__init__()
        self.read, self.missing, self.nothing, self.checks = read, missing, nothing, checks
        self.flagged: dict[Text, str] = {}

    def __missing__(self, key: Text) -> T:
        text = key.strip() if key else ""
        value, check = (self.nothing, "") if text in self.missing or not text else self.read(text)
        if check:
            self.flagged[key] = check
        self[key] = value
        return value

    def column(self, texts: Texts, issues: Issues) -> Coded[T]:
        """The values of a column; `issues` gains the checks of the rows that failed one."""
        if len(self) > REMEMBERED:
            self.clear()
            self.flagged.clear()
        codes, keys = coded(texts)
        found = Coded(codes, [self[key] for key in keys])
        if self.flagged:
            add_issues(issues, codes, {n: self.flagged[key] for n, key in enumerate(keys) if key in self.flagged})
        return found


class Hashes(dict[Any, int]):
    """A number of 64 bits for each value of a field: the first half of a SHA-256 over name and value."""

    def __init__(self, field: str) -> None:
        super().__init__()
        self.field = field

    def __missing__(self, value: Any) -> int:
        digest = hashlib.sha256(f"{self.field}\x1f{spelled(value)}".encode()).digest()
        self[value] = int.from_bytes(digest[:8], "big")
        return self[value]

    def of(self, column: Coded[Any]) -> npt.NDArray[np.uint64]:
        """The number of each row."""
        if len(self) > REMEMBERED:
            self.clear()
        return np.array([self[value] for value in column.values], np.uint64)[column.codes]

    def of_numbers(self, numbers: npt.NDArray[Any]) -> npt.NDArray[np.uint64]:
        """The number of each row of a column of small whole numbers."""
        low, high = int(numbers.min(initial=0)), int(numbers.max(initial=0))
        if high - low > 1 << 20:
            distinct, codes = np.unique(numbers, return_inverse=True)
            return np.array([self[int(value)] for value in distinct], np.uint64)[codes]
        there = np.flatnonzero(np.bincount(numbers.astype(np.int64) - low)) + low
        table = np.zeros(high - low + 1, np.uint64)
        table[there - low] = [self[int(value)] for value in there]
        return table[numbers.astype(np.int64) - low]


def spelled(value: Any) -> str:
    """A value as one text: items apart, nested ones too."""
    if isinstance(value, tuple):
        return "\x1e".join(item if isinstance(item, str) else "\x1d".join(item) for item in value)
    return "" if value is None else str(value)
