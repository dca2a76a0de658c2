"""Files of the corpus before `dialect guess`, `dialect try` and `rehearse`: a sentence or a verdict, never a value."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from surveillance.cli import app
from surveillance.errors import SurveillanceError
from tests.corpus.cases import CANARIES, Case
from tests.corpus.table import ALL
from tests.reading_tools import NAMES

SOME = ALL[::13]  # some fifty, of every dialect
COMMANDS = {
    "guess": ["dialect", "guess", "{file}"],
    "try": ["dialect", "try", "{file}", "-d", "{dialect}", "-a", "5901"],
    "rehearse": ["rehearse", "5901", "{file}", "--dialect", "{dialect}"],
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("case", SOME, ids=lambda case: case.id)
def test_no_traceback_and_no_value(case: Case, command: str, tmp_path: Path) -> None:
    file = tmp_path / (case.name or NAMES[case.dialect])
    file.write_bytes(case.data)
    words = [word.format(file=file, dialect=case.dialect) for word in COMMANDS[command]]
    result = CliRunner().invoke(app, words)
    if result.exception and not isinstance(result.exception, SystemExit):
        assert isinstance(result.exception, SurveillanceError), repr(result.exception)
    said = result.output + str(result.exception) + str(getattr(result.exception, "hint", ""))
    assert not [word for word in CANARIES if word in said.replace(str(tmp_path), "").casefold()]
