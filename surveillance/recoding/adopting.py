"""Adopting definitions: history is coded again with the content in force, the old coding stays in the store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from surveillance.ages import load_acts
from surveillance.checking import check_content
from surveillance.clock import Clock
from surveillance.coding.codings import Coding, Codings, version_problems
from surveillance.content import Content
from surveillance.counting import count_nights
from surveillance.errors import UsageError
from surveillance.journal import Journal
from surveillance.ledgers import LATEST
from surveillance.locking import check_owner, night_lock
from surveillance.settings import Settings
from surveillance.store import Store, publish, store_path
from surveillance.visit_codes import adopt_nights, know_codings, settle_codings


@dataclass(frozen=True)
class Adopted:
    """What an adoption did: its coding, whether it is new, rows that ended and that began, by basis and syndrome."""

    coding: Coding
    new: bool
    moved: dict[tuple[str, str], tuple[int, int]]


def adopt(
    content: Content, settings: Settings, who: str, why: str, since: date | None = None, clock: Clock | None = None
) -> Adopted:
    """Code the visits from the visit day `since` on again (None: all of them), with the content in force.

    Under the lock of the night. Everything is in one transaction of the store; the list of codings is written after
    it, and whatever opens the store next writes it if this was killed in between. Adopting the same again does nothing.
    """
    if not who.strip() or not why.strip():
        raise UsageError("who adopts, and why?", "--who NAME --why TEXT: both stay with the numbers")
    check_owner(settings.state)
    if not store_path(settings.state).is_file():
        raise UsageError(f"there is no store in {settings.state}", "run a night first: surveillance run")
    _check(content)
    with night_lock(settings.state, "adoption"), Store(store_path(settings.state), content) as store:
        codings = Codings(settings.state)
        settle_codings(store, codings)
        if problems := version_problems(content, codings):
            raise problems[0]
        done = _adopt(store, codings, content, since or date.min, who.strip(), why.strip())
        publish(store, settings.state)
    if done.new:
        _tell(settings, done, clock or Clock())
    return done


def _check(content: Content) -> None:
    problems, _ = check_content(content)
    if problems:
        raise problems[0]


def _adopt(store: Store, codings: Codings, content: Content, since: date, who: str, why: str) -> Adopted:
    last, newest = codings.last, store.value("SELECT max(night) FROM receptions")
    if newest is None or last is None:
        raise UsageError("the store holds no night yet", "surveillance run, or surveillance replay FROM TO")
    if last.digest == codings.digest(content) and last.recoded_since and last.recoded_since <= since:
        return Adopted(last, False, {})
    coding = codings.draft(content, newest + timedelta(days=1), since, who, why)
    with store.bounded(), store.transaction():
        days = adopt_nights(store, codings, coding, date.min)
        moved = _moved(store, coding.number)
        know_codings(store, [*codings.all, coding])
        if days:
            count_nights(store, coding.from_night, LATEST, load_acts(content).counted)
    codings.keep([coding])
    return Adopted(coding, True, moved)


def _moved(store: Store, number: int) -> dict[tuple[str, str], tuple[int, int]]:
    """By basis and syndrome: rows that ended with a coding, and rows that it began."""
    rows = store.rows(
        "SELECT basis, syndrome, count(*) FILTER (to_coding = $number), count(*) FILTER (from_coding = $number) "
        "FROM visit_syndromes WHERE to_coding = $number OR from_coding = $number GROUP BY ALL ORDER BY ALL",
        {"number": number},
    )
    return {(basis, syndrome): (ended, begun) for basis, syndrome, ended, begun in rows}


def _tell(settings: Settings, done: Adopted, clock: Clock) -> None:
    """The journal of what is done between nights, under the night in which the adoption comes into force."""
    coding = done.coding
    Journal(settings.state / "journal" / "receive", coding.from_night, clock).event(
        "definitions adopted",
        coding=coding.number,
        definitions=coding.version,
        digest=coding.digest,
        since=coding.recoded_since,
        who=coding.who,
        why=coding.why,
        ended=sum(ended for ended, _ in done.moved.values()),
        begun=sum(begun for _, begun in done.moved.values()),
    )
