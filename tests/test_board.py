"""The board: 63 rows by harm, each cause with its words, its call and a command that exists; screen and page alike."""

from __future__ import annotations

import shlex
import subprocess
import tomllib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import typer
from lxml import html

from surveillance.associations import Association, find_association, load_associations
from surveillance.board import Board, load_board_rules, make_board, read_board
from surveillance.board_words import BoardWords
from surveillance.cli import app
from surveillance.cli.screen import board_screen, command_lines
from surveillance.cli.story import story
from surveillance.cli.terminal import plain
from surveillance.clock import Clock
from surveillance.content import Content
from surveillance.gathering.receptions import STATUS
from surveillance.intake.checks import load_checks
from surveillance.journal import Journal
from surveillance.locking import night_lock, running
from surveillance.past_nights import PastNight, read_past, usual_hour
from surveillance.reporting.board_page import PAGE, needed_folders, write_board_page
from surveillance.settings import load_settings
from surveillance.status import NightStatus, read_status
from tests import browser

NIGHT = date(2024, 1, 16)
FOUR = datetime(2024, 1, 16, 3, 0, tzinfo=UTC)  # 04:00 in Paris
BEGUN = {"at": "2024-01-16T03:00:00+00:00", "event": "night begun"}
GATHERING = {"at": "2024-01-16T03:00:00+00:00", "event": "step begun", "step": "gather"}
Event = dict[str, Any]


def feed(code: str, status: str = "received", cause: str = "ok", at: str = "03:01") -> Event:
    """What the gathering says of one association."""
    stamp = f"2024-01-16T{at}:00+00:00"
    files = int(status in ("received", "partial"))
    told = {"status": status, "code": cause, "detail": "", "files": files, "attempt": 1}
    return {"at": stamp, "event": "feed", "association": code, **told}


def reception(code: str, status: str = "received", cause: str = "ok", **fields: Any) -> Event:
    """What the night settled of one association."""
    told = {"status": status, "code": cause, "detail": "", "day_visits": 0, "usual_volume": 100.0}
    return {"at": "2024-01-16T03:30:00+00:00", "event": "reception", "association": code, **told, **fields}


def board_of(content: Content, *events: Event, now: datetime = FOUR, past: Any = None) -> Board:
    """The board of some events, with the shipped registry."""
    members, rules = load_associations(content), load_board_rules(content)
    return make_board(NIGHT, members, read_status(events), past or {}, rules, now)


def words_of(content: Content, tmp_path: Path, now: datetime = FOUR, lang: str = "fr", busy: str = "") -> BoardWords:
    """The words for a state that lies where the settings say, so that no folder must be named."""
    settings = load_settings(content, tmp_path)
    return BoardWords(content, lang, settings, load_board_rules(content), NIGHT, now, busy=busy)


def row_of(board: Board, code: str) -> Any:
    return next(row for row in board.rows if row.code == code)


def known_hour(code: str, hour: str) -> dict[str, list[PastNight]]:
    return {code: [PastNight("2024-01-15", "received", "ok", arrived="2024-01-15T03:00:00+00:00", usual_hour=hour)]}


def test_there_are_63_rows_before_during_and_after_the_night(content: Content) -> None:
    for events in ((), (BEGUN, GATHERING, feed("5901")), tuple(reception(m.code) for m in load_associations(content))):
        board = board_of(content, *events)
        assert len({row.code for row in board.rows}) == len(board.rows) == 63


def test_harm_is_what_is_missing_times_how_unusual_it_is(content: Content) -> None:
    """The largest hole is not the greatest harm where it is there every other week."""
    board = board_of(
        content,
        reception("5901", "absent", "no_file", expected=1000.0, unusual=0.1),
        reception("3501", "absent", "no_file", expected=200.0, unusual=1.0),
        reception("6701", "partial", "truncated", expected=300.0, day_visits=200, unusual=0.9),
        reception("4401", expected=500.0, day_visits=100, low=400.0, high=600.0, unusual=0.99),
        reception("7502", expected=500.0, day_visits=450, low=400.0, high=600.0, unusual=0.2),
    )
    assert [row.code for row in board.troubled] == ["4401", "3501", "5901", "6701"]
    national = sum(row.expected for row in board.rows)
    assert row_of(board, "5901").harm == pytest.approx(0.1 * 1000 / national)
    assert row_of(board, "4401").missing == pytest.approx(400 / national)
    assert board.missing == pytest.approx((1000 + 200 + 100 + 400) / national)
    assert [row.harm for row in board.rows] == sorted((row.harm for row in board.rows), reverse=True)


