"""Declaring days: an entry is tried with all the others before it stands in the site's file."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from surveillance.associations import CLOSURES, load_associations
from surveillance.content import Content
from surveillance.errors import UsageError
from surveillance.files import write_atomic

EMPTY = "closure = []\n"


def add_closure(content: Content, entry: Mapping[str, str | date | None]) -> str:
    """Append a closure to the site's extracts/closures.toml; gives the entry as written.

    UsageError: no site folder. ContentError: the entry is wrong (nothing was written then).
    """
    if content.site is None:
        raise UsageError("the shipped files are not edited", "give --site DIR, the folder of the site")
    text = entry_text(entry)
    whole = content.text(CLOSURES).replace(EMPTY, "").rstrip("\n") + "\n\n" + text
    with tempfile.TemporaryDirectory() as folder:
        trial = Path(folder)
        for rel in ("extracts/associations.toml", CLOSURES):
            write_atomic(trial / rel, whole.encode() if rel == CLOSURES else content.bytes(rel), durable=False)
        load_associations(Content(trial))
    write_atomic(content.site / CLOSURES, whole.encode())
    return text


def entry_text(entry: Mapping[str, str | date | None]) -> str:
    """The entry in TOML; what was not given is left out."""
    lines = ["[[closure]]"]
    for key, value in entry.items():
        if value:
            lines.append(f"{key} = {value.isoformat() if isinstance(value, date) else _quoted(value)}")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # a TOML basic string is a JSON string
