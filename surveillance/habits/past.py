"""The nights before: profiles of one association as arrays, and where they are read from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from surveillance.habits.findings import HELD
from surveillance.habits.profiles import Profile

FILE = "profiles.parquet"
FINDINGS = "findings.parquet"
YEAR = 364  # days: the same weekday of the same week, a year before
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Past:
    """Nights of one association, oldest first, as arrays of one length; only nights that can be learnt from."""

    days: tuple[date, ...]
    visits: Floats
    visits_all: Floats
    coded: Floats
    unknown_codes: Floats
    age_known: Floats
    sex_known: Floats
    arrival: Floats

    def __len__(self) -> int:
        return len(self.days)

    def where(self, keep: Sequence[bool]) -> Past:
        """The nights for which `keep` is true."""
        mask = np.asarray(keep, bool)
        days = tuple(day for day, kept in zip(self.days, keep, strict=True) if kept)
        arrays = (getattr(self, name)[mask] for name in ARRAYS)
        return Past(days, *arrays)

    def between(self, first: date, last: date) -> Past:
        """The nights whose visit day is from `first` to `last`."""
        return self.where([first <= day <= last for day in self.days])


ARRAYS = ("visits", "visits_all", "coded", "unknown_codes", "age_known", "sex_known", "arrival")
FIELDS = ("visits_day", "visits_all", "coded", "unknown_codes", "age_known", "sex_known", "arrival")


def past_of(profiles: Iterable[Profile], skip: Callable[[date], bool] = lambda day: False) -> Past:
    """The nights to learn from: wholly received, with visits of the day, none of a day to `skip` (declared)."""
    good = sorted(
        (item for item in profiles if item.status == "received" and item.visits_day and not skip(item.visit_day)),
        key=lambda item: item.visit_day,
    )
    columns = (np.array([getattr(item, name) for item in good], float) for name in FIELDS)
    return Past(tuple(item.visit_day for item in good), *columns)


def nights_needed(night: date, nights: int, last_year_days: int) -> list[date]:
    """The nights whose profiles are read: the last ones, and those around the same day and the same weeks a year ago.

    Bounded, whatever the age of the state folder.
    """
    recent = [night - timedelta(days=n) for n in range(1, nights + 1)]
    if not last_year_days:
        return recent
    same = night - timedelta(days=YEAR)
    return recent + [same + timedelta(days=n) for n in range(-last_year_days - 7, last_year_days + 1)]


def read_past(records: Path, wanted: Iterable[date]) -> dict[str, list[Profile]]:
    """Association → its profiles of those nights, as far as they are on disk; those held that night left out."""
    found: dict[str, list[Profile]] = {}
    for night in wanted:
        for item in read_profiles(records / night.isoformat()):
            found.setdefault(item.association, []).append(item)
    return found


def read_profiles(folder: Path) -> tuple[Profile, ...]:
    """The profiles of one night, held ones with the status `held`; none when the night has no profiles."""
    path, judged = folder / FILE, folder / FINDINGS
    if not path.is_file():
        return ()
    return _read(path, path.stat().st_mtime_ns, judged.stat().st_mtime_ns if judged.is_file() else 0)


@lru_cache(256)
def _read(path: Path, written: int, judged: int) -> tuple[Profile, ...]:
    """Read once, and again when the file or its judgement was written anew."""
    import pyarrow.parquet as pq

    columns, found = ["association", "severity"], path.with_name(FINDINGS)
    findings = pq.ParquetFile(found).read(columns, use_threads=False).to_pylist() if judged else []
    held = {row["association"] for row in findings if row["severity"] == HELD}
    profiles = [Profile(**row) for row in pq.ParquetFile(path).read(use_threads=False).to_pylist()]
    return tuple(replace(item, status="held") if item.association in held else item for item in profiles)
