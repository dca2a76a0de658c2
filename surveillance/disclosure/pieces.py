"""Visits by class of every axis, by innermost measure, and by the editions in which they are counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from surveillance.disclosure.sheets import Counter, Edition, Maps

if TYPE_CHECKING:
    import pandas as pd


class NotNested(Exception):
    """A measure that should lie within another counts more somewhere: they cannot be looked at together."""


def pieces_of(chain: Sequence[str], editions: Sequence[Edition], maps: Maps, count: Counter) -> pd.DataFrame:
    """One row per class of every axis, part and life: the axes, part, first, last, value (above 0).

    part: the first measure of the chain it counts in (the other ones hold it too). first, last: the editions (by
    number) between which it counts. What one edition has more or less than the one before is a piece of its own, so
    that visits that came late or went away between two exports are unknowns like the others.
    """
    wide = _wide(chain, editions, maps, count)
    blocks = [_lives(wide, maps, part, len(editions)) for part in range(len(chain))]
    import pandas as pd

    return pd.concat(blocks, ignore_index=True)


def _wide(chain: Sequence[str], editions: Sequence[Edition], maps: Maps, count: Counter) -> pd.DataFrame:
    """One row per class: the axes, and a column (part, edition) of visits for each."""
    import pandas as pd

    keys = list(maps)
    tables = []
    for part, measure in enumerate(chain):
        for n, edition in enumerate(editions):
            table = count(measure, edition, maps).set_index(keys)["visits"]
            tables.append(table[table != 0].rename(f"{part}/{n}"))
    wide = pd.concat(tables, axis=1).fillna(0).astype(np.int64)
    for n in range(len(editions)):
        for part in range(len(chain) - 1, 0, -1):
            wide[f"{part}/{n}"] -= wide[f"{part - 1}/{n}"]
    if (wide.to_numpy() < 0).any():
        raise NotNested(", ".join(chain))
    return wide.reset_index()


def _lives(wide: pd.DataFrame, maps: Maps, part: int, editions: int) -> pd.DataFrame:
    series = wide[[f"{part}/{n}" for n in range(editions)]].to_numpy()
    steady = (series == series[:, :1]).all(axis=1)
    base = wide.loc[steady, list(maps)].assign(part=part, first=0, last=editions - 1, value=series[steady, 0])
    moving = wide.loc[~steady, list(maps)]
    rows = [(n, *life) for n, one in enumerate(series[~steady]) for life in lives(one.tolist())]
    import pandas as pd

    told = np.array(rows, dtype=np.int64).reshape(-1, 4)
    later = moving.iloc[told[:, 0]].assign(part=part, first=told[:, 1], last=told[:, 2], value=told[:, 3])
    both: pd.DataFrame = pd.concat([base, later])
    return both.loc[both["value"] > 0]


def lives(series: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """(first, last, how many) so that the number alive at each step is the series; the last to come goes first."""
    alive: list[list[int]] = []  # [since, how many]
    level = 0
    for step, value in enumerate([*series, 0]):
        if value > level:
            alive.append([step, value - level])
        while level > value:
            gone = min(level - value, alive[-1][1])
            yield alive[-1][0], step - 1, gone
            alive[-1][1] -= gone
            level -= gone
            if not alive[-1][1]:
                alive.pop()
        level = value
