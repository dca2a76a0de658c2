"""Gathering from servers on loopback: one association may fail, the others are in, and a rerun changes nothing."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import threading
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import surveillance
from surveillance.associations import Association
from surveillance.clock import Clock
from surveillance.content import Content
from surveillance.demonstration.demo import registry_toml
from surveillance.demonstration.servers import FeedServer
from surveillance.files import sha256_hex
from surveillance.gathering.feednames import names_of, night_in_name
from surveillance.gathering.folders import gather_folder
from surveillance.gathering.known import known_files
from surveillance.gathering.receptions import Reception, read_receptions
from surveillance.gathering.servers import gather_feeds
from surveillance.journal import read_journal
from surveillance.night import Night
from surveillance.settings import Settings
from surveillance.sftp.keys import fingerprint, key_from_seed, public_line, write_private
from surveillance.sftp.names import is_safe, shown
from surveillance.sftp.server import Account
from surveillance.steps.gather import gather
from surveillance.timetable import GatherRules, load_timetable
from tests.hostile import Hostile, Lies

NIGHT = date(2024, 1, 15)
NOW = datetime(2024, 1, 15, 3, 30, tzinfo=UTC)
RULES = GatherRules(
    feed_deadline_seconds=60, idle_seconds=30, stable_seconds=0.05, attempts=2, backoff_seconds=(0.01,), sweeps=1
)
CODES = ("5901", "7501", "2A01", "3301", "9720")
TONIGHT = "EXPORT_20240114.csv"


def association(code: str, **changes: Any) -> Association:
    given = {
        "code": code, "name": "Essai", "city": "Ville", "department": "59", "region": "32",
        "dialect": "csv-fr-cp1252", "thesaurus": "exemple-cim10", "host": "127.0.0.1", "user": f"sos{code}",
        "path": "/depot", "usual_volume": 100.0, "since": date(2006, 1, 1), "verified": False,
    }  # fmt: skip
    return Association.model_validate({**given, **changes})


class Bench:
    """Five feeds on loopback, and an inbox."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.inbox = folder, folder / "inbox"
        self.key = write_private(key_from_seed("bench", "client"), folder / "keys" / "sftp")
        self.events: list[tuple[str, dict[str, Any]]] = []
        accounts = []
        for code in CODES:
            host = write_private(key_from_seed("bench", code), folder / "keys" / f"host_{code}")
            accounts.append(
                Account(
                    code,
                    f"sos{code}",
                    str(host),
                    public_line(key_from_seed("bench", "client")),
                    str(self.depot(code)),
                )
            )
        self.server = FeedServer(accounts)

    def depot(self, code: str) -> Path:
        path = self.folder / "feeds" / code
        path.mkdir(parents=True, exist_ok=True)
        return path

    def lay(self, code: str, name: str, data: bytes, mtime: int = 1_705_280_000) -> None:
        path = self.depot(code) / name
        path.write_bytes(data)
        os.utime(path, (mtime, mtime))

    def association(self, code: str, **changes: Any) -> Association:
        pin = fingerprint(public_line(key_from_seed("bench", code)))
        return association(code, **{"port": self.server.ports[code], "host_key": pin, **changes})

    def event(self, kind: str, **fields: Any) -> None:
        self.events.append((kind, fields))

    def gather(self, *associations: Association, night: date = NIGHT, **changes: Any) -> dict[str, Reception]:
        found = gather_feeds(
            associations or tuple(self.association(code) for code in CODES), night, self.inbox,
            known_files(self.inbox, night.isoformat()), lambda item: self.key,
            changes.pop("rules", RULES), Clock(lambda: NOW), self.event,
            **changes,
        )  # fmt: skip
        return {item.association: item for item in found}


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    bench = Bench(tmp_path_factory.mktemp("bench"))
    with bench.server:
        yield bench


@pytest.fixture
def bench(started: Bench, tmp_path: Path) -> Bench:
    started.inbox, started.events = tmp_path / "inbox", []
    for code in CODES:
        for path in started.depot(code).iterdir():
            path.unlink()
    return started


def words(reception: Reception) -> tuple[str, str]:
    return reception.status, reception.code


