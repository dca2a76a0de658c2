"""Charts for a terminal of eighty columns: bars of a figure over time, one panel per syndrome and group, no colour."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from surveillance.cli.common import Desk
from surveillance.errors import UsageError
from surveillance.questions import DIMENSIONS, Question, following

if TYPE_CHECKING:
    import pandas as pd

WIDTH, LABEL, HEIGHT, PANELS = 80, 9, 8, 12
BLOCKS = " ▁▂▃▄▅▆▇█"
# What stands under a column, the worst of its periods first: nothing came, a part came, closed, may still grow.
MARKS = {"missing": "?", "partial": "*", "closed": "x", "open": "~", "": " "}


@dataclass(frozen=True)
class Column:
    """One column of a chart: the figure (None: nothing is known) and its mark."""

    value: float | None
    mark: str


def charts(frame: pd.DataFrame, question: Question, of: str, desk: Desk) -> list[str]:
    """The lines of every panel, then what the marks mean; UsageError where there would be none, or too many."""
    if len(question.of_time) != 1:
        raise UsageError("--plot draws over time, by one of day, week, month, season", "for example --by week,region")
    numbers = [name for name in frame.columns if frame[name].dtype.kind in "iuf" and name not in DIMENSIONS]
    if of not in numbers:
        raise UsageError(f"--of does not know {of!r}", f"this answer has: {', '.join(numbers)}")
    kind = question.of_time[0]
    others = ["syndrome", *(name for name in question.by if name != kind)]
    panels = list(frame.groupby(others, sort=True))
    if len(panels) > PANELS:
        raise UsageError(
            f"{len(panels)} charts would be too many to read ({PANELS} are drawn)",
            "--territory, --age, or a narrower --by",
        )
    if frame.empty:
        return [desk.say("plot_empty")]
    periods = following(kind, str(frame[kind].min()), str(frame[kind].max()))
    each = math.ceil(len(periods) / (WIDTH - LABEL - 1))
    lines, marks = [], set[str]()
    for key, rows in panels:
        columns = _columns(rows.set_index(kind), periods, of, each)
        marks |= {one.mark for one in columns}
        lines += [" · ".join([*map(str, key), of]), *_panel(columns, periods, "share" in of), ""]
    lines += [desk.say("plot_binned", number=each)] if each > 1 else []
    return lines + [f"{MARKS[mark]} {desk.say('plot_' + mark)}" for mark in MARKS if mark and mark in marks]


def _columns(rows: pd.DataFrame, periods: list[str], of: str, each: int) -> list[Column]:
    """The columns of one panel, each the mean of `each` periods."""
    found: list[Column] = []
    for start in range(0, len(periods), each):
        here = rows.loc[[name for name in periods[start : start + each] if name in rows.index]]
        values = here[of].dropna().astype(float)
        states = set(here["state"]) | ({"open"} if not here["complete"].all() else set())
        mark = next((mark for mark in MARKS if mark in states), "")
        found.append(Column(float(values.mean()) if len(values) else None, mark))
    return found


def _panel(columns: list[Column], periods: list[str], share: bool) -> list[str]:
    wide = max(1, min(4, (WIDTH - LABEL - 1) // len(columns)))
    top = round_up(max((one.value or 0 for one in columns), default=0))
    lines = []
    for row in range(HEIGHT, 0, -1):
        bars = "".join(block(one.value, row, top) * max(1, wide - 1) + " " * (wide > 1) for one in columns)
        said = number(top * row / HEIGHT, share) if row in (HEIGHT, HEIGHT // 2) else ""
        lines.append(f"{said:>{LABEL}}┤{bars}".rstrip() if said else f"{'':>{LABEL}}│{bars}".rstrip())
    length = wide * len(columns)
    lines.append(f"{number(0, share):>{LABEL}}└{'─' * length}")
    if any(one.mark for one in columns):
        lines.append(" " * (LABEL + 1) + "".join(f"{MARKS[one.mark]:<{wide}}" for one in columns).rstrip())
    return [*lines, " " * (LABEL + 1) + dates(periods, length)]


def block(value: float | None, row: int, top: float) -> str:
    """The part of a bar that a row shows, in eighths; the smallest figure that is not 0 is seen."""
    if not value or top <= 0:
        return " "
    eighths = max(1, round(value / top * HEIGHT * 8)) - 8 * (row - 1)
    return BLOCKS[max(0, min(8, eighths))]


def round_up(value: float) -> float:
    """The next round number, of which half is one too."""
    if value <= 0:
        return 1.0
    unit = 10.0 ** math.floor(math.log10(value))
    return next(step * unit for step in (1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8, 10) if value <= step * unit * (1 + 1e-9))


def number(value: float, share: bool) -> str:
    if share:
        return f"{100 * value:.3g} %"
    return f"{value:,.0f}".replace(",", " ") if value >= 10 or value == int(value) else f"{value:.2g}"


def dates(periods: list[str], length: int) -> str:
    """The first period, the last under its end, and those between where there is room."""
    width = len(periods[0])
    if length < 2 * width + 2:
        return periods[0] if len(periods) == 1 else f"{periods[0]} … {periods[-1]}"
    line: list[Any] = list(" " * length)
    steps = max(1, min(3, length // (width + 4) - 1))
    for step in range(steps + 1):
        name = periods[round((len(periods) - 1) * step / steps)]
        place = min(round(length * step / steps), length - width) if step < steps else length - width
        line[place : place + width] = name
    return "".join(line)
