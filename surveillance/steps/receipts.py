"""Receipts: what each association sent this night is told to it, in its own folder, once the file has left."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from surveillance.associations import Association
from surveillance.gathering.servers import endpoint_of, key_of
from surveillance.night import Counts, Night
from surveillance.receipts.issuing import issuer
from surveillance.receipts.ledger import Ledger
from surveillance.receipts.letters import Found, Letter, letters_for
from surveillance.receipts.putting import Post, keep, put_letters, waiting
from surveillance.receipts.receipt import HELD, NightFound

FATES = ("loaded", "duplicate", "superseded")


def receipts(night: Night) -> Counts:
    """Put a receipt for every file of the night that had none; what cannot be put is kept, and is no trouble."""
    if night.feeds is not None:  # a folder of feeds has no server behind it
        return {"put": 0}
    rules, states = night.timetable.receipts, list[str]()
    until = time.monotonic() + rules.seconds

    def tell(kind: str, **fields: object) -> None:
        states.append(str(fields["state"]))
        night.journal.event(kind, **fields)

    post = Post(night.settings.state, rules.session_seconds, tell)
    with ThreadPoolExecutor(rules.parallel, thread_name_prefix="receipts") as pool:
        puts = [pool.submit(_put, night, *item, post, until) for item in _letters(night, post, until)]
    for put in puts:
        put.result()  # a bug is not hidden
    return dict(Counter(states))


def _letters(night: Night, post: Post, until: float) -> Iterator[tuple[Association, list[Letter]]]:
    """What is to be put, read by the rules of the night; reading ends when the time for receipts is over."""
    issue, found = issuer(night.content), found_by_night(night)
    inbox = night.settings.state / "inbox"
    for member in night.associations:
        if time.monotonic() < until:
            ledger = Ledger(night.settings.state, member.code)
            letters = letters_for(member, inbox, night.date, ledger, issue, found.get(member.code, {}))
            if letters or waiting(member, post):
                yield member, letters


def _put(night: Night, member: Association, letters: list[Letter], post: Post, until: float) -> None:
    if time.monotonic() < until:
        put_letters(letters, member, endpoint_of(member, key_of(night.settings.keys, member)), post)
    else:
        keep(letters, member, post, "no_time")


def found_by_night(night: Night) -> dict[str, Found]:
    """What became of the accepted lines of each file once they met those already held, by association and hash."""
    rows = night.store.rows(
        "SELECT association, sha256, code, detail, loaded, duplicate, superseded FROM files WHERE night = $night",
        {"night": night.date},
    )
    unusual, out = _unusual(night), dict[str, dict[str, NightFound]]()
    for association, sha256, code, detail, *counts in rows:
        fates = dict(zip(FATES, counts, strict=True))
        found = NightFound(fates, detail if code == HELD else "", unusual.get(association, ()))
        out.setdefault(association, {})[sha256] = found
    return dict(out)


def _unusual(night: Night) -> dict[str, tuple[str, ...]]:
    """What is not as each association usually sends, but is no reason to set its files aside."""
    rows = night.store.rows(
        'SELECT association, list(sentence_fr ORDER BY "check") FROM findings '
        "WHERE night = $night AND state = 'found' AND severity <> 'quarantine' AND sentence_fr <> '' "
        "GROUP BY association",
        {"night": night.date},
    )
    return {association: tuple(sentences) for association, sentences in rows}
