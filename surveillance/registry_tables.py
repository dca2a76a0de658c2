"""What the content says of ages, associations and declared days, as tables that statements can read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from surveillance.ages import Ages, load_ages
from surveillance.associations import load_associations
from surveillance.store import Store


@contextmanager
def registry_tables(store: Store, scheme: str) -> Iterator[None]:
    """Let statements read three tables.

    ages: age_band, age_group (of the scheme). territories: association, region, department, since, until (both
    included; no end: 9999-12-31). closures: association, first, last (days declared, both included).
    """
    with (
        store.table("ages", _age_table(load_ages(store.content), scheme)),
        store.table("territories", _territory_table(store)),
        store.table("closures", _closure_table(store)),
    ):
        yield


def _age_table(ages: Ages, scheme: str) -> Any:
    import pyarrow as pa

    pairs = ages.scheme(scheme).of_band
    return pa.table({"age_band": list(pairs), "age_group": list(pairs.values())})


def _territory_table(store: Store) -> Any:
    import pyarrow as pa

    members = load_associations(store.content)
    return pa.table(
        {
            "association": [m.code for m in members],
            "region": [m.region for m in members],
            "department": [m.department for m in members],
            "since": [m.since for m in members],
            "until": [m.until or date(9999, 12, 31) for m in members],
        }
    )


def _closure_table(store: Store) -> Any:
    import pyarrow as pa

    declared = [item for member in load_associations(store.content) for item in member.closures]
    rows = [{"association": item.association, "first": item.first, "last": item.last} for item in declared]
    return pa.Table.from_pylist(
        rows, schema=pa.schema([("association", pa.string()), ("first", pa.date32()), ("last", pa.date32())])
    )
