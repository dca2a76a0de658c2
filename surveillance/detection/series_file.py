"""Series of a CSV file as arrays: those of the same rows in time together, gaps as missing rows."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from surveillance.detection.judged import Array, Series
from surveillance.detection.series_cells import NAMES, UNKNOWN, Cells, Whole, read_cells
from surveillance.errors import UsageError

SPARSE = 50  # times as many rows as are written are believed
LONG = 8  # rows from which the step of a series is its own, not that of the file
DAYS, MONTHS, MONTH_ENDS, ROWS = range(4)  # what time is counted in
CALENDAR = -719162, 2932896  # days from the year 1 to the year 9999
EPOCH = np.datetime64("1970-01-01", "D")


@dataclass(frozen=True)
class Batch:
    """Series of the same rows in time. numbers: which of the file; days: of each row as texts, None where only t is."""

    numbers: NDArray[np.intp]
    series: Series
    days: NDArray[np.str_] | None


@dataclass(frozen=True)
class SeriesFile:
    """The series of a file, numbered in the order in which they come.

    groups: columns that name a series; keys: their values, one row a series. added: rows that were missing between
    others; gapped: how many series they are of. missing: rows without a count.
    """

    groups: tuple[str, ...]
    keys: Any
    batches: tuple[Batch, ...]
    rows: int
    added: int
    gapped: int
    missing: int


class Times(NamedTuple):
    """Of each series: unit of time, step, first row, rows, day of the month. ranks: of each row of the file."""

    unit: Whole
    step: Whole
    first: Whole
    length: Whole
    day: Whole
    ranks: Whole


def read_series(path: Path, groups: tuple[str, ...] = (), only: Collection[str] = (), frequency: int = 0) -> SeriesFile:
    """The series of a file. only: keep these (the first group column); frequency: rows a year, 0: as the days say."""
    cells = read_cells(path)
    observed = cells.column("observed")
    if observed is None:
        raise UsageError(f"{path}:1: observed: no such column", f"it has {', '.join(cells.names)}")
    if not len(cells):
        raise UsageError(f"{path}: no row below the header")
    groups = groups or _group_columns(cells)
    codes, keys = _series_of(cells, groups)
    counts = cells.numbers(observed)
    name = cells.column("population")
    population = cells.numbers(name) if name else None
    if population is not None and np.isnan(population).all():
        population = None
    if only:
        kept = pc.is_in(keys.column(0), value_set=pa.array(list(only))).to_numpy()
        if not kept.any():
            raise UsageError(f"{path}: {groups[0]}: no series is called {', '.join(only)}")
        rows = np.flatnonzero(kept[codes])
    else:
        rows = np.arange(len(counts))
    times = _times(cells, codes, rows, len(keys))
    batches = tuple(_batches(times, codes, rows, counts, population, frequency))
    filled = int(times.length.sum()) - len(rows)
    gapped = int((np.bincount(codes[rows], minlength=len(keys)) < times.length).sum())
    return SeriesFile(groups, keys, batches, len(rows), filled, gapped, int(np.isnan(counts[rows]).sum()))


def _group_columns(cells: Cells) -> tuple[str, ...]:
    if "series_id" in cells.names:
        return ("series_id",)
    known = {name for names in NAMES.values() for name in names}
    return tuple(name for name in cells.names if name and name not in known)


def _series_of(cells: Cells, groups: tuple[str, ...]) -> tuple[NDArray[np.intp], Any]:
    """The number of the series of each row, and what the series are called: a table of a row a series."""
    codes, kinds = np.zeros(len(cells), np.int64), 1
    for name in groups:
        if name not in cells.names:
            raise UsageError(f"{cells.path}:1: --group: no column {name!r}", f"it has {', '.join(cells.names)}")
        coded = cells.columns[name].combine_chunks().dictionary_encode()
        nameless = pc.equal(pc.utf8_trim_whitespace(coded.dictionary.cast(pa.string())), "").to_numpy(False)
        if name == "series_id" and nameless.any():
            lost = np.flatnonzero(nameless[coded.indices.to_numpy()])
            cells.refuse(int(lost[0]), name, "empty", "every row says its series")
        both = pa.array(codes * len(coded.dictionary) + coded.indices.to_numpy()).dictionary_encode()
        codes, kinds = both.indices.to_numpy().astype(np.int64), len(both.dictionary)
    first = np.full(kinds, -1, np.int64)
    first[codes[::-1]] = np.arange(len(codes))[::-1]  # of the numbers put in the same place the last one stays
    keys = pa.table({name: pc.take(cells.columns[name], pa.array(first)) for name in groups})
    if not groups:
        keys = pa.table({"series_id": [cells.path.name.split(".")[0]]})
    if kinds == len(cells) > 1:
        raise UsageError(
            f"{cells.path}: every row would be a series of its own by {', '.join(groups)}",
            "--group NAME names the columns that tell series apart",
        )
    return codes, keys


def _times(cells: Cells, codes: NDArray[np.intp], rows: NDArray[np.intp], number: int) -> Times:
    """When each row is: by its day, or by t in series without any day."""
    days, counted = cells.places("date"), cells.places("t")
    dated = np.zeros(number, bool)
    dated[codes[days != UNKNOWN]] = True
    places = np.where(dated[codes], days, counted)
    lacking = np.flatnonzero(places[rows] == UNKNOWN)
    if len(lacking):
        name = cells.column("date") or cells.column("t")
        if name is None:
            raise UsageError(f"{cells.path}:1: date: no such column", "or t: 1, 2, 3 …")
        cells.refuse(int(rows[lacking[0]]), name, "empty", "every row says when it is")
    order = _in_order(places, codes, rows)
    here, own = places[order], codes[order]
    apart = np.diff(here, prepend=here[0])
    starts = np.flatnonzero(np.diff(own, prepend=-1))
    apart[starts] = 0
    again = apart == 0
    again[starts] = False
    twice = np.flatnonzero(again)
    if len(twice):
        cells.refuse(
            int(order[twice[0]]), cells.column("date") or "t", "the same series has this twice", "one row each"
        )
    times = _steps(here, own, apart, starts, dated, order, number)
    far = np.flatnonzero(times.length > SPARSE * (np.bincount(own, minlength=number) + LONG))
    if len(far):
        last = int(order[np.flatnonzero(own == far[0])[-1]])
        name = cells.column("date") if dated[far[0]] else "t"
        message = f"{int(times.length[far[0]])} rows would lead from the first one of its series to this one"
        cells.refuse(last, name or "t", message, "is it right? a row is expected for each day, week or month")
    return times


def _in_order(places: Whole, codes: NDArray[np.intp], rows: NDArray[np.intp]) -> NDArray[np.intp]:
    """The rows, series by series and in time; most files are so already."""
    here, own = np.diff(places[rows]), np.diff(codes[rows])
    if ((own > 0) | ((own == 0) & (here >= 0))).all():
        return rows
    return rows[np.lexsort((places[rows], codes[rows]))]


def _steps(
    here: Whole, own: NDArray[np.intp], apart: Whole, starts: NDArray[np.intp], dated: NDArray[np.bool_],
    order: NDArray[np.intp], number: int,
) -> Times:  # fmt: skip
    """The step of each series: the greatest that leads to all its rows; months where all are the same day of one."""
    present = own[starts]
    sizes = np.diff(np.append(starts, len(own)))
    months, ends = _months(here)
    least = np.minimum.reduceat(np.where(apart == 0, np.iinfo(np.int64).max, apart), starts)
    inside = (here - months[1])[starts]
    same = np.logical_and.reduceat((here - months[1]) == np.repeat(inside, sizes), starts)
    ending = np.logical_and.reduceat(ends, starts)
    monthly = (sizes > 1) & (least >= 28) & (same | ending) & dated[present]
    unit = np.where(~dated[present], ROWS, np.where(monthly, np.where(same, MONTHS, MONTH_ENDS), DAYS))
    each = np.repeat(np.isin(unit, (MONTHS, MONTH_ENDS)), sizes)
    place = np.where(each, months[0], here)
    step = np.gcd.reduceat(np.where(apart == 0, 0, np.diff(place, prepend=place[0])), starts)
    step = _common_step(step, unit, sizes)
    full = np.zeros((5, number), np.int64)
    ranks = np.zeros(int(order.max()) + 1, np.int64)
    ranks[order] = (place - np.repeat(place[starts], sizes)) // np.repeat(step, sizes)
    last = ranks[order[starts + sizes - 1]]
    full[:, present] = np.stack([unit, step, place[starts], last + 1, inside])
    return Times(full[0], full[1], full[2], full[3], full[4], ranks)


def _months(here: Whole) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """(month since 1970, days to its first since 1970), and whether the day is the last of its month."""
    # Of the days there are, not of millions of rows; places that are only numbered are no days.
    here = np.clip(here, *CALENDAR)
    days = np.arange(here.min(), here.max() + 1)
    back = here - here.min()
    dates = EPOCH + days
    month = dates.astype("datetime64[M]")
    first = month.astype("datetime64[D]").astype(np.int64)
    last = (month + 1).astype("datetime64[D]").astype(np.int64) - 1 == days
    return np.stack([month.astype(np.int64), first])[:, back], last[back]


def _common_step(step: Whole, unit: Whole, sizes: Whole) -> Whole:
    """Weeks (or fortnights) where all days are whole weeks apart, else days; short series step as the long ones do."""
    long = (unit == DAYS) & (sizes >= LONG)
    found = np.where((unit == DAYS) & (step % 7 != 0), 1, step)
    if long.any():
        common = np.gcd.reduce(found[long])
        found = np.where((unit == DAYS) & (sizes < LONG), np.gcd(found, common), found)
    found = np.where(unit == ROWS, 1, found)
    return np.maximum(found, 1)


def _batches(
    times: Times,
    codes: NDArray[np.intp],
    rows: NDArray[np.intp],
    counts: Array,
    population: Array | None,
    frequency: int,
) -> Iterator[Batch]:
    """The series of the same rows, from the first one on."""
    kinds = np.stack(times[:5], axis=1)
    which, inverse = np.unique(kinds, axis=0, return_inverse=True)
    inverse = inverse.reshape(-1)
    for kind, numbers, inside in _apart(which, inverse, codes, rows):
        unit, step, first, length, day = (int(value) for value in which[kind])
        if not length:
            continue
        column = np.empty(len(inverse), np.intp)
        column[numbers] = np.arange(len(numbers))
        at = times.ranks[inside], column[codes[inside]]
        filled = []
        for values in (counts, population):
            array = np.full((length, len(numbers)), np.nan)
            if values is not None:
                array[at] = values[inside]
            filled.append(array)
        dates = _dates(unit, step, first, length, day)
        yearly = frequency or _yearly(unit, step)
        series = Series(filled[0], dates, None if population is None else filled[1], None, yearly)
        yield Batch(numbers, series, None if dates is None else np.datetime_as_string(dates))


def _apart(
    which: Whole, inverse: NDArray[np.intp], codes: NDArray[np.intp], rows: NDArray[np.intp]
) -> Iterator[tuple[int, NDArray[np.intp], NDArray[np.intp]]]:
    """Each kind of series, with its series and its rows."""
    if len(which) == 1:
        yield 0, np.arange(len(inverse)), rows
        return
    of_rows = inverse[codes[rows]]
    series_order, row_order = np.argsort(inverse, kind="stable"), np.argsort(of_rows, kind="stable")
    series_cuts = np.searchsorted(inverse[series_order], np.arange(len(which) + 1))
    row_cuts = np.searchsorted(of_rows[row_order], np.arange(len(which) + 1))
    for kind in range(len(which)):
        numbers = series_order[series_cuts[kind] : series_cuts[kind + 1]]
        yield kind, numbers, rows[row_order[row_cuts[kind] : row_cuts[kind + 1]]]


def _dates(unit: int, step: int, first: int, length: int, day: int) -> NDArray[np.datetime64] | None:
    steps = first + step * np.arange(length)
    if unit == ROWS:
        return None
    if unit == DAYS:
        return np.asarray(EPOCH + steps)
    months = np.datetime64("1970-01", "M") + steps
    if unit == MONTH_ENDS:
        return np.asarray((months + 1).astype("datetime64[D]") - 1)
    return np.asarray(months.astype("datetime64[D]") + day)


def _yearly(unit: int, step: int) -> int:
    """Rows a year: 52 weeks, 365 days, 12 months; of rows that are only numbered, 52."""
    if unit == DAYS:
        return 365 if step == 1 else max(1, 364 // step)
    return 52 if unit == ROWS else max(1, 12 // step)
