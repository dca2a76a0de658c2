"""Judging a night: every check of an association against its habits gives an answer: passed, found, or not run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from surveillance.habits.findings import FOUND, HELD, NOT_RUN, PASSED, Finding
from surveillance.habits.learning import Expected, wrap
from surveillance.habits.profiles import Profile
from surveillance.habits.rules import AssociationRules, HabitCheck
from surveillance.habits.usual import Usual, minute_of

SHARES: dict[str, tuple[str, str]] = {  # check → what is counted, out of what (fields of Profile and of Past)
    "coded": ("coded", "visits_all"),
    "unknown_codes": ("unknown_codes", "coded"),
    "age": ("age_known", "visits_all"),
    "sex": ("sex_known", "visits_all"),
}


@dataclass(frozen=True)
class Case:
    """One association tonight. `declared`: something was declared for the day. `waived`: check → by whom."""

    profile: Profile
    usual: Usual
    declared: bool
    waived: Mapping[str, str]


Check = Callable[[str, Case, AssociationRules], Finding]


def judge(case: Case, rules: AssociationRules) -> list[Finding]:
    """One finding for each check, whatever happens: one that breaks is told as not run, and the night goes on."""
    return [_run(name, check, case, rules) for name, check in CHECKS.items()]


def _run(name: str, check: Check, case: Case, rules: AssociationRules) -> Finding:
    try:
        found = check(name, case, rules)
    except Exception as error:
        return _not_run(name, case, rules, "error", detail=type(error).__name__)
    if found.state == FOUND and name in case.waived:
        return replace(found, severity="note", waiver=case.waived[name])
    return found


def _not_run(
    name: str, case: Case, rules: AssociationRules, why: str, expected: Expected | None = None, detail: str = ""
) -> Finding:
    sentence = str(getattr(rules.not_run, why)).format(nights=rules.habits.min_nights, detail=detail)
    code, value = case.profile.association, expected.value if expected else None
    found = Finding(code, name, NOT_RUN, expected=value, why=why, sentence_fr=sentence)
    if expected is None:
        return found
    low, high = limits(expected, rules.check(name).note_z, rules.check(name).note_least, name == "volume")
    return replace(found, low=low, high=high, spread=expected.spread)


def limits(expected: Expected, z: float, least: float, relative: bool) -> tuple[float, float]:
    """Outside them both gaps are exceeded; `relative`: `least` is a share of the expected value."""
    low, high = expected.band(z)
    gap = least * expected.value if relative else least
    return min(low, expected.value - gap), max(high, expected.value + gap)


def severity_of(check: HabitCheck, expected: Expected, observed: float, relative: bool) -> str:
    """`""`, note or quarantine. On the limit itself nothing is found."""
    low, high = limits(expected, check.hold_z, check.hold_least, relative)
    beyond = observed > high if check.hold_side == "high" else observed < low
    if check.severity == HELD and beyond:
        return HELD
    low, high = limits(expected, check.note_z, check.note_least, relative)
    above, below = observed > high and check.side != "low", observed < low and check.side != "high"
    return "note" if above or below else ""


def _compare(name: str, case: Case, rules: AssociationRules, expected: Expected, observed: float) -> Finding:
    check, relative = rules.check(name), name == "volume"
    low, high = limits(expected, check.note_z, check.note_least, relative)
    severity = severity_of(check, expected, observed, relative)
    if name == "volume" and case.declared and observed < expected.value:
        severity, low = "", 0.0  # a declared day may be low
    say = SAY.get(name, percent)
    words = {"observed": observed, "expected": expected.value, "low": max(low, 0.0), "high": high}
    sentence = check.fr.format(**{key: say(value) for key, value in words.items()}) if severity else ""
    return Finding(
        case.profile.association,
        name,
        FOUND if severity else PASSED,
        severity,
        observed,
        expected.value,
        low,
        high,
        expected.spread,
        expected.score(observed),
        sentence_fr=sentence,
    )


def _volume(name: str, case: Case, rules: AssociationRules) -> Finding:
    profile = case.profile
    expected = case.usual.volume
    if profile.closed or not profile.files:
        return _not_run(name, case, rules, "closed" if profile.closed else "no_file", expected)
    if expected is None:
        return replace(_not_run(name, case, rules, "unknown_habit"), observed=float(profile.visits_day))
    return _compare(name, case, rules, expected, float(profile.visits_day))


def _share(name: str, case: Case, rules: AssociationRules) -> Finding:
    profile = case.profile
    if profile.closed or not profile.files:
        return _not_run(name, case, rules, "closed" if profile.closed else "no_file")
    part, whole = SHARES[name]
    size = float(getattr(profile, whole))
    if size < max(rules.check(name).min_visits, 1):
        return _not_run(name, case, rules, "few_visits")
    expected = case.usual.share(part, whole, size)
    observed = getattr(profile, part) / size
    if expected is None:
        return replace(_not_run(name, case, rules, "unknown_habit"), observed=observed)
    return _compare(name, case, rules, expected, observed)


def _arrival(name: str, case: Case, rules: AssociationRules) -> Finding:
    profile = case.profile
    expected = case.usual.minute
    if profile.closed or not profile.files or profile.arrival < 0:
        return _not_run(name, case, rules, "closed" if profile.closed else "no_file", expected)
    observed = minute_of(profile.visit_day, profile.arrival)
    if expected is None:
        return replace(_not_run(name, case, rules, "unknown_habit"), observed=observed)
    return _compare(name, case, rules, expected, expected.value + wrap(observed - expected.value))


def _zero_day(name: str, case: Case, rules: AssociationRules) -> Finding:
    profile = case.profile
    if profile.closed or not profile.files:
        return _not_run(name, case, rules, "closed" if profile.closed else "no_file")
    if profile.visits_day or case.declared:
        return Finding(profile.association, name, PASSED, observed=float(profile.visits_day))
    expected = case.usual.volume
    value = expected.value if expected else None
    sentence = rules.zero_day.fr.format(expected="?" if value is None else number(value))
    return Finding(profile.association, name, FOUND, rules.zero_day.severity, 0.0, value, sentence_fr=sentence)


CHECKS: dict[str, Check] = {
    "volume": _volume,
    "coded": _share,
    "unknown_codes": _share,
    "age": _share,
    "sex": _share,
    "arrival": _arrival,
    "zero_day": _zero_day,
}


def number(value: float) -> str:
    """`1 234`."""
    return f"{round(value):,}".replace(",", "\u202f")


def percent(value: float) -> str:
    """`12 %`."""
    return f"{round(100 * value)} %"


def hour(minute: float) -> str:
    """Minutes from midnight as `HH:MM`."""
    hours, minutes = divmod(round(minute) % 1440, 60)
    return f"{hours:02d}:{minutes:02d}"


SAY: dict[str, Callable[[float], str]] = {"volume": number, "arrival": hour}
