"""Reading a night's figures out of the store, as they were known that night, into ReportData."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa

from surveillance import __version__
from surveillance.ages import load_acts, load_ages
from surveillance.coding.syndromes import Syndrome
from surveillance.intake.exceptions import load_exceptions
from surveillance.known_counts import versions_used
from surveillance.ledgers import known
from surveillance.reporting.data import COLUMNS, ReportData, ReportMeta
from surveillance.reporting.definitions import definitions_then, version_then
from surveillance.reporting.delivery import read_delivery
from surveillance.reporting.earlier import earlier_seasons
from surveillance.reporting.rules import Rules
from surveillance.territories import load_departments, load_regions
from surveillance.words import say

if TYPE_CHECKING:
    from surveillance.night import Night

QUERIES = "reports/queries/"
FRAMES = (
    "daily", "weekly", "regional", "departments", "ages", "signals", "receptions", "data_events",
    "coding", "unknown_codes", "unknown_words",
)  # fmt: skip
HISTORY_YEARS = 4  # the current season and the three before it


def read_report_data(night: Night, rules: Rules) -> ReportData:
    """Everything the page needs, as known after the night (later arrivals and corrections are left out).

    The page shows the definitions that its groups name (reports/page.toml); the others are for questions and the file.
    """
    named = {item for group in rules.group for item in group.syndromes}
    known = definitions_then(night)
    syndromes = [item for item in known if item.id in named]
    parameters = _parameters(night, rules, [item.id for item in syndromes])
    regions = {item.department: item.region for item in night.associations}
    places = pa.Table.from_pylist([{"department": d, "region": r} for d, r in sorted(regions.items())])
    used = _known(night, parameters)
    bands = [{"age_band": band, "age_group": group} for band, group in sorted(_bands(night).items())]
    with night.store.table("territories", places), night.store.table("age_groups", pa.Table.from_pylist(bands)):
        frames = {name: _frame(night, name, parameters) for name in FRAMES}
    frames["receptions"] = _with_registry(night, frames["receptions"])
    delivery, seq = read_delivery(night)
    return ReportData(
        _meta(night, seq),
        delivery,
        seasons=earlier_seasons(night.content),
        syndromes=_definitions(syndromes, night.store.invented(item.id for item in syndromes), used),
        places=place_names(night),
        labels={item.id: item.label("fr") for item in known},
        exceptions=_exceptions(night),
        **frames,
    )


def _exceptions(night: Night) -> pd.DataFrame:
    """Waivers and corrections in force this night, with who allowed them and why."""
    rows = [
        (item.association, type(item).__name__.lower(), item.subject, item.who, item.why, item.last)
        for item in load_exceptions(night.content).in_force(night.date)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS["exceptions"]))


def _bands(night: Night) -> dict[str, str]:
    return load_ages(night.content).scheme("bulletin").of_band


def _parameters(night: Night, rules: Rules, syndromes: list[str]) -> dict[str, Any]:
    last = night.visit_day
    monday = last - timedelta(days=last.weekday())
    return {
        "night": night.date,
        "last": last,
        "settled": last - timedelta(days=rules.unsettled_days),
        "week_settled": last - timedelta(days=rules.week_unsettled_days),
        "first": monday - timedelta(weeks=52 * HISTORY_YEARS),
        "first_week": monday - timedelta(weeks=4),
        "first_day": last - timedelta(days=max(rules.daily_days, 7 * rules.weekday_weeks + 7)),
        "syndromes": syndromes,
        "coding_first": night.date - timedelta(days=rules.coding_nights - 1),
        "acts": sorted(load_acts(night.content).counted),
    }


def _known(night: Night, parameters: dict[str, Any]) -> dict[str, str]:
    """Make the temporary tables known_counts and known_totals: as known, and coded, after the night, whenever asked.

    Gives, by syndrome, the versions of its definition that counted.
    """
    oldest = night.store.value("SELECT min(night) FROM receptions")
    if oldest is not None:  # before the first night only late visits are known: they would look like a fall
        parameters["first"] = max(parameters["first"], oldest - timedelta(days=1))
    counts, totals = known("counts", night.date), known("denominators", night.date)
    both = "sum(visits_all) AS visits_all, sum(visits_coded) AS visits_coded"
    for name, columns, source, first in (  # a cell that was told and taken back again is none
        ("known_counts", "visit_day, department, syndrome, sum(visits) AS visits", counts, "first"),
        ("known_totals", f"visit_day, department, {both}", totals, "first"),
        ("known_age_counts", "visit_day, age_band, syndrome, sum(visits) AS visits", counts, "first_week"),
        ("known_age_totals", f"visit_day, age_band, {both}", totals, "first_week"),
    ):
        text = (
            f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT {columns} FROM {source}\n"
            f"WHERE visit_day BETWEEN greatest(${first}::DATE, $first::DATE) AND $last::DATE GROUP BY ALL "
            f"HAVING sum({'visits' if source == counts else 'visits_all'}) <> 0"
        )
        night.store.run(text, _used(text, parameters))
    return versions_used(night.store, counts, parameters["first"], parameters["last"], parameters["syndromes"])


def _frame(night: Night, name: str, parameters: dict[str, Any]) -> pd.DataFrame:
    text = night.content.text(f"{QUERIES}{name}.sql")
    return night.store.frame(text, _used(text, parameters))


def _used(text: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """The parameters a statement names: DuckDB refuses any other."""
    code = re.sub(r"--[^\n]*", "", text)
    return {key: parameters[key] for key in sorted(set(re.findall(r"\$([a-z_]+)", code)))}


def _with_registry(night: Night, frame: pd.DataFrame) -> pd.DataFrame:
    """One row per association, in the order of COLUMNS; one that the store knows nothing of tonight is absent."""
    known = {str(row["association"]): row for row in frame.to_dict("records")}
    rows = []
    for item in night.associations:
        row = known.get(item.code)
        if row is None and not item.open_on(night.date):
            row = {"status": "closed", "code": "closed"}
        found = {
            "status": "absent",
            "code": "no_file",
            "detail": "",
            "expected": item.usual_volume,
            "low": None,
            "visits": 0,
            "late_visits": 0,
            "withdrawn": 0,
            "last_night_received": None,
        } | (row or {})
        detail = found["detail"] if isinstance(found["detail"], str) else ""
        sentence = say(night.content, "fr", f"cause_{found['code']}", detail=detail).replace("()", "").strip(" :")
        rows.append(
            found
            | {
                "association": item.code,
                "name": item.name,
                "city": item.city,
                "detail": "",
                "department": item.department,
                "region": item.region,
                "sentence_fr": sentence,
            }
        )
    return pd.DataFrame(rows, columns=list(COLUMNS["receptions"]))


def _definitions(syndromes: list[Syndrome], invented: tuple[str, ...], used: dict[str, str]) -> pd.DataFrame:
    """What is simulated without a published count behind it says so in its name: the mark is wherever the name is.

    `used`: the versions that counted; where nothing did, today's.
    """
    names = {s.id: f"{s.label_fr} – simulé" if s.id in invented else s.label_fr for s in syndromes}
    rows = [
        (s.id, names[s.id], used.get(s.id, s.version), s.status, " ".join(s.source.split()), _codes(s))
        for s in syndromes
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS["syndromes"]))


def _codes(syndrome: Syndrome) -> str:
    low, high = syndrome.age_min_months, syndrome.age_max_months
    ages = [
        f"à partir de {low} mois révolus" if low is not None else "",
        f"jusqu’à {high} mois révolus" if high is not None else "",
    ]
    listed = ", ".join(syndrome.diagnoses.cim10) if syndrome.diagnoses else ""
    return " ; ".join(part for part in (listed, *ages) if part)


def place_names(night: Night) -> dict[str, str]:
    """`region:11`, `department:75`, `association:7501` → name."""
    names = {f"region:{code}": item.name for code, item in load_regions(night.content).items()}
    names |= {f"department:{code}": item.name for code, item in load_departments(night.content).items()}
    return names | {f"association:{item.code}": item.name for item in night.associations}


def _meta(night: Night, seq: int) -> ReportMeta:
    return ReportMeta(
        night=night.date,
        cut_off=night.at(night.timetable.cut_off),
        deadline=night.at(night.timetable.deadline),
        tool_version=__version__,
        content_digest=night.content.digest(),
        definitions_version=version_then(night),
        run_id=f"{night.settings.env}-{night.date:%Y%m%d}-{seq:06d}",
        simulated=night.settings.env == "TEST",
    )
