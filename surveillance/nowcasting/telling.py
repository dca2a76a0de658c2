"""The nowcast of the last days as a table, by place, with its interval and its past error."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from surveillance.associations import load_associations
from surveillance.detection.judged import Array
from surveillance.errors import UsageError
from surveillance.nowcasting.bayes import bayes
from surveillance.nowcasting.past import Past, Told, past_estimates, tell
from surveillance.nowcasting.reading import Reported
from surveillance.nowcasting.triangle import WEEK
from surveillance.perimeters import associations_in
from surveillance.signal_rules import NowcastRule
from surveillance.store import Store

if TYPE_CHECKING:
    import pandas as pd

KINDS = ("national", "region", "department", "association")
METHODS = ("ladder", "bnb")
COLUMNS = ("visits", "nowcast", "low", "high", "error", "error_known", "error_rule", "tried", "lacking", "why")


def placed(store: Store, codes: tuple[str, ...], kind: str, territories: tuple[str, ...]) -> tuple[list[str], Array]:
    """Names of the places and which associations are in each: associations × places."""
    if kind not in KINDS:
        raise UsageError(f"--by does not know {kind}", f"day, and one of {', '.join(KINDS)}")
    members = {one.code: one for one in load_associations(store.content)}
    wanted = set(associations_in(territories, list(members.values()))) or set(members)
    of = {
        code: "FR" if kind == "national" else code if kind == "association" else str(getattr(members[code], kind))
        for code in codes
        if code in wanted
    }
    names = sorted(set(of.values()))
    found = np.zeros((len(codes), len(names)))
    for row, code in enumerate(codes):
        if code in of:
            found[row, names.index(of[code])] = 1.0
    return names, found


def told(reported: Reported, places: Array, rule: NowcastRule, method: str = "ladder") -> tuple[Past, Told]:
    """The estimates of the last night (the last row) and of those before it that say how wrong it may be."""
    last = reported.acts.known.shape[0] - 1
    back = WEEK * 2 * rule.error_weeks + reported.acts.settled
    nights = np.arange(max(0, last - back), last + 1)
    past = past_estimates(reported.acts, reported.counts, nights, places, rule, reported.final)
    if method == "bnb":
        middle, low, high = bayes(reported.counts, nights, places, rule)
        past = replace(past, expected=middle)
        said = tell(past, rule)
        return past, Told(low, high, said.error, said.error_known, said.error_rule, said.tried, said.given)
    return past, tell(past, rule)


def table(reported: Reported, names: list[str], kind: str, past: Past, said: Told, days: int) -> pd.DataFrame:
    """One row per day and place, the last `days` days: day, the kind of place, and COLUMNS.

    visits: as known. nowcast, low, high: once complete, empty where it is not given. error, error_known, error_rule
    (0–1): of past estimates of that age, of what was known, of the last complete day. lacking: associations that have
    not arrived. why: short (too few past estimates), worse (the rule of the last complete day did better).
    """
    import pandas as pd

    rows: list[dict[str, Any]] = []
    newest: date = reported.night - timedelta(days=1)
    for age in range(min(days, past.settled, reported.acts.known.shape[0]) - 1, -1, -1):
        for column, name in enumerate(names):
            if not np.isfinite(past.observed[-1, age, column]) and not past.gone[-1, age, column]:
                continue
            given = bool(said.given[-1, age, column])
            enough = np.isfinite(said.low[-1, age, column])
            made = {"nowcast": past.expected, "low": said.low, "high": said.high}
            whole = {key: float(np.round(values[-1, age, column])) if given else np.nan for key, values in made.items()}
            rows.append(
                {"day": newest - timedelta(days=age), kind: name, "visits": float(past.observed[-1, age, column])}
                | whole
                | {
                    "error": float(said.error[-1, age, column]),
                    "error_known": float(said.error_known[-1, age, column]),
                    "error_rule": float(said.error_rule[-1, age, column]),
                    "tried": int(said.tried[-1, age, column]),
                    "lacking": int(past.gone[-1, age, column]),
                    "why": "" if given else "worse" if enough else "short",
                }
            )
    frame = pd.DataFrame(rows, columns=["day", kind, *COLUMNS])
    return frame.astype(dict.fromkeys(("visits", "nowcast", "low", "high"), "Int64"))
