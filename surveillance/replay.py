"""Replaying nights: the store rebuilt from the records, or past nights read from a folder of feeds."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import groupby, islice
from multiprocessing import get_context
from pathlib import Path

from surveillance.ages import load_acts
from surveillance.associations import load_associations
from surveillance.clock import Clock, nights
from surveillance.coding.codings import Coding, Codings
from surveillance.content import Content
from surveillance.counting import count_nights
from surveillance.errors import Exit, UsageError
from surveillance.habits.nights import Judge
from surveillance.history import audit_nights, enter_night, nights_held, oldest_met, take_out
from surveillance.intake.reading import IntakeContext, build_context
from surveillance.kept_counts import kept_records, load_kept
from surveillance.ledgers import LATEST
from surveillance.locking import night_lock
from surveillance.night import Night
from surveillance.pseudonyms import demonstration_key, load_key
from surveillance.records import nights_on_disk
from surveillance.retention import erase_raw
from surveillance.settings import Settings
from surveillance.simulation.truth import FILE as TRUTH
from surveillance.simulation.truth import FOLLOWED
from surveillance.steps.detect import detect
from surveillance.store import Store, publish, store_path
from surveillance.timetable import load_timetable
from surveillance.visit_codes import apply_adoptions, code_nights, settle_codings

WORKERS = 2
BATCH = 16  # nights that enter in one transaction: what a commit, coding and looking through history cost is shared
AHEAD = 6  # nights read ahead of the one that enters the store
Advance = Callable[[], None]
Batch = list[tuple[Coding, list[date]]]  # nights that enter together, with the coding in force


def replay(
    content: Content,
    settings: Settings,
    first: date,
    last: date,
    feeds: Path | None = None,
    advance: Advance = lambda: None,
    signals: int = 0,
) -> Exit:
    """Rebuild the store from `first` to `last` (later nights leave it); with `feeds`, make their records first.

    signals: of so many of these nights, the last ones, the signals are told again, each as known after it, by the rules
    in force now; events keep their names from night to night. Those of the nights before are gone.

    Each night is coded by the coding that was in force then, adoptions are made again in their order: codings/ of the
    state folder keeps what decided. A night that comes after all those known is coded by the content in force.
    `feeds`: NIGHT/ASSOCIATION/file, as written by a simulation or kept by hand.
    """
    if last < first:
        raise UsageError(f"the last night {last} is before the first {first}")
    with night_lock(settings.state, f"replay {first} to {last}"), _store(content, settings, first) as store:
        codings, new_from = Codings(settings.state), _known_until(store, settings) + timedelta(days=1)
        held = _with_records(settings, first, last)
        ready = _read_feeds(content, settings, first, last, feeds) if feeds else held
        done = _rebuild(store, codings, settings, first, _coded(content, codings, ready, new_from), advance)
        tell_again(content, settings, store, done[-signals:] if signals else [], advance)
        if feeds and _simulated(feeds):
            store.keep_fact("simulated", " ".join(FOLLOWED))
        with store.bounded():
            publish(store, settings.state)
        erase_raw(settings.state / "inbox", last, load_timetable(content).raw_days)
    return Exit.COMPLETE


def _store(content: Content, settings: Settings, first: date) -> Store:
    """The store; a new one when nothing in it is older than the replay."""
    path = store_path(settings.state)
    if path.is_file():
        with Store(path, content) as store:
            settle_codings(store, Codings(settings.state))
            kept = store.value("SELECT count(*) FROM receptions WHERE night < $first", {"first": first})
        if not kept:
            path.unlink()
    found = None if path.is_file() else kept_records(settings.state / "records")
    store = Store(path, content)
    if found:
        load_kept(store, *found)
    return store


def tell_again(
    content: Content, settings: Settings, store: Store, told: Iterable[date], advance: Advance = lambda: None
) -> None:
    """Write the signals of these nights, in their order, in place of those that the store has."""
    for night in told:
        one = _night(content, settings, night)
        one.store = store
        detect(one)
        advance()


def _rebuild(
    store: Store, codings: Codings, settings: Settings, first: date, ready: Iterator[date], advance: Advance
) -> list[date]:
    judge = Judge(store.content, load_associations(store.content))
    acts = load_acts(store.content).counted
    with store.transaction():
        for night in reversed(nights_held(store, first)):
            take_out(store, night)
    done: list[date] = []
    with store.bounded(), store.beside() as beside, ThreadPoolExecutor(1) as second:
        last: Future[None] | None = None
        while batch := list(islice(ready, BATCH)):
            told = [(one, list(some)) for one, some in groupby(batch, codings.in_force)]
            with store.transaction():
                _enter(store, codings, settings.state / "records", told, judge, advance)
            if last:
                last.result()
            last = second.submit(_count, beside, codings, told, acts)
            done += batch
        if last:
            last.result()
    if not done:
        raise UsageError(
            f"there are no records from {first} on in {settings.state / 'records'}",
            "surveillance replay FROM TO --inbox DIR reads feeds from a folder",
        )
    with store.bounded(), store.transaction():
        unseen = apply_adoptions(store, codings, first)
        again = [one.from_night for one in codings.adoptions if one in unseen or one.from_night >= first]
        if again:
            count_nights(store, min(again), LATEST, acts)
        audit_nights(store, done[0], done[-1], acts)
    return done


def _enter(store: Store, codings: Codings, records: Path, batch: Batch, judge: Judge, advance: Advance) -> None:
    oldest = oldest_met(store, records, [night for _, told in batch for night in told])
    for coding, told in batch:
        coder = codings.coder(coding.digest)
        for night in told:
            enter_night(store, night, records / night.isoformat(), coder, judge, oldest[night])
            advance()


def _count(store: Store, codings: Codings, batch: Batch, acts: tuple[str, ...]) -> None:
    """Code and count nights that have entered, while the next ones do."""
    with store.transaction():
        for coding, told in batch:
            code_nights(store, told[0], told[-1], codings.coder(coding.digest), coding.number)
        count_nights(store, batch[0][1][0], batch[-1][1][-1], acts)


def _known_until(store: Store, settings: Settings) -> date:
    """The last night that has been coded or read before; date.min when there is none."""
    held = nights_held(store, date.min)
    return max([date.min, *held, *nights_on_disk(settings.state / "records")])


def _coded(content: Content, codings: Codings, ready: Iterator[date], new_from: date) -> Iterator[date]:
    """The same nights, each with a coding in force."""
    for night in ready:
        codings.begin(content, night, new_from)
        yield night


def _with_records(settings: Settings, first: date, last: date) -> Iterator[date]:
    return (
        night
        for night in nights(first, last)
        if (settings.state / "records" / night.isoformat() / "receptions.parquet").is_file()
    )


def _read_feeds(content: Content, settings: Settings, first: date, last: date, feeds: Path) -> Iterator[date]:
    """Gather in order, read in parallel, give each night when its records are there, in order."""
    key = feed_key(feeds, settings)
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn")) as pool:
        waiting: deque[tuple[date, Future[None]]] = deque()
        for night in nights(first, last):
            _gather_one(content, settings, night, feeds)
            waiting.append((night, pool.submit(_validate_one, content.site, settings, night, key)))
            while len(waiting) > AHEAD:
                yield _next(waiting)
        while waiting:
            yield _next(waiting)


def _next(waiting: deque[tuple[date, Future[None]]]) -> date:
    night, future = waiting.popleft()
    future.result()
    return night


def _night(content: Content, settings: Settings, night: date, feeds: Path | None = None) -> Night:
    clock = Clock(lambda: datetime.combine(night, time(3), UTC))
    one = Night(night, content, settings, clock, feeds=feeds)
    one.journal.durable = False  # a replay that is cut short is begun again
    return one


def _gather_one(content: Content, settings: Settings, night: date, feeds: Path) -> None:
    from surveillance.steps.gather import gather

    gather(_night(content, settings, night, feeds))


def _validate_one(site: Path | None, settings: Settings, night: date, key: bytes | None) -> None:
    from surveillance.steps.validate import validate_with

    content, context = _worker(site, key or load_key(settings.key("pseudonym.key")))
    validate_with(_night(content, settings, night), context)


@cache
def _worker(site: Path | None, key: bytes) -> tuple[Content, IntakeContext]:
    """What a worker process needs for every night, made once."""
    content = Content(site)
    return content, build_context(content, key)


def feed_key(feeds: Path, settings: Settings) -> bytes | None:
    """The demonstration key for simulated feeds when the site has no key of its own; else none: the site's is used."""
    if settings.key("pseudonym.key").exists():
        return None
    return demonstration_key() if _simulated(feeds) else None


def _simulated(feeds: Path) -> bool:
    truth = feeds / TRUTH
    return truth.is_file() and bool(json.loads(truth.read_text(encoding="utf-8")).get("simulated"))
