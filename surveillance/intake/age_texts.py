"""Ages written with their unit: `P8M` (ISO 8601, one unit) or `8|mo` (number and UCUM unit)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

Age = tuple[int | None, int | None]  # completed years; completed months where the unit tells them
UNKNOWN: Age = (None, None)
PATTERNS = {
    "iso8601": re.compile(r"P(?P<n>[0-9]{1,3})(?P<unit>[YMWD])", re.ASCII),
    "ucum": re.compile(r"(?P<n>[0-9]{1,3})\|(?P<unit>a|mo|wk|d)", re.ASCII),
}
YEARS, MONTHS = {"Y", "a"}, {"M", "mo"}
DAYS = {"W": 7, "wk": 7, "D": 1, "d": 1}
MONTH = 365.25 / 12  # days in a month: an age in weeks or days tells its months to within one, as a birth date does not


def age_reader(forms: Sequence[str], highest: int) -> Callable[[str], tuple[Age, str]]:
    """Reads an age as ((years, months), check): years only, when that is what is written.

    The check is "", AGE_UNREADABLE (in none of the forms) or AGE_RANGE (above `highest` years).
    """
    patterns = [PATTERNS[form] for form in forms]

    def read(text: str) -> tuple[Age, str]:
        match = next((found for pattern in patterns if (found := pattern.fullmatch(text))), None)
        if match is None:
            return UNKNOWN, "AGE_UNREADABLE"
        number, unit = int(match["n"]), match["unit"]
        months = None if unit in YEARS else number if unit in MONTHS else int(number * DAYS[unit] / MONTH)
        years = number if months is None else months // 12
        return ((years, months), "") if years <= highest else (UNKNOWN, "AGE_RANGE")

    return read