@pytest.mark.parametrize(
    ("minutes", "status", "harmful"), [(0, "waiting", False), (59, "waiting", False), (60, "late", True)]
)
def test_nobody_is_late_before_the_hour_at_which_it_usually_comes(
    content: Content, minutes: int, status: str, harmful: bool
) -> None:
    """Usual hour 04:30, and half an hour more: late from 05:00, whether or not it was asked."""
    now, past = FOUR + timedelta(minutes=minutes), known_hour("5901", "04:30")
    for events in ((BEGUN, GATHERING), (BEGUN, GATHERING, feed("5901", "absent", "no_file"))):
        row = row_of(board_of(content, *events, now=now, past=past), "5901")
        assert (row.status, row.harm > 0, row.troubled) == (status, harmful, harmful)
        assert row.usual_hour == "04:30"


def test_a_server_that_does_not_answer_is_late_even_before_its_hour(content: Content) -> None:
    past = known_hour("5901", "05:30")
    row = row_of(board_of(content, BEGUN, GATHERING, feed("5901", "absent", "timeout"), past=past), "5901")
    assert (row.status, row.cause, row.settled) == ("late", "timeout", False)
    refused = row_of(board_of(content, BEGUN, GATHERING, feed("5901", "refused", "host_key"), past=past), "5901")
    assert (refused.status, refused.cause) == ("refused", "host_key")


def test_when_it_is_gathered_again_what_came_shows_at_once_and_what_was_refused_stays(content: Content) -> None:
    """Files are judged by the intake: a feed that is `received` again says nothing of a header that had changed."""
    settled = (reception("5901", "absent", "no_file"), reception("3501", "refused", "header_changed"))
    board = board_of(content, BEGUN, *settled, BEGUN, GATHERING, feed("5901"), feed("3501"))
    assert (row_of(board, "5901").status, row_of(board, "5901").settled) == ("received", False)
    assert (row_of(board, "3501").status, row_of(board, "3501").cause) == ("refused", "header_changed")


def test_last_arrival_and_usual_hour_come_from_the_last_nights(content: Content, tmp_path: Path) -> None:
    for day, hour in ((15, 3), (14, 2), (13, 4)):
        at = datetime(2024, 1, day, hour, 15, tzinfo=UTC)
        clock = Clock(partial(at.astimezone, UTC))
        journal = Journal(tmp_path / "journal", at.date(), clock)
        journal.event("feed", **{k: v for k, v in feed("5901").items() if k not in ("at", "event")})
        replayed = {k: v for k, v in feed("3501").items() if k not in ("at", "event", "attempt")}
        journal.event("feed", **replayed)
    past = read_past(tmp_path / "journal", NIGHT, 7)
    assert usual_hour(past["5901"]) == "04:15"  # 04:15, 03:15, 05:15 in Paris: the middle one
    assert usual_hour(past["3501"]) == ""  # a replay's hours are not those of arrival
    board = board_of(content, reception("5901", "absent", "no_file"), reception("3501", "absent", "no_file"), past=past)
    words = words_of(content, tmp_path)
    assert words.arrived(row_of(board, "5901")) == "15/01 04:15"
    assert words.arrived(row_of(board, "3501")) == "15/01"
    assert len(read_past(tmp_path / "journal", NIGHT, 2)["5901"]) == 2


