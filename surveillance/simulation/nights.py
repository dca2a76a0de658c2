"""One night: the files on every association's server, as the day before, late visits and faults made them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import InitVar, dataclass, field
from datetime import date, timedelta

import numpy as np

from surveillance.associations import Association
from surveillance.simulation.corrections import corrected
from surveillance.simulation.csv_feeds import french_csv
from surveillance.simulation.damage import DAMAGE, Damaged, swap
from surveillance.simulation.days import Days
from surveillance.simulation.faults import KINDS, Case, Fault, cases_of, silent_before
from surveillance.simulation.feeds import Feed, made_at, make_feed
from surveillance.simulation.visits import Visits, concatenate
from surveillance.simulation.wording import Wording
from surveillance.simulation.world import World

LONGEST = 14  # days a visit may take to arrive


@dataclass(frozen=True)
class NightFiles:
    """The files of a night, what was done to them (one dict per fault), and its visits before any fault."""

    night: date
    files: list[Feed]
    faults: list[dict[str, str]]
    visits: int


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
        truth: list[dict[str, str]] = []
        for item in self.world.associations:
            if not item.open_on(night) or only not in ("", item.code):
                continue
            feed, mine = self.sound(night, item, everyone)
            damaged = Damaged([feed])
            for case in (case for case in (*cases, *silent) if case.association == item.code):
                damaged = self._damage(case, item, night, damaged.files, mine)
                kind = KINDS[case.kind]
                why = "late" if case in silent else case.kind
                truth.append(
                    {
                        "fault": why,
                        "association": item.code,
                        "night": night.isoformat(),
                        "status": kind.status,
                        "code": kind.code,
                        "detail": damaged.detail,
                    }
                )
            found += damaged.files
        return NightFiles(night, found, truth, len(everyone))

    def _damage(self, case: Case, item: Association, night: date, files: list[Feed], mine: Visits) -> Damaged:
        if not files:
            return Damaged([], "no file to damage")
        if case.kind == "late":
            earlier = [self.sound(night - timedelta(days=n), item)[0] for n in range(case.nights, 0, -1)]
            when = files[-1].modified
            moved = [Feed(item.code, feed.name, feed.data, when) for feed in earlier]
            return Damaged([*moved, *files], ", ".join(feed.name for feed in moved))
        if case.kind == "resent":
            return self._resend(item, night, files)
        if case.kind == "total_line":
            return Damaged(
                [files[0].holding(french_csv(Wording(self.world, item, mine), total=True))], f"TOTAL;{len(mine)}"
            )
        if case.kind == "wrong_association":
            others = [
                other.code for other in self.world.associations if other.dialect == item.dialect and other != item
            ]
            return swap(files[0], item, others[0])
        return DAMAGE[case.kind](files[0], item)

    def _resend(self, item: Association, night: date, files: list[Feed]) -> Damaged:
        before = night - timedelta(days=1)
        _, visits = self.sound(before, item)
        seed = [self.world.seed, 8, night.toordinal(), self.world.associations.index(item)]
        changed, number = corrected(visits, self.world.recipes, self.world.catalogue, seed)
        again = make_feed(self.world, item, before, changed)
        when = int(made_at(item, night).timestamp())
        return Damaged(
            [Feed(item.code, again.name, again.data, when), *files], f"{again.name}: {number} visits corrected"
        )
