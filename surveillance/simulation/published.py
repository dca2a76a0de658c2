"""The published counts that a simulation must equal: weekly figures, and daily counts when their folder is given.

Sources in indicators/published/ATTRIBUTION.md (Santé publique France, Licence Ouverte 2.0).
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt

from surveillance.clock import monday, week_monday
from surveillance.content import Content
from surveillance.errors import ContentError, UsageError

WEEKLY = "indicators/published/weekly_figures.csv.gz"
WEEK_CLASSES = ("00-04", "05-14", "15-64", "65+", "NR")  # Odissé
DAY_CLASSES = ("0-4", "5-14", "15-44", "45-64", "65-74", "75+", "NR")  # daily file of data.gouv.fr, codes 1..6
WITHIN = (0, 1, 2, 2, 3, 3, 4)  # week class of each day class
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Published:
    """Regions × WEEK_CLASSES × (acts, covid, flu) by Monday; regions × DAY_CLASSES × (acts, covid) by day."""

    regions: tuple[str, ...]
    weeks: dict[date, Counts]
    days: dict[date, Counts]

    def has(self, day: date) -> bool:
        """Are there published counts for that day?"""
        return day in self.days if self.days else monday(day) in self.weeks

    def span(self) -> tuple[date, date]:
        """First and last day covered."""
        if self.days:
            return min(self.days), max(self.days)
        return min(self.weeks), max(self.weeks) + timedelta(days=6)

    def require(self, day: date) -> None:
        """A usage error that names the days covered, unless the day is one of them."""
        if not self.has(day):
            first, last = self.span()
            after = timedelta(days=1)
            hint = f"published counts go from {first} to {last}: nights {first + after} to {last + after}"
            raise UsageError(f"no published counts for {day}, nothing to simulate from", hint)


def load_published(content: Content, counts: Path | None) -> Published:
    """The weekly figures of the content, and the daily files of the folder `counts`."""
    weekly = list(_weekly_rows(content))
    daily = list(_daily_rows(counts)) if counts else []
    regions = tuple(sorted({row[0] for row in weekly} | {row[0] for row in daily}))
    place = {region: index for index, region in enumerate(regions)}
    weeks: dict[date, Counts] = {}
    for region, week, age, weekly_figures in weekly:
        cell = weeks.setdefault(week, np.zeros((len(regions), len(WEEK_CLASSES), 3), np.int64))
        cell[place[region], WEEK_CLASSES.index(age)] = weekly_figures
    days: dict[date, Counts] = {}
    for region, day, code, figures in daily:
        cell = days.setdefault(day, np.zeros((len(regions), len(DAY_CLASSES), 2), np.int64))
        cell[place[region], code - 1] += figures
    for cell in days.values():
        _unknown_age(cell)
    return Published(regions, weeks, days)


def _weekly_rows(content: Content) -> Iterator[tuple[str, date, str, tuple[int, int, int]]]:
    text = gzip.decompress(content.bytes(WEEKLY)).decode()
    for number, row in enumerate(csv.DictReader(text.splitlines()), 2):
        try:
            figures = int(row["acts"]), int(row["covid"]), int(row["flu"])
            yield row["region"], week_monday(row["week"]), row["age"], figures
        except (KeyError, ValueError) as error:
            raise ContentError(WEEKLY, "", "not a row of weekly figures", line=number) from error


def _daily_rows(folder: Path) -> Iterator[tuple[str, date, int, tuple[int, int]]]:
    """Région, day, age code (0 given as 7: its remainder is of unknown age), (acts, covid), if any."""
    files = sorted(folder.glob("sursaud-corona-quot-reg*.csv"))
    if not files:
        raise UsageError(f"{folder}: no file sursaud-corona-quot-reg*.csv", "download it from data.gouv.fr")
    seen: set[tuple[str, str, str]] = set()
    for file in reversed(files):  # the latest file first: days that two files hold are taken from it
        with file.open(encoding="utf-8-sig", newline="") as handle:
            for row in csv.DictReader(handle, delimiter=";"):
                key = row["reg"], row["date_de_passage"], row["sursaud_cl_age_corona"]
                if not row["nbre_acte_tot"] or key in seen or not key[2].isdigit():
                    continue
                seen.add(key)
                figures = int(float(row["nbre_acte_tot"])), int(float(row["nbre_acte_corona"] or 0))
                yield key[0], date.fromisoformat(key[1]), int(key[2]) or 7, figures


def _unknown_age(cell: Counts) -> None:
    """The last class comes as the all-ages row: keep what the other classes leave of it, never less than 0."""
    rest = np.maximum(cell[:, 6] - cell[:, :6].sum(axis=1), 0)
    rest[:, 1] = np.minimum(rest[:, 1], rest[:, 0])
    cell[:, 6] = rest
