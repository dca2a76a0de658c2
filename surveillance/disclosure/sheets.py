"""What was let out, or is about to be: cells, each a count over a box of axes, and what its reader was shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

AXES = ("visit_day", "association", "department", "age_band", "sex", "act_type")
Edition = tuple[str, int]  # as known after that night (ISO), by that coding (0: by the one then in force)
Maps = Mapping[str, Mapping[str, int]]  # axis → element → its class; "" stands for every element not named
Counter = Callable[[str, Edition, Maps], "pd.DataFrame"]
"""measure, edition, maps → one row per combination of classes: the axes of the maps (class numbers) and visits."""


@dataclass(frozen=True)
class Cut:
    """One way to cut an axis: the elements of each label; no element has two labels."""

    axis: str
    labels: Mapping[str, tuple[str, ...]]


@dataclass
class Export:
    """A table of counts. `within`: axis → the elements its filters let through; an axis not named is whole.

    cells: one row per cell and measure: the columns of `cuts` (labels, text), measure (text), value (whole number),
    shown (was the value given?), floor (a reader may be sure that a hidden value is not zero).
    """

    name: str
    profile: str
    edition: Edition
    cuts: Mapping[str, Cut]
    within: Mapping[str, tuple[str, ...]]
    cells: pd.DataFrame
    about: Mapping[str, Any] = field(default_factory=dict)

    def repeated_by(self, other: Export) -> bool:
        """Does the other ask for the same cells, and hold the same counts as this one let out? It tells nothing new."""
        same = all(getattr(self, name) == getattr(other, name) for name in ("profile", "edition", "cuts", "within"))
        keys = [*self.cuts, "measure"]
        if not same or len(self.cells) != len(other.cells):
            return False
        both = self.cells.merge(other.cells, on=keys, suffixes=("", "_other"))
        shown = both["shown"].to_numpy(dtype=bool)
        return len(both) == len(self.cells) and bool((both["value"] == both["value_other"]).to_numpy()[shown].all())

    def repeat(self, earlier: Export) -> None:
        """Give what that one gave, under its name."""
        keys = [*self.cuts, "measure"]
        given = self.cells.drop(columns=["shown", "floor"])
        self.cells = given.merge(earlier.cells[[*keys, "shown", "floor"]], on=keys, how="left", validate="one_to_one")
        self.name = earlier.name

    def measures(self) -> set[str]:
        """What it counts."""
        return set(self.cells["measure"].unique())

    def days(self) -> tuple[str, str]:
        """The first and the last visit day that it can count ("" and "9999" where nothing bounds it)."""
        sets = [self.within["visit_day"]] if "visit_day" in self.within else []
        sets += [
            tuple(d for days in cut.labels.values() for d in days)
            for cut in self.cuts.values()
            if cut.axis == "visit_day"
        ]
        return max((min(s, default="9999") for s in sets), default=""), min(
            (max(s, default="") for s in sets), default="9999"
        )
