"""What a night decides at its edges: too few feeds, a late file, a step asked for too early, a clock for rehearsals."""

from __future__ import annotations

import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from surveillance.clock import Clock
from surveillance.demonstration.demo import Demo, add_nights, put_on_servers
from surveillance.journal import read_journal
from surveillance.status import journal_path, read_status
from tests.conftest import surveillance

NIGHT = "2024-01-16"


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def leave_only(stage: Demo, kept: int) -> None:
    for folder in sorted((stage.state / "feeds").iterdir())[kept:]:
        shutil.rmtree(folder)


def test_too_few_feeds_leave_all_the_same(stage: Demo) -> None:
    leave_only(stage, 10)
    result = surveillance("run", NIGHT, "--state", stage.state)
    assert result.returncode == 12, result.stderr
    assert list((stage.state / "agency" / "drop").glob("*.manifest.json"))


def test_too_few_feeds_can_stop_the_night(stage: Demo) -> None:
    leave_only(stage, 10)
    change(stage.state / "site" / "schedules" / "night.toml", "floor = 0.5", 'floor = 0.5\nbelow = "stop"')
    result = surveillance("run", NIGHT, "--state", stage.state)
    assert result.returncode == 12
    assert "nothing is sent" in result.stderr
    assert not list((stage.state / "agency" / "drop").glob("*.manifest.json"))


def test_a_rerun_after_the_deadline_of_what_was_in_time_is_not_late(stage: Demo) -> None:
    settings = stage.state / "site" / "schedules" / "settings.toml"
    assert surveillance("run", NIGHT, "--state", stage.state).returncode == 3
    change(settings, '"05:00"', '"07:00"')
    assert surveillance("run", NIGHT, "--state", stage.state).returncode == 3


def test_a_file_proven_only_after_the_deadline_is_late(stage: Demo) -> None:
    change(stage.state / "site" / "schedules" / "settings.toml", '"05:00"', '"07:00"')
    assert surveillance("run", NIGHT, "--state", stage.state).returncode == 15
    assert list((stage.state / "agency" / "drop").glob("*.manifest.json")), "late, but there"


def test_delivering_a_night_that_was_not_gathered_says_what_to_type(stage: Demo) -> None:
    for command in ("deliver", "report"):
        result = surveillance(command, NIGHT, "--state", stage.state)
        assert result.returncode == 2
        assert f"surveillance run {NIGHT}" in result.stderr


def test_a_missing_key_stops_before_anything_is_fetched(stage: Demo) -> None:
    (stage.state / "keys" / "pseudonym.key").unlink()
    result = surveillance("run", NIGHT, "--state", stage.state)
    assert result.returncode == 11
    assert "pseudonym" in result.stderr
    assert not (stage.state / "inbox" / NIGHT).exists()


def test_a_template_that_breaks_does_not_hold_the_file_back(stage: Demo) -> None:
    broken = stage.state / "site" / "reports" / "templates" / "report.html"
    broken.parent.mkdir(parents=True)
    broken.write_text("{{ nothing_of_that_name }}", encoding="utf-8")
    assert surveillance("run", NIGHT, "--state", stage.state).returncode == 3
    found = read_status(read_journal(journal_path(stage.state, NIGHT)))
    assert found.delivery["state"] == "acknowledged"
    assert "report" in found.steps_not_done


def test_wrong_content_stops_before_anything_is_fetched(stage: Demo) -> None:
    change(stage.state / "site" / "extracts" / "associations.toml", 'dialect = "csv-fr-cp1252"', 'dialect = "csv-de"')
    result = surveillance("run", NIGHT, "--state", stage.state)
    assert result.returncode == 10
    assert "csv-de" in result.stderr
    assert not (stage.state / "inbox" / NIGHT).exists()


def test_a_rehearsed_night_begins_at_its_second_and_its_clock_goes_on() -> None:
    start = datetime(2024, 1, 16, 4, tzinfo=UTC)
    clock = Clock.starting_at(start)
    time.sleep(0.01)  # between the clock and the night, a slow machine
    assert clock.now() == start
    time.sleep(0.01)
    assert start < clock.now() < start + timedelta(hours=1)


def test_a_report_drawn_again_does_not_hide_what_is_missing(stage: Demo) -> None:
    assert surveillance("run", NIGHT, "--state", stage.state).returncode == 3
    assert surveillance("report", NIGHT, "--state", stage.state).returncode == 3


def test_a_number_the_agency_knows_with_other_bytes_is_left_and_the_next_one_taken(stage: Demo) -> None:
    drop = stage.state / "agency" / "drop"
    (drop / "SOS_TEST_20240116_000001_VIS.csv.gz").write_bytes(b"of a machine that is no more")
    assert surveillance("run", NIGHT, "--state", stage.state).returncode == 3
    assert (drop / "SOS_TEST_20240116_000001_VIS.csv.gz").read_bytes() == b"of a machine that is no more"
    assert (drop / "SOS_TEST_20240116_000002.manifest.json").is_file()
    before = {path.name for path in drop.iterdir()}
    assert surveillance("run", NIGHT, "--state", stage.state).returncode == 3
    assert {path.name for path in drop.iterdir()} == before


def test_the_next_night_of_a_demonstration_brings_no_new_trouble(stage: Demo) -> None:
    assert surveillance("run", NIGHT, "--state", stage.state).returncode == 3
    following = Demo(stage.state, stage.night + timedelta(days=1), stage.seed, stage.weeks)
    assert add_nights(following, lambda done, of: None)
    assert not add_nights(following, lambda done, of: None)
    put_on_servers(following)
    assert surveillance("run", following.night, "--state", stage.state).returncode == 3
    found = read_status(read_journal(journal_path(stage.state, following.night)))
    assert [(item["association"], item["code"]) for item in found.troubled()] == [("7502", "host_key")]
