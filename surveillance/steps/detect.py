"""Detect: test the last days of every series; a signal that leans on a missing feed says so."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from surveillance.detection.rules import EarsRule, load_rules
from surveillance.night import Counts, Night

if TYPE_CHECKING:
    import pandas as pd


def detect(night: Night) -> Counts:
    """Write the signals of the night; counts of series tested and of signals."""
    import pyarrow as pa

    rule = load_rules(night.content).ears_c2
    tested, found = find_signals(_series(night, rule), _troubled(night), rule)
    night.store.run("DELETE FROM signals WHERE night = $night", {"night": night.date})
    if found:
        rows = [{"night": night.date, "method": "EARS C2", **signal} for signal in found]
        with night.store.table("found", pa.Table.from_pylist(rows)):
            night.store.run("INSERT INTO signals BY NAME SELECT * FROM found")
    return {"series": tested, "signals": len(found)}


def find_signals(
    series: pd.DataFrame, troubled: dict[tuple[str, str], str], rule: EarsRule
) -> tuple[int, list[dict[str, Any]]]:
    """Signals of the last days of a frame (territory_kind, territory, syndrome, visit_day, visits).

    `troubled`: (kind, territory) → who is missing there tonight; 44 is a département and another région.
    """
    import pandas as pd

    from surveillance.detection.ears import c2

    if series.empty:
        return 0, []
    keys = ["territory_kind", "territory", "syndrome"]
    wide = series.pivot_table(index="visit_day", columns=keys, values="visits", aggfunc="sum")
    days = pd.date_range(wide.index.min(), wide.index.max())
    counts = wide.reindex(days).fillna(0.0).to_numpy(float)
    result = c2(counts, rule.baseline_days, rule.min_sigma)
    names = [(str(key[0]), str(key[1]), str(key[2])) for key in wide.columns.to_list()]
    found = []
    for day in range(max(0, len(days) - rule.tested_days), len(days)):
        for place, (kind, territory, syndrome) in enumerate(names):
            observed = float(counts[day, place])
            if kind in rule.territories and result.alarm[day, place] and observed >= rule.min_count:
                missing = troubled.get((kind, territory), "")
                found.append(
                    {
                        "syndrome": syndrome,
                        "territory_kind": kind,
                        "territory": territory,
                        "visit_day": days[day].date(),
                        "observed": observed,
                        "expected": float(result.expected[day, place]),
                        "threshold": float(result.threshold[day, place]),
                        "statistic": float(result.statistic[day, place]),
                        "doubtful": bool(missing),
                        "reason": missing,
                    }
                )
    return counts.shape[1], found


def _series(night: Night, rule: EarsRule) -> pd.DataFrame:
    import pyarrow as pa

    places = pa.Table.from_pylist([{"department": d, "region": r} for d, r in sorted(_regions(night).items())])
    with night.store.table("territories", places):
        return night.store.frame(
            night.store.sql("series"),
            {
                "first": night.visit_day - timedelta(days=rule.history_days),
                "last": night.visit_day,
            },
        )


def _regions(night: Night) -> dict[str, str]:
    return {item.department: item.region for item in night.associations}


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
