"""What `surveillance status` costs the operator, as ratios: whole processes, start included, taking turns.

`make bench` prints the table that benchmarks/RESULTS.md keeps. The state is a night of 63 receptions and the seven
journals before it, each as long as a real one (some 210 events). `--runs N` repeats (15).
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median

from surveillance.associations import load_associations
from surveillance.clock import Clock
from surveillance.content import Content
from surveillance.journal import Journal

NIGHT = date(2024, 1, 16)
NIGHTS = 8
ABSENT = 5


def write_journals(state: Path) -> None:
    """Journals of a week and of the night, five associations absent in each."""
    members = load_associations(Content())
    for n in range(NIGHTS):
        night = NIGHT - timedelta(days=n)
        at = datetime(night.year, night.month, night.day, 3, 5, tzinfo=UTC)
        journal = Journal(state / "journal", night, Clock(partial(at.astimezone, UTC)), durable=False)
        journal.event("night begun", night=night)
        for number, member in enumerate(members):
            status, code = ("absent", "no_file") if number < ABSENT else ("received", "ok")
            told = {"association": member.code, "status": status, "code": code, "detail": ""}
            journal.event("session", association=member.code, host_key="SHA256:" + 43 * "A", strict_kex=True)
            journal.event("feed", **told, files=int(status == "received"), attempt=1, seconds=0.4)
            journal.event("reception", **told, day_visits=90, usual_volume=member.usual_volume, lines_in=100, loaded=98)
        journal.event("night done", exit=3)


def seconds(*command: str) -> float:
    """Wall time of one process; it must succeed."""
    begun = time.perf_counter()
    subprocess.run([sys.executable, *command], check=True, capture_output=True)
    return time.perf_counter() - begun


def measure(runs: int) -> dict[str, float]:
    """Medians by name."""
    with tempfile.TemporaryDirectory() as folder:
        write_journals(Path(folder))
        status = ("-m", "surveillance", "status", NIGHT.isoformat(), "--state", folder)
        commands = {
            "surveillance status, 63 rows": status,
            "surveillance status --format json": (*status, "--format", "json"),
            'python -c "import typer, pydantic.main"': ("-c", "import typer, pydantic.main"),
            "python -c pass": ("-c", "pass"),
        }
        taken: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(runs):
            for name, command in commands.items():
                taken[name].append(seconds(*command))
    return {name: median(times) for name, times in taken.items()}


def main() -> None:
    """Print the rows of the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=15)
    found = measure(parser.parse_args().runs)
    names = list(found)
    for tool in names[:2]:
        for against in names[2:]:
            ratio = found[tool] / found[against]
            print(f"| {tool} | {found[tool]:.2f} s | {against} | {found[against]:.2f} s | {ratio:.2f} |")


if __name__ == "__main__":
    main()
