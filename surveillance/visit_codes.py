"""Coding the visits of the store: which syndromes each version of a visit counts in, under which coding."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from surveillance.coding.codings import Coding, Codings
from surveillance.coding.rules import DIAGNOSIS, REASON, SYNDROME, RuleBook, Seen, known_table, rules_table
from surveillance.coding.syndromes import Coder
from surveillance.errors import ContentError
from surveillance.store import Store

if TYPE_CHECKING:
    import pyarrow as pa

STILL = 2147483647  # `to_coding` of a row in force
NOW = STILL - 1  # the coding of what is in force now: rows that begin by now, and end later
MONTH = timedelta(days=31)
Days = tuple[date, date]


@dataclass(frozen=True)
class Told:
    """Versions of visits: told in the nights from `first` to `last`, of visit days from `since` on."""

    first: date
    last: date
    since: date = date.min

    @property
    def parameters(self) -> dict[str, Any]:
        """As the statements name them."""
        return {"told_first": self.first, "told_last": self.last, "since": self.since}

    def months(self) -> Iterator[Told]:
        """The same in pieces of a month, oldest first: what is coded at once stays small."""
        first = self.first
        while first <= self.last:
            yield Told(first, min(self.last, first + MONTH), self.since)
            first += MONTH + timedelta(days=1)


def code_nights(store: Store, first: date, last: date, coder: Coder, coding: int = 1) -> dict[str, int]:
    """Code the versions that nights brought, in both series; unknown codes are counted, never dropped."""
    book, nights = RuleBook(coder), {"first": first, "last": last}
    seen = code_new(store, book, Told(first, last), coding)
    with store.table("known", known_table(book, seen)):
        store.run(store.sql("unknown_codes"), nights)
    unknown, uses = store.rows(
        "SELECT count(DISTINCT (thesaurus, code)), coalesce(sum(uses), 0) FROM unknown_codes "
        "WHERE night BETWEEN $first AND $last",
        nights,
    )[0]
    coded = dict(
        store.rows(
            "SELECT basis, count(*) FROM visit_syndromes WHERE from_night BETWEEN $first AND $last GROUP BY ALL", nights
        )
    )
    return {
        "codes": sum(kind == "diag" for kind, *_ in seen),
        "unknown_codes": int(unknown),
        "unknown_uses": int(uses),
        "coded_in": coded.get(DIAGNOSIS, 0),
        "reasons_in": coded.get(REASON, 0),
    }


def code_new(store: Store, book: RuleBook, told: Told, coding: int) -> list[Seen]:
    """Code visits that have not been coded; gives the codes seen."""
    with rules_of(store, book, told) as seen:
        store.run(
            f"INSERT INTO visit_syndromes BY NAME SELECT *, {int(coding)} AS from_coding "
            f"FROM ({store.sql('coded_visits')})",
            told.parameters,
        )
    return seen


@contextmanager
def rules_of(store: Store, book: RuleBook, told: Told) -> Iterator[list[Seen]]:
    """Let statements read what codes these visits: `own`, `rules` and `refs`; gives the codes seen."""
    with store.table("own", _own_table(book.coder)):
        seen: list[Seen] = store.rows(store.sql("seen_codes"), told.parameters)
        with store.table("rules", rules_table(book.rows(seen))):
            store.run(
                "CREATE OR REPLACE TEMP TABLE refs AS SELECT DISTINCT ref, basis, syndrome, definition FROM rules"
            )
            yield seen


def _own_table(coder: Coder) -> pa.Table:
    import pyarrow as pa

    names = {"association": list(coder.own), "thesaurus": list(coder.own.values())}
    return pa.table({name: pa.array(values, pa.string()) for name, values in names.items()})


def recode(store: Store, book: RuleBook, coding: int, told: Told) -> Days | None:
    """Code visits again under a coding: rows that it does not give end with it, rows that it adds begin.

    Only the definitions of the book. Gives the first and the last visit day of the months in which something changed,
    None when nothing did.
    """
    days: list[date] = []
    wanted = {"syndromes": sorted(book.only)}
    for part in told.months() if book.only else ():
        with rules_of(store, book, part):
            store.run(f"CREATE OR REPLACE TEMP TABLE wanted AS {store.sql('coded_visits')}", part.parameters)
        store.run(f"CREATE OR REPLACE TEMP TABLE held AS {store.sql('held_rows')}", part.parameters | wanted)
        same = "USING (from_night, arrival, basis, syndrome, definition)"
        store.run(f"CREATE OR REPLACE TEMP TABLE over AS FROM held ANTI JOIN wanted {same}")
        store.run(f"CREATE OR REPLACE TEMP TABLE added AS FROM wanted ANTI JOIN held {same}")
        store.run("UPDATE visit_syndromes SET to_coding = $coding WHERE rowid IN (SELECT place FROM over)",
                  {"coding": coding})  # fmt: skip
        store.run(f"INSERT INTO visit_syndromes BY NAME SELECT *, {int(coding)} AS from_coding FROM added")
        if store.value("SELECT (SELECT count(*) FROM over) + (SELECT count(*) FROM added)"):
            days += store.rows(
                "SELECT min(event_date), max(event_date) FROM visits "
                "WHERE from_night BETWEEN $told_first AND $told_last AND event_date >= $since",
                part.parameters,
            )[0]
    for name in ("wanted", "held", "over", "added"):
        store.run(f"DROP TABLE IF EXISTS temp.{name}")
    return (min(days), max(days)) if days else None


def apply_adoptions(store: Store, codings: Codings, admitted: date) -> list[Coding]:
    """Code again, adoption by adoption, the visits admitted from a night on; and, by an adoption that the store has
    never seen, all of them. Then the store knows every coding. Gives the adoptions it had never seen."""
    known = {row[0] for row in store.rows("SELECT number FROM codings")}
    for one in codings.adoptions:
        adopt_nights(store, codings, one, admitted if one.number in known else date.min)
    know_codings(store, codings.all)
    return [one for one in codings.adoptions if one.number not in known]


def adopt_nights(store: Store, codings: Codings, coding: Coding, first: date) -> Days | None:
    """Code again with an adoption what was told from a night on, before the adoption came into force."""
    nights = store.rows(
        "SELECT min(from_night), max(from_night) FROM visits WHERE from_night >= $first AND from_night < $before",
        {"first": first, "before": coding.from_night},
    )[0]
    if not nights[0]:
        return None
    told = Told(nights[0], nights[1], coding.recoded_since or date.min)
    return recode(store, changed_rules(store, codings, coding, told), coding.number, told)


def changed_rules(store: Store, codings: Codings, coding: Coding, told: Told) -> RuleBook:
    """The rules of the definitions that these visits may count in otherwise than under an earlier coding.

    Rules are compared for every code seen; where files of an earlier coding are no longer read, all are taken.
    """
    coder = codings.coder(coding.digest)
    book = RuleBook(coder)
    changed: set[str] = set()
    with rules_of(store, book, told) as seen:
        rows = set(book.rows(seen))
    for digest in {one.digest for one in codings.all if one.number < coding.number} - {coding.digest}:
        try:
            earlier = codings.coder(digest)
        except ContentError:
            held = store.rows("SELECT DISTINCT syndrome FROM visit_syndromes")
            return RuleBook(coder, {*book.only, *(row[0] for row in held)})
        there = [one for one in seen if one[1] in earlier.thesauri]
        changed |= {row[SYNDROME] for row in rows ^ set(RuleBook(earlier).rows(there))}
        changed |= _respelled(earlier, coder)
    return RuleBook(coder, changed)


def _respelled(earlier: Coder, coder: Coder) -> set[str]:
    """The definitions that count coded reasons, where an association codes them in another thesaurus."""
    if earlier.own == coder.own:
        return set()
    both = (*earlier.syndromes, *coder.syndromes)
    return {one.id for one in both if one.reasons and one.reasons.thesaurus}


def know_codings(store: Store, codings: Iterable[Coding]) -> None:
    """Let the store know these codings, and no other."""
    store.run("DELETE FROM codings")
    for one in codings:
        store.run("INSERT INTO codings VALUES ($number, $digest, $version, $from_night, $recoded_since, $who, $why)",
                  vars(one))  # fmt: skip


def settle_codings(store: Store, codings: Codings) -> list[Coding]:
    """Write to the list on disk the codings that only the store knows: what adopted them was killed in between."""
    last = codings.last.number if codings.last else 0
    rows = store.rows("FROM codings WHERE number > $last ORDER BY number", {"last": last})
    more = [Coding(*row) for row in rows]
    if more:
        codings.keep(more)
    return more


def coding_at(store: Store, night: date) -> int:
    """The coding in force after a night."""
    found = store.value("SELECT max(number) FROM codings WHERE from_night <= $night", {"night": night})
    return int(found or store.value("SELECT min(number) FROM codings") or 1)
