"""File names that came from somebody else: which are safe to keep, and how an unsafe one may be shown."""

from __future__ import annotations

import re

# No path separator, no leading dot or dash, no control character, no space: a name can only ever be a name.
SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,120}")

ENDINGS = (".csv", ".gz", ".xml", ".jsonl", ".txt", ".zip")  # say what a file is, never whose


def is_safe(name: str) -> bool:
    """May a file be written under that name?"""
    return SAFE.fullmatch(name) is not None and ".." not in name


def shown(name: str, width: int = 40) -> str:
    """The shape of an unsafe name, for a journal or a page: `aaaa 9999.csv`, cut. It may hold a patient's name."""
    shape = "".join("a" if c.isalpha() else "9" if c.isdigit() else c if c in " ._-" else "?" for c in name)
    stem, dot, ending = shape.rpartition(".")
    if dot and name.lower().endswith(ENDINGS):
        shape = stem + dot + name[-len(ending) :].lower()
    return shape if len(shape) <= width else shape[: width - 3] + "..."
