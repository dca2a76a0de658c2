"""What a machine is given: units that systemd reads whole, a crontab that runs with cron's poor environment, a site."""

from __future__ import annotations

import configparser
import subprocess
from pathlib import Path

import pytest

from surveillance.content import Content
from surveillance.installing import write_units
from surveillance.settings import load_settings

# The section in which systemd reads each key that our units use: in another one it is ignored with a mere warning.
SECTION = {
    "Description": "Unit",
    "Wants": "Unit",
    "After": "Unit",
    "OnFailure": "Unit",
    "Type": "Service",
    "User": "Service",
    "UMask": "Service",
    "Environment": "Service",
    "ExecStart": "Service",
    "SuccessExitStatus": "Service",
    "TimeoutStartSec": "Service",
    "LimitCORE": "Service",
    "NoNewPrivileges": "Service",
    "ProtectSystem": "Service",
    "ProtectHome": "Service",
    "PrivateTmp": "Service",
    "ReadWritePaths": "Service",
    "OnCalendar": "Timer",
    "Persistent": "Timer",
    "AccuracySec": "Timer",
    "RandomizedDelaySec": "Timer",
    "WantedBy": "Install",
}


@pytest.fixture
def written(tmp_path: Path, content: Content) -> dict[str, Path]:
    """The units and the crontab of a machine, by name."""
    settings = load_settings(content, tmp_path / "state")
    return {path.name: path for path in write_units(content, settings, tmp_path / "units")}


def test_every_key_of_a_unit_stands_where_systemd_reads_it(written: dict[str, Path]) -> None:
    """A failed night must reach its operator: OnFailure in [Service] would be ignored."""
    units = [path for name, path in written.items() if name != "crontab"]
    assert len(units) == 7
    for path in units:
        unit = configparser.ConfigParser(interpolation=None)
        unit.optionxform = str  # type: ignore[assignment,method-assign]
        unit.read(path, encoding="utf-8")
        places = {key: section for section in unit.sections() for key in unit[section]}
        assert places == {key: SECTION[key] for key in places}, path.name
        if path.name in ("surveillance-night.service", "surveillance-watch.service"):
            assert unit["Unit"]["OnFailure"] in written


def test_the_lines_of_the_crontab_run_in_the_environment_of_cron(written: dict[str, Path], tmp_path: Path) -> None:
    """A state never set up: each line says so in one sentence, with its exit code, and names what to type."""
    lines = [line for line in written["crontab"].read_text().splitlines() if line and not line.startswith("#")]
    jobs = [line for line in lines if line[0].isdigit()]
    given = dict(line.split("=", 1) for line in lines if line not in jobs) | {"SURVEILLANCE_SITE": ""}
    assert given["SURVEILLANCE_STATE"] == str(tmp_path / "state")
    ends = [
        subprocess.run(["/bin/sh", "-c", job.split(maxsplit=5)[5]], env=given, capture_output=True, text=True)
        for job in jobs
    ]
    assert [end.returncode for end in ends] == [11, 11, 0]
    assert "surveillance site" in ends[0].stderr
    assert "surveillance site" in ends[1].stderr
    assert "surveillance run" in ends[2].stdout
    assert not any("Traceback" in end.stderr for end in ends)


def test_settings_of_two_states_in_one_process_are_two(tmp_path: Path, content: Content) -> None:
    first = load_settings(content, tmp_path / "first")
    second = load_settings(content, tmp_path / "second")
    assert [one.state.name for one in (first, second)] == ["first", "second"]
    assert [one.keys.parent.name for one in (first, second)] == ["first", "second"]
