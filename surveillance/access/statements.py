"""What an analyst's statement may be: one statement that only reads, and calls nothing that reaches out of the store.

The connection is locked as well (`locked.Apart`). This second lock is needed: in 1.5 `FROM enable_logging(…)` is a
SELECT that changes a setting of a locked connection, and then breaks it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from surveillance.errors import UsageError
from surveillance.store import Failed, Store

READS = "one statement that reads: SELECT, WITH, FROM, VALUES, DESCRIBE, SHOW, SUMMARIZE or EXPLAIN"
# Functions that make a table, and read nothing but what they are given, or the list of what the store holds. Those that
# are given the name of a table, or a text to run (query, query_table, histogram), would hide what is read.
TABLES_MADE = (
    "unnest", "range", "generate_series", "repeat", "repeat_row", "json_each", "json_tree", "duckdb_columns",
    "duckdb_tables", "duckdb_views", "duckdb_functions", "duckdb_types", "duckdb_keywords", "pragma_table_info",
    "pragma_version", "pg_timezone_names",
)  # fmt: skip
NEVER = ("write_log", "json_serialize_plan", "nextval", "currval")  # they change something, or plan a text
EXPLAIN = re.compile(
    r"(?:\s|--[^\n]*(?:\n|$)|/\*.*?\*/)*EXPLAIN\b(?:\s*\(\s*(?:ANALYZE|FORMAT)\b[^)]*\)|\s+ANALYZE\b)*", re.I | re.S
)
# First words of statements, and what to say of those that people are likely to type.
INSTEAD = {
    "COPY": "answers go to a file with --format csv|json|parquet --output FILE",
    "EXPORT": "answers go to a file with --format csv|json|parquet --output FILE",
    "CREATE": "name a part of a statement with WITH … AS (…) instead of keeping it",
    "MULTI": "PIVOT needs its values: PIVOT … ON sex IN ('M', 'F') USING …",
    "SET": "limits are asked for with --seconds and --memory",
}


@dataclass(frozen=True)
class Statement:
    """A statement that may be run, and the names of the tables and views of the store that stand in it."""

    text: str
    tables: tuple[str, ...]


def judged(store: Store, text: str, characters: int) -> Statement:
    """The statement, if it may be run on this store; UsageError says why not."""
    if len(text) > characters:
        raise UsageError(f"the statement has {len(text)} characters, and {characters} are read at most")
    tree = _tree(store, _body(store, text))
    called = {(node["type"] == "TABLE_FUNCTION", name) for node, name in _calls(tree)}
    for makes_table, name in sorted(called):
        if makes_table and name not in TABLES_MADE:
            raise UsageError(
                f"{name}() is not to be had here: statements read the tables and views of the published copy only",
                "surveillance sql --views lists them",
            )
        if name in NEVER:
            raise UsageError(f"{name}() is not to be had here: statements only read")
    known = {
        str(row[0])
        for row in store.rows(
            "SELECT table_name FROM duckdb_tables() UNION SELECT view_name FROM duckdb_views() WHERE NOT internal"
        )
    }
    named = {str(node["table_name"]).lower() for node in _nodes(tree) if node.get("type") == "BASE_TABLE"}
    return Statement(text, tuple(sorted(known & named)))


def _body(store: Store, text: str) -> str:
    """The part of the statement that is judged: what is explained, where it is an EXPLAIN."""
    try:
        parts = store.connection.extract_statements(text)
    except Failed as error:
        if str(error).startswith("Permission Error"):  # IMPORT DATABASE is read before it is run
            raise _not_reading(_first_word(text)) from None
        raise UsageError(f"the statement cannot be read: {_first_lines(error)}", READS) from None
    if not parts:
        raise UsageError("there is no statement", READS)
    kinds, word = [str(part.type).rpartition(".")[2] for part in parts], _first_word(text)
    if len(parts) > 1 and kinds[0] == "CREATE" and word != "CREATE":
        raise UsageError("this PIVOT would keep a list of values", INSTEAD["MULTI"])
    if len(parts) > 1:
        raise UsageError(f"{len(parts)} statements at once", f"give {READS}")
    if kinds[0] not in ("SELECT", "EXPLAIN") or word in ("PRAGMA", "CALL"):
        raise _not_reading(word)
    return EXPLAIN.sub("", parts[0].query, count=1) if kinds[0] == "EXPLAIN" else parts[0].query


def _first_word(text: str) -> str:
    """The first word of a statement, in capitals, comments left out; "this" where it begins with none."""
    bare = re.sub(r"--[^\n]*|/\*.*?\*/", " ", text, flags=re.S)
    found = re.match(r"[\s;(]*(\w+)", bare)
    return found[1].upper() if found else "this"


def _not_reading(word: str) -> UsageError:
    hint = next((said for start, said in INSTEAD.items() if word.startswith(start)), f"give {READS}")
    return UsageError(f"{word} is not allowed: the published copy is only read", hint)


def _tree(store: Store, body: str) -> dict[str, Any]:
    """The statement as the library reads it, without running it."""
    try:
        told = store.value("SELECT json_serialize_sql($body::VARCHAR)", {"body": body})
        tree: dict[str, Any] = json.loads(told)
    except (RecursionError, Failed):
        raise UsageError("the statement is nested too deeply", "name its parts with WITH … AS (…)") from None
    if tree["error"]:
        if tree["error_type"] == "not implemented":
            raise _not_reading(_first_word(body))
        raise UsageError(f"the statement cannot be read: {tree['error_message']}", READS)
    return tree


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """Every part of a statement that has a type, in no order."""
    left = [tree]
    while left:
        part = left.pop()
        if isinstance(part, dict):
            if "type" in part:
                yield part
            left.extend(part.values())
        elif isinstance(part, list):
            left.extend(part)


def _calls(tree: Any) -> Iterator[tuple[dict[str, Any], str]]:
    """The functions called: the part of the statement, and the name in small letters."""
    for node in _nodes(tree):
        if node["type"] == "TABLE_FUNCTION":
            yield node, str(node["function"].get("function_name", "")).lower()
        elif node.get("class") == "FUNCTION":
            yield node, str(node["function_name"]).lower()


def _first_lines(error: Exception) -> str:
    """The library's sentence about a text it cannot read, without the text."""
    return str(error).partition("\n")[0].removeprefix("Parser Error: ")
