"""`surveillance evaluate`: what is simulated, what is counted, and whether the figures of the docs are found again."""

from __future__ import annotations

import csv
import io
import json
import re
from math import sqrt

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from surveillance.cli import app
from surveillance.cli.evaluating import read_trial
from surveillance.detection.judged import Judged, Method, Series
from surveillance.detection.registry import find_method
from surveillance.errors import UsageError
from surveillance.evaluation import daily, weekly
from surveillance.evaluation.contenders import CONTENDERS, PUBLISHED
from surveillance.evaluation.measures import Tally, measures, tally
from surveillance.evaluation.running import Evaluation, Trial, evaluate
from surveillance.evaluation.series import spread
from tests.conftest import ROOT

DOC = ROOT / "docs" / "evaluation.md"
CHEAP = ("EARS C1", "EARS C3", "Historical limits (CDC)", "Bayes 3", "FF as 1996, α .005")
REPLICATES = 8
LIMIT = 4.0  # standard errors; series of a scenario share their rows: see `spare`


def within(*arguments: object) -> Result:
    """The command line in this process."""
    return CliRunner().invoke(app, [str(one) for one in arguments])


def knowing(alarm: float) -> Method:
    """A method that always says the same."""

    def run(series: Series) -> Judged:
        said = np.full((len(series.rows), series.counts.shape[1]), alarm)
        return Judged(said, said, said, said, said, np.zeros(said.shape, np.int8))

    return Method("knowing", run, (), "", "")


def recorded() -> dict[str, list[list[str]]]:
    """Lines of the weekly table of the docs by method: ours, then that of R."""
    found: dict[str, list[list[str]]] = {}
    name = ""
    text = DOC.read_text(encoding="utf-8").split("## The daily signals")[0]
    for line in re.findall(r"^\| (.+) \|$", text, re.MULTILINE):
        first, *cells = [cell.strip() for cell in line.split("|")]
        name = name if first == "*R*" else first
        found.setdefault(name, []).append(cells)
    return found


# What is simulated


def test_there_are_42_scenarios_and_16_signals() -> None:
    names = [one.name for one in weekly.SCENARIOS]
    assert len(set(names)) == 42
    assert len({one.name for one in daily.SIGNALS}) == 16
    assert sum(one.harmonics < 2 for one in weekly.SCENARIOS) == 28


@pytest.mark.parametrize("place", [0, 2, 12, 21, 41])
def test_counts_have_the_mean_and_the_dispersion_of_their_scenario(place: int) -> None:
    scenario = weekly.SCENARIOS[place]
    made = scenario.simulate(place, 400, (5.0,), 3)
    mean = scenario.mean()
    assert made.clean.shape == (624, 400)
    assert made.clean.mean() == pytest.approx(mean.mean(), rel=0.02)
    dispersion = ((made.clean - mean[:, None]) ** 2).sum() / made.clean.shape[1] / mean.sum()
    assert dispersion == pytest.approx(scenario.phi, rel=0.06)


def test_outbreaks_are_where_and_as_large_as_they_should() -> None:
    place = 36  # a level of exp(5), without trend nor season
    made = weekly.SCENARIOS[place].simulate(place, 500, (5.0, 10.0), 3)
    added = made.past - made.clean
    assert added[: weekly.TRAINING].sum() == 0
    deviation = sqrt(1.2 * np.exp(5))
    assert added.sum() / 500 == pytest.approx(4 * 5 * deviation, rel=0.05)
    for k, cases in made.current.items():
        assert cases.sum() / 500 == pytest.approx(k * deviation, rel=0.05)
        assert cases[: made.judged[0]].sum() == 0
        first = cases.astype(bool).argmax(axis=0)
        assert (first >= made.starts).all()
    assert made.starts.min() >= 624 - 49
    assert made.starts.max() < 624 - 8


def test_half_of_the_cases_come_in_the_first_week() -> None:
    cases = spread(np.random.default_rng(1), np.full(50, 400), np.full(50, 3), 30)
    assert cases.sum() == 50 * 400
    assert cases[3].sum() / cases.sum() == pytest.approx(0.5, abs=0.02)
    cut = spread(np.random.default_rng(1), np.full(50, 400), np.full(50, 3), 4)
    assert np.array_equal(cut[3], cases[3])


