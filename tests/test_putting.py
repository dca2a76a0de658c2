"""Receipts into the associations' own folders: there, whole, proven – or kept, whatever the server does."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from surveillance.associations import Association
from surveillance.content import Content
from surveillance.demonstration.servers import FeedServer
from surveillance.files import sha256_hex
from surveillance.gathering.inbox import Inbox
from surveillance.gathering.receptions import ReceivedFile
from surveillance.receipts.issuing import Issuer, issuer
from surveillance.receipts.ledger import Ledger
from surveillance.receipts.letters import Letter, key_of, letters_for
from surveillance.receipts.putting import Post, put_letters, waiting
from surveillance.receipts.receipt import NightFound
from surveillance.sftp.client import Endpoint, connect
from surveillance.sftp.keys import fingerprint, key_from_seed, public_line, write_private
from surveillance.sftp.server import Account
from tests import sample_files as files
from tests.hostile import Hostile, Lies
from tests.sshd import Sshd

pytestmark = pytest.mark.slow
D1 = "csv-fr-cp1252"
NAME = "EXPORT_20240114.csv"
CAME = 1_705_280_000
BROKEN = files.d1([*map(files.d1_line, range(1, 30)), files.d1_line(40, id="")])


@pytest.fixture(scope="module")
def issue() -> Issuer:
    return issuer(Content())


class Told:
    """A post in a state of its own, and what it told."""

    def __init__(self, state: Path) -> None:
        self.states: list[tuple[str, str]] = []
        self.names: list[str] = []
        self.post = Post(state, 60, self.hear)

    def hear(self, kind: str, **fields: Any) -> None:
        assert kind == "receipt"
        self.states.append((fields["state"], fields["code"]))
        self.names.append(fields["name"])


@pytest.fixture
def told(tmp_path: Path) -> Told:
    return Told(tmp_path / "state")


def member(**changes: Any) -> Association:
    return files.association(D1, **{"path": "/depot", "receipts": "recus", **changes})


def letters(told: Told, issue: Issuer, one: Association, data: bytes = BROKEN, name: str = NAME) -> list[Letter]:
    """The letters for one file that came into the inbox at a fixed second, whenever the letters are asked again."""
    inbox = told.post.state / "inbox"
    box = Inbox(inbox / str(files.NIGHT) / one.code, durable=False)
    with box.part(name) as out:
        out.write(data)
    box.keep(ReceivedFile(name, len(data), CAME, sha256_hex(data)))
    os.utime(box.folder / name, (CAME, CAME))  # each call writes the file anew
    return letters_for(one, inbox, files.NIGHT, Ledger(told.post.state, one.code), issue)


class Depot:
    """One loopback server; what its visitor may write is `drop`."""

    def __init__(self, folder: Path, drop: str) -> None:
        self.root = folder / "feed"
        self.root.mkdir()
        key, host = key_from_seed("put", "client"), key_from_seed("put", "host")
        self.key = write_private(key, folder / "key")
        account = Account(
            "a", "sos", str(write_private(host, folder / "host")), public_line(key), str(self.root), drop=drop
        )
        self.pin, self.server = fingerprint(public_line(host)), FeedServer([account])

    def endpoint(self) -> Endpoint:
        return Endpoint("127.0.0.1", self.server.ports["a"], "sos", self.key, (self.pin,))


@pytest.fixture
def depot(tmp_path: Path) -> Iterator[Depot]:
    one = Depot(tmp_path, "recus")
    with one.server:
        yield one


def test_a_receipt_is_there_whole_in_french_and_is_no_feed(depot: Depot, told: Told, issue: Issuer) -> None:
    sent = letters(told, issue, member())
    put_letters(sent, member(), depot.endpoint(), told.post)
    assert told.states == [("put", "")]
    text = (depot.root / "recus" / f"{NAME}.recu.txt").read_bytes()
    assert text == sent[0].text
    assert "LIGNES REFUSÉES" in text.decode()
    twin = json.loads((depot.root / "recus" / f"{NAME}.recu.json").read_bytes())
    assert twin["body"]["refused"][0]["lines"] == [31]
    assert sorted(path.name for path in (depot.root / "recus").iterdir()) == [f"{NAME}.recu.json", f"{NAME}.recu.txt"]
    with connect(depot.endpoint()) as session:
        assert session.listing("/depot") == [], "a receipt is never gathered back"


def test_the_same_bytes_have_one_receipt_other_bytes_of_that_name_a_numbered_one(
    depot: Depot, told: Told, issue: Issuer
) -> None:
    put_letters(letters(told, issue, member()), member(), depot.endpoint(), told.post)
    assert letters(told, issue, member()) == []
    assert letters(told, issue, member(), BROKEN, "EXPORT_20240113.csv") == [], "the same content under another name"
    put_letters(letters(told, issue, member(), files.sample(D1)), member(), depot.endpoint(), told.post)
    assert told.names == [f"{NAME}.recu.txt", f"{NAME}.recu-2.txt"]
    assert b"ACCEPT\xc3\x89\n" in (depot.root / "recus" / f"{NAME}.recu-2.txt").read_bytes()


def test_a_receipt_put_before_a_crash_is_found_and_not_doubled(depot: Depot, told: Told, issue: Issuer) -> None:
    sent = letters(told, issue, member())
    put_letters(sent, member(), depot.endpoint(), told.post)
    Ledger(told.post.state, "5901").path.unlink()  # killed before the ledger was written
    again = letters(told, issue, member())
    assert again == sent, "the same bytes"
    put_letters(again, member(), depot.endpoint(), told.post)
    assert told.names == [f"{NAME}.recu.txt"] * 2


@pytest.mark.parametrize("text_was_put", [True, False])
def test_a_receipt_put_before_a_crash_is_not_told_again_by_a_night_that_has_more_to_say(
    depot: Depot, told: Told, issue: Issuer, text_was_put: bool
) -> None:
    data = files.sample(D1)
    put_letters(letters(told, issue, member(), data), member(), depot.endpoint(), told.post)
    Ledger(told.post.state, "5901").path.unlink()  # killed before the ledger was written
    if not text_was_put:  # killed between the twin and the text
        (depot.root / "recus" / f"{NAME}.recu.txt").unlink()
    found = {sha256_hex(data): NightFound({"loaded": 30})}
    again = letters_for(member(), told.post.state / "inbox", files.NIGHT, Ledger(told.post.state, "5901"), issue, found)
    put_letters(again, member(), depot.endpoint(), told.post)
    assert told.names == [f"{NAME}.recu.txt"] * 2
    assert Ledger(told.post.state, "5901").had(sha256_hex(data))
    assert sorted(path.name for path in (depot.root / "recus").iterdir()) == [f"{NAME}.recu.json", f"{NAME}.recu.txt"]


@pytest.mark.parametrize("twin", [b"", b"[]", b'{"body": 1}', b"[" * 5000, b"\xff", b'{"body": {}, "night_found": 0}'])
def test_what_is_none_of_our_receipts_is_never_taken_for_one(twin: bytes) -> None:
    assert key_of(twin) == ""


def test_who_was_told_accepted_is_told_once_more_when_the_night_sets_the_file_aside(
    depot: Depot, told: Told, issue: Issuer
) -> None:
    data = files.sample(D1)
    put_letters(letters(told, issue, member(), data), member(), depot.endpoint(), told.post)
    inbox, aside = (
        told.post.state / "inbox",
        {sha256_hex(data): NightFound({"loaded": 0}, "volume inhabituel", ("arrivée tardive",))},
    )
    for expected in (1, 0):
        found = letters_for(member(), inbox, files.NIGHT, Ledger(told.post.state, "5901"), issue, aside)
        assert len(found) == expected
        put_letters(found, member(), depot.endpoint(), told.post)
    text = (depot.root / "recus" / f"{NAME}.recu-2.txt").read_text(encoding="utf-8").replace("\u00a0", " ")
    assert "MIS DE CÔTÉ : volume inhabituel" in text and "- arrivée tardive" in text
    assert "VERDICT : ACCEPTÉ" not in text and "partent avec le fichier" not in text, "one verdict, the night's"
    assert told.names == [f"{NAME}.recu.txt", f"{NAME}.recu-2.txt"]
    free = {sha256_hex(data): NightFound({"loaded": 30})}
    for expected in (1, 0):
        found = letters_for(member(), inbox, files.NIGHT, Ledger(told.post.state, "5901"), issue, free)
        assert len(found) == expected
        put_letters(found, member(), depot.endpoint(), told.post)
    text = (depot.root / "recus" / f"{NAME}.recu-3.txt").read_text(encoding="utf-8").replace("\u00a0", " ")
    assert "VERDICT : ACCEPTÉ" in text and "- libéré : ce fichier avait été mis de côté" in text


def test_an_association_that_wants_none_gets_none(told: Told, issue: Issuer) -> None:
    assert letters(told, issue, member(receipts="")) == []


@pytest.mark.parametrize("path", ["..", "../other", "/etc", "a/../b", ".hidden", "a b"])
def test_the_folder_of_receipts_lies_below_the_feed(path: str) -> None:
    with pytest.raises(ValueError, match="receipts"):
        member(receipts=path)


def test_on_a_server_that_is_read_only_it_waits_and_is_put_when_the_right_is_given(
    tmp_path: Path, told: Told, issue: Issuer
) -> None:
    one = Depot(tmp_path, "")
    with one.server:
        put_letters(letters(told, issue, member()), member(), one.endpoint(), told.post)
    assert told.states == [("kept", "write_refused")]
    (kept,) = waiting(member(), told.post)
    assert kept.text.decode().startswith("REÇU")
    (one.root / "recus").mkdir()
    opened = Account(**{**vars(one.server.accounts[0]), "drop": "recus"})
    one.server = FeedServer([opened])
    with one.server:
        put_letters([], member(), one.endpoint(), told.post)
    assert told.states[-1] == ("put", "")
    assert (one.root / "recus" / f"{NAME}.recu.txt").read_bytes() == kept.text
    assert waiting(member(), told.post) == []


def test_a_server_that_is_gone_costs_nothing_but_the_receipt(depot: Depot, told: Told, issue: Issuer) -> None:
    sent, endpoint = letters(told, issue, member()), depot.endpoint()
    depot.server.stop()
    put_letters(sent, member(), endpoint, told.post)
    assert told.states == [("kept", "unreachable")]


@pytest.mark.parametrize(("writes", "code"), [("failed", "write_refused"), ("cut", "unproven"), ("lost", "unproven")])
def test_a_full_disk_or_a_quota_leaves_nothing_half(
    writes: str, code: str, tmp_path: Path, told: Told, issue: Issuer
) -> None:
    """`failed` after the first piece, `cut` at 64 kB, `lost` although the server said OK: as full disks do."""
    lines = [files.d1_line(n, id="", day=f"{n % 50}/01/2024") for n in range(12_000)]
    with Hostile(Lies(writes=writes), tmp_path) as liar:
        sent = letters(told, issue, member(), files.d1(lines))
        assert len(sent[0].twin) > 65_536
        put_letters(sent, member(), liar.endpoint(), told.post)
        assert [name for name in liar.lies.stored if "recu.txt" in name] == []
    assert [state for state, _ in told.states] == ["kept"]
    assert told.states[0][1] in (code, "incomplete"), told.states
    assert len(waiting(member(), told.post)) == 1


@pytest.fixture(scope="module")
def sshd() -> Iterator[Sshd]:
    with Sshd() as server:
        yield server


def test_openssh_takes_receipts_keeps_them_and_may_refuse(sshd: Sshd, told: Told, issue: Issuer) -> None:
    one = member(path=str(sshd.depot))
    put_letters(letters(told, issue, one), one, sshd.endpoint(), told.post)
    put_letters(letters(told, issue, one, files.sample(D1)), one, sshd.endpoint(), told.post)
    assert told.states == [("put", "")] * 2
    found = sorted(path.name for path in (sshd.depot / "recus").iterdir())
    assert found == sorted(f"{NAME}.recu{n}.{kind}" for n in ("", "-2") for kind in ("txt", "json"))
    assert "Comment réparer" in (sshd.depot / "recus" / f"{NAME}.recu.txt").read_text(encoding="utf-8")
    with connect(sshd.endpoint()) as session:
        assert session.listing(str(sshd.depot)) == []
    (sshd.depot / "recus").chmod(0o555)
    put_letters(letters(told, issue, one, files.sample(D1, 4)), one, sshd.endpoint(), told.post)
    assert told.states[-1] == ("kept", "write_refused")
    assert sorted(path.name for path in (sshd.depot / "recus").iterdir()) == found
