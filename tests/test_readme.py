"""The README says what is: the commands, the exit codes, the files it points to."""

from __future__ import annotations

import re
from pathlib import Path

from surveillance.cli import app
from surveillance.errors import EXIT_MEANING

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_exit_codes_are_those_of_the_code() -> None:
    listed = {int(code): meaning for code, meaning in re.findall(r"^\| (\d+) \| (.+?) \|$", README, re.MULTILINE)}
    assert listed == {int(code): meaning for code, meaning in EXIT_MEANING.items()}


def test_commands_are_those_of_the_command_line() -> None:
    section = README.split("## The commands")[1].split("## ")[0]
    listed = set(re.findall(r"^\| `(\w+)", section, re.MULTILINE))
    names = {command.callback.__name__ for command in app.registered_commands if command.callback}
    names |= {group.typer_instance.info.name for group in app.registered_groups if group.typer_instance}
    assert listed == names


def test_it_begins_with_the_two_commands() -> None:
    assert README.index("make demo") < README.index("make test") < 200


def test_files_it_points_to_exist() -> None:
    for rel in re.findall(r"`((?:extracts|indicators|reports|schedules)/[\w./*-]+)`", README):
        assert list(ROOT.glob(rel)), rel
