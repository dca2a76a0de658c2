"""What the report of a night is made from: typed frames, and the facts of the run; frames in, nothing computed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd

from surveillance.errors import SurveillanceError

Row = dict[str, Any]

# Columns each frame must have (others are ignored). Shares are between 0 and 1, days are dates, codes are text.
COLUMNS: dict[str, tuple[str, ...]] = {
    "receptions": (
        "association",
        "name",
        "city",
        "department",
        "region",
        "status",
        "code",
        "detail",
        "sentence_fr",
        "expected",
        "low",
        "visits",
        "late_visits",
        "withdrawn",
        "last_night_received",
    ),
    "daily": ("visit_day", "syndrome", "visits", "visits_all", "visits_coded"),
    "weekly": ("week_monday", "syndrome", "visits", "visits_all", "visits_coded", "complete"),
    "regional": ("week_monday", "region", "syndrome", "visits", "visits_coded", "complete"),
    "departments": ("department", "syndrome", "visits", "visits_coded", "visits_before", "visits_coded_before"),
    "ages": ("week_monday", "syndrome", "age_group", "visits", "visits_all", "visits_coded"),
    "seasons": ("syndrome", "week_monday", "share", "source"),
    "signals": (
        "event", "rank", "method", "syndrome", "territory_kind", "territory", "age", "first_day", "visit_day",
        "observed", "expected", "low", "high", "pvalue", "doubtful", "reason", "calendar",
    ),
    "data_events": ("scope", "territory", "check", "observed", "expected", "low", "high", "sentence_fr"),
    "coding": ("acts", "coded", "lossy", "texts", "read", "suspected", "ambiguous"),
    "unknown_codes": ("thesaurus", "code", "uses", "associations", "association"),
    "unknown_words": ("word", "uses", "associations"),
    "exceptions": ("association", "kind", "subject", "who", "why", "until"),
    "syndromes": ("id", "label_fr", "version", "status", "source", "codes"),
}
DAYS_AS_DATES = ("visit_day", "week_monday", "last_night_received", "until")


@dataclass(frozen=True)
class ReportMeta:
    """The facts of the run. `cut_off`, `deadline`: aware instants; `simulated` puts up the demonstration banner."""

    night: date
    cut_off: datetime
    deadline: datetime
    tool_version: str
    content_digest: str
    definitions_version: str
    run_id: str
    simulated: bool = False

    @property
    def visit_day(self) -> date:
        """The day the night is about: the one before it."""
        return self.night - timedelta(days=1)


@dataclass(frozen=True)
class Delivery:
    """Where the daily file stands: `state` is a key of [delivery] in reports/labels.toml."""

    state: str
    file: str = ""
    rows: int = 0
    sha256: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class ReportData:
    """The frames of COLUMNS, the delivery, the facts of the run and the names of places.

    `places` maps `region:11`, `department:75` and `association:7501` to the name a reader knows. `regional` is as
    `weekly` with a region; `departments` holds the last 7 complete days and (`_before`) the 7 days before them;
    `ages` holds the last weeks by age class of the bulletin, its `visits_all` repeated for each syndrome;
    `seasons` holds previous seasons, `source` being `published` or `simulated`. Raises SurveillanceError when a
    frame lacks a column.
    """

    meta: ReportMeta
    delivery: Delivery
    receptions: pd.DataFrame
    daily: pd.DataFrame
    weekly: pd.DataFrame
    regional: pd.DataFrame
    departments: pd.DataFrame
    ages: pd.DataFrame
    seasons: pd.DataFrame
    signals: pd.DataFrame
    syndromes: pd.DataFrame
    places: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    data_events: pd.DataFrame = field(default_factory=lambda: empty_frame("data_events"))
    exceptions: pd.DataFrame = field(default_factory=lambda: empty_frame("exceptions"))
    coding: pd.DataFrame = field(default_factory=lambda: empty_frame("coding"))
    unknown_codes: pd.DataFrame = field(default_factory=lambda: empty_frame("unknown_codes"))
    unknown_words: pd.DataFrame = field(default_factory=lambda: empty_frame("unknown_words"))

    def __post_init__(self) -> None:
        for name, columns in COLUMNS.items():
            frame = getattr(self, name)
            if lacking := [column for column in columns if column not in frame.columns]:
                raise SurveillanceError(f"report: the frame {name!r} lacks {', '.join(lacking)}")
            object.__setattr__(self, name, _with_dates(frame))

    def place(self, kind: str, code: str) -> str:
        """The name of a place, or its code when nobody gave the name."""
        return "France" if kind in ("national", "france") else self.places.get(f"{kind}:{code}", code)

    def label(self, syndrome: str) -> str:
        """The French label of a syndrome, on the page or not, or its id."""
        found = self.syndromes.loc[self.syndromes["id"] == syndrome, "label_fr"]
        return str(found.iloc[0]) if len(found) else self.labels.get(syndrome, syndrome)


def records(frame: pd.DataFrame) -> list[Row]:
    """The rows of a frame as dictionaries."""
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]


def empty_frame(name: str) -> pd.DataFrame:
    """A frame of that name with its columns and no row."""
    return pd.DataFrame({column: pd.Series(dtype=object) for column in COLUMNS[name]})


def as_day(value: object) -> date | None:
    """A date out of whatever a store gives for one (date, datetime, Timestamp, ISO text, nothing)."""
    if value is None or value is pd.NaT or (isinstance(value, float) and pd.isna(value)):
        return None
    if isinstance(value, datetime):  # a pandas Timestamp is one too
        return value.date()
    return value if isinstance(value, date) else date.fromisoformat(str(value)[:10])


def _with_dates(frame: pd.DataFrame) -> pd.DataFrame:
    columns = [column for column in DAYS_AS_DATES if column in frame.columns]
    replaced = {c: pd.Series([as_day(v) for v in frame[c]], index=frame.index, dtype=object) for c in columns}
    return frame.assign(**replaced)
