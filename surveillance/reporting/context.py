"""The whole page as one dictionary: everything a template prints is computed here, nothing in the template."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from surveillance.content import Content
from surveillance.reporting.agegroups import age_table
from surveillance.reporting.coding import coding
from surveillance.reporting.data import ReportData, records
from surveillance.reporting.figures import daily_figure, trend_figure
from surveillance.reporting.french import percent
from surveillance.reporting.keypoints import activity, key_points
from surveillance.reporting.maps import change_map, places, share_map
from surveillance.reporting.receptions import MISSING, Board, board
from surveillance.reporting.rules import Labels, Rules, load_labels, load_rules
from surveillance.reporting.seasons import share_of
from surveillance.reporting.trends import last_complete_week, relative, trend

OUTLINES = "reports/map/departements.json"
SPARK_WIDTH, SPARK_HEIGHT = 96, 22


@dataclass(frozen=True)
class Cell:
    """A region and a syndrome in the last complete week; `heat` 0..4 is its class within the column."""

    visits: int
    share: float | None
    change: float | None
    heat: int
    small: bool


def page_context(content: Content, data: ReportData) -> dict[str, Any]:
    """Everything the template `report.html` needs, by name."""
    rules, labels = load_rules(content), load_labels(content)
    night = board(data)
    settled = data.meta.visit_day - timedelta(days=rules.unsettled_days)
    groups = rules.ordered([str(item) for item in data.syndromes["id"]])
    trends = {item: trend(data, rules, item) for _, items in groups for item in items}
    headline = [item for item in rules.headline(data.meta.visit_day) if item in trends]
    by_age = age_table(data, labels, headline)
    daily_svg, daily_table = daily_figure(content, data, rules, labels)
    return {
        "meta": data.meta,
        "delivery": data.delivery,
        "board": night,
        "activity": activity(data, rules),
        "late": sum(line.late for line in night.lines),
        "rules": rules,
        "points": key_points(data, rules, labels, night, list(trends.values()), by_age),
        "by_age": by_age,
        "banners": banners(data, labels, night),
        "week": last_complete_week(data),
        "words": labels,
        "glossary": labels.table("glossary"),
        "summary": [(group, [(trends[i], spark_points(trends[i].spark)) for i in items]) for group, items in groups],
        "figures": [
            (group, [trend_figure(content, data, rules, labels, trends[item]) for item in items])
            for group, items in groups
        ],
        "daily": {"svg": daily_svg, "table": daily_table},
        "outlines": outlines(content),
        "settled": (settled - timedelta(days=6), settled),
        "maps": maps(data, rules, labels, headline),
        "regions": regions(data, rules, headline),
        "headline": [trends[item] for item in headline],
        "data_events": data_events(data),
        "coding": coding(data, labels),
        "exceptions": exceptions(data, labels),
        "signals": signals(data),
        "syndromes": records(data.syndromes),
    }


def banners(data: ReportData, labels: Labels, night: Board) -> list[tuple[str, str]]:
    """(kind, sentence): what must be known before any number is read."""
    found = [("demo", labels.say("banner", "simulated"))] if data.meta.simulated else []
    for row in records(data.data_events):
        if row["scope"] == "national":
            found.append(("warn", labels.say("banner", "data_event", sentence=str(row["sentence_fr"]))))
    if night.missing:
        counts = [(night.count(status), status) for status in MISSING if night.count(status)]
        detail = ", ".join(f"{n} {labels.get('status_one' if n == 1 else 'status_plural', s)}" for n, s in counts)
        found.append(("warn", labels.say("banner", "incomplete", detail=detail, share=percent(night.lost))))
    elif night.lines:
        found.append(("good", labels.say("banner", "complete", total=night.expected)))
    return found


def spark_points(shares: tuple[float | None, ...]) -> str:
    """Points of a polyline that fits SPARK_WIDTH × SPARK_HEIGHT; empty when there are fewer than two."""
    known = [(n, share) for n, share in enumerate(shares) if share is not None]
    if len(known) < 2:
        return ""
    low, high = min(s for _, s in known), max(s for _, s in known)
    step = (SPARK_WIDTH - 6) / (len(shares) - 1)
    room = SPARK_HEIGHT - 6
    return " ".join(
        f"{3 + n * step:.1f},{3 + room - (room * (s - low) / (high - low) if high > low else room / 2):.1f}"
        for n, s in known
    )


def outlines(content: Content) -> dict[str, Any]:
    """The drawing of the départements (reports/map/departements.json)."""
    drawing: dict[str, Any] = json.loads(content.text(OUTLINES))
    return drawing


def maps(data: ReportData, rules: Rules, labels: Labels, headline: list[str]) -> list[dict[str, Any]]:
    """One entry per headline syndrome: its two maps and the table behind them."""
    shown = []
    for item in headline:
        label, found = data.label(item), places(data, item)
        pair = (share_map(item, found, labels, rules, label), change_map(item, found, labels, rules, label))
        shown.append({"id": item, "label": label, "maps": pair, "places": found})
    return shown


def regions(data: ReportData, rules: Rules, headline: list[str]) -> list[tuple[str, list[Cell | None]]]:
    """Rows of the table of régions: name, then one cell per headline syndrome, for the last complete week."""
    week = last_complete_week(data)
    if week is None:
        return []
    table = {
        (str(row["region"]), str(row["syndrome"]), row["week_monday"]): row
        for row in records(data.regional)
        if row["week_monday"] in (week, week - timedelta(days=7))
    }
    codes = sorted({key[0] for key in table}, key=lambda code: _fold(data.place("region", code)))
    columns = {item: _shares(table, codes, item, week) for item in headline}
    return [
        (data.place("region", code), [_cell(table, code, item, week, columns[item], rules) for item in headline])
        for code in codes
    ]


def _fold(name: str) -> str:
    """Île-de-France sorts under I."""
    return unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()


def _shares(table: dict[Any, Any], codes: list[str], item: str, week: date) -> list[float]:
    rows = [table.get((code, item, week)) for code in codes]
    shares = [share_of(row["visits"], row["visits_coded"]) for row in rows if row is not None]
    return sorted(share for share in shares if share is not None)


def _cell(table: dict[Any, Any], code: str, item: str, week: date, column: list[float], rules: Rules) -> Cell | None:
    now, before = table.get((code, item, week)), table.get((code, item, week - timedelta(days=7)))
    if now is None:
        return None
    share = share_of(now["visits"], now["visits_coded"])
    top = column[-1] if column else 0.0
    low = column[0] if column else 0.0
    heat = 0 if share is None or top <= low else min(4, int((share - low) / (top - low) * 5))
    change = relative(int(now["visits"]), int(before["visits"])) if before is not None else None
    small = int(now["visits_coded"]) < rules.small_denominator or int(now["visits"]) < 10
    return Cell(int(now["visits"]), share, change, heat, small)


def data_events(data: ReportData) -> list[dict[str, Any]]:
    """Data events with names instead of codes, in their order."""
    rows = records(data.data_events)
    return [row | {"place": data.place(str(row["scope"]), str(row["territory"]))} for row in rows]


def exceptions(data: ReportData, labels: Labels) -> list[dict[str, Any]]:
    """Waivers and corrections with names instead of codes."""
    return [
        row
        | {
            "place": labels.get("exception", "all") if row["association"] == "*" else _association(data, row),
            "what": labels.say("exception", str(row["kind"]), subject=str(row["subject"])),
        }
        for row in records(data.exceptions)
    ]


def _association(data: ReportData, row: dict[str, Any]) -> str:
    return data.place("association", str(row["association"]))


def signals(data: ReportData) -> list[dict[str, Any]]:
    """Signals with names instead of codes, in the order of their rank."""
    frame = data.signals.assign(
        label=[data.label(str(item)) for item in data.signals["syndrome"]],
        place=[
            data.place(str(k), str(c))
            for k, c in zip(data.signals["territory_kind"], data.signals["territory"], strict=True)
        ],
        doubtful=data.signals["doubtful"].astype(bool),
    )
    return records(frame.sort_values(["rank", "event"], kind="stable"))
