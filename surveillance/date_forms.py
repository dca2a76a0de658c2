"""The forms in which dates and hours may be declared: digits of full width, nothing left to guess."""

from __future__ import annotations

import re

PARTS = {
    "%d": "(?P<d>[0-9]{2})", "%m": "(?P<m>[0-9]{2})", "%Y": "(?P<Y>[0-9]{4})", "%H": "(?P<H>[0-9]{2})",
    "%M": "(?P<M>[0-9]{2})", "%S": r"(?P<S>[0-9]{2})(?:\.[0-9]{1,6})?", "%z": "(?P<z>Z|[+-][0-9]{2}:?[0-9]{2})",
    "%:z": "(?P<z>[+-][0-9]{2}:[0-9]{2})",  # Z, which says no place, is not admitted

}  # fmt: skip
DAY, HOUR = {"%d", "%m", "%Y"}, {"%H", "%M"}
# Two digits leave the century to a guess: 04/01/26 is a visit of today, a birth of 1926, or the year 4.
TWO_DIGITS = "%y: a year of two digits is not read, its century would be guessed; ask for years of four digits (%Y)"


def compile_form(form: str) -> re.Pattern[str]:
    """A pattern for a form such as `%d/%m/%Y`: ASCII digits of full width, nothing around them."""
    pieces = re.split(r"(%:z|%.)", form)
    if "%y" in pieces:
        raise ValueError(TWO_DIGITS)
    unknown = [piece for piece in pieces if piece.startswith("%") and piece not in PARTS]
    if unknown:
        raise ValueError(f"unknown part {unknown[0]} in the form {form!r}")
    if len(set(pieces) & PARTS.keys()) < sum(piece in PARTS for piece in pieces):
        raise ValueError(f"a part stands twice in the form {form!r}")
    return re.compile("".join(PARTS.get(piece) or re.escape(piece) for piece in pieces))


def check_form(form: str, needed: set[str]) -> str:
    """The form itself, when it can be read and holds the parts that are needed; ValueError says what is wrong."""
    compile_form(form)
    lacking = sorted(part for part in needed if part not in form)
    if lacking:
        raise ValueError(f"the form {form!r} lacks {', '.join(lacking)}")
    return form


def day_first(form: str) -> bool:
    """Does the day stand before the month (`%d/%m/%Y`)?"""
    return -1 < form.find("%d") < form.find("%m")


def swapped(form: str) -> str:
    """The form with day and month in each other's place."""
    return form.replace("%d", "\0").replace("%m", "%d").replace("\0", "%m")
