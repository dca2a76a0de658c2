"""Is it sure? What a clause only suspects: `suspicion de`, `grippe ?`, `a eliminer`, `avc ou malaise`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from surveillance.reasons.segments import Segment


def doubted(segment: Segment) -> Iterator[str]:
    """Concepts kept in the clause that it does not state as certain."""
    terms = segment.at("term")
    for order, at in enumerate(terms):
        item = segment.items[at]
        if item.kept and (_asked(segment, at, terms) or _either(segment, order, terms)):
            yield from item.concepts


def _asked(segment: Segment, at: int, terms: list[int]) -> bool:
    """A cue stands before it, or between it and the next term, or a question mark ends the clause with it."""
    until = next((one for one in terms if one > at), len(segment.items))
    cued = any(cue < at for cue in segment.at("hypothesis"))
    cued = cued or any(at < cue < until for cue in segment.at("hypothesis_after"))
    return cued or (segment.end == "?" and at == terms[-1])


def _either(segment: Segment, order: int, terms: list[int]) -> bool:
    """It is one of two terms with `ou` between them."""
    pairs = [pair for pair in pairwise(terms) if terms[order] in pair]
    return any("ou" in (item.text for item in segment.items[first + 1 : second]) for first, second in pairs)
