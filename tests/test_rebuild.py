"""The daily file and the page of a past night, after everything has changed: what was said stays said."""

from __future__ import annotations

import gzip
import json
import re
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from surveillance.cli import app
from surveillance.content import Content
from surveillance.delivery.package import load_contract
from surveillance.demonstration.demo import Demo
from surveillance.store import Store, published_path, store_path
from tests.conftest import surveillance
from tests.test_recoding import NIGHT, adopt, edit, rename


def again(stage: Demo, *words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["rebuild", NIGHT, "--state", str(stage.state), "--lang", "en", *words])
    return done.exit_code, done.output


def page(state: Path) -> str:
    """The page of the night without the digest of the content in force, which says who drew it."""
    text = (state / "pages" / NIGHT / "rapport.html").read_text(encoding="utf-8")
    return re.sub(r"\b[0-9a-f]{12,64}\b", "", text)


def packages(state: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (state / "outbox" / NIGHT).glob("SOS_*")}


def counted(state: Path) -> int:
    """Acts of influenza on the days of the daily file."""
    first, last = load_contract(Content()).window(date.fromisoformat(NIGHT))
    with Store(store_path(state), Content()) as store:
        found = store.value(
            "SELECT sum(visits) FROM counts WHERE syndrome = 'grippe' AND visit_day BETWEEN $first AND $last",
            {"first": first, "last": last},
        )
    return int(found)


def indicator(sent: dict[str, bytes], name: str) -> list[str]:
    data = next(data for file, data in sent.items() if "AGG" in file)
    return [line for line in gzip.decompress(data).decode().splitlines() if f";{name};" in line]


def test_a_night_says_again_what_it_said(stage: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    assert surveillance("run", NIGHT, "--state", stage.state).returncode == 3
    sent, drawn = packages(stage.state), page(stage.state)
    edit(stage, "grippe", ('version = "1"', 'version = "2"'), ('"J09-J11"', '"J09-J11", "J22"'))
    edit(stage, "grippe", ('label_fr = "', 'label_fr = "Nouvelle '))
    before = counted(stage.state)
    adopt(stage)
    assert counted(stage.state) > before == sum(int(line.rsplit(";", 1)[1]) for line in indicator(sent, "grippe"))
    assert surveillance("report", NIGHT, "--state", stage.state).returncode == 3
    assert page(stage.state) == drawn, "the page shows the definitions by which its night was coded"
    rename(stage)
    assert surveillance("deliver", NIGHT, "--state", stage.state).returncode == 3
    assert packages(stage.state) == sent, "the same content, the same number"
    code, told = again(stage)
    assert code == 0 and told.count("the same as was sent") == 3, told

    issued = next((stage.state / "records" / NIGHT).glob("issued_*.json"))
    assert json.loads(issued.read_text("utf-8"))["terms"]["registry"]["5901"]["name"] == "SOS Médecins Lille"
    kept = issued.rename(issued.with_name("elsewhere"))
    code, told = again(stage)
    assert code == 0 and told.count("the same as was sent") == 3, "as a manifest of an earlier version says it"
    kept.rename(issued)
    monkeypatch.setattr("surveillance.delivery.terms.__version__", "99.0")
    code, told = again(stage)
    assert code == 0 and told.count("the same as was sent") == 3, "by another version of this tool"
    told_apart(stage)


def told_apart(stage: Demo) -> None:
    """A visit of the window is another than it was: which file, how many lines, of whom; never what they say."""
    path = published_path(stage.state)
    with Store(path, Content()) as store:
        uid, association = store.rows(
            "SELECT min(visit_uid), min_by(association, visit_uid) FROM visits WHERE event_date = DATE '2024-01-14' "
            "AND outcome <> 'SAU' AND to_night > DATE '2024-01-16'"
        )[0]
        store.run("UPDATE visits SET outcome = 'SAU' WHERE visit_uid = $uid", {"uid": uid})
    code, told = again(stage)
    assert code == 1 and f"_VIS.csv.gz: 2 lines differ ({association})" in told, told
    assert "manifest.json: differs in: files" in told and "AGG.csv.gz: the same as was sent" in told
    assert uid not in told and "content changed since: indicators/syndromes/grippe.toml" in told
    for data in (stage.state / "outbox" / NIGHT).glob("*VIS*"):
        data.unlink()
    assert "no longer there" in again(stage)[1]
    assert again(stage, "--number", "9")[0] != 0
