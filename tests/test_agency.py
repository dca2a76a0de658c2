"""The receiving side: each delivery is acknowledged once, over SFTP too."""

from __future__ import annotations

import json
import socket
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from surveillance.clock import Clock
from surveillance.content import Content
from surveillance.demonstration.agency import columns_of, receive
from surveillance.demonstration.servers import FeedServer
from surveillance.errors import SettingsError
from surveillance.sftp.client import Endpoint, connect
from surveillance.sftp.keys import fingerprint, key_from_seed, public_line, write_private
from surveillance.sftp.server import Account
from tests.deliveries import COLUMNS, STEM, delivery

CLOCK = Clock(lambda: datetime(2024, 1, 15, 4, 40, tzinfo=UTC))


def test_a_sound_delivery_is_integrated_once(tmp_path: Path) -> None:
    delivery(tmp_path)
    (ack,) = receive(tmp_path, CLOCK, COLUMNS)
    assert (ack["ref"], ack["step"], ack["refused"], ack["rows_seen"]) == (STEM, "INTEGRE", False, 3)
    assert ack["received"] == "2024-01-15T04:40:00+00:00"
    assert json.loads((tmp_path / f"{STEM}.ack.json").read_bytes()) == ack
    assert receive(tmp_path, CLOCK, COLUMNS) == []


def test_a_broken_delivery_is_refused_with_its_reason(tmp_path: Path) -> None:
    delivery(tmp_path)
    (tmp_path / f"{STEM}_VIS.csv.gz").write_bytes(b"half")
    (ack,) = receive(tmp_path, CLOCK, COLUMNS)
    assert (ack["step"], ack["refused"]) == ("ERREUR", True)
    assert {error["code"] for error in ack["errors"]} >= {"SIZE", "CHECKSUM"}


def test_a_sequence_number_serves_once(tmp_path: Path) -> None:
    delivery(tmp_path)
    receive(tmp_path, CLOCK)
    delivery(tmp_path, "SOS_TEST_20240116_000042", night="2024-01-16")
    (ack,) = receive(tmp_path, CLOCK)
    assert [error["code"] for error in ack["errors"]] == ["SEQ"]


def test_parts_and_strangers_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / f".{STEM}.manifest.json.ab12.part").touch()
    (tmp_path / ".hidden.manifest.json").touch()
    (tmp_path / "readme.txt").touch()
    assert receive(tmp_path, CLOCK) == []


def test_the_contract_gives_the_columns() -> None:
    columns = columns_of(Content().path("reports/daily_file.toml"))
    assert columns["VIS"][:3] == ["schema", "visit_uid", "assoc"]


def test_a_delivery_over_sftp_is_acknowledged_while_the_sender_waits(tmp_path: Path) -> None:
    key, host = key_from_seed("agency", "client"), key_from_seed("agency", "host")
    own = write_private(key, tmp_path / "keys" / "sftp_agency")
    drop = tmp_path / "drop"
    account = Account(
        "agency",
        "sos",
        str(write_private(host, tmp_path / "keys" / "host")),
        public_line(key),
        str(drop),
        mount="/arrivee",
        writable=True,
    )
    made = tmp_path / "made"
    made.mkdir()
    manifest = delivery(made)
    with FeedServer([account], {"drop": str(drop)}) as server:
        end = Endpoint("127.0.0.1", server.ports["agency"], "sos", own, (fingerprint(public_line(host)),))
        with connect(end) as session:
            for path in sorted(made.iterdir(), key=lambda item: item == manifest):  # the manifest last
                assert not session.put_proven(path.read_bytes(), "/arrivee", path.name).already
            ack = f"/arrivee/{STEM}.ack.json"
            until = time.monotonic() + 60
            while not session.exists(ack) and time.monotonic() < until:
                time.sleep(0.05)
            assert json.loads(session.read(ack))["step"] == "INTEGRE"
            assert session.put_proven(manifest.read_bytes(), "/arrivee", manifest.name).already
    assert list(drop.glob(".*")) == []


def test_a_port_that_is_taken_by_now_is_replaced(tmp_path: Path) -> None:
    host = write_private(key_from_seed("agency", "host"), tmp_path / "host")
    line = public_line(key_from_seed("agency", "client"))
    with socket.create_server(("127.0.0.1", 0)) as busy:
        taken = busy.getsockname()[1]
        with FeedServer([Account("a", "sos", str(host), line, str(tmp_path / "a"), port=taken)]) as server:
            assert server.ports["a"] != taken


def test_servers_that_cannot_start_say_so(tmp_path: Path) -> None:
    server = FeedServer([Account("a", "sos", str(tmp_path / "no key"), "ssh-ed25519 AAAA", str(tmp_path / "a"))])
    with pytest.raises(SettingsError):
        server.start()


def test_the_servers_end_with_their_owner(tmp_path: Path) -> None:
    server = FeedServer([])
    server.start()
    process = server._process
    assert process is not None
    server.stop()
    assert process.poll() == 0
    server.stop()
