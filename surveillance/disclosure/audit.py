"""A new export against everything its readers may hold: each measure with those it lies in or holds."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from surveillance.disclosure.guard import guard
from surveillance.disclosure.partition import parts_of
from surveillance.disclosure.pieces import NotNested
from surveillance.disclosure.rules import Profile, Rules
from surveillance.disclosure.sheets import Counter, Export
from surveillance.disclosure.system import System, give_back, system_of
from surveillance.disclosure.witness import Aim
from surveillance.errors import UsageError

Within = Mapping[str, Collection[str]]
"""Measure → the measures that hold all of its visits."""


class Untenable(UsageError):
    """The export cannot be let out, whatever is hidden in it."""


def protect(new: Export, earlier: Sequence[Export], rules: Rules, holders: Within, count: Counter) -> None:
    """Hide cells of `new` (its columns shown and floor) until no reader can work out a small count.

    Untenable, which names the earlier exports in the way, where that cannot be reached.
    """
    readers = rules.readers(new.profile)
    highest = max(rules.profiles[reader].threshold for reader in readers)
    first = new.cells["value"].between(1, highest - 1) & new.cells["shown"]
    new.cells.loc[first, "shown"], new.cells.loc[first, "floor"] = False, True
    for reader in readers:
        known = [item for item in earlier if item.profile in rules.profiles[reader].reads]
        for chain, sensitive in chains(new, known, holders):
            _judge(new, _related(new, known, chain), chain, sensitive, rules.profiles[reader], count)


def _judge(
    new: Export, known: list[Export], chain: tuple[str, ...], sensitive: int, profile: Profile, count: Counter
) -> None:
    """Judge one chain. An umbrella and its part are judged without denominators where they cannot be with them.

    A part and its denominator, both given, bound what else the umbrella may hold: no more than is neither a secret nor
    to be taken back. And a denominator that holds less than its part is none: the store has two codings there.
    """
    narrower = chain[:sensitive] if len(chain) > sensitive else ()
    try:
        system = system_of(
            parts_of([*known, new], chain, sensitive, count, profile.late), new, lambda name: name in chain[:sensitive]
        )
    except NotNested:
        if narrower:
            _judge(new, known, narrower, sensitive, profile, count)
        return
    left = guard(system, profile.threshold)
    if left and sensitive > 1 and narrower:
        _judge(new, known, narrower, sensitive, profile, count)
        return
    give_back(system, new)
    if left:
        raise _refusal(system, left, new)
    _hide_zeros(new)


def chains(new: Export, known: Sequence[Export], holders: Within) -> Iterator[tuple[tuple[str, ...], int]]:
    """(measures each within the next, how many of them matter) to be judged together.

    A count is looked at with its denominators, which it cannot exceed; a syndrome also with each umbrella that
    holds it, as the umbrella without it may be a small count; a denominator with the larger one.
    """
    there = new.measures().union(*(item.measures() for item in known))
    for measure in sorted(there):
        above = [name for name in holders.get(measure, ()) if name in there]
        denominators = sorted((n for n in above if n.startswith("visits_")), key=lambda n: n == "visits_all")
        if {measure, *denominators} & new.measures():  # a new denominator bounds what was let out before
            yield (measure, *denominators), 1
        for umbrella in above:
            if not umbrella.startswith("visits_") and {measure, umbrella, *denominators} & new.measures():
                yield (measure, umbrella, *denominators), 2


def _related(new: Export, known: Sequence[Export], chain: Sequence[str]) -> list[Export]:
    """The exports that share a measure and, directly or by way of others, visit days with the new one."""
    open_ = [item for item in known if item.measures() & set(chain)]
    found: list[Export] = []
    first, last = new.days()
    while near := [item for item in open_ if item.days()[0] <= last and item.days()[1] >= first]:
        found += near
        open_ = [item for item in open_ if item not in near]
        first = min([first, *(item.days()[0] for item in near)])
        last = max([last, *(item.days()[1] for item in near)])
    return sorted(found, key=lambda item: item.name)


def _hide_zeros(new: Export) -> None:
    """Where a hidden cell must be able to be zero, hide the zeros of the same time, so that hidden ones can be."""
    cells = new.cells
    times = [name for name, cut in new.cuts.items() if cut.axis == "visit_day"]
    keys = ["measure", *times]
    opened = cells.loc[~cells["shown"] & ~cells["floor"] & (cells["value"] > 0), keys].drop_duplicates()
    if len(opened):
        beside = cells[keys].merge(opened, on=keys, how="left", indicator=True)["_merge"].to_numpy() == "both"
        cells.loc[beside & (cells["value"] == 0), "shown"] = False
        cells.loc[beside & (cells["value"] == 0), "floor"] = False


def _refusal(system: System, left: Sequence[Aim], new: Export) -> Untenable:
    columns = sorted({column for aim in left for column in aim.columns})
    rows = system.by_column[:, columns].tocsc().indices
    stand = sorted(
        {system.sheets[sheet][0].name for sheet in system.row[rows, 0] if system.sheets[sheet][0] is not new}
    )
    if not stand:
        return Untenable("this export cannot be protected", "ask for wider cells: months, regions, fewer dimensions")
    return Untenable(
        f"with what was let out before (export {', '.join(stand)}), this export would tell counts too small to show",
        f"ask the same again as export {stand[-1]} (surveillance query … --as-of its night), or for cells that hold "
        "its cells whole, or for wider ones",
    )
