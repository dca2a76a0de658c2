"""The client against servers that lie, stall and cut: it ends in time, names the cause, and believes nothing."""

from __future__ import annotations

import io
import time
from pathlib import Path

import pytest

from surveillance.sftp.client import SftpError, connect
from surveillance.sftp.names import is_safe, shown
from surveillance.sftp.remote import RemoteFile
from tests.hostile import Hostile, Lies, Valve

OTHER = 60.0  # seconds of the limit that is not the one tried: a session that lasts as long was not ended by that one


def fetch(server: Hostile, deadline: float = OTHER, idle: float = OTHER, port: int = 0) -> int:
    out = io.BytesIO()
    with connect(server.endpoint(port), deadline, idle) as session:
        (file,) = session.listing("/depot")
        session.fetch("/depot", file, out, max_bytes=1_000_000)
    return len(out.getvalue())


@pytest.mark.parametrize(
    ("lies", "code"),
    [
        (Lies(stated=1000, given=500), "incomplete"),  # truncated, as the library's get() would not notice
        (Lies(stated=200_000, given=100_000), "incomplete"),
        (Lies(stated=0, given=500), "incomplete"),
        (Lies(stated=1000, given=2000), "incomplete"),
        (Lies(stated=1000, given=None), "incomplete"),  # endless
        (Lies(stated=1000, given=1000, after=2000), "incomplete"),  # grows while it is read
        (Lies(stated=2**38, given=None), "too_large"),
        (Lies(stated=2**63, given=None), "too_large"),
        (Lies(names=("../x", "/etc/passwd")), "none"),
    ],
)
def test_lies_about_size_are_found(lies: Lies, code: str, tmp_path: Path) -> None:
    with Hostile(lies, tmp_path) as server:
        if code == "none":
            with connect(server.endpoint()) as session:
                listing = session.look("/depot")
            assert listing.files == ()
            assert len(listing.refused) == 2
            return
        with pytest.raises(SftpError) as caught:
            fetch(server)
    assert caught.value.code == code


def test_an_honest_server_is_believed(tmp_path: Path) -> None:
    for size in (0, 1, 32_768, 32_769, 900_000):
        with Hostile(Lies(stated=size, given=size), tmp_path) as server:
            assert fetch(server) == size


def test_a_stall_in_mid_file_ends_at_the_silence_limit(tmp_path: Path) -> None:
    with Hostile(Lies(stated=200_000, given=200_000, stall_at=65_536), tmp_path) as server:
        begun = time.monotonic()
        with pytest.raises(SftpError) as caught:
            fetch(server, deadline=OTHER, idle=0.5)
    assert caught.value.code == "timeout"
    assert time.monotonic() - begun < OTHER


def test_a_stall_in_mid_file_ends_at_the_deadline(tmp_path: Path) -> None:
    with Hostile(Lies(stated=100_000, given=100_000, stall_at=65_536), tmp_path) as server:
        begun = time.monotonic()
        with pytest.raises(SftpError) as caught:
            fetch(server, deadline=0.5, idle=OTHER)
    assert caught.value.code == "timeout"
    assert time.monotonic() - begun < OTHER


@pytest.mark.parametrize("limit", [10, 40, 300, 1000, 1600, 2200, 2600, 20_000])
@pytest.mark.parametrize("cut", [False, True])
def test_wherever_the_line_stalls_or_is_cut_the_session_ends(limit: int, cut: bool, tmp_path: Path) -> None:
    with Hostile(Lies(stated=100_000, given=100_000), tmp_path) as server, Valve(server.port, limit, cut) as valve:
        begun = time.monotonic()
        with pytest.raises(SftpError) as caught:  # a line that was cut is no matter of time, however slow the machine
            fetch(server, deadline=OTHER if cut else 0.4, idle=OTHER, port=valve.port)
    assert time.monotonic() - begun < OTHER
    assert caught.value.code in ({"unreachable", "incomplete", "protocol"} if cut else {"timeout"})


FULL = [("lost", "unproven"), ("cut", "unproven"), ("failed", "write_refused")]


@pytest.mark.parametrize(("writes", "code"), FULL)
def test_a_full_disk_over_there_is_found_before_the_final_name(writes: str, code: str, tmp_path: Path) -> None:
    lies = Lies(writes=writes)
    with (
        Hostile(lies, tmp_path) as server,
        connect(server.endpoint()) as session,
        pytest.raises(SftpError) as caught,
    ):
        session.put_proven(b"x" * 200_000, "/depot", "delivery.csv.gz")
    assert caught.value.code == code
    assert "delivery.csv.gz" not in lies.stored
    assert [name.startswith(".delivery.csv.gz.") for name in lies.removed] == [True]


@pytest.mark.parametrize(
    "name", ["../x", "/etc/passwd", "a\nb.csv", "-rf", "\x1b[2J", "x" * 300, "", "a..b", "a b", "é.csv", ".", ".."]
)
def test_unsafe_names(name: str) -> None:
    assert not is_safe(name)
    assert shown(name).isascii()
    assert all(char.isprintable() for char in shown(name))


def test_the_session_is_over_when_its_block_ends(tmp_path: Path) -> None:
    with Hostile(Lies(), tmp_path) as server:
        with connect(server.endpoint()) as session:
            pass
        with pytest.raises(SftpError):
            session.fetch("/depot", RemoteFile("f.csv", 1000, 0), io.BytesIO())


def test_an_unsafe_name_is_shown_by_its_shape_alone() -> None:
    assert shown("DUPONT Jean 185077512.csv") == "aaaaaa aaaa 999999999.csv"
    assert shown("<img src=x>.csv") == "?aaa aaa?a?.csv"
