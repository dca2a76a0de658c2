"""Options that every command takes, and what they make: the content, the settings and a console."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from surveillance.content import Content
    from surveillance.settings import Settings
    from surveillance.store import Store

Site = Annotated[
    Path | None, typer.Option("--site", help="Folder whose files replace the shipped content.", metavar="DIR")
]
State = Annotated[
    Path | None,
    typer.Option("--state", help="Folder of the state, instead of the one in the settings.", metavar="DIR"),
]
Lang = Annotated[str | None, typer.Option("--lang", help="fr or en.", metavar="fr|en")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")]
Format = Annotated[str, typer.Option("--format", help="table, csv, json or parquet.", metavar="FORMAT")]
OfAssociation = Annotated[
    str | None, typer.Option("--association", "-a", help="Code of the association.", metavar="CODE")
]
OfReception = Annotated[
    str | None, typer.Option("--night", help="Night of reception (YYYY-MM-DD); default: after the day in its name.")
]
OfNight = Annotated[
    str | None, typer.Option(help="As known after that night (YYYY-MM-DD); of a file: received that night.")
]
Since = Annotated[str | None, typer.Option(help="First visit day (YYYY-MM-DD) or ISO week (2023-W05).")]
Until = Annotated[str | None, typer.Option(help="Last visit day or ISO week, included.")]
Scheme = Annotated[str, typer.Option("--age-scheme", help="gene5, sursaud7, bulletin, bronchio or all.")]
By = Annotated[
    str,
    typer.Option(
        help="day, week, month, season, association, department, region, national, age, sex, act; "
        "several separated by commas."
    ),
]
FORMATS = ("table", "csv", "json", "parquet")
# Told in per cent, with what has "share" in its name.
PARTS = frozenset(
    {"completeness", "sensitivity", "specificity", "already_right", "covered", "covered_given", "given", "width"}
)
# Left out of a table, in this order, where the terminal is narrow.
SPARE = (
    "national", "definition", "rate_coded", "rate_reason", "visits_all", "share_all", "population", "completeness",
    "share_before", "share_after", "label", "thesaurus", "state", "moving_share", "visits_coded",
    "vs_3y", "vs_2y", "vs_1y", "width", "error_median", "error_known_median", "error_rule_median", "already_right",
    "estimates", "error_rule", "accepted", "called",
)  # fmt: skip


@dataclass
class Desk:
    """What one command works with."""

    site: Path | None
    state: Path | None
    asked_lang: str | None
    quiet: bool = False

    @cached_property
    def content(self) -> Content:
        """The content in force."""
        from surveillance.content import Content
        from surveillance.settings import default_site

        state = self.state or (Path(os.environ["SURVEILLANCE_STATE"]) if "SURVEILLANCE_STATE" in os.environ else None)
        return Content(self.site or default_site(state))

    @cached_property
    def settings(self) -> Settings:
        """The settings in force."""
        from surveillance.settings import load_settings

        return load_settings(self.content, self.state)

    def checked(self) -> None:
        """Stop with the first thing that is wrong with the content, before anything is fetched."""
        from surveillance.checking import check_content

        problems, _ = check_content(self.content)
        if len(problems) > 1:
            more = f"{len(problems) - 1} more: `surveillance check` tells them all"
            problems[0].hint = "; ".join(part for part in (problems[0].hint, more) if part)
        if problems:
            raise problems[0]

    @cached_property
    def lang(self) -> str:
        """fr or en: what was asked, else the locale, else the site's language."""
        if self.asked_lang in ("fr", "en"):
            return str(self.asked_lang)
        if self.asked_lang:
            from surveillance.errors import UsageError

            raise UsageError(f"--lang knows fr and en, not {self.asked_lang!r}")
        spoken = (os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or "")[:2]
        return spoken if spoken in ("fr", "en") else self.settings.lang

    def logged(self, command: str, question: Mapping[str, Any], **more: Any) -> None:
        """Write an access to the log (`more`: rows, tables, night), before its answer is given out."""
        from surveillance.access.log import Access, write

        write(self.settings.state, Access(command, question, **more))

    def say(self, key: str, **values: object) -> str:
        """A sentence in the language of this command."""
        from surveillance.words import say

        return say(self.content, self.lang, key, **values)

    def number(self, value: float, digits: int = 1) -> str:
        """A number with the decimal sign of this command's language."""
        text = f"{value:.{digits}f}"
        return text.replace(".", ",") if self.lang == "fr" else text

    @cached_property
    def out(self) -> Console:
        """Where results go."""
        from rich.console import Console

        return Console(highlight=False, soft_wrap=True)

    @cached_property
    def err(self) -> Console:
        """Where progress and messages go."""
        from rich.console import Console

        return Console(stderr=True, highlight=False, quiet=self.quiet, soft_wrap=True)

    def note(self, text: str) -> None:
        """A sentence on stderr: on a terminal in lines that break between words, else in one."""
        self._sentence(self.err, text)

    def tell(self, text: str) -> None:
        """The same on stdout."""
        self._sentence(self.out, text)

    @staticmethod
    def _sentence(where: Console, text: str) -> None:
        from surveillance.cli.terminal import wrapped

        where.print("\n".join(wrapped("", text)) if where.is_terminal else text, markup=False)


