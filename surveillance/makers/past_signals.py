"""The signals of past nights, told again in their order: a replay rebuilds what is counted, not what was signalled.

    python -m surveillance.makers.past_signals FROM TO --state DIR [--site DIR]

Each night is judged as known after it, by the rules in force now; events keep their names from night to night. Then
`surveillance signals --since FROM --state DIR` shows them. What people judged (signals/judgements.jsonl) stays.
"""

from __future__ import annotations

import argparse
from datetime import date, timedelta
from pathlib import Path

from surveillance.clock import Clock
from surveillance.content import Content
from surveillance.locking import night_lock
from surveillance.night import Counts, Night
from surveillance.settings import Settings, load_settings
from surveillance.steps.detect import detect
from surveillance.store import publish


def past_signals(content: Content, settings: Settings, first: date, last: date) -> dict[date, Counts]:
    """Run the step on each of these nights, publish the store, and say what each came to."""
    found: dict[date, Counts] = {}
    with night_lock(settings.state, f"signals {first} to {last}"):
        for n in range((last - first).days + 1):
            night = Night(first + timedelta(days=n), content, settings, Clock())
            try:
                found[night.date] = detect(night)
                if night.date == last:
                    publish(night.store, settings.state)
            finally:
                night.close()
    return found


def main() -> None:
    """Print the events and data signals of each night."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("first", type=date.fromisoformat)
    asked.add_argument("last", type=date.fromisoformat)
    asked.add_argument("--state", type=Path, required=True)
    asked.add_argument("--site", type=Path)
    given = asked.parse_args()
    content = Content(given.site)
    for night, counts in past_signals(content, load_settings(content, given.state), given.first, given.last).items():
        print(f"{night}: {counts.get('events', 0)} events, {counts['data_signals']} data signals")


if __name__ == "__main__":
    main()
