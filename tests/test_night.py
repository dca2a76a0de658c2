"""Whole nights: in from 63 servers, out at the agency, with every trouble named; twice the same bytes."""

from __future__ import annotations

import csv
import gzip
import json
import shlex
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from lxml import html

from surveillance.coding.syndromes import Coder, load_syndromes
from surveillance.coding.thesauri import load_thesauri
from surveillance.content import Content
from surveillance.delivery.verify import verify_delivery
from surveillance.demonstration.demo import Demo
from surveillance.files import sha256_file
from surveillance.store import Store, published_path
from tests.conftest import staged, surveillance

NIGHT = "2024-01-16"


def outbox(demo: Demo) -> dict[str, str]:
    """Name and SHA-256 of every file of the night's package (the acknowledgement carries the agency's hour)."""
    folder = demo.state / "outbox" / NIGHT
    return {path.name: sha256_file(path) for path in sorted(folder.iterdir()) if not path.name.endswith(".ack.json")}


def read(path: Path) -> Iterator[dict[str, str]]:
    """The rows of a data file."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines, delimiter=";")


def manifest_of(demo: Demo) -> dict[str, Any]:
    path = sorted((demo.state / "outbox" / NIGHT).glob("*.manifest.json"))[-1]
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def done(prepared: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A night that was run to its end by the command line; its servers stay up. Not to be changed."""
    for demo in staged(prepared, tmp_path_factory.mktemp("done") / "state"):
        result = surveillance("run", NIGHT, "--state", demo.state)
        assert result.returncode == 3, result.stderr
        yield demo


def test_completeness_lines_name_exactly_the_faults(done: Demo) -> None:
    truth = json.loads((done.simulated / "truth.json").read_text(encoding="utf-8"))
    expected = {(f["association"], f["status"], f["code"]) for f in truth["faults"] if f["night"] == NIGHT}
    lines = manifest_of(done)["completeness"]
    assert len(lines) == 63
    assert {(line["association"], line["status"], line["code"]) for line in lines if line["code"] != "ok"} == expected
    assert len(expected) == 7


def test_every_line_of_every_feed_is_accounted_for(done: Demo) -> None:
    for line in manifest_of(done)["completeness"]:
        fates = line["loaded"] + line["duplicate"] + line["superseded"] + line["refused"] + line["other"]
        assert line["lines_in"] == fates, line["association"]


def test_the_agency_counts_the_same_from_the_visits_alone(done: Demo, content: Content) -> None:
    """AGG is recomputed from VIS, the thesauri that the manifest names and the case definitions."""
    folder = done.state / "outbox" / NIGHT
    visits, counts = (list(read(next(folder.glob(f"*_{kind}.csv.gz")))) for kind in ("VIS", "AGG"))
    coder = Coder(load_syndromes(content), load_thesauri(content))
    thesaurus = {line["association"]: line["thesaurus"] for line in manifest_of(done)["completeness"]}
    found: Counter[tuple[str, str]] = Counter()
    for visit in (v for v in visits if v["act_type"] in ("VISITE", "CENTRE") and v["status"] == "active"):
        day, codes = visit["event_date"], [visit[name] for name in ("diag1", "diag2", "diag3") if visit[name]]
        months = int(visit["age_m"]) if visit["age_m"] else 12 * int(visit["age_y"]) if visit["age_y"] else None
        syndromes = coder.syndromes_of(thesaurus[visit["assoc"]], codes, date.fromisoformat(day), months)
        found.update((day, name) for name in ("actes", *(["actes_codes"] if codes else []), *syndromes))
    told: Counter[tuple[str, str]] = Counter()
    for row in counts:
        told[row["event_date"], row["indicator"]] += int(row["n"])
    assert found == told