def tree(folder: Path) -> dict[str, bytes]:
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_all_are_received_and_a_rerun_fetches_nothing_and_changes_nothing(bench: Bench) -> None:
    for code in CODES:
        bench.lay(code, TONIGHT, code.encode() * 1000)
    found = bench.gather()
    assert {words(item) for item in found.values()} == {("received", "ok")}
    before = tree(bench.inbox)
    assert before[f"2024-01-15/5901/{TONIGHT}"] == b"5901" * 1000
    sidecar = json.loads(before["2024-01-15/5901/received.json"])
    assert sidecar["files"][0]["sha256"] == sha256_hex(b"5901" * 1000)
    times = {path: path.stat().st_mtime_ns for path in bench.inbox.rglob("EXPORT*")}
    assert {words(item) for item in bench.gather().values()} == {("received", "ok")}
    assert tree(bench.inbox) == before
    assert {path: path.stat().st_mtime_ns for path in bench.inbox.rglob("EXPORT*")} == times
    modes = {path.stat().st_mode & 0o777 for path in bench.inbox.rglob("*")}
    assert modes == {0o600, 0o700}


def test_each_trouble_has_its_name_and_the_others_are_in(bench: Bench) -> None:
    for code in ("7501", "9720", "2A01", "3301"):
        bench.lay(code, TONIGHT, b"x" * 10)
    wrong_pin = "ssh-ed25519 SHA256:" + "A" * 43
    found = bench.gather(
        bench.association("5901"),
        bench.association("7501", host_key=wrong_pin),
        bench.association("2A01", host_key=""),
        bench.association("3301", path="/elsewhere"),
        bench.association("9720"),
        association("1301", port=1, host_key=wrong_pin),
        association("1302", until=date(2024, 1, 10)),
    )
    assert {code: words(item) for code, item in found.items()} == {
        "5901": ("absent", "no_file"),
        "7501": ("refused", "host_key"),
        "2A01": ("refused", "no_pin"),
        "3301": ("absent", "no_folder"),
        "9720": ("received", "ok"),
        "1301": ("absent", "unreachable"),
        "1302": ("closed", "closed"),
    }
    assert found["7501"].attempts == 1
    assert found["1301"].attempts == 2
    assert found["1302"].attempts == 0
    assert fingerprint(public_line(key_from_seed("bench", "7501"))) in found["7501"].detail
    assert read_receptions(bench.inbox / "2024-01-15")[0].association == "1301"


def test_a_wrong_key_is_tried_twice_and_no_more(bench: Bench, tmp_path: Path) -> None:
    other = write_private(key_from_seed("bench", "other"), tmp_path / "other")
    rules = RULES.model_copy(update={"attempts": 5})
    one = [bench.association("5901")]
    found = gather_feeds(one, NIGHT, bench.inbox, {}, lambda _: other, rules, Clock(lambda: NOW))
    assert words(found[0]) == ("absent", "auth")
    assert found[0].attempts == 2


def test_one_bad_key_of_ours_does_not_stop_the_others(bench: Bench, tmp_path: Path) -> None:
    bench.lay("7501", TONIGHT, b"x")
    keys = {"5901": tmp_path / "none", "7501": bench.key}
    two = [bench.association("5901"), bench.association("7501")]
    found = gather_feeds(two, NIGHT, bench.inbox, {}, lambda item: keys[item.code], RULES, Clock(lambda: NOW))
    assert [words(item) for item in found] == [("absent", "auth"), ("received", "ok")]
    assert found[0].attempts == 1


def test_what_a_killed_run_left_is_taken_up(bench: Bench) -> None:
    bench.lay("5901", TONIGHT, b"whole")
    bench.lay("5901", "EXPORT_20240113.csv", b"older")
    bench.lay("5901", "EXPORT_20231101.csv", b"archive")
    bench.gather(bench.association("5901"))
    sound = tree(bench.inbox)
    assert any("20231101" in path for path in sound), "no window: an old file is taken too"
    folder = bench.inbox / "2024-01-15/5901"
    (folder / "received.json").unlink()  # killed between the file's name and the list
    (bench.inbox / "2024-01-15/receptions.json").unlink()
    (folder / "EXPORT_20240113.csv").unlink()
    (folder / ".EXPORT_20240113.csv.part").write_bytes(b"ol")
    bench.gather(bench.association("5901"))
    assert tree(bench.inbox) == sound


def test_a_night_without_a_visit_is_not_taken_for_a_copy(bench: Bench) -> None:
    bench.lay("5901", "EXPORT_20240113.csv", b"header only")
    assert words(bench.gather(night=date(2024, 1, 14))["5901"]) == ("received", "ok")
    bench.lay("5901", TONIGHT, b"header only")
    bench.lay("5901", "EXPORT_20240112.csv", b"header only")  # the same bytes: nothing is lost without it
    found = bench.gather()["5901"]
    assert words(found) == ("received", "ok")
    assert [file.name for file in found.files] == [TONIGHT]


