"""The receipt: the same from `check` and from the night, whatever a file became; never a value; bounded; in French."""

from __future__ import annotations

import gzip
import json
import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from surveillance.clock import Clock
from surveillance.content import Content
from surveillance.demonstration.demo import registry_toml
from surveillance.files import sha256_hex, write_atomic
from surveillance.gathering.inbox import Inbox
from surveillance.gathering.receptions import ReceivedFile, Reception, write_receptions
from surveillance.intake.checks import load_checks
from surveillance.night import Night
from surveillance.pseudonyms import demonstration_key
from surveillance.receipts.issuing import Issuer, issuer
from surveillance.receipts.receipt import NightFound, Receipt
from surveillance.receipts.text import body_json, body_text, receipt_json, receipt_text
from surveillance.settings import Settings
from surveillance.steps.validate import validate
from tests import sample_files as files
from tests import sample_formats as formats
from tests.conftest import surveillance
from tests.reading_tools import NAMES
from tests.test_intake import CANARIES, mutate, with_canaries

CORPUS = 64  # mutated files of each dialect
AT = datetime(2024, 1, 14, 13, 3, tzinfo=UTC)
D1 = "csv-fr-cp1252"
ENCODINGS = {"csv-fr-cp1252": "cp1252", "xml-rpu-like": "iso-8859-15", "xml-rpu-v2006": "iso-8859-1"}


@pytest.fixture(scope="module")
def issue() -> Issuer:
    return issuer(Content())


def receipt(issue: Issuer, folder: Path, dialect: str, data: bytes, name: str = "", **changes: str) -> Receipt:
    path = folder / (name or NAMES[dialect])
    path.write_bytes(data)
    return issue.read(path, files.association(dialect, **changes), files.NIGHT)[1]


def accident(dialect: str, seed: int) -> bytes:
    """A sample after an accident of its bytes, its lines, its columns, its encoding or its end."""
    dice, packed = random.Random(f"{dialect}{seed}"), dialect == "csv-utf8-iso"
    data = formats.sample(dialect, 12) if dialect in formats.NAMES else files.sample(dialect, 12)
    if dialect == "excel-fr":  # an archive: only its bytes
        return mutate(data, seed, 1 + seed % 4) if seed % 4 else data
    plain = gzip.decompress(data) if packed else data
    lines = plain.splitlines(keepends=True)
    at = dice.randrange(len(lines))
    match seed % 8:
        case 0:
            return mutate(data, seed, 3)
        case 1:
            plain = mutate(plain, seed, 1 + seed % 5)
        case 2:
            plain = b"".join(lines[:at] + [lines[at]] * dice.randrange(4) + lines[at + 1 :])
        case 3:
            mark = dice.choice([b";", b",", b'"', b"<", b"{"])
            lines[at] = lines[at].replace(mark, b"", dice.randrange(1, 4)) or b"\n"
            plain = b"".join(lines)
        case 4:
            old = dice.choice([b"14/01/2024", b"2024-01-14", b"GRIPPE", b"59000", b"Visite", b"HV", b"Sexe", b"sex"])
            plain = plain.replace(old, dice.choice([b"31/02/2024", b"2031-01-01", b"???", b"", b"2019-01-01"]))
        case 5:
            text = plain.decode(ENCODINGS.get(dialect, "utf-8"))
            plain = text.replace("LILLE", "Liège").encode(
                dice.choice(["utf-8", "cp1252", "utf-16", "cp850"]), "replace"
            )
        case 6:
            plain = plain[: dice.randrange(len(plain))]
        case _:
            dice.shuffle(lines)
            plain = b"".join(lines)
    return gzip.compress(plain, mtime=0) if packed else plain


