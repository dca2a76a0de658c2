"""Series of a file judged by a method: one table of an observation a row, in the order of the file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from surveillance.detection.judged import Array, Judged, Method, Series, Status
from surveillance.detection.registry import said
from surveillance.detection.series_file import Batch, SeriesFile
from surveillance.errors import UsageError

CELLS = 1 << 22  # counts that a method is given at once
FIGURES = ("expected", "upperbound", "alarm", "score", "pvalue")
POWERS = 10.0 ** np.arange(23)  # those that a double holds exactly
SIZES = np.array([float(f"1e{power}") for power in range(-330, 309)] + [np.inf])  # from 10^-330
INTEGERS = {"alarm"}


@dataclass(frozen=True)
class Verdict:
    """rows: a table of an observation judged a row; outside: series that have no row in the range asked for."""

    rows: Any
    outside: int

    def counted(self, column: str) -> dict[str, int]:
        """How often each value of a column is there."""
        found = pc.value_counts(self.rows[column]).to_pylist()
        return {str(one["values"]): one["counts"] for one in found}


def judge(
    file: SeriesFile,
    method: Method,
    settings: dict[str, Any],
    rows: tuple[int, int] | None = None,
    by_date: bool = True,
) -> Verdict:
    """Run the method on every series. rows: first and last position judged, from 1; by_date: False, places only."""
    tables, numbers, outside = [], [], 0
    for batch in file.batches:
        judged = _asked(len(batch.series.counts), rows)
        if judged is not None and not len(judged):
            outside += len(batch.numbers)
            continue
        step = max(1, CELLS // len(batch.series.counts))
        for start in range(0, len(batch.numbers), step):
            part = _part(batch, slice(start, start + step), judged, by_date)
            tables.append(_table(file, part, run(method, part.series, settings), batch.days))
            numbers.append(np.repeat(part.numbers, len(part.series.rows)))
    if not tables:
        raise UsageError(
            f"range={rows[0] if rows else 1}: no series is that long", "positions count from 1 in each series"
        )
    table = pa.concat_tables(tables)
    if len(file.batches) > 1:
        table = table.take(pa.array(np.argsort(np.concatenate(numbers), kind="stable")))
    return Verdict(table, outside)


def run(method: Method, series: Series, settings: dict[str, Any]) -> Judged:
    """What the method says, of the shape that was asked."""
    try:
        with np.errstate(all="ignore"):  # a figure that cannot be is NaN, and its status says why
            found = method.run(series, **settings)
    except (ValueError, ArithmeticError, IndexError) as error:
        if not settings:
            raise
        written = ", ".join(f"{name}={said(value)}" for name, value in settings.items())
        hint = "`surveillance detect --list` says what its settings may be"
        raise UsageError(f"{method.name} has no answer with {written}: {error}", hint) from error
    shape = (len(series.rows), series.counts.shape[1])
    assert found.alarm.shape == shape, f"{method.name} says {found.alarm.shape}, not {shape}"
    return found


def _asked(length: int, rows: tuple[int, int] | None) -> NDArray[np.intp] | None:
    return None if rows is None else np.arange(rows[0] - 1, min(rows[1], length), dtype=np.intp)


def _part(batch: Batch, columns: slice, judged: NDArray[np.intp] | None, by_date: bool) -> Batch:
    series = batch.series
    population = None if series.population is None else series.population[:, columns]
    dates = series.dates if by_date else None
    counts = np.ascontiguousarray(series.counts[:, columns])
    part = replace(series, counts=counts, dates=dates, population=population, judged=judged)
    return Batch(batch.numbers[columns], part, batch.days)


def _table(file: SeriesFile, batch: Batch, found: Judged, days: NDArray[np.str_] | None) -> Any:
    """One row an observation, series by series."""
    rows, width = batch.series.rows, len(batch.numbers)
    keys = file.keys.take(pa.array(np.repeat(batch.numbers, len(rows))))
    columns = {name: keys[name].combine_chunks() for name in keys.column_names}
    columns["k"] = pa.array(np.tile(rows + 1, width))
    texts = np.full(len(batch.series.counts), None, object) if days is None else days.astype(object)
    columns["date"] = pa.DictionaryArray.from_arrays(
        pa.array(np.tile(np.arange(len(rows)), width).astype(np.int32)), pa.array(texts[rows], pa.string())
    ).cast(pa.string())
    columns["observed"] = figures(batch.series.counts[rows])
    for name in FIGURES:
        values = figures(getattr(found, name))
        columns[name] = values.cast(pa.int64()) if name in INTEGERS else values
    words = pa.array([status.word for status in Status])
    columns["status"] = pa.DictionaryArray.from_arrays(_flat(found.status), words).cast(pa.string())
    for name, own in found.more.items():
        numeric = own.dtype.kind in "biuf"
        columns[name] = figures(own.astype(float)) if numeric else pa.array(_flat(own), pa.string(), from_pandas=True)
    return pa.table(columns)


def _flat(values: NDArray[Any]) -> NDArray[Any]:
    """Series by series, of an array rows × series."""
    return np.ascontiguousarray(values.T).reshape(-1)


def figures(values: Array) -> Any:
    """Numbers series by series at 15 significant digits, as R writes them; null where there is none."""
    flat = fifteen_digits(_flat(values))
    return pa.array(flat, mask=np.isnan(flat))


def fifteen_digits(values: Array) -> Array:
    """The doubles nearest to the values cut to 15 significant digits: written shortest, they have no more."""
    size = np.abs(values)
    with np.errstate(all="ignore"):
        exponent = np.floor(np.frexp(size)[1] * 0.30102999566398).astype(np.int64) - 1
        exponent += size >= SIZES[np.clip(exponent + 331, 0, len(SIZES) - 1)]
        places = 14 - exponent
        easy = (places >= 0) & (places < len(POWERS)) & np.isfinite(values)
        scale = POWERS[np.clip(places, 0, len(POWERS) - 1)]
        found = np.where(easy, np.rint(values * scale) / scale, values)
    hard = np.flatnonzero(~easy & np.isfinite(values) & (values != 0))
    found[hard] = [float(f"{value:.15g}") for value in values[hard].tolist()]
    return found
