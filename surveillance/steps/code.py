"""Code: the night's records enter the store, and each visit is given the syndromes it counts in."""

from __future__ import annotations

from datetime import date

from surveillance.coding.syndromes import Coder, load_syndromes
from surveillance.coding.thesauri import load_thesauri
from surveillance.habits.keeping import events_of
from surveillance.habits.nights import Judge
from surveillance.history import admit_night, nights_held, recount_later, take_out, touched_days
from surveillance.night import Counts, Night
from surveillance.records import nights_on_disk


def code(night: Night) -> Counts:
    """Admit the records of this night, and of earlier ones that a lost or half-built store lacks.

    Later nights already held are taken out and admitted again after it.
    """
    coder = Coder(load_syndromes(night.content), load_thesauri(night.content))
    records = night.settings.state / "records"
    judge = Judge(night.content, night.associations)
    lacking = _lacking(night)
    if lacking:
        night.journal.event("nights put back", first=lacking[0], nights=len(lacking), reason="not in the store")
    held = nights_held(night.store, min([night.date, *lacking]))
    counts: Counts = {}
    nights = sorted({*held, *lacking, night.date})
    with night.store.transaction():
        touched = [touched_days(night.store, one) for one in held]
        for one in reversed(held):
            take_out(night.store, one)
        for one in nights:
            admitted = admit_night(night.store, one, records / one.isoformat(), coder, judge)
            counts = admitted if one == night.date else counts
        recount_later(night.store, [*touched, *(touched_days(night.store, one) for one in nights)])
    _tell(night)
    return counts


def _tell(night: Night) -> None:
    for event in events_of(night.store, night.date):
        night.journal.event("data event", **event)


def _lacking(night: Night) -> list[date]:
    """Earlier nights whose records are there and that the store does not hold."""
    held = set(nights_held(night.store, date.min))
    earlier = (one for one in nights_on_disk(night.settings.state / "records") if one < night.date)
    return sorted(one for one in earlier if one not in held)
