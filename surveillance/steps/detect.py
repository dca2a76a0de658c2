"""Detect: test the last days of every series; a signal that leans on a missing feed says so."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from surveillance.associations import Association
from surveillance.detection.rules import SignalRules, load_rules
from surveillance.detection.signals import Doubts, find_signals
from surveillance.intake.checks import load_checks
from surveillance.night import Counts, Night

if TYPE_CHECKING:
    import pandas as pd


def detect(night: Night) -> Counts:
    """Write the signals of the night; counts of series tested and of signals."""
    import pyarrow as pa

    rules = load_rules(night.content)
    rule = rules.ears_c2
    tested, found = find_signals(_series(night, rules), _troubled(night), rule, _doubts(night))
    night.store.run("DELETE FROM signals WHERE night = $night", {"night": night.date})
    if found:
        rows = [{"night": night.date, "method": "EARS C2", **signal} for signal in found]
        with night.store.table("found", pa.Table.from_pylist(rows)):
            night.store.run("INSERT INTO signals BY NAME SELECT * FROM found")
    return {"series": tested, "signals": len(found)}


def _series(night: Night, rules: SignalRules) -> pd.DataFrame:
    """Daily counts of the definitions that are tested, by territory."""
    import pyarrow as pa

    places = pa.Table.from_pylist([{"department": d, "region": r} for d, r in sorted(_regions(night).items())])
    with night.store.table("territories", places):
        found = night.store.frame(
            night.store.sql("series"),
            {
                "first": night.visit_day - timedelta(days=rules.ears_c2.history_days),
                "last": night.visit_day,
                "night": night.date,
            },
        )
    return found[found["syndrome"].isin(rules.syndromes)] if rules.syndromes else found


def _regions(night: Night) -> dict[str, str]:
    return {item.department: item.region for item in night.associations}


def _doubts(night: Night) -> Doubts:
    """Which data events a signal leans on: those of its day and of the days of its baseline, where it is."""
    reach = timedelta(days=load_checks(night.content).association.territory.doubt_days)
    found = night.store.rows(
        "SELECT DISTINCT scope, territory, visit_day FROM data_events "
        "WHERE night <= $night AND visit_day >= $first ORDER BY ALL",
        {"night": night.date, "first": night.visit_day - 2 * reach},
    )
    members = {item.code: item for item in night.associations}

    def doubts(kind: str, territory: str, day: date) -> str:
        near = [
            f"données du {when:%d/%m} ({'France' if scope == 'national' else where})"
            for scope, where, when in found
            if day - reach <= when <= day and lies_in(kind, territory, scope, where, members)
        ]
        return ", ".join(dict.fromkeys(near))

    return doubts


def lies_in(kind: str, territory: str, scope: str, where: str, members: dict[str, Association]) -> bool:
    """Does an event of that scope trouble the counts of that territory? One association troubles its département."""
    if scope == "national":
        return True
    if scope == "region":
        inside = {item.department for item in members.values() if item.region == where}
        return (kind, territory) == ("region", where) or (kind == "department" and territory in inside)
    return kind == "department" and where in members and members[where].department == territory


def _troubled(night: Night) -> dict[tuple[str, str], str]:
    rows = night.store.rows(
        "SELECT association FROM receptions WHERE night = $night AND status IN ('absent', 'refused', 'partial')",
        {"night": night.date},
    )
    out: dict[tuple[str, str], str] = {}
    members = {item.code: item for item in night.associations}
    for (code,) in rows:
        item = members[code]
        for place in (("department", item.department), ("region", item.region), ("national", "FR")):
            out[place] = ", ".join(filter(None, [out.get(place, ""), code]))
    return out
