"""Progress of a night on stderr: bars on a terminal, one line a step when piped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from surveillance.cli.common import Desk

if TYPE_CHECKING:
    from surveillance.night import Teller


@contextmanager
def teller(desk: Desk) -> Iterator[Teller]:
    """Something that a night can tell its steps to."""
    if not desk.err.is_terminal or desk.quiet:
        yield _lines(desk)
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from surveillance.night import STEPS

    columns = (TextColumn("{task.description:<12}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=desk.err) as bars:
        steps = bars.add_task("…", total=len(STEPS))

        def tell(kind: str, fields: Mapping[str, object]) -> None:
            if kind == "begun":
                bars.update(steps, description=desk.say(f"step_{fields['step']}"))
            elif kind in ("done", "failed"):
                bars.advance(steps)

        yield tell


def _lines(desk: Desk) -> Teller:
    def tell(kind: str, fields: Mapping[str, object]) -> None:
        if kind in ("done", "failed"):
            told = " ".join(f"{key}={value}" for key, value in fields.items() if key != "step")
            desk.err.print(f"{desk.say('step_' + str(fields['step']))}: {told}", markup=False)

    return tell


@contextmanager
def counter(desk: Desk, what: str, total: int) -> Iterator[Callable[[int, int], None]]:
    """A bar for a known number of things; gives a function to call after each (its arguments are not looked at)."""
    if not desk.err.is_terminal or desk.quiet:
        yield _counted_lines(desk, what, total)
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description:<12}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=desk.err) as bars:
        task = bars.add_task(what, total=total)
        yield lambda done, of: bars.advance(task)


def _counted_lines(desk: Desk, what: str, total: int) -> Callable[[int, int], None]:
    seen = [0]

    def advance(done: int, of: int) -> None:
        seen[0] += 1
        if seen[0] in (1, total) or seen[0] % max(1, total // 8) == 0:
            desk.err.print(f"{what}: {seen[0]}/{total}", markup=False)

    return advance
