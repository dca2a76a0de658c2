"""What is watched, read from the ledgers as known after a night: two statements each, then arrays."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from surveillance.ages import load_ages
from surveillance.associations import Association
from surveillance.signals.data_signals import DataSignal
from surveillance.signals.near_days import NearDays
from surveillance.signals.watched import ALL, Array, Watched

if TYPE_CHECKING:
    from surveillance.signal_rules import CalendarRule
    from surveillance.store import Store


def read_watched(
    store: Store, night: date, steps: int, members: Sequence[Association], names: tuple[Sequence[str], str],
    signals: Sequence[DataSignal], calendar: tuple[NearDays, CalendarRule], step: int = 1,
) -> Watched:  # fmt: skip
    """The last steps (of `step` days) before the night. `names`: the syndromes, and the scheme of ages."""
    syndromes, scheme = tuple(names[0]), load_ages(store.content).scheme(names[1])
    last = night - timedelta(days=1)
    first = last - timedelta(days=steps * step - 1)
    groups = [name for name, bands in scheme.groups.items() if bands != (load_ages(store.content).unknown,)]
    places = {band: groups.index(group) + 1 if group in groups else 0 for band, group in scheme.of_band.items()}
    tables = {
        "watched_associations": ("association", {item.code: n for n, item in enumerate(members)}),
        "watched_syndromes": ("syndrome", {name: n for n, name in enumerate(syndromes)}),
        "watched_ages": ("age_band", places),
    }
    given = {"first": first, "last": last, "night": night, "days": step}
    with ExitStack() as stack:
        for name, (column, numbers) in tables.items():
            stack.enter_context(store.table(name, _table(column, numbers)))
        counts = _array(store, "watched_counts", given, (steps, len(members), len(syndromes), len(groups) + 1))
        acts = _array(store, "watched_acts", given, (steps, len(members)))
    counts[..., 0] = counts.sum(axis=-1)
    days = [first + timedelta(days=step * n + step - 1) for n in range(steps)]
    left, factor = calendar[0].arrays(days, members, calendar[1].left_out if step == 1 else ())
    blind, doubtful = np.zeros_like(left), acts[:, :, 0] <= 0
    for signal in signals:
        touched = np.array([signal.first_day <= day and signal.last_day > day - timedelta(days=step) for day in days])
        wide = signal.scope in ("national", "region")
        (blind if wide else doubtful)[np.ix_(touched, np.array(signal.inside(members), np.intp))] = True
    ages = (ALL, *groups)
    school = calendar[0].schools.factors(days, [item.department for item in members], ages)
    if step > 1:
        factor, school = np.ones_like(factor), np.ones_like(school)
    return Watched(
        np.array(days, "datetime64[D]"), tuple(members), syndromes, ages, counts, acts, left | blind,
        doubtful & ~blind, blind, factor, school, step,
    )  # fmt: skip


def _table(column: str, numbers: dict[str, int]) -> Any:
    import pyarrow as pa

    return pa.table({column: list(numbers), "place": pa.array(numbers.values(), pa.int32())})


def _array(store: Store, name: str, given: dict[str, Any], shape: tuple[int, ...]) -> Array:
    """The rows of a statement put into an array: places first, values last (several: along one more dimension)."""
    found = store.arrow(store.sql(name), given)
    columns = [found.column(one).to_numpy() for one in found.column_names]
    keys, values = columns[: len(shape)], columns[len(shape) :]
    out = np.zeros((*shape, len(values)))
    for n, value in enumerate(values):
        out[(*keys, n)] = value
    return np.asarray(out[..., 0] if len(values) == 1 else out)


def steps_known(store: Store, night: date, most: int) -> int:
    """Days from the first that acts are known of to the day before the night, no more than `most`."""
    first = store.value("SELECT min(visit_day) FROM brief_denominators WHERE night <= $night", {"night": night})
    begun = store.value("SELECT min(night) FROM receptions")  # late visits of days before the first night are few
    if first is None or begun is None:
        return 0
    return min(most, max(0, int((night - max(first, begun - timedelta(days=1))).days)))