def troubles(content: Content) -> Iterator[tuple[str, str]]:
    """Every status and cause that an association can be in trouble with."""
    yield from ((status, code) for code, status in STATUS.items() if status not in ("received", "closed"))
    for code, rule in load_checks(content).file.items():
        if rule.severity == "block" or rule.partial:
            yield ("partial" if rule.partial else "refused"), code
    yield from (("partial", "no_day"), ("partial", "zero_day"), ("refused", "held"), ("refused", "a_code_nobody_knows"))


@pytest.mark.parametrize("lang", ["fr", "en"])
@pytest.mark.parametrize(("status", "code"), list(troubles(Content())))
def test_every_cause_has_words_a_call_and_a_command_that_exists(
    content: Content, tmp_path: Path, status: str, code: str, lang: str
) -> None:
    """In time, past the deadline, and while a night is being run: the command is one that the command line takes."""
    file = {"at": "", "event": "file", "association": "5901", "name": "E X.csv", "status": "refused", "notes": []}
    board = board_of(content, BEGUN, file, reception("5901", status, code, detail="détail"))
    row = row_of(board, "5901")
    for now, busy in ((FOUR, ""), (FOUR + timedelta(days=1), ""), (FOUR, "process 1: night")):
        words = words_of(content, tmp_path, now, lang, busy)
        assert "détail" in words.cause(row) or code == "no_file"
        assert row.contact in words.advice(row) and "{" not in words.advice(row)
        command = shlex.split(words.command(row))
        if command[0] == "surveillance":
            takes(command[1:])
            assert (now == FOUR and not busy) or "gather" not in command
        else:
            assert (command[0], code) == ("ssh-keygen", "auth")
        for line in [*board_screen(board, words, 24).splitlines(), *board_screen(board, words).splitlines()]:
            assert len(line) <= 80 or str(tmp_path) in line  # a path is not broken


def takes(arguments: list[str]) -> None:
    """Does the command line take these words? Raises what it would say."""
    group: Any = typer.main.get_command(app)
    name, command, rest = group.resolve_command(
        group.make_context("surveillance", [], resilient_parsing=True), arguments
    )
    command.make_context(name, rest)


@pytest.mark.parametrize("number", [1, 5, 12, 30, 63])
@pytest.mark.parametrize("height", [16, 24, 50])
def test_what_matters_fits_into_the_terminal(content: Content, tmp_path: Path, number: int, height: int) -> None:
    """Without scrolling: the night, what to type, the worst with its cause; then how many are not shown."""
    bad = [reception(m.code, "refused", "host_key") for m in load_associations(content)[:number]]
    words = words_of(content, tmp_path)
    board = board_of(content, BEGUN, *bad)
    lines = board_screen(board, words, height).splitlines()
    assert len(lines) < height  # and a line for the prompt
    assert any(line.startswith("À taper : surveillance") for line in lines)
    assert "LA CLÉ DU SERVEUR A CHANGÉ" in "\n".join(lines)
    shown = sum(line.startswith(tuple(row.code for row in board.troubled)) for line in lines)
    left = number - shown
    assert lines[-1].startswith(f"… et {left} de plus" if left else f"{63 - number} sans souci")
    assert shown == number or len(lines) == height - 1


def test_without_a_terminal_all_63_are_told(content: Content, tmp_path: Path) -> None:
    board = board_of(content, BEGUN, reception("5901", "absent", "no_file"), feed("3501"))
    lines = board_screen(board, words_of(content, tmp_path)).splitlines()
    assert all(any(line.startswith(f"{row.code} ") for line in lines) for row in board.rows)


def test_a_poor_terminal_gets_ascii_of_the_same_width(content: Content, tmp_path: Path) -> None:
    board = board_of(content, BEGUN, reception("5901", "refused", "host_key"), reception("2A01"))
    text = board_screen(board, words_of(content, tmp_path), 24)
    assert not text.isascii()
    assert plain(text).isascii()
    assert [len(line) for line in plain(text).splitlines()] == [len(line) for line in text.splitlines()]


