"""The wheel, built and run elsewhere: all the content is in it, and a night can be read from it."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from surveillance.content import FOLDERS, Content

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)],
        check=True,
        capture_output=True,
    )
    return next(out.glob("*.whl"))


def test_the_wheel_holds_every_content_file(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    missing = [file.rel for file in Content().files() if f"surveillance/_content/{file.rel}" not in names]
    assert not missing
    assert not [name for name in names if name.split("/")[0] in FOLDERS]


def test_it_runs_from_another_folder(wheel: Path, tmp_path: Path) -> None:
    """Unpacked, away from the checkout, it simulates a night, loads it and answers a question."""
    packed = tmp_path / "elsewhere"
    zipfile.ZipFile(wheel).extractall(packed)
    run = [sys.executable, "-P", "-m", "surveillance"]
    env = {"PYTHONPATH": str(packed), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}

    def go(*words: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*run, *map(str, words)], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
        )

    where = go("content", "--format", "csv")
    assert where.returncode == 0, where.stderr
    assert len(where.stdout.splitlines()) == len(Content().files()) + 1
    assert go("check").returncode == 0
    assert go("simulate", "2024-01-15", "2024-01-15", "--out", "feeds").returncode == 0
    assert go("replay", "2024-01-15", "2024-01-15", "--inbox", "feeds", "--state", "state").returncode == 0
    answer = go("query", "grippe", "--by", "national", "--format", "csv", "--state", "state")
    assert answer.returncode == 0, answer.stderr
    assert len(answer.stdout.splitlines()) == 2
