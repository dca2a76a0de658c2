"""Data signals, before health signals: what makes the counts of a night other than what happened, feed by feed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from surveillance.associations import Association

if TYPE_CHECKING:
    from surveillance.signal_rules import DataRule
    from surveillance.store import Store

LOST = ("absent", "refused", "partial")
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class DataSignal:
    """One data signal. kind: feed_lost, strike, volume, coded…, new_association, thesaurus, definition.

    scope: national, region, association, syndrome; territory: FR, a région, a code, an id. Days: both included.
    """

    kind: str
    scope: str
    territory: str
    first_day: date
    last_day: date
    detail: str

    def row(self) -> dict[str, Any]:
        """The row of the table `data_signals`, without its night."""
        return asdict(self)

    def inside(self, members: Sequence[Association]) -> list[int]:
        """Positions of the associations that it touches."""
        if self.scope == "national":
            return list(range(len(members)))
        return [
            n
            for n, item in enumerate(members)
            if (self.scope == "region" and item.region == self.territory)
            or (self.scope == "association" and item.code == self.territory)
        ]


def data_signals(
    store: Store, night: date, first: date, members: Sequence[Association], rule: DataRule
) -> list[DataSignal]:
    """Those of the visit days from `first` to the day before the night, France first; as known after the night."""
    last = night - ONE_DAY
    days = {"first": first, "last": last, "night": night}
    found = [*_events(store, days, members, rule), *_lost(store, days, members), *_new(members, first, last)]
    found += [
        DataSignal("thesaurus", "association", str(code), first, day, f"thésaurus : {names}")
        for code, day, names in store.rows(store.sql("changed_thesauri"), days)
    ]
    found += [
        DataSignal("definition", "syndrome", str(name), first, last, f"définitions : {versions}")
        for name, versions in store.rows(store.sql("changed_definitions"), days)
    ]
    order = ("national", "region", "association", "syndrome")
    return sorted(found, key=lambda one: (order.index(one.scope), one.territory, one.first_day, one.kind))


def _events(
    store: Store, days: dict[str, date], members: Sequence[Association], rule: DataRule
) -> list[DataSignal]:  # fmt: skip
    rows = store.rows(
        'SELECT DISTINCT scope, territory, visit_day, "check", sentence_fr FROM data_events '
        "WHERE night <= $night AND visit_day BETWEEN $first AND $last ORDER BY ALL",
        days,
    )
    return [
        DataSignal(_named(scope, str(where), day, check, members), scope, where, day, day, sentence)
        for scope, where, day, check, sentence in rows
        if scope != "association" or check in rule.checks
    ]


def _named(scope: str, where: str, day: date, check: str, members: Sequence[Association]) -> str:
    """A strike where one was declared for that day, else the check."""
    inside = DataSignal("", scope, where, day, day, "").inside(members)
    declared = [members[n].declared_on(day) for n in inside]
    return "strike" if any(one is not None and one.kind == "strike" for one in declared) else check


def _lost(store: Store, days: dict[str, date], members: Sequence[Association]) -> list[DataSignal]:
    """Feeds of which nothing had come by the night after, and still nothing is known; or not all, or refused."""
    known = set(
        store.rows(
            "SELECT association, visit_day FROM brief_denominators WHERE visit_day BETWEEN $first AND $last "
            "AND night <= $night GROUP BY ALL HAVING sum(visits_all) > 0",
            days,
        )
    )
    codes = {item.code for item in members}
    rows = store.rows(
        "SELECT association, night, status, code FROM receptions WHERE night BETWEEN $first::DATE + 1 AND $night "
        f"AND status IN {LOST} ORDER BY ALL",
        {name: days[name] for name in ("first", "night")},
    )
    return [
        DataSignal("feed_lost", "association", code, when - ONE_DAY, when - ONE_DAY, f"{status}, {why}")
        for code, when, status, why in rows
        if code in codes and (status != "absent" or (code, when - ONE_DAY) not in known)
    ]


def _new(members: Sequence[Association], first: date, last: date) -> list[DataSignal]:
    return [
        DataSignal("new_association", "association", item.code, first, item.since - ONE_DAY, f"depuis le {item.since}")
        for item in members
        if first < item.since <= last
    ]
