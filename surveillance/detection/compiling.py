"""Compiled loops: where no array expression exists (a fit by series, each with its own number of steps)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])
BLOCK = 256  # series a thread takes at a time
# Sums may be taken in another order, products fused; NaN and infinities keep their meaning.
LOOSE = {"reassoc", "contract", "arcp"}


def compiled(function: F) -> F:
    """`function` in machine code, without the interpreter's lock.

    What was compiled is kept beside the module or, where that folder is read-only, in the user's cache (NUMBA_CACHE_DIR
    says another); where neither can be written it is compiled again in each process (a few seconds).
    """
    settings: dict[str, Any] = {"nogil": True, "fastmath": LOOSE, "error_model": "numpy"}
    try:
        return cast(F, numba.njit(cache=True, **settings)(function))
    except RuntimeError:  # no folder for the cache
        return cast(F, numba.njit(**settings)(function))


def in_blocks(work: Callable[[int, int], None], total: int, threads: int | None = None) -> None:
    """`work(first, last)` over blocks of 0..total, on `threads` (None: the processors this process may use).

    Threads that take the next block when they are done, not numba's own: nothing to break when the process forks, and
    a series that takes long holds up nobody.
    """
    if threads is None:
        threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    cuts: Iterable[int] = range(0, total, BLOCK)
    if threads == 1 or total <= BLOCK:
        for first in cuts:
            work(first, min(first + BLOCK, total))
        return
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(work, first, min(first + BLOCK, total)) for first in cuts]:
            done.result()
