"""Questions to the store: counts, shares and rates by time, place, people and act, now or as on a past night."""

from __future__ import annotations

from surveillance.questions.answering import ask
from surveillance.questions.asked import (
    ASK_INSTEAD,
    DIMENSIONS,
    NEVER_ADDED,
    OF_PEOPLE,
    Answer,
    Earlier,
    Question,
    checked,
    refuse_total,
)
from surveillance.questions.cells import cells
from surveillance.questions.periods import following
from surveillance.questions.trends import REFERENCES, shown, with_trends

__all__ = [
    "ASK_INSTEAD",
    "DIMENSIONS",
    "NEVER_ADDED",
    "OF_PEOPLE",
    "REFERENCES",
    "Answer",
    "Earlier",
    "Question",
    "ask",
    "cells",
    "checked",
    "following",
    "refuse_total",
    "shown",
    "with_trends",
]
