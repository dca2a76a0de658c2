"""Simulated nights: equal to the published counts, the same whatever the range, read by the night's own readers."""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from surveillance.associations import load_associations
from surveillance.coding.syndromes import Coder, load_syndromes
from surveillance.coding.thesauri import CIM10, load_thesauri
from surveillance.content import Content
from surveillance.errors import UsageError
from surveillance.intake.reading import IntakeContext, build_context, read_file
from surveillance.reasons.coder import ReasonReading
from surveillance.simulation import Truth, parse_outbreak, simulate
from surveillance.simulation.days import EXTRA_SERIAL, Days
from surveillance.simulation.nights import Nights
from surveillance.simulation.people import draw_births, draw_years, infant_shares, year_chances
from surveillance.simulation.published import DAY_CLASSES, WEEK_CLASSES, WITHIN, load_published
from surveillance.simulation.topics import band_acts, with_lost
from surveillance.simulation.truth import read_truth
from surveillance.simulation.visits import CODED_KINDS
from surveillance.simulation.weeks import COVID, FLU
from surveillance.simulation.world import World, load_world

MONDAYS = [date(2022, 12, 26), date(2023, 3, 20), date(2024, 1, 15), date(2024, 10, 21)]
NIGHT = date(2024, 1, 16)
GROUP = {"0": 0, "1": 0, "02-04": 0, "05-14": 1, "15-44": 2, "45-64": 2, "65-74": 3, "75+": 3, "NR": 4}


@pytest.fixture(scope="module")
def content() -> Content:
    return Content()


@pytest.fixture(scope="module")
def world(content: Content) -> World:
    return load_world(content, seed=1)


@pytest.fixture(scope="module")
def reader(content: Content) -> IntakeContext:
    return build_context(content, b"0123456789abcdef" * 2, read_reason=lambda text: ReasonReading())


def by_week_class(classes: np.ndarray) -> np.ndarray:
    """Counts of the seven day classes (second axis) summed into the five of the week."""
    return np.stack([classes[:, [i for i, w in enumerate(WITHIN) if w == g]].sum(axis=1) for g in range(5)], axis=1)


@pytest.mark.parametrize("monday", MONDAYS)
def test_a_week_equals_the_published_figures(world: World, monday: date) -> None:
    plan = by_week_class(world.planner.week(monday).sum(axis=0))
    published = world.published.weeks[monday]
    assert (plan.sum(axis=2) == published[..., 0]).all()
    assert (plan[..., COVID] == published[..., 1]).all()
    assert (plan[..., FLU] == published[..., 2]).all()


def test_a_day_has_exactly_the_acts_of_its_plan(world: World) -> None:
    days, day = Days(world), date(2024, 1, 14)
    visits = days.visits(day)
    coded = visits.take(visits.kind < CODED_KINDS)
    regions = np.array([world.published.regions.index(item.region) for item in world.associations])
    found = np.zeros_like(days.counts(day))
    classes = np.searchsorted([5, 15, 45, 65, 75], coded.years, side="right")
    classes[coded.years < 0] = 6
    np.add.at(found, (regions[coded.association], classes, coded.kind), 1)
    assert (found == days.counts(day)).all()
    uncoded = visits.kind == CODED_KINDS
    assert (visits.diag1[visits.kind >= CODED_KINDS] < 0).all()
    assert 0.05 < uncoded.sum() / (uncoded.sum() + len(coded)) < 0.07


