"""One association's night as text: what it sent, what was tried, what it did in the nights before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from surveillance.board import Board, Row, paris
from surveillance.board_words import BoardWords
from surveillance.cli.screen import full, table_line
from surveillance.cli.terminal import wrapped
from surveillance.words import knows

if TYPE_CHECKING:
    from surveillance.associations import Association
    from surveillance.past_nights import PastNight


def story(board: Board, member: Association, words: BoardWords) -> str:
    """The row of one association, its place in the registry, its attempts, its files, its last nights."""
    row = next(item for item in board.rows if item.code == member.code)
    lines = [*words.head(board)[:2], "", table_line(words.heads()), *_row(row, words), "", *_registry(member, words)]
    lines += _waivers(board, row, words)
    for key, part in (
        ("story_attempts", [_attempt(one, words) for one in board.status.attempts.get(member.code, ())]),
        ("story_files", [_file(one, row, words) for one in board.status.files.get(member.code, ())]),
        ("story_receipts", _receipts(board.status.receipts.get(member.code, {}), words)),
        ("story_nights", [_night(one, words) for one in board.past.get(member.code, ())]),
    ):
        if part:
            lines += ["", words.say(key), *(line for told in part for line in wrapped("  ", told))]
    return "\n".join(lines)


def _row(row: Row, words: BoardWords) -> list[str]:
    return full(row, words) if row.troubled else [table_line(words.cells(row)), *wrapped("  ", words.cause(row))]


def _waivers(board: Board, row: Row, words: BoardWords) -> list[str]:
    """What to paste into waivers.toml once somebody has judged that a file set aside is right."""
    checks = board.status.held_for.get(row.code, ()) if row.cause == "held" else ()
    if not checks:
        return []
    lines = ["", *wrapped("", words.say("story_waiver", edited=words.site_file()))]
    for check in dict.fromkeys(checks):
        lines += ["", "[[waiver]]", f'association = "{row.code}"', f'check = "{check}"']
        lines += [f"from = {words.night}", f"until = {words.night}", 'who = ""', 'why = ""']
    return lines


def _registry(member: Association, words: BoardWords) -> list[str]:
    where = words.say(
        "story_registry",
        host=member.host,
        port=member.port,
        path=member.path,
        dialect=member.dialect,
        usual=f"{member.usual_volume:.0f}",
    )
    pin = words.say("story_pin", pin=member.host_key) if member.host_key else words.say("story_no_pin")
    contact = " ".join(part for part in (member.contact, member.phone) if part) or words.say("board_nobody")
    return [line for text in (words.say("story_call", contact=contact), where, pin) for line in wrapped("", text)]


def _attempt(event: dict[str, Any], words: BoardWords) -> str:
    return words.say(
        "story_attempt",
        at=f"{paris(event['at']):%H:%M:%S}",
        status=words.say(f"status_{event['status']}"),
        code=event["code"],
        detail=event.get("detail", ""),
    ).rstrip()


def _file(event: dict[str, Any], row: Row, words: BoardWords) -> str:
    """What a file was found to be; the night may have set it aside since."""
    code = row.cause if row.cause == "held" and event["code"] == "ok" else event["code"]
    told = [_told(code, event["detail"], words), *(_told(note, "", words) for note in event.get("notes", ()))]
    return words.say("story_file", name=event["name"], cause=" ; ".join(told))


def _receipts(unput: dict[str, str], words: BoardWords) -> list[str]:
    """Receipts that wait for its server, and why."""
    return [words.say("story_receipt", name=name, why=_told(code, "", words)) for name, code in unput.items()]


def _told(code: str, detail: str, words: BoardWords) -> str:
    """A cause in words; one without words of its own by its code."""
    key = f"cause_{code}"
    return words.say(key, detail=detail).replace("()", "").rstrip(" :") if knows(words.content, key) else code


def _night(one: PastNight, words: BoardWords) -> str:
    return words.say(
        "story_night",
        night=one.night,
        status=words.say(f"status_{one.status}"),
        code=one.code,
        visits="–" if one.visits is None else one.visits,
        arrived=f"{paris(one.arrived):%H:%M}" if one.arrived else "",
        detail=one.detail,
    ).rstrip()
