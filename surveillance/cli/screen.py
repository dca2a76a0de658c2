"""The operator's screens as text: 80 columns, black and white, over a slow line."""

from __future__ import annotations

import os
import shlex
import textwrap
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from surveillance.cli.common import Desk
from surveillance.clock import PARIS, Clock, deadline_utc
from surveillance.status import NightStatus, next_step
from surveillance.timetable import load_timetable

if TYPE_CHECKING:
    from surveillance.associations import Association

WIDTH = 80


def status_screen(desk: Desk, night: date, found: NightStatus) -> str:
    """One screen about a night: what the agency has, what is missing and why, what to type."""
    head = [desk.say("status_title", night=night, day=night - timedelta(days=1)), *_hour(desk, night)]
    head += _delivery(desk, found) + _running(desk, found)
    lines = [part for line in head for part in _wrapped("", line)]
    if found.receptions:
        lines += ["", *_summary(desk, found), *_troubled(desk, night, found)]
    key, step = next_step(found, _left(desk, night) > timedelta(0))
    todo = desk.say(key, night=_typed(desk, night), step=step)
    return "\n".join([*lines, "", f"{desk.say('status_type')} : {todo}"])


def _typed(desk: Desk, night: date) -> str:
    """The night as it is typed in a command, with the folders named to this one, also by a unit's environment."""
    named = {
        "--site": desk.site or os.environ.get("SURVEILLANCE_SITE"),
        "--state": desk.state or os.environ.get("SURVEILLANCE_STATE"),
    }
    return " ".join([str(night), *(f"{option} {shlex.quote(str(path))}" for option, path in named.items() if path)])


def _left(desk: Desk, night: date) -> timedelta:
    """Time left to the deadline; a rehearsal is always in time."""
    if desk.settings.rehearsal_hour:
        return timedelta.max
    return deadline_utc(night, load_timetable(desk.content).deadline) - Clock().now()


def _hour(desk: Desk, night: date) -> list[str]:
    if desk.settings.rehearsal_hour:
        return [desk.say("status_rehearsal")]
    hour, left = load_timetable(desk.content).deadline, _left(desk, night)
    if left > timedelta(0):
        return [desk.say("status_time_left", hour=hour, left=duration(left))]
    return [desk.say("status_late", hour=hour)]


def duration(left: timedelta) -> str:
    """`2 h 05`, `58 min`, or a number of days."""
    minutes = int(left.total_seconds()) // 60
    if minutes >= 48 * 60:
        return f"{minutes // 1440} j"
    return f"{minutes // 60} h {minutes % 60:02d}" if minutes >= 60 else f"{minutes} min"


def _delivery(desk: Desk, found: NightStatus) -> list[str]:
    if not found.delivery:
        return [desk.say("status_not_delivered")] if found.begun else []
    at = datetime.fromisoformat(found.delivery["at"]).astimezone(PARIS).strftime("%H:%M:%S")
    state = desk.say("state_" + found.delivery["state"])
    return [desk.say("status_delivered", state=state, at=at, name=found.delivery.get("name") or found.delivery["seq"])]


def _running(desk: Desk, found: NightStatus) -> list[str]:
    if not found.begun:
        return [desk.say("status_never")]
    lines = [
        desk.say("status_step_failed", step=step, error=error)
        for step, error in found.steps_not_done.items()
        if step != found.failed_step
    ]
    if found.failed_step:
        return [*lines, desk.say("status_failed", step=found.failed_step, error=found.error)]
    if found.exit is None and found.step:
        return [*lines, desk.say("status_running", step=found.step)]
    if found.exit is None:
        return lines
    return [*lines, desk.say("status_done", exit=found.exit, meaning=desk.say(f"exit_{found.exit}"))]


def _summary(desk: Desk, found: NightStatus) -> list[str]:
    counts = {name: found.counted(name) for name in ("received", "partial", "absent", "refused", "closed")}
    visits = int(found.facts.get("day_acts", 0))
    share = f"{100 * found.missing_share():.1f} %".replace(".", "," if desk.lang == "fr" else ".")
    return [
        *_wrapped("", desk.say("status_counts", late=found.late(), **counts)),
        desk.say("status_visits", visits=f"{visits:,}".replace(",", " "), share=share),
    ]


def _troubled(desk: Desk, night: date, found: NightStatus) -> list[str]:
    """The associations that lack something, by harm; each with its cause and what to do."""
    bad = found.troubled()
    if not bad:
        return ["", desk.say("status_all_well")]
    from surveillance.associations import load_associations

    members = {item.code: item for item in load_associations(desk.content)}
    lines: list[str] = []
    for item in bad:
        member = members.get(item["association"])
        name = member.name if member else "?"
        share = f"{100 * found.harm(item):.1f} %".replace(".", "," if desk.lang == "fr" else ".")
        status = desk.say(f"status_{item['status']}")
        lines += ["", f"{item['association']:<6} {name[:40]:<40} {status:>12} {share:>9}"[:WIDTH]]
        lines += _wrapped("  ", desk.say(f"cause_{item['code']}", detail=item["detail"]).replace("()", "").rstrip(" :"))
        lines += _wrapped("  → ", _what_to_do(desk, night, item["code"], item["association"], member))
    return lines


def _what_to_do(desk: Desk, night: date, code: str, association: str, member: Association | None) -> str:
    contact = " ".join(part for part in (member.contact, member.phone) if part) if member else "?"
    path = member.path if member else "?"
    return desk.say(f"do_{code}", night=_typed(desk, night), contact=contact, path=path, association=association)


def _wrapped(first: str, text: str) -> list[str]:
    return (
        textwrap.wrap(
            text,
            WIDTH,
            initial_indent=first,
            subsequent_indent=" " * len(first),
            break_long_words=False,
            break_on_hyphens=False,
        )
        if text
        else []
    )


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
