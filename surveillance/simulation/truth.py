"""What a simulation knows of itself: seed, faults and outbreaks, written beside the feeds as truth.json."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

FILE = "truth.json"
FOLLOWED = ("covid", "grippe")  # syndromes whose simulated visits equal published counts; the others are levels only


@dataclass
class Truth:
    """`faults`: fault, association, night, the status, code and detail the night should report, the check that its
    notes name, and how many lines of its files are accepted, refused one by one, told for the first time (fresh).
    `outbreaks`: each with its extra acts by day. `nights`: files written and visits made, by
    night; sent: visits of each association before any fault."""

    seed: int
    first: str
    last: str
    source: str
    faults: list[dict[str, Any]] = field(default_factory=list)
    outbreaks: list[dict[str, Any]] = field(default_factory=list)
    nights: list[dict[str, Any]] = field(default_factory=list)

    def write(self, out: Path) -> None:
        """Write truth.json in the folder of the feeds."""
        text = json.dumps({"simulated": True, **asdict(self)}, ensure_ascii=False, indent=1)
        (out / FILE).write_text(text + "\n", encoding="utf-8")


def read_truth(out: Path) -> Truth:
    """The truth of a folder of feeds."""
    found = json.loads((out / FILE).read_text(encoding="utf-8"))
    found.pop("simulated")
    return Truth(**found)
