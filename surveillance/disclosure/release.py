"""An answer becomes an export: small counts hidden, remembered, then given out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from surveillance.coding.case_definitions import Syndrome
from surveillance.coding.syndromes import load_syndromes
from surveillance.disclosure.audit import protect
from surveillance.disclosure.boxes import cuts_of, within_of
from surveillance.disclosure.counting import StoreCounter
from surveillance.disclosure.memory import one_at_a_time, remember, remembered
from surveillance.disclosure.rules import Rules, load_rules
from surveillance.disclosure.sheets import Edition, Export
from surveillance.ledgers import DENOMINATORS as DENOMINATOR_LEDGER
from surveillance.ledgers import known
from surveillance.questions import Question
from surveillance.questions.presence import window
from surveillance.store import Store

if TYPE_CHECKING:
    import pandas as pd

SUPPRESSED = "suppressed"
DENOMINATORS = ("visits_all", "visits_coded", "visits_reason")
OF_VISITS = {"share_all": "visits_all", "share_coded": "visits_coded", "rate_coded": "visits_coded"}
NOT_OF_VISITS = ("completeness", "population")
OF_VISITS |= {"share_reason": "visits_reason", "rate_reason": "visits_reason"}


@dataclass(frozen=True)
class Released:
    """The table as it may leave, and what its reader must know of it."""

    table: pd.DataFrame
    facts: dict[str, str]


def release(
    store: Store,
    state: Path,
    question: Question,
    table: pd.DataFrame,
    profile: str | None,
    at: str,
    give: Callable[[pd.DataFrame], None] | None = None,
) -> Released:
    """Hide the small counts of an answer to `question`, remember it under `state`, and give it.

    table: the answer, one row per cell of `by` and syndrome, with visits and denominators; counts that are hidden are
    empty, `state` of the row is `suppressed`, and so is every figure computed from them. Figures that look at other
    cells (moving averages, changes) must be computed from the table that this gives, never before. profile: of
    reports/disclosure.toml, None for its default; or the name of an exemption. at: the time, for the memory.
    UsageError where no export is possible beside earlier ones; ContentError and SettingsError for what is broken.
    """
    rules = load_rules(store.content)
    name = profile or rules.default
    with one_at_a_time(state):
        newest = _edition(store, None, None)
        edition = _edition(store, question.as_of, question.coding)
        export = _export(store, question, table, name, edition)
        export.about = {"at": at, "question": _told(question), "content": store.content.decisions()[:12]}
        facts, earlier = _exempt(rules, name, date.fromisoformat(newest[0])), remembered(state)
        if again := next((one for one in earlier if one.repeated_by(export)), None):
            export.repeat(again)
        else:
            if not facts:
                counter = StoreCounter(store, newest, *_reach([*earlier, export]))
                protect(export, earlier, rules, holders(load_syndromes(store.content)), counter)
            remember(state, export)
        facts = facts or _facts(export, rules, name)
    hidden = _applied(table, export, question)
    if give:
        give(hidden)
    return Released(hidden, facts | {"export": export.name})


def holders(definitions: tuple[Syndrome, ...]) -> dict[str, tuple[str, ...]]:
    """Measure → measures that hold all its visits: umbrellas, and the denominators."""
    found: dict[str, tuple[str, ...]] = {"visits_coded": ("visits_all",), "visits_reason": ("visits_all",)}
    for basis, denominator in (("diagnosis", "visits_coded"), ("reason", "visits_reason")):
        for one in definitions:
            above = [f"{basis}/{other.id}" for other in definitions if one.id in other.umbrella]
            found[f"{basis}/{one.id}"] = (*dict.fromkeys(above), denominator, "visits_all")
    return found


def _export(store: Store, question: Question, table: pd.DataFrame, profile: str, edition: Edition) -> Export:
    import pandas as pd

    first, last = _window(store, question)
    labels = {name: table[name].tolist() for name in question.by}
    keys = list(question.by)
    blocks = [
        table.loc[table["syndrome"] == one, keys].assign(measure=f"{question.basis}/{one}", value=table["visits"])
        for one in question.syndromes
    ]
    blocks += [
        table[keys].assign(measure=name, value=table[name]).drop_duplicates([*keys, "measure"])
        for name in DENOMINATORS
        if name in table
    ]
    cells = pd.concat(blocks, ignore_index=True).dropna(subset=["value"])
    cells = cells.assign(value=cells["value"].astype("int64"), shown=True, floor=False).reset_index(drop=True)
    content = store.content
    cuts = cuts_of(content, question, first, last, labels)
    return Export("", profile, edition, cuts, within_of(content, question, first, last), cells)


def _window(store: Store, question: Question) -> tuple[date, date]:
    """The days that the cells of an answer are made of, those too of which nothing is known."""
    seen = window(store, question, known(DENOMINATOR_LEDGER, question.as_of, brief=True))
    return seen.first, max(seen.first, seen.last)


def _reach(exports: list[Export]) -> tuple[date, date]:
    days = [day for item in exports for day in item.days() if day[:1].isdigit() and len(day) == 10]
    return date.fromisoformat(min(days)), date.fromisoformat(max(days))


def _edition(store: Store, night: date | None, coding: int | None) -> Edition:
    from surveillance.visit_codes import coding_at

    last = store.value("SELECT max(night) FROM receptions") or date(1970, 1, 1)
    newest = store.value("SELECT max(number) FROM codings") or 0
    known = min(night or last, last)
    return str(known), coding or (coding_at(store, night) if night else newest) or 0


def _applied(table: pd.DataFrame, export: Export, question: Question) -> pd.DataFrame:
    """The table with what is hidden emptied."""
    found, keys = table.copy(), list(question.by)
    hidden = export.cells.loc[~export.cells["shown"], [*keys, "measure"]]
    named = found[keys].assign(measure=question.basis + "/" + found["syndrome"].astype(str))
    mine = _among(named, hidden)
    found["visits"] = found["visits"].astype("Int64").mask(mine)
    for name in DENOMINATORS:
        if name in found:
            found[name] = found[name].astype("Int64").mask(_among(named.assign(measure=name), hidden))
    for column in found.columns:
        if column in OF_VISITS:
            found[column] = found[column].mask(found["visits"].isna() | found[OF_VISITS[column]].isna())
        elif found[column].dtype.kind == "f" and column not in NOT_OF_VISITS:
            found[column] = found[column].mask(mine)
    state = found["state"] if "state" in found else found["visits"].map(lambda _: "counted")
    found["state"] = state.mask(mine, SUPPRESSED)
    return found


def _among(rows: pd.DataFrame, these: pd.DataFrame) -> pd.Series[bool]:
    """Which rows are among these."""
    import pandas as pd

    both = rows.merge(these.drop_duplicates(), how="left", on=list(rows.columns), indicator=True)
    return pd.Series((both["_merge"] == "both").to_numpy(), index=rows.index)


def _told(question: Question) -> dict[str, str]:
    return {
        name: ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
        for name, value in vars(question).items()
    }


def _exempt(rules: Rules, name: str, night: date) -> dict[str, str]:
    found = rules.exemption(name, night)
    if found is None:
        return {}
    return {"disclosure": f"{name}: exempt, {found.recipient}, {found.author}, {found.date}, {found.reference}"}


def _facts(export: Export, rules: Rules, profile: str) -> dict[str, str]:
    threshold, cells = rules.profiles[profile].threshold, export.cells
    small = cells["value"].between(1, threshold - 1)
    counts = (len(cells), int((~cells["shown"] & small).sum()), int((~cells["shown"] & ~small).sum()))
    return {"disclosure": f"{profile}: k = {threshold}; {counts[0]} counts, {counts[1]} small, {counts[2]} beside them"}
