"""Which associations were to send for each day, and which did: completeness, the missing, a constant perimeter."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from surveillance.questions.asked import Question
from surveillance.questions.periods import TIME, label, whole
from surveillance.store import Store

NEVER = date(1970, 1, 1)

# One row per day of the window and association that is a member on it: did it declare the day, did the day arrive?
EXPECTED = """
    SELECT d.*, t.association, t.department, t.region, a.association IS NOT NULL AS arrived,
        x.association IS NOT NULL AS closed
    FROM days d JOIN territories t ON d.visit_day + 1 BETWEEN t.since AND t.until
    LEFT JOIN arrived a ON a.visit_day = d.visit_day AND a.association = t.association
    LEFT JOIN (
        SELECT DISTINCT association, unnest(generate_series(
            greatest(first, $first::DATE), least(last, $last::DATE), INTERVAL 1 DAY))::DATE AS visit_day
        FROM closures WHERE first <= $last::DATE AND last >= $first::DATE
    ) x ON x.visit_day = d.visit_day AND x.association = t.association
"""


@dataclass(frozen=True)
class Window:
    """The days that the cells of a question are made of, whole periods as far as it lets them be.

    known: the last night that is known of. held: the first visit day of the first night that was run.
    """

    first: date
    last: date
    known: date
    held: date

    @property
    def days(self) -> list[date]:
        """Every day, both ends included."""
        return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]


def window(store: Store, question: Question, denominators: str) -> Window:
    """The window of a question: from the first day that anything is known of to the last that was to be told of."""
    first, last = store.rows("SELECT min(night), max(night) FROM receptions")[0]
    known = min(question.as_of or last or NEVER, last or NEVER)
    asked = {"since": question.since, "until": question.until}
    days = store.rows(
        f"SELECT min(visit_day), max(visit_day) FROM {denominators} WHERE visit_day BETWEEN $since AND $until", asked
    )[0]
    yesterday, held = known - timedelta(days=1), (first or NEVER) - timedelta(days=1)
    begin, end = whole(
        question.of_time,
        min(days[0] or held, max(held, question.since)),
        max(days[1] or NEVER, min(yesterday, question.until)),
    )
    return Window(max(begin, question.since), min(end, question.until), known, held)


@contextmanager
def day_tables(store: Store, seen: Window, denominators: str) -> Iterator[None]:
    """Let statements read two tables (temporary ones: joining 25 million rows with Arrow took twice as long).

    days: visit_day, day, week, month, season (names), held (was it to be known by now?).
    arrived: visit_day, association: at least one act of that day is known, or a good file of the night after came.
    """
    import pyarrow as pa

    names: dict[str, Any] = {kind: [label(kind, day) for day in seen.days] for kind in TIME}
    days = pa.table(
        {"visit_day": pa.array(seen.days, pa.date32())}
        | {kind: pa.array(told, pa.string()) for kind, told in names.items()}
        | {"held": pa.array([seen.held <= day < seen.known for day in seen.days], pa.bool_())}
    )
    store.run(
        f"""CREATE OR REPLACE TEMP TABLE arrived AS
        SELECT visit_day, association FROM {denominators} WHERE visit_day BETWEEN $first AND $last
        GROUP BY ALL HAVING sum(visits_all) > 0
        UNION SELECT (night - INTERVAL 1 DAY)::DATE, association FROM receptions
        WHERE status = 'received' AND night BETWEEN $first::DATE + 1 AND least($last::DATE + 1, $known::DATE)""",
        {"first": seen.first, "last": seen.last, "known": seen.known},
    )
    with store.table("given_days", days):
        store.run("CREATE OR REPLACE TEMP TABLE days AS FROM given_days")
    yield
    store.run("DROP TABLE temp.arrived; DROP TABLE temp.days")


@dataclass(frozen=True)
class Presence:
    """Days: all that were looked at, those on which it was a member, those expected (not declared), those missing."""

    days: int
    member: int
    expected: int
    missing: int


def presences(store: Store, seen: Window, spans: list[tuple[date, date]]) -> dict[str, Presence]:
    """Association → its presence on the days of these spans that were to be known by now; needs `day_tables`."""
    inside = " OR ".join(f"visit_day BETWEEN DATE '{first}' AND DATE '{last}'" for first, last in spans)
    inside = f"held AND ({inside})"
    rows = store.rows(
        f"""SELECT association, (SELECT count(*) FROM days WHERE {inside}), count(*),
            count(*) FILTER (NOT closed), count(*) FILTER (NOT closed AND NOT arrived)
        FROM ({EXPECTED}) WHERE {inside} GROUP BY ALL ORDER BY ALL""",
        {"first": seen.first, "last": seen.last},
    )
    return {str(code): Presence(*numbers) for code, *numbers in rows}


def constant(found: dict[str, Presence]) -> tuple[str, ...]:
    """The associations that were members, and of which a file came, on every day on which one was expected."""
    return tuple(code for code, one in found.items() if one.member == one.days and not one.missing)
