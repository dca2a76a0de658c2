"""The "Points clés": sentences made from the numbers, percentage and count together, in a fixed order."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from statistics import median
from typing import Any

import pandas as pd

from surveillance.reporting.agegroups import Line, age_sentence
from surveillance.reporting.data import ReportData, records
from surveillance.reporting.french import (
    DAYS,
    acts,
    day_long,
    number,
    ordinal,
    percent,
    share_text,
    signed_acts,
    signed_percent,
    week_number,
)
from surveillance.reporting.receptions import Board
from surveillance.reporting.rules import Labels, Rules
from surveillance.reporting.trends import Trend, direction, last_complete_week, relative

FEWEST_DAYS = 2  # same weekdays before, for a median to mean anything (our choice)
WORTH_SAYING = ("rise", "fall", "rise_slight", "fall_slight")


@dataclass(frozen=True)
class Activity:
    """Visits of the day, all reasons, against the median of the same weekday."""

    visits: int
    coded: int
    usual: float | None
    weeks: int

    @property
    def coded_share(self) -> float | None:
        """Part of the visits that have a diagnosis."""
        return self.coded / self.visits if self.visits else None

    @property
    def change(self) -> float | None:
        """Relative difference from the median."""
        return relative(self.visits, self.usual)


def by_day(data: ReportData) -> pd.DataFrame:
    """One row per visit day (index): `visits_all` and `visits_coded`, which `daily` repeats for each syndrome."""
    return data.daily.groupby("visit_day")[["visits_all", "visits_coded"]].max().sort_index().astype(int)


def activity(data: ReportData, rules: Rules) -> Activity:
    """The activity of the visit day, and the median of the same weekdays before it that have visits."""
    day = data.meta.visit_day
    known = {when: (visits, coded) for when, visits, coded in by_day(data).itertuples(name=None)}
    same_days = [day - timedelta(weeks=back) for back in range(1, rules.weekday_weeks + 1)]
    counts = [int(known[earlier][0]) for earlier in same_days if earlier in known]
    visits, coded = known.get(day, (0, 0))
    return Activity(int(visits), int(coded), float(median(counts)) if len(counts) >= FEWEST_DAYS else None, len(counts))


def key_points(
    data: ReportData, rules: Rules, labels: Labels, night: Board, trends: list[Trend], by_age: list[Line]
) -> list[str]:
    """Activity and what is missing, each syndrome that moves (in the order of the page), the others, signals."""
    sentences = [_activity(data, activity(data, rules), rules, labels)]
    if night.missing:
        key = "activity_missing" if len(night.missing) > 1 else "activity_missing_one"
        sentences[0] += " " + labels.say(
            "points", key, count=len(night.missing), total=len(night.lines), share=percent(night.lost)
        )
    week = last_complete_week(data)
    if week and (ages := age_sentence(by_age, labels, week_number(week))):
        sentences.append(ages)
    if not any(item.week for item in trends):
        sentences.append(labels.say("points", "no_week"))
    told = _worth_a_sentence([item for item in trends if item.week], rules, data)
    sentences += [syndrome_sentence(item, labels) for item in told]
    rest = [item for item in trends if item.week and item not in told]
    if moved := [item for item in rest if _moves(item)]:
        sentences.append(labels.say("points", "moved_others", changes=", ".join(_short(item) for item in moved)))
    if quiet := [item.label for item in rest if item not in moved]:
        sentences.append(labels.say("points", "stable_others", labels=", ".join(quiet)))
    return [*sentences, _signals(data, labels)]


def _worth_a_sentence(known: list[Trend], rules: Rules, data: ReportData) -> list[Trend]:
    """The headline syndromes of the season, then the largest plain moves, up to `full_sentences`; in page order."""
    headline = rules.headline(data.meta.visit_day)
    plain = [item for item in known if item.direction in ("rise", "fall") and not item.small]
    largest = sorted(plain, key=lambda item: -abs(item.delta or 0))
    first = [item for item in known if item.syndrome in headline]
    chosen = [*first, *(item for item in largest if item not in first)][: rules.full_sentences]
    return [item for item in known if item in chosen]


def _moves(item: Trend) -> bool:
    return item.direction in WORTH_SAYING and not item.small


def _short(item: Trend) -> str:
    return f"{item.label} ({signed_percent(item.change)}, soit {signed_acts(item.delta)})"


def _activity(data: ReportData, found: Activity, rules: Rules, labels: Labels) -> str:
    day = data.meta.visit_day
    if not found.visits:
        return labels.say("points", "activity_none", day=day_long(day))
    if found.usual is None or found.change is None:
        return labels.say("points", "activity_first", day=day_long(day), visits=acts(found.visits))
    # Of an unsettled day a rise can be told, a fall cannot: part of it has not arrived yet.
    key = "activity_low" if found.change < 0 else "activity"
    return labels.say(
        "points",
        key,
        visits=acts(found.visits),
        day=day_long(day),
        weeks=found.weeks,
        direction=labels.get("direction", direction(found.change, rules.change)),
        weekday=DAYS[day.weekday()],
        percent=signed_percent(found.change),
        delta=signed_acts(found.visits - found.usual),
        usual=number(found.usual),
    )


def syndrome_sentence(item: Trend, labels: Labels) -> str:
    """One syndrome: movement, %, count, share now and before, level against past seasons."""
    if item.week is None:
        return ""
    values = {
        "label": item.label,
        "week": week_number(item.week),
        "visits": acts(item.visits),
        "share": share_text(item.share),
        "week_before": week_number(item.week - timedelta(days=7)),
    }
    if item.change is None:
        text = labels.say("points", "change_new", **values)
    else:
        text = labels.say(
            "points",
            "change",
            **values,
            direction=labels.get("direction", item.direction),
            streak=_streak(item, labels),
            percent=signed_percent(item.change),
            delta=signed_acts(item.delta),
            share_before=share_text(item.share_before),
        )
    level = _level(item, labels)
    small = labels.say("points", "small") if item.small else ""
    return " ".join(part for part in (text, small, level) if part)


def _streak(item: Trend, labels: Labels) -> str:
    return labels.say("points", "streak", nth=ordinal(item.streak)) if item.streak > 1 else ""


def _level(item: Trend, labels: Labels) -> str:
    if not item.level:
        return ""
    key = f"{item.level}_one" if item.seasons == 1 else item.level
    marked = labels.get("points", "simulated_one" if item.seasons == 1 else "simulated") if item.simulated else ""
    return labels.say("points", key, seasons=item.seasons, marked=marked)


def _signals(data: ReportData, labels: Labels) -> str:
    found = data.signals
    if not len(found):
        return labels.say("points", "signals_none")
    ordered = found.sort_values(["rank", "event"], kind="stable")
    strong = ordered.drop_duplicates(["syndrome", "territory"])
    names = [
        f"{data.label(row['syndrome'])} ({data.place(row['territory_kind'], str(row['territory']))}{_age(row, labels)})"
        for row in records(strong.head(3))
    ]
    doubtful = int(found["doubtful"].astype(bool).sum())
    key = "signals_doubtful" if doubtful else "signals"
    return labels.say("points", key, count=len(found), doubtful=doubtful, examples=", ".join(names))


def _age(signal: dict[str, Any], labels: Labels) -> str:
    """Which ages it is about, where it is not all of them."""
    group = str(signal["age"])
    said = re.sub(r"\b0(?=\d)", "", group)  # 00-04: 0-4 ans
    return "" if group == "all" else ", " + labels.table("age").get(group, f"{said} ans")
