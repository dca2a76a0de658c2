"""Lines of a ledger: whole or refused, whatever was there before."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from surveillance.files import append_line, write_atomic


@contextmanager
def room(size: int) -> Iterator[None]:
    """No file of this process may grow beyond that many bytes: a full disk takes a part of a line too."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_line_cut_by_a_crash_is_ended_before_the_next(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    path.write_text('{"n": 1}\n{"n": ')
    append_line(path, '{"n": 3}')
    assert path.read_text() == '{"n": 1}\n{"n": \n{"n": 3}\n'
    assert path.stat().st_mode & 0o777 == 0o644 and append_line(tmp_path / "new", "x") is None
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o600


def test_a_line_of_which_a_part_fits_is_an_error_and_harms_none_after_it(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    append_line(path, "first")
    with room(9), pytest.raises(OSError, match=r"space") as told:
        append_line(path, "second")
    assert told.value.errno == errno.ENOSPC and path.read_text() == "first\nsec"
    append_line(path, "third")
    assert path.read_text().splitlines() == ["first", "sec", "third"]


def test_a_link_in_place_of_a_ledger_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "ledger").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic"):
        append_line(tmp_path / "ledger", "x")
    assert not (tmp_path / "elsewhere").exists()


def test_what_a_killed_writer_left_goes_and_a_living_one_keeps_its_part(tmp_path: Path) -> None:
    dead = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True)
    left, used = (tmp_path / f".a[1].json.{number}.part" for number in (dead.stdout.strip(), os.getppid()))
    other = tmp_path / f".b.json.{dead.stdout.strip()}.part"
    for path in (left, used, other):
        path.write_text("part")
    write_atomic(tmp_path / "a[1].json", b"whole")
    assert {path.name for path in tmp_path.iterdir()} == {"a[1].json", used.name, other.name}
