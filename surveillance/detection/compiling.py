"""Compiled loops: where no array expression exists (a fit by series, each with its own number of steps)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])
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
