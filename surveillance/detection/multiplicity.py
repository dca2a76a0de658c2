"""Many tests in a night: adjusted p-values, and p-values of counts that are not too careful for it.

Benjamini and Hochberg 1995 (J R Stat Soc B 57:289–300), Benjamini and Yekutieli 2001 (Ann Stat 29:1165–1188),
Benjamini and Bogomolov 2014 (J R Stat Soc B 76:297–318), Lancaster 1961 (J Am Stat Assoc 56:223–234). NaN: a series
that could not be tested; it is no test and counts in no number of tests.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from surveillance.detection.judged import Array


def p_adjust(pvalues: Array, method: str = "BH") -> Array:
    """Adjusted p-values, of the same shape: `BH`, `BY` (any dependence) or `bonferroni`. NaN stays NaN."""
    flat = np.asarray(pvalues, dtype=float).ravel()
    at = np.flatnonzero(~np.isnan(flat))
    number = len(at)
    out = np.full(flat.shape, np.nan)
    if not number:
        return out.reshape(np.shape(pvalues))
    if method == "bonferroni":
        out[at] = np.minimum(1.0, number * flat[at])
        return out.reshape(np.shape(pvalues))
    factor = float(np.sum(1.0 / np.arange(1, number + 1))) if method == "BY" else 1.0
    order = np.argsort(flat[at], kind="stable")
    stepped = factor * flat[at][order] * number / np.arange(1, number + 1)
    least = np.minimum.accumulate(stepped[::-1])[::-1]  # the least of it and of all larger p-values
    out[at[order]] = np.minimum(1.0, least)
    return out.reshape(np.shape(pvalues))


class Hierarchy(NamedTuple):
    """rejected: of each test. families: their names; family: their p-value (Simes); selected: families rejected."""

    rejected: NDArray[np.bool_]
    families: NDArray[np.str_]
    family: Array
    selected: NDArray[np.bool_]


def hierarchical(
    pvalues: Array, families: NDArray[np.str_], level: float = 0.10, parents: dict[str, float] | None = None
) -> Hierarchy:
    """First families, then tests within those that are rejected, each family at level × selected / families.

    The p-value of a family is that of its parent test (`parents`: a syndrome over the nation for its regions) or else
    Simes' of its tests, min of p_(i) n/i. The expected share of false discoveries, averaged over the selected families,
    is held at `level`.
    """
    names, place = np.unique(families, return_inverse=True)
    within = np.full(len(pvalues), np.nan)
    family = np.full(len(names), np.nan)
    for number, name in enumerate(names):
        at = place == number
        within[at] = p_adjust(pvalues[at])
        if parents is not None and str(name) in parents:
            family[number] = parents[str(name)]
        elif not np.isnan(within[at]).all():
            family[number] = np.nanmin(within[at])  # Simes: the least of the adjusted p-values
    with np.errstate(invalid="ignore"):
        selected = p_adjust(family) <= level
        share = level * selected.sum() / max(1, int((~np.isnan(family)).sum()))
        rejected = selected[place] & (within <= share)
    return Hierarchy(np.asarray(rejected), names, family, np.asarray(selected))
