"""How the acts of the last nights were coded: shares, and what no nomenclature knows, the most used first."""

from __future__ import annotations

from typing import Any

from surveillance.reporting.data import ReportData, Row, records
from surveillance.reporting.french import number
from surveillance.reporting.rules import Labels

LISTED = 15  # rows of each table; the others are told in one line
# share: (its count, out of which)
SHARES = {
    "coded": "acts", "lossy": "coded", "texts": "acts", "read": "texts", "suspected": "texts", "ambiguous": "texts",
}  # fmt: skip


def coding(data: ReportData, labels: Labels) -> dict[str, Any]:
    """The section on coding: rows of shares, then the tables of unknown codes and of unknown words."""
    found = next(iter(records(data.coding)), {})
    shares = [
        {
            "what": labels.say("coding", name),
            "count": int(found[name]),
            "share": int(found[name]) / int(found[of]) if int(found[of]) else None,
            "of": labels.say("coding", f"of_{of}"),
        }
        for name, of in SHARES.items()
        if found
    ]
    codes: list[tuple[str, ...]] = [
        (str(row["code"]), str(row["thesaurus"]), number(int(row["uses"])), _who(data, row))
        for row in records(data.unknown_codes)
    ]
    words: list[tuple[str, ...]] = [
        (str(row["word"]), number(int(row["uses"])), str(row["associations"])) for row in records(data.unknown_words)
    ]
    return {"shares": shares, "tables": [_table(labels, "codes", codes), _table(labels, "words", words)]}


def _who(data: ReportData, row: Row) -> str:
    """The association, when only one uses the code; else how many."""
    many = int(row["associations"])
    return str(many) if many > 1 else data.place("association", str(row["association"]))


def _table(labels: Labels, name: str, rows: list[tuple[str, ...]]) -> dict[str, Any]:
    left = len(rows) - LISTED
    return {
        "title": labels.say("coding", f"{name}_title"),
        "heads": labels.say("coding", f"{name}_heads").split("|"),
        "rows": rows[:LISTED],
        "more": labels.say("coding", f"{name}_more", number=left) if left > 0 else "",
        "none": labels.say("coding", f"{name}_none"),
    }
