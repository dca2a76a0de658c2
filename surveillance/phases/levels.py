"""From votes to phases: base, pre-epidemic, epidemic, post-epidemic, week after week."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from surveillance.phases.votes import Votes
from surveillance.signal_rules import PhaseRule


class Phase(IntEnum):
    """The phases, with the numbers of the published alert levels (1–4); 0: it cannot be said."""

    UNKNOWN = 0
    BASE = 1
    PRE = 2
    EPIDEMIC = 3
    POST = 4

    @property
    def word(self) -> str:
        """As files say it."""
        return "" if self is Phase.UNKNOWN else self.name.lower()


def phases(votes: Votes, rule: PhaseRule) -> NDArray[np.int8]:
    """Weeks × series of Phase, for weeks in their order.

    strong: at least `rule.votes` methods say epidemic. Epidemic from the `rule.weeks_in`-th strong week in a row on,
    until `rule.weeks_out` weeks in a row were not strong; then post-epidemic until `rule.calm` weeks in a row were
    without any vote. Pre-epidemic: a vote, or a strong week that is not yet enough, out of the base. A week of which
    fewer than `rule.votes` methods can say anything is UNKNOWN, and breaks no row: it is as if it were not there.
    """
    known = votes.able >= rule.votes
    strong = known & (votes.epidemic >= rule.votes)
    silent = known & (votes.epidemic == 0)
    number = known.shape[1]
    state = np.full(number, int(Phase.BASE), dtype=np.int8)
    rising, falling, calm = (np.zeros(number, dtype=np.intp) for _ in range(3))
    found = np.zeros(known.shape, dtype=np.int8)
    for week in range(len(known)):
        rising = np.where(known[week], np.where(strong[week], rising + 1, 0), rising)
        falling = np.where(known[week], np.where(strong[week], 0, falling + 1), falling)
        calm = np.where(known[week], np.where(silent[week], calm + 1, 0), calm)
        state = np.where(known[week], _next(state, rising, falling, calm, silent[week], rule), state).astype(np.int8)
        found[week] = np.where(known[week], state, int(Phase.UNKNOWN))
    return found


def _next(
    state: NDArray[np.int8],
    rising: NDArray[np.intp],
    falling: NDArray[np.intp],
    calm: NDArray[np.intp],
    silent: NDArray[np.bool_],
    rule: PhaseRule,
) -> NDArray[np.int8]:
    """The phase after a week, of each series."""
    before = np.isin(state, (Phase.BASE, Phase.PRE))
    over = (state == Phase.EPIDEMIC) & (falling >= rule.weeks_out)
    after = (state == Phase.POST) | over
    choices = [
        (rising >= rule.weeks_in, Phase.EPIDEMIC),
        (after & (calm >= rule.calm), Phase.BASE),
        (after, Phase.POST),
        (state == Phase.EPIDEMIC, Phase.EPIDEMIC),
        (before & silent, Phase.BASE),
    ]
    chosen = np.select([condition for condition, _ in choices], [int(phase) for _, phase in choices], int(Phase.PRE))
    return np.asarray(chosen, dtype=np.int8)


def weeks_in_phase(found: NDArray[np.int8]) -> NDArray[np.intp]:
    """For how many weeks the phase of each week has lasted (unknown weeks between count): weeks × series."""
    lasted = np.zeros(found.shape, dtype=np.intp)
    told = np.zeros(found.shape[1], dtype=np.int8)
    run = np.zeros(found.shape[1], dtype=np.intp)
    for week in range(len(found)):
        known = found[week] != Phase.UNKNOWN
        run = np.where(known & (found[week] != told), 1, run + 1)
        told = np.where(known, found[week], told)
        lasted[week] = np.where(known, run, 0)
    return lasted