def test_a_command_over_several_lines_may_be_pasted() -> None:
    """A shell reads the lines as the one command they are."""
    words = ["surveillance", "run", "2024-01-16", "--site", "/a/long/way/to the/site", "--state", "/" + 60 * "s"]
    lines = command_lines("  $ ", shlex.join([*words, "--since", "gather"]))
    pasted = "\n".join(line[4:] for line in lines).replace("surveillance", "printf '%s\\n'", 1)
    told = subprocess.run(["sh", "-c", pasted], capture_output=True, text=True, check=True).stdout
    assert len(lines) > 1
    assert told.splitlines() == [*words[1:], "--since", "gather"]


def test_a_night_that_runs_is_seen_without_taking_its_lock(tmp_path: Path) -> None:
    if not Path("/proc/locks").is_file():
        pytest.skip("this system does not list its locks")
    assert running(tmp_path) == ""
    with night_lock(tmp_path, "night 2024-01-16"):
        assert running(tmp_path).endswith("night 2024-01-16")
    assert running(tmp_path) == ""


def test_events_in_the_data_stand_in_the_head(content: Content, tmp_path: Path) -> None:
    """The widest first; a second run of the step that finds them tells them anew."""
    code = {"at": "", "event": "step begun", "step": "code"}
    scopes = ("association", "region", "region", "national")
    found = [{"at": "", "event": "data event", "scope": scope, "sentence_fr": f"grève ({scope})"} for scope in scopes]
    board = board_of(content, BEGUN, code, *found, code, *found, reception("5901"))
    words = words_of(content, tmp_path)
    told = [line for line in words.head(board) if line.startswith("!")]
    assert told == [f"! grève ({scope})" for scope in reversed(scopes)]
    assert [line for line in words.head(board, 2) if line.startswith("!")] == [*told[:2], "! … et 2 de plus (--all)"]


def test_checks_that_did_not_run_stand_in_the_head(content: Content, tmp_path: Path) -> None:
    """Once for each association whatever the number of checks; read again, they are told anew."""
    step = {"at": "", "event": "step begun", "step": "validate"}
    silent = {"at": "", "event": "check not run", "reason": "unknown_habit"}
    first = [silent | {"check": check, "associations": ["5901", "0601"]} for check in ("volume", "age")]
    words = words_of(content, tmp_path)
    board = board_of(content, BEGUN, step, *first, reception("5901"))
    assert [line for line in words.head(board) if "habitudes inconnues pour 2 association" in line]
    again = board_of(content, BEGUN, step, *first, step, silent | {"check": "age", "associations": ["5901"]})
    assert [line for line in words.head(again) if "habitudes inconnues pour 1 association" in line]


def test_a_receipt_that_could_not_be_put_stands_in_the_head_until_it_is(content: Content, tmp_path: Path) -> None:
    receipt = {"at": "", "event": "receipt", "association": "5901", "name": "RECU_EXPORT.txt"}
    kept = receipt | {"state": "kept", "code": "unreachable"}
    words, member = words_of(content, tmp_path), find_association(load_associations(content), "5901")
    board = board_of(content, BEGUN, reception("5901"), kept)
    assert [line for line in words.head(board) if "chez 1 association(s) (5901" in line]
    assert "RECU_EXPORT.txt : serveur injoignable" in story(board, member, words)
    again = board_of(content, BEGUN, reception("5901"), kept, receipt | {"state": "put", "code": ""})
    assert not [line for line in words.head(again) if "association(s)" in line]


def test_a_file_set_aside_is_said_to_be_held_with_how_to_release_it(content: Content, tmp_path: Path) -> None:
    row = row_of(board_of(content, BEGUN, reception("5901", "refused", "held", unusual=None)), "5901")
    assert (row.status, row.unusual) == ("held", 1.0)
    advice = words_of(content, tmp_path).advice(row)
    assert "waivers.toml" in advice
    assert advice.endswith(f"surveillance run {NIGHT} --since validate")


