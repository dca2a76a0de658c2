"""From columns of text to typed columns: the rules of one dialect, one time zone and one thesaurus."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from surveillance.coding.thesauri import Thesaurus
from surveillance.dialects import Dialect
from surveillance.intake.age_texts import UNKNOWN, Age, age_reader
from surveillance.intake.moments import NOWHEN, Moment, changes, date_reader, doubtful, moment_reader, time_reader
from surveillance.intake.readers.raw import RawTable
from surveillance.intake.values import (
    CodeRules,
    Issues,
    Memo,
    Text,
    concepts,
    department_of,
    department_of_commune,
    diagnoses,
    mapped,
    number,
    open_cim10,
    reason_codes,
)
from surveillance.intake.visits import Typed, VisitLimits, day_checks, new_issues
from surveillance.pseudonyms import Pseudonymiser
from surveillance.territories import PostalCode

MINUTES = 24 * 60
HOURS: tuple[int | None, ...] = (*(minute // 60 for minute in range(MINUTES)), None)  # HOURS[-1]: not known


@dataclass(frozen=True)
class Tables:
    """What every reader shares: nomenclatures, ages, the coder of call reasons, limits."""

    limits: VisitLimits
    thesauri: Mapping[str, Thesaurus]
    postal_codes: Mapping[str, PostalCode]
    communes: Callable[[], Mapping[str, str]]  # INSEE code -> département; read only where a dialect needs it
    departments: frozenset[str]
    bands: tuple[str, ...]  # of each age from 0 to 120
    unknown_band: str
    code_reason: Callable[[str], tuple[str, ...]]
    pseudonyms: Pseudonymiser


class VisitReader:
    """Types the columns of files that share dialect, time zone and thesaurus; remembers what it has read."""

    def __init__(self, dialect: Dialect, zone: ZoneInfo, own: Thesaurus, tables: Tables) -> None:
        self.dialect, self.zone, self.tables, self.limits = dialect, zone, tables, tables.limits
        self.shape = re.compile(dialect.fields["visit_id"].pattern or ".*", re.DOTALL | re.ASCII)
        missing = self.missing = frozenset(dialect.missing) | {""}
        values, limits = dialect.values, tables.limits
        read_date, read_time = date_reader(dialect.forms.date), time_reader(dialect.forms.time)
        self.dates: Memo[date | None] = Memo(read_date, missing, None)
        self.births: Memo[date | None] = Memo(lambda text: _birth(read_date(text)[0]), missing, None)
        self.times = Memo(lambda text: _minute(read_time(text)), missing, -1)
        self.moments = Memo(moment_reader(dialect.forms.datetime, zone), missing, NOWHEN)
        self.written_ages: Memo[Age] = Memo(age_reader(dialect.forms.age, limits.age_max), missing, UNKNOWN)
        self.years = Memo(number(limits.age_max), missing, None)
        self.months = Memo(number(limits.age_max * 12 + 11), missing, None)
        self.sexes = Memo(mapped(values.get("sex", {}), "NR", "SEX_UNKNOWN"), missing, "NR")
        self.outcomes = Memo(mapped(values.get("outcome", {}), "NR", "OUTCOME_UNKNOWN"), missing, "NR")
        self.acts = Memo(mapped(values.get("act_type", {}), "AUTRE", "ACT_UNKNOWN"), missing, "AUTRE")
        self.statuses = Memo(mapped(values.get("status", {}), "active", "STATUS_UNKNOWN"), missing, "active")
        self.postal = Memo(department_of(tables.postal_codes, tables.departments), missing, None)
        communes = tables.communes() if "insee_code" in dialect.fields else {}
        self.communes = Memo(department_of_commune(communes, tables.departments), missing, None)
        cim10, most, hide = open_cim10(tables.thesauri), limits.codes_max, tables.pseudonyms.uid
        codes = CodeRules(own, cim10, dialect.thesaurus == "cim10", missing, most, hide)
        reasons = dialect.fields["reason_codes"].pattern if "reason_codes" in dialect.fields else ""
        nothing: tuple[str, tuple[str, ...]] = (codes.thesaurus("").id, ())
        self.diagnoses = Memo(diagnoses(codes), missing, nothing)
        self.reason_codes: Memo[tuple[str, ...]] = Memo(reason_codes(codes, reasons), missing, ())
        self.concepts: Memo[tuple[str, ...]] = Memo(concepts(tables.code_reason, missing, limits.text_max), missing, ())

    def read(self, raw: RawTable, association: str, night: date | None) -> Typed:
        """Typed columns of the lines of a file, as received in a night (None: no bound on the visit day)."""
        issues, size = new_issues(), len(raw.line_no)
        columns = raw.columns
        blank: Sequence[Text] = [None] * size

        def get(name: str) -> Sequence[Text]:
            return columns.get(name, blank)

        starts, calls = self._moments("start", raw, issues), self._moments("call", raw, issues)
        when = self._event(starts, calls, issues)
        days = [day for day, _ in when]
        day_checks(days, night, self.limits, issues)
        self._durations(starts, columns.get("end_at"), issues)
        ages, months = self._ages(raw, days, issues)
        acts = self.acts.column(get("act_type"), issues)
        statuses = self.statuses.column(get("status"), issues)
        bands, unknown = self.tables.bands, self.tables.unknown_band
        return Typed(
            uids=self._uids(get("visit_id"), association, issues),
            days=days,
            hours=[HOURS[minute] for _, minute in when],
            ages=ages,
            months=months,
            bands=[unknown if age is None else bands[age] for age in ages],
            sexes=self.sexes.column(get("sex"), issues),
            acts=acts,
            outcomes=self.outcomes.column(get("outcome"), issues),
            statuses=["cancelled" if act == "ANNULE" else status for act, status in zip(acts, statuses, strict=True)],
            residences=self._residences(get("postal_code"), get("insee_code"), issues),
            diagnoses=self.diagnoses.column(get("diagnoses"), issues),
            reason_codes=self.reason_codes.column(get("reason_codes"), issues),
            concepts=self.concepts.column(get("reason_texts"), issues),
            issues=issues,
        )

    def _residences(self, postal: Sequence[Text], insee: Sequence[Text], issues: Issues) -> list[Text]:
        """The département of residence: of the commune where its code is given, else of the postal code."""
        communes = self.communes.column(insee, issues)
        return [one or other for one, other in zip(communes, self.postal.column(postal, issues), strict=True)]

    def _uids(self, ids: Sequence[Text], association: str, issues: Issues) -> list[str]:
        uid, missing, longest = self.tables.pseudonyms.uid, self.missing, self.limits.id_max
        found, shape = [], self.shape
        for row, value in enumerate(ids):
            visit_id = value.strip() if value else ""
            if visit_id in missing:
                issues[row].insert(0, "ID_MISSING")
            elif len(visit_id) > longest or not visit_id.isprintable() or not shape.fullmatch(visit_id):
                issues[row].insert(0, "ID_SHAPE")
            found.append(uid(association, visit_id))
        return found

    def _moments(self, name: str, raw: RawTable, issues: Issues) -> list[Moment]:
        """The moments of `<name>_at`, or of `<name>_date` and `<name>_time`; UNREADABLE is said with the name."""
        own = new_issues()
        if f"{name}_at" in raw.columns:
            found = self.moments.column(raw.columns[f"{name}_at"], own)
        elif f"{name}_date" in raw.columns:
            days = self.dates.column(raw.columns[f"{name}_date"], own)
            hours: Sequence[Text] = raw.columns.get(f"{name}_time", [None] * len(days))
            minutes = self.times.column(hours, own)
            found = [(day, minute) if day else NOWHEN for day, minute in zip(days, minutes, strict=True)]
            if any(day is not None and changes(day, self.zone) for day in set(days)):
                for row, (day, minute) in enumerate(found):
                    own[row].append(doubtful(day, minute, self.zone))
        else:
            return [NOWHEN] * len(raw.line_no)
        for row, checks in own.items():
            named = [_named(name, check) for check in checks if check]
            issues[row] += named if name == "start" else [check for check in named if not check.startswith("DST_")]
        return found

    def _event(self, starts: list[Moment], calls: list[Moment], issues: Issues) -> list[Moment]:
        """The moment a visit counts for: its start, else its call."""
        for row, (start, call) in enumerate(zip(starts, calls, strict=True)):
            if start is NOWHEN:
                said = issues[row]
                if call is not NOWHEN:
                    said += [] if "START_UNREADABLE" in said else ["NO_START"]
                else:
                    unreadable = "START_UNREADABLE" in said or "CALL_UNREADABLE" in said
                    said.append("DATE_UNREADABLE" if unreadable else "DATE_MISSING")
            elif call > start and start[1] >= 0 and call[1] >= 0:
                issues[row].append("CALL_AFTER_START")
        return [call if start is NOWHEN else start for start, call in zip(starts, calls, strict=True)]

    def _durations(self, starts: list[Moment], ends: Sequence[Text] | None, issues: Issues) -> None:
        if ends is None:
            return
        own = new_issues()
        longest = self.limits.duration_hours * 60
        for row, (start, end) in enumerate(zip(starts, self.moments.column(ends, own), strict=True)):
            if end is not NOWHEN and start is not NOWHEN and start[1] >= 0:
                lasted = (end[0] - start[0]).days * MINUTES + end[1] - start[1]
                if not 0 <= lasted <= longest:
                    issues[row].append("DURATION")
        for row, checks in own.items():
            issues[row] += ["END_UNREADABLE" for check in checks if check == "UNREADABLE"]

    def _ages(self, raw: RawTable, days: list[date], issues: Issues) -> tuple[list[int | None], list[int | None]]:
        """Completed years, and completed months below two years; from the birth date where there is one."""
        blank: Sequence[Text] = [None] * len(days)
        years = self.years.column(raw.columns.get("age_years", blank), issues)
        months = self.months.column(raw.columns.get("age_months", blank), issues)
        if "age" in raw.columns:
            for row, age in enumerate(self.written_ages.column(raw.columns["age"], issues)):
                if age != UNKNOWN:
                    years[row], months[row] = age
        if "birth_date" in raw.columns:
            births = self.births.column(raw.columns["birth_date"], issues)
            for row, (birth, day) in enumerate(zip(births, days, strict=True)):
                if birth is not None:
                    years[row], months[row] = None, completed_months(birth, day)
        return self._agreed(years, months, issues)

    def _agreed(
        self, years: list[int | None], months: list[int | None], issues: Issues
    ) -> tuple[list[int | None], list[int | None]]:
        """Years and months that do not contradict each other, in their ranges."""
        below, highest = self.limits.months_below, self.limits.age_max
        for row, month in enumerate(months):
            if month is None:
                continue
            year = years[row]
            if year is None:
                year = month // 12
                if not 0 <= year <= highest:
                    issues[row].append("AGE_RANGE")
                    year = None
                years[row] = year
            elif year != month // 12:
                issues[row].append("AGE_MONTHS")
                months[row] = None
                continue
            if year is None or month >= below:
                months[row] = None
        return years, months


def completed_months(birth: date, day: date) -> int:
    """Whole months of life on a day; divided by 12 they are the completed years, as a French age is said.

    The RPU tools compute floor(days / 365.25): the two differ at most on a birthday itself, where 365 days / 365.25
    are not yet one year there. Someone born on 29 February turns a year older on 1 March of a common year.
    """
    return (day.year - birth.year) * 12 + day.month - birth.month - (day.day < birth.day)


def _birth(day: date | None) -> tuple[date | None, str]:
    return day, "" if day else "AGE_UNREADABLE"


def _named(moment: str, check: str) -> str:
    """START_UNREADABLE; a start that reads two ways is refused, a call that does is not believed."""
    if check == "AMBIGUOUS":
        return "DATE_AMBIGUOUS" if moment == "start" else "CALL_UNREADABLE"
    return f"{moment.upper()}_UNREADABLE" if check == "UNREADABLE" else check


def _minute(minute: int) -> tuple[int, str]:
    return minute, "" if minute >= 0 else "TIME_UNREADABLE"
