"""The night a feed's file was made for, read from its name as the association's dialect says."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta

from surveillance.content import Content
from surveillance.dialects import load_dialects

NightOf = Callable[[str, str], date | None]  # (dialect, file name) -> night
DAY = re.compile(r"(20\d\d)-?([01]\d)-?([0-3]\d)")


def night_in_name(dialect: str, name: str) -> date | None:
    """The night after the first date in a name: for dialects that say nothing of their names."""
    if not (found := DAY.search(name)):
        return None
    try:
        return date(*map(int, found.groups())) + timedelta(days=1)
    except ValueError:
        return None


def names_of(content: Content) -> NightOf:
    """The reader of names that the dialects in force describe."""
    dialects = load_dialects(content)

    def night_of(dialect: str, name: str) -> date | None:
        if dialect not in dialects:
            return night_in_name(dialect, name)
        visit_day, _ = dialects[dialect].read_name(name)
        return visit_day + timedelta(days=1) if visit_day else None

    return night_of
