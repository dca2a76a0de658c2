"""Which forms the dates and hours of a column prove; what they leave open is said, never settled."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, time

from surveillance.date_forms import compile_form, swapped


def read_by(form: str) -> Callable[[str], bool]:
    """Does a text read in that form, as a day and an hour that exist?"""
    pattern = compile_form(form)

    def read(text: str) -> bool:
        match = pattern.fullmatch(text)
        return match is not None and exists(match.groupdict())

    return read


def exists(part: dict[str, str]) -> bool:
    """Is there such a day, such an hour?"""
    try:
        if "Y" in part:
            date(int(part["Y"]), int(part["m"]), int(part["d"]))
        if "H" in part:
            time(int(part["H"]), int(part["M"]), int(part.get("S") or 0))
    except ValueError:
        return False
    return True


def proven_forms(texts: Iterable[str], candidates: Iterable[str]) -> tuple[list[str], list[str]]:
    """(proven, open): the forms that some text is written in; those of which day and month might be exchanged.

    An order of day and month is proven by a day above 12, and only when no other text proves the opposite.
    """
    distinct = {text.strip() for text in texts}
    readings = {form: {text for text in distinct if read_by(form)(text)} for form in candidates}
    proven, doubtful = [], []
    for form, found in readings.items():
        other = readings.get(swapped(form), set()) if swapped(form) != form else set()
        if not found:
            continue
        if swapped(form) not in readings or (found - other and not other - found):
            proven.append(form)
        elif not (other - found) or found - other:
            doubtful.append(form)
    return proven, doubtful


def two_digit_years(texts: Iterable[str]) -> bool:
    """Are there dates whose year has two digits? No form reads them."""
    return any(re.fullmatch(r"\d{1,2}[/.-]\d{1,2}[/.-]\d{2}( .*)?", text.strip(), re.ASCII) for text in texts)
