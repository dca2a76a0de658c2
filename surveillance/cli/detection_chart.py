"""Judged series drawn in a terminal of eighty columns: bars of the counts, the expected one, the bound, the alarms."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from surveillance.cli.common import Desk
from surveillance.cli.plotting import HEIGHT, LABEL, PANELS, WIDTH, block, dates, number, round_up
from surveillance.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

EXPECTED, BOUND, ALARM, NOTHING = "•", "─", "▲", "?"


def charts(rows: Any, desk: Desk) -> list[str]:
    """The lines of every panel, a series each, then what the signs mean; UsageError where there would be too many."""
    frame = rows.to_pandas()
    keys = list(frame.columns[: list(frame.columns).index("k")])
    panels = list(frame.groupby(keys, sort=False, dropna=False))
    if len(panels) > PANELS:
        raise UsageError(f"{len(panels)} charts would be too many to read ({PANELS} are drawn)", "--series ID")
    lines, widest = [], 1
    for key, of_series in panels:
        each = math.ceil(len(of_series) / (WIDTH - LABEL - 1))
        widest = max(widest, each)
        lines += [" · ".join(map(str, key)), *_panel(of_series, each), ""]
    lines += [desk.say("plot_binned", number=widest)] if widest > 1 else []
    return [*lines, desk.say("detect_signs", expected=EXPECTED, bound=BOUND, alarm=ALARM, nothing=NOTHING)]


def _panel(frame: pd.DataFrame, each: int) -> list[str]:
    """One series; a column is the mean of `each` rows, with an alarm where one of them has one."""
    bins = np.arange(len(frame)) // each
    figures = frame[["observed", "expected", "upperbound"]].astype(float).groupby(bins).mean()
    alarms = (frame["alarm"].fillna(0) == 1).groupby(bins).any().tolist()
    observed, expected, bound = (figures[name].tolist() for name in figures.columns)
    wide = max(1, min(4, (WIDTH - LABEL - 1) // len(observed)))
    top = _top(figures)
    lines = []
    for row in range(HEIGHT, 0, -1):
        cells = (_cell(*values, row, top, wide) for values in zip(observed, expected, bound, strict=True))
        said = number(top * row / HEIGHT, False) if row in (HEIGHT, HEIGHT // 2) else ""
        lines.append(f"{said:>{LABEL}}{'┤' if said else '│'}{''.join(cells)}".rstrip())
    lines.append(f"{number(0, False):>{LABEL}}└{'─' * (wide * len(observed))}")
    signs = [
        ALARM if alarm else NOTHING if value != value else " " for alarm, value in zip(alarms, observed, strict=True)
    ]
    if set(signs) != {" "}:
        lines.append(" " * (LABEL + 1) + "".join(f"{sign:<{wide}}" for sign in signs).rstrip())
    periods = [str(day) for day in (frame["k"] if frame["date"].isna().any() else frame["date"])]
    return [*lines, " " * (LABEL + 1) + dates(periods, wide * len(observed))]


def _top(figures: pd.DataFrame) -> float:
    """The height of a chart: all counts, and bounds up to twice the highest of them."""
    highest = figures[["observed", "expected"]].max().max()
    bound = figures["upperbound"].replace(np.inf, np.nan).max()
    highest = 0.0 if highest != highest else float(highest)
    return round_up(max(highest, min(0.0 if bound != bound else float(bound), 2 * highest)))


def _cell(observed: float, expected: float, bound: float, row: int, top: float, wide: int) -> str:
    """What one row shows of a column: the bound and the expected count over the bar."""
    bar = block(None if observed != observed else observed, row, top)
    for value, sign in ((bound, BOUND), (expected, EXPECTED)):
        if value == value and 0 < value <= top and math.ceil(value / top * HEIGHT - 1e-9) == row:
            bar = sign
            break
    return bar * max(1, wide - 1) + " " * (wide > 1)