def parse_night(text: str | None) -> date | None:
    """A night or day written YYYY-MM-DD, or nothing."""
    from surveillance.errors import UsageError

    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is not a date", "write YYYY-MM-DD, as 2024-01-15") from None


def from_first_night(store: Store, night: date | None) -> None:
    """UsageError for a night before the first that is known: of it nothing can be said, not even that nothing was."""
    from surveillance.errors import UsageError

    first, last = store.rows("SELECT min(night), max(night) FROM receptions")[0]
    if night and first and night < first:
        raise UsageError(f"nothing is known of the night of {night}", f"nights known: {first} to {last}")


def parse_day(text: str | None, first: bool) -> date | None:
    """A day, or the first or last day of an ISO week."""
    import re
    from datetime import timedelta

    from surveillance.clock import week_monday
    from surveillance.errors import UsageError

    if text and re.fullmatch(r"\d{4}-W\d\d", text):
        try:
            return week_monday(text) + timedelta(days=0 if first else 6)
        except ValueError:
            raise UsageError(f"{text!r} is not a week of that year", "write YYYY-Www, as 2023-W05") from None
    return parse_night(text)


def asked(by: str, since: str | None, until: str | None, scheme: str) -> dict[str, Any]:
    """What these options mean, as fields of a Question."""
    return {
        "by": tuple(dict.fromkeys(part.strip() for part in by.split(",") if part.strip())) or ("national",),
        "since": parse_day(since, first=True) or date(2000, 1, 1),
        "until": parse_day(until, first=False) or date(2100, 1, 1),
        "scheme": scheme,
    }


def write_table(frame: pd.DataFrame, form: str, desk: Desk, title: str = "") -> None:
    """Print a frame: a table for people, or csv, json (one object a row), parquet on stdout."""
    from surveillance.errors import UsageError

    if form not in FORMATS:
        raise UsageError(f"--format knows {', '.join(FORMATS)}, not {form!r}")
    if form == "csv":
        frame.to_csv(sys.stdout, index=False, lineterminator="\n", float_format="%.12g")
    elif form == "json":
        print(frame.to_json(orient="records", force_ascii=False, date_format="iso", indent=1))
    elif form == "parquet":
        frame.to_parquet(sys.stdout.buffer, index=False)
    else:
        _print_table(frame, desk, title)


def _print_table(frame: pd.DataFrame, desk: Desk, title: str) -> None:
    """Print a table for people, no cell ever cut: a narrow terminal sees fewer columns and is told which."""
    hidden: list[str] = []
    lines = people_table(frame)
    spare = [name for name in SPARE if name in frame.columns]
    while desk.out.is_terminal and spare and len(lines[1]) > desk.out.width:
        hidden.append(spare.pop(0))
        lines = people_table(frame.drop(columns=hidden))
    desk.out.file.write("".join(f"{line}\n" for line in ([title] if title else []) + lines) + "\n")
    if hidden:
        desk.note(desk.say("hidden_columns", columns=", ".join(hidden)))


def people_table(frame: pd.DataFrame) -> list[str]:
    """A frame as lines for a terminal: names, a rule, a line a row; numbers to the right, shares in per cent.

    No library: the one that draws pages takes a minute for the weeks of ten years.
    """
    columns = []
    for name in frame.columns:
        said = "*" if frame[name].dtype.kind == "b" else str(name)  # a star marks what is not so: see _cell
        cells = [said, *(_cell(name, value) for value in frame[name].tolist())]
        width = max(map(len, cells))
        place = str.rjust if frame[name].dtype.kind in "iuf" else str.ljust
        columns.append([place(cell, width) for cell in cells])
    head, *rows = (" " + "  ".join(line) for line in zip(*columns, strict=True))
    return ["", head, " " + "─" * (len(head) - 1), *(row.rstrip() for row in rows)]


def _cell(name: str, value: object) -> str:
    if value is None or type(value).__name__ == "NAType" or value != value:
        return "–"
    if isinstance(value, bool):
        return "" if value else "*"
    if isinstance(value, float):
        share = "share" in name or name in PARTS
        return f"{100 * value:.2f} %" if share else f"{value:,.1f}".replace(",", " ")
    if isinstance(value, int):
        return f"{value:,}".replace(",", " ")
    return str(value)
