"""Readers and the night never meet: twenty of them ask the published copy without a pause while a night runs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from surveillance.demonstration.demo import Demo
from tests.conftest import ROOT, surveillance

pytestmark = pytest.mark.slow
NIGHT = "2024-01-16"
READERS = 20
ASKING = """
import json, os, sys, time
from pathlib import Path
from surveillance.content import Content
from surveillance.questions import Question, ask
from surveillance.store import open_published
state, out, number = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
content = Content()
import pandas, pyarrow
children = []
for place in range(number):
    child = os.fork()
    if child:
        children.append(child)
        continue
    seen, slowest, asked = {}, 0.0, 0
    while not (out / "stop").exists():
        begun = time.monotonic()
        with open_published(state, content) as store:
            found = ask(store, Question(("grippe",), by=("national",)))
            whole = store.rows("SELECT count(*), count(DISTINCT night) FROM receptions")
        slowest, asked = max(slowest, time.monotonic() - begun), asked + 1
        counts = [found.table[name].tolist() for name in ("visits", "visits_all")]
        key = json.dumps([found.facts["known_as_of"], counts, whole])
        seen[key] = seen.get(key, 0) + 1
        time.sleep(3)
    (out / f"{place}.json").write_text(json.dumps({"seen": seen, "slowest": slowest, "asked": asked}))
    os._exit(0)
failed = [child for child in children if os.waitpid(child, 0)[1]]
sys.exit(bool(failed))
"""


def test_twenty_readers_see_last_night_or_this_one_and_none_waits(stage: Demo, tmp_path: Path) -> None:
    readers = subprocess.Popen(
        [sys.executable, "-c", ASKING, str(stage.state), str(tmp_path), str(READERS)], cwd=ROOT, stderr=subprocess.PIPE
    )
    try:
        done = surveillance("run", NIGHT, "--state", stage.state)
    finally:
        (tmp_path / "stop").touch()
    _, said = readers.communicate(timeout=120)
    assert done.returncode == 3, done.stderr
    assert readers.returncode == 0, said.decode()
    found = [json.loads(path.read_text()) for path in tmp_path.glob("*.json")]
    assert len(found) == READERS and all(one["asked"] > 1 for one in found)
    answers = {key for one in found for key in one["seen"]}
    assert sorted(json.loads(key)[0] for key in answers) == ["2024-01-15", NIGHT], "one answer a night, and no third"
    assert (
        max(one["slowest"] for one in found) < 30
    )  # twenty at once on two cores; a lock held by the night would hold them all
