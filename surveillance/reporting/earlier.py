"""Seasons before this store: what Santé publique France published, and what a site lays beside it as files.

indicators/history/*.csv (comma, UTF-8): syndrome, week (`2022-W05`), share (0..1 of the coded acts, all ages, France),
source: published, observed or simulated; a chart names the source of each season it draws.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import date

import pandas as pd

from surveillance.clock import week_monday
from surveillance.content import Content
from surveillance.errors import ContentError

RATES = "indicators/published/national_weekly_rates.csv.gz"
FOLDER = "indicators/history/"
SOURCES = ("published", "observed", "simulated")


def earlier_seasons(content: Content) -> pd.DataFrame:
    """Columns syndrome, week_monday, share, source; ContentError names the file and line that is wrong."""
    return pd.concat([published_seasons(content), site_seasons(content)], ignore_index=True)


def published_seasons(content: Content) -> pd.DataFrame:
    """Previous seasons as published (all ages): rates per 100,000 coded acts, as shares."""
    rates = pd.read_csv(io.BytesIO(content.bytes(RATES)), compression="gzip", dtype=str)
    rates = rates[rates["age"] == "all"]
    return pd.DataFrame(
        {
            "syndrome": rates["syndrome"].tolist(),
            "week_monday": [week_monday(week) for week in rates["week"]],
            "share": [float(rate) / 100_000 for rate in rates["rate"]],
            "source": "published",
        }
    )


def site_seasons(content: Content) -> pd.DataFrame:
    """The weeks of every file of indicators/history."""
    rows = [
        _row(file.rel, number, row)
        for file in content.files(FOLDER)
        if file.rel.endswith(".csv")
        for number, row in enumerate(csv.DictReader(content.text(file.rel).splitlines()), 2)
    ]
    return pd.DataFrame(rows, columns=["syndrome", "week_monday", "share", "source"])


def _row(file: str, number: int, row: dict[str, str]) -> tuple[str, date, float, str]:
    for name, holds, wanted in CHECKS:
        if not holds(value := row.get(name) or ""):
            raise ContentError(file, name, f"{value!r} is not {wanted}", line=number)
    return row["syndrome"], week_monday(row["week"]), float(row["share"]), row["source"]


def _is_week(text: str) -> bool:
    try:
        return bool(re.fullmatch(r"\d{4}-W\d\d", text)) and bool(week_monday(text))
    except ValueError:
        return False


def _is_share(text: str) -> bool:
    return bool(re.fullmatch(r"0(\.\d+)?|1(\.0+)?", text))


CHECKS: tuple[tuple[str, Callable[[str], bool], str], ...] = (
    ("syndrome", bool, "the id of a case definition"),
    ("week", _is_week, "an ISO week such as 2022-W05"),
    ("share", _is_share, "a share from 0 to 1, such as 0.0875"),
    ("source", SOURCES.__contains__, f"one of {', '.join(SOURCES)}"),
)