def test_the_delivery_proves_itself_at_the_agency(done: Demo) -> None:
    drop = done.state / "agency" / "drop"
    result = verify_delivery(next(drop.glob("*.manifest.json")))
    assert result.ok, result.problems
    ack = json.loads(next(drop.glob("*.ack.json")).read_text(encoding="utf-8"))
    assert ack["step"] == "INTEGRE"
    assert {path.name: sha256_file(path) for path in drop.iterdir() if not path.name.endswith(".ack.json")} == outbox(
        done
    )


def test_running_again_gives_the_same_bytes(done: Demo) -> None:
    before = outbox(done)
    result = surveillance("run", NIGHT, "--state", done.state)
    assert result.returncode == 3, result.stderr
    assert outbox(done) == before


def test_another_folder_gives_the_same_bytes(prepared: Demo, done: Demo, tmp_path: Path) -> None:
    for demo in staged(prepared, tmp_path / "other"):
        assert surveillance("run", NIGHT, "--state", demo.state).returncode == 3
        assert outbox(demo) == outbox(done)


def test_status_says_who_why_and_what_to_type(done: Demo) -> None:
    text = surveillance("status", "--lang", "fr", "--state", done.state).stdout
    assert "LA CLÉ DU SERVEUR A CHANGÉ" in text
    assert "colonne attendue absente : Sexe" in text
    assert "À taper : surveillance run" in text
    assert max(len(line) for line in text.splitlines() if str(done.state) not in line) <= 80  # a path is not broken


def test_the_board_has_63_rows_by_harm_and_its_page_the_same(done: Demo) -> None:
    rows = json.loads(surveillance("status", "--format", "json", "--lang", "fr", "--state", done.state).stdout)
    assert len(rows) == 63
    assert [row["harm"] for row in rows] == sorted((row["harm"] for row in rows), reverse=True)
    page = html.fromstring((done.state / "pages" / "tableau.html").read_text(encoding="utf-8"))
    assert [line[0].text_content() for line in page.xpath("//tr[@class='cells']")] == [
        row["association"] for row in rows
    ]
    told = [item.text_content() for item in page.xpath("//*[@class='command']")]
    assert told == [row["command"] for row in rows if row["command"]]


def test_every_command_of_the_board_does_what_it_says(done: Demo) -> None:
    """Typed as they stand: the story of an association, its file against the rules, the night once more."""
    rows = json.loads(surveillance("status", "--format", "json", "--lang", "fr", "--state", done.state).stdout)
    commands = {row["command"]: row for row in rows if row["command"]}
    assert len(commands) == 4  # two associations want the same run
    for command, row in commands.items():
        result = surveillance(*shlex.split(command)[1:])
        verb = command.split()[1]
        assert result.returncode == {"status": 0, "check": 1, "run": 3}[verb], command
        if verb != "run":
            assert row["detail"].split(" ")[0] in result.stdout


def test_the_board_is_written_although_the_report_fails(done: Demo, tmp_path: Path) -> None:
    state = tmp_path / "state"
    shutil.copytree(done.state, state, symlinks=True)
    board = state / "pages" / NIGHT / "tableau.html"
    board.unlink()
    template = state / "site" / "reports" / "templates" / "report.html"
    template.parent.mkdir(parents=True)
    template.write_text("{{ what is this", encoding="utf-8")
    assert surveillance("report", NIGHT, "--state", state).returncode == 3
    assert "Étape report non faite" in board.read_text(encoding="utf-8")


