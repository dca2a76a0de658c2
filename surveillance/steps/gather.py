"""The step that brings the files in: over SFTP, or from a folder of feeds when the night is given one."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from surveillance.gathering.feednames import names_of
from surveillance.gathering.folders import gather_folder
from surveillance.gathering.known import known_files
from surveillance.gathering.receptions import Reception, read_receptions
from surveillance.gathering.servers import gather_feeds

if TYPE_CHECKING:
    from surveillance.night import Night

__all__ = ["gather", "gather_feeds", "gather_folder"]


def gather(night: Night) -> dict[str, int]:
    """Gather the night's files; gives the number of associations in each status, and of files."""
    receptions = _receptions(night)
    counts = Counter(item.status for item in receptions)
    return {**dict(sorted(counts.items())), "files": sum(len(item.files) for item in receptions)}


def _receptions(night: Night) -> list[Reception]:
    """Tonight's receptions; a night gathered before is not reopened over SFTP once its deadline has passed."""
    inbox = night.settings.state / "inbox"
    done = read_receptions(night.folder("inbox"))
    if done and night.feeds is None and night.clock.now() >= night.at(night.timetable.deadline):
        return list(done)
    known = known_files(inbox, night.date.isoformat())
    night_of = names_of(night.content)
    if night.feeds is not None:
        return gather_folder(
            night.associations, night.date, night.feeds, inbox, known, night_of, partial(_event, night)
        )
    return gather_feeds(
        night.associations, night.date, inbox, known,
        lambda association: night.settings.feed_key(association.code),
        night.timetable.gather, night.clock, partial(_event, night),
        cut_off=night.at(night.timetable.cut_off), night_of=night_of,
    )  # fmt: skip


def _event(night: Night, kind: str, **fields: object) -> None:
    """Journal what happens at once, and tell each association's fate to whoever watches."""
    night.journal.event(kind, **fields)
    if kind == "feed":
        night.tell(kind, fields)
