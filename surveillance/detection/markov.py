"""Hidden Markov chains, many at once: filtered and smoothed states, and the most likely path.

Rabiner 1989 (Proc IEEE 77:257–286), each step scaled by its likelihood. n: time, s: series, k: states.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from surveillance.detection.judged import Array

LEAST = 1e-140  # one observation speaks for a state against another at most so clearly: no overflow, no 0/0


class Passes(NamedTuple):
    """filtered, smoothed: n × s × k; moves: s × k × k, expected transitions; likelihood: its logarithm, s."""

    filtered: Array
    smoothed: Array
    moves: Array
    likelihood: Array


def passes(emission: Array, transition: Array, first: Array) -> Passes:
    """`emission`: log density of each observation in each state, n × s × k; 0 where it is missing.

    `transition`: s × k × k, from row to column; `first`: s × k.
    """
    top = emission.max(axis=2, keepdims=True)
    density = np.maximum(np.exp(emission - top), LEAST)  # the largest is 1
    rows = len(emission)
    filtered, scale = np.empty_like(density), np.empty(density.shape[:2])
    ahead = first
    for row in range(rows):
        joint = ahead * density[row]
        scale[row] = joint.sum(axis=1)
        filtered[row] = joint / scale[row][:, None]
        ahead = np.einsum("sk,skj->sj", filtered[row], transition)
    smoothed, moves = filtered.copy(), np.zeros_like(transition)
    behind = np.ones_like(first)
    for row in range(rows - 2, -1, -1):
        weight = density[row + 1] * behind / scale[row + 1][:, None]
        moves += filtered[row][:, :, None] * weight[:, None, :]
        behind = np.minimum(np.einsum("skj,sj->sk", transition, weight), 1 / LEAST)
        smoothed[row] = filtered[row] * behind
    smoothed /= smoothed.sum(axis=2, keepdims=True)
    return Passes(filtered, smoothed, moves * transition, (np.log(scale) + top[:, :, 0]).sum(axis=0))


def most_likely_path(emission: Array, transition: Array, first: Array) -> NDArray[np.intp]:
    """Viterbi: the state of each row, from 0, n × s; ties go to the lower state."""
    with np.errstate(divide="ignore"):
        steps, best = np.log(transition), np.log(first)
    came = np.zeros(emission.shape, np.intp)
    for row in range(len(emission)):
        if row:
            options = best[:, :, None] + steps
            came[row] = options.argmax(axis=1)
            best = options.max(axis=1)
        best = best + emission[row]
    path = np.zeros(emission.shape[:2], np.intp)
    if len(emission):
        path[-1] = best.argmax(axis=1)
    for row in range(len(emission) - 2, -1, -1):
        path[row] = np.take_along_axis(came[row + 1], path[row + 1][:, None], axis=1)[:, 0]
    return path