def test_a_deleted_folder_and_a_changed_key_do_not_stop_the_other_61(prepared: Demo, tmp_path: Path) -> None:
    truth = json.loads((prepared.simulated / "truth.json").read_text(encoding="utf-8"))
    troubled = {fault["association"] for fault in truth["faults"]}
    for demo in staged(prepared, tmp_path / "state"):
        first, second = [p.name for p in sorted((demo.state / "feeds").iterdir()) if p.name not in troubled][:2]
        shutil.rmtree(demo.state / "feeds" / first)
        registry = demo.state / "site" / "extracts" / "associations.toml"
        blocks = registry.read_text(encoding="utf-8").split("[[association]]\n")
        place = next(n for n, block in enumerate(blocks) if f'code = "{second}"' in block)
        other = next(block for block in blocks if 'code = "0201"' in block)
        key = next(line for line in other.splitlines() if line.startswith("host_key"))
        blocks[place] = "\n".join(key if line.startswith("host_key") else line for line in blocks[place].split("\n"))
        registry.write_text("[[association]]\n".join(blocks), encoding="utf-8")
        result = surveillance("run", NIGHT, "--state", demo.state)
        assert result.returncode == 3, result.stderr
        codes = {line["association"]: line["code"] for line in manifest_of(demo)["completeness"]}
        assert (codes[first], codes[second]) == ("no_folder", "host_key")
        text = surveillance("status", NIGHT, "--state", demo.state).stdout
        assert "le dossier de dépôt n'existe pas" in text
        assert sum(line["status"] in ("received", "partial") for line in manifest_of(demo)["completeness"]) == 57


def test_the_second_of_two_nights_exits_16(stage: Demo) -> None:
    import subprocess
    import time

    from tests.conftest import PATIENCE, command

    first = subprocess.Popen(
        command("run", NIGHT, "--state", stage.state), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    journal = stage.state / "journal" / f"{NIGHT}.jsonl"
    while not journal.is_file() and first.poll() is None:
        time.sleep(0.02)
    second = surveillance("run", NIGHT, "--state", stage.state)
    assert second.returncode == 16
    assert "another night is running" in second.stderr
    assert first.wait(PATIENCE) == 3


def test_no_identifier_reaches_what_is_kept(done: Demo, tmp_path: Path) -> None:
    """Numbers and call reasons of the raw files are nowhere in records, store, journal, outbox or pages."""
    raw = done.state / "inbox" / NIGHT
    canaries = _identifiers(raw)
    assert len(canaries) > 200
    kept = [
        path
        for name in ("records", "store", "journal", "outbox", "pages", "published")
        for path in (done.state / name).rglob("*")
        if path.is_file()
    ]
    assert published_path(done.state) in kept
    words = tmp_path / "canaries"
    words.write_bytes(b"\n".join(sorted(canaries)))
    assert _finds(words, b"a line with " + min(canaries) + b" in it")
    for path in {sha256_file(path): path for path in kept}.values():  # the published copy has the bytes of the store
        assert not _finds(words, _unpacked(path, tmp_path)), path


def _finds(words: Path, data: bytes) -> bool:
    """Is one of the words, a line each, anywhere in the data? grep: hundreds of words in hundreds of megabytes."""
    found = subprocess.run(["grep", "-aFqf", words], input=data, env={"LC_ALL": "C"}, check=False)
    assert found.returncode in (0, 1)
    return found.returncode == 0


def _identifiers(raw: Path) -> set[bytes]:
    """Vendor numbers and long call reasons of the dialect that writes them most plainly."""
    found: set[bytes] = set()
    for path in raw.glob("*/EXPORT_20240115.csv"):
        for line in path.read_text(encoding="cp1252").splitlines()[1:20]:
            cells = line.split(";")
            found.add(cells[0].encode())
            found |= {cell.encode() for cell in cells[9:11] if len(cell) > 14}
    return {item for item in found if len(item) >= 8}


def _unpacked(path: Path, room: Path) -> bytes:
    """The bytes of a file as text that can be searched; `room`: a folder to write in."""
    if path.suffix == ".gz":
        return gzip.decompress(path.read_bytes())
    if path.suffix == ".parquet":
        duckdb.execute(f"COPY (FROM '{path}') TO '{room / 'rows.csv'}'")
        return (room / "rows.csv").read_bytes()
    if path.suffix == ".duckdb":
        with Store(path, Content(), read_only=True) as store:
            names = [row[0] for row in store.rows("SELECT table_name FROM duckdb_tables()")]
            for name in names:
                store.rows(f"COPY {name} TO '{room / name}.csv'")
        return b"".join((room / f"{name}.csv").read_bytes() for name in names)
    return path.read_bytes()
