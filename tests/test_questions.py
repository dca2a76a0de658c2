"""Questions answered: the published figures come back exactly, from nights read like any other."""

from __future__ import annotations

import io
import shutil
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from surveillance.content import Content
from surveillance.errors import UsageError
from surveillance.ledgers import LATEST, abridge
from surveillance.questions import Question, ask
from surveillance.replay import replay
from surveillance.settings import Settings, load_settings
from surveillance.simulation import simulate
from surveillance.store import Store, open_published, published_path
from tests.conftest import exempt, surveillance

FIRST, LAST = date(2023, 1, 2), date(2023, 1, 22)  # the week 2023-W01 has wholly arrived by the last night


@pytest.fixture(scope="module")
def settings(content: Content, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("questions")
    simulate(content, FIRST, LAST, folder / "feeds", 7)
    found = load_settings(content, folder / "state")
    replay(content, found, FIRST, LAST, folder / "feeds")
    return found


def figures(content: Content) -> pd.DataFrame:
    """The published weekly figures that the project carries."""
    table = pd.read_csv(
        io.BytesIO(content.bytes("indicators/published/weekly_figures.csv.gz")),
        compression="gzip",
        dtype={"region": str, "age": str},
    )
    return table[table["week"] == "2023-W01"]


@pytest.mark.parametrize(("syndrome", "column"), [("covid", "covid"), ("grippe", "flu")])
def test_published_figures_come_back_exactly(syndrome: str, column: str, content: Content, settings: Settings) -> None:
    asked = ("--by", "region,week,age", "--format", "csv", *exempt(settings.state / "site"))
    result = surveillance("query", syndrome, *asked, "--state", settings.state)
    assert result.returncode == 0, result.stderr
    answer = pd.read_csv(io.StringIO(result.stdout), dtype={"region": str, "age": str})
    assert {"region", "week", "age", "visits", "visits_all", "visits_coded", "share_all", "share_coded"} <= set(answer)
    both = figures(content).merge(answer[answer["week"] == "2023-W01"], on=["region", "week", "age"], how="left")
    assert len(both) >= 56
    both = both[both["acts"] > 0]
    assert (both["visits"] == both[column]).all()
    assert (both["visits_coded"] == both["acts"]).all()
    assert both["complete"].all()
    assert (both["visits_all"] >= both["visits_coded"]).all()
    share = 1 - both["visits_coded"].sum() / both["visits_all"].sum()
    assert 0.04 < share < 0.08  # some 6 % of visits come uncoded


def test_weeks_that_can_still_change_are_marked(content: Content, settings: Settings) -> None:
    with open_published(settings.state, content) as store:
        table = ask(store, Question(("grippe",))).table.set_index("week")
    assert list(table["complete"]) == [False, True, False, False]


def test_as_of_a_past_night_knows_less(content: Content, settings: Settings) -> None:
    with open_published(settings.state, content) as store:
        now = ask(store, Question(("grippe",), by=("day",))).table.set_index("day")
        then = ask(store, Question(("grippe",), by=("day",), as_of=date(2023, 1, 5))).table.set_index("day")
        same = ask(store, Question(("grippe",), by=("day",), as_of=LAST)).table.set_index("day")
    assert then.index.max() == "2023-01-04"
    assert then.loc["2023-01-04", "visits_all"] < now.loc["2023-01-04", "visits_all"]
    pd.testing.assert_frame_equal(same, now)


def test_parts_add_up_to_the_whole(content: Content, settings: Settings) -> None:
    with open_published(settings.state, content) as store:
        whole = ask(store, Question(("covid",), by=("national",))).table
        for by in ("age", "sex", "region", "department", "association", "day", "month", "season"):
            parts = ask(store, Question(("covid",), by=(by,))).table
            for column in ("visits", "visits_all", "visits_coded"):
                assert parts[column].sum() == whole[column].sum(), (by, column)


def test_filters(content: Content, settings: Settings) -> None:
    with open_published(settings.state, content) as store:
        regions = ask(store, Question(("grippe",), by=("region",))).table.set_index("region")
        nord = ask(store, Question(("grippe",), by=("region",), territories=("32",))).table
        assert nord["visits"].tolist() == [regions.loc["32", "visits"]]
        loire = ask(store, Question(("grippe",), by=("department",), territories=("dep:44",))).table
        assert loire["department"].tolist() == ["44"]
        grand_est = ask(store, Question(("grippe",), by=("region",), territories=("reg:44",))).table
        assert grand_est["visits"].tolist() == [regions.loc["44", "visits"]]
        young = ask(store, Question(("grippe",), by=("age",), ages=("00-04",))).table
        assert young["age"].tolist() == ["00-04"]


@pytest.mark.parametrize(
    "question",
    [
        Question(("gripe",)),
        Question(("grippe",), by=("weak",)),
        Question(("grippe",), ages=("0-4",)),
        Question(("grippe",), scheme="none"),
        Question(("grippe",), territories=("44",)),
    ],
)
def test_a_question_that_means_nothing_says_what_could(
    question: Question, content: Content, settings: Settings
) -> None:
    with open_published(settings.state, content) as store, pytest.raises(UsageError) as caught:
        ask(store, question)
    assert caught.value.hint


def test_a_day_an_association_never_sent_makes_its_cells_incomplete(
    content: Content, settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "store.duckdb"
    shutil.copyfile(published_path(settings.state), path)
    with Store(path, content) as store:
        for table in ("counts", "denominators"):
            store.run(f"DELETE FROM {table} WHERE association = '5901' AND visit_day = DATE '2023-01-04'")
        abridge(store, date.min, LATEST)
        store.run("UPDATE receptions SET status = 'absent' WHERE association = '5901' AND night = DATE '2023-01-05'")
        regions = ask(store, Question(("grippe",), by=("region", "week", "age"))).table
        first = regions[regions["week"] == "2023-W01"].groupby("region")["complete"].all()
        assert not first["32"]
        assert first.drop("32").all()
        assert not ask(store, Question(("grippe",), by=("sex",))).table["complete"].any()


def test_what_is_simulated_says_so(content: Content, settings: Settings) -> None:
    with open_published(settings.state, content) as store:
        facts = ask(store, Question(("grippe", "gastro"))).facts
    assert facts["simulated"] == "gastro"
