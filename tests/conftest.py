"""Fixtures that many tests share: a demonstration set up once, its servers, and states copied from it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from surveillance.content import Content
from surveillance.demonstration.demo import Demo, fill_history, make_feeds, put_on_servers, stand_servers, write_site

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 900.0  # seconds after which a process hangs; a whole night takes a tenth of that on a busy machine
# A busy machine is no fault of what is tested, wherever a test says nothing of its own about time.
settings.register_profile("patient", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test can reach the state, the site or the home of whoever runs it; a browser leaves its traces elsewhere."""
    for name in ("SURVEILLANCE_STATE", "SURVEILLANCE_SITE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path_factory.getbasetemp() / "home"))
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


@pytest.fixture(scope="session")
def content() -> Content:
    """The shipped content."""
    return Content()


# Files that take minutes: begun first, so that no core is left with one of them at the end.
LONG = (
    "year", "kill", "lasting", "recoding", "rebuild", "changes",
    "night", "steps", "held", "receiving", "gather", "agency", "campaign",
    "ledger", "coding", "backtest", "simulation", "verify", "rehearsal", "putting", "readme", "wheel", "explain",
    "definitions",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first, each whole."""
    rank = {f"test_{name}": place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: rank.get(item.path.stem, len(LONG)))


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """A demonstration with two weeks of history, everything made but the night itself; to be copied, not changed."""
    demo = Demo(tmp_path_factory.mktemp("prepared"), weeks=2)
    make_feeds(demo, lambda done, of: None)
    put_on_servers(demo)
    with stand_servers(demo) as server:
        write_site(demo, server.ports)
    fill_history(demo, lambda done, of: None)
    return demo


@pytest.fixture
def stage(prepared: Demo, tmp_path: Path) -> Iterator[Demo]:
    """A copy of the prepared demonstration with its servers up."""
    yield from staged(prepared, tmp_path / "state")


def staged(prepared: Demo, state: Path) -> Iterator[Demo]:
    """Copy a prepared demonstration to `state` and serve it."""
    shutil.copytree(prepared.state, state)
    (state / "servers" / "ports.json").unlink(missing_ok=True)
    demo = Demo(state, prepared.night, prepared.seed, prepared.weeks)
    with stand_servers(demo) as server:
        write_site(demo, server.ports)
        yield demo


def surveillance(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line as a user would; output is captured as text."""
    return subprocess.run(
        command(*arguments),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        env={**os.environ, **environment},
    )


def exempt(site: Path) -> tuple[str, str]:
    """Let a site name a recipient from whom no count is hidden; gives the words that ask an export for it."""
    from surveillance.content import Content

    path = site / "reports" / "disclosure.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    whom = 'recipient = "a test"\nauthor = "a test"\ndate = 2024-01-10\nreference = "a test"\n'
    path.write_text(Content().text("reports/disclosure.toml") + f"\n[exempt.test]\n{whom}", encoding="utf-8")
    return "--profile", "test"


def command(*arguments: object) -> list[str]:
    """The words of a command line."""
    return [sys.executable, "-m", "surveillance", *(str(item) for item in arguments)]
