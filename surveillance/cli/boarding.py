"""What `surveillance status` shows: the board, one association's story, the rows as data, or the page."""

from __future__ import annotations

import csv
import json
import shutil
import sys
from datetime import date, datetime
from typing import Any

from surveillance.associations import find_association, load_associations
from surveillance.board import Board, load_board_rules, read_board
from surveillance.board_words import BoardWords
from surveillance.cli.common import FORMATS, Desk, write_table
from surveillance.cli.screen import board_screen, typed_folders
from surveillance.cli.story import story
from surveillance.cli.terminal import show
from surveillance.clock import Clock
from surveillance.errors import UsageError
from surveillance.locking import running
from surveillance.status import NightStatus


def show_board(
    desk: Desk, night: date, found: NightStatus, form: str, association: str | None, whole: bool, page: bool
) -> None:
    """Print what was asked for."""
    members = load_associations(desk.content)
    words = board_words(desk, night, found)
    board = read_board(desk.settings.state, night, members, found, words.rules, words.now)
    if page:
        from surveillance.reporting.board_page import write_board_page

        show(str(write_board_page(desk.content, desk.settings, board, words)))
    elif association:
        show(story(board, find_association(members, association), words))
    elif form == "table":
        show(board_screen(board, words, 0 if whole or not sys.stdout.isatty() else shutil.get_terminal_size().lines))
    else:
        write_rows(records(board, words), form, desk)


def board_words(desk: Desk, night: date, found: NightStatus) -> BoardWords:
    """The words for this command's language, folders and hour; a rehearsal's hour is that of its last event."""
    rehearsed = desk.settings.rehearsal_hour and found.last_at
    now = datetime.fromisoformat(found.last_at) if rehearsed else Clock().now()
    busy = running(desk.settings.state)
    rules = load_board_rules(desk.content)
    return BoardWords(desk.content, desk.lang, desk.settings, rules, night, now, typed_folders(desk), busy)


def records(board: Board, words: BoardWords) -> list[dict[str, Any]]:
    """The rows as data: codes and numbers, then the cause, whom to call and what to type in words."""
    return [
        {
            "association": row.code,
            "name": row.name,
            "status": row.status,
            "code": row.cause,
            "detail": row.detail,
            "harm": round(row.harm, 6),
            "missing": round(row.missing, 6),
            "unusual": row.unusual,
            "visits": row.visits,
            "expected": row.expected,
            "low": row.low,
            "high": row.high,
            "last_night": row.last_night,
            "arrived": row.arrived,
            "usual_hour": row.usual_hour,
            "settled": row.settled,
            "contact": row.contact,
            "phone": row.phone,
            "cause": words.cause(row),
            "advice": words.advice(row),
            "command": words.command(row),
        }
        for row in board.rows
    ]


def write_rows(rows: list[dict[str, Any]], form: str, desk: Desk) -> None:
    """Rows as csv or json without waiting for pandas; parquet through it."""
    if form not in FORMATS:
        raise UsageError(f"--format knows {', '.join(FORMATS)}, not {form!r}")
    if form == "json":
        print(json.dumps(rows, ensure_ascii=False, indent=1))
    elif form == "csv":
        writer = csv.DictWriter(sys.stdout, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    else:
        import pandas as pd

        write_table(pd.DataFrame(rows), form, desk)
