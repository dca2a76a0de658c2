"""Whole nights unlike the others: a doubled file is set aside and released, a file without the day is told."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from surveillance.associations import load_associations
from surveillance.content import Content
from surveillance.demonstration.demo import Demo
from surveillance.journal import read_journal
from surveillance.status import journal_path
from tests.conftest import surveillance

NIGHT = "2024-01-16"


def few_nights_suffice(stage: Demo) -> None:
    """The history of the tests is two weeks long: habits are learnt from ten nights here."""
    text = Content().text("extracts/checks.toml")
    assert "min_nights = 28" in text
    (stage.state / "site" / "extracts" / "checks.toml").write_text(
        text.replace("min_nights = 28", "min_nights = 10"), encoding="utf-8"
    )


def sound_csv(stage: Demo) -> tuple[str, Path]:
    """An association that sends French CSV and has no trouble tonight, and its file."""
    truth = json.loads((stage.state / "simulated" / "truth.json").read_text(encoding="utf-8"))
    troubled = {item["association"] for item in truth["faults"]}
    for item in load_associations(Content()):
        files = sorted((stage.state / "feeds" / item.code).rglob("EXPORT_20240115.csv"))
        if item.dialect == "csv-fr-cp1252" and item.code not in troubled and files:
            return item.code, files[0]
    raise AssertionError("no sound CSV feed")


def rewrite(path: Path, lines: list[bytes]) -> None:
    """Other lines under the same name and hour, without the line of total."""
    when = path.stat().st_mtime
    path.write_bytes(b"".join(line + b"\r\n" for line in lines if line and not line.startswith(b"TOTAL")))
    os.utime(path, (when, when))


def receptions(stage: Demo) -> dict[str, dict[str, Any]]:
    events = read_journal(journal_path(stage.state, NIGHT))
    return {event["association"]: event for event in events if event["event"] == "reception"}


def manifest(stage: Demo) -> dict[str, Any]:
    newest = max((stage.state / "agency" / "drop").glob("*.manifest.json"))
    found: dict[str, Any] = json.loads(newest.read_text(encoding="utf-8"))
    return found


def test_a_doubled_file_is_set_aside_then_released_by_a_waiver(stage: Demo) -> None:
    few_nights_suffice(stage)
    code, path = sound_csv(stage)
    head, *lines = path.read_bytes().split(b"\r\n")
    again = [b"B" + line[1:] for line in lines if line and not line.startswith(b"TOTAL")]
    rewrite(path, [head, *lines, *again])
    held = surveillance("run", NIGHT, "--state", stage.state)
    assert held.returncode == 3, held.stderr
    found = receptions(stage)[code]
    assert (found["status"], found["code"], found["loaded"]) == ("refused", "held", 0)
    assert found["lines_in"] == found["refused"] + found["other"]
    assert found["high"] > found["expected"] > found["low"]
    assert found["usual_hour"][2] == ":"
    assert found["arrived"].endswith("+00:00")
    assert "visites du jour" in found["detail"]
    told = [item for item in manifest(stage)["data_events"] if item["territory"] == code]
    assert [(item["scope"], item["check"]) for item in told] == [("association", "volume")]

    (stage.state / "site" / "extracts" / "waivers.toml").write_text(
        f'[[waiver]]\nassociation = "{code}"\ncheck = "volume"\nfrom = {NIGHT}\nuntil = {NIGHT}\n'
        'who = "appel du matin"\nwhy = "deux centres"\n',
        encoding="utf-8",
    )
    released = surveillance("run", NIGHT, "--since", "validate", "--state", stage.state)
    assert released.returncode == 3, released.stderr
    found = receptions(stage)[code]
    assert (found["status"], found["code"]) == ("received", "ok")
    assert found["loaded"] > 0
    line = next(item for item in manifest(stage)["completeness"] if item["association"] == code)
    assert line["waivers"] == ["volume: appel du matin, jusqu'au 16/01/2024"]
    page = (stage.state / "pages" / "latest" / "rapport.html").read_text(encoding="utf-8")
    assert "Événements de données" in page


def test_a_file_without_a_visit_of_the_day_is_an_outage_and_what_did_not_run_is_told(stage: Demo) -> None:
    code, path = sound_csv(stage)
    head, *lines = path.read_bytes().split(b"\r\n")
    rewrite(path, [head, *(line for line in lines if b";15/01/2024;" not in line)])
    assert surveillance("run", NIGHT, "--state", stage.state).returncode == 3
    found = receptions(stage)[code]
    assert (found["status"], found["code"]) in {("partial", "zero_day"), ("partial", "no_day")}
    known = [e for e in read_journal(journal_path(stage.state, NIGHT)) if e["event"] == "check not run"]
    assert {item["check"] for item in known if item["reason"] == "unknown_habit"} >= {"volume", "coded", "arrival"}