def night_of(folder: Path, dialect: str) -> Night:
    """A night with one association of that dialect, its corpus in the inbox."""
    member = files.association(dialect)
    write_atomic(folder / "site/extracts/associations.toml", registry_toml([member]).encode())
    write_atomic(folder / "keys/pseudonym.key", demonstration_key())
    settings = Settings(env="TEST", state=folder, keys=folder / "keys")
    night = Night(files.NIGHT, Content(folder / "site"), settings, Clock(lambda: AT + timedelta(hours=14)))
    inbox = Inbox(night.folder("inbox") / member.code, durable=False)
    for seed in range(CORPUS):
        name = NAMES[dialect] if seed == 1 else f"f{seed:03d}_{NAMES[dialect]}"
        data = accident(dialect, seed)
        with inbox.part(name) as out:
            out.write(data)
        inbox.keep(ReceivedFile(name, len(data), 1_705_280_000 + seed, sha256_hex(data)))
    write_receptions(night.folder("inbox"), [Reception(member.code, "received", "ok", "", inbox.listed())])
    return night


@pytest.mark.parametrize("dialect", [*files.DIALECTS, *formats.NAMES])
def test_check_says_what_the_night_says_of_every_file_of_a_corpus(dialect: str, tmp_path: Path) -> None:
    """512 files in all: the command line, the receipts of the night and its records say the same."""
    night = night_of(tmp_path, dialect)
    validate(night)
    folder, issue = night.folder("inbox") / "5901", issuer(night.content)
    paths = [folder / file.name for file in Inbox(folder).listed()]
    bodies = [issue.read(path, night.associations[0], night.date)[1] for path in paths]
    options = ("-a", "5901", "--night", night.date, "--site", tmp_path / "site")
    said = surveillance("check", *paths, *options, "--format", "json")
    assert json.loads(said.stdout) == [json.loads(json.dumps(body_json(item))) for item in bodies]
    assert said.stdout.count('"association"') == CORPUS
    text = surveillance("check", *paths, *options).stdout
    assert text == "\n".join(body_text(item, issue.words) for item in bodies)
    verdicts = Counter(item.verdict for item in bodies)
    assert min(verdicts["accepted"], verdicts["refused"]) >= 5, "a corpus on both sides"
    agree(night, bodies)


def agree(night: Night, bodies: list[Receipt]) -> None:
    """The records of the night say the same as the receipts."""
    held = pq.read_table(night.folder("records") / "files.parquet").to_pylist()
    lines = Counter((row["file_sha256"], row["check"]) for row in refusals(night))
    status = {"received": "accepted"}
    for file, body in zip(held, bodies, strict=True):
        assert (file["name"], file["sha256"], file["bytes"]) == (body.file, body.sha256, body.size)
        assert status.get(file["status"], file["status"]) == body.verdict
        assert file["code"] == (body.cause.check if body.cause else "ok")
        assert [file[name] for name in ("lines_in", "accepted", "refused")] == [
            body.ledger[name] for name in ("lines_in", "accepted", "refused")
        ]
        same = sum(one.sha256 == body.sha256 for one in bodies)
        for group in body.refused:
            of_check = sum(one.count for one in body.refused if one.check == group.check)
            assert lines[body.sha256, group.check] == same * of_check


def refusals(night: Night) -> Iterator[dict[str, str]]:
    yield from pq.read_table(night.folder("records") / "refusals.parquet").to_pylist()


