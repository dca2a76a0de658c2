"""Text for a terminal: 80 columns, in lines that break between words, in letters that it can draw."""

from __future__ import annotations

import os
import sys
import textwrap
import unicodedata

WIDTH = 80
PLAIN = str.maketrans(
    {"–": "-", "→": ">", "…": "~", "·": "|", "’": "'", "«": '"', "»": '"', "œ": "oe", "≥": ">=", "×": "x"}
)


def cut(text: str, width: int = WIDTH) -> str:
    """The text, or what fits of it and a sign that there is more."""
    return text if len(text) <= width else text[: width - 1] + "…"


def wrapped(first: str, text: str) -> list[str]:
    """The text in lines of 80 columns, no word broken: a path, a fingerprint are copied whole."""
    indent = " " * len(first)
    return textwrap.wrap(
        text, WIDTH, initial_indent=first, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def show(text: str) -> None:
    """Print a screen; letters that the terminal cannot draw lose their accents rather than the line."""
    print(plain(text) if not _draws(text) else text)


def plain(text: str) -> str:
    """The same in ASCII."""
    bare = unicodedata.normalize("NFKD", text.translate(PLAIN))
    return bare.encode("ascii", "ignore").decode()


def _draws(text: str) -> bool:
    """Can the terminal show it? In the locale C Python writes UTF-8 all the same, which nobody said is read."""
    named = os.environ.get("LC_ALL") or os.environ.get("LC_CTYPE") or os.environ.get("LANG") or "C"
    if sys.stdout.isatty() and named in ("C", "POSIX"):
        return text.isascii()
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True
