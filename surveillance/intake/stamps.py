"""Columns of dates with their hour, all at once: texts of a fixed width by their digits, the others one by one."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from surveillance.intake.coded import Issues, Texts, add_issues, coded
from surveillance.intake.moments import NOWHEN, changes, doubtful, moment_reader

EPOCH = date(1970, 1, 1).toordinal()
NO_DAY = np.iinfo(np.int32).min
WIDTHS = {"%d": 2, "%m": 2, "%Y": 4, "%H": 2, "%M": 2, "%S": 2}
OFFSETS = {"Z": 1, "+0000": 5, "+00:00": 6}
TICK = 15  # minutes: no zone has ever changed its clocks off a quarter of an hour since 1972
Ints = npt.NDArray[np.int32]
Bytes = npt.NDArray[np.uint8]


@dataclass
class Moments:
    """Local days (since 1970-01-01, NO_DAY = none) and minutes of the day (-1 = not known), one item a row."""

    days: Ints
    minutes: Ints

    @classmethod
    def none(cls, size: int) -> Moments:
        """No moment at all."""
        return cls(np.full(size, NO_DAY, np.int32), np.full(size, -1, np.int32))

    @property
    def there(self) -> npt.NDArray[np.bool_]:
        """Which rows have a day."""
        known: npt.NDArray[np.bool_] = self.days != NO_DAY
        return known

    def take(self, codes: npt.NDArray[np.int32]) -> Moments:
        """The moments of those positions."""
        return Moments(self.days[codes], self.minutes[codes])

    def doubts(self, zone: ZoneInfo) -> dict[int, str]:
        """DST_AMBIG or DST_MISSING of the rows whose hour exists twice, or not at all, where clocks change."""
        days = np.unique(self.days[self.there & (self.minutes >= 0)])
        found = {}
        for day in (one for one in days.tolist() if changes(to_date(one), zone)):
            for row in np.flatnonzero(self.days == day).tolist():
                if check := doubtful(to_date(day), int(self.minutes[row]), zone):
                    found[row] = check
        return found


def to_date(day: int) -> date:
    """The date of a number of days since 1970."""
    return date.fromordinal(day + EPOCH)


def to_day(day: date) -> int:
    """The number of days since 1970."""
    return day.toordinal() - EPOCH


class Stamps:
    """Reads columns of moments written in one of some forms; with an offset they are converted to the zone."""

    def __init__(self, forms: list[str], zone: ZoneInfo, missing: frozenset[str]) -> None:
        self.zone, self.missing = zone, missing
        self.one = moment_reader(forms, zone)
        templates = [template for form in forms for template in templates_of(form)]
        shapes = {(template.width, *template.fixed.items()) for template in templates}
        self.templates = templates if len(shapes) == len(templates) else []  # two orders of day and month: one by one

    def column(self, texts: Texts, issues: Issues) -> Moments:
        """The moments of a column; `issues` gains UNREADABLE, DST_AMBIG or DST_MISSING."""
        codes, keys = coded(texts)
        stripped = [key.strip() if key else "" for key in keys]
        wanted = [n for n, text in enumerate(stripped) if text not in self.missing]
        moments = Moments.none(len(keys))
        failed: dict[int, str] = {}
        left = self._by_digits(stripped, wanted, moments, failed)
        for n in left:
            moment, check = self.one(stripped[n])
            if check:
                failed[n] = check
            if moment is not NOWHEN:
                moments.days[n], moments.minutes[n] = to_day(moment[0]), moment[1]
        add_issues(issues, codes, failed)
        return moments.take(codes)

    def _by_digits(self, texts: list[str], wanted: list[int], moments: Moments, failed: dict[int, str]) -> list[int]:
        """Reads the texts that a form of fixed width fits; gives the places of the others."""
        left = np.array(wanted, np.int64)
        array = pa.array([texts[n] for n in wanted], pa.string())
        for template in self.templates:
            fits = np.flatnonzero(pc.equal(pc.binary_length(array), template.width).to_numpy(zero_copy_only=False))
            if not len(fits):
                continue
            rows = letters(array.take(pa.array(fits)), template.width)
            fits, rows = fits[good := template.matches(rows)], rows[good]
            days, minutes, readable = template.read(rows, self.zone)
            places = left[fits]
            moments.days[places[readable]] = days[readable]
            moments.minutes[places[readable]] = minutes[readable]
            failed.update(dict.fromkeys(places[~readable].tolist(), "UNREADABLE"))
            if not template.offset:
                here = moments.take(places[readable].astype(np.int32))
                failed.update({int(places[readable][row]): check for row, check in here.doubts(self.zone).items()})
            rest = np.ones(len(left), bool)
            rest[fits] = False
            left, array = left[rest], array.filter(pa.array(rest))
        return [int(place) for place in left]


def letters(array: pa.Array, width: int) -> Bytes:
    """Texts of one width as a table of their bytes."""
    _, offsets, data = array.buffers()
    first = np.frombuffer(offsets, np.int32)[array.offset] if len(array) else 0
    return np.frombuffer(data or b"", np.uint8)[first : first + len(array) * width].reshape(-1, width)


@dataclass(frozen=True)
class Template:
    """A form of fixed width: where its parts stand, and the letters between them."""

    parts: dict[str, int]
    fixed: dict[int, int]
    offset: str
    width: int

    def matches(self, rows: Bytes) -> npt.NDArray[np.bool_]:
        """Which texts have digits and letters where the form wants them."""
        good = np.ones(len(rows), bool)
        for place, letter in self.fixed.items():
            good &= rows[:, place] == letter
        for part, start in self.parts.items():
            for place in range(start, start + WIDTHS[part]):
                good &= (rows[:, place] >= 48) & (rows[:, place] <= 57)
        if len(self.offset) > 1:
            sign = rows[:, self.width - len(self.offset)]
            good &= (sign == 43) | (sign == 45)
            for place in self._offset_digits():
                good &= (rows[:, place] >= 48) & (rows[:, place] <= 57)
        return good

    def _offset_digits(self) -> list[int]:
        start = self.width - len(self.offset)
        return [start + n for n, letter in enumerate(self.offset) if letter == "0"]

    def read(self, rows: Bytes, zone: ZoneInfo) -> tuple[Ints, Ints, npt.NDArray[np.bool_]]:
        """Local days, minutes, and which of them exist."""
        part = {name: number(rows, start, WIDTHS[name]) for name, start in self.parts.items()}
        hour, minute = part["%H"], part["%M"]
        readable = (hour < 24) & (minute < 60) & (part.get("%S", minute) < 60)
        days, exist = civil_days(part["%Y"], part["%m"], part["%d"])
        readable &= exist
        minutes = hour * 60 + minute
        if self.offset:
            days, minutes, exist = shifted(days, minutes - self._shift(rows), zone, readable)
            readable &= exist
        return days.astype(np.int32), minutes.astype(np.int32), readable

    def _shift(self, rows: Bytes) -> Ints:
        """Minutes east of Greenwich."""
        if len(self.offset) == 1:
            return np.zeros(len(rows), np.int32)
        digits = self._offset_digits()
        size = number(rows, digits[0], 2) * 60 + number(rows, digits[2], 2)
        return np.where(rows[:, self.width - len(self.offset)] == 45, -size, size).astype(np.int32)


def templates_of(form: str) -> list[Template]:
    """The templates of a form; several where an offset may be written in several ways, none for an odd form."""
    pieces = [piece for piece in re.split(r"(%.)", form) if piece]
    known = [piece for piece in pieces if piece in WIDTHS]
    whole = {"%Y", "%m", "%d", "%H", "%M"} <= set(known) and len(known) == len(set(known))
    if not form.isascii() or not whole or "%z" in pieces[:-1]:
        return []
    ways = [tuple(OFFSETS) if piece == "%z" else (piece,) for piece in pieces]
    return [template_of(way, pieces[-1] == "%z") for way in itertools.product(*ways)]


def template_of(pieces: tuple[str, ...], offset: bool) -> Template:
    """The template of a form without alternatives; the last piece may be an offset."""
    parts: dict[str, int] = {}
    fixed: dict[int, int] = {}
    width = 0
    for piece in pieces[:-1] if offset else pieces:
        if piece in WIDTHS:
            parts[piece] = width
        else:
            fixed |= {width + n: ord(letter) for n, letter in enumerate(piece)}
        width += WIDTHS.get(piece, len(piece))
    last = pieces[-1] if offset else ""
    fixed |= {width + n: ord(letter) for n, letter in enumerate(last) if letter in "Z:"}
    return Template(parts, fixed, last, width + len(last))


def number(rows: Bytes, start: int, width: int) -> Ints:
    """The number that some digits write."""
    found = np.zeros(len(rows), np.int32)
    for place in range(start, start + width):
        found = found * 10 + (rows[:, place].astype(np.int32) - 48)
    return found


def civil_days(year: Ints, month: Ints, day: Ints) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Days since 1970-01-01 of the Gregorian calendar, and which dates exist."""
    exist = (year >= 1) & (month >= 1) & (month <= 12) & (day >= 1)
    months = (np.where(exist, year, 1970) - 1970) * 12 + np.where(exist, month, 1) - 1
    starts = months.astype("M8[M]").astype("M8[D]").astype(np.int64)
    lengths = (months + 1).astype("M8[M]").astype("M8[D]").astype(np.int64) - starts
    return (starts + day - 1).astype(np.int32), exist & (day <= lengths)


def shifted(
    days: Ints, minutes: Ints, zone: ZoneInfo, readable: npt.NDArray[np.bool_]
) -> tuple[Ints, Ints, npt.NDArray[np.bool_]]:
    """Days and minutes of Greenwich as local ones, and which of them exist."""
    instants = days.astype(np.int64) * 1440 + minutes
    ticks, codes = np.unique(np.where(readable, instants // TICK, 0), return_inverse=True)
    east = np.array([offset_at(int(tick), zone) for tick in ticks], np.int64)[codes]
    local = instants + np.maximum(east, -1440)
    return (local // 1440).astype(np.int32), (local % 1440).astype(np.int32), east > -1440 * 9


def offset_at(tick: int, zone: ZoneInfo) -> int:
    """Minutes east of Greenwich in that quarter of an hour; a very negative number outside the calendar."""
    try:
        instant = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(minutes=tick * TICK)
        shift = instant.astimezone(zone).utcoffset()
    except OverflowError:
        return -1440 * 10
    return int((shift or timedelta()).total_seconds() // 60)
