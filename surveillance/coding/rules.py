"""The rules by which the store codes visits: one row per code seen and definition it counts in, with days and ages."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Any

from surveillance.coding.case_definitions import Syndrome
from surveillance.coding.syndromes import Coder
from surveillance.coding.thesauri import Entry
from surveillance.errors import ContentError

if TYPE_CHECKING:
    import pyarrow as pa

DIAGNOSIS, REASON = "diagnosis", "reason"
BASES = (DIAGNOSIS, REASON)
Seen = tuple[str, str, str]  # kind (diag, motif), thesaurus, code
CONCEPT = "concept"  # the kind of what the coder of call reasons found in a text; it has no thesaurus


class RuleBook:
    """The rules of one coder, kept: a code is asked for once, whatever the number of nights.

    A rule is a row of RULES: on the visit days `first`…`last`, at the ages in completed months (both included).
    """

    def __init__(self, coder: Coder, only: Iterable[str] | None = None) -> None:
        """`only`: the definitions wanted, by id; all of them when nothing is said."""
        self.coder = coder
        self.only = frozenset({one.id for one in coder.syndromes} if only is None else only)
        self._kept: dict[Seen, tuple[tuple[Any, ...], ...]] = {}
        self.concepts = tuple(
            _row((CONCEPT, "", name), one, date.min, date.max)
            for one in coder.syndromes
            if one.reasons and one.id in self.only
            for name in dict.fromkeys(one.reasons.concepts)
        )

    def of(self, seen: Seen) -> tuple[tuple[Any, ...], ...]:
        """The rules of one code."""
        if seen not in self._kept:
            wanted = (
                (one, first, last)
                for first, last, entry in self.spans(seen)
                for one in self.coder.counting(seen[1], entry)
                if one.id in self.only
            )
            rows = (_row(seen, *item) for item in wanted)
            self._kept[seen] = tuple(row for row in rows if row[FIRST] <= row[LAST])
        return self._kept[seen]

    def spans(self, seen: Seen) -> list[tuple[date, date, Entry]]:
        """What a code means on which days; ContentError when its thesaurus is missing."""
        kind, thesaurus, code = seen
        if thesaurus not in self.coder.thesauri:
            raise ContentError(f"extracts/thesauri/{thesaurus}.toml", "", "this thesaurus is missing")
        return self.coder.thesauri[thesaurus].spans(code, kind)

    def rows(self, seen: Iterable[Seen]) -> list[tuple[Any, ...]]:
        """The rules of many codes, and of every concept."""
        return [row for one in seen for row in self.of(one)] + [row for row in self.concepts if row[FIRST] <= row[LAST]]


RULES = (
    "kind", "thesaurus", "code", "basis", "syndrome", "definition", "age_min", "age_max", "principal_only", "first",
    "last",
)  # fmt: skip
FIRST, LAST, SYNDROME = (RULES.index(name) for name in ("first", "last", "syndrome"))
REF = slice(RULES.index("basis"), RULES.index("definition") + 1)


def _row(seen: Seen, one: Syndrome, first: date, last: date) -> tuple[Any, ...]:
    basis = DIAGNOSIS if seen[0] == "diag" else REASON
    rule = one.rule if basis == DIAGNOSIS else one.reason_rule
    return (
        *seen, basis, one.id, one.version, rule.age_min_months, rule.age_max_months, rule.position == "principal",
        max(first, one.since), min(last, one.until or date.max),
    )  # fmt: skip


def rules_table(rows: Iterable[tuple[Any, ...]]) -> pa.Table:
    """Rules as an Arrow table: RULES, and `ref`, a number for basis, syndrome and definition together."""
    import pyarrow as pa

    rows = list(rows)
    refs = {what: place for place, what in enumerate(dict.fromkeys(row[REF] for row in rows))}
    others = {name: pa.int32() for name in ("age_min", "age_max")} | {name: pa.date32() for name in ("first", "last")}
    kinds = others | {"principal_only": pa.bool_()}
    columns = list(zip(*rows, strict=True)) or [()] * len(RULES)
    arrays = [pa.array(values, kinds.get(name, pa.string())) for name, values in zip(RULES, columns, strict=True)]
    numbers = pa.array([refs[row[REF]] for row in rows], pa.int16())
    return pa.table([*arrays, numbers], names=[*RULES, "ref"])


def known_table(book: RuleBook, seen: Iterable[Seen]) -> pa.Table:
    """The days on which codes of diagnoses mean something near a CIM-10 code: thesaurus, code, first, last."""
    import pyarrow as pa

    rows = [
        {"thesaurus": one[1], "code": one[2], "first": first, "last": last}
        for one in seen
        if one[0] == "diag"
        for first, last, entry in book.spans(one)
        if entry.cim10
    ]
    texts = [("thesaurus", pa.string()), ("code", pa.string())]
    return pa.Table.from_pylist(rows, schema=pa.schema([*texts, ("first", pa.date32()), ("last", pa.date32())]))