def test_daily_counts_are_exact_by_day(content: Content, tmp_path: Path) -> None:
    monday = date(2024, 1, 15)
    with (tmp_path / "sursaud-corona-quot-reg_test.csv").open("w", newline="") as handle:
        out = csv.writer(handle, delimiter=";")
        out.writerow(["reg", "date_de_passage", "sursaud_cl_age_corona", "nbre_acte_corona", "nbre_acte_tot"])
        for n in range(7):
            day = monday + timedelta(days=n)
            out.writerow(["94", day, 0, 6 + n, 103 + 7 * n])
            out.writerows(["94", day, age, 1, 10 * age + n - 19 * (age == 6)] for age in range(1, 7))
            out.writerow(["01", day, 1, "", ""])
    world = load_world(content, 1, tmp_path)
    week = world.planner.week(monday)
    corse = world.published.regions.index("94")
    assert [int(week[n, corse].sum()) for n in range(7)] == [max(103 + 7 * n, 191 + 6 * n) for n in range(7)]
    assert (week[..., COVID][:, corse, :6] == 1).all()
    assert week[:, corse, :, FLU].sum() <= world.published.weeks[monday][corse, :, 2].sum()
    others = np.delete(week, corse, axis=1)
    assert not others.any()
    with pytest.raises(UsageError, match="no published counts for 2024-01-22"):
        world.published.require(date(2024, 1, 22))


def test_the_same_bytes_whatever_the_range(content: Content, tmp_path: Path) -> None:
    outbreaks = [parse_outbreak("gastro:dep=33:from=2024-01-14:to=2024-01-15:extra=21:age=15-64")]
    simulate(content, NIGHT, NIGHT, tmp_path / "one", outbreaks=outbreaks)
    simulate(content, NIGHT - timedelta(days=2), NIGHT + timedelta(days=1), tmp_path / "many", outbreaks=outbreaks)
    simulate(content, NIGHT, NIGHT, tmp_path / "other", seed=2, outbreaks=outbreaks)
    one, many, other = (told(tmp_path / name / NIGHT.isoformat()) for name in ("one", "many", "other"))
    assert len(one) == 63
    assert one == many
    assert not set(one.items()) & set(other.items())


def told(folder: Path) -> dict[str, tuple[bytes, float]]:
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {path.relative_to(folder).as_posix(): (path.read_bytes(), path.stat().st_mtime) for path in files}


