"""File names that came from somebody else: which are safe to keep, and how an unsafe one may be shown."""

from __future__ import annotations

import re

# No path separator, no leading dot or dash, no control character, no space: a name can only ever be a name.
SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,120}")


def is_safe(name: str) -> bool:
    """May a file be written under that name?"""
    return SAFE.fullmatch(name) is not None and ".." not in name


def shown(name: str, width: int = 40) -> str:
    """An unsafe name made harmless for a journal or a page: ASCII, no control character, cut."""
    clean = "".join(c if c.isascii() and c.isprintable() and c not in "<>&\"'\\" else "?" for c in name)
    return clean if len(clean) <= width else clean[: width - 3] + "..."
