"""Why a visit counts, or does not: its versions in the store, and each definition's verdict on one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from surveillance.ages import Acts, load_acts
from surveillance.associations import load_associations
from surveillance.coding.case_definitions import Syndrome
from surveillance.coding.readings import Element, Verdict, elements, judge
from surveillance.coding.syndromes import Coder, load_syndromes
from surveillance.coding.thesauri import CIM10, load_thesauri
from surveillance.content import Content
from surveillance.errors import UsageError
from surveillance.store import OPEN, Store

Row = dict[str, Any]
STILL = 2147483647  # `to_coding` of a coding in force
BASES = ("diagnosis", "reason")


@dataclass(frozen=True)
class Line:
    """A line of a file, and what is known of the file: a row of `files` for each night that had it."""

    association: str
    name: str
    number: int
    files: tuple[Row, ...]

    @property
    def hashes(self) -> list[str]:
        """The contents that were received under that name."""
        return [str(row["sha256"]) for row in self.files]


@dataclass(frozen=True)
class Explanation:
    """One version of a visit (a row of `visits`), its elements, and the verdicts of the definitions of its day.

    `verdicts`: by basis (diagnosis, reason), of every definition in force on the day of the visit. `stored`: by basis,
    the syndromes that the store has for the version; a basis that this store does not hold is lacking.
    """

    versions: tuple[Row, ...]
    visit: Row
    diagnoses: tuple[Element, ...]
    reasons: tuple[Element, ...]
    verdicts: dict[str, tuple[Verdict, ...]]
    stored: dict[str, frozenset[str]]
    held: tuple[Row, ...]
    acts: Acts

    @property
    def obstacles(self) -> tuple[str, ...]:
        """What keeps the version out of every count, whatever its codes: keys of words (`explain_out_…`)."""
        visit = self.visit
        found = {
            "superseded": visit["to_night"] != OPEN,
            "deleted": visit["status"] == "deleted",
            "cancelled": visit["status"] not in ("active", "deleted"),
            "act": visit["act_type"] not in self.acts.counted,
        }
        return tuple(key for key, holds in found.items() if holds)

    def counting(self, basis: str) -> frozenset[str]:
        """The syndromes in which it counts by the definitions of now."""
        return frozenset(one.syndrome.id for one in self.verdicts[basis] if one.counts)

    def differs(self, basis: str) -> tuple[list[str], list[str]]:
        """Syndromes that only the store has, and those that only the definitions of now give."""
        now, then = self.counting(basis), self.stored.get(basis, self.counting(basis))
        return sorted(then - now), sorted(now - then)


class Explainer:
    """Explains visits of a store with the definitions of one content."""

    def __init__(self, store: Store, content: Content) -> None:
        self.store = store
        self.coder = Coder(load_syndromes(content), load_thesauri(content))
        self.acts = load_acts(content)
        self.own = {item.code: item.thesaurus for item in load_associations(content)}

    def explain(self, uid: str, night: date | None = None, line: Line | None = None) -> Explanation:
        """The version in force, that in force after a night, or the one that a line made; UsageError without one."""
        statement = "FROM visits WHERE visit_uid = $uid ORDER BY from_night, rec_version"
        versions = self.store.arrow(statement, {"uid": uid}).to_pylist()
        if not versions:
            raise UsageError(
                f"the store has no visit {uid!r}",
                "a line refused, or of a file set aside, is not in it: name --association, --file and --line",
            )
        visit = _chosen(versions, night, line)
        day, months = visit["event_date"], months_of(visit)
        diagnoses = elements(self.coder, "diag", visit["thesaurus"], visit["diagnoses"], day)
        reasons = self._reasons(visit)
        of_day = [one for one in self.coder.syndromes if one.in_force(day)]
        return Explanation(
            tuple(versions),
            visit,
            diagnoses,
            reasons,
            {
                basis: tuple(judge(self.coder, one, found, months) for one in of_day)
                for basis, found in zip(BASES, (diagnoses, reasons), strict=True)
            },
            self._stored(visit),
            self._held(visit),
            self.acts,
        )

    def definition(self, ident: str, day: date) -> tuple[Syndrome, bool]:
        """The definition of that id for a day, or the last one there is, and whether it is for that day."""
        found = [one for one in self.coder.syndromes if one.id == ident]
        if not found:
            known = ", ".join(dict.fromkeys(one.id for one in self.coder.syndromes))
            raise UsageError(f"no case definition is called {ident!r}", f"there are: {known}")
        return next(((one, True) for one in found if one.in_force(day)), (found[-1], False))

    def _reasons(self, visit: Row) -> tuple[Element, ...]:
        """Call reasons are coded in the association's own thesaurus, also where its diagnoses come in the CIM-10."""
        thesaurus = visit["thesaurus"]
        if thesaurus == CIM10:
            thesaurus = self.own.get(visit["association"], CIM10)
        coded = elements(self.coder, "motif", thesaurus, visit["reason_codes"], visit["event_date"])
        return coded + elements(self.coder, "concept", "", visit["reason_concepts"], visit["event_date"])

    def _stored(self, visit: Row) -> dict[str, frozenset[str]]:
        rows = self.store.arrow(
            "FROM visit_syndromes WHERE from_night = $night AND arrival = $arrival",
            {"night": visit["from_night"], "arrival": visit["arrival"]},
        )
        kept = [row for row in rows.to_pylist() if row.get("to_coding", STILL) == STILL]
        held = BASES if "basis" in rows.column_names else BASES[:1]
        return {
            basis: frozenset(row["syndrome"] for row in kept if row.get("basis", BASES[0]) == basis) for basis in held
        }

    def _held(self, visit: Row) -> tuple[Row, ...]:
        """The files of its association that were set aside since: they may say something else of it."""
        rows = self.store.arrow(
            "SELECT night, name, detail FROM files WHERE association = $code AND code = 'held' AND night >= $night "
            "ORDER BY ALL",
            {"code": visit["association"], "night": visit["from_night"]},
        )
        return tuple(rows.to_pylist())


