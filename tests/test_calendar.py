"""Public holidays and calendar factors."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from surveillance.calendar import easter, holiday_name, holidays, load_indices
from surveillance.content import Content
from surveillance.errors import ContentError
from surveillance.schools import FILE, Schools, load_schools


@pytest.mark.parametrize(
    "sunday",
    [
        date(1818, 3, 22),
        date(1943, 4, 25),
        date(2000, 4, 23),
        date(2008, 3, 23),
        date(2024, 3, 31),
        date(2038, 4, 25),
    ],
)
def test_easter_of_known_years_and_of_both_extremes(sunday: date) -> None:
    assert easter(sunday.year) == sunday


@pytest.mark.parametrize(
    ("day", "department", "name"),
    [
        (date(2024, 1, 1), None, "Jour de l'an"),
        (date(2024, 4, 1), None, "Lundi de Pâques"),
        (date(2024, 5, 9), None, "Ascension"),
        (date(2024, 5, 20), None, "Lundi de Pentecôte"),
        (date(2024, 12, 25), None, "Noël"),
        (date(2024, 12, 24), None, None),
        (date(2024, 3, 29), "67", "Vendredi saint"),
        (date(2024, 3, 29), "54", None),
        (date(2023, 12, 26), "68", "Saint-Étienne"),
        (date(2024, 5, 22), "972", "Abolition de l'esclavage"),
        (date(2024, 5, 22), "75", None),
        (date(2008, 5, 1), None, "Fête du Travail"),  # and Ascension: the fixed one names the day
        (date(2019, 6, 10), "973", "Lundi de Pentecôte"),  # and the abolition of slavery in Guyane
    ],
)
def test_holiday_name(day: date, department: str | None, name: str | None) -> None:
    assert holiday_name(day, department) == name


def test_eleven_holidays_by_law_and_thirteen_in_alsace() -> None:
    assert len(holidays(2024)) == 11
    assert len(holidays(2024, "67")) == 13
    assert len(holidays(2024, "972")) == 12


@pytest.mark.parametrize(
    ("day", "department", "factor"),
    [
        (date(2024, 1, 10), None, 1.0),  # an ordinary Wednesday
        (date(2023, 7, 14), None, 1.26),  # a Friday
        (date(2024, 7, 14), None, 0.95),  # a Sunday: already a high day
        (date(2022, 12, 25), None, 0.86),  # Christmas counts on a Sunday too
        (date(2024, 12, 24), None, 0.87),
        (date(2024, 5, 22), "972", 1.11),  # no figure of its own
    ],
)
def test_holiday_factor(day: date, department: str | None, factor: float) -> None:
    assert load_indices(Content()).holiday_factor(day, department) == factor


def test_weekday_factors_average_to_one_and_multiply_with_holidays() -> None:
    indices = load_indices(Content())
    week = [indices.weekday_factor(date(2024, 1, day)) for day in range(8, 15)]
    assert sum(week) / 7 == pytest.approx(1.0, abs=0.011)
    assert indices.day_factor(date(2024, 4, 1)) == pytest.approx(1.07 * 1.13)


def test_every_factor_names_a_holiday_that_exists() -> None:
    indices = load_indices(Content())
    assert {*indices.holiday, *indices.rules.any_day} == set(holidays(2024).values())


def test_a_wrong_factor_is_a_content_error_with_its_line(tmp_path: Path) -> None:
    rel = "extracts/calendar/indices.toml"
    (tmp_path / rel).parent.mkdir(parents=True)
    (tmp_path / rel).write_text(Content().text(rel).replace("mon = 1.07", "mon = 0"), encoding="utf-8")
    with pytest.raises(ContentError, match=r"indices.toml:\d+: weekday.mon"):
        load_indices(Content(tmp_path))


@pytest.fixture(scope="module")
def schools() -> Schools:
    return load_schools(Content(None))


def test_school_holidays_are_those_of_the_zone(schools: Schools) -> None:
    """Winter of 2024: zone C from 10, A from 17, B from 24 February."""
    lyon, lille, paris = "69", "59", "75"
    for department, first in ((paris, 10), (lyon, 17), (lille, 24)):
        assert schools.said(date(2024, 2, first - 1), department) == ""
        zone = schools.zone_of[department]
        assert schools.said(date(2024, 2, first), department) == f"début des vacances (hiver, zone {zone})"
    assert schools.said(date(2024, 2, 26), paris) == "rentrée (hiver, zone C)"
    assert schools.said(date(2024, 3, 4), paris) == ""
    assert schools.said(date(2024, 2, 12), "2A") == schools.said(date(2024, 2, 12), "974") == ""


def test_every_département_of_the_mainland_has_one_zone(schools: Schools) -> None:
    named = [department for departments in schools.zone.values() for department in departments]
    assert len(named) == len(set(named)) == 94
    assert set(named) == {f"{n:02}" for n in range(1, 96)} - {"20"}


def test_no_two_school_holidays_of_a_zone_share_a_day(schools: Schools) -> None:
    for zone in schools.zone:
        periods = sorted(getattr(one, zone) for one in schools.holiday)
        assert all(before[1] < after[0] for before, after in pairwise(periods))


def test_school_factors_stand_in_holidays_alone(schools: Schools) -> None:
    days = [date(2024, 2, 9), date(2024, 2, 10)]
    found = schools.factors(days, ["75", "59", "974"], ["all", "05-14", "unheard"])
    assert found.shape == (2, 3, 3) and (found[0] == 1).all() and (found[1, 1:] == 1).all()
    assert found[1, 0].tolist() == [schools.factor["all"], schools.factor["05-14"], 1.0]


def test_school_holidays_that_end_before_they_begin_are_named(tmp_path: Path) -> None:
    text = Content(None).text(FILE).replace("C = [2024-02-10, 2024-02-25]", "C = [2024-02-10, 2024-01-25]")
    (tmp_path / FILE).parent.mkdir(parents=True)
    (tmp_path / FILE).write_text(text)
    with pytest.raises(ContentError, match="zone C: the first day is after the last one"):
        load_schools(Content(tmp_path))
