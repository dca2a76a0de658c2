"""Gathering the files of every association: each on its own, proven whole, tried again while there is time.

Nothing is raised for one association: what happened to it is its Reception.
"""

from __future__ import annotations

import random
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from surveillance.associations import Association
from surveillance.clock import Clock
from surveillance.errors import SurveillanceError
from surveillance.gathering.feednames import NightOf, night_in_name
from surveillance.gathering.inbox import Inbox
from surveillance.gathering.known import Known
from surveillance.gathering.receptions import STATUS, Reception, read_receptions, write_receptions
from surveillance.gathering.taking import Desk, take
from surveillance.sftp.client import NET_CODES, Endpoint, Session, SftpError, connect
from surveillance.sftp.keys import KeyUnusable
from surveillance.timetable import GatherRules

AGAIN = NET_CODES | {"no_file", "no_folder"}  # causes that a later sweep may find gone
Event = Callable[..., None]


@dataclass
class Feed:
    """One association in one night, with what its attempts have in common."""

    association: Association
    endpoint: Endpoint
    desk: Desk
    auth_failures: int = 0
    attempts: int = 0


@dataclass(frozen=True)
class Gathering:
    """What every feed shares: rules, hours and where events go."""

    rules: GatherRules
    clock: Clock
    cut_off: datetime | None
    on_event: Event
    pause: Callable[[float], None] = time.sleep
    lock: threading.Lock = field(default_factory=threading.Lock)

    def event(self, kind: str, **fields: Any) -> None:
        """Tell what happened; called from several threads, one at a time."""
        with self.lock:
            self.on_event(kind, **fields)

    def time_for(self, seconds: float) -> bool:
        """Will the cut-off still be ahead when that many seconds have passed?"""
        return self.cut_off is None or self.clock.now() + timedelta(seconds=seconds) < self.cut_off


def gather_feeds(
    associations: Sequence[Association],
    night: date,
    inbox: Path,
    known: Mapping[str, Known],
    key_for: Callable[[Association], Path],
    rules: GatherRules,
    clock: Clock,
    on_event: Event = lambda kind, **fields: None,
    cut_off: datetime | None = None,
    night_of: NightOf = night_in_name,
    pause: Callable[[float], None] = time.sleep,
) -> list[Reception]:
    """Gather the files that are not known yet into `inbox`/NIGHT/ASSOCIATION, and write receptions.json there.

    At least one attempt is made at every open association; none is begun after `cut_off` (UTC) but the first.
    """
    folder = inbox / night.isoformat()
    shared = Gathering(rules, clock, cut_off, on_event, pause)
    done = {a.code: closed(a, night) for a in associations if not a.open_on(night)}
    before = {item.association: item for item in read_receptions(folder)}
    feeds = []
    for item in associations:
        if item.code not in done:
            had, box = known.get(item.code, Known()), Inbox(folder / item.code)
            own = before[item.code].files if item.code in before else ()
            box.set_aside(had.keys - {file.key for file in own})
            desk = Desk(item, night, box, had, night_of, rules)
            feeds.append(Feed(item, endpoint_of(item, key_for(item)), desk))
    for sweep in range(rules.sweeps):
        done |= _sweep(feeds, shared)
        feeds = [feed for feed in feeds if done[feed.association.code].code in AGAIN]
        if not feeds or sweep + 1 == rules.sweeps or not shared.time_for(rules.sweep_seconds):
            break
        shared.event("sweep", number=sweep + 1, missing=[feed.association.code for feed in feeds])
        pause(rules.sweep_seconds)
    receptions = [_as_before(before.get(a.code), done[a.code]) for a in associations]
    write_receptions(folder, receptions)
    return receptions


def _as_before(before: Reception | None, now: Reception) -> Reception:
    """A rerun that cannot reach a server takes nothing away from what an earlier run received whole."""
    whole = before is not None and before.status == "received" and before.files == now.files
    return replace(before, attempts=now.attempts, seconds=now.seconds) if before and whole else now


