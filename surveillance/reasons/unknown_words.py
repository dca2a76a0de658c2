"""Words of call reasons that nobody knows: counted night by night, and kept only where they are nobody's own.

A word is kept when it stood in the texts of a night at least `uses` times and came from at least `associations` of them
(extracts/nomenclatures/reasons.toml, [unknown_words]): a name or an address does not.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

    from surveillance.reasons.coder import UnknownWords

FILE = "reason_words.parquet"
Row = dict[str, Any]  # association, word, uses


def frequent(found: Mapping[str, Mapping[str, int]], rule: UnknownWords) -> list[Row]:
    """The rows to keep, from the uses of each word by association."""
    uses, senders = Counter[str](), defaultdict[str, set[str]](set)
    for association, words in found.items():
        for word, number in words.items():
            uses[word] += number
            senders[word].add(association)
    kept = {word for word, number in uses.items() if number >= rule.uses and len(senders[word]) >= rule.associations}
    return [
        {"association": association, "word": word, "uses": number}
        for association, words in sorted(found.items())
        for word, number in sorted(words.items())
        if word in kept
    ]


def to_table(rows: Iterable[Row]) -> pa.Table:
    """The rows as a table."""
    import pyarrow as pa

    schema = pa.schema([("association", pa.string()), ("word", pa.string()), ("uses", pa.int64())])
    return pa.Table.from_pylist(list(rows), schema=schema)


def word_rows(records: Path) -> list[Row]:
    """The rows kept in the records of a night; none in records of an older version."""
    import pyarrow.parquet as pq

    path = records / FILE
    return list(pq.read_table(path).to_pylist()) if path.is_file() else []


def read_words(records: Path) -> dict[str, Counter[str]]:
    """The same, by association."""
    found: dict[str, Counter[str]] = {}
    for row in word_rows(records):
        found.setdefault(row["association"], Counter())[row["word"]] += row["uses"]
    return found
