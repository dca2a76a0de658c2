"""The back-test: sound nights are not set aside, faults are seen, and real files give the profiles that are judged."""

from __future__ import annotations

from datetime import date

from surveillance.content import Content
from surveillance.habits.backtest import FAULTS, MOST_FALSE, backtest


def test_sound_files_pass_and_faults_are_seen(content: Content) -> None:
    """Five weeks to learn from, two nights judged, three real files read (the command's year is in docs/checks.md)."""
    told: list[None] = []
    score = backtest(content, date(2023, 2, 1), date(2023, 2, 2), sample=3, advance=lambda: told.append(None))
    assert len(told) == 2
    assert score.association_nights == 126
    assert score.false_holds() <= MOST_FALSE
    assert (score.files_read, score.files_differing) == (3, 0)
    rows = {str(row["fault"]): row for row in score.rows() if row["fault"]}
    assert set(rows) == set(FAULTS)
    for fault in ("sex lost", "age lost", "diagnoses lost", "half of the codes unknown"):
        assert rows[fault]["share_held"] == 1, fault
    for fault in ("coded share -40 points", "no visit of the day"):
        assert (rows[fault]["share_seen"], rows[fault]["held"]) == (1, 0), fault
    assert float(str(rows["volume doubled"]["share_seen"])) > 0.8
    assert rows["volume halved"]["held"] == 0
    assert not [event for event in score.events if event.scope != "association"]
