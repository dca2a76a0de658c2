"""The files that were ever received, by their content: no time window, and no dearer after ten years.

inbox/NIGHT/receptions.json says it night by night; inbox/known.tsv repeats what older nights say in one file, and is
made anew from them when it is gone or behind.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from surveillance.files import write_atomic
from surveillance.gathering.receptions import FILE, Reception, read_receptions

ROLL = "known.tsv"
LOOSE = 62  # nights read one by one before they are rolled up: two months
Entry = tuple[str, str, str, int, int, str]  # association, night, name, size, mtime, SHA-256


@dataclass(frozen=True)
class Known:
    """What one association gave in other nights; `names` are those of earlier nights only."""

    keys: frozenset[tuple[str, int, int]] = frozenset()
    hashes: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()


def known_files(inbox: Path, night: str) -> dict[str, Known]:
    """What every association gave in the nights of `inbox` other than `night` (ISO date), earlier or later."""
    entries: dict[str, list[Entry]] = {}
    for entry in _entries(inbox):
        if entry[1] != night:
            entries.setdefault(entry[0], []).append(entry)
    return {
        association: Known(
            frozenset(entry[2:5] for entry in found),
            frozenset(entry[5] for entry in found),
            frozenset(entry[2] for entry in found if entry[1] < night),
        )
        for association, found in entries.items()
    }


def _entries(inbox: Path) -> Iterator[Entry]:
    """Every file of every night: those rolled up, then those of nights that came since, or were changed since."""
    folders = sorted(path.parent for path in inbox.glob(f"????-??-??/{FILE}"))
    rolled, at = _read_roll(inbox / ROLL)
    loose = [folder for folder in folders if _changed(folder) > at]
    if len(loose) > LOOSE:
        _roll_up(inbox, folders)
        rolled, at = _read_roll(inbox / ROLL)
        loose = [folder for folder in folders if _changed(folder) > at]
    yield from rolled
    for folder in loose:
        yield from _of_night(folder.name, _read_once(folder, _changed(folder)))


def _changed(folder: Path) -> int:
    return (folder / FILE).stat().st_mtime_ns


@lru_cache(maxsize=4 * LOOSE)
def _read_once(folder: Path, changed: int) -> tuple[Reception, ...]:
    return read_receptions(folder)  # a replay of a year asks for each night hundreds of times


def _of_night(night: str, receptions: Sequence[Reception]) -> Iterator[Entry]:
    for reception in receptions:
        for file in reception.files:
            yield reception.association, night, *file.key, file.sha256


def _roll_up(inbox: Path, folders: Sequence[Path]) -> None:
    """One line a file; the first says until which change of a night's receptions (ns) the nights are in it."""
    until = max(_changed(folder) for folder in folders)
    lines = [
        "\t".join(map(str, entry))
        for folder in folders
        for entry in _of_night(folder.name, read_receptions(folder))
    ]
    write_atomic(inbox / ROLL, "\n".join([str(until), *lines, ""]).encode())


def _read_roll(path: Path) -> tuple[list[Entry], int]:
    return _read_roll_once(path, path.stat().st_mtime_ns) if path.is_file() else ([], -1)


@lru_cache(maxsize=2)
def _read_roll_once(path: Path, changed: int) -> tuple[list[Entry], int]:
    head, *lines = path.read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines)
    return [(code, night, name, int(size), int(time), sha) for code, night, name, size, time, sha in rows], int(head)
