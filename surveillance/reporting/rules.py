"""The decisions and the words of the page, read from reports/page.toml and reports/labels.toml."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from surveillance.content import Content, load
from surveillance.errors import ContentError

RULES_FILE = "reports/page.toml"
LABELS_FILE = "reports/labels.toml"


class Strict(BaseModel):
    """A table of the file: a key that nobody knows is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Change(Strict):
    """From which relative change on a movement is called slight, then plain; from which count it is trusted."""

    slight: float = Field(gt=0, lt=1)
    plain: float = Field(gt=0, lt=1)
    small_count: int = Field(ge=0)
    level: float = Field(gt=0, lt=1)


class Group(Strict):
    """A family of syndromes, in the order of the page."""

    id: str
    label: str
    syndromes: tuple[str, ...]


class Plan(Strict):
    """What is put on the map, month by month."""

    months: tuple[int, ...]
    syndromes: tuple[str, ...] = Field(min_length=1)


class Rules(Strict):
    """The whole file."""

    unsettled_days: int = Field(ge=0)
    week_unsettled_days: int = Field(ge=0)
    weekday_weeks: int = Field(ge=1)
    daily_days: int = Field(ge=7)
    previous_seasons: int = Field(ge=0, le=3)
    small_denominator: int = Field(ge=0)
    spark_weeks: int = Field(ge=2)
    coding_nights: int = Field(ge=1)
    full_sentences: int = Field(ge=1)
    season_start: dict[str, int]
    change: Change
    group: tuple[Group, ...]
    plan: tuple[Plan, ...]

    def start_week(self, syndrome: str) -> int:
        """The ISO week with which the season of a syndrome begins."""
        return self.season_start.get(syndrome, self.season_start["default"])

    def headline(self, day: date) -> tuple[str, ...]:
        """The syndromes that are mapped at that time of the year."""
        for plan in self.plan:
            if day.month in plan.months:
                return plan.syndromes
        raise ContentError(RULES_FILE, "plan", f"no plan covers month {day.month}")

    def ordered(self, ids: list[str]) -> list[tuple[Group, list[str]]]:
        """The known syndromes by group, in the order of the page; those in no group come last."""
        rest = [item for item in ids if not any(item in group.syndromes for group in self.group)]
        placed = [(group, [item for item in group.syndromes if item in ids]) for group in self.group]
        if rest:
            placed.append((Group(id="others", label="Autres regroupements", syndromes=tuple(rest)), sorted(rest)))
        return [(group, items) for group, items in placed if items]


class Labels:
    """The French words of the page: sentences with {placeholders}, by table and key."""

    def __init__(self, tables: dict[str, dict[str, str]]) -> None:
        self._tables = tables

    def say(self, table: str, key: str, **values: object) -> str:
        """The sentence `table.key`, its placeholders filled; ContentError when it is not there."""
        sentence = self._tables.get(table, {}).get(key)
        if sentence is None:
            raise ContentError(LABELS_FILE, f"{table}.{key}", "this sentence is missing")
        try:
            return sentence.format(**values)
        except (KeyError, IndexError) as error:
            raise ContentError(LABELS_FILE, f"{table}.{key}", f"placeholder {error} is not known here") from error

    def get(self, table: str, key: str) -> str:
        """The word `table.key`, or the key itself for a code nobody has put into words yet."""
        return self._tables.get(table, {}).get(key, key)

    def table(self, name: str) -> dict[str, str]:
        """A whole table, such as the glossary."""
        return dict(self._tables.get(name, {}))


def load_rules(content: Content) -> Rules:
    """The rules of the page, checked."""
    return load(content, RULES_FILE, Rules)


def load_labels(content: Content) -> Labels:
    """The words of the page."""
    return Labels(content.toml(LABELS_FILE))
