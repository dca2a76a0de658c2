"""The phases of the last weeks as a table, and why some cannot be said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from surveillance.phases.intensity import intensities
from surveillance.phases.levels import Phase, phases, weeks_in_phase
from surveillance.phases.votes import vote
from surveillance.phases.weekly import Weekly
from surveillance.signal_rules import PhaseRule

if TYPE_CHECKING:
    import pandas as pd

MEMORY = 60  # weeks before the shown ones that are judged too: phases depend on those before them
COLUMNS = ("week", "region", "share", "phase", "weeks", "votes", "intensity", "history", "why")


def table(weekly: Weekly, syndrome: str, rule: PhaseRule, shown: int) -> pd.DataFrame:
    """One row per week and place of the last `shown` weeks, with COLUMNS.

    share: of coded acts. phase: base, pre, epidemic, post, "" (why says why: missing, uncoded, history). weeks: since
    when. votes: methods that say epidemic, of those that can say. intensity: of the Moving Epidemic Method, "" where
    seasons are too few. history: known weeks.
    """
    import pandas as pd

    shares = weekly.shares(rule.coded_share)
    seasonal = syndrome not in rule.seasonless
    weeks = np.arange(max(0, len(shares) - shown - MEMORY), len(shares))
    said = vote(shares, rule, weeks, seasonal)
    found = phases(said, rule)
    lasted = weeks_in_phase(found)
    last = weeks[-shown:]
    strong = intensities(weekly.mondays, shares, last, rule) if seasonal else [[""] * len(weekly.places) for _ in last]
    rows = []
    for number, week in enumerate(last):
        row = len(weeks) - len(last) + number
        for column, place in enumerate(weekly.places):
            phase = Phase(int(found[row, column]))
            able = int(said.able[row, column])
            rows.append(
                {
                    "week": weekly.mondays[week].strftime("%G-W%V"),
                    "region": place,
                    "share": float(shares[week, column]),
                    "phase": phase.word,
                    "weeks": int(lasted[row, column]),
                    "votes": f"{int(said.epidemic[row, column])}/{able}" if able else "",
                    "intensity": strong[number][column],
                    "history": int(said.history[row, column]),
                    "why": "" if phase else _why(weekly, week, column, shares),
                }
            )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _why(weekly: Weekly, week: int, column: int, shares: np.ndarray) -> str:
    if np.isfinite(shares[week, column]):
        return "history"
    return "uncoded" if weekly.acts[week, column] > 0 else "missing"
