"""Writes nights of feeds: OUT/NIGHT/ASSOCIATION/file and OUT/truth.json, on two cores when there are many."""

from __future__ import annotations

import multiprocessing
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from surveillance.clock import nights as nights_between
from surveillance.content import Content
from surveillance.errors import UsageError
from surveillance.simulation.faults import Fault, check_faults
from surveillance.simulation.nights import NightFiles, Nights
from surveillance.simulation.outbreaks import Outbreak
from surveillance.simulation.truth import FILE, Truth
from surveillance.simulation.world import World, load_world

Progress = Callable[[int, int], None]
FEW = 12  # nights: below, a second process costs more than it brings
Line = dict[str, Any]


def simulate(
    content: Content,
    first: date,
    last: date,
    out: Path,
    seed: int = 1,
    counts: Path | None = None,
    faults: Sequence[Fault] = (),
    outbreaks: Sequence[Outbreak] = (),
    progress: Progress | None = None,
) -> Truth:
    """Write the feeds of the nights `first` to `last`; a night depends on its date and the seed, not on the range.

    Coded acts, COVID-19 and flu equal the published counts by région, week and age; with `counts` (a folder with
    the daily files sursaud-corona-quot-reg…csv) acts and COVID-19 by day too. Faults and outbreaks come on top.
    UsageError: a day without published counts, an unknown association or syndrome, a folder of other things.
    """
    if last < first:
        raise UsageError(f"the last night {last} is before the first {first}")
    world = load_world(content, seed, counts, outbreaks)
    faults = [replace(fault, night=last) if fault.kind == "late" and not fault.night else fault for fault in faults]
    _check(world, nights_between(first, last), faults)
    folders = _clear(out, nights_between(first, last))
    source = "daily counts" if counts else "weekly figures"
    truth = Truth(seed, first.isoformat(), last.isoformat(), source, outbreaks=[_told(item) for item in outbreaks])
    made = _many if len(folders) >= FEW and (os.cpu_count() or 1) > 1 else _few
    lines = []
    for done, line in enumerate(made(world, content, counts, faults, folders), 1):
        lines.append(line)
        if progress:
            progress(done, len(folders))
    for line in sorted(lines, key=lambda line: str(line["night"])):
        truth.faults += line.pop("faults")
        truth.nights.append(line)
    truth.write(out)
    return truth


def _few(
    world: World, content: Content, counts: Path | None, faults: Sequence[Fault], folders: list[Path]
) -> Iterator[Line]:
    maker = Nights(world, faults)
    for folder in folders:
        yield write_night(maker.files(date.fromisoformat(folder.name)), folder)


def _many(
    world: World, content: Content, counts: Path | None, faults: Sequence[Fault], folders: list[Path]
) -> Iterator[Line]:
    """Two processes, each with its own half of the nights in order: neighbours share the days they are made of."""
    half = (len(folders) + 1) // 2
    start = content.site, world.seed, counts, tuple(faults), world.outbreaks
    with ExitStack() as stack:
        futures: list[Future[Line]] = []
        for part in (folders[:half], folders[half:]):
            pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), _begin, start)
            stack.callback(pool.shutdown, cancel_futures=True)
            futures += [pool.submit(_one, folder) for folder in part]
        for future in as_completed(futures):
            yield future.result()


_MAKER: list[Nights] = []  # of a worker process


def _begin(
    site: Path | None, seed: int, counts: Path | None, faults: Sequence[Fault], outbreaks: Sequence[Outbreak]
) -> None:
    _MAKER[:] = [Nights(load_world(Content(site), seed, counts, outbreaks), faults)]


def _one(folder: Path) -> Line:
    return write_night(_MAKER[0].files(date.fromisoformat(folder.name)), folder)


def write_night(found: NightFiles, folder: Path) -> Line:
    """Write the files of a night in its folder, dated as the associations would; returns its line of the truth."""
    folder.mkdir(parents=True)
    for feed in found.files:
        path = folder / feed.association / feed.name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(feed.data)
        os.utime(path, (feed.modified, feed.modified))
    return {
        "night": found.night.isoformat(),
        "files": len(found.files),
        "visits": found.visits,
        "sent": found.sent,
        "faults": found.faults,
    }


def _clear(out: Path, nights: Sequence[date]) -> list[Path]:
    """The folders of the nights; those of an earlier simulation are removed, anything else is an error."""
    folders = [out / night.isoformat() for night in nights]
    old = [folder for folder in folders if folder.exists()]
    if old and not (out / FILE).exists():
        raise UsageError(f"{old[0]} exists and {out} is not the folder of a simulation", "give another --out")
    for folder in old:
        shutil.rmtree(folder)
    out.mkdir(parents=True, exist_ok=True)
    return folders


def _check(world: World, nights: Sequence[date], faults: Sequence[Fault]) -> None:
    check_faults(faults, world.associations)
    for night in nights:
        world.published.require(night - timedelta(days=1))
    for item in world.outbreaks:
        if item.syndrome not in world.recipes.diagnoses.syndrome:
            known = ", ".join(world.recipes.diagnoses.syndrome)
            raise UsageError(f"{item.text()}: no syndrome {item.syndrome!r}", f"the syndromes are {known}")
        if not any(item.touches(association) for association in world.associations):
            raise UsageError(f"{item.text()}: no association there")


def _told(item: Outbreak) -> Line:
    days = {day.isoformat(): number for day, number in item.days().items()}
    return {
        "outbreak": item.text(),
        "syndrome": item.syndrome,
        "department": item.department,
        "region": item.region,
        "association": item.association,
        "age": item.age,
        "extra": item.extra,
        "days": days,
    }
