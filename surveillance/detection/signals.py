"""From counts to signals: which series of the last days are above what their past lets expect."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from surveillance.detection.ears import ears_c2
from surveillance.detection.judged import Series
from surveillance.detection.rules import EarsRule

Doubts = Callable[[str, str, date], str]


def find_signals(
    series: pd.DataFrame, troubled: dict[tuple[str, str], str], rule: EarsRule, doubts: Doubts | None = None
) -> tuple[int, list[dict[str, Any]]]:
    """How many series were tested, and the signals of the last days.

    `series`: territory_kind, territory, syndrome, visit_day, visits. A signal: syndrome, territory_kind, territory,
    visit_day, observed, expected, threshold, statistic, doubtful, reason (who is missing there).
    `troubled`: (kind, territory) → who is missing there tonight; 44 is a département and another région.
    `doubts`: (kind, territory, visit day) → the data events that the day or its baseline leans on, "" when none.
    """
    if series.empty:
        return 0, []
    keys = ["territory_kind", "territory", "syndrome"]
    wide = series.pivot_table(index="visit_day", columns=keys, values="visits", aggfunc="sum")
    days = pd.date_range(wide.index.min(), wide.index.max())
    counts = wide.reindex(days).fillna(0.0).to_numpy(float)
    first = max(0, len(days) - rule.tested_days)
    judged = Series(counts, judged=np.arange(first, len(days)))
    result = ears_c2(judged, rule.baseline_days, rule.min_sigma)
    names = [(str(key[0]), str(key[1]), str(key[2])) for key in wide.columns.to_list()]
    found = []
    for row, day in enumerate(range(first, len(days))):
        for place, (kind, territory, syndrome) in enumerate(names):
            if kind in rule.territories and result.alarm[row, place] == 1 and counts[day, place] >= rule.min_count:
                leaning = doubts(kind, territory, days[day].date()) if doubts else ""
                missing = " ; ".join(filter(None, (troubled.get((kind, territory), ""), leaning)))
                tested = {
                    "observed": counts[day, place],
                    "expected": result.expected[row, place],
                    "threshold": result.upperbound[row, place],
                    "statistic": result.score[row, place],
                }
                where = {"syndrome": syndrome, "territory_kind": kind, "territory": territory}
                found.append(
                    {**where, "visit_day": days[day].date()}
                    | {name: float(value) for name, value in tested.items()}
                    | {"doubtful": bool(missing), "reason": missing}
                )
    return counts.shape[1], found
