"""The rules of the phases tried on past seasons of published series, week by week, without looking ahead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from surveillance.clock import week_monday
from surveillance.detection.judged import Array
from surveillance.detection.mem_timing import timings
from surveillance.errors import UsageError
from surveillance.phases.intensity import seasons
from surveillance.phases.levels import Phase, phases
from surveillance.phases.votes import vote
from surveillance.signal_rules import PhaseRule, PublishedEpidemic

if TYPE_CHECKING:
    import pandas as pd

Flags = NDArray[np.bool_]
ODISSE = {
    "FR": "odisse/grippe-passages-aux-urgences-et-actes-sos-medecins-france.csv",
    "region": "odisse/grippe-passages-urgences-et-actes-sos-medecin_reg.csv",
}
FLU, DIARRHOEA = "sentinelles/grippe_incidence_france.csv", "sentinelles/incidence-RDD-6-syndrome-diarrhee-aigue.csv"
SOS, EMERGENCY = "Taux d'actes médicaux SOS médecins pour grippe", "Taux de passages aux urgences pour grippe"
CHOSEN, BEFORE_COVID = date(2006, 8, 1), date(2020, 3, 1)  # what is otherwise for gastro was chosen on the days before


@dataclass(frozen=True)
class Score:
    """Of weeks of epidemic, those so called; of the others, those not; weeks from each accepted start to ours."""

    seasons: int
    missed: int
    sensitivity: float
    specificity: float
    delays: tuple[int, ...]

    def row(self) -> dict[str, Any]:
        """As a row of a table."""
        told = sorted(self.delays)
        return {
            "seasons": self.seasons,
            "missed": self.missed,
            "sensitivity": round(self.sensitivity, 3),
            "specificity": round(self.specificity, 3),
            "start_median": float(np.median(told)) if told else np.nan,
            "start_range": f"{told[0]:+d} … {told[-1]:+d}" if told else "–",
        }


def score(called: Flags, accepted: Flags, known: Flags, starts: Sequence[tuple[int, int]]) -> Score:
    """called, accepted, known: weeks × series. starts: row and series at which an accepted epidemic begins.

    Its delay is that of the run of called weeks that meets it and begins first.
    """
    delays, missed = [], 0
    for row, column in starts:
        end = row
        while end + 1 < len(accepted) and accepted[end + 1, column]:
            end += 1
        hits = np.flatnonzero(called[row : end + 1, column])
        if not len(hits):
            missed += 1
            continue
        first = row + int(hits[0])
        while hits[0] == 0 and first > 0 and called[first - 1, column]:
            first -= 1
        delays.append(first - row)
    epidemic, calm = accepted & known, ~accepted & known
    return Score(
        len(starts),
        missed,
        float(called[epidemic].mean()) if epidemic.any() else np.nan,
        float((~called[calm]).mean()) if calm.any() else np.nan,
        tuple(delays),
    )


def judged(shares: Array, rule: PhaseRule) -> tuple[Flags, Flags]:
    """Weeks × series: called an epidemic, and could it be said; each week as if it were the last."""
    weeks = np.arange(len(shares))
    found = phases(vote(shares, rule, weeks), rule)
    return found == Phase.EPIDEMIC, found != Phase.UNKNOWN


def hindsight(mondays: Sequence[date], shares: Array, rule: PhaseRule) -> tuple[Flags, Flags]:
    """Weeks × series: epidemic by the Moving Epidemic Method, each season whole, by itself; and: of such a season."""
    accepted, covered = np.zeros(shares.shape, dtype=bool), np.zeros(shares.shape, dtype=bool)
    row = {monday: number for number, monday in enumerate(mondays)}
    for column in range(shares.shape[1]):
        years, table = seasons(mondays, shares[:, column], rule)
        for place, year in enumerate(years):
            if np.isfinite(table[:, place]).all() and table[:, place].sum() > 0:
                said = timings(table[:, [place]])[0]
                first = date.fromisocalendar(year, rule.season_week, 1)
                rows = [row[monday] for week in range(52) if (monday := first + timedelta(weeks=week)) in row]
                covered[rows, column] = True
                accepted[rows[said.start - 1 : said.end], column] = True
    return accepted, covered


def begun(accepted: Flags, known: Flags) -> list[tuple[int, int]]:
    """Row and series of the first week of each accepted epidemic, of those that could be judged."""
    first = accepted & ~np.vstack([np.zeros((1, accepted.shape[1]), dtype=bool), accepted[:-1]])
    return [(int(row), int(column)) for row, column in zip(*np.nonzero(first & known), strict=True)]


def read_odisse(folder: Path, figure: str, places: Sequence[str] | None = None) -> tuple[list[date], list[str], Array]:
    """Mondays, places (those wanted, FR last) and published weekly rates of flu, 0–1: weeks × places."""
    import pandas as pd

    frames = []
    for kind, name in ODISSE.items():
        frame = pd.read_csv(_there(folder, name), encoding="utf-8-sig", dtype={"Région Code": str})
        frame = frame[frame["Classe d'âge"] == "Tous âges"]
        place = frame["Région Code"] if kind == "region" else kind
        frames.append(frame.assign(place=place, rate=frame[figure] / 1e5)[["1er jour de la semaine", "place", "rate"]])
    wide = pd.concat(frames).pivot_table(index="1er jour de la semaine", columns="place", values="rate")
    wide = wide if places is None else wide.reindex(columns=list(places))
    mondays = [date.fromisoformat(str(text)) for text in wide.index]
    return mondays, [str(name) for name in wide.columns], wide.to_numpy(float)


def read_sentinelles(folder: Path, name: str, by_region: bool = False) -> tuple[list[date], Array]:
    """Mondays and weekly incidence, weeks × 1: of France (or the sum of its régions); or a rate, weeks × régions."""
    import pandas as pd

    frame = pd.read_csv(_there(folder, name), comment="#", na_values=["-"])
    if by_region:
        wide = frame.pivot_table(index="week", columns="geo_insee", values="inc100")
    else:
        wide = frame.groupby("week")[["inc"]].sum(min_count=1)
    wide.index = pd.Index([week_monday(f"{str(week)[:4]}-W{str(week)[4:]}") for week in wide.index])
    first, last = wide.index.min(), wide.index.max()
    every = [first + timedelta(weeks=n) for n in range((last - first).days // 7 + 1)]
    return every, wide.reindex(every).to_numpy(float)


def published(
    mondays: Sequence[date], places: Sequence[str], epidemics: Sequence[PublishedEpidemic]
) -> tuple[Flags, Flags]:
    """Weeks × places: accepted as epidemic by published dates; and: of a season of which these are given."""
    accepted = np.zeros((len(mondays), len(places)), dtype=bool)
    covered = np.zeros(accepted.shape, dtype=bool)
    for one in epidemics:
        if one.region in places:
            column, (first, last) = places.index(one.region), (one.season, one.season + 1)
            for row, monday in enumerate(mondays):
                year, week, _ = monday.isocalendar()
                covered[row, column] |= (year == first and week >= 40) or (year == last and week < 40)
                if one.first and one.last:
                    accepted[row, column] |= week_monday(one.first) <= monday <= week_monday(one.last)
    return accepted, covered


def validation(folder: Path, rule: PhaseRule, epidemics: Sequence[PublishedEpidemic]) -> pd.DataFrame:
    """One row per series and reference: how well the phases of each week, made without what came after, met it."""
    import pandas as pd

    mondays, places, shares = read_odisse(folder, SOS)
    called, known = judged(shares, rule.of("grippe"))
    france, regions = [places.index("FR")], [number for number, name in enumerate(places) if name != "FR"]
    rows = []
    accepted, covered = published(mondays, places, epidemics)
    for name, columns in (("France", france), ("régions", regions)):
        rows.append(
            {"series": f"grippe, SOS, {name}", "against": "dates publiées"}
            | _of(called, accepted, known & covered, columns)
        )
    rows += [_season(mondays, places, called, one) for one in epidemics if one.region in places]
    late, of_late = hindsight(mondays, read_odisse(folder, EMERGENCY, places)[2], rule)
    own, of_own = hindsight(mondays, shares, rule)
    for name, columns in (("France", france), ("régions", regions)):
        rows.append(
            {"series": f"grippe, SOS, {name}", "against": "MEM, urgences"} | _of(called, late, known & of_late, columns)
        )
        rows.append(
            {"series": f"grippe, SOS, {name}", "against": "MEM, SOS"} | _of(called, own, known & of_own, columns)
        )
    rows += _before_covid("syndromes grippaux", read_sentinelles(folder, FLU), rule.of("grippe"))
    for place, by_region in (("France", False), ("régions", True)):
        told = f"diarrhée aiguë, {place}"
        rows += _before_covid(told, read_sentinelles(folder, DIARRHOEA, by_region), rule.of("gastro"), CHOSEN)
    return pd.DataFrame(rows).astype({"seasons": "Int64", "missed": "Int64"})


def _season(mondays: Sequence[date], places: Sequence[str], called: Flags, one: PublishedEpidemic) -> dict[str, Any]:
    """The dates of one season, as published and as called: every run of weeks that were called an epidemic."""
    column, runs = places.index(one.region), list[list[str]]()
    for row, monday in enumerate(mondays):
        year, week, _ = monday.isocalendar()
        if called[row, column] and (year, week) >= (one.season, 40) and (year, week) < (one.season + 1, 40):
            if row == 0 or not called[row - 1, column] or not runs:
                runs.append([])
            runs[-1].append(monday.strftime("%G-W%V"))
    told = "; ".join(f"{run[0]} … {run[-1]}" for run in runs) or "–"
    accepted = f"{one.first} … {one.last}" if one.first else "–"
    name = f"grippe, SOS, {one.region} {one.season}-{(one.season + 1) % 100}"
    return {
        "series": name,
        "against": "publié" if one.certain else "publié, déduit",
        "accepted": accepted,
        "called": told,
    }


def _before_covid(
    said: str, series: tuple[list[date], Array], rule: PhaseRule, chosen: date | None = None
) -> list[dict[str, Any]]:
    """Sentinelles against the Moving Epidemic Method; in two lines where the settings were chosen on the first."""
    mondays, values = series
    called, known = judged(values, rule)
    accepted, covered = hindsight(mondays, values, rule)
    limits = [date.min, BEFORE_COVID] if chosen is None else [date.min, chosen, BEFORE_COVID]
    rows = []
    for first, end in pairwise(limits):
        within = np.array([first <= monday < end for monday in mondays])[:, None]
        years = f"{max(first, mondays[0]).year}-{min(end, mondays[-1]).year}"
        against = {"series": f"{said} {years}, Sentinelles", "against": "MEM, Sentinelles"}
        rows.append(against | _of(called, accepted, known & covered & within, list(range(values.shape[1]))))
    return rows


def _of(called: Flags, accepted: Flags, known: Flags, columns: list[int]) -> dict[str, Any]:
    called, accepted, known = called[:, columns], accepted[:, columns], known[:, columns]
    return score(called, accepted, known, begun(accepted, known)).row()


def _there(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.is_file():
        raise UsageError(f"{path} is not there", "the folder holds odisse/ and sentinelles/ (docs/phases.md)")
    return path
