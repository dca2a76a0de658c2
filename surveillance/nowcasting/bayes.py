"""The Bayesian nowcast without truncation (Höhle & an der Heiden 2014, Biometrics 70:993–1002; detection.md 11)."""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln

from surveillance.detection.judged import Array

PRIOR = 0.1  # of the Dirichlet distribution of delays, each


def unreported(reported: Array, early: Array, late: Array, chances: tuple[float, ...]) -> tuple[Array, ...]:
    """Quantiles of the acts that are still to come, of arrays of one shape.

    reported: acts known; early, late: past acts that came by that age, and after it. To come is beta-negative binomial
    (reported + 1, early + priors, late + priors). The quantile is the smallest number whose probability reaches it.
    """
    shape = np.shape(reported)
    n, a, b = (np.ravel(np.asarray(values, dtype=float)) for values in (reported + 1.0, early + PRIOR, late + PRIOR))
    mean = n * b / np.maximum(a - 1.0, 0.5)
    most = int(np.ceil(np.max(mean + 12.0 * np.sqrt(mean * (1.0 + mean / np.maximum(a, 1.0))) + 20.0, initial=20.0)))
    k = np.arange(most + 1.0)
    n, a, b = n[:, None], a[:, None], b[:, None]
    logs = gammaln(n + k) - gammaln(n) - gammaln(k + 1.0) + gammaln(a + n) + gammaln(b + k)
    logs += gammaln(a + b) - gammaln(a + n + b + k) - gammaln(a) - gammaln(b)
    below = np.cumsum(np.exp(logs), axis=1)
    return tuple(np.minimum((below < chance).sum(axis=1), most).astype(float).reshape(shape) for chance in chances)
