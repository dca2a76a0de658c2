"""How late acts arrive, measured on successive publications; how many each département has."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

LAST = 14  # days: a night carries the visits of the fourteen days before it
SINCE = "2023-01-01"  # years of the simulation; the earlier publications (2020-2022) were slightly more complete


def delays_of(triangle: Path, daily: pd.DataFrame) -> pd.DataFrame:
    """Columns delay (days, 1..14), share (of all acts, summing to 1), known (cumulated), source.

    D+2…D+14: acts of a région-day in the publication of that delay over its acts in the consolidated file, days
    since 2023; made non-decreasing and divided by the value at D+14, so that all is in by then. D+1 is INFERRED
    (publications begin at D+2): its missing part is taken as twice the missing part of D+2.
    """
    seen = pd.read_csv(triangle, sep=";", dtype={"reg": str}).rename(
        columns={"reg": "region", "date_de_passage": "day"}
    )
    seen = seen[seen["nbre_acte_tot"].notna() & seen["delai_j"].between(2, LAST) & (seen["day"] >= SINCE)]
    final = daily[daily["age"] == 0][["region", "day", "acts"]]
    both = seen.assign(day=pd.to_datetime(seen["day"])).merge(final, on=["region", "day"])
    sums = both.groupby("delai_j")[["nbre_acte_tot", "acts"]].sum()
    known = (sums["nbre_acte_tot"] / sums["acts"]).reindex(range(2, LAST + 1)).cummax()
    known = (known / known.loc[LAST]).ffill()
    known.loc[1] = 1 - 2 * (1 - known.loc[2])
    known = known.sort_index()
    share = known.diff().fillna(known.loc[1])
    source = ["inferred" if delay == 1 else "measured" for delay in known.index]
    return pd.DataFrame({"delay": known.index, "share": share.round(6), "known": known.round(6), "source": source})


def department_weights(covered: Path, weekdays: Path) -> pd.DataFrame:
    """Columns department, region, acts_per_day (March 2020 - March 2021), mon … sun (mean of the week = 1)."""
    names = {"dep": "department", "reg": "region", "moyenne_jour": "acts_per_day"}
    frame = pd.read_csv(covered, dtype={"dep": str, "reg": str}).rename(columns=names)
    shape = pd.read_csv(weekdays, dtype={"dep": str}).rename(columns={"dep": "department"})
    days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    frame = frame[frame["acts_per_day"] > 0][list(names.values())]
    return frame.merge(shape[["department", *days]], on="department", validate="one_to_one")
