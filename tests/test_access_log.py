"""The log of accesses: nothing in it can be changed unseen, no crash and no crowd loses a line."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from surveillance.access.chain import HEAD, line_hash
from surveillance.access.log import Access, folder_of, forget, read_log, told, write
from surveillance.access.verify import Verdict, verify
from surveillance.clock import Clock
from surveillance.errors import SettingsError
from tests.conftest import PATIENCE

UID = "5955c6e9ed0d6db3d5d0a30ee69f516a"


def clock(year: int, month: int, day: int = 1) -> Clock:
    return Clock(lambda: datetime(year, month, day, tzinfo=UTC))


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Eight lines in three files over the end of a year."""
    for number, (year, month) in enumerate([(2023, 11), (2023, 12), (2023, 12), (2023, 12), *[(2024, 1)] * 4]):
        write(tmp_path, Access("sql", {"text": f"SELECT {number}"}, ("acts",), rows=number), clock(year, month))
    return tmp_path


def wrong(state: Path) -> tuple[str, str]:
    found = verify(state)
    return found.wrong, found.where


def files(state: Path) -> list[Path]:
    return sorted(folder_of(state).glob("*.jsonl"))


def test_a_whole_chain_over_the_end_of_a_year(state: Path) -> None:
    assert [path.name for path in files(state)] == ["2023-11.jsonl", "2023-12.jsonl", "2024-01.jsonl"]
    last = list(read_log(state))[-1]
    assert verify(state) == Verdict(8, 3, 0, last["hash"])
    assert last["tables"] == ["acts"] and last["rows"] == 7 and last["uid"] == os.getuid() and last["n"] == 8
    assert {path.stat().st_mode & 0o777 for path in folder_of(state).iterdir()} == {0o600}


@pytest.mark.parametrize("file", [0, 1, 2])
def test_every_single_changed_byte_is_seen(state: Path, file: int) -> None:
    path = files(state)[file]
    sound, drawn = path.read_bytes(), random.Random(file)
    for place in drawn.sample(range(len(sound)), 150):
        broken = bytearray(sound)
        broken[place] ^= 1 << drawn.randrange(8)
        path.write_bytes(broken)
        found = verify(state)
        assert found.wrong, (place, bytes(broken[place - 5 : place + 5]))
        line = sound[:place].count(b"\n") + 1
        assert found.where in (f"{path.name}:{line}", f"{path.name}:{line + 1}"), (place, found)
    path.write_bytes(sound)
    assert not verify(state).wrong


@pytest.mark.parametrize(
    ("file", "change", "expected"),
    [
        (1, lambda lines: lines[:1] + lines[2:], ("chain_line", "2023-12.jsonl:2")),
        (1, lambda lines: [lines[1], lines[0], lines[2]], ("chain_line", "2023-12.jsonl:1")),
        (1, lambda lines: lines[:2], ("chain_line", "2024-01.jsonl:1")),
        (1, lambda lines: [lines[0], lines[0], *lines[1:]], ("chain_line", "2023-12.jsonl:2")),
        (2, lambda lines: lines[:-1], ("chain_cut", "2024-01.jsonl:3")),
        (2, lambda lines: [*lines[:-1], lines[-1][:40]], ("chain_line", "2024-01.jsonl:4")),
        (0, lambda lines: [], ("chain_line", "2023-12.jsonl:1")),
    ],
)
def test_lines_taken_out_moved_doubled_or_cut(state: Path, file: int, change: object, expected: object) -> None:
    path = files(state)[file]
    path.write_bytes(b"".join(change(path.read_bytes().splitlines(keepends=True))))  # type: ignore[operator]
    assert wrong(state) == expected


def test_a_line_made_to_fit_is_named_by_the_one_after_it(state: Path) -> None:
    path = files(state)[1]
    lines = path.read_bytes().splitlines()
    entry = json.loads(lines[1]) | {"rows": 0}
    lines[1] = json.dumps(entry | {"hash": line_hash(entry)}).encode()
    path.write_bytes(b"\n".join(lines) + b"\n")
    assert wrong(state) == ("chain_line", "2023-12.jsonl:3")


def test_the_last_line_made_to_fit_and_a_head_that_is_gone(state: Path) -> None:
    path, head = files(state)[2], folder_of(state) / HEAD
    lines = path.read_bytes().splitlines()
    entry = json.loads(lines[-1]) | {"rows": 0}
    path.write_bytes(b"\n".join([*lines[:-1], json.dumps(entry | {"hash": line_hash(entry)}).encode()]) + b"\n")
    assert wrong(state) == ("chain_head", HEAD)
    path.write_bytes(b"\n".join(lines) + b"\n")
    head.unlink()
    assert wrong(state) == ("chain_head", HEAD)


