"""The operator's screens as text: 80 columns, black and white, over a slow line."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable

from surveillance.board import Board, Row
from surveillance.board_words import BoardWords
from surveillance.cli.common import Desk
from surveillance.cli.terminal import WIDTH, cut, wrapped
from surveillance.clock import Clock, deadline_utc
from surveillance.timetable import load_timetable

WIDTHS = (5, 26, 9, 6, 11, 7, 10)  # of the seven cells of a row
EVENTS = 2  # of the data, told in the head where room is short
RIGHT = (3, 6)  # cells set to the right


def board_screen(board: Board, words: BoardWords, height: int = 0) -> str:
    """The board as text: the night, what to type, who is in trouble, the others; `height`: only what fits."""
    head = [line for told in words.head(board, EVENTS if height else None) for line in wrapped("", told)]
    head += [*command_lines(f"{words.say('status_type')} : ", words.todo(board)), "", table_line(words.heads())]
    if not height:
        others = [table_line(words.cells(row)) for row in board.others]
        return "\n".join([*head, *(line for row in board.troubled for line in full(row, words)), *others])
    return "\n".join([*head, *_fitting(board, words, height - len(head) - 2)])  # one for the rest, one for the prompt


def _fitting(board: Board, words: BoardWords, room: int) -> list[str]:
    """The troubled rows in `room` lines, the worst with their cause and command; then how to see what is left."""
    lines: list[str] = []
    rows, todo = list(board.troubled), words.todo(board)
    while rows and len(lines) < room:
        part = brief(rows[0], words, todo)
        size = _share(len(part), room - len(lines), len(rows) - 1, room // 2 - len(lines))
        lines += part[: size if lines else max(size, 2)]  # the worst never without its cause
        del rows[0]
    key = "board_more" if rows else "board_rest"
    command = " ".join(part for part in ("surveillance status", words.folders, "--all") if part)
    return [*lines, words.say(key, number=len(rows), others=len(board.others), command=command)]


def _share(wanted: int, room: int, others: int, first_half: int) -> int:
    """How many of its lines a row gets: all, its cause too, or one, so that each of the others still has its own."""
    for least in (2, 1):
        for size in (wanted, 2, 1):
            if size + least * others <= room:
                return size
    return wanted if wanted <= first_half else 1  # too many for the screen: the worst in full, of the others one line


def brief(row: Row, words: BoardWords, todo: str) -> list[str]:
    """A troubled row in three lines or little more: cells, cause, whom to call and what to type unless it is `todo`."""
    call, command = words.contact(row), words.command(row)
    lines = [table_line(words.cells(row)), cut(f"  {words.cause(row)}")]
    together = f"  > {call} ; {command}" if command != todo else f"  > {call}"
    if len(together) <= WIDTH:
        return [*lines, together]
    return [*lines, cut(f"  > {call}"), *command_lines("  $ ", command)]


def full(row: Row, words: BoardWords) -> list[str]:
    """A troubled row, nothing cut."""
    lines = [table_line(words.cells(row)), *wrapped("  ", words.cause(row)), *wrapped("  > ", words.advice(row))]
    return [*lines, *command_lines("  $ ", words.command(row))]


def table_line(cells: Iterable[str]) -> str:
    """Seven cells in their columns; a name too long is cut."""
    padded = [
        cut(cell, width).rjust(width) if n in RIGHT else cut(cell, width).ljust(width)
        for n, (cell, width) in enumerate(zip(cells, WIDTHS, strict=True))
    ]
    return " ".join(padded).rstrip()


def command_lines(first: str, command: str) -> list[str]:
    """A command in lines that may be pasted together: each but the last ends with a backslash, no word is broken."""
    if not command.startswith(("surveillance ", "ssh-keygen ")):
        return wrapped(first, command)
    lines = [first]
    for word in map(shlex.quote, shlex.split(command)):
        if len(lines[-1]) + len(word) > WIDTH - 2 and lines[-1].strip() != first.strip():
            lines[-1] += "\\"
            lines.append(" " * len(first))
        lines[-1] += f"{word} "
    return [line.rstrip() for line in lines]


def typed_folders(desk: Desk) -> str:
    """The folders named to this command, also by a unit's environment, as they are typed in the next one."""
    named = {
        "--site": desk.site or os.environ.get("SURVEILLANCE_SITE"),
        "--state": desk.state or os.environ.get("SURVEILLANCE_STATE"),
    }
    return " ".join(f"{option} {shlex.quote(str(path))}" for option, path in named.items() if path)


def schedule_screen(desk: Desk) -> str:
    """The night's timetable, in Paris hours and in UTC for tonight."""
    timetable = load_timetable(desk.content)
    night = Clock().tonight()
    rows = [
        ("gather.start", timetable.gather.start),
        ("cut_off", timetable.cut_off),
        ("deadline", timetable.deadline),
    ]
    lines = [f"{'':<14}{timetable.timezone:<16}UTC ({night})"]
    lines += [f"{name:<14}{hour:<16}{deadline_utc(night, hour):%H:%M}" for name, hour in rows]
    return "\n".join(
        [
            *lines,
            f"sweeps        {timetable.gather.sweeps} × {timetable.gather.sweep_seconds:.0f} s",
            f"coverage      ≥ {timetable.coverage.floor:.0%}",
            f"raw files     {timetable.raw_days} days",
        ]
    )
