"""Nowcasts tried on the published reporting triangle: successive publications of the same days, by région."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from surveillance.detection.judged import Array
from surveillance.errors import UsageError
from surveillance.nowcasting.bayes import bayes
from surveillance.nowcasting.past import Past, past_estimates, tell
from surveillance.nowcasting.triangle import Flags, Triangle, carried
from surveillance.signal_rules import NowcastRule

if TYPE_CHECKING:
    import pandas as pd

TRIANGLE = "sursaud/sursaud_reg_triangle_de_publication.csv.gz"
SERIES = {"acts": "nbre_acte_tot", "covid": "nbre_acte_corona"}
FIRST = 2  # days after the visit day at which publications begin
UNTIL = "2022-02-10"  # daily until then; once a week from 2023 on
LEFT_OUT = ("02",)  # Martinique: three days are published
LAST = 23  # days after which a day is not published any more
SHOWN = 4  # ages told
WARM = 130  # nights before the first that is scored: enough of a past for its interval


def read_triangle(folder: Path, column: str, settled: int) -> tuple[Triangle, Array, list[str]]:
    """Publications of a column as a triangle (age 0: two days after), what is known in the end, and the régions."""
    import pandas as pd

    path = folder / TRIANGLE
    if not path.is_file():
        raise UsageError(f"{path} is not there", "the folder holds sursaud/ (docs/nowcasting.md)")
    frame = pd.read_csv(path, sep=";", dtype={"reg": str})
    frame = frame[(frame["date_de_passage"] < UNTIL) & frame["delai_j"].between(FIRST, LAST)]
    frame = frame[~frame["reg"].isin(LEFT_OUT) & frame[column].notna()]
    regions, first = sorted(frame["reg"].unique()), date.fromisoformat(frame["date_de_passage"].min())
    day = (pd.to_datetime(frame["date_de_passage"]) - pd.Timestamp(first)).dt.days.to_numpy()
    known = np.full((int(day.max()) + 1, LAST - FIRST + 1, len(regions)), np.nan)
    known[day, frame["delai_j"].to_numpy() - FIRST, frame["reg"].map(regions.index).to_numpy()] = frame[column]
    known = carried(known)
    weekday = np.array([(first + timedelta(days=n)).weekday() for n in range(len(known))], dtype=np.intp)
    return Triangle(known[:, : settled - FIRST + 1], weekday), known[:, -1].copy(), [str(name) for name in regions]


def validation(folder: Path, rule: NowcastRule) -> pd.DataFrame:
    """One row per series, place, method and age: how often the interval held, errors, how often it is given."""
    import pandas as pd

    acts, final, regions = read_triangle(folder, SERIES["acts"], rule.settled_days)
    rows: list[dict[str, Any]] = []
    for name, column in SERIES.items():
        counts, truth = (
            (acts, final) if column == "nbre_acte_tot" else read_triangle(folder, column, rule.settled_days)[:2]
        )
        nights = np.arange(60, len(acts.known))
        for said, places in (("régions", np.eye(len(regions))), ("France", np.ones((len(regions), 1)))):
            past = past_estimates(acts, counts, nights, places, rule, truth)
            about = {"series": name, "place": said}
            rows += [about | row for row in _scores(past, rule)]
            rows += [about | row for row in _scores(past, rule, _by_bayes(counts, nights, places, rule))]
    return pd.DataFrame(rows)


def _by_bayes(
    counts: Triangle, nights: NDArray[np.intp], places: Array, rule: NowcastRule
) -> tuple[Array, Array, Array]:
    """The Bayesian nowcast of one night in eight (it takes long), NaN on the others."""
    some = np.arange(WARM, len(nights), 8)
    found = [np.full((len(nights), counts.settled, places.shape[1]), np.nan) for _ in range(3)]
    for kept, values in zip(found, bayes(counts, nights[some], places, rule), strict=True):
        kept[some] = values
    return found[0], found[1], found[2]


def _scores(past: Past, rule: NowcastRule, other: tuple[Array, Array, Array] | None = None) -> list[dict[str, Any]]:
    """Of the nights after `WARM` whose days are complete by the end. `other`: expected, low, high of another method."""
    told = tell(past, rule)
    expected, low, high = other or (past.expected, told.low, told.high)
    nights = slice(WARM, len(expected) - past.settled)
    rows = []
    for age in range(SHOWN):
        truth = past.final[nights, age]
        made, below, above = (values[nights, age] for values in (expected, low, high))
        use = np.isfinite(truth) & np.isfinite(told.low[nights, age]) & np.isfinite(made)
        use &= np.isfinite(past.observed[nights, age])
        held = (np.round(below) <= truth) & (truth <= np.round(above))
        made_by = {"error": expected, "error_known": past.observed, "error_rule": past.rule}
        wrong = {key: np.abs(values[nights, age] - truth)[use] for key, values in made_by.items()}
        rows.append(
            {
                "method": "ladder" if other is None else "bnb",
                "days_after": FIRST + age,
                "estimates": int(use.sum()),
                "already_right": _part((past.observed[nights, age] == truth)[use]),
                "covered": _part(held[use]),
                "covered_given": _part(held[use & told.given[nights, age]]) if other is None else np.nan,
            }
            | {key: round(float(values.mean()), 2) for key, values in wrong.items()}
            | {f"{key}_median": round(float(np.median(values)), 2) for key, values in wrong.items()}
            | {"width": round(float(np.median(((above - below) / np.maximum(made, 1.0))[use])), 4)}
            | {"given": _part(told.given[nights, age][use]) if other is None else np.nan}
        )
    return rows


def _part(these: Flags) -> float:
    return round(float(these.mean()), 3) if these.size else float("nan")
