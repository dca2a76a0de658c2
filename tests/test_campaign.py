"""Mutated rows by the whole path – inbox, reader, records, receipts, journal, store: lines add up, no value leaks.

CAMPAIGN=full reads files with more than a million mutated rows, in chunks; otherwise a few thousand.
"""

from __future__ import annotations

import json
import logging
import os
from collections import Counter
from datetime import UTC, date, datetime, time
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from surveillance.ages import load_acts
from surveillance.associations import Association
from surveillance.cli import app
from surveillance.clock import Clock
from surveillance.coding.syndromes import Coder, load_syndromes
from surveillance.coding.thesauri import load_thesauri
from surveillance.content import Content
from surveillance.counting import count_nights
from surveillance.gathering.feednames import names_of
from surveillance.gathering.folders import gather_folder
from surveillance.habits.nights import Judge
from surveillance.history import admit_night, audit
from surveillance.ledgers import LATEST
from surveillance.night import Night
from surveillance.receipts.issuing import Issuer
from surveillance.receipts.ledger import Ledger
from surveillance.receipts.letters import letters_for
from surveillance.receipts.words import load_receipt_words
from surveillance.settings import Settings
from surveillance.steps.validate import validate_with
from surveillance.store import Store
from tests.corpus.cases import CANARIES, site_of
from tests.corpus.mutating import SHELVES, mutant
from tests.reading_tools import CONTEXT, NAMES
from tests.sample_files import NIGHT, association

FULL = os.environ.get("CAMPAIGN") == "full"
FIRST, LAST = (int(number) for number in os.environ.get("CAMPAIGN_CHUNKS", "0-32" if FULL else "0-1").split("-"))
FILES, SIZE = (14, 400) if FULL else (7, 60)  # of a chunk in each dialect, and rows of a file
CONTENT = Content()
CODER = Coder(load_syndromes(CONTENT), load_thesauri(CONTENT))
ACTS = load_acts(CONTENT).counted
ISSUER = Issuer(CONTEXT, load_receipt_words(CONTENT))
TEXTS = [word for word in CANARIES if word != "zq"]  # a code as sent may hold two letters; a date or a number may not


@pytest.mark.parametrize("dialect", SHELVES)
@pytest.mark.parametrize("chunk", range(FIRST, LAST))
def test_mutated_rows(chunk: int, dialect: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    member = association(dialect, receipts="recus")
    rows = lay_out(dialect, chunk, tmp_path / "feeds" / NIGHT.isoformat() / member.code)
    received(tmp_path, member)
    files = pq.read_table(tmp_path / "records" / NIGHT.isoformat() / "files.parquet").to_pylist()
    records_hold(tmp_path / "records" / NIGHT.isoformat(), files)
    letters = letters_for(member, tmp_path / "inbox", NIGHT, Ledger(tmp_path, member.code), ISSUER)
    assert len(letters) == len(files)
    for letter in letters:
        body, file = json.loads(letter.twin)["body"], next(one for one in files if one["sha256"] == letter.sha256)
        assert body["ledger"]["accepted"] == file["accepted"]
        silent(letter.text.decode() + letter.twin.decode())
    silent((tmp_path / "journal" / f"{NIGHT}.jsonl").read_text(encoding="utf-8"))
    silent(caplog.text)
    if chunk % 10 == 0:
        loaded(tmp_path, member)
        checked(tmp_path, member, [str(file["name"]) for file in files])
    tell(dialect, rows, files)


def lay_out(dialect: str, chunk: int, folder: Path) -> int:
    """The files of a chunk as the association lays them out; gives the number of rows changed on purpose."""
    folder.mkdir(parents=True)
    rows = 0
    for number in range(FILES):
        made = mutant(dialect, chunk * FILES + number, SIZE)
        stem, _, rest = NAMES[dialect].partition(".")
        (folder / (NAMES[dialect] if not number else f"{stem}-{number}.{rest}")).write_bytes(made.data)
        rows += made.rows
    return rows


def received(state: Path, member: Association) -> None:
    """Gathered and read as in a night."""
    gather_folder([member], NIGHT, state / "feeds", state / "inbox", {}, names_of(CONTENT))
    clock = Clock(lambda: datetime.combine(NIGHT, time(3), UTC))
    one = Night(NIGHT, CONTENT, Settings(env="TEST", state=state, keys=state), clock)
    one.__dict__["associations"] = (member,)
    validate_with(one, CONTEXT)


def records_hold(folder: Path, files: list[dict[str, object]]) -> None:
    """For every file the lines add up, and the rows written are those that were counted."""
    visits, refusals = (pq.read_table(folder / f"{name}.parquet") for name in ("visits", "refusals"))
    kept = Counter(visits["file_sha256"].to_pylist())
    aside = Counter(refusals.filter(pc.greater(refusals["line_no"], 0))["file_sha256"].to_pylist())
    for file in files:
        accepted, refused, sha256 = file["accepted"], file["refused"], file["sha256"]
        assert file["lines_in"] == accepted + refused + file["other"]  # type: ignore[operator]
        assert kept[sha256] == accepted
        assert aside[sha256] == refused or (accepted == 0 and aside[sha256] == 0)
    silent("\n".join(map(str, [*files, *refusals.to_pylist()])))
    assert not [column for column in visits.column_names if leaks(visits[column])]


def leaks(column: pa.ChunkedArray) -> bool:
    """Does a column of the records hold a date of birth, a telephone, a number of a person?"""
    column = pc.list_flatten(column) if pa.types.is_list(column.type) else column
    if not pa.types.is_string(column.type):
        return False
    return any(pc.any(pc.match_substring(column, word)).as_py() for word in TEXTS)


def loaded(state: Path, member: Association) -> None:
    """In the store every line has one fate."""
    (state / "store").mkdir(exist_ok=True)
    with Store(state / "store" / "surveillance.duckdb", CONTENT) as store, store.transaction():
        admit_night(store, NIGHT, state / "records" / NIGHT.isoformat(), CODER, Judge(CONTENT, (member,)))
        count_nights(store, date.min, LATEST, ACTS)
        audit(store, NIGHT, ACTS)
        odd = store.rows("SELECT * FROM files WHERE lines_in <> loaded + duplicate + superseded + refused + other")
        assert odd == []


def checked(state: Path, member: Association, names: list[str]) -> None:
    """`surveillance check` of the same files: no traceback, no value."""
    paths = [state / "inbox" / NIGHT.isoformat() / member.code / file for file in names]
    site = site_of(state / "site", member)
    words = ["check", *map(str, paths), "-a", member.code, "--night", NIGHT.isoformat(), "--site", str(site)]
    result = CliRunner().invoke(app, words)
    assert result.exit_code in (0, 1), result.exception
    silent(result.output)


def silent(text: str) -> None:
    """No value of a patient is in it."""
    assert not [word for word in CANARIES if word in text.casefold()]


def tell(dialect: str, rows: int, files: list[dict[str, object]]) -> None:
    """The figures of a full campaign, one line a test, where CAMPAIGN_FIGURES says."""
    if path := os.environ.get("CAMPAIGN_FIGURES"):
        names = ("lines_in", "accepted", "refused", "other")
        counts = {name: sum(int(str(file[name])) for file in files) for name in names}
        verdicts = Counter(str(file["code"]) for file in files)
        with Path(path).open("a", encoding="utf-8") as out:
            out.write(json.dumps({"dialect": dialect, "rows": rows, "files": len(files), **counts, **verdicts}) + "\n")