def test_two_processes_make_the_same_nights(content: Content, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    first = date(2024, 6, 3)
    truth = simulate(content, first, first + timedelta(days=11), tmp_path / "two", progress=lambda *at: seen.append(at))
    assert seen == [(n, 12) for n in range(1, 13)]
    assert [line["night"] for line in truth.nights] == [(first + timedelta(days=n)).isoformat() for n in range(12)]
    last = first + timedelta(days=11)
    simulate(content, last, last, tmp_path / "one")
    assert told(tmp_path / "one" / last.isoformat()) == told(tmp_path / "two" / last.isoformat())


def test_a_written_night_is_read_back_whole(content: Content, world: World, reader: IntakeContext) -> None:
    nights = Nights(world)
    expected = nights.visits(NIGHT)
    found = nights.files(NIGHT)
    wrong, ages, ids = [], Counter(), set()
    for feed in found.files:
        item = next(one for one in world.associations if one.code == feed.association)
        result = read_file(feed.data, feed.name, item, reader.dialect_of(item), reader, NIGHT)
        if (result.status, result.code, result.refusals.num_rows) != ("received", "ok", 0):
            wrong.append((feed.association, result.code, result.detail))
        ages.update(result.visits.column("age_y").to_pylist())
        ids.update(result.visits.column("visit_uid").to_pylist())
        flags = {flag for row in result.visits.column("dq").to_pylist() for flag in row}
        assert flags <= {"POSTAL_AMBIG"}, (feed.association, flags)
    assert wrong == []
    assert len(ids) == len(expected) == found.visits
    assert ages == Counter(None if age < 0 else age for age in expected.years.tolist())


@pytest.mark.slow
def test_three_written_weeks_equal_the_published_figures(
    content: Content, reader: IntakeContext, tmp_path: Path
) -> None:
    first, weeks = date(2024, 1, 8), 3
    simulate(content, first + timedelta(days=1), first + timedelta(days=7 * weeks + 14), tmp_path)
    published = load_published(content, None)
    associations = {item.code: item for item in load_associations(content)}
    coder = Coder(load_syndromes(content), load_thesauri(content))
    known: dict[tuple[str, tuple[str, ...]], set[str]] = {}
    found = {first + timedelta(days=7 * n): np.zeros_like(published.weeks[first]) for n in range(weeks)}
    columns = ["event_date", "act_type", "age_band", "thesaurus", "diagnoses"]
    for path in sorted(tmp_path.glob("2*/*/*")):
        item = associations[path.parent.name]
        night = date.fromisoformat(path.parent.parent.name)
        visits = read_file(path.read_bytes(), path.name, item, reader.dialect_of(item), reader, night).visits
        region = published.regions.index(item.region)
        for day, act, band, thesaurus, diagnoses in zip(*(visits.column(c).to_pylist() for c in columns), strict=True):
            week = day - timedelta(days=day.weekday())
            if act not in ("VISITE", "CENTRE") or not diagnoses or week not in found:
                continue
            key = thesaurus, tuple(diagnoses)
            if key not in known:
                known[key] = coder.syndromes_of(thesaurus, diagnoses, first, None)
            found[week][region, GROUP[band]] += [1, "covid" in known[key], "grippe" in known[key]]
    for week, figures in found.items():
        assert (figures == published.weeks[week]).all(), week


def test_a_strike_takes_acts_of_every_kind(world: World) -> None:
    """Laid on the six days left, the level of a week would make an excess of everything on each of them."""
    lost = with_lost(np.array([12688, 1537, 12247, 11776, 11410, 13634, 13323]))
    assert lost == pytest.approx((76615 + 12247 - 1537) / 76615)
    assert with_lost(np.array([13242, 11875, 11857, 11990, 11522, 13554, 13645])) == 1.0
    assert with_lost(np.array([0, 0, 0, 12000, 11000, 13000, 13000])) == 1.0, "days that are not known are not lost"
    shares = world.recipes.people
    week = np.ones((7, 1, 7, 3), dtype=np.int64) * 1000
    usual = band_acts(week, infant_shares(shares))
    week[1] //= 10
    assert band_acts(week, infant_shares(shares)) == pytest.approx(usual)


def test_outbreaks_come_on_top_and_change_nothing_else(content: Content, world: World) -> None:
    outbreak = parse_outbreak("gastro:dep=33:from=2024-01-08:to=2024-01-14:extra=120:age=15-64")
    assert sum(outbreak.days().values()) == 120
    assert parse_outbreak(outbreak.text()) == outbreak
    day = date(2024, 1, 9)
    usual, more = Days(world).visits(day), Days(load_world(content, 1, None, [outbreak])).visits(day)
    extra = more.take(more.serial >= EXTRA_SERIAL)
    assert len(extra) == outbreak.on(day) == 17
    assert len(more) == len(usual) + 17
    assert (more.take(more.serial < EXTRA_SERIAL).diag1 == usual.diag1).all()
    assert {world.associations[n].department for n in extra.association.tolist()} == {"33"}
    assert {world.recipes.topics[n] for n in extra.topic.tolist()} == {"gastro"}
    assert extra.years.min() >= 15 and extra.years.max() <= 64
    assert (extra.diag1 >= 0).all()


@pytest.mark.parametrize(
    "text",
    [
        "gastro",
        "gastro:from=2024-01-08:to=2024-01-01:extra=3",
        "gastro:from=x:to=y:extra=1",
        "gastro:from=2024-01-08:to=2024-01-09:extra=1:age=20-30",
        "gastro:from=2024-01-08:to=2024-01-09:extra=1:dpt=33",
    ],
)
def test_a_wrong_outbreak_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError, match="not an outbreak"):
        parse_outbreak(text)


