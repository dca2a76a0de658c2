"""The step `report` on a real store: what was known that night, the same bytes twice, an older night redrawn."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from lxml import html

from surveillance.clock import Clock
from surveillance.content import Content
from surveillance.counting import count_nights
from surveillance.files import make_folder, write_atomic
from surveillance.ledgers import LATEST
from surveillance.night import Night
from surveillance.reporting.earlier import published_seasons
from surveillance.reporting.pages import PAGE
from surveillance.reporting.reading import read_report_data
from surveillance.reporting.rules import load_rules
from surveillance.settings import Settings
from surveillance.steps.report import report

NIGHT = date(2024, 1, 17)  # a Wednesday: the week before is settled
ACTS = ("VISITE", "CENTRE")


def visit(number: int, day: date, association: str, syndromes: list[str], told: date) -> dict[str, Any]:
    """One version of a visit, told on a night, with the syndromes it counts in."""
    return {
        "visit_uid": f"{number:032x}", "rec_version": 1, "arrival": number, "from_night": told,
        "to_night": date(9999, 12, 31),
        "association": association, "status": "active", "event_date": day, "hour": 10, "act_type": "VISITE",
        "dep_care": association[:-2], "dep_res": None, "age_y": 30, "age_m": None, "age_band": "15-44", "sex": "F",
        "thesaurus": "CIM10", "diagnoses": ["J11.1"] if syndromes else [], "reason_codes": [],
        "reason_concepts": [], "outcome": "DOMICILE", "dq": [], "file_sha256": "f", "line_no": number,
        "dialect": "d", "content_hash": "c", "syndromes": syndromes,
    }  # fmt: skip


def visits() -> list[dict[str, Any]]:
    """Six weeks of one association: 20 acts a day, 4 with influenza (8 in the last week), told the next night."""
    made = []
    for back in range(42, 0, -1):
        day = NIGHT - timedelta(days=back)
        flu = 8 if day >= date(2024, 1, 8) else 4
        for n in range(20):
            syndromes = ["grippe", "ira"] if n < flu else ["gastro"] if n < 18 else []
            made.append(visit(len(made), day, "3301", syndromes, day + timedelta(days=1)))
    return made


def fill(night: Night, rows: list[dict[str, Any]]) -> None:
    """Put visits, receptions, a signal and a delivery into the store of a night."""
    store, columns = night.store, [name for name in rows[0] if name != "syndromes"]
    links = [
        {"from_night": row["from_night"], "arrival": row["arrival"], "syndrome": s}
        for row in rows
        for s in row["syndromes"]
    ]
    plain = [{key: row[key] for key in columns} for row in rows]
    received = [
        {"night": night.date, "association": a.code, "status": "absent" if a.code == "7501" else "received",
         "code": "no_file" if a.code == "7501" else "ok", "detail": "", "usual_volume": a.usual_volume,
         "day_visits": 0 if a.code == "7501" else 20, "late_visits": 1} for a in night.associations
    ]  # fmt: skip
    for table, found in (("visits", plain), ("visit_syndromes", links), ("receptions", received)):
        with store.table("incoming", pa.Table.from_pylist(found)):
            store.run(f"INSERT INTO {table} BY NAME SELECT * FROM incoming")
    count_nights(store, date.min, LATEST, ACTS)
    signal = {
        "night": night.date, "event": "grippe-dep33", "rank": 1, "shown": True, "syndrome": "grippe",
        "methods": ["ears_c2"],
        "territory_kind": "department", "territory": "33", "age": "all", "first_day": night.visit_day,
        "last_day": night.visit_day, "observed": 8.0, "expected": 4.0, "low": 1.0, "high": 7.0, "pvalue": 1e-5,
        "doubtful": False, "reason": "", "calendar": "",
    }  # fmt: skip
    with store.table("incoming", pa.Table.from_pylist([signal])):
        store.run("INSERT INTO signal_events BY NAME SELECT * FROM incoming")
    first = NIGHT - timedelta(days=42)  # the store has been filled since then
    store.run("INSERT INTO receptions (night, association) VALUES ($night, '3301')", {"night": first})
    for state, at in (("built", "03:30"), ("sent", "03:31"), ("acknowledged", "03:32")):
        store.run("INSERT INTO deliveries VALUES ($night, 7, $state, $at, 'X.manifest.json', '')",
                  {"night": night.date, "state": state, "at": f"{night.date}T{at}:00+00:00"})  # fmt: skip
    manifest = {"files": [{"name": "X_VIS.csv.gz", "rows": 140, "sha256": "ab" * 32}]}
    write_atomic(night.folder("outbox") / "X.manifest.json", json.dumps(manifest).encode())


@pytest.fixture(scope="module")
def content() -> Content:
    return Content()


@pytest.fixture
def night(tmp_path: Path, content: Content) -> Iterator[Night]:
    made = new_night(tmp_path, content, NIGHT)
    fill(made, visits())
    yield made
    made.close()


def new_night(state: Path, content: Content, when: date) -> Night:
    """A night on a state folder of the test."""
    settings = Settings(env="TEST", state=make_folder(state), keys=state / "keys")
    return Night(when, content, settings, Clock(lambda: datetime(2024, 1, 17, 4, tzinfo=UTC)))


def test_page_stands_and_a_rerun_gives_the_same_bytes(night: Night) -> None:
    counts = report(night)
    latest = night.settings.state / "pages" / "latest" / PAGE
    first = latest.read_bytes()
    assert counts["bytes"] == len(first) and counts["charts"] == 19
    report(night)
    assert latest.read_bytes() == first
    text = html.fromstring(first.decode()).text_content()
    assert "Accusé de réception" in text and "X_VIS.csv.gz" in text and "TEST-20240117-000007" in text
    assert "Gironde" in text and "Aucun nouveau fichier" not in text and "aucun nouveau fichier déposé" in text


def test_frames_hold_what_the_store_holds(night: Night) -> None:
    data = read_report_data(night, load_rules(night.content))
    weekly = data.weekly[data.weekly["syndrome"] == "grippe"].set_index("week_monday")
    last = weekly.loc[date(2024, 1, 8)]
    assert last[["visits", "visits_all", "visits_coded"]].tolist() == [56, 140, 126] and last["complete"]
    assert weekly.loc[date(2024, 1, 1), "visits"] == 28
    assert not weekly.loc[date(2024, 1, 15), "complete"]
    flu = data.departments[data.departments["syndrome"] == "grippe"].set_index("department").loc["33"]
    assert list(flu[["visits", "visits_coded", "visits_before", "visits_coded_before"]]) == [56, 126, 28, 126]
    region = data.regional[(data.regional["syndrome"] == "ira") & (data.regional["region"] == "75")]
    assert region.set_index("week_monday").loc[date(2024, 1, 8), "visits"] == 56
    adults = data.ages[(data.ages["syndrome"] == "grippe") & (data.ages["age_group"] == "15-74")]
    assert adults.set_index("week_monday").loc[date(2024, 1, 8), ["visits", "visits_all"]].tolist() == [56, 140]
    assert len(data.receptions) == len(night.associations)
    assert data.delivery.rows == 140 and data.delivery.state == "acknowledged"


def test_an_older_night_is_drawn_as_it_was_known(night: Night, content: Content) -> None:
    before = read_report_data(night, load_rules(content)).weekly
    late = [visit(10_000 + n, date(2024, 1, 9), "3301", ["grippe"], NIGHT + timedelta(days=1)) for n in range(5)]
    state = night.settings.state
    night.close()
    after = new_night(state, content, NIGHT + timedelta(days=1))
    fill(after, late)
    now = read_report_data(after, load_rules(content)).weekly
    after.close()
    again = read_report_data(night, load_rules(content)).weekly
    assert again.equals(before)
    week = now[(now["week_monday"] == date(2024, 1, 8)) & (now["syndrome"] == "grippe")]
    assert week["visits"].tolist() == [61]


@pytest.mark.parametrize(("back", "complete"), [(2, False), (1, True)])
def test_a_week_is_complete_on_the_tuesday_after(back: int, complete: bool, night: Night, content: Content) -> None:
    """On Monday its Sunday has only just come; on Tuesday the page tells of it, nationally and by région."""
    state = night.settings.state
    night.close()
    earlier = new_night(state, content, NIGHT - timedelta(days=back))
    data = read_report_data(earlier, load_rules(content))
    earlier.close()
    for frame in (data.weekly, data.regional):
        assert set(frame.loc[frame["week_monday"] == date(2024, 1, 8), "complete"]) == {complete}


def test_empty_store_still_gives_a_page(tmp_path: Path, content: Content) -> None:
    empty = new_night(tmp_path, content, NIGHT)
    assert report(empty)["charts"] == 19
    empty.close()


def test_published_seasons_are_shares(content: Content) -> None:
    seasons = published_seasons(content)
    assert set(seasons["syndrome"]) == {"covid", "grippe"}
    assert seasons["share"].between(0, 0.5).all()
    # Published peak of influenza: 27.8 % of coded acts in 2025-W04 (Odissé).
    flu = seasons[seasons["syndrome"] == "grippe"].set_index("week_monday")["share"]
    assert round(flu.max(), 3) == 0.278 and flu.idxmax() == date(2025, 1, 20)
