"""Work done in a process of its own, which the system ends when it takes too long or too much: nothing is left behind.

The library can be interrupted and given a limit of memory; a long step between two looks, or a function that makes one
huge value, heeds neither (1.5: `SELECT len(range(2000000000))` takes 16 GB under a limit of 512 MB).
"""

from __future__ import annotations

import json
import os
import resource
import signal
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from surveillance.access.limits import Allowance
from surveillance.errors import Exit, SurveillanceError, as_known

GRACE = 1.0  # seconds in which an interrupted statement may still say so itself
ROOM = 256 * 2**20  # bytes beside the memory of the statement: what reading and writing its rows takes


class Ended(Exception):
    """The process was ended by the system: `late` for its time, else for its memory."""

    def __init__(self, late: bool) -> None:
        super().__init__("ended")
        self.late = late


def apart(work: Callable[[Callable[[], None]], dict[str, Any]], allowed: Allowance) -> dict[str, Any]:
    """What `work` gives (plain values), done in a process of its own; its errors for a person are raised here.

    `work` is given a function to call when all is loaded and open, before the statement runs: limits begin there.
    Ended when the system ended it. No thread may be running when this is called.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _work(work, allowed, writing)  # does not return
    os.close(writing)
    try:
        with os.fdopen(reading, "rb") as told:
            answer = told.read()
    except BaseException:
        os.kill(child, signal.SIGKILL)
        raise
    finally:
        _, status = os.waitpid(child, 0)
    if not answer:
        raise Ended(os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGALRM)
    found: dict[str, Any] = json.loads(answer)
    if "error" in found:
        raise _raised(found)
    return found


def _work(work: Callable[[Callable[[], None]], dict[str, Any]], allowed: Allowance, writing: int) -> None:
    """In the new process: works, tells, ends; never comes back into the code that it is a copy of."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    try:
        try:
            found = work(lambda: _limit(allowed))
        except BaseException as error:
            known = as_known(error)
            if known is None:
                known = SurveillanceError(traceback.format_exc())
            found = {
                "error": str(known),
                "hint": known.hint,
                "code": int(known.exit_code),
                "kind": type(known).__name__,
            }
        signal.setitimer(signal.ITIMER_REAL, 0)
        os.write(writing, json.dumps(found).encode())
    finally:
        os._exit(0)


def _limit(allowed: Allowance) -> None:
    """From here on the system ends this process after its time, and gives it no more than its memory."""
    signal.setitimer(signal.ITIMER_REAL, allowed.seconds + GRACE)
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    most = pages * resource.getpagesize() + allowed.memory + ROOM
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _raised(found: dict[str, Any]) -> SurveillanceError:
    error = SurveillanceError(found["error"], found["hint"])
    error.exit_code = Exit(found["code"])
    error.kind = found["kind"]  # type: ignore[attr-defined]
    return error