def test_what_cannot_be_simulated_is_a_usage_error(content: Content, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no published counts for 2019-12-31"):
        simulate(content, date(2020, 1, 1), date(2020, 1, 1), tmp_path)
    with pytest.raises(UsageError, match="no syndrome 'peste'"):
        simulate(
            content,
            NIGHT,
            NIGHT,
            tmp_path,
            outbreaks=[parse_outbreak("peste:from=2024-01-14:to=2024-01-15:extra=1")],
        )
    (tmp_path / NIGHT.isoformat()).mkdir()
    with pytest.raises(UsageError, match="not the folder of a simulation"):
        simulate(content, NIGHT, NIGHT, tmp_path)


def test_the_truth_is_written_and_read_back(content: Content, tmp_path: Path) -> None:
    truth = simulate(content, NIGHT, NIGHT, tmp_path)
    assert isinstance(truth, Truth)
    assert read_truth(tmp_path) == truth
    again = simulate(content, NIGHT, NIGHT, tmp_path)
    assert again == truth


@pytest.mark.parametrize("day", [date(2024, 2, 29), date(2023, 3, 1), date(2024, 12, 31), date(2023, 2, 28)])
def test_birth_dates_give_the_age_by_birthdays_and_by_days(world: World, day: date) -> None:
    rng = np.random.default_rng(5)
    classes = np.repeat(np.arange(7), 400)
    years = draw_years(classes, rng.random(len(classes)), year_chances(world.recipes.people))
    births, months = draw_births(day, years, rng.random(len(classes)))
    for age, ordinal, month in zip(years.tolist(), births.tolist(), months.tolist(), strict=True):
        if age < 0:
            assert (ordinal, month) == (0, -1)
            continue
        born = date.fromordinal(ordinal)
        assert day.year - born.year - ((day.month, day.day) < (born.month, born.day)) == age
        assert int((day - born).days / 365.25) == age
        whole = (day.year - born.year) * 12 + day.month - born.month - (day.day < born.day)
        assert month == (whole if age < 2 else -1) or day.day >= 28


def test_the_diagnoses_written_count_where_they_should(content: Content, world: World) -> None:
    """In every thesaurus a simulated syndrome's codes count in it and in no other simulated one, the rest in none.

    Definitions that are not simulated (angine in orl, toux, lombalgie) may hold any of them.
    """
    coder, day = Coder(load_syndromes(content), load_thesauri(content)), date(2024, 1, 15)
    own = {code: name for name, topic in world.recipes.diagnoses.syndrome.items() for code in topic.codes}
    for thesaurus, spelling in world.spellings.items():
        for code, spelled in zip(world.catalogue.codes, spelling.codes, strict=True):
            for written in set(spelled):
                found = coder.syndromes_of(thesaurus, [written], day, 12 if own.get(code) == "bronchiolite" else 360)
                found &= set(world.recipes.diagnoses.syndrome)
                assert found - {"ira"} <= ({own[code]} if code in own else set()), (thesaurus, code, written)
                assert own.get(code, "") in ("", *found), (thesaurus, code, written)
    assert CIM10 in world.spellings


def test_classes_follow_one_another() -> None:
    assert len(WITHIN) == len(DAY_CLASSES)
    assert sorted(set(WITHIN)) == list(range(len(WEEK_CLASSES)))


def test_the_hour_a_clock_change_leaves_out_is_not_written(world: World) -> None:
    visits = Days(world).visits(date(2023, 3, 26))
    east = np.array([item.timezone == "Europe/Paris" for item in world.associations])[visits.association]
    for column in (visits.start, visits.call, visits.end):
        assert not ((column >= 120) & (column < 180) & east).any()
    assert (visits.call < visits.start).all()
    assert (visits.start < visits.end).all()


def test_gzip_feeds_carry_no_date(world: World) -> None:
    feed = next(feed for feed in Nights(world).files(NIGHT).files if feed.name.endswith(".gz"))
    assert feed.data[4:8] == b"\0\0\0\0"
    assert gzip.decompress(feed.data)
