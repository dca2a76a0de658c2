"""Is the log of accesses whole? Walks along the chain over all its files, and names the first line that is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from surveillance.access.chain import HEAD, Walk, chain_files, parse_line, read_head
from surveillance.access.log import folder_of, locked
from surveillance.errors import SettingsError


@dataclass(frozen=True)
class Verdict:
    """What the walk found. `wrong`: the key of its sentence in words.toml, empty when the chain is whole; `where`: file
    and line of the first that is wrong. `lines`: of the chain; `torn`: pieces that crashes left, owned up to."""

    lines: int
    files: int
    torn: int
    last: str
    wrong: str = ""
    where: str = ""


def verify(state: Path) -> Verdict:
    """Walk along the whole log of a state folder: nothing is written."""
    folder = folder_of(state)
    if not folder.is_dir():
        return Verdict(0, 0, 0, "")
    with locked(folder):
        return _verdict(folder)


def _verdict(folder: Path) -> Verdict:
    try:
        head = read_head(folder)
    except SettingsError:
        return Verdict(0, 0, 0, "", "chain_head", HEAD)
    files = [path for path in chain_files(folder) if not _forgotten(path, head.first)]
    walk, torn, suspect, at_head, end = Walk(head.first - 1, head.before), 0, "", head.before, HEAD
    for path in files:
        for number, raw in enumerate(path.read_bytes().split(b"\n"), 1):
            if not raw:
                continue  # after the last end of line
            pieces, end = walk.pieces, f"{path.name}:{number}"
            if walk.take(raw):
                torn, suspect = torn + pieces, ""
            elif not pieces:
                suspect = end
            if walk.count == head.count and not walk.pieces:
                at_head = walk.last
    found = (walk.count - head.first + 1, len(files), torn + walk.pieces, walk.last)
    if walk.count < head.count:
        return Verdict(*found, "chain_line", suspect) if suspect else Verdict(*found, "chain_cut", end)
    if at_head != head.hash:
        return Verdict(*found, "chain_head", HEAD)
    if head.count == 0 and walk.count > 1:  # a crash leaves one line without a head, never two
        return Verdict(*found, "chain_head", HEAD)
    return Verdict(*found)


def _forgotten(path: Path, first: int) -> bool:
    """Is this a file that was to be taken out: all its lines are from before the oldest one kept?"""
    with path.open("rb") as lines:
        entry = parse_line(next(lines, b"").rstrip(b"\n"))
    return entry is not None and entry["n"] < first and first > 1