def closed(association: Association, night: date) -> Reception:
    """The reception of an association from which nothing is expected in that night: it is not contacted."""
    if declared := association.closure_on(night):
        return Reception(association.code, "closed", "closed", f"{declared.reason} (jusqu'au {declared.last:%d/%m/%Y})")
    until = f"depuis le {association.until + timedelta(days=1)}" if association.until else "pas encore ouverte"
    return Reception(association.code, "closed", "closed", until)


def endpoint_of(association: Association, key: Path) -> Endpoint:
    """How an association's server is reached with that private key."""
    pins = tuple(pin for pin in (association.host_key,) if pin)
    return Endpoint(association.host, association.port, association.user, key, pins)


def key_of(folder: Path, association: Association) -> Path:
    """The private key for an association: `sftp_CODE`, else the one key `sftp` for all."""
    own = folder / f"sftp_{association.code}"
    return own if own.is_file() else folder / "sftp"


def _sweep(feeds: Sequence[Feed], shared: Gathering) -> dict[str, Reception]:
    with ThreadPoolExecutor(shared.rules.parallel, thread_name_prefix="feed") as pool:
        found = list(pool.map(lambda feed: gather_one(feed, shared), feeds))
    return {reception.association: reception for reception in found}


def gather_one(feed: Feed, shared: Gathering) -> Reception:
    """One association in one sweep: attempts with pauses between, while the cause may pass and time is left."""
    begun, rules = time.monotonic(), shared.rules
    for attempt in range(1, rules.attempts + 1):
        feed.attempts += 1
        reception, code = _attempt(feed, shared)
        shared.event(
            "feed",
            association=reception.association,
            status=reception.status,
            code=reception.code,
            detail=reception.detail,
            files=len(reception.files),
            attempt=feed.attempts,
            seconds=round(time.monotonic() - begun, 3),
        )
        wait = rules.backoff_seconds[min(attempt, len(rules.backoff_seconds)) - 1] if rules.backoff_seconds else 0.0
        if not _may_retry(feed, code, rules) or attempt == rules.attempts or not shared.time_for(wait):
            break
        shared.pause(wait * random.uniform(0.5, 1.0))  # so that 63 feeds do not come back in step
    return replace(reception, attempts=feed.attempts, seconds=round(time.monotonic() - begun, 3))


def _may_retry(feed: Feed, code: str, rules: GatherRules) -> bool:
    if code == "auth":
        feed.auth_failures += 1
        return feed.auth_failures < rules.auth_attempts
    return code in NET_CODES


def _attempt(feed: Feed, shared: Gathering) -> tuple[Reception, str]:
    """One session; gives the reception and the cause that cut it short ("" if none did)."""
    rules = shared.rules
    try:
        with connect(feed.endpoint, rules.feed_deadline_seconds, rules.idle_seconds) as session:
            _tell_session(feed, session, shared)
            return take(session, feed.desk, shared.pause), ""
    except SftpError as error:
        return _cut_short(feed, error), error.code
    except KeyUnusable:  # one bad key must not stop the others; if all are bad, coverage will say so
        detail = "clé privée de cette machine absente, illisible ou ouverte à d'autres"
        return Reception(feed.association.code, "absent", "auth", detail), "key"
    except SurveillanceError:
        raise  # this machine's own trouble (a full disk): the whole night must stop
    except Exception as error:  # a bug must not cost the others their night; its place is told, no value is
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(last.filename).name}:{last.lineno}"
        shared.event("bug", association=feed.association.code, error=type(error).__name__, where=where)
        detail = f"erreur interne {type(error).__name__}"
        return Reception(feed.association.code, "refused", "protocol", detail), "bug"


def _tell_session(feed: Feed, session: Session, shared: Gathering) -> None:
    shared.event("session", association=feed.association.code, **session.facts)
    if not session.facts["strict_kex"]:
        shared.event("warning", association=feed.association.code, code="SSH_NO_STRICT_KEX")


def _cut_short(feed: Feed, error: SftpError) -> Reception:
    files = feed.desk.inbox.listed()
    if not files:
        return Reception(feed.association.code, STATUS.get(error.code, "refused"), error.code, error.detail)
    # Something was fetched before (in this run, or in one that was killed): it counts, and it may not be all.
    return Reception(feed.association.code, "partial", error.code, error.detail, files)
