"""Killed at any instant and run again, a night gives the bytes of a night nobody disturbed.

CAMPAIGN=full kills a thousand times; otherwise once in every step and at a few moments in between.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from surveillance.demonstration.demo import Demo
from surveillance.night import STEPS
from tests.conftest import command, staged, surveillance
from tests.test_night import NIGHT, outbox

FULL = os.environ.get("CAMPAIGN") == "full"
KILLED = STEPS if FULL else ("gather", "code", "deliver", "receipts")
ROUNDS = 1000 if FULL else 2
SEED = 20240116


@pytest.fixture(scope="module")
def undisturbed(prepared: Demo, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], float]:
    """The package of a night nobody disturbed, and the seconds it took."""
    for demo in staged(prepared, tmp_path_factory.mktemp("calm") / "state"):
        begun = time.monotonic()
        assert surveillance("run", NIGHT, "--state", demo.state).returncode == 3
        return outbox(demo), time.monotonic() - begun
    raise AssertionError


def start(demo: Demo) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command("run", NIGHT, "--state", demo.state),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def kill(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL to the night and whatever it started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def finish(demo: Demo, expected: dict[str, str]) -> None:
    result = surveillance("run", NIGHT, "--state", demo.state)
    assert result.returncode == 3, result.stderr
    assert outbox(demo) == expected
    drop = {path.name for path in (demo.state / "agency" / "drop").iterdir() if not path.name.startswith(".")}
    assert {name for name in drop if not name.endswith(".ack.json")} == set(expected), "nothing else was published"


@pytest.mark.parametrize("step", KILLED)
def test_killed_in_a_step(step: str, prepared: Demo, undisturbed: tuple[dict[str, str], float], tmp_path: Path) -> None:
    for demo in staged(prepared, tmp_path / "state"):
        process = start(demo)
        journal = demo.state / "journal" / f"{NIGHT}.jsonl"
        wanted = f'"step begun", "step": "{step}"'
        while process.poll() is None and not (journal.is_file() and wanted in journal.read_text(encoding="utf-8")):
            time.sleep(0.002)
        kill(process)
        finish(demo, undisturbed[0])


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_killed_at_any_moment_and_again(
    round_: int, prepared: Demo, undisturbed: tuple[dict[str, str], float], tmp_path: Path
) -> None:
    """Two kills at moments drawn from a seed, then a run to the end."""
    moments = random.Random(SEED + round_)
    for demo in staged(prepared, tmp_path / "state"):
        for _ in range(2):
            process = start(demo)
            time.sleep(moments.uniform(0.2, undisturbed[1]))
            kill(process)
        finish(demo, undisturbed[0])