def months_of(visit: Row) -> int | None:
    """The age in completed months: exact below two years, twelve times the years above; None = unknown."""
    if visit["age_m"] is not None:
        return int(visit["age_m"])
    return None if visit["age_y"] is None else 12 * int(visit["age_y"])


def _chosen(versions: Sequence[Row], night: date | None, line: Line | None) -> Row:
    if night is not None:
        known = [row for row in versions if row["from_night"] <= night < row["to_night"]]
        if not known:
            first = versions[0]["from_night"]
            raise UsageError(f"this visit was not known after the night of {night}", f"it is since that of {first}")
        return known[-1]
    if line is not None:
        made = [row for row in versions if row["file_sha256"] in line.hashes and row["line_no"] == line.number]
        return made[-1]
    return next((row for row in reversed(versions) if row["to_night"] == OPEN), versions[-1])


def find_file_line(store: Store, association: str, name: str, number: int, night: date | None) -> Line:
    """A line by its file, in the store or not; UsageError when no file of that name was received."""
    asked = {"code": association, "name": name}
    rows = store.arrow("FROM files WHERE association = $code AND name = $name ORDER BY night", asked).to_pylist()
    found = tuple(row for row in rows if night in (None, row["night"]))
    if not found:
        statement = "SELECT DISTINCT name FROM files WHERE association = $code ORDER BY name DESC LIMIT 3"
        latest = store.rows(statement, {"code": association})
        hint = f"its last ones: {', '.join(row[0] for row in latest)}" if latest else "is the code right?"
        raise UsageError(f"no file {name!r} of association {association!r} was received", hint)
    return Line(association, name, number, found)


def visit_of_line(store: Store, line: Line) -> str | None:
    """The visit of which the line made a version; None when it made none: refused, a duplicate, a header."""
    found = store.value(
        "SELECT visit_uid FROM visits WHERE association = $code AND line_no = $line "
        "AND list_contains($hashes, file_sha256) ORDER BY from_night DESC LIMIT 1",
        {"code": line.association, "line": line.number, "hashes": line.hashes},
    )
    return None if found is None else str(found)


def refusal_of_line(state: Path, line: Line) -> Row | None:
    """The refusal of the line in the records (check, sentence), which only those who keep the state can read."""
    import pyarrow.parquet as pq

    for file in reversed(line.files):
        path = state / "records" / file["night"].isoformat() / "refusals.parquet"
        if path.is_file():
            wanted = [("file_sha256", "=", file["sha256"]), ("line_no", "=", line.number)]
            rows: list[Row] = pq.read_table(path, filters=wanted).to_pylist()
            if rows:
                return rows[0]
    return None
