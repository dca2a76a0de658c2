"""The house: content folders without Python, imports that go down only, one room for each heavy tool, no stray word."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "surveillance"
MODULES = sorted(path for path in PACKAGE.rglob("*.py"))

# From the top down; a room may import its own line's rooms or those below, never above.
LAYERS: tuple[tuple[str, ...], ...] = (
    ("cli", "__main__", "__init__"),  # the package itself: what people import
    ("demonstration", "replay", "recoding", "checking", "declaring", "installing", "receiving", "purging"),
    ("rehearsal",),
    ("steps",),
    ("night", "makers"),
    (
        "access",
        "delivery",
        "detection",
        "signals",
        "disclosure",
        "evaluation",
        "explaining",
        "changes",
        "clusters",
        "gathering",
        "guessing",
        "habits",
        "counting",
        "history",
        "intake",
        "kept_counts",
        "known_counts",
        "ledgers",
        "nowcasting",
        "phases",
        "visit_codes",
        "questions",
        "board",
        "board_words",
        "past_nights",
        "receipts",
        "registry_tables",
        "reporting",
        "simulation",
        "status",
    ),
    (
        "age_words",
        "ages",
        "associations",
        "calendar",
        "coding",
        "date_forms",
        "dialect_parts",
        "dialects",
        "fates",
        "perimeters",
        "records",
        "reasons",
        "schools",
        "signal_rules",
        "territories",
        "timetable",
        "words",
    ),
    ("journal", "locking", "pseudonyms", "retention", "settings", "sftp", "spool", "store"),
    ("content",),
    ("clock", "errors", "files", "toml_lines"),
)
RECEIVING = ("gathering", "intake", "receiving", "steps")
ONLY = {
    "paramiko": ("sftp",),
    "duckdb": ("store",),
    "jinja2": ("reporting.pages",),
    "scipy": ("detection", "disclosure", "signals"),
    "vl_convert": ("reporting.charts",),
    "python_calamine": ("intake.readers",),
    "xlsxwriter": ("cli.exporting",),
    "lxml": ("guessing", "intake.readers", "reporting.charts"),
}


def top(path: Path) -> str:
    """The room of a module: its first name below the package."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> list[str]:
    """Every module a file imports, wherever in it; not those only for type checkers."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    hidden = {
        id(child)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for child in ast.walk(node)
    }
    found = []
    for node in ast.walk(tree):
        if id(node) in hidden:
            continue
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.append(node.module)
    return found


def rank(room: str) -> int:
    found = [n for n, layer in enumerate(LAYERS) if room in layer]
    assert found, f"give {room} a layer"
    return found[0]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_go_down_only(path: Path) -> None:
    mine = rank(top(path))
    for name in imports(path):
        if name.startswith("surveillance."):
            other = name.split(".")[1]
            assert other == top(path) or rank(other) >= mine, f"{name} is above"
            assert not (top(path) == "steps" and other == "steps"), "steps do not import steps"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_one_room_for_each_tool(path: Path) -> None:
    mine = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
    for name in imports(path):
        rooms = ONLY.get(name.split(".")[0])
        assert rooms is None or f"{mine}.".startswith(tuple(f"{room}." for room in rooms)), f"{name} belongs to {rooms}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_module_says_what_it_knows_and_does_not_print(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert ast.get_docstring(tree), "no docstring"
    if top(path) not in ("cli", "makers", "sftp"):
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
        assert not [node for node in calls if node.func.id == "print"], "only the command line prints"


@pytest.mark.parametrize(
    "path",
    [p for p in MODULES if top(p) not in ("clock", "cli")],
    ids=lambda path: path.relative_to(PACKAGE).as_posix(),
)
def test_today_is_an_argument(path: Path) -> None:
    assert not re.search(r"\b(date\.today|datetime\.today|datetime\.utcnow)\(", path.read_text(encoding="utf-8"))


def test_content_folders_hold_no_python() -> None:
    for folder in ("extracts", "indicators", "reports", "schedules"):
        assert not list((ROOT / folder).rglob("*.py"))


def test_sql_never_asks_the_hour_and_says_what_a_row_is() -> None:
    for path in (ROOT / "indicators" / "sql").glob("*.sql"):
        text = path.read_text(encoding="utf-8")
        assert text.startswith("-- "), path.name
        assert not re.search(r"current_date|now\(\)|current_timestamp|\btoday\(", text, re.IGNORECASE), path.name


def test_received_files_never_meet_a_sniffer() -> None:
    for path in [path for path in MODULES if top(path) in RECEIVING]:
        text = path.read_text(encoding="utf-8")
        text = text.replace("pacsv.read_csv(", "cut_lines(")
        assert not re.search(r"read_csv\(|read_json\(|read_csv_auto|errors=.(ignore|replace)", text), path
        if "pacsv" in text:  # cuts lines whose cells were counted; is told that every column is text
            assert "column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False" in text


def test_no_host_key_is_ever_accepted_unseen() -> None:
    for path in MODULES:
        assert not re.search(
            r"AutoAddPolicy|WarningPolicy|allow_agent=True|look_for_keys=True", path.read_text("utf-8")
        ), path


def test_the_command_line_starts_without_heavy_imports() -> None:
    heavy = ("pandas", "duckdb", "pyarrow", "paramiko", "numpy", "pydantic", "jinja2")
    code = f"import sys, surveillance.cli; print([name for name in {heavy} if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
