"""A night held against the habits: its profiles and those of nights before in, records/NIGHT/findings.parquet out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from surveillance.associations import Association
from surveillance.calendar import Indices, load_indices
from surveillance.content import Content
from surveillance.files import replace_atomic
from surveillance.habits.findings import HELD, NOT_RUN, Finding, to_table
from surveillance.habits.judging import Case, judge
from surveillance.habits.learning import Calendar
from surveillance.habits.past import FILE, FINDINGS, nights_needed, past_of, read_past, read_profiles
from surveillance.habits.profiles import Profile
from surveillance.habits.rules import AssociationRules
from surveillance.habits.usual import Usual
from surveillance.intake.checks import load_checks
from surveillance.intake.exceptions import Exceptions, load_exceptions


class Judge:
    """Judges nights by the content in force; made once, used for many."""

    def __init__(self, content: Content, members: Sequence[Association]) -> None:
        self.rules: AssociationRules = load_checks(content).association
        self.members = {item.code: item for item in members}
        self.exceptions: Exceptions = load_exceptions(content)
        indices = load_indices(content)
        self.calendars = {item.code: calendar_of(indices, item.department) for item in members}

    def night(self, records: Path, night: date) -> list[Finding] | None:
        """Judge a night whose profiles are on disk and write its findings; None when it has no profiles."""
        folder = records / night.isoformat()
        if not (folder / FILE).is_file():
            return None
        (folder / FINDINGS).unlink(missing_ok=True)  # of an earlier judgement
        habits = self.rules.habits
        past = read_past(records, nights_needed(night, habits.nights, habits.last_year_days))
        found = self.findings(night, read_profiles(folder), past)
        write(folder, found)
        return found

    def judged(self, records: Path, night: date) -> list[Finding]:
        """The findings of a night on disk; a night that was never judged is judged now."""
        if (records / night.isoformat() / FINDINGS).is_file():
            return read_findings(records / night.isoformat())
        return self.night(records, night) or []

    def findings(
        self, night: date, profiles: Sequence[Profile], past: Mapping[str, Sequence[Profile]]
    ) -> list[Finding]:
        """Seven findings an association, in order of association and check."""
        return [
            finding
            for profile in profiles
            if profile.association in self.members
            for finding in judge(self.case(night, profile, past.get(profile.association, ())), self.rules)
        ]

    def case(self, night: date, profile: Profile, past: Sequence[Profile]) -> Case:
        """What is judged, without the days that were declared to be unlike the others."""
        member = self.members[profile.association]
        learnt = past_of(past, lambda day: member.declared_on(day) is not None)
        usual = Usual(learnt, profile.visit_day, self.calendars[member.code], self.rules.habits)
        return Case(
            profile,
            usual,
            member.declared_on(profile.visit_day) is not None,
            self.exceptions.waived(member.code, night),
        )


def calendar_of(indices: Indices, department: str) -> Calendar:
    """The calendar of a département, with the days beside holidays."""

    def holiday(day: date) -> float:
        return indices.holiday_factor(day, department) * indices.near_factor(day, department)

    return Calendar(indices.weekday_factor, holiday)


def write(folder: Path, findings: Sequence[Finding]) -> None:
    """Write findings.parquet whole or not at all."""
    import pyarrow.parquet as pq

    temporary = folder / f".{FINDINGS}.part"
    pq.write_table(to_table(findings), temporary, compression="zstd")
    replace_atomic(temporary, folder / FINDINGS)


def read_findings(folder: Path) -> list[Finding]:
    """The findings of a night; none when it was never judged (records of an older version)."""
    import pyarrow.parquet as pq

    path = folder / FINDINGS
    return [Finding(**row) for row in pq.read_table(path).to_pylist()] if path.is_file() else []


def tell(findings: Sequence[Finding]) -> list[tuple[str, dict[str, object]]]:
    """What the journal is told: (event, fields) for each finding, and one for each check that did not run and why."""
    events: list[tuple[str, dict[str, object]]] = []
    silent: dict[tuple[str, str], list[str]] = {}
    for item in findings:
        if item.state == NOT_RUN:
            silent.setdefault((item.check, item.why), []).append(item.association)
        elif item.severity:
            events.append(
                (
                    "file held" if item.severity == HELD else "habit",
                    {
                        "association": item.association,
                        "check": item.check,
                        "severity": item.severity,
                        "waiver": item.waiver,
                        "detail": item.sentence_fr,
                    },
                )
            )
    for (check, why), codes in sorted(silent.items()):
        events.append(("check not run", {"check": check, "reason": why, "associations": codes}))
    return events
