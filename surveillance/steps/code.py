"""Code: the night's records enter the store, and each visit is given the syndromes it counts in."""

from __future__ import annotations

from datetime import date

from surveillance.coding.codings import Codings
from surveillance.counting import count_later
from surveillance.habits.keeping import events_of
from surveillance.habits.nights import Judge
from surveillance.history import admit_night, nights_held, take_out
from surveillance.night import Counts, Night
from surveillance.records import nights_on_disk
from surveillance.visit_codes import apply_adoptions, settle_codings


def code(night: Night) -> Counts:
    """Admit the records of this night, and of earlier ones that a lost or half-built store lacks.

    Later nights already held are taken out and admitted again after it.
    """
    codings = Codings(night.settings.state)
    settle_codings(night.store, codings)
    records = night.settings.state / "records"
    judge = Judge(night.content, night.associations)
    lacking = _lacking(night)
    if lacking:
        night.journal.event("nights put back", first=lacking[0], nights=len(lacking), reason="not in the store")
    held = nights_held(night.store, min([night.date, *lacking]))
    counts: Counts = {}
    nights = sorted({*held, *lacking, night.date})
    _begin(night, codings, nights)
    with night.store.transaction():
        for one in reversed(held):
            take_out(night.store, one)
        for one in nights:
            coding = codings.in_force(one)
            folder, coder = records / one.isoformat(), codings.coder(coding.digest)
            admitted = admit_night(night.store, one, folder, coder, judge, coding.number)
            counts = admitted if one == night.date else counts
        unseen = apply_adoptions(night.store, codings, nights[0])
        count_later(night.store, min([nights[0], *(one.from_night for one in unseen)]))
    _tell(night)
    return counts


def _begin(night: Night, codings: Codings, nights: list[date]) -> None:
    """The night begins a coding when the content is another than that of the last; nights before the newest that is
    known keep theirs. The very first coding is that of the oldest night."""
    first = night.date if codings.last else nights[0]
    if begun := codings.begin(night.content, first, nights[-1]):
        night.journal.event(
            "coding begun", number=begun.number, definitions=begun.version, digest=begun.digest, night=begun.from_night
        )


def _tell(night: Night) -> None:
    for event in events_of(night.store, night.date):
        night.journal.event("data event", **event)


def _lacking(night: Night) -> list[date]:
    """Earlier nights whose records are there and that the store does not hold."""
    held = set(nights_held(night.store, date.min))
    earlier = (one for one in nights_on_disk(night.settings.state / "records") if one < night.date)
    return sorted(one for one in earlier if one not in held)