def test_the_same_seed_gives_the_same_series_whatever_else_is_asked() -> None:
    one = weekly.SCENARIOS[5].simulate(5, 4, (3.0, 8.0), 7)
    other = weekly.SCENARIOS[5].simulate(5, 4, (8.0,), 7)
    assert np.array_equal(one.past, other.past)
    assert np.array_equal(one.current[8.0], other.current[8.0])
    assert not np.array_equal(one.past, weekly.SCENARIOS[5].simulate(5, 4, (8.0,), 8).past)


@pytest.mark.parametrize("place", range(16))
def test_daily_signals_have_seven_years_and_closed_week_ends(place: int) -> None:
    signal = daily.SIGNALS[place]
    made = signal.simulate(place, 2, (5.0,), 1)
    days = made.clean.reshape(-1, 7, 2)
    assert len(days) == 7 * 52
    assert (days[:, 5:].sum() == 0) == (signal.cycle.days == 5)
    assert (made.current[5.0].reshape(-1, 7, 2)[:, 5:].sum() == 0) or signal.cycle.days == 7
    assert np.array_equal(made.clean, np.rint(made.clean))
    assert len(made.dates) == len(made.clean)
    assert made.current[5.0][: made.judged[0]].sum() == 0


# What is counted


def test_a_tally_counts_rows_and_outbreaks() -> None:
    alarms = np.array([[1, 0, 0, 0], [0, 1, 0, 1], [0, 0, 0, 0], [1, 1, 0, 0]], bool)
    outbreak = np.array([[0, 0, 1, 0], [1, 1, 1, 0], [1, 0, 0, 0], [0, 1, 0, 0]], bool)
    found = tally(alarms, outbreak, np.array([1, 1, 0, 2]))  # the last series has none: it is left out
    assert found == Tally(
        true_alarms=2, false_alarms=2, missed=4, quiet=4, outbreaks=3, detected=1, at_once=1, late=0.0, lateness=2.0
    )
    told = measures(found)
    assert told.pod == pytest.approx(1 / 3)
    assert told.sensitivity == pytest.approx(1 / 3)
    assert told.specificity == pytest.approx(2 / 3)
    assert told.ppv == pytest.approx(1 / 2)
    assert told.npv == pytest.approx(1 / 2)
    assert told.f1 == pytest.approx(2 * told.ppv * told.sensitivity / (told.ppv + told.sensitivity))


def test_a_delay_counts_from_the_begin_and_a_week_of_days_is_a_first_week() -> None:
    outbreak = np.zeros((20, 1), bool)
    outbreak[2:12] = True
    alarms = np.zeros_like(outbreak)
    alarms[6] = True
    found = tally(alarms, outbreak, np.array([1]))
    assert (found.late, found.lateness, found.at_once) == (5.0, 5 / 11, 0)
    assert tally(alarms, outbreak, np.array([1]), first=7).at_once == 1


def test_nothing_counted_has_no_measure() -> None:
    assert np.isnan(list(vars(measures(Tally())).values())).all()


def test_methods_that_always_or_never_alarm() -> None:
    trial = Trial(replicates=2, ks=(5.0,))
    always, never, silent = (evaluate(knowing(alarm), {}, trial) for alarm in (1.0, 0.0, float("nan")))
    assert (always.fpr, always.fpr_clean, always.fpr_worst, always.by_k[5.0].pod) == (1.0, 1.0, 1.0, 1.0)
    assert (always.by_k[5.0].specificity, always.by_k[5.0].sensitivity) == (0.0, 1.0)
    assert (never.fpr, never.by_k[5.0].pod, never.by_k[5.0].timeliness, never.tested) == (0.0, 0.0, 1.0, 1.0)
    assert (silent.fpr, silent.by_k[5.0].pod, silent.tested) == (0.0, 0.0, 0.0)
    assert always.rows == 42 * 2 * 49


# What is recorded


@pytest.fixture(scope="module")
def short() -> dict[str, Evaluation]:
    """Cheap methods on few replicates, of another seed than those of the docs."""
    trial = Trial(replicates=REPLICATES, seed=20)
    chosen = [one for one in CONTENDERS["noufaily"] if one.name in CHEAP]
    return {one.name: evaluate(find_method(one.method), dict(one.settings), trial) for one in chosen}


