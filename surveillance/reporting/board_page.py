"""The board as a page: the rows and the words of the screen, in one file that needs nothing else."""

from __future__ import annotations

import shlex
from datetime import datetime
from pathlib import Path
from typing import Any

from surveillance.associations import Association
from surveillance.board import Board, Row, load_board_rules, read_board
from surveillance.board_words import BoardWords
from surveillance.clock import PARIS
from surveillance.content import Content
from surveillance.files import make_folder
from surveillance.journal import read_journal
from surveillance.locking import running
from surveillance.reporting.pages import point_to, render, write_page
from surveillance.settings import FILE as SETTINGS
from surveillance.settings import MACHINE_SITE, Settings
from surveillance.status import journal_path, read_status
from surveillance.timetable import load_timetable

PAGE = "tableau.html"


def draw_board(
    content: Content, settings: Settings, night: Any, members: tuple[Association, ...], now: datetime, over: bool
) -> Path:
    """Write the board of a night from its journal, in the site's language; `over`: this run has ended."""
    found = read_status(read_journal(journal_path(settings.state, night)))
    rules = load_board_rules(content)
    busy = "" if over else running(settings.state)
    words = BoardWords(content, settings.lang, settings, rules, night, now, needed_folders(content, settings), busy)
    return write_board_page(content, settings, read_board(settings.state, night, members, found, rules, now), words)


def write_board_page(content: Content, settings: Settings, board: Board, words: BoardWords) -> Path:
    """Write pages/NIGHT/tableau.html, and point pages/tableau.html at the newest."""
    pages = settings.state / "pages"
    text = render(content, "tableau.html", board_context(board, words))
    path = write_page(make_folder(pages / board.night.isoformat()), text, PAGE)
    point_to(pages / PAGE, f"{board.night}/{PAGE}")
    return path


def board_context(board: Board, words: BoardWords) -> dict[str, Any]:
    """Everything the template `tableau.html` prints, by name; `head` without the time left: a page cannot know it."""
    said = ("type_word", "status_type"), ("cause_word", "board_cause"), ("call_word", "board_call")
    sections = ("troubled_word", "board_troubled"), ("others_word", "board_others"), ("help", "board_help")
    return {
        "lang": words.lang,
        "title": words.say("board_title", night=board.night),
        "written": _written(words),
        "head": words.head(board)[2:],
        "todo": words.todo(board),
        "heads_of_columns": words.heads(),
        "troubled": [_line(row, words) for row in board.troubled],
        "others": [_line(row, words) for row in board.others],
        **{name: words.say(key) for name, key in (*said, *sections)},
    }


def _line(row: Row, words: BoardWords) -> dict[str, Any]:
    told = {"cause": words.cause(row), "advice": words.advice(row), "command": words.command(row)}
    return {"cells": words.cells(row), **told}


def _written(words: BoardWords) -> str:
    at = words.now.astimezone(PARIS)
    return words.say(
        "board_written", day=at.date(), hour=f"{at:%H:%M}", deadline=load_timetable(words.content).deadline
    )


def needed_folders(content: Content, settings: Settings) -> str:
    """The options without which a command would look elsewhere than this night does."""
    usual = Path(content.toml(SETTINGS)["state"]).expanduser()
    inside = settings.state / "site"
    named = []
    if content.site and content.site.absolute() not in (inside, MACHINE_SITE):
        named.append(f"--site {shlex.quote(str(content.site.absolute()))}")
    if settings.state != usual or (content.site and content.site.absolute() == inside):
        named.append(f"--state {shlex.quote(str(settings.state))}")
    return " ".join(named)
