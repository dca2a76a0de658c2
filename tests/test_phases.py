"""Epidemic phases: votes that never look ahead, rules from votes to phases, intensity, and the command."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from surveillance.cli import app
from surveillance.content import Content
from surveillance.detection.judged import Array
from surveillance.phases.intensity import LEVELS, intensities, seasons
from surveillance.phases.levels import Phase, phases, weeks_in_phase
from surveillance.phases.telling import table
from surveillance.phases.validating import hindsight, published, score, validation
from surveillance.phases.votes import Votes, vote
from surveillance.phases.weekly import Weekly
from surveillance.signal_rules import PhaseRule, PublishedEpidemic, load_rules
from tests.query_tools import Day, fill, site

FIRST = date(2018, 9, 3)
SMALL = {"min_weeks": 60, "history_weeks": 156}


@pytest.fixture(scope="module")
def rule() -> PhaseRule:
    return load_rules(Content(None)).phases


def flu(weeks: int, peaks: dict[int, float], seed: int = 1) -> Array:
    """Weekly shares × 1: a level of 1 % with noise, and epidemics of twelve weeks around these weeks."""
    noise = np.random.default_rng(seed).normal(0.0, 0.0008, weeks)
    time = np.arange(weeks)
    waves = sum(height * np.exp(-(((time - week) / 3.0) ** 2)) for week, height in peaks.items())
    return np.asarray((0.01 + noise + waves)[:, None])


def told(*votes: int, able: int = 3) -> Votes:
    """One series of so many votes a week; −1: no method can say anything."""
    alarms = np.array([[np.nan if v < 0 else float(n < v) for v in votes] for n in range(able)])[:, :, None]
    return Votes(("a", "b", "c")[:able], alarms, np.full_like(alarms, np.nan), np.zeros((len(votes), 1), dtype=np.intp))


def test_phases_follow_from_votes(rule: PhaseRule) -> None:
    rule = rule.model_copy(update={"votes": 2, "weeks_in": 2, "weeks_out": 2, "calm": 2})
    cases = {
        (0, 0, 1, 0): "1121",  # one method: a warning that goes
        (0, 2, 2, 3, 1, 1, 0, 0): "12333441",
        (2, 0, 2, 0): "2121",  # never two weeks in a row
        (2, 2, 1, 2, 2): "23333",  # one week below is no end
        (2, 2, 1, 1, 2, 2): "233443",  # a second wave: two strong weeks again
        (2, -1, 2, -1, 0): "20303",  # a week that cannot be judged is as if it were not there
    }
    for votes, wanted in cases.items():
        assert "".join(str(int(p)) for p in phases(told(*votes), rule)[:, 0]) == wanted, votes


def test_a_syndrome_may_have_settings_of_its_own(rule: PhaseRule) -> None:
    own = rule.of("gastro")
    assert (own.prune, own.weeks_out, own.weeks_in) == (0.75, 2, rule.weeks_in)
    assert rule.of("grippe") == rule
    for wrong, said in (({"rhume": {}}, "rhume"), ({"gastro": {"votes": 4}}, "votes"), ({"gastro": {"min": 1}}, "min")):
        with pytest.raises(ValidationError, match=said):
            PhaseRule.model_validate(rule.model_dump() | {"own": wrong})


def test_phases_last_since_their_first_week() -> None:
    found = np.array([[1], [1], [3], [0], [3], [4]], dtype=np.int8)
    assert weeks_in_phase(found)[:, 0].tolist() == [1, 2, 1, 0, 3, 1]


def test_an_epidemic_is_found_and_quiet_weeks_are_not(rule: PhaseRule) -> None:
    rule = rule.model_copy(update=SMALL)
    shares = flu(190, {20: 0.1, 72: 0.08, 124: 0.12, 176: 0.1})
    weeks = np.arange(104, 190)
    found = phases(vote(shares, rule, weeks), rule)[:, 0]
    epidemic = weeks[found == Phase.EPIDEMIC]
    for peak in (124, 176):
        assert set(range(peak - 4, peak + 5)) <= set(epidemic)
        assert all(peak - 9 <= week <= peak + 11 for week in epidemic if abs(week - peak) < 26)
    assert (found == Phase.BASE).sum() > 20


def test_no_vote_looks_ahead(rule: PhaseRule) -> None:
    """What is said of a week is the same with and without the weeks after it, alone and among other series."""
    rule = rule.model_copy(update=SMALL)
    rule = rule.model_copy(update={"history_weeks": 100})
    shares = np.hstack([flu(132, {20: 0.1, 72: 0.08, 124: 0.12}, seed) for seed in (1, 2)])
    shares[50, 1] = np.nan
    weeks = np.arange(100, 132)
    whole = vote(shares, rule, weeks)
    for row in (0, 22, 28):
        alone = vote(shares[: weeks[row] + 1, [1]], rule, weeks[[row]])
        np.testing.assert_array_equal(whole.alarms[:, row, 1], alone.alarms[:, 0, 0])
        np.testing.assert_allclose(whole.thresholds[:, row, 1], alone.thresholds[:, 0, 0], rtol=1e-9)


@pytest.mark.parametrize("value", [0.0, 0.02, np.nan])
def test_flat_and_empty_series_have_a_phase_or_none_and_no_error(rule: PhaseRule, value: float) -> None:
    rule = rule.model_copy(update=SMALL)
    found = phases(vote(np.full((80, 1), value), rule, np.arange(80)), rule)
    assert set(found[:60, 0]) <= {Phase.UNKNOWN, Phase.BASE}
    assert not (found == Phase.EPIDEMIC).any()


def test_a_short_history_says_nothing(rule: PhaseRule) -> None:
    said = vote(flu(rule.min_weeks + 3, {30: 0.1}), rule, np.arange(rule.min_weeks + 3))
    assert (said.able[: rule.min_weeks - 1] == 0).all() and (said.able[rule.min_weeks - 1 :] > 0).all()
    assert said.history[:3, 0].tolist() == [1, 2, 3]


def mondays(weeks: int) -> list[date]:
    return [FIRST + timedelta(weeks=n) for n in range(weeks)]


def test_intensity_needs_whole_seasons_and_rises_with_the_share(rule: PhaseRule) -> None:
    peaks = {18 + 52 * n: 0.05 + 0.01 * (n % 3) for n in range(7)}
    shares = flu(52 * 7, peaks)
    shares[18 + 52 * 6] = 0.5
    weeks = np.array([18 + 52 * 2, 18 + 52 * 6, 5 + 52 * 6, 48 + 52 * 6])
    found = [row[0] for row in intensities(mondays(len(shares)), shares, weeks, rule)]
    assert found == ["", "very_high", "base", ""]
    years, whole = seasons(mondays(len(shares)), shares[:, 0], rule)
    assert whole.shape == (rule.season_weeks, len(years)) and set(found) <= {"", *LEVELS}


def weekly(shares: Array, coded: float = 900.0) -> Weekly:
    acts = np.full(shares.shape, 1000.0)
    below = np.full(shares.shape, coded)
    return Weekly(tuple(mondays(len(shares))), ("11", "FR"), shares * below, below, acts, date(2030, 1, 1))


def test_the_table_says_why_there_is_no_phase(rule: PhaseRule) -> None:
    rule = rule.model_copy(update=SMALL)
    given = weekly(np.hstack([flu(130, {20: 0.1, 72: 0.08, 124: 0.12})] * 2))
    given.coded[-1, 0] = 700.0  # 70 % coded
    given.acts[-2, 1] = given.coded[-2, 1] = given.visits[-2, 1] = np.nan
    rows = {(r.week, r.region): r for r in table(given, "grippe", rule, 3).itertuples()}
    last, before, third = (m.strftime("%G-W%V") for m in given.mondays[:-4:-1])
    assert rows[last, "11"].why == "uncoded" and rows[before, "FR"].why == "missing"
    assert rows[third, "FR"].phase == "epidemic" and rows[third, "FR"].votes == "3/3"
    young = replace(given, **{n: getattr(given, n)[-40:] for n in ("mondays", "visits", "coded", "acts")})
    assert set(table(young, "grippe", rule, 1)["why"]) == {"history", "uncoded"}


def test_scores_are_counted_by_hand() -> None:
    called = np.array([0, 1, 1, 1, 0, 0, 0, 0, 1, 0], dtype=bool)[:, None]
    accepted = np.array([0, 0, 1, 1, 1, 0, 1, 1, 0, 0], dtype=bool)[:, None]
    said = score(called, accepted, np.ones((10, 1), dtype=bool), [(2, 0), (6, 0)])
    assert (said.seasons, said.missed, said.delays) == (2, 1, (-1,))
    assert said.sensitivity == 2 / 5 and said.specificity == 3 / 5


def test_published_dates_cover_their_season() -> None:
    dates = PublishedEpidemic(
        syndrome="grippe", region="FR", season=2018, first="2018-W50", last="2019-W08", certain=True, source="test"
    )
    accepted, covered = published(mondays(60), ["11", "FR"], [dates])
    assert accepted[:, 1].sum() == 11 and not accepted[:, 0].any()
    assert covered[:, 1].sum() == 52 and covered[accepted].all()
    late, whole = hindsight(mondays(60), flu(60, {18: 0.1}), load_rules(Content(None)).phases)
    assert late[18, 0] and not late[5, 0] and whole[18, 0]


def test_validation_wants_its_folder(tmp_path: Path, rule: PhaseRule) -> None:
    with pytest.raises(Exception, match="is not there"):
        validation(tmp_path, rule, ())


def test_the_command_says_when_history_is_too_short(tmp_path: Path) -> None:
    content = site(tmp_path / "site")
    days = [Day(code, FIRST + timedelta(days=n)) for n in range(21) for code in ("5901", "7501")]
    fill(tmp_path / "state", content, days)
    where = ["--state", str(tmp_path / "state"), "--site", str(tmp_path / "site"), "--lang", "en"]

    def run(*more: str) -> Any:
        return CliRunner().invoke(app, ["phases", *more, *where])

    shown = run("grippe")
    assert "History too short for 11, 32, FR: 3 weeks are known, 104 are needed." in shown.stdout
    assert max(map(len, shown.stdout.splitlines()[:8])) <= 80
    rows = json.loads(run("grippe", "--format", "json", "--weeks", "2", "--territory", "reg:11").stdout)
    assert [(r["region"], r["phase"], r["why"]) for r in rows] == [("11", "", "history")] * 2
    assert "no phases are made for zona" in str(run("zona").exception)
