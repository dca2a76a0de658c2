"""The client against a real OpenSSH server."""

from __future__ import annotations

import io
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from surveillance.errors import SettingsError
from surveillance.files import sha256_hex
from surveillance.sftp.client import SftpError, connect
from surveillance.sftp.keys import fingerprint, key_from_seed, public_line, write_private
from tests.hostile import Valve
from tests.sshd import Sshd, need_sshd

pytestmark = pytest.mark.slow
OTHER = 60.0  # seconds of the limits that are not the one tried
OTHER_PIN = "ssh-ed25519 SHA256:" + "A" * 43


@pytest.fixture(scope="module")
def sshd() -> Iterator[Sshd]:
    with Sshd() as server:
        yield server


@pytest.fixture(autouse=True)
def clean(sshd: Sshd) -> None:
    for path in sshd.depot.iterdir():
        path.unlink()


def failure(sshd: Sshd, **changes: object) -> SftpError:
    with pytest.raises(SftpError) as caught, connect(sshd.endpoint(**changes), OTHER, OTHER) as session:
        session.listing(str(sshd.depot))
    return caught.value


def test_lists_and_fetches_what_is_there(sshd: Sshd) -> None:
    data = os.urandom(300_000)
    (sshd.depot / "EXPORT_20240114.csv").write_bytes(data)
    (sshd.depot / "folder").mkdir()
    (sshd.depot / "link").symlink_to("/etc/passwd")
    with connect(sshd.endpoint()) as session:
        (file,) = session.listing(str(sshd.depot))
        out = io.BytesIO()
        assert session.fetch(str(sshd.depot), file, out) == sha256_hex(data)
        assert out.getvalue() == data
        assert session.facts["strict_kex"] is True
        assert session.facts["host_key"] == sshd.pin
        assert "gcm" in str(session.facts["cipher"])
    (sshd.depot / "folder").rmdir()


def test_names_that_lead_elsewhere_or_are_not_utf8_are_refused_and_hide_nothing(sshd: Sshd) -> None:
    for name in (b"relev\xe9.csv", b"-rf", b"a b.csv", b"a\nb.csv", "été.csv".encode(), b".hidden"):
        Path(os.fsdecode(os.fsencode(sshd.depot) + b"/" + name)).write_bytes(b"x")
    (sshd.depot / "good.csv").write_bytes(b"x")
    with connect(sshd.endpoint()) as session:
        listing = session.look(str(sshd.depot))
    assert [file.name for file in listing.files] == ["good.csv"]
    assert len(listing.refused) == 5
    assert all(name.isascii() and name.isprintable() for name in listing.refused)


def test_absent_folder(sshd: Sshd) -> None:
    with pytest.raises(SftpError) as caught, connect(sshd.endpoint()) as session:
        session.listing("/nowhere/at/all")
    assert caught.value.code == "no_folder"


def test_wrong_pin_no_pin_and_no_login_before_the_pin_is_checked(sshd: Sshd) -> None:
    log = sshd.folder / "log"
    before = log.read_text().count("Accepted publickey")
    error = failure(sshd, host_keys=(OTHER_PIN,))
    assert error.code == "host_key"
    assert sshd.pin.split()[1] in error.detail
    assert failure(sshd, host_keys=()).code == "no_pin"
    assert failure(sshd, host_keys=("nonsense",)).code == "no_pin"
    assert log.read_text().count("Accepted publickey") == before


def test_a_second_pin_serves_while_a_key_is_changed(sshd: Sshd) -> None:
    with connect(sshd.endpoint(host_keys=(OTHER_PIN, sshd.pin))) as session:
        assert session.listing(str(sshd.depot)) == []


def test_wrong_key(sshd: Sshd, tmp_path: Path) -> None:
    other = write_private(key_from_seed("sshd", "somebody else"), tmp_path / "other")
    assert failure(sshd, key_path=other).code == "auth"


def test_keys_missing_or_open_to_others_are_our_own_trouble(sshd: Sshd, tmp_path: Path) -> None:
    loose = write_private(key_from_seed("sshd", "client"), tmp_path / "loose")
    loose.chmod(0o644)
    for path in (loose, tmp_path / "none"):
        with pytest.raises(SettingsError), connect(sshd.endpoint(key_path=path)):
            pass


def test_nobody_listens(sshd: Sshd) -> None:
    assert failure(sshd, port=1).code == "unreachable"
    assert failure(sshd, host="no-such-host.invalid").code == "unreachable"


def test_the_fingerprint_is_the_one_ssh_keygen_prints(tmp_path: Path) -> None:
    need_sshd()
    key = key_from_seed("any", "thing")
    path = tmp_path / "key.pub"
    path.write_text(public_line(key) + "\n")
    printed = subprocess.run(["ssh-keygen", "-lf", str(path)], check=True, capture_output=True, text=True).stdout
    assert fingerprint(public_line(key)).split()[1] == printed.split()[1]
    private = write_private(key, tmp_path / "private")
    again = subprocess.run(["ssh-keygen", "-yf", str(private)], check=True, capture_output=True, text=True).stdout
    assert again.split()[:2] == public_line(key).split()[:2]


def test_put_is_proven_idempotent_and_never_overwrites(sshd: Sshd) -> None:
    data, depot = os.urandom(200_000), str(sshd.depot)
    with connect(sshd.endpoint()) as session:
        assert not session.put_proven(data, depot, "a.csv.gz").already
        assert session.put_proven(data, depot, "a.csv.gz").already
        with pytest.raises(SftpError) as caught:
            session.put_proven(b"other", depot, "a.csv.gz")
        assert caught.value.code == "exists"
        assert session.read(f"{depot}/a.csv.gz") == data
        assert session.put_proven(b"", depot, "empty").size == 0
    assert sorted(path.name for path in sshd.depot.iterdir()) == ["a.csv.gz", "empty"]


