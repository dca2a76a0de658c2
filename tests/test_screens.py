"""What people read in a terminal: tables never cut, the next command as it must be typed, refusals of the machine."""

from __future__ import annotations

import io
import shlex
import signal
import subprocess
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from rich.console import Console

from surveillance.cli import main
from surveillance.cli.common import Desk, write_table
from surveillance.demonstration.servers import FeedServer
from surveillance.status import NightStatus, next_step
from tests.conftest import surveillance

FRAME = pd.DataFrame(
    {
        "week": ["2024-W02"],
        "syndrome": ["grippe"],
        "visits": [10_572],
        "visits_all": [100_671],
        "visits_coded": [94_726],
        "share_all": [0.105],
        "share_coded": [0.1116],
        "rate_coded": [11_160.6],
        "complete": [False],
    }
)
NIGHT = date(2024, 1, 16)


def desk_of(terminal: bool, width: int = 80, **folders: Path) -> Desk:
    """A desk whose consoles write into strings."""
    desk = Desk(folders.get("site"), folders.get("state"), "fr")
    for name in ("out", "err"):
        desk.__dict__[name] = Console(
            file=io.StringIO(), width=width, force_terminal=terminal, color_system=None, soft_wrap=True
        )
    return desk


def told(console: Any) -> str:
    """What was written to a console of `desk_of`."""
    return str(console.file.getvalue())


@pytest.mark.parametrize(("terminal", "width"), [(True, 72), (True, 200), (False, 72)])
def test_no_cell_of_a_table_is_ever_cut(terminal: bool, width: int) -> None:
    """A narrow terminal sees fewer columns and is told which; a pipe has them all."""
    desk = desk_of(terminal, width)
    write_table(FRAME, "table", desk)
    text = told(desk.out)
    assert "…" not in text
    for shown in ("2024-W02", "10 572", "94 726", "11.16 %"):
        assert shown in text
    narrow = terminal and width == 72
    assert ("100 671" in text) is not narrow
    assert ("visits_all" in told(desk.err)) is narrow
    assert max(map(len, text.splitlines())) <= width or not terminal


def typed(screen: str) -> list[str]:
    """The words of the command after `À taper`, as a shell reads its lines pasted together."""
    lines = screen.split("À taper : ")[1].split("\n\n")[0]
    return shlex.split(lines.replace("\\\n", " "))


def trouble(code: str) -> NightStatus:
    """A delivered night to which one association lacks."""
    one = {"association": "5901", "status": "absent", "code": code, "detail": "", "usual_volume": 10, "day_visits": 0}
    return NightStatus(True, exit=3, receptions={"5901": one}, delivery={"state": "read_back", "at": "", "seq": 1})


@pytest.mark.parametrize(
    ("code", "in_time", "key"),
    [
        ("no_file", True, "next_since"),
        ("no_folder", True, "next_since"),
        ("host_key", True, "next_arrows"),
        ("no_file", False, "next_tomorrow"),
    ],
)
def test_the_next_command_is_one_that_can_help(code: str, in_time: bool, key: str) -> None:
    """After the deadline the servers are not asked again, and trouble that needs a call is not `all is done`."""
    assert next_step(trouble(code), in_time)[0] == key


def test_a_command_is_shown_with_the_folders_it_needs(tmp_path: Path) -> None:
    """Pasted as it stands, it must act on this state and not on another."""
    state = tmp_path / "my state"
    assert typed(surveillance("status", NIGHT, "--lang", "fr", "--state", state).stdout) == [
        *f"surveillance run {NIGHT} --state".split(), str(state)
    ]  # fmt: skip


def test_what_a_unit_mails_can_be_typed_in_a_shell_without_its_environment(tmp_path: Path) -> None:
    """The watchdog knows its folders from the environment; the operator who reads its mail has another one."""
    told = surveillance("status", NIGHT, "--lang", "fr", SURVEILLANCE_STATE=str(tmp_path)).stdout
    assert typed(told) == f"surveillance run {NIGHT} --state {tmp_path}".split()


def test_what_the_machine_refuses_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder that may not be written: its name, what is wrong, no traceback, exit code 11."""

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(tmp_path))

    monkeypatch.setattr("surveillance.cli.only", refused)
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 11
    assert capsys.readouterr().err.startswith(f"surveillance: {tmp_path}: Permission denied\n")


def test_an_empty_journal_says_so(tmp_path: Path) -> None:
    """Nothing on the screen would leave a stranger wondering."""
    done = surveillance("journal", "2024-01-16", "--state", tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    assert "2024-01-16" in done.stderr


def test_a_site_is_told_what_it_has_not_filled_in_yet() -> None:
    """The shipped content is in order, but no server's key is pinned: nothing would come in, nothing would leave."""
    done = surveillance("check", "--lang", "en")
    assert done.returncode == 0
    assert "host_key of 63 associations" in done.stdout
    assert "host_keys of the agency" in done.stdout


def test_ctrl_c_leaves_the_servers_to_the_command_that_started_them() -> None:
    """A terminal interrupts both processes: the servers end with their parent, not with a traceback."""
    with FeedServer([], {}) as server:
        process = server._process
        assert process is not None
        process.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1)
    assert process.returncode == 0
