"""Servers that refused us since the last night: asking again every few minutes could lock our account."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

from surveillance.files import write_atomic

LASTING = frozenset({"auth", "host_key", "no_pin", "weak_crypto"})  # what a person must repair; the night asks again


class Refusing:
    """Who is left in peace until the next night, and why (state: receive/refusing.json)."""

    def __init__(self, state: Path, night: date) -> None:
        self.path, self.night = state / "receive" / "refusing.json", night.isoformat()
        held = json.loads(self.path.read_text(encoding="utf-8")) if self.path.is_file() else {}
        self.codes: dict[str, str] = held["codes"] if held.get("night") == self.night else {}

    def note(self, association: str, code: str) -> None:
        """Remember a refusal that will not pass by itself."""
        if code in LASTING:
            self.codes[association] = code
            text = json.dumps({"night": self.night, "codes": self.codes}, indent=1)
            write_atomic(self.path, (text + "\n").encode())
