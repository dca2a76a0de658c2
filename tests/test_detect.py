"""Signals: which of them lean on a feed that is missing tonight."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd

from surveillance.associations import load_associations
from surveillance.content import Content
from surveillance.detection.rules import load_rules
from surveillance.detection.signals import find_signals
from surveillance.steps.detect import lies_in

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


def test_a_signal_leans_on_the_data_events_of_its_own_place(content: Content) -> None:
    """A strike in a région troubles it and its départements; one association troubles its département only."""
    members = {item.code: item for item in load_associations(content)}
    lille = members["5901"]
    cases = {
        ("national", "FR"): (True, True, True),
        ("region", lille.region): (True, True, False),
        ("region", "11"): (False, False, False),
        ("association", "5901"): (True, False, False),
    }
    places = [("department", lille.department), ("region", lille.region), ("national", "FR")]
    for (scope, where), wanted in cases.items():
        assert tuple(lies_in(kind, code, scope, where, members) for kind, code in places) == wanted
    series = pd.DataFrame(jump("department", "59"))
    doubts = lambda kind, territory, day: "données du 14/01 (France)" if kind == "department" else ""  # noqa: E731
    _, found = find_signals(series, {}, load_rules(content).ears_c2, doubts)
    assert {(item["doubtful"], item["reason"]) for item in found} == {(True, "données du 14/01 (France)")}
