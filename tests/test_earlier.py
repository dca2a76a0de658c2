"""Earlier seasons: simulated ones agree with the visits the simulator draws, and a site's file is read or refused."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from surveillance.coding.syndromes import load_syndromes
from surveillance.content import Content
from surveillance.errors import ContentError
from surveillance.reporting.earlier import FOLDER, earlier_seasons, site_seasons
from surveillance.simulation.days import Days
from surveillance.simulation.earlier import acts_of, counting_chances, csv_of, earlier_weeks
from surveillance.simulation.recipes import load_recipes
from surveillance.simulation.visits import CODED_KINDS
from surveillance.simulation.world import load_world

WEEK = date(2023, 11, 27)
HEAD = "syndrome,week,share,source\n"


def put(folder: Path, text: str, name: str = "own.csv") -> Content:
    """A site with one file of earlier seasons."""
    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    (folder / FOLDER / name).write_text(text, encoding="utf-8")
    return Content(folder)


def test_shares_are_those_of_the_visits_that_would_be_drawn(content: Content) -> None:
    """Within sampling noise: every coded act of a week is drawn and counted by the codes of its diagnoses."""
    world = load_world(content, 3)
    days = Days(world)
    drawn = [days.visits(WEEK + timedelta(days=n)) for n in range(7)]
    coded = [visits.take(visits.kind < CODED_KINDS) for visits in drawn]
    acts = sum(len(visits) for visits in coded)
    told = {one.syndrome: one.share for one in earlier_weeks(content, WEEK, WEEK + timedelta(weeks=1), 3)}
    assert {"gastro", "ira", "vomissements", "bronchiolite"} <= set(told)
    assert not {"covid", "grippe"} & set(told)  # those are published
    assert not {"lombalgie", "angine"} & set(told)  # of those no level is known
    for syndrome in (one for one in load_syndromes(content) if one.id in told and one.id != "bronchiolite"):
        counts = np.array([*(syndrome.covers(code) for code in world.catalogue.codes), False])
        seen = sum(int((counts[v.diag1] | counts[v.diag2] | counts[v.diag3]).sum()) for v in coded) / acts
        assert abs(seen - told[syndrome.id]) < 5 * np.sqrt(seen / acts) + 0.04 * seen, syndrome.id


def test_a_definition_with_ages_counts_its_own_topic_only(content: Content) -> None:
    recipes = load_recipes(content)
    found = {one.id: counting_chances(recipes, one) for one in load_syndromes(content)}
    assert np.flatnonzero(found["bronchiolite"]).tolist() == [recipes.topics.index("bronchiolite")]
    assert found["ira"][recipes.topics.index("grippe")] == 1  # an umbrella
    assert 0 < found["vomissements"][recipes.topics.index("gastro")] < 0.1  # a second diagnosis, now and then


def test_weeks_are_whole_and_stop_before_the_store_begins(content: Content) -> None:
    weeks = sorted({one.week for one in earlier_weeks(content, date(2022, 12, 27), date(2023, 1, 19), 1)})
    assert weeks == ["2023-W01", "2023-W02"]


def test_acts_of_a_week_that_nobody_published_are_those_of_its_like() -> None:
    weeks = {date(2023, 1, 2): 10.0, date(2024, 1, 1): 20.0, date(2023, 1, 9): 30.0}
    assert acts_of(weeks, date(2024, 1, 1)) == 20
    assert acts_of(weeks, date(2021, 1, 4)) == 10


def test_a_file_of_the_site_is_read_beside_the_published_rates(content: Content, tmp_path: Path) -> None:
    assert site_seasons(content).empty
    weeks = list(earlier_weeks(content, date(2022, 1, 3), date(2022, 1, 17), 1))
    found = earlier_seasons(put(tmp_path, csv_of(weeks)))
    assert set(found["source"]) == {"published", "simulated"}
    mine = found[found["source"] == "simulated"]
    assert len(mine) == len(weeks)
    assert sorted(set(mine["week_monday"])) == [date(2022, 1, 3), date(2022, 1, 10)]
    assert mine["share"].between(0, 1).all()


@pytest.mark.parametrize(
    ("row", "key"),
    [
        ("gastro,2022-W60,0.1,observed", "week"),
        ("gastro,2022-S05,0.1,observed", "week"),
        ("gastro,2022-W05,9.5,observed", "share"),
        ("gastro,2022-W05,nan,observed", "share"),
        ("gastro,2022-W05,0.1,guessed", "source"),
        (",2022-W05,0.1,observed", "syndrome"),
        ("gastro,2022-W05", "share"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(row: str, key: str, tmp_path: Path) -> None:
    site = put(tmp_path, f"{HEAD}gastro,2022-W04,0.1,observed\n{row}\n")
    with pytest.raises(ContentError) as caught:
        site_seasons(site)
    assert (caught.value.file, caught.value.key, caught.value.line) == (f"{FOLDER}own.csv", key, 3)