def test_a_rerun_that_reaches_nobody_takes_nothing_away(bench: Bench) -> None:
    bench.lay("5901", TONIGHT, b"x")
    bench.gather()
    sound = tree(bench.inbox)
    for wrong in ({"port": 1}, {"host_key": ""}, {"path": "/elsewhere"}):
        changed = [bench.association(code, **(wrong if code == "5901" else {})) for code in CODES]
        assert words(bench.gather(*changed)["5901"]) == ("received", "ok")
        assert tree(bench.inbox) == sound


def test_late_resent_known_and_twice(bench: Bench) -> None:
    bench.lay("5901", "EXPORT_20240112.csv", b"friday")
    bench.lay("7501", "EXPORT_20240112.csv", b"friday")
    first = bench.gather(night=date(2024, 1, 13))
    assert words(first["5901"]) == ("received", "ok")
    bench.lay("5901", "EXPORT_20240113.csv", b"saturday")  # not fetched on its night: late
    bench.lay("5901", TONIGHT, b"sunday")
    bench.lay("7501", "EXPORT_20240112.csv", b"friday, corrected", mtime=1_705_290_000)
    bench.lay("7501", TONIGHT, b"sunday")
    bench.lay("3301", TONIGHT, b"sunday")
    bench.lay("3301", "EXPORT_20240114-copy.csv", b"sunday")
    bench.lay("2A01", "EXPORT_20240113.csv", b"only an old one")
    found = bench.gather()
    assert words(found["5901"]) == ("received", "late")
    assert [file.name for file in found["5901"].files] == ["EXPORT_20240113.csv", TONIGHT]
    assert words(found["7501"]) == ("received", "resent")
    assert len(found["7501"].files) == 2
    assert words(found["3301"]) == ("received", "ok")
    assert len(found["3301"].files) == 1
    assert "déjà reçu" in found["3301"].detail
    assert words(found["2A01"]) == ("received", "late")
    assert "cette nuit" in found["2A01"].detail
    again = bench.gather(night=date(2024, 1, 16))
    assert {words(item) for item in again.values()} == {("absent", "no_file")}


def test_a_file_sent_again_in_the_same_night_takes_the_place_of_the_first(bench: Bench) -> None:
    bench.lay("5901", TONIGHT, b"first")
    bench.gather()
    bench.lay("5901", TONIGHT, b"second, longer", mtime=1_705_281_000)
    found = bench.gather()["5901"]
    assert [file.sha256 for file in found.files] == [sha256_hex(b"second, longer")]
    assert (bench.inbox / "2024-01-15/5901" / TONIGHT).read_bytes() == b"second, longer"


def test_a_growing_file_waits_and_a_marker_ends_the_wait(bench: Bench) -> None:
    bench.lay("5901", TONIGHT, b"x")
    bench.lay("7501", TONIGHT, b"y")
    bench.lay("7501", TONIGHT + ".ok", b"")
    bench.lay("2A01", TONIGHT + ".part", b"z")
    bench.lay("3301", "a name.csv", b"z")
    waits: list[float] = []

    def grow(seconds: float) -> None:
        waits.append(seconds)
        with (bench.depot("5901") / TONIGHT).open("ab") as more:
            more.write(b"x")

    rules = RULES.model_copy(update={"attempts": 1, "parallel": 1})
    found = bench.gather(rules=rules, pause=grow)
    assert words(found["5901"]) == ("absent", "incomplete")
    assert words(found["7501"]) == ("received", "ok")
    assert words(found["2A01"]) == ("absent", "incomplete")
    assert words(found["3301"]) == ("refused", "bad_name")
    assert len(waits) == 1
    assert not (bench.inbox / "2024-01-15/5901").exists()


