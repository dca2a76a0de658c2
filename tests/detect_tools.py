"""Expected figures of the reference implementations, and how an answer is held against them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from surveillance.detection.judged import Array, Series

FOLDER = Path(__file__).parent / "detection"
TOLERANCE = 1e-6


def expected(name: str) -> pd.DataFrame:
    """A file of tests/detection."""
    return pd.read_csv(FOLDER / f"{name}.csv.gz")


def series_of(name: str, columns: str = "observed", ids: list[str] | None = None) -> tuple[Series, list[str]]:
    """The synthetic series of a file, and their ids: time × series."""
    frame = expected(name)
    wide = frame.pivot_table(index="t", columns="series_id", values=columns, dropna=False)
    wide = wide[ids] if ids else wide
    dates = frame.drop_duplicates("t").sort_values("t")["date"].to_numpy("datetime64[D]")
    return Series(wide.to_numpy(float), dates), [str(name) for name in wide.columns]


def agree(mine: Array, theirs: pd.Series) -> None:  # type: ignore[type-arg]
    """To 1e-6, relative, or absolute below 1; missing where missing."""
    wanted = theirs.to_numpy(float)
    assert np.array_equal(np.isnan(mine), np.isnan(wanted))
    gap = np.abs(mine - wanted) / np.maximum(1.0, np.abs(wanted))
    assert not (gap > TOLERANCE).any(), float(np.nanmax(gap))


def at(values: Array, frame: pd.DataFrame, ids: list[str], time: str = "t") -> Array:
    """The values of a method at the rows of a file of expected figures."""
    places = [ids.index(name) for name in frame["series_id"]]
    return np.asarray(values)[frame[time].to_numpy(int) - 1, places]
