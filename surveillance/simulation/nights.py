"""One night: the files on every association's server, as the day before, late visits and faults made them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import InitVar, dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np

from surveillance.associations import Association
from surveillance.simulation.corrections import corrected
from surveillance.simulation.csv_feeds import french_csv
from surveillance.simulation.damage import DAMAGE, Damaged, swap
from surveillance.simulation.days import Days
from surveillance.simulation.failing import ALTERED, WORDED
from surveillance.simulation.faults import KINDS, OLD, Case, Fault, cases_of, silent_before
from surveillance.simulation.feeds import Feed, file_name, made_at, make_feed
from surveillance.simulation.visits import CANCELLED, Visits, concatenate
from surveillance.simulation.wording import Wording
from surveillance.simulation.world import World

LONGEST = 14  # days a visit may take to arrive
Maker = Callable[[Case, Association, date, list[Feed], Visits], Damaged]
WITHDRAWN = 2  # visits that a file sent again cancels


@dataclass(frozen=True)
class NightFiles:
    """The files of a night, what was done to them (one dict per fault), and its visits before any fault.

    sent: how many of them are each association's.
    """

    night: date
    files: list[Feed]
    faults: list[dict[str, Any]]
    visits: int
    sent: dict[str, int] = field(default_factory=dict)


@dataclass
class Nights:
    """Makes nights; nothing depends on the nights made before."""

    world: World
    faults: Sequence[Fault] = ()
    days: Days = field(init=False)
    shared: InitVar[Days | None] = None  # days already drawn from the same world

    def __post_init__(self, shared: Days | None) -> None:
        self.days = shared or Days(self.world)

    def visits(self, night: date) -> Visits:
        """The visits of all associations that reach them between the night before and this night."""
        parts = []
        for delay in range(1, LONGEST + 1):
            day = self.days.visits(night - timedelta(days=delay))
            parts.append(day.take(day.delay == delay))
        return concatenate(parts).in_order()

    def sound(self, night: date, item: Association, visits: Visits | None = None) -> tuple[Feed, Visits]:
        """The file an association would send if nothing were wrong, and its visits."""
        everyone = self.visits(night) if visits is None else visits
        number = self.world.associations.index(item)
        low, high = np.searchsorted(everyone.association, [number, number + 1])
        mine = everyone.take(slice(int(low), int(high)))
        return make_feed(self.world, item, night, mine), mine

    def files(self, night: date, only: str = "") -> NightFiles:
        """Everything that lies on the servers that night, or what one association has there."""
        everyone = self.visits(night)
        cases = cases_of(self.faults, night, self.world.associations, self.world.seed)
        silent = silent_before(self.faults, night, self.world.associations, self.world.seed)
        found: list[Feed] = []
        truth: list[dict[str, Any]] = []
        sent: dict[str, int] = {}
        for item in self.world.associations:
            if not item.open_on(night) or only not in ("", item.code):
                continue
            feed, mine = self.sound(night, item, everyone)
            damaged, sent[item.code] = Damaged([feed]), len(mine)
            for case in (case for case in (*cases, *silent) if case.association == item.code):
                damaged = self._damage(case, item, night, damaged.files, mine)
                truth.append(_told("late" if case in silent else case.kind, case, item, night, damaged, len(mine)))
            found += damaged.files
        return NightFiles(night, found, truth, len(everyone), sent)

    def _damage(self, case: Case, item: Association, night: date, files: list[Feed], mine: Visits) -> Damaged:
        if not files:
            return Damaged([], "no file to damage")
        if case.kind in ALTERED:
            visits = ALTERED[case.kind](mine)
            held = KINDS[case.kind].said(item.dialect)[0] == "refused"
            return Damaged([make_feed(self.world, item, night, visits)], "", 0 if held else len(visits))
        if case.kind in WORDED:
            return Damaged([make_feed(self.world, item, night, mine, WORDED[case.kind])])
        if case.kind in DAMAGE:
            return DAMAGE[case.kind](files[0], item)
        made: Maker = getattr(self, f"_{case.kind}")
        return made(case, item, night, files, mine)

    def _late(self, case: Case, item: Association, night: date, files: list[Feed], mine: Visits) -> Damaged:
        earlier = [self.sound(night - timedelta(days=n), item) for n in range(case.nights, 0, -1)]
        return _caught_up(earlier, files, mine)

    def _old(self, case: Case, item: Association, night: date, files: list[Feed], mine: Visits) -> Damaged:
        return _caught_up([self.sound(night - timedelta(days=OLD), item)], files, mine)

    def _total_line(self, case: Case, item: Association, night: date, files: list[Feed], mine: Visits) -> Damaged:
        data = french_csv(Wording(self.world, item, mine), total=True)
        return Damaged([files[0].holding(data)], f"TOTAL;{len(mine)}")

    def _total_mismatch(self, case: Case, item: Association, night: date, files: list[Feed], mine: Visits) -> Damaged:
        """The total was counted before the last visits were."""
        data = french_csv(Wording(self.world, item, mine), total=True)
        less = max(len(mine) - 3, 0)
        told = data.replace(f"TOTAL;{len(mine)}\r\n".encode(), f"TOTAL;{less}\r\n".encode())
        return Damaged([files[0].holding(told)], f"TOTAL;{less} for {len(mine)}")

    def _wrong_association(
        self, case: Case, item: Association, night: date, files: list[Feed], mine: Visits
    ) -> Damaged:
        same = [other for other in self.world.associations if other.dialect == item.dialect and other != item]
        return swap(files[0], item, same[0].code)

    def _foreign(self, case: Case, item: Association, night: date, files: list[Feed], mine: Visits) -> Damaged:
        """The whole file of another association, of another région where there is one."""
        same = [
            other
            for other in self.world.associations
            if other.dialect == item.dialect and other != item and other.open_on(night)
        ]
        other = max(same, key=lambda one: (one.region != item.region, one.usual_volume))
        feed, _ = self.sound(night, other)
        return Damaged([Feed(item.code, feed.name, feed.data, files[0].modified)], f"the file of {other.code}")

    def _yesterdays_name(self, case: Case, item: Association, night: date, files: list[Feed], mine: Visits) -> Damaged:
        name = file_name(item, night - timedelta(days=1))
        return Damaged([files[0].named(name)], f"named {name}")

    def _resent(self, case: Case, item: Association, night: date, files: list[Feed], mine: Visits) -> Damaged:
        before = night - timedelta(days=1)
        _, visits = self.sound(before, item)
        seed = [self.world.seed, 8, night.toordinal(), self.world.associations.index(item)]
        changed, number = corrected(visits, self.world.recipes, self.world.catalogue, seed)
        return self._again(item, night, files, mine, changed, f"{number} visits corrected")

    def _withdrawn(self, case: Case, item: Association, night: date, files: list[Feed], mine: Visits) -> Damaged:
        """Yesterday's file again, in which two visits are cancelled (those that were not already)."""
        _, visits = self.sound(night - timedelta(days=1), item)
        kind = visits.kind.copy()
        kind[np.flatnonzero(kind != CANCELLED)[:WITHDRAWN]] = CANCELLED
        return self._again(item, night, files, mine, visits.changed(kind=kind), f"{WITHDRAWN} visits withdrawn")

    def _again(
        self, item: Association, night: date, files: list[Feed], mine: Visits, changed: Visits, detail: str
    ) -> Damaged:
        again = make_feed(self.world, item, night - timedelta(days=1), changed)
        when = int(made_at(item, night).timestamp())
        both = [Feed(item.code, again.name, again.data, when), *files]
        return Damaged(both, f"{again.name}: {detail}", len(mine) + len(changed), len(mine))


def _caught_up(earlier: list[tuple[Feed, Visits]], files: list[Feed], mine: Visits) -> Damaged:
    """Files of earlier nights that come with tonight's."""
    moved = [Feed(feed.association, feed.name, feed.data, files[-1].modified) for feed, _ in earlier]
    names, number = ", ".join(feed.name for feed in moved), sum(len(visits) for _, visits in earlier)
    return Damaged([*moved, *files], names, len(mine) + number)


def _told(why: str, case: Case, item: Association, night: date, damaged: Damaged, visits: int) -> dict[str, Any]:
    """The line of the truth: what the night should say of a fault."""
    kind = KINDS[case.kind]
    status, code = kind.said(item.dialect)
    nothing = status in ("absent", "refused")
    accepted = 0 if nothing else visits if damaged.accepted is None else damaged.accepted
    return {
        "fault": why,
        "association": item.code,
        "night": night.isoformat(),
        "status": status,
        "code": code,
        "note": kind.note,
        "detail": damaged.detail,
        "accepted": accepted,
        "fresh": accepted if damaged.fresh is None else damaged.fresh,
        "refused": damaged.refused,
    }
