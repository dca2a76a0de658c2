"""From columns of text to typed columns: the rules of one dialect, one time zone and one thesaurus."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from surveillance.coding.thesauri import Thesaurus
from surveillance.dialects import Dialect
from surveillance.intake.age_texts import UNKNOWN as NO_AGE
from surveillance.intake.age_texts import Age, age_reader
from surveillance.intake.coded import Coded, Issues, Memo, Text, Texts
from surveillance.intake.lived import UNKNOWN, agreed, months_between
from surveillance.intake.moments import date_reader, time_reader
from surveillance.intake.readers.raw import RawTable
from surveillance.intake.stamps import NO_DAY, Moments, Stamps, to_day
from surveillance.intake.values import (
    CodeRules,
    Reason,
    department_of,
    department_of_commune,
    diagnoses,
    mapped,
    number,
    open_cim10,
    reason_codes,
    reasons,
)
from surveillance.intake.visits import Typed, VisitLimits, day_checks, new_issues
from surveillance.pseudonyms import Pseudonymiser
from surveillance.territories import PostalCode

if TYPE_CHECKING:
    from surveillance.reasons.coder import ReasonReading

MINUTES = 24 * 60
DAY_CHECKS = ("DATE_MISSING", "DATE_UNREADABLE", "DATE_FUTURE", "DATE_OLD", "SAME_DAY", "LATE")


@dataclass(frozen=True)
class Tables:
    """What every reader shares: nomenclatures, ages, the coder of call reasons, limits."""

    limits: VisitLimits
    thesauri: Mapping[str, Thesaurus]
    postal_codes: Mapping[str, PostalCode]
    communes: Callable[[], Mapping[str, str]]  # INSEE code -> département; read only where a dialect needs it
    regions: Mapping[str, str]  # of each département
    bands: tuple[str, ...]  # of each age from 0 to 120
    unknown_band: str
    read_reason: Callable[[str], ReasonReading]
    pseudonyms: Pseudonymiser


class VisitReader:
    """Types the columns of files that share dialect, time zone and thesaurus; remembers what it has read."""

    def __init__(self, dialect: Dialect, zone: ZoneInfo, own: Thesaurus, tables: Tables) -> None:
        self.dialect, self.zone, self.tables, self.limits = dialect, zone, tables, tables.limits
        shape = dialect.fields["visit_id"].pattern
        self.shape = re.compile(shape, re.DOTALL | re.ASCII) if shape else None
        missing = self.missing = frozenset(dialect.missing) | {""}
        values, limits = dialect.values, tables.limits
        read_date, read_time = date_reader(dialect.forms.date), time_reader(dialect.forms.time)
        self.dates = Memo(lambda text: _day(*read_date(text)), missing, NO_DAY)
        self.births = Memo(
            lambda text: _birth(*_day(*read_date(text))), missing, NO_DAY, "AGE_UNREADABLE", "AGE_RANGE"
        )
        self.times = Memo(lambda text: _minute(read_time(text)), missing, -1)
        self.stamps = Stamps(dialect.forms.datetime, zone, missing)
        self.written_ages: Memo[Age] = Memo(
            age_reader(dialect.forms.age, limits.age_max), missing, NO_AGE, "AGE_UNREADABLE", "AGE_RANGE"
        )
        self.years = Memo(number(limits.age_max), missing, None, "AGE_UNREADABLE", "AGE_RANGE")
        self.months = Memo(number(limits.age_max * 12 + 11), missing, None, "AGE_UNREADABLE", "AGE_RANGE")
        self.sexes = Memo(mapped(values.get("sex", {}), "NR", "SEX_UNKNOWN"), missing, "NR", "SEX_UNKNOWN")
        self.outcomes = Memo(
            mapped(values.get("outcome", {}), "NR", "OUTCOME_UNKNOWN"), missing, "NR", "OUTCOME_UNKNOWN"
        )
        self.acts = Memo(mapped(values.get("act_type", {}), "AUTRE", "ACT_UNKNOWN"), missing, "AUTRE", "ACT_UNKNOWN")
        self.statuses = Memo(
            mapped(values.get("status", {}), "active", "STATUS_UNKNOWN"), missing, "active", "STATUS_UNKNOWN"
        )
        self.postal = Memo(
            department_of(tables.postal_codes, frozenset(tables.regions)), missing, None,
            "POSTAL_UNREADABLE", "POSTAL_UNKNOWN", "POSTAL_AMBIG",
        )  # fmt: skip
        communes = tables.communes() if "insee_code" in dialect.fields else {}
        self.communes = Memo(
            department_of_commune(communes, frozenset(tables.regions)), missing, None,
            "COMMUNE_UNREADABLE", "COMMUNE_UNKNOWN",
        )  # fmt: skip
        cim10, most, hide = open_cim10(tables.thesauri), limits.codes_max, tables.pseudonyms.uid
        codes = CodeRules(own, cim10, dialect.thesaurus == "cim10", missing, most, hide)
        shape_of_code = dialect.fields["reason_codes"].pattern if "reason_codes" in dialect.fields else ""
        nothing: tuple[str, tuple[str, ...]] = (codes.thesaurus("").id, ())
        self.diagnoses = Memo(diagnoses(codes), missing, nothing, "DIAG_UNKNOWN", "DIAG_SYSTEM")
        self.reason_codes: Memo[tuple[str, ...]] = Memo(
            reason_codes(codes, shape_of_code), missing, (), "REASON_UNKNOWN"
        )
        self.reasons: Memo[Reason] = Memo(
            reasons(tables.read_reason, missing, limits.text_max), missing, Reason(), "TEXT_LONG", "REASON_AMBIG"
        )

    def read(self, raw: RawTable, association: str, night: date | None) -> Typed:
        """Typed columns of the lines of a part, as received in a night (None: no bound on the visit day)."""
        issues, size, columns = new_issues(), len(raw.line_no), raw.columns
        ran = {"ID_MISSING", "ID_SHAPE", "DATE_MISSING", "DATE_UNREADABLE"}

        def read(name: str, memo: Memo[Any]) -> Coded[Any]:
            """A column through its memo; nothing at all where the file has no such column."""
            if name not in columns:
                return Coded(np.zeros(size, np.int32), [memo.nothing])
            ran.update(memo.checks)
            return memo.column(columns[name], issues)

        starts, calls = self._moments("start", raw, issues, ran), self._moments("call", raw, issues, ran)
        when = self._event(starts, calls, issues)
        if night is not None:
            ran.update(DAY_CHECKS)
            day_checks(when.days, night, self.limits, issues)
        if "end_at" in columns:
            ran.update(("END_UNREADABLE", "DURATION"))
            self._durations(starts, columns["end_at"], issues)
        ages, months = self._ages(raw, when.days, issues, ran)
        acts, statuses = read("act_type", self.acts), read("status", self.statuses)
        uids = self._uids(columns.get("visit_id", [None] * size), association, issues)
        return Typed(
            uids=uids,
            days=when.days,
            hours=np.where(when.minutes < 0, -1, when.minutes // 60),
            ages=ages,
            months=months,
            sexes=read("sex", self.sexes),
            acts=acts,
            outcomes=read("outcome", self.outcomes),
            statuses=_cancelled(acts, statuses),
            residences=_either(read("insee_code", self.communes), read("postal_code", self.postal)),
            diagnoses=read("diagnoses", self.diagnoses),
            reason_codes=read("reason_codes", self.reason_codes),
            reasons=read("reason_texts", self.reasons),
            bands=(*self.tables.bands, self.tables.unknown_band),
            issues=issues,
            ran=frozenset(ran),
        )

    def _uids(self, texts: Texts, association: str, issues: Issues) -> bytes:
        """The pseudonyms of the visit numbers, 16 bytes each; a number that is missing or odd is said first."""
        given = texts if isinstance(texts, pa.Array) else pa.array(texts, pa.string())
        numbers = pc.utf8_trim_whitespace(pc.fill_null(given, ""))
        missing = pc.is_in(numbers, pa.array(sorted(self.missing)))
        odd = pc.or_(pc.greater(pc.utf8_length(numbers), self.limits.id_max), pc.invert(pc.utf8_is_printable(numbers)))
        if self.shape is not None:
            strange = [self.shape.fullmatch(number) is None for number in numbers.to_pylist()]
            odd = pc.or_(odd, pa.array(strange, pa.bool_()))
        for rows, check in ((missing, "ID_MISSING"), (pc.and_not(odd, missing), "ID_SHAPE")):
            for row in np.flatnonzero(rows.to_numpy(zero_copy_only=False)).tolist():
                issues[row].insert(0, check)
        return self.tables.pseudonyms.digests(association, numbers.cast(pa.binary()).to_pylist())

    def _moments(self, name: str, raw: RawTable, issues: Issues, ran: set[str]) -> Moments:
        """The moments of `<name>_at`, or of `<name>_date` and `<name>_time`; UNREADABLE is said with the name."""
        own, columns = new_issues(), raw.columns
        if f"{name}_at" in columns:
            found = self.stamps.column(columns[f"{name}_at"], own)
        elif f"{name}_date" in columns:
            found = self._day_and_hour(columns[f"{name}_date"], columns.get(f"{name}_time"), own)
        else:
            return Moments.none(len(raw.line_no))
        ran.update((f"{name.upper()}_UNREADABLE", "TIME_UNREADABLE", "NO_START", "CALL_AFTER_START"))
        ran.update(("DST_AMBIG", "DST_MISSING", "DATE_AMBIGUOUS") if name == "start" else ())
        for row, checks in own.items():
            named = [_named(name, check) for check in checks]
            issues[row] += named if name == "start" else [check for check in named if not check.startswith("DST_")]
        return found

    def _day_and_hour(self, dates: Texts, times: Texts | None, issues: Issues) -> Moments:
        days = self.dates.column(dates, issues).numbers(np.int32)
        if times is None:
            return Moments(days, np.full(len(days), -1, np.int32))
        minutes = self.times.column(times, issues).numbers(np.int32)
        found = Moments(days, np.where(days == NO_DAY, -1, minutes).astype(np.int32))
        for row, check in found.doubts(self.zone).items():
            issues[row].append(check)
        return found

    def _event(self, starts: Moments, calls: Moments, issues: Issues) -> Moments:
        """The moment a visit counts for: its start, else its call."""
        for row in np.flatnonzero(~starts.there).tolist():
            said = issues[row]
            if calls.there[row]:
                said += [] if "START_UNREADABLE" in said else ["NO_START"]
            else:
                unreadable = "START_UNREADABLE" in said or "CALL_UNREADABLE" in said
                said.append("DATE_UNREADABLE" if unreadable else "DATE_MISSING")
        both = starts.there & calls.there & (starts.minutes >= 0) & (calls.minutes >= 0)
        later = _instants(calls) > _instants(starts)
        for row in np.flatnonzero(both & later).tolist():
            issues[row].append("CALL_AFTER_START")
        there = starts.there
        return Moments(np.where(there, starts.days, calls.days), np.where(there, starts.minutes, calls.minutes))

    def _durations(self, starts: Moments, texts: Texts, issues: Issues) -> None:
        own = new_issues()
        ends = self.stamps.column(texts, own)
        lasted = _instants(ends) - _instants(starts)
        odd = (lasted < 0) | (lasted > self.limits.duration_hours * 60)
        for row in np.flatnonzero(odd & ends.there & starts.there & (starts.minutes >= 0)).tolist():
            issues[row].append("DURATION")
        for row, checks in own.items():
            issues[row] += ["END_UNREADABLE" for check in checks if check == "UNREADABLE"]

    def _ages(
        self, raw: RawTable, days: npt.NDArray[np.int32], issues: Issues, ran: set[str]
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """Completed years, and months below two years (-1: not known); from the birth date where there is one."""

        def numbers(name: str, memo: Memo[int | None]) -> npt.NDArray[np.int32]:
            if name not in raw.columns:
                return np.full(len(days), UNKNOWN, np.int32)
            ran.update((*memo.checks, "AGE_MONTHS"))
            found = memo.column(raw.columns[name], issues)
            return found.numbers(np.int32, lambda value: UNKNOWN if value is None else value)

        years, months = numbers("age_years", self.years), numbers("age_months", self.months)
        if "age" in raw.columns:
            ran.update(self.written_ages.checks)
            ages = self.written_ages.column(raw.columns["age"], issues)
            told = np.array([age != NO_AGE for age in ages.values], bool)[ages.codes]
            years = np.where(told, ages.numbers(np.int32, lambda age: _told(age[0])), years)
            months = np.where(told, ages.numbers(np.int32, lambda age: _told(age[1])), months)
        if "birth_date" in raw.columns:
            ran.update(self.births.checks)
            born = self.births.column(raw.columns["birth_date"], issues).numbers(np.int32)
            known = born != NO_DAY
            years = np.where(known, UNKNOWN, years)
            months = np.where(known & (days != NO_DAY), months_between(born, days), np.where(known, UNKNOWN, months))
        return agreed(years, months, self.limits, issues)


def _told(value: int | None) -> int:
    return UNKNOWN if value is None else value


def _instants(moments: Moments) -> npt.NDArray[np.int64]:
    """Minutes since 1970, in local time."""
    found: npt.NDArray[np.int64] = moments.days.astype(np.int64) * MINUTES + moments.minutes
    return found


def _cancelled(acts: Coded[str], statuses: Coded[str]) -> Coded[str]:
    """The states of visits: an act that says it was cancelled is."""
    called_off = np.array([act == "ANNULE" for act in acts.values], bool)[acts.codes]
    codes = np.where(called_off, len(statuses.values), statuses.codes).astype(np.int32)
    return Coded(codes, [*statuses.values, "cancelled"])


def _either(first: Coded[Text], second: Coded[Text]) -> Coded[Text]:
    """The first column's value where it has one, else the second's."""
    there = np.array([value is not None for value in first.values], bool)[first.codes]
    codes = np.where(there, first.codes, second.codes + len(first.values)).astype(np.int32)
    return Coded(codes, [*first.values, *second.values])


def _day(day: date | None, check: str) -> tuple[int, str]:
    return NO_DAY if day is None else to_day(day), check


def _birth(day: int, check: str) -> tuple[int, str]:
    return day, "AGE_UNREADABLE" if check else ""


def _named(moment: str, check: str) -> str:
    """START_UNREADABLE; a start that reads two ways is refused, a call that does is not believed."""
    if check == "AMBIGUOUS":
        return "DATE_AMBIGUOUS" if moment == "start" else "CALL_UNREADABLE"
    return f"{moment.upper()}_UNREADABLE" if check == "UNREADABLE" else check


def _minute(minute: int) -> tuple[int, str]:
    return minute, "" if minute >= 0 else "TIME_UNREADABLE"
