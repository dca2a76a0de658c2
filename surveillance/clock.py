"""The hour: Paris time for people, UTC for every computation (a Paris subtraction is an hour wrong twice a year)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from time import monotonic
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")


class Clock:
    """Tells the time; a demonstration or a test gives it another `now`."""

    def __init__(self, now: Callable[[], datetime] | None = None) -> None:
        self._now = now or (lambda: datetime.now(UTC))

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        return self._now().astimezone(UTC)

    def tonight(self) -> date:
        """The night a run started now belongs to: today's date in Paris."""
        return self.now().astimezone(PARIS).date()

    @classmethod
    def starting_at(cls, start: datetime) -> Clock:
        """A clock that shows `start` when it is first asked, and from then on ticks as fast as the real one.

        The first answer is `start` to the second however slow the machine: a rehearsed package bears it.
        """
        begun: list[float] = []

        def now() -> datetime:
            at = monotonic()
            if not begun:
                begun.append(at)
            return start + timedelta(seconds=at - begun[0])

        return cls(now)


def instant(night: date, hour: str, zone: ZoneInfo = PARIS) -> datetime:
    """The UTC instant of a wall-clock hour `HH:MM` on the date of a night."""
    hours, minutes = hour.split(":")
    return datetime.combine(night, time(int(hours), int(minutes)), zone).astimezone(UTC)


def deadline_utc(night: date, hour: str) -> datetime:
    """The UTC instant at which the file of a night must have arrived (`hour` is Paris time)."""
    return instant(night, hour)


def nights(first: date, last: date) -> list[date]:
    """Every night from `first` to `last`, both included."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def monday(day: date) -> date:
    """The Monday of the ISO week of a day."""
    return day - timedelta(days=day.weekday())


def week_monday(name: str) -> date:
    """The Monday of an ISO week written `2024-W03`."""
    return datetime.strptime(f"{name}-1", "%G-W%V-%u").replace(tzinfo=UTC).date()
