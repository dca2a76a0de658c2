"""The scan for clusters of départements: what is read, what is left out, and the command."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from math import dist
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from surveillance.cli import app
from surveillance.clusters import centres, read, table
from surveillance.content import Content
from surveillance.store import open_published
from tests.query_tools import Day, every_day, fill, site

LAST = date(2024, 3, 10)
FIRST = LAST - timedelta(days=27)


def days(flu: int) -> list[Day]:
    """Four weeks of two visits of flu by association and day; in the last three days so many in 8001 (Somme)."""
    whole = every_day(FIRST, LAST, acts=40)
    return [replace(d, flu=flu) if d.association == "8001" and d.day > LAST - timedelta(days=3) else d for d in whole]


@pytest.fixture
def where(tmp_path: Path) -> list[str]:
    return ["--state", str(tmp_path / "state"), "--site", str(tmp_path / "site"), "--lang", "en"]


def run(where: list[str], *more: str) -> Any:
    return CliRunner().invoke(app, ["clusters", "grippe", *where, *more])


def test_centres_are_as_far_apart_as_the_departements() -> None:
    found = centres(Content(None))
    assert len(found) == 101
    for one, other, kilometres in (("59", "66", 873), ("29", "67", 858), ("75", "69", 385), ("75", "92", 8)):
        assert dist(found[one], found[other]) == pytest.approx(kilometres, rel=0.1, abs=3)
    assert min(dist(found["971"], found[code]) for code in found if code != "971") > 1e5


def test_a_rise_in_one_departement_is_a_cluster_of_its_days(tmp_path: Path, where: list[str]) -> None:
    content = site(tmp_path / "site")
    fill(tmp_path / "state", content, days(12))
    with open_published(tmp_path / "state", content) as store:
        found = read(store, "grippe", None, 28, 7, "diagnosis")
    assert found.departments == ("59", "75", "80") and found.silent == () and found.last == LAST
    assert found.visits.sum(axis=0).tolist() == [112, 56, 86] and found.visits[-1].tolist() == [4, 2, 12]
    first = table(found, content, 7, 99, 1, 3).iloc[0]
    assert (first["departments"], first["days"], first["since"]) == ("80", 3, LAST - timedelta(days=2))
    assert first["visits"] == 36 and first["expected"] == round(86 * 54 / 254, 1) and first["p"] == 0.01
    shown = run(where)
    assert shown.exit_code == 0 and "1 cluster(s) (p ≤ 0.05)" in shown.stdout and " 0.001 " in shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= 80
    assert shown.stdout == run(where).stdout
    assert "no cluster on 2024-03-07" in run(where, "--as-of", "2024-03-08").stdout


def test_steady_visits_make_no_cluster(tmp_path: Path, where: list[str]) -> None:
    fill(tmp_path / "state", site(tmp_path / "site"), days(2))
    assert "grippe: no cluster on 2024-03-10" in run(where).stdout


def test_a_feed_that_did_not_come_is_left_out_and_named(tmp_path: Path, where: list[str]) -> None:
    lost = [d for d in days(2) if not (d.association == "7501" and d.day == LAST)]
    fill(tmp_path / "state", site(tmp_path / "site"), lost)
    assert "Left out, without any act received of one of the last 7 days: 75." in run(where).stdout


def test_nothing_known_and_unknown_names_are_answered(tmp_path: Path, where: list[str]) -> None:
    fill(tmp_path / "state", site(tmp_path / "site"), [])
    assert "no cluster" in run(where).stdout
    fill(tmp_path / "state2", Content(tmp_path / "site"), days(2))
    asked = CliRunner().invoke(app, ["clusters", "nonsense", "--state", str(tmp_path / "state2"), *where[2:]])
    assert "nonsense" in str(asked.exception)


def test_an_empty_scan_has_the_columns(tmp_path: Path) -> None:
    content = site(tmp_path / "site")
    fill(tmp_path / "state", content, [])
    with open_published(tmp_path / "state", content) as store:
        found = read(store, "grippe", None, 28, 7, "diagnosis")
    assert len(table(found, content, 7, 99, 1, 3)) == 0 and np.size(found.visits) == 0