@pytest.fixture(scope="module")
def page(content: Content, tmp_path_factory: pytest.TempPathFactory) -> tuple[Board, BoardWords, Path]:
    """A page with one row of every kind, and what it was made from."""
    state = tmp_path_factory.mktemp("board page")
    words = words_of(content, state)
    kinds = list(troubles(content))
    members = load_associations(content)
    events = [reception(m.code, *kind, detail="<é>") for m, kind in zip(members, kinds, strict=False)]
    board = board_of(content, BEGUN, *events, feed(members[-1].code))
    return board, words, write_board_page(content, words.settings, board, words)


def test_the_page_has_the_rows_and_words_of_the_screen(page: tuple[Board, BoardWords, Path]) -> None:
    board, words, path = page
    tree = html.fromstring(path.read_text(encoding="utf-8"))
    told = [tuple(cell.text_content() for cell in line) for line in tree.xpath("//tr[@class='cells']")]
    assert told == [words.cells(row) for row in (*board.troubled, *board.others)]
    for name, say in (("cause", words.cause), ("advice", words.advice), ("command", words.command)):
        assert [item.text_content() for item in tree.xpath(f"//*[@class='{name}']")] == [
            say(row) for row in board.troubled
        ]
    assert tree.xpath("//*[@class='todo']/code")[0].text_content() == words.todo(board)
    assert (path.parent.parent / PAGE).resolve() == path


def test_the_page_is_a_table_for_those_who_hear_it(page: tuple[Board, BoardWords, Path]) -> None:
    tree = html.fromstring(page[2].read_text(encoding="utf-8"))
    tables = tree.xpath("//table")
    assert len(tables) == len(tree.xpath("//table/caption")) == 2
    assert {item.get("scope") for item in tree.xpath("//thead//th")} == {"col"}
    assert {item.get("scope") for item in tree.xpath("//tbody//th")} == {"row"}
    assert not tree.xpath("//script | //link | //img")


def test_the_page_fits_a_telephone_and_asks_for_nothing(page: tuple[Board, BoardWords, Path], tmp_path: Path) -> None:
    visit = browser.open_page(page[2], tmp_path)
    assert (visit.requests, visit.console) == ((), ())
    for width in (1280, 500):
        sizes = browser.measure(page[2], tmp_path, width)
        assert sizes["scroll"] <= sizes["inner"], width


def test_a_page_names_the_folders_only_where_a_command_would_look_elsewhere(tmp_path: Path) -> None:
    content = Content()
    usual = load_settings(content)
    assert needed_folders(content, usual) == ""
    other = load_settings(content, tmp_path / "my state")
    assert needed_folders(content, other) == f"--state '{tmp_path / 'my state'}'"


def test_a_board_is_read_without_a_store(content: Content, tmp_path: Path) -> None:
    """Nothing but the journals is there."""
    members: tuple[Association, ...] = load_associations(content)
    board = read_board(tmp_path, NIGHT, members, NightStatus(), load_board_rules(content), FOUR)
    assert {row.status for row in board.rows} == {"waiting"}
    assert board.missing == 0


def test_the_story_of_a_file_set_aside_ends_in_the_waiver_to_paste(content: Content, tmp_path: Path) -> None:
    habit = {"at": "", "event": "file held", "association": "5901", "check": "volume"}
    events = [BEGUN, habit, reception("5901", "refused", "held", detail="393 visites du jour, 142 attendues")]
    member, words = find_association(load_associations(content), "5901"), words_of(content, tmp_path)
    told = story(board_of(content, *events), member, words)
    block = told[told.index("[[waiver]]") :].split("\n\n")[0]
    (entry,) = tomllib.loads(block)["waiver"]
    assert (entry["association"], entry["check"], entry["from"], entry["until"]) == ("5901", "volume", NIGHT, NIGHT)
    assert "[[waiver]]" not in story(board_of(content, BEGUN, habit, reception("5901")), member, words)
    file = {"at": "", "event": "file", "association": "5901", "name": "E.csv", "status": "received", "code": "ok"}
    assert "E.csv : fichier mis de côté, inhabituel ; volume inhabituel" in story(
        board_of(content, *events, file | {"detail": "", "notes": ["volume"]}), member, words
    )
