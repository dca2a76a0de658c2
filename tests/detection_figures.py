"""Series and expected figures of the detection tests, and how closely two arrays must agree."""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from surveillance.detection.judged import Array, Series

FOLDER = Path(__file__).parent / "detection"
FIRST = 313  # rows before the first week judged


def figures(name: str) -> pd.DataFrame:
    return pd.read_csv(FOLDER / f"{name}.csv.gz")


def weekly() -> pd.DataFrame:
    """Counts by week (rows) and series (columns)."""
    return figures("weekly_counts").set_index("t")


def last_weeks(names: list[str]) -> Series:
    """The series of these names, of which the last 104 weeks are judged."""
    counts = weekly()[names].to_numpy(float)
    return Series(counts, judged=np.arange(FIRST, len(counts)))


def picked(array: Array, table: pd.DataFrame, names: list[str], first: int = FIRST + 1) -> Array:
    """Values of an array (rows judged × series) at the rows of a table of figures, k the week from 1."""
    column = {name: place for place, name in enumerate(names)}
    return array[table["k"].to_numpy() - first, [column[name] for name in table["series_id"]]]


def assert_equal(found: NDArray[np.float64], expected: pd.Series) -> None:
    """To 1e-6, relative above 1; missing where the figures are."""
    wanted = expected.to_numpy(float)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(wanted))
    known = ~np.isnan(wanted)
    assert np.all(np.abs(found - wanted)[known] <= 1e-6 * np.maximum(1.0, np.abs(wanted[known])))
