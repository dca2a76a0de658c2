"""Access of analysts: statements that only read, within their limits, every one logged; line lists; Python users."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

import surveillance as package
from surveillance.access.limits import allowance, load_limits
from surveillance.access.log import folder_of, read_log
from surveillance.access.session import LimitError, Session
from surveillance.access.verify import verify
from surveillance.access.views import FOLDER, list_views
from surveillance.cli import app
from surveillance.content import Content
from surveillance.errors import SettingsError, UsageError, as_known
from surveillance.store import published_path
from tests.coding_tools import FIRST, NIGHTS, small_state
from tests.conftest import command, exempt, surveillance

LAST = FIRST + timedelta(days=NIGHTS - 1)
COLUMNS = [
    "visit_uid",
    "visit_day",
    "association",
    "age_group",
    "sex",
    "act_type",
    "diagnoses",
    "reason_concepts",
    "outcome",
]
UID = "5955c6e9ed0d6db3d5d0a30ee69f516a"
# What must be refused, and a word of the refusal.
HOSTILE = [
    ("FROM read_csv('/etc/passwd')", "read_csv"),
    ("FROM read_text('/etc/passwd')", "read_text"),
    ("SELECT * FROM (SELECT * FROM visits_now, read_blob('/etc/passwd'))", "read_blob"),
    ("SELECT (SELECT count(*) FROM glob('/etc/*'))", "glob"),
    ("FROM read_json_auto('/etc/passwd')", "read_json_auto"),
    ("FROM read_parquet('/etc/passwd')", "read_parquet"),
    ("FROM parquet_metadata('/etc/passwd')", "parquet_metadata"),
    ("FROM sniff_csv('/etc/passwd')", "sniff_csv"),
    ("FROM read_duckdb('/tmp/x.duckdb')", "read_duckdb"),
    ("FROM '/etc/passwd'", "does not exist"),
    ("FROM 'https://example.org/a.parquet'", "no file"),
    ("FROM query('FROM visits')", "query"),
    ("FROM QUERY_TABLE('visits')", "query_table"),
    ("FROM query_table('/etc/passwd')", "query_table"),
    ("FROM histogram('visits', 'sex')", "histogram"),
    ("FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))", "json_execute_serialized_sql"),
    ("SELECT json_serialize_plan('FROM enable_logging()')", "json_serialize_plan"),
    ("FROM enable_logging(storage='file', storage_config={'path': '/tmp/x'})", "enable_logging"),
    ("FROM enable_profiling()", "enable_profiling"),
    ("FROM force_checkpoint()", "force_checkpoint"),
    ("FROM truncate_duckdb_logs()", "truncate_duckdb_logs"),
    ("SELECT write_log('x')", "write_log"),
    ("SELECT getenv('HOME')", "getenv"),
    ("FROM pandas_scan(1)", "pandas_scan"),
    ("FROM python_map_function(1)", "python_map_function"),
    ("FROM leaked", "does not exist"),
    ("COPY visits TO '/tmp/out.csv'", "COPY"),
    ("COPY (SELECT 1) TO '/dev/stdout'", "COPY"),
    ("EXPORT DATABASE '/tmp/out'", "EXPORT"),
    ("IMPORT DATABASE '/tmp/out'", "IMPORT"),
    ("ATTACH '/tmp/x.duckdb'", "ATTACH"),
    ("DETACH surveillance", "DETACH"),
    ("USE memory", "USE"),
    ("INSTALL httpfs", "INSTALL"),
    ("LOAD httpfs", "LOAD"),
    ("UPDATE EXTENSIONS", "UPDATE"),
    ("SET memory_limit = '100GB'", "SET"),
    ("SET VARIABLE x = 1", "SET"),
    ("RESET lock_configuration", "RESET"),
    ("PRAGMA memory_limit='100GB'", "PRAGMA"),
    ("PRAGMA database_list", "PRAGMA"),
    ("PRAGMA enable_profiling='json'", "PRAGMA"),
    ("CALL pragma_version()", "CALL"),
    ("CHECKPOINT", "CHECKPOINT"),
    ("CREATE TABLE t (a INT)", "CREATE"),
    ("CREATE TABLE memory.main.t (a INT)", "CREATE"),
    ("CREATE OR REPLACE TEMP MACRO known_night() AS DATE '2000-01-01'", "CREATE"),
    ("CREATE SECRET s (TYPE s3)", "CREATE"),
    ("INSERT INTO visits SELECT * FROM visits", "INSERT"),
    ("WITH a AS (SELECT 1) INSERT INTO visits SELECT * FROM visits", "WITH"),
    ("UPDATE visits SET sex = 'M'", "UPDATE"),
    ("DELETE FROM visits", "DELETE"),
    ("DROP VIEW acts", "DROP"),
    ("ALTER TABLE visits ADD COLUMN a INT", "ALTER"),
    ("COMMENT ON TABLE visits IS 'x'", "COMMENT"),
    ("MERGE INTO visits USING visits v ON true WHEN MATCHED THEN DELETE", "MERGE"),
    ("PREPARE q AS SELECT 1", "PREPARE"),
    ("BEGIN", "BEGIN"),
    ("VACUUM", "VACUUM"),
    ("EXPLAIN ANALYZE CREATE TEMP TABLE t AS SELECT 1", "CREATE"),
    ("/* EXPLAIN */ EXPLAIN ANALYZE FROM enable_logging()", "enable_logging"),
    ("EXPLAIN (ANALYZE, FORMAT json) INSERT INTO visits SELECT * FROM visits", "INSERT"),
    ("SELECT 1; SELECT 2", "2 statements"),
    ("SELECT 1; SET threads = 64", "2 statements"),
    ("SELECT 1 /*", "cannot be read"),
    ("PIVOT visits ON sex USING count(*)", "PIVOT"),
    ("", "no statement"),
    ("-- nothing", "no statement"),
    ("SELECT " + "(" * 40_000 + "1" + ")" * 40_000, "cannot be read"),
    ("SELECT " + "+".join(["1"] * 20_000), "depth"),
    ("SELECT * FROM " + "(SELECT * FROM " * 3_000 + "visits" + ")" * 3_000, "cannot be read"),
    ("SELECT '" + "x" * 200_000 + "'", "characters"),
    ("SELECT visit_uid::INT FROM acts", "TRY_CAST"),
]
READING = [
    ("SELECT count(*) FROM acts", ("acts",)),
    ("  -- a comment\n(FROM acts LIMIT 1);", ("acts",)),
    ("WITH a AS (FROM acts) SELECT count(*) FROM a JOIN surveillance.main.codings ON true", ("acts", "codings")),
    ("WITH visits AS (SELECT 1) FROM visits", ("visits",)),  # it cannot tell them apart: says too much, not too little
    ("DESCRIBE acts", ("acts",)),
    ("SHOW TABLES", ()),
    ("SUMMARIZE daily_counts", ("daily_counts",)),
    ("EXPLAIN ANALYZE SELECT count(*) FROM delays", ("delays",)),
    ("EXPLAIN (FORMAT json) FROM delays", ("delays",)),
    ("VALUES (1), (2)", ()),
    ("PIVOT daily_counts ON sex IN ('M', 'F') USING sum(visits) GROUP BY association", ("daily_counts",)),
    ("SELECT code, count(*) FROM acts, unnest(diagnoses) t(code) GROUP BY 1", ("acts",)),
    ("SELECT count(*) FROM range(10) t(i), (SELECT max(night) FROM receptions)", ("receptions",)),
]


@pytest.fixture(scope="module")
def state(content: Content, tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("sql") / "state"
    small_state(found, content)
    return found


@pytest.fixture
def mine(state: Path, tmp_path: Path) -> Path:
    """A state folder of its own for what a test breaks."""
    return Path(shutil.copytree(state, tmp_path / "mine", ignore=shutil.ignore_patterns("access", "scratch")))


def session(state: Path, content: Content, as_of: date | None = None, **limits: Any) -> Session:
    return Session.open(state, content, allowance(load_limits(content), **limits), as_of)


@dataclass
class Ran:
    """What a command said, and its exit code."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def inside(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    """Runs commands in this process, a tenth of the time: a statement has no process of its own then."""

    def within(work: Any, allowed: Any) -> dict[str, Any]:
        return dict(json.loads(json.dumps(work(lambda: None))))

    monkeypatch.setattr("surveillance.access.apart.apart", within)

    def run(*arguments: object) -> Ran:
        result = CliRunner().invoke(app, [str(item) for item in arguments])
        known = as_known(result.exception) if isinstance(result.exception, Exception) else None
        if known is None:
            return Ran(result.exit_code, result.stdout, result.stderr)
        return Ran(int(known.exit_code), result.stdout, f"{result.stderr}{known}\n{known.hint}")

    return run


def entries(state: Path) -> list[dict[str, Any]]:
    return list(read_log(state))


def test_every_hostile_statement_is_refused_in_words(state: Path, content: Content) -> None:
    leaked = pd.DataFrame({"a": [1]})
    store, before = session(state, content), published_path(state).read_bytes()
    for text, word in HOSTILE:
        with pytest.raises(UsageError) as refused:
            store.table(store.judge(text))
        said = f"{refused.value} {refused.value.hint}"
        assert word in said and "Traceback" not in said and len(str(refused.value)) < 700, (text[:60], said[:300])
        assert not re.search(r"\b[0-9a-f]{32}\b", said), "no value of the store"
        assert store.table(store.judge("SELECT count(*) AS n FROM acts"))["n"][0].as_py() > 0, text[:60]
    assert published_path(state).read_bytes() == before and len(leaked) == 1


def test_the_connection_is_locked_even_without_the_first_lock(state: Path, content: Content) -> None:
    """What `judge` refuses, the connection refuses too, where the library can."""
    store = session(state, content).store
    for text in (
        "FROM read_text('/etc/passwd')", "COPY visits TO '/tmp/out.csv'", "ATTACH '/tmp/x.duckdb'", "INSTALL httpfs",
        "LOAD httpfs", "SET threads = 64", "SET enable_external_access = true", "PRAGMA memory_limit='9GB'",
        "RESET memory_limit", "EXPORT DATABASE '/tmp/out'", "DELETE FROM visits",
        "CREATE TABLE surveillance.main.t (a INT)",
    ):  # fmt: skip
        with pytest.raises(Exception, match=r"Permission|Invalid Input|Cannot execute|read-only|locked"):
            store.run(text)


def test_what_reads_is_run_and_its_tables_are_known(state: Path, content: Content) -> None:
    store = session(state, content)
    for text, tables in READING:
        judged = store.judge(text)
        assert judged.tables == tables, text
        assert store.table(judged).num_rows > 0, text


def test_what_is_locked_is_locked_for_nobody_else(state: Path, content: Content) -> None:
    first, second = session(state, content), session(state, content, FIRST + timedelta(days=5))
    assert first.night == LAST and second.night == FIRST + timedelta(days=5)
    text = "SELECT max(from_night) AS night FROM visit_history"
    assert [one.table(one.judge(text))["night"][0].as_py() for one in (first, second)] == [first.night, second.night]


def test_stopped_in_time_and_nothing_left(mine: Path) -> None:
    (mine / "journal").mkdir(exist_ok=True)
    folder, before = mine / "published", sorted(path.name for path in mine.rglob("*") if "access" not in path.parts)
    cross = "SELECT count(*) FROM acts a, acts b, acts c, acts d WHERE a.hour + b.hour > c.age_y + d.age_y"
    late = surveillance("sql", cross, "--seconds", 1, "--state", mine, "--lang", "en")
    assert late.returncode == 2 and "more than 1 s" in late.stderr and "visit_day" in late.stderr
    huge = surveillance("sql", "SELECT len(range(2000000000))", "--memory", "200MB", "--state", mine, "--lang", "en")
    assert huge.returncode == 2 and "more than 200 MB" in huge.stderr
    assert [entry["result"] for entry in entries(mine)] == ["stopped", "stopped"]
    assert sorted(path.name for path in mine.rglob("*") if "access" not in path.parts) == before
    assert list(folder.iterdir()) == [published_path(mine)]


def test_limits_inside_a_process(state: Path, content: Content) -> None:
    store = session(state, content, seconds=0.5)
    with pytest.raises(LimitError, match=r"0\.5 s"):
        store.table(store.judge("SELECT count(*) FROM range(1000000000000)"))
    assert store.table(store.judge("SELECT 1")).num_rows == 1, "the next one is not interrupted"
    small = session(state, content, memory="64MB")
    for text in (
        "SELECT i, repeat('x', 1000) FROM range(100000000) t(i) ORDER BY hash(i)",
        "SELECT list(i) FROM range(1e9::BIGINT) t(i)",
    ):
        with pytest.raises(LimitError, match="64 MB"):
            small.table(small.judge(text))
    for limits in ({"memory": "1TB"}, {"memory": "999GB"}, {"memory": "1MB"}, {"seconds": 10**6}, {"seconds": 0}):
        with pytest.raises(UsageError):
            allowance(load_limits(content), **limits)  # type: ignore[arg-type]


def test_forms_of_an_answer_are_the_same_rows_and_never_cut_unsaid(
    inside: Callable[..., Ran], mine: Path, tmp_path: Path
) -> None:
    text = "SELECT visit_uid, visit_day, age_y, age_m, diagnoses, sum(1) OVER () AS n, 1/3 AS x FROM acts ORDER BY ALL"
    csv = surveillance("sql", text, "--format", "csv", "--state", mine)
    told = inside("sql", text, "--format", "json", "--state", mine)
    out = tmp_path / "out.parquet"
    assert inside("sql", text, "--format", "parquet", "--output", out, "--state", mine).returncode == 0
    table, rows = pq.read_table(out), json.loads(told.stdout)
    frame = pd.read_csv(io.StringIO(csv.stdout), dtype=str, keep_default_na=False)
    assert len(frame) == table.num_rows == len(rows) > 60
    assert out.stat().st_mode & 0o777 == 0o600 and [path.name for path in tmp_path.glob("*.part")] == []
    for row, cells, kept in zip(rows, frame.to_dict("records"), table.to_pylist(), strict=True):
        assert cells["visit_day"] == row["visit_day"] == kept["visit_day"].isoformat()
        assert cells["diagnoses"].split("|") == (row["diagnoses"] or [""]) and kept["diagnoses"] == row["diagnoses"]
        assert cells["age_m"] == ("" if row["age_m"] is None else str(row["age_m"])), "whole numbers stay whole"
        assert row["n"] == kept["n"] == len(rows) and cells["x"] == "0.333333333333"
    shown = inside("sql", text, "--limit", 5, "--state", mine, "--lang", "en")
    assert shown.returncode == 0 and "there are more rows than these 5: --format csv" in shown.stdout
    cut = inside("sql", text, "--limit", 5, "--format", "csv", "--state", mine, "--lang", "en")
    assert len(cut.stdout.splitlines()) == 6 and "only the first 5 rows" in cut.stderr
    empty = inside("sql", "FROM acts WHERE false", "--format", "json", "--state", mine)
    assert json.loads(empty.stdout) == []
    assert [entry["rows"] for entry in entries(mine)] == [len(rows)] * 3 + [5, 5, 0]


def test_a_statement_by_file_and_by_stdin_and_its_errors(
    inside: Callable[..., Ran], mine: Path, tmp_path: Path
) -> None:
    query = tmp_path / "q.sql"
    query.write_text("SELECT 40 + 2 AS n", encoding="utf-8")
    by_file = inside("sql", "--file", query, "--format", "csv", "--state", mine)
    arguments = command("sql", "-", "--format", "csv", "--state", mine)
    by_stdin = subprocess.run(arguments, input="SELECT 40 + 2 AS n", capture_output=True, text=True, check=True)
    assert by_file.stdout == by_stdin.stdout == "n\n42\n"
    for wrong, said in (
        ((), "which statement"), (("SELECT 1", "--file", query), "which statement"),
        (("--file", "no"), "cannot be read"),
        (("SELECT 1", "--format", "xls"), "--format knows"), (("SELECT 1", "--output", "/no/x"), "no such folder"),
        (("SELECT 1", "--as-of", "2031"), "not a date"), (("SELECT 1", "--as-of", "2031-01-01"), "not published"),
        (("SELECT 1", "--seconds", 0), "--seconds"), (("SELECT nothing FROM acts",), "Candidate bindings"),
    ):  # fmt: skip
        failed = inside("sql", *wrong, "--state", mine)
        assert failed.returncode == 2 and said in failed.stderr and failed.stdout == "", (wrong, failed)
    nothing = inside("sql", "SELECT 1", "--state", tmp_path / "empty")
    assert nothing.returncode == 2 and "nothing is published yet" in nothing.stderr


def test_views_say_what_a_row_is(inside: Callable[..., Ran], state: Path, content: Content) -> None:
    store = session(state, content)
    listed = list_views(store.store)
    files = content.files(FOLDER)
    assert {row["view"] for row in listed} == {file.path.stem for file in files}
    assert all(row["row"].startswith("One row per ") for row in listed)
    assert all(file.path.read_text("utf-8").startswith("-- One row per ") for file in files)
    for name in {row["view"] for row in listed}:
        assert any(row["meaning"] for row in listed if row["view"] == name), name
        assert not {"file_sha256", "line_no", "content_hash"} & {row["column"] for row in listed if row["view"] == name}
    screen = inside("sql", "--views", "--state", state)
    assert "weekly_counts" in screen.stdout and max(map(len, screen.stdout.splitlines())) <= 80


def test_views_agree_with_one_another_and_with_query(inside: Callable[..., Ran], state: Path, content: Content) -> None:
    store = session(state, content)

    def value(text: str) -> Any:
        return store.table(store.judge(text))[0][0].as_py()

    acts = value("SELECT count(*) FROM acts")
    assert acts == value("SELECT sum(visits_all)::BIGINT FROM daily_denominators") > 200
    assert value("SELECT count(*) FROM acts WHERE coded") == value(
        "SELECT sum(visits_coded)::BIGINT FROM daily_denominators"
    )
    joined = "FROM visit_syndromes_now JOIN acts USING (visit_uid) WHERE basis = 'diagnosis' AND syndrome = 'grippe'"
    grippe = value(f"SELECT count(*) {joined}")
    assert (
        grippe
        == value("SELECT sum(visits)::BIGINT FROM daily_counts WHERE basis = 'diagnosis' AND syndrome = 'grippe'")
        > 20
    )
    assert grippe == value(
        "SELECT sum(visits)::BIGINT FROM weekly_counts WHERE basis = 'diagnosis' AND syndrome = 'grippe'"
    )
    assert value("SELECT sum(visits)::BIGINT FROM delays") == value("SELECT count(*) FROM visits_now") == NIGHTS * 24
    assert value("SELECT count(*) FROM delays WHERE delay < 0") == 0
    assert value("SELECT count(*) FROM visit_history") > NIGHTS * 24
    asked = ("query", "grippe", "--by", "national", "--format", "csv")
    answer = pd.read_csv(io.StringIO(inside(*asked, "--state", state).stdout))
    assert (answer["visits"][0], answer["visits_all"][0]) == (grippe, acts)


def test_views_as_of_a_past_night_are_those_of_query(state: Path, content: Content) -> None:
    night = FIRST + timedelta(days=9)
    store = session(state, content, night)
    table = store.table(store.judge("SELECT count(*) AS acts, count(*) FILTER (coded) AS coded FROM acts")).to_pylist()[
        0
    ]
    joined = "FROM visit_syndromes_now JOIN acts USING (visit_uid) WHERE basis = 'diagnosis' AND syndrome = 'grippe'"
    counted = store.table(store.judge(f"SELECT count(*) AS n {joined}"))["n"][0].as_py()
    with package.open(state, as_of=night) as reader:
        answer = reader.query("grippe", by="national").iloc[0]
    assert (table["acts"], table["coded"], counted) == (answer["visits_all"], answer["visits_coded"], answer["visits"])
    cells = "FROM daily_counts WHERE basis = 'diagnosis' AND syndrome = 'grippe'"
    kept = store.table(store.judge(f"SELECT sum(visits)::BIGINT AS n, min(visits) AS least {cells}")).to_pylist()[0]
    assert kept["n"] == counted and kept["least"] > 0, "the ledger is added up, cell by cell"
    text = "SELECT max(night) AS n FROM receptions"
    assert store.table(store.judge(text))["n"][0].as_py() == night
    assert table["acts"] < surveillance_rows(state, content)


def surveillance_rows(state: Path, content: Content) -> int:
    store = session(state, content)
    return int(store.table(store.judge("SELECT count(*) AS n FROM acts"))["n"][0].as_py())


def test_a_line_list_needs_a_reason_and_is_never_cut(inside: Callable[..., Ran], mine: Path, tmp_path: Path) -> None:
    first, last = FIRST - timedelta(days=1), LAST
    days = ("--since", first, "--until", last, "--state", mine, "--lang", "en")
    why = ("--why", "cluster of influenza, inquiry 2024-17", "--who", "Dr Martin")
    assert "--why" in inside("lines", "grippe", *days).stderr
    given = inside("lines", "grippe", *days, *why, "--format", "csv")
    assert given.returncode == 0, given.stderr
    frame = pd.read_csv(io.StringIO(given.stdout), dtype=str)
    assert list(frame) == COLUMNS
    assert frame["visit_uid"].is_unique and f"{len(frame)} visits listed" in given.stderr
    answer = inside("query", "grippe", "--by", "national", "--since", first, "--format", "csv", "--state", mine,
                    *exempt(mine / "site"))  # fmt: skip
    assert len(frame) == pd.read_csv(io.StringIO(answer.stdout))["visits"][0] > 20
    one = frame["association"][0]
    there = inside("lines", "grippe", *days, *why, "--territory", one, "--age", "15-64", "--format", "csv")
    kept = frame[(frame["association"] == one) & (frame["age_group"] == "15-64")]
    assert list(pd.read_csv(io.StringIO(there.stdout), dtype=str)["visit_uid"]) == list(kept["visit_uid"])
    site = tmp_path / "site"
    (site / "schedules").mkdir(parents=True)
    limits = Content().text("schedules/access.toml")
    (site / "schedules" / "access.toml").write_text(
        re.sub(r"line_list_rows = \d+", "line_list_rows = 5", limits), "utf-8"
    )
    refused = inside("lines", "grippe", *days, *why, "--site", site)
    assert refused.returncode == 2 and refused.stdout == "" and f"{len(frame)} visits would be listed" in refused.stderr
    assert "--territory" in refused.stderr
    long = inside("lines", "grippe", "--since", "2020-01-01", *days[2:], *why)
    assert long.returncode == 2 and "days are asked for" in long.stderr
    log = entries(mine)
    assert [entry["result"] for entry in log] == ["refused", "given", "given", "given", "refused", "refused"]
    assert (
        log[1]["question"]["why"] == why[1]
        and log[1]["question"]["who"] == "Dr Martin"
        and log[1]["rows"] == len(frame)
    )


def test_every_command_that_answers_is_in_the_log_before_it_answers(inside: Callable[..., Ran], mine: Path) -> None:
    found = inside("sql", "SELECT min(visit_uid) AS uid FROM acts", "--format", "csv", "--state", mine)
    uid = found.stdout.split()[1]
    inside("query", "grippe", "--state", mine)
    inside("explain", "visit", uid, "--state", mine)
    change = ("explain", "change", "grippe", "--from", FIRST, "--to", LAST, "--state", mine)
    assert inside(*change).returncode == inside(*change, "--visits").returncode == 0
    inside("sql", f"FROM acts WHERE visit_uid = '{UID}'", "--state", mine)
    inside("sql", "FROM read_text('/etc/passwd')", "--state", mine)
    log = entries(mine)
    assert [(entry["command"], entry["result"]) for entry in log] == [
        ("sql", "given"), ("query", "given"), ("explain", "given"), ("explain change", "given"),
        ("explain change", "given"), ("sql", "given"), ("sql", "refused"),
    ]  # fmt: skip
    text = "".join(path.read_text("utf-8") for path in folder_of(mine).glob("*.jsonl"))
    assert UID not in text and log[5]["question"]["text"].count("uid:") == 1
    assert log[5]["tables"] == ["acts"] and log[5]["seconds"] > 0
    whole = inside("journal", "--verify", "--state", mine, "--lang", "en")
    assert whole.returncode == 0 and "7 lines" in whole.stdout
    listed = inside("journal", "--accesses", "--state", mine)
    assert "explain" in listed.stdout and "min(visit_uid)" in listed.stdout
    path = next(path for path in folder_of(mine).glob("*.jsonl") if '"query"' in path.read_text("utf-8"))
    before = path.read_text("utf-8").partition('"query"')[0]
    path.write_text(path.read_text("utf-8").replace('"query"', '"quary"'), "utf-8")
    broken = inside("journal", "--verify", "--state", mine, "--lang", "en")
    assert broken.returncode == 1 and f"{path.name}:{before.count(chr(10)) + 1}" in broken.stdout


@pytest.mark.parametrize(
    "asked", [("sql", "SELECT 4217 AS n", "--format", "csv"), ("query", "grippe", "--format", "csv")]
)
def test_no_answer_where_the_log_cannot_be_written(
    inside: Callable[..., Ran], mine: Path, asked: tuple[str, ...]
) -> None:
    folder_of(mine).parent.mkdir(exist_ok=True)
    folder_of(mine).write_text("in the way")
    refused = inside(*asked, "--state", mine)
    assert refused.returncode == 11 and refused.stdout == "" and "cannot be written" in refused.stderr


def test_a_statement_ends_with_whoever_asked(mine: Path) -> None:
    """Killed hard, the command leaves no process that works on, and no file."""
    slow = "SELECT count(*) FROM range(1000000000000)"
    asking = subprocess.Popen(command("sql", slow, "--seconds", 2, "--state", mine), stderr=subprocess.DEVNULL)
    children = ""
    while not children and asking.poll() is None:
        children = Path(f"/proc/{asking.pid}/task/{asking.pid}/children").read_text().strip()
        time.sleep(0.05)
    os.kill(asking.pid, signal.SIGKILL)
    asking.wait()
    until = time.monotonic() + 60
    while Path(f"/proc/{children}").is_dir() and time.monotonic() < until:
        time.sleep(0.1)
    assert children and not Path(f"/proc/{children}").is_dir()
    assert list((mine / "published").iterdir()) == [published_path(mine)]


def test_python_users(mine: Path) -> None:
    with package.open(mine) as reader:
        weeks = reader.query("grippe", "covid", since=FIRST.isoformat(), sexes=("F",))
        assert list(weeks["syndrome"].unique()) == ["covid", "grippe"] and reader.facts["known_as_of"] == str(LAST)
        frame = reader.sql("SELECT visit_day, count(*) AS n FROM acts WHERE sex = $sex GROUP BY 1", {"sex": "F"})
        assert frame["n"].sum() > 50 and frame["visit_day"].dtype.kind == "M"
        assert reader.arrow("FROM acts").num_rows > frame["n"].sum()
        connection = reader.connection
        assert connection.execute("SELECT 42").fetchall() == [(42,)] and connection.fetchone() == (42,)
        for text in ("SET threads = 64", "COPY acts TO '/tmp/x'", "CREATE TEMP TABLE t (a INT)"):
            with pytest.raises(UsageError):
                connection.execute(text)
        with pytest.raises(UsageError):
            reader.query("nothing_of_that_name")
    log = entries(mine)
    expected = ["given"] * 4 + ["refused"] * 4
    assert [entry["result"] for entry in log] == expected and log[0]["command"] == "query"
    assert all(entry["question"]["from_python"] for entry in log if entry["result"] != "refused")
    assert not verify(mine).wrong
    folder_of(mine).rename(mine / "aside")
    folder_of(mine).write_text("in the way")
    with package.open(mine) as reader, pytest.raises(SettingsError, match="cannot be written"):
        reader.sql("SELECT 1")
    with pytest.raises(UsageError, match="not published"):
        package.open(mine, as_of="2031-01-01")


def test_the_package_is_light() -> None:
    code = (
        "import sys, surveillance; print([n for n in sys.modules if n in ('pandas', 'duckdb', 'pyarrow', 'pydantic')])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_the_notebook_runs(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cells of code, in their order, in one namespace, on a small store; no output is kept in the file."""
    book = json.loads((Path(__file__).parent.parent / "docs" / "notebook-example.ipynb").read_text("utf-8"))
    cells = [cell for cell in book["cells"] if cell["cell_type"] == "code"]
    assert len(cells) >= 4 and not any(cell["outputs"] or cell["execution_count"] for cell in cells)
    monkeypatch.setenv("SURVEILLANCE_STATE", str(mine))
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for number, cell in enumerate(cells):
        exec(compile("".join(cell["source"]), f"cell {number}", "exec"), namespace)
    assert len(namespace["weeks"]) > 0 and len(entries(mine)) >= 4
