"""Which files an association has had a receipt for (state: receipts/CODE.json), by the hash of the file's content."""

from __future__ import annotations

import json
from pathlib import Path

from surveillance.files import write_atomic


class Ledger:
    """The receipts put into one association's folder: {SHA-256 of the file, or SHA-256/held, /released: name}."""

    def __init__(self, state: Path, code: str) -> None:
        self.path = state / "receipts" / f"{code}.json"
        self.put: dict[str, str] = {}
        if self.path.is_file():
            self.put = json.loads(self.path.read_text(encoding="utf-8"))

    def had(self, key: str) -> bool:
        """Has a receipt been put for these bytes, whatever their name and night?"""
        return key in self.put

    def note(self, key: str, name: str) -> None:
        """Remember a receipt that was put and proven."""
        self.put[key] = name
        write_atomic(self.path, (json.dumps(self.put, indent=0) + "\n").encode())