def test_sweeps_come_back_for_the_absent_until_the_cut_off(bench: Bench) -> None:
    bench.lay("7501", TONIGHT, b"here from the start")
    pauses: list[float] = []

    def arrive(seconds: float) -> None:
        pauses.append(seconds)
        if seconds == 600:
            bench.lay("5901", TONIGHT, b"arrived meanwhile")

    rules = RULES.model_copy(update={"sweeps": 5, "sweep_seconds": 600, "stable_seconds": 0})
    two = bench.association("5901"), bench.association("7501")
    late = datetime(2024, 1, 15, 3, 35, tzinfo=UTC)
    assert words(bench.gather(*two, rules=rules, pause=arrive, cut_off=late)["5901"]) == ("absent", "no_file")
    assert 600 not in pauses
    early = datetime(2024, 1, 15, 4, 30, tzinfo=UTC)
    assert words(bench.gather(*two, rules=rules, pause=arrive, cut_off=early)["5901"]) == ("received", "ok")
    assert pauses.count(600) == 1


def test_one_stalled_server_costs_its_own_deadline_only(bench: Bench, tmp_path: Path) -> None:
    bench.lay("5901", TONIGHT, b"x" * 1000)
    lies = Lies(stated=100_000, given=100_000, stall_at=65_536, names=(TONIGHT,))
    rules = RULES.model_copy(update={"feed_deadline_seconds": 4, "idle_seconds": 600, "attempts": 1})
    with Hostile(lies, tmp_path) as liar:
        bad = association("7501", port=liar.port, user="sos", host_key=liar.endpoint().host_keys[0])
        found = gather_feeds(
            [bad, bench.association("5901")], NIGHT, bench.inbox, {},
            lambda item: liar.client_key if item is bad else bench.key, rules, Clock(lambda: NOW),
        )  # fmt: skip
    assert [words(item) for item in found] == [("absent", "timeout"), ("received", "ok")]
    assert found[0].seconds < 600, "cut at its deadline, not at the silence limit"
    assert found[1].seconds < found[0].seconds, "nobody waited for it"
    assert list((bench.inbox / "2024-01-15/7501").iterdir()) == []


def test_events_tell_the_session_and_no_secret(bench: Bench) -> None:
    bench.lay("5901", TONIGHT, b"CANARY" * 10)
    bench.gather(bench.association("5901"))
    kinds = [kind for kind, _ in bench.events]
    assert kinds == ["session", "feed"]
    assert bench.events[0][1]["strict_kex"] is True
    assert "CANARY" not in json.dumps(bench.events, default=str)


def test_the_servers_let_nobody_out_of_their_folder(bench: Bench) -> None:
    from surveillance.sftp.client import Endpoint, SftpError, connect

    (bench.depot("5901") / "link").symlink_to("/etc/passwd")
    pin = fingerprint(public_line(key_from_seed("bench", "5901")))
    end = Endpoint("127.0.0.1", bench.server.ports["5901"], "sos5901", bench.key, (pin,))
    with connect(end) as session:
        for path in ("/etc/passwd", "/depot/../etc/passwd", "/depot/link", "../../etc/passwd"):
            with pytest.raises(SftpError):
                session.read(path)
        with pytest.raises(SftpError) as caught:
            session.put_proven(b"x", "/depot", "x")
    assert caught.value.code == "write_refused"


def test_a_folder_of_feeds_gives_the_same_inbox_as_the_servers(bench: Bench, tmp_path: Path) -> None:
    source = tmp_path / "feeds"
    for code in ("5901", "7501"):
        bench.lay(code, TONIGHT, code.encode() * 50)
        (source / "2024-01-15" / code).mkdir(parents=True)
        (source / "2024-01-15" / code / TONIGHT).write_bytes(code.encode() * 50)
        os.utime(source / "2024-01-15" / code / TONIGHT, (1_705_280_000, 1_705_280_000))
    three = tuple(bench.association(code) for code in ("5901", "7501", "3301"))
    bench.gather(*three)
    gather_folder(three, NIGHT, source, tmp_path / "other")
    assert tree(tmp_path / "other") == tree(bench.inbox)


def night_of(bench: Bench, tmp_path: Path, now: datetime, told: list[tuple[str, str]]) -> Night:
    site = tmp_path / "site"
    (site / "extracts").mkdir(parents=True, exist_ok=True)
    (site / "schedules").mkdir(exist_ok=True)
    members = [bench.association(code) for code in ("5901", "7501")]
    (site / "extracts" / "associations.toml").write_text(registry_toml(members))
    (site / "schedules" / "night.toml").write_bytes(Content().bytes("schedules/demo.toml"))
    settings = Settings(env="TEST", state=tmp_path, keys=bench.key.parent)
    return Night(
        NIGHT,
        Content(site),
        settings,
        Clock(lambda: now),
        lambda kind, fields: told.append((kind, str(fields["code"]))),
    )


