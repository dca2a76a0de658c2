"""Visits that a file holds more than once: the last one stays. Memory is bounded however long the file is."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt

MANY = 1 << 22  # pairs held in memory at once: 64 MB
PAIR = np.dtype([("key", np.uint64), ("hash", np.uint64)])
ONLY, SAME, OTHER = 0, 1, 2  # the last of its number; followed by the same; followed by other values
Pairs = npt.NDArray[np.void]
Verdicts = npt.NDArray[np.uint8]


class Repeats:
    """The (number, content) of every line kept so far, in order."""

    def __init__(self, scratch: Path | None = None) -> None:
        self.scratch, self.size = scratch, 0
        self._parts: list[Pairs] = []
        self._file: IO[bytes] | None = None

    def add(self, keys: npt.NDArray[np.uint64], hashes: npt.NDArray[np.uint64]) -> None:
        """The lines of one more part."""
        pairs = np.empty(len(keys), PAIR)
        pairs["key"], pairs["hash"] = keys, hashes
        self.size += len(pairs)
        self._parts.append(pairs)
        if sum(map(len, self._parts)) > MANY:
            if self._file is None:
                self._file = tempfile.TemporaryFile(dir=self.scratch)  # noqa: SIM115 - lives as long as this object
            for part in self._parts:
                self._file.write(part.tobytes())
            self._parts = []

    def verdicts(self) -> Verdicts:
        """ONLY, SAME or OTHER for each line, in order; as many passes as the memory bound asks for."""
        shares = max(1, -(-self.size // MANY))
        found = np.zeros(self.size, np.uint8)
        for share in range(shares):
            places, pairs = self._share(share, shares)
            found[places] = last_stays(pairs)
        return found

    def _share(self, share: int, shares: int) -> tuple[npt.NDArray[np.int64], Pairs]:
        """The lines whose number falls into a share of all numbers, with their places."""
        places, pairs, start = [], [], 0
        for part in self._stored():
            chosen = np.flatnonzero(part["key"] % np.uint64(shares) == share)
            places.append(chosen + start)
            pairs.append(part[chosen])
            start += len(part)
        if not places:
            return np.empty(0, np.int64), np.empty(0, PAIR)
        return np.concatenate(places), np.concatenate(pairs)

    def _stored(self) -> Iterator[Pairs]:
        if self._file is not None:
            self._file.seek(0)
            while data := self._file.read(PAIR.itemsize << 18):
                yield np.frombuffer(data, PAIR)
        yield from self._parts


def last_stays(pairs: Pairs) -> Verdicts:
    """ONLY for the last line of each number, SAME or OTHER for those before it."""
    order = np.argsort(pairs["key"], kind="stable")
    keys, hashes = pairs["key"][order], pairs["hash"][order]
    last = np.ones(len(keys), bool)
    last[:-1] = keys[1:] != keys[:-1]
    found = np.zeros(len(keys), np.uint8)
    if not last.all():
        ends = np.flatnonzero(last)
        final = hashes[ends[np.searchsorted(ends, np.arange(len(keys)))]]
        found[order] = np.where(last, ONLY, np.where(hashes == final, SAME, OTHER))
    return found