def test_a_crash_at_any_byte_of_a_line_is_mended_by_the_next_one(state: Path) -> None:
    """The line is on disk up to any byte, the head is as before: nothing was given out for it."""
    path, head = files(state)[2], folder_of(state) / HEAD
    before, known = path.read_bytes(), head.read_bytes()
    write(state, Access("sql", {"text": "lost"}), clock(2024, 1))
    whole = path.read_bytes()
    for cut in [*range(len(before), len(whole), 7), len(whole) - 1, len(whole)]:
        path.write_bytes(whole[:cut])
        head.write_bytes(known)
        assert not verify(state).wrong
        for month in (1, 2):  # the next one in the same month, and one in a new file
            write(state, Access("sql", {"text": "next"}), clock(2024, month))
        found = verify(state)
        assert not found.wrong, (cut, found)
        assert found.torn == (len(before) < cut < len(whole) - 1)
        assert found.lines == 10 + (cut >= len(whole) - 1)
        assert path.read_bytes().startswith(whole[:cut]), "what was there is never taken away"
        for later in files(state)[3:]:
            later.unlink()


def test_two_crashes_one_after_the_other(state: Path) -> None:
    path = files(state)[2]
    path.write_bytes(path.read_bytes() + b'{"n": 9, "at"')
    path.write_bytes(path.read_bytes() + b'\n{"n": 9')
    write(state, Access("sql", {}), clock(2024, 1))
    found = verify(state)
    assert (found.wrong, found.lines, found.torn) == ("", 9, 2)


def test_a_log_that_ends_before_its_head_takes_no_further_line(state: Path) -> None:
    path = files(state)[2]
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(SettingsError, match="was cut"):
        write(state, Access("sql", {}), clock(2024, 1))
    path.unlink()
    with pytest.raises(SettingsError, match="is gone"):
        write(state, Access("sql", {}), clock(2024, 1))


def test_a_clock_set_back_opens_no_older_file(state: Path) -> None:
    write(state, Access("sql", {}), clock(2023, 5))
    assert files(state)[-1].name == "2024-01.jsonl" and not verify(state).wrong


def test_months_that_are_forgotten_leave_a_chain_that_is_whole(state: Path) -> None:
    assert forget(state, "2023-12") == ["2023-11.jsonl"]
    assert verify(state).lines == 7 and not verify(state).wrong
    assert forget(state, "2030-01") == ["2023-12.jsonl"], "the last file is kept"
    write(state, Access("sql", {}), clock(2024, 2))
    assert verify(state).lines == 5 and not verify(state).wrong
    files(state)[0].unlink()
    assert wrong(state)[0] == "chain_line"


CROWD = """
import sys
from pathlib import Path
from surveillance.access import log
from surveillance.access.log import Access, write
log.LOCK_SECONDS = 900.0  # a disk may be slow: a hundred lines are on it before the last of the crowd has its turn
for turn in range(5):
    write(Path(sys.argv[1]), Access("sql", {"text": f"{sys.argv[2]}-{turn}"}))
"""


def test_twenty_processes_at_once_lose_nothing(tmp_path: Path) -> None:
    crowd = [subprocess.Popen([sys.executable, "-c", CROWD, str(tmp_path), str(number)]) for number in range(20)]
    assert [process.wait(PATIENCE) for process in crowd] == [0] * 20
    asked = [entry["question"]["text"] for entry in read_log(tmp_path)]
    assert sorted(asked) == sorted(f"{number}-{turn}" for number in range(20) for turn in range(5))
    assert not verify(tmp_path).wrong and verify(tmp_path).lines == 100


def test_it_holds_no_pseudonym_and_no_endless_text() -> None:
    assert UID not in str(told(f"SELECT * FROM acts WHERE visit_uid = '{UID}'"))
    assert told(UID) == told(UID.upper()), "the same visit can be looked for"
    assert len(told("x" * 10_000)) == 4001


def test_who_came_by_sudo_and_from_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_USER", "marie")
    monkeypatch.setenv("SSH_CONNECTION", "192.0.2.7 50022 192.0.2.1 22")
    write(tmp_path, Access("sql", {}))
    entry = next(read_log(tmp_path))
    assert (entry["sudo"], entry["from"]) == ("marie", "192.0.2.7")


def test_an_answer_is_refused_where_the_log_cannot_be_written(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    folder.parent.mkdir(parents=True)
    folder.write_text("a file where the folder should be")
    with pytest.raises(SettingsError, match="cannot be written"):
        write(tmp_path, Access("sql", {}))
