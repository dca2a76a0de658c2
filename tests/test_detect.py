"""Signals: which of them lean on a feed that is missing tonight."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd

from surveillance.content import Content
from surveillance.detection.rules import load_rules
from surveillance.detection.signals import find_signals

LAST = date(2024, 1, 15)


def jump(kind: str, territory: str) -> list[dict[str, object]]:
    """Twenty acts a day, then sixty on the last."""
    days = [LAST - timedelta(days=back) for back in range(20)]
    return [
        {
            "territory_kind": kind,
            "territory": territory,
            "syndrome": "grippe",
            "visit_day": pd.Timestamp(day),
            "visits": 60.0 if day == LAST else 20.0,
        }
        for day in days
    ]


def test_a_missing_feed_troubles_its_own_territories_only(content: Content) -> None:
    """Code 44 is Loire-Atlantique and Grand Est: a feed missing in Grand Est says nothing of Loire-Atlantique."""
    series = pd.DataFrame(jump("region", "44") + jump("department", "44"))
    _, found = find_signals(series, {("region", "44"): "6701"}, load_rules(content).ears_c2)
    doubtful = {(item["territory_kind"], item["doubtful"], item["reason"]) for item in found}
    assert doubtful == {("region", True, "6701"), ("department", False, "")}
