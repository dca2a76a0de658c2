"""Work on blocks of series, on the processors there are."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

BLOCK = 256  # series a thread takes at a time


def in_blocks(work: Callable[[int, int], None], total: int, threads: int | None = None) -> None:
    """`work(first, last)` over blocks of 0..total, on `threads` (None: the processors this process may use).

    Threads that take the next block when they are done, not numba's own: nothing to break when the process forks, and
    a series that takes long holds up nobody.
    """
    if threads is None:
        threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    cuts = range(0, total, BLOCK)
    if threads == 1 or total <= BLOCK:
        for first in cuts:
            work(first, min(first + BLOCK, total))
        return
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(work, first, min(first + BLOCK, total)) for first in cuts]:
            done.result()
