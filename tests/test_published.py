"""Readers and the night never meet: twenty of them ask the published copy without a pause while a night runs."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from surveillance.demonstration.demo import Demo
from tests.conftest import PATIENCE, ROOT, surveillance

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
    seen, times, last = {}, [], False
    while not last:
        last, begun = (out / "stop").exists(), time.monotonic()  # once more when the night is over
        with open_published(state, content) as store:
            found = ask(store, Question(("grippe",), by=("national",)))
            whole = store.rows("SELECT count(*), count(DISTINCT night) FROM receptions")
        times.append((begun, time.monotonic()))
        counts = [found.table[name].tolist() for name in ("visits", "visits_all")]
        key = json.dumps([found.facts["known_as_of"], counts, whole])
        seen[key] = seen.get(key, 0) + 1
        (out / f"{place}.ready").touch()
        time.sleep(0 if last else 3)
    (out / f"{place}.json").write_text(json.dumps({"seen": seen, "times": times}))
    os._exit(0)
failed = [child for child in children if os.waitpid(child, 0)[1]]
sys.exit(bool(failed))
"""


def test_twenty_readers_see_last_night_or_this_one_and_none_waits(stage: Demo, tmp_path: Path) -> None:
    readers = subprocess.Popen(
        [sys.executable, "-c", ASKING, str(stage.state), str(tmp_path), str(READERS)], cwd=ROOT, stderr=subprocess.PIPE
    )
    try:
        while len(list(tmp_path.glob("*.ready"))) < READERS and readers.poll() is None:
            time.sleep(0.1)
        begun = time.monotonic()
        done = surveillance("run", NIGHT, "--state", stage.state)
        ended = time.monotonic()
    finally:
        (tmp_path / "stop").touch()
    _, said = readers.communicate(timeout=PATIENCE)
    assert done.returncode == 3, done.stderr
    assert readers.returncode == 0, said.decode()
    found = [json.loads(path.read_text()) for path in tmp_path.glob("*.json")]
    assert len(found) == READERS
    answers = {key for one in found for key in one["seen"]}
    assert sorted(json.loads(key)[0] for key in answers) == ["2024-01-15", NIGHT], "one answer a night, and no third"
    within = [[one for one in reader["times"] if begun < one[0] and one[1] < ended] for reader in found]
    assert all(within), "a lock held by the night would hold them all"
    assert max(end - start for times in within for start, end in times) < (ended - begun) / 2
