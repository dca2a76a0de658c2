"""What is usual of one association on one day: each expected value computed once, when first asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, lru_cache

import numpy as np

from surveillance.clock import PARIS, instant
from surveillance.habits.learning import (
    Calendar,
    Expected,
    expected_minute,
    expected_share,
    expected_volume,
    wrap,
)
from surveillance.habits.past import Past
from surveillance.habits.rules import Learning


@dataclass(frozen=True)
class Usual:
    """The habits of an association on a visit day. `past` may hold later days: only earlier ones are learnt from."""

    past: Past
    day: date
    calendar: Calendar
    rules: Learning

    @cached_property
    def before(self) -> Past:
        """The last nights, the day itself and what follows left out."""
        return self.past.between(self.day - timedelta(days=self.rules.nights), self.day - timedelta(days=1))

    @cached_property
    def volume(self) -> Expected | None:
        """Visits of the day, as told in the night after it."""
        return expected_volume(self.past, self.day, self.calendar, self.rules)

    @cached_property
    def minute(self) -> Expected | None:
        """Minutes from midnight (Paris) at which the file is written."""
        pairs = zip(self.before.days, self.before.arrival, strict=True)
        minutes = [minute_of(day, int(at)) for day, at in pairs if at >= 0]
        return expected_minute(np.array(minutes), self.rules)

    def share(self, part: str, whole: str, size: float) -> Expected | None:
        """The share of `part` in `whole` (names of arrays of Past), of `size` visits."""
        return expected_share(getattr(self.before, part), getattr(self.before, whole), size, self.rules)


@lru_cache(50_000)
def minute_of(visit_day: date, arrival: int) -> float:
    """Minutes between midnight (Paris) of the night after `visit_day` and an instant, on the circle of a day.

    Paris for all, overseas too: the hour is compared with the timetable of the night, which is Paris time.
    """
    local = datetime.fromtimestamp(arrival, UTC).astimezone(PARIS)
    midnight = instant(visit_day + timedelta(days=1), "00:00").astimezone(PARIS)
    wall = local.replace(tzinfo=None) - midnight.replace(tzinfo=None)  # wall clocks: the same habit in summer
    return wrap(wall.total_seconds() / 60)
