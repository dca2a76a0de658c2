"""Code: the night's records enter the store, and each visit is given the syndromes it counts in."""

from __future__ import annotations

from surveillance.coding.syndromes import Coder, load_syndromes
from surveillance.coding.thesauri import load_thesauri
from surveillance.history import admit_night, nights_held, take_out
from surveillance.night import Counts, Night


def code(night: Night) -> Counts:
    """Admit the records of this night; later nights already held are taken out and admitted again after it."""
    coder = Coder(load_syndromes(night.content), load_thesauri(night.content))
    held = nights_held(night.store, night.date)
    records = night.settings.state / "records"
    with night.store.transaction():
        for later in reversed(held):
            take_out(night.store, later)
        counts = admit_night(night.store, night.date, records / night.date.isoformat(), coder)
        for later in held:
            if later != night.date:
                admit_night(night.store, later, records / later.isoformat(), coder)
    if held:
        night.store.keep_fact("recount", "all")
    return counts