def test_the_step_gathers_journals_and_does_not_reopen_a_night_that_is_over(bench: Bench, tmp_path: Path) -> None:
    told: list[tuple[str, str]] = []
    bench.lay("5901", TONIGHT, b"x")
    assert gather(night_of(bench, tmp_path, NOW, told)) == {"absent": 1, "received": 1, "files": 1}
    assert sorted(told) == [("feed", "no_file"), ("feed", "ok")]
    bench.lay("7501", TONIGHT, b"x")
    after = datetime(2024, 1, 15, 9, 0, tzinfo=UTC)
    assert gather(night_of(bench, tmp_path, after, told)) == {"absent": 1, "received": 1, "files": 1}
    assert gather(night_of(bench, tmp_path, NOW, told)) == {"received": 2, "files": 2}
    events = [event["event"] for event in read_journal(tmp_path / "journal" / "2024-01-15.jsonl")]
    assert events.count("session") == 4


def gather_elsewhere(state: Path, keys: Path, begun: Any) -> None:
    settings = Settings(env="TEST", state=state, keys=keys)
    night = Night(NIGHT, Content(state / "site"), settings, Clock(lambda: NOW))
    assert night.associations
    begun.set()
    gather(night)


@pytest.mark.slow
def test_killed_at_any_moment_a_rerun_gives_the_same_inbox(bench: Bench, tmp_path: Path) -> None:
    for code in ("5901", "7501"):
        for day in range(10, 15):
            bench.lay(code, f"EXPORT_202401{day}.csv", f"{code}{day}".encode() * 20_000)
    gather(night_of(bench, tmp_path, NOW, []))
    sound = tree(tmp_path / "inbox")
    spawn = multiprocessing.get_context("spawn")
    for moment in range(6):
        shutil.rmtree(tmp_path / "inbox")
        begun = spawn.Event()
        process = spawn.Process(target=gather_elsewhere, args=(tmp_path, bench.key.parent, begun))
        process.start()
        assert begun.wait(300)
        time.sleep(0.04 * moment)
        process.kill()
        process.join()
        gather(night_of(bench, tmp_path, NOW, []))
        assert {name: data for name, data in tree(tmp_path / "inbox").items() if ".part" not in name} == sound


@given(st.text(max_size=60))
def test_a_name_that_is_safe_stays_in_its_folder(name: str) -> None:
    if is_safe(name):
        assert Path("/inbox", name).parent == Path("/inbox")
        assert Path("/inbox", name).name == name
    assert shown(name).isascii()
    assert shown(name).isprintable()


def test_no_code_trusts_an_unknown_host_or_looks_for_keys_by_itself() -> None:
    for path in Path(surveillance.__file__).parent.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        for word in ("AutoAddPolicy", "WarningPolicy", "look_for_keys", "allow_agent", "SSHClient", "posix_rename"):
            assert word not in text, path
        if "import paramiko" in text or "from paramiko" in text:
            assert path.parent.name == "sftp", path


def test_the_night_in_a_name_is_the_dialects() -> None:
    night_of = names_of(Content())
    assert night_of("csv-fr-cp1252", "EXPORT_20240114.csv") == NIGHT
    assert night_of("csv-utf8-iso", "sos_5901_2024-01-14.csv.gz") == NIGHT
    assert night_of("xml-rpu-like", "V5901_0_20240115003003.xml") == NIGHT
    assert night_of("jsonl-fixed", "5901-2024-01-14.jsonl") == NIGHT
    assert night_of("jsonl-fixed", "notes.txt") is None
    assert night_in_name("other", "x_2024-01-14_y") == NIGHT
    assert night_in_name("other", "x_20241399") is None


def test_the_shipped_timetables_hold() -> None:
    for rel in ("schedules/night.toml", "schedules/demo.toml"):
        timetable = load_timetable(Content(), rel)
        assert timetable.cut_off < timetable.deadline
        assert 0 < timetable.coverage.floor < 1


def test_threads_do_not_outlive_the_gathering(bench: Bench) -> None:
    bench.lay("5901", TONIGHT, b"x")
    bench.gather(bench.association("5901"))
    for thread in threading.enumerate():
        if thread.name.startswith(("sftp-watchdog", "feed")):
            thread.join(20)  # a watchdog nobody stopped would live for sixty seconds
            assert not thread.is_alive(), thread.name