@pytest.mark.parametrize("dialect", files.DIALECTS)
def test_no_canary_comes_out_of_any_error_path(dialect: str, issue: Issuer, tmp_path: Path) -> None:
    data = with_canaries(dialect)
    plain = gzip.decompress(data) if dialect == "csv-utf8-iso" else data
    versions = [plain, plain.partition(b"\n")[2], plain[: len(plain) // 2], plain[:-1] + b"\xff\x00"]
    versions += [plain.replace(b"\n", b"\n" + canary.encode() + b"\n", 3) for canary in CANARIES]
    versions += [mutate(plain, seed, 2) for seed in range(40)]
    for version in versions:
        packed = gzip.compress(version, mtime=0) if dialect == "csv-utf8-iso" else version
        found = receipt(issue, tmp_path, dialect, packed)
        said = receipt_text(found, issue.words, AT, NightFound({"loaded": 3})) + receipt_json(found, AT).decode()
        assert [canary for canary in CANARIES if canary in said] == []


def test_a_name_that_is_not_a_name_is_not_repeated(issue: Issuer, tmp_path: Path) -> None:
    found = receipt(issue, tmp_path, D1, files.sample(D1), "DUPONT Jean 1950.csv")
    assert "DUPONT" not in body_text(found, issue.words) + json.dumps(body_json(found))
    assert found.file == "aaaaaa aaaa 9999.csv"


def test_the_accounts_of_a_receipt_add_up(issue: Issuer, tmp_path: Path) -> None:
    for dialect in files.DIALECTS:
        for seed in range(24):
            found = receipt(issue, tmp_path, dialect, accident(dialect, seed))
            whole, *parts = found.ledger.values()
            assert whole == sum(parts)
            assert sum(group.count for group in found.refused) == found.ledger["refused"] or found.verdict == "refused"
            assert sum(count for _, count in found.days) == found.ledger["accepted"]


def test_a_receipt_is_bounded_whatever_the_file(issue: Issuer, tmp_path: Path) -> None:
    days = [(files.DAY - timedelta(days=n % 390)).strftime("%d/%m/%Y") for n in range(40_000)]
    good = [files.d1_line(n, day=day, sex="?x") for n, day in enumerate(days)]
    bad = [files.d1_line(n, day="31/02/2024", call_day="?") for n in range(20_000)]
    found = receipt(issue, tmp_path, D1, files.d1([*good, *bad, files.d1_line(0, id="")]))
    text = receipt_text(found, issue.words, AT)
    assert len(text.splitlines()) < 150
    assert len(receipt_json(found, AT)) < 250_000
    rare, frequent = sorted(found.refused, key=lambda group: group.count)
    assert (rare.check, rare.count, len(rare.lines)) == ("ID_MISSING", 1, 1)
    assert (frequent.count, len(frequent.lines)) == (20_000, 9_999)
    assert "et 19980 autre(s)" in text
    assert "et 359 autre(s) jour(s)" in text


def test_it_is_french_of_78_columns_and_says_what_to_repair_and_whom_to_call(issue: Issuer, tmp_path: Path) -> None:
    lines = [files.d1_line(n) for n in range(1, 30)] + [files.d1_line(40, day="32/01/2024", call_day="?")]
    found = receipt(issue, tmp_path, D1, files.d1(lines))
    text = receipt_text(found, issue.words, AT)
    plain = text.replace("\u00a0", " ")
    assert max(map(len, text.splitlines())) <= 78
    assert "VERDICT : ACCEPTÉ, sauf 1 ligne(s) refusée(s)" in plain
    assert "Reçu le             14/01/2024 à 14:03 (heure de Paris)" in plain
    assert "ou n'existe pas – 1 ligne(s), colonne « Date visite »" in " ".join(plain.split())
    assert "Contrôle : DATE_UNREADABLE" in plain
    assert "Comment réparer : écrire la date dans la forme convenue" in plain
    assert "Lignes : 31" in plain
    assert issue.words.contact in plain
    assert "14/01/2024  29 visite(s)" in plain


def test_every_check_says_how_to_repair_in_other_words_than_what_is_wrong(content: Content) -> None:
    checks = load_checks(content)
    for name, check in [*checks.row.items(), *checks.file.items()]:
        assert len(check.repair.split()) >= 4, name
        assert check.repair != check.fr
        assert "{" not in check.repair, "a repair takes no detail: it can hold no value"


def test_check_ends_with_1_when_a_line_is_refused(tmp_path: Path) -> None:
    member = next(line for line in Content().text("extracts/associations.toml").splitlines() if line.startswith("code"))
    code = member.split('"')[1]
    path = tmp_path / "EXPORT_20240114.csv"
    path.write_bytes(files.sample(D1))
    assert surveillance("check", path, "-a", code).returncode == 0
    path.write_bytes(files.d1([*map(files.d1_line, range(20)), files.d1_line(30, id="")]))
    said = surveillance("check", path, "-a", code, "--format", "json")
    assert said.returncode == 1
    assert json.loads(said.stdout)[0]["refused"][0]["lines"] == [22]
    assert surveillance("check", path, "-a", code, "--format", "csv").returncode == 2