def spare(share: float, trials: float, others: float, alike: float = 1.0) -> float:
    """How far two shares may lie apart; alike: how many trials are as good as one."""
    return LIMIT * sqrt(share * (1 - share) * alike * (1 / trials + 1 / others))


@pytest.mark.parametrize("name", CHEAP)
def test_figures_of_the_docs_are_found_again(short: dict[str, Evaluation], name: str) -> None:
    found, cells = short[name], [float(cell) for cell in recorded()[name][0]]
    rows, series = found.rows, 42 * REPLICATES
    for mine, theirs in ((found.fpr_clean, cells[0]), (found.fpr, cells[1])):
        assert abs(mine - theirs) < spare(theirs, rows, 42 * 100 * 49, 3.0)  # alarms come in runs
    for k, theirs in zip((3.0, 5.0, 8.0, 10.0), cells[3:7], strict=True):
        assert abs(found.by_k[k].pod - theirs) < spare(theirs, series, 4200)


@pytest.mark.parametrize("name", [one.name for one in CONTENDERS["noufaily"]])
def test_the_docs_hold_what_r_found_and_it_is_ours(name: str) -> None:
    ours, theirs = recorded()[name]
    published = dict(zip(PUBLISHED, next(o for o in CONTENDERS["noufaily"] if o.name == name).published, strict=True))
    assert [float(theirs[at]) for at in (0, 1, 3, 4, 5, 6)] == [
        published[one] for one in ("fpr_clean", "fpr", "pod_3", "pod_5", "pod_8", "pod_10")
    ]
    for at, alike in ((0, 3.0), (1, 3.0)):
        figure = float(theirs[at])
        assert abs(float(ours[at]) - figure) < spare(figure, 42 * 100 * 49, 42 * 100 * 49, alike) + 5e-5
    for at in (3, 4, 5, 6):
        figure = float(theirs[at])
        assert abs(float(ours[at]) - figure) < spare(figure, 4200, 4200)


# The command


def test_the_command_tells_a_table_csv_json_and_markdown() -> None:
    asked = ("evaluate", "ears_c1", "--replicates", 2, "--k", "5,8", "--lang", "en")
    table = within(*asked)
    assert table.exit_code == 0, table.output
    assert all(head in table.stdout for head in ("fpr_clean", "pod_first", "specificity"))
    assert max(map(len, table.stdout.splitlines())) <= 80 - len("FF 10 periods, delta, α .005") + len("ears_c1")
    assert "inferred, not read in the paper" in table.stderr
    lines = list(csv.DictReader(io.StringIO(within(*asked, "--format", "csv").stdout)))
    assert [line["k"] for line in lines] == ["5", "8"]
    told = json.loads(within(*asked, "--format", "json", "--param", "alpha=0.05").stdout)
    assert told["trial"] == {"scenarios": "noufaily", "replicates": 2, "ks": [5.0, 8.0], "seed": 1}
    assert told["settings"] == {"ears_c1": {"method": "ears_c1", "alpha": 0.05}}
    assert told["rows"][0]["fpr"] > float(lines[0]["fpr"])
    assert within(*asked, "--format", "markdown").stdout.startswith("| method | FPR clean | FPR |")
    one_day = within("evaluate", "ears_c2", "--scenarios", "daily", "--replicates", 1, "--k", 5, "--lang", "en")
    assert "16 scenarios" in one_day.stderr


@pytest.mark.parametrize(
    "wrong",
    [
        (),
        ("ears_c1", "--all"),
        ("ears_c1", "ears_c2", "--param", "alpha=0.1"),
        ("ears_c1", "--param", "alpha"),
        ("ears_c1", "--param", "nosuch=1"),
        ("nosuch",),
        ("ears_c1", "--scenarios", "monthly"),
        ("ears_c1", "--replicates", "0"),
        ("ears_c1", "--k", "-1"),
        ("ears_c1", "--k", "five"),
        ("ears_c1", "--seed", "-1"),
        ("ears_c1", "--format", "xlsx"),
    ],
)
def test_what_cannot_be_is_one_sentence(wrong: tuple[str, ...]) -> None:
    found = within("evaluate", *wrong)
    assert found.exit_code != 0
    assert isinstance(found.exception, UsageError)


def test_a_trial_keeps_each_k_once() -> None:
    assert read_trial("noufaily", 5, "5, 3,5", 1) == Trial("noufaily", 5, (5.0, 3.0), 1)
