"""Methods compared by one word, and what R says of the same ones.

The figures are those of R 4.2.2 with `surveillance` 1.26.0 on the same 42 scenarios, 100 replicates of each, drawn
anew: they agree with ours within sampling error, not to the digit (docs/evaluation.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

NOUFAILY: Mapping[str, Any] = {
    "no_periods": 10, "past_weeks_not_included": 26, "p_threshold_trend": 1.0, "threshold_method": "nbPlugin",
}  # fmt: skip
PUBLISHED = ("fpr_clean", "fpr", "pod_3", "pod_5", "pod_8", "pod_10", "first_5", "sens_5", "spec_5", "ppv_5")


@dataclass(frozen=True)
class Contender:
    """A method with settings. published: what R found, in the order of PUBLISHED; empty: nothing is."""

    name: str
    method: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    published: tuple[float, ...] = ()


def _flexible(name: str, published: tuple[float, ...], **settings: Any) -> Contender:
    return Contender(name, "farrington_flexible", settings, published)


WEEKLY = (
    _flexible("FF default", (0.0653, 0.0565, 0.496, 0.729, 0.912, 0.953, 0.583, 0.387, 0.943, 0.306)),
    _flexible(
        "FF default, α .005", (0.0157, 0.0129, 0.187, 0.415, 0.744, 0.864, 0.287, 0.176, 0.987, 0.467), alpha=0.005
    ),
    _flexible(
        "FF as 1996, α .005", (0.0276, 0.0234, 0.285, 0.548, 0.838, 0.921, 0.405, 0.250, 0.977, 0.407),
        alpha=0.005, weights_threshold=1.0,
    ),
    _flexible(
        "FF Noufaily, α .005", (0.0068, 0.0048, 0.115, 0.330, 0.688, 0.848, 0.223, 0.129, 0.995, 0.635),
        **NOUFAILY, alpha=0.005,
    ),
    _flexible(
        "FF Noufaily, α .01", (0.0120, 0.0091, 0.176, 0.432, 0.782, 0.901, 0.305, 0.179, 0.991, 0.560),
        **NOUFAILY, alpha=0.01,
    ),
    _flexible(
        "FF Noufaily, α .05", (0.0477, 0.0400, 0.462, 0.747, 0.932, 0.963, 0.583, 0.374, 0.960, 0.379),
        **NOUFAILY, alpha=0.05,
    ),
    _flexible(
        "FF muan, α .005", (0.0033, 0.0022, 0.075, 0.238, 0.535, 0.698, 0.160, 0.092, 0.998, 0.728),
        **{**NOUFAILY, "threshold_method": "muan"}, alpha=0.005,
    ),
    _flexible(
        "FF 10 periods, delta, α .005", (0.0099, 0.0074, 0.146, 0.391, 0.760, 0.891, 0.268, 0.156, 0.993, 0.583),
        **{**NOUFAILY, "threshold_method": "delta"}, alpha=0.005,
    ),
    Contender(
        "EARS C1", "ears_c1", {}, (0.0399, 0.0399, 0.280, 0.465, 0.727, 0.841, 0.390, 0.166, 0.964, 0.228)
    ),
    Contender(
        "EARS C2", "ears_c2", {}, (0.0537, 0.0537, 0.318, 0.523, 0.758, 0.857, 0.392, 0.255, 0.952, 0.254)
    ),
    Contender(
        "EARS C3", "ears_c3", {}, (0.0909, 0.0909, 0.339, 0.545, 0.778, 0.852, 0.080, 0.333, 0.913, 0.198)
    ),
    Contender(
        "Historical limits (CDC)", "cdc", {},
        (0.0910, 0.0655, 0.333, 0.556, 0.820, 0.910, 0.223, 0.387, 0.921, 0.240),
    ),
    Contender("Bayes 1", "bayes1", {}, (0.1006, 0.1006, 0.553, 0.776, 0.938, 0.968, 0.668, 0.377, 0.905, 0.204)),
    Contender("Bayes 3", "bayes3", {}, (0.1201, 0.1105, 0.699, 0.895, 0.980, 0.989, 0.773, 0.542, 0.889, 0.240)),
)  # fmt: skip
DAILY = (
    Contender("FF of PHE, α .01", "farrington_flexible_phe"),
    Contender("Rnssp switch", "rnssp_switch"),
    Contender("Rnssp regression", "rnssp_regression"),
    Contender("Rnssp EWMA", "rnssp_ewma"),
    Contender("EARS C1", "ears_c1"),
    Contender("EARS C2", "ears_c2"),
    Contender("EARS C3", "ears_c3"),
)
CONTENDERS: Mapping[str, tuple[Contender, ...]] = {"noufaily": WEEKLY, "daily": DAILY}
