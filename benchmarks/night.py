"""What the night costs, as ratios against a named alternative measured in the same run: medians of whole processes.

A step of the night is timed by the journal, inside its process; what it is held against is timed inside as well.

`make bench` prints the table that benchmarks/RESULTS.md keeps. Tool and alternative take turns, so that a busy machine
weighs on both. `--runs N` repeats (5), `--weeks N` sizes the large store (8).
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from lxml import etree

from surveillance.associations import Association, load_associations
from surveillance.content import Content
from surveillance.demonstration.demo import Demo, fill_history, make_feeds, put_on_servers, stand_servers, write_site
from surveillance.demonstration.servers import FeedServer
from surveillance.journal import read_journal
from surveillance.retention import erase_raw
from surveillance.status import journal_path

KEPT_ASIDE = ("simulated", "feeds", "servers", "agency", "site", "keys")  # all that a night does not change
RAW_DAYS = 7
WHOLE = "the whole night"
DELIVERED = 3  # the exit code of the demonstration's night


def cells(data: bytes, encoding: str, separator: str) -> int:
    """Lines of a CSV file, cut into cells."""
    return sum(1 for _ in csv.reader(io.StringIO(data.decode(encoding)), delimiter=separator))


# The least that reading a dialect must do: its cells, objects or elements, with nothing checked.
FLOORS: dict[str, tuple[str, Callable[[bytes], int]]] = {
    "csv-fr-cp1252": ("csv.reader", lambda data: cells(data, "cp1252", ";")),
    "csv-utf8-iso": ("gzip and csv.reader", lambda data: cells(gzip.decompress(data), "utf-8-sig", ",")),
    "jsonl-fixed": ("json.loads", lambda data: sum(len(json.loads(line)) for line in data.splitlines())),
    "xml-rpu-like": ("lxml.etree.fromstring", lambda data: len(etree.fromstring(data))),
}


def files_of(feeds: Path, dialect: str) -> list[tuple[Association, Path]]:
    """Every simulated file of a dialect."""
    members = {item.code: item for item in load_associations(Content()) if item.dialect == dialect}
    return [(members[path.parent.name], path) for path in sorted(feeds.glob("*/*/*")) if path.parent.name in members]


def part_read(feeds: Path, dialect: str) -> int:
    """Read, check and pseudonymise every file of a dialect; gives the lines read."""
    from surveillance.intake.reading import build_context, read_file

    context = build_context(Content(), bytes(32))
    results = [
        read_file(path.read_bytes(), path.name, member, context.dialect_of(member), context)
        for member, path in files_of(feeds, dialect)
    ]
    return sum(result.ledger["lines_in"] for result in results)


def part_floor(feeds: Path, dialect: str) -> int:
    """The same bytes through the floor of the dialect: split into cells, nothing checked."""
    return sum(FLOORS[dialect][1](path.read_bytes()) for _, path in files_of(feeds, dialect))


def part_copy(inbox: Path, target: str) -> float:
    """Copy and sync what a night fetched, one file after the other: the least that gathering must do; its seconds."""
    before = time.monotonic()
    for path in sorted(inbox.glob("*/*")):
        copy = Path(target) / f"{path.parent.name}_{path.name}"
        shutil.copyfile(path, copy)
        with copy.open("rb") as handle:
            os.fsync(handle.fileno())
    return time.monotonic() - before


PARTS = {"read": part_read, "floor": part_floor, "copy": part_copy}


def timed(command: list[str], expected: int = 0) -> tuple[float, str]:
    """The seconds a whole process takes, and what it prints."""
    before = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds = time.monotonic() - before
    if done.returncode != expected:
        raise SystemExit(f"{' '.join(command)} gave {done.returncode}\n{done.stderr}")
    return seconds, done.stdout


def part(name: str, folder: Path, argument: str) -> tuple[float, str]:
    """A part of this file in a process of its own."""
    return timed([sys.executable, __file__, "--part", name, str(folder), argument])


def reading(feeds: Path, runs: int) -> None:
    """Rows a second of each dialect against its floor on the same bytes."""
    for dialect, (name, _) in FLOORS.items():
        tool, floor, lines = [], [], 0
        for _ in range(runs):
            seconds, said = part("read", feeds, dialect)
            tool.append(seconds)
            lines = int(said)
            floor.append(part("floor", feeds, dialect)[0])
        row(f"read and check {dialect}, {lines / median(tool):,.0f} lines/s", median(tool), name, median(floor))


def one_night(demo: Demo, before: Path) -> dict[str, float]:
    """The command `run` on a state as it was before the night: the seconds of each step, of the rest, and of all."""
    for item in demo.state.iterdir():
        if item.name not in KEPT_ASIDE:
            shutil.rmtree(item) if item.is_dir() else item.unlink()
    shutil.copytree(before, demo.state, dirs_exist_ok=True)
    shutil.rmtree(demo.state / "agency" / "drop")
    (demo.state / "agency" / "drop").mkdir(mode=0o700)
    command = [sys.executable, "-m", "surveillance", "run", demo.night.isoformat(), "--quiet"]
    seconds, _ = timed([*command, "--site", str(demo.state / "site"), "--state", str(demo.state)], DELIVERED)
    events = read_journal(journal_path(demo.state, demo.night))
    steps = {event["step"]: event["seconds"] for event in events if event["event"] == "step done"}
    return {WHOLE: seconds} | steps | {"start, publish and erase": seconds - sum(steps.values())}


def stage(folder: Path, weeks: int) -> tuple[Demo, Path, FeedServer]:
    """A demonstration with so many weeks of history, a copy of its state before the night, and its servers."""
    demo = Demo(folder / f"weeks-{weeks}", weeks=weeks)
    make_feeds(demo, lambda done, total: None)
    put_on_servers(demo)
    server = stand_servers(demo)
    server.start()
    write_site(demo, server.ports)
    fill_history(demo, lambda done, total: None)
    erase_raw(demo.state / "inbox", demo.night, RAW_DAYS)  # as the nights before would have done, one by one
    before = folder / f"before-{weeks}"
    shutil.copytree(demo.state, before, ignore=lambda path, _: KEPT_ASIDE if path == str(demo.state) else ())
    return demo, before, server


def whole_nights(folder: Path, weeks: int, runs: int) -> Demo:
    """The night over a large store against the night over a small one, step by step, then gathering and the page."""
    stages = [stage(folder, weeks), stage(folder, 1)]
    taken: list[list[dict[str, float]]] = [[], []]
    copies = []
    try:
        for _ in range(runs):
            for (demo, before, _), found in zip(stages, taken, strict=True):
                found.append(one_night(demo, before))
            demo = stages[0][0]
            with tempfile.TemporaryDirectory(dir=folder) as target:
                copies.append(float(part("copy", demo.state / "inbox" / demo.night.isoformat(), target)[1]))
    finally:
        for _, _, server in stages:
            server.stop()
    large, small = ({name: median(item[name] for item in found) for name in found[0]} for found in taken)
    for name in large:
        row(f"{name}, {weeks} weeks held", large[name], f"{name}, 1 week held", small[name])
    row("gather 63 feeds over SFTP", large["gather"], "copy and sync of the same files", median(copies))
    row("report", large["report"], WHOLE, large[WHOLE])
    return demo


def row(what: str, seconds: float, against: str, floor: float) -> None:
    """One line of the table."""
    print(f"| {what} | {seconds:.2f} s | {against} | {floor:.2f} s | {seconds / floor:.2f} |", flush=True)


def main() -> None:
    """Print the table; or, with --part, be one of the processes that are timed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--weeks", type=int, default=8)
    parser.add_argument("--part", nargs=3, metavar=("NAME", "FOLDER", "ARGUMENT"))
    given = parser.parse_args()
    if given.part:
        name, folder, argument = given.part
        print(PARTS[name](Path(folder), argument))
        return
    print("| what | median | against | median | ratio |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        demo = whole_nights(Path(folder), given.weeks, given.runs)
        reading(demo.simulated, given.runs)


if __name__ == "__main__":
    main()