def test_of_racing_senders_one_wins_and_the_others_see_it(sshd: Sshd) -> None:
    results: list[object] = []

    def send(data: bytes) -> None:
        with connect(sshd.endpoint()) as session:
            try:
                results.append(session.put_proven(data, str(sshd.depot), "race").already)
            except SftpError as error:
                results.append(error.code)

    senders = [threading.Thread(target=send, args=(data,)) for data in (b"same", b"same", b"same", b"other")]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert results.count(False) == 1
    assert [path.name for path in sshd.depot.iterdir()] == ["race"]
    assert set(results) <= {False, True, "exists"}


def test_put_to_a_forbidden_or_absent_folder(sshd: Sshd) -> None:
    with connect(sshd.endpoint()) as session:
        for folder in ("/proc", "/nowhere"):
            with pytest.raises(SftpError) as caught:
                session.put_proven(b"data", folder, "x")
            assert caught.value.code == "write_refused"


def test_a_file_that_grows_is_not_taken(sshd: Sshd) -> None:
    path = sshd.depot / "grows.csv"
    path.write_bytes(b"x" * 50_000)
    with connect(sshd.endpoint()) as session:
        (file,) = session.listing(str(sshd.depot))
        with path.open("ab") as more:
            more.write(b"y" * 50_000)
        with pytest.raises(SftpError) as caught:
            session.fetch(str(sshd.depot), file, io.BytesIO())
    assert caught.value.code == "incomplete"


def test_too_large_is_refused_before_a_byte(sshd: Sshd) -> None:
    with (sshd.depot / "huge.csv").open("wb") as huge:
        huge.truncate(2**38)
    with connect(sshd.endpoint()) as session:
        (file,) = session.listing(str(sshd.depot))
        out = io.BytesIO()
        with pytest.raises(SftpError) as caught:
            session.fetch(str(sshd.depot), file, out)
    assert (caught.value.code, out.getvalue()) == ("too_large", b"")


def test_too_many_files(sshd: Sshd) -> None:
    for number in range(30):
        (sshd.depot / f"f{number}").touch()
    with connect(sshd.endpoint()) as session, pytest.raises(SftpError) as caught:
        session.listing(str(sshd.depot), cap=29)
    assert caught.value.code == "too_large"


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        (("Ciphers aes128-cbc", "MACs hmac-sha1"), "ed25519"),
        (("Ciphers aes256-ctr", "MACs hmac-sha1"), "ed25519"),
        (("Ciphers 3des-cbc",), "ed25519"),
        (("Ciphers aes128-ctr", "MACs hmac-md5"), "ed25519"),
        (("KexAlgorithms diffie-hellman-group14-sha1",), "ed25519"),
        (("KexAlgorithms diffie-hellman-group14-sha256",), "ed25519"),
        (("KexAlgorithms diffie-hellman-group-exchange-sha256",), "ed25519"),
        (("HostKeyAlgorithms ssh-rsa",), "rsa-3072"),
        ((), "rsa-2048"),
    ],
)
def test_weak_servers_are_refused(options: tuple[str, ...], kind: str) -> None:
    with Sshd(options, kind) as server:
        assert failure(server).code == "weak_crypto"


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        (("Ciphers aes128-gcm@openssh.com",), "ed25519"),
        (("Ciphers aes256-ctr", "MACs hmac-sha2-256"), "ed25519"),
        (("Ciphers aes128-ctr", "MACs hmac-sha2-512-etm@openssh.com"), "ed25519"),
        (("KexAlgorithms curve25519-sha256@libssh.org",), "ed25519"),
        (("KexAlgorithms ecdh-sha2-nistp384",), "ed25519"),
        (("KexAlgorithms diffie-hellman-group16-sha512",), "ed25519"),
        ((), "ecdsa-256"),
        (("HostKeyAlgorithms rsa-sha2-256",), "rsa-3072"),
    ],
)
def test_sound_servers_are_accepted(options: tuple[str, ...], kind: str) -> None:
    with Sshd(options, kind) as server, connect(server.endpoint()) as session:
        assert session.listing(str(server.depot)) == []


@pytest.mark.parametrize("limit", [20, 500, 1500, 2500, 50_000])
@pytest.mark.parametrize("cut", [False, True])
def test_wherever_openssh_falls_silent_the_session_ends(sshd: Sshd, limit: int, cut: bool) -> None:
    (sshd.depot / "f.csv").write_bytes(os.urandom(60_000))
    with Valve(sshd.port, limit, cut) as valve:
        begun = time.monotonic()
        deadline = OTHER if cut else 0.4  # a line that was cut is no matter of time, however slow the machine
        with pytest.raises(SftpError) as caught, connect(sshd.endpoint(port=valve.port), deadline, OTHER) as session:
            (file,) = session.listing(str(sshd.depot))
            session.fetch(str(sshd.depot), file, io.BytesIO())
    assert time.monotonic() - begun < OTHER
    assert caught.value.code in ({"unreachable", "incomplete", "protocol"} if cut else {"timeout"})


def test_of_two_host_keys_the_pinned_one_is_asked_for() -> None:
    server = Sshd(host_kind="ecdsa-256")
    extra = key_from_seed("sshd", "extra")
    write_private(extra, server.folder / "extra")
    server.options = (f"HostKey {server.folder}/extra",)
    with server:
        for pin in (server.pin, fingerprint(public_line(extra))):
            with connect(server.endpoint(host_keys=(pin,))) as session:
                assert session.facts["host_key"] == pin
