"""`surveillance detect FILE`: any series a user brings, by any method, and what it says when it cannot."""

from __future__ import annotations

import csv
import gzip
import io
import json
from datetime import date, timedelta
from inspect import signature
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from surveillance.cli import app
from surveillance.cli.detecting import read_asked
from surveillance.cli.detection_methods import as_markdown
from surveillance.cli.detection_output import as_csv
from surveillance.detection.judged import Array, Judged, Method, Parameter, Series, Status
from surveillance.detection.judging import fifteen_digits, judge, run
from surveillance.detection.registry import find_method, find_parameters, methods, read_settings, said
from surveillance.detection.series_file import read_series
from surveillance.errors import UsageError
from tests.conftest import ROOT, surveillance

FIXTURES = Path(__file__).parent / "detection"
DOC = ROOT / "docs" / "detection.md"
MARK = "<!-- Below: `surveillance detect --list --format markdown` -->\n"


def lines(path: Path) -> list[dict[str, str]]:
    data = path.read_bytes()
    data = gzip.decompress(data) if path.suffix == ".gz" else data
    return list(csv.DictReader(io.StringIO(data.decode())))


def written(tmp_path: Path, text: str, name: str = "series.csv") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def weekly(series: dict[str, list[object]], first: date = date(2020, 1, 6), step: int = 7) -> str:
    rows = ["series_id,date,observed"]
    for name, counts in series.items():
        rows += [f"{name},{first + timedelta(step * at)},{count}" for at, count in enumerate(counts)]
    return "\n".join(rows) + "\n"


def within(*arguments: object) -> Result:
    """The command line in this process, for what needs no other one."""
    return CliRunner().invoke(app, [str(one) for one in arguments])


def echo(series: Series, factor: float = 1.0, pair: tuple[int, int] = (5, 4), word: str = "a") -> Judged:
    """A method for tests: expects the count before, times `factor`; alarm above it."""
    before = np.full_like(series.counts, np.nan)
    before[1:] = series.counts[:-1] * factor
    before = before[series.rows]
    now = series.counts[series.rows]
    nothing = np.full_like(now, np.nan)
    known = ~np.isnan(before) & ~np.isnan(now)
    alarm: Array = np.where(known, now > before, np.nan)
    status = np.where(known, Status.OK, Status.MISSING).astype(np.int8)
    words = np.where(known, word, None)
    return Judged(before, before, alarm, nothing, nothing, status, {"word": words, "frequency": nothing + 1})


ECHO = Method(
    "echo",
    echo,
    (
        Parameter("factor", 1.0, "times the count before", ("Factor",)),
        Parameter("pair", (5, 4), "two whole numbers", ("limit54",)),
        Parameter("word", "a", "a word", (), ("a", "nbPlugin")),
        Parameter("no_periods", 1, "a whole number", ("noPeriods",)),
        Parameter("left_out", None, "a number, or none", ("pastWeeksNotIncluded",)),
        Parameter("reset", False, "yes or no"),
        Parameter("mean", "earlier", "a word or a number", ("m",)),
    ),
    "for tests",
    "this file",
    ("word",),
)


def judged(path: Path, rows: tuple[int, int] | None = None, **more: object) -> pd.DataFrame:
    return judge(read_series(path, **more), ECHO, {}, rows).rows.to_pandas()  # type: ignore[arg-type]


# The command as a user runs it.


def test_ears_of_a_file_is_that_of_r(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    how = ("--method", "ears_c2", "--param", "minSigma=0.5", "--param", "baseline=14")
    done = surveillance("detect", FIXTURES / "daily_series.csv.gz", *how, "--out", out, "--lang", "en")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "" and "observations judged" in done.stderr
    found = {(row["series_id"], row["k"]): row for row in lines(out)}
    known = [row for row in lines(FIXTURES / "ears_daily.csv.gz") if (row["method"], row["baseline"]) == ("C2", "14")]
    assert known
    for row in known:
        mine = found[row["series_id"], row["k"]]
        assert mine["alarm"] == row["alarm"]
        if row["upperbound"] not in ("", "NA"):
            assert float(mine["upperbound"]) == pytest.approx(float(row["upperbound"]), rel=1e-6)


def test_a_table_a_chart_and_json(tmp_path: Path) -> None:
    path = written(tmp_path, weekly({"Nord": [3, 4, 5, 3, 4, 5, 3, 4, 5, 30, 4]}))
    shown = within("detect", path, "--method", "EARS.C1", "--param", "range=8:11", "--lang", "en")
    assert shown.exit_code == 0, shown.stderr
    assert "2020-03-09" in shown.stdout and "Nord" in shown.stdout and "1 alarms" in shown.stderr
    drawn = within("detect", path, "-m", "ears_c1", "--plot", "--lang", "fr")
    assert drawn.exit_code == 0, drawn.stderr
    assert "▲" in drawn.stdout and "─" in drawn.stdout and "•" in drawn.stdout and "2020-01-06" in drawn.stdout
    assert max(map(len, drawn.stdout.splitlines())) <= 80
    told = json.loads(within("detect", path, "-m", "ears_c1", "-p", "alpha=0.01", "--format", "json").stdout)
    assert told["settings"] == {"alpha": 0.01}
    assert told["rows"][0]["expected"] is None and told["rows"][9]["alarm"] == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("-m", "ears_c9"), "ears_c"),
        (("-m", "ears_c2", "-p", "basline=7"), "perhaps baseline"),
        (("-m", "ears_c2", "-p", "alpha=high"), "alpha=high: not a number"),
        (("-m", "ears_c2", "-p", "alpha"), "NAME=VALUE"),
        (("-m", "ears_c2", "-p", "range=9:3"), "range=9:3"),
        (("-m", "ears_c2", "-p", "range=99:100"), "no series is that long"),
        (("-m", "ears_c2", "-p", "freq=often"), "rows a year"),
        (("-m", "ears_c2", "--group", "region"), "no column 'region'"),
        (("-m", "ears_c2", "--series", "Sud"), "no series is called Sud"),
        (("-m", "ears_c2", "--format", "xlsx"), "--format knows"),
        ((), "which file, by which method"),
    ],
)
def test_what_cannot_be_asked(arguments: tuple[str, ...], message: str, tmp_path: Path) -> None:
    path = written(tmp_path, weekly({"Nord": [3, 4, 5, 3, 4, 5, 3, 4, 5, 30, 4]}))
    failed = within("detect", path, *arguments)
    assert isinstance(failed.exception, UsageError)
    assert message in f"{failed.exception} {failed.exception.hint}"


def test_a_usage_error_exits_2(tmp_path: Path) -> None:
    failed = surveillance("detect", tmp_path / "none.csv", "-m", "ears_c2")
    assert failed.returncode == 2 and "cannot be read" in failed.stderr


# What is read.


def test_series_of_the_same_rows_are_judged_together_and_others_apart(tmp_path: Path) -> None:
    text = weekly({"A": [1, 2, 3], "B": [4, 5, 6], "C": [7, 8]}) + weekly({"D": [1, 1]}, date(2021, 1, 4))[24:]
    file = read_series(written(tmp_path, text))
    assert sorted(len(batch.numbers) for batch in file.batches) == [1, 1, 2]
    found = judge(file, ECHO, {}).rows.to_pandas()
    assert found["series_id"].tolist() == list("AAABBBCCDD")
    assert found["observed"].tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 1, 1]
    assert found["k"].tolist() == [1, 2, 3, 1, 2, 3, 1, 2, 1, 2]


def test_rows_out_of_order_are_put_in_order(tmp_path: Path) -> None:
    head, *rows = weekly({"B": [1, 2, 3, 4], "A": [5, 6, 7, 8]}).splitlines()
    straight = judged(written(tmp_path, "\n".join([head, *rows])))
    mixed = [rows[place] for place in (3, 0, 5, 7, 2, 6, 1, 4)]
    back = judged(written(tmp_path, "\n".join([head, *mixed])))
    pd.testing.assert_frame_equal(straight, back)


def test_gaps_become_missing_rows_and_are_said(tmp_path: Path) -> None:
    text = "".join(
        line + "\n"
        for line in weekly({"A": list(range(10)), "B": list(range(10))}).splitlines()
        if "A,2020-02-03" not in line
    )
    path = written(tmp_path, text)
    file = read_series(path)
    assert (file.added, file.gapped, file.missing) == (1, 1, 0)
    found = judged(path)
    gap = found[(found["series_id"] == "A") & (found["date"] == "2020-02-03")].iloc[0]
    assert gap["k"] == 5 and np.isnan(gap["observed"]) and gap["status"] == "missing"
    said_so = within("detect", path, "-m", "ears_c1", "--lang", "en").stderr
    assert "1 rows that the file lacks" in said_so


@pytest.mark.parametrize(
    ("dates", "frequency", "filled"),
    [
        ([f"2020-{month:02}-01" for month in range(1, 13)], 12, 12),
        (["2020-01-31", "2020-02-29", "2020-03-31", "2020-05-31"], 12, 5),
        (["2020-01", "2020-02", "2020-04"], 12, 4),
        (["2020-W52", "2020-W53", "2021-W01"], 52, 3),
        (["2020-01-06", "2020-01-13", "2020-01-27"], 52, 4),
        (["2020-02-28", "2020-02-29", "2020-03-02"], 365, 4),
        (["2020-01-06 00:00:00", "2020-01-13T00:00:00Z"], 52, 2),
    ],
)
def test_the_step_is_that_of_the_days(dates: list[str], frequency: int, filled: int, tmp_path: Path) -> None:
    text = "date,count\n" + "".join(f"{day},1\n" for day in dates)
    (batch,) = read_series(written(tmp_path, text)).batches
    assert (batch.series.frequency, len(batch.series.counts)) == (frequency, filled)


def test_a_short_series_steps_as_the_long_ones(tmp_path: Path) -> None:
    text = weekly({"A": list(range(20))}, step=1) + "B,2020-01-06,1\nB,2020-01-13,2\n"
    assert judged(written(tmp_path, text))["series_id"].value_counts().to_dict() == {"A": 20, "B": 8}


def test_columns_are_known_by_the_names_people_give_them(tmp_path: Path) -> None:
    text = "region;age;t;cases;denominator\n11;0-4;1;3;100\n11;0-4;2;NA;100\n11;5-14;1;2.5;50\n11;5-14;3;4;60\n"
    file = read_series(written(tmp_path, "\ufeff" + text))
    assert file.groups == ("region", "age")
    found = judge(file, ECHO, {}).rows.to_pandas()
    assert found["observed"].fillna(-1).tolist() == [3, -1, 2.5, -1, 4]
    assert found["date"].isna().all() and found["region"].tolist() == ["11"] * 5
    population = {key: batch.series.population for batch in file.batches for key in batch.numbers}
    assert population[0] is not None and population[0][:, 0].tolist() == [100, 100]


def test_the_same_figures_from_a_compressed_file_and_into_one(tmp_path: Path) -> None:
    path = tmp_path / "series.csv.gz"
    path.write_bytes(gzip.compress(weekly({"A, b": [1, 2, 3, 4]}).replace("A, b", '"A, b"').encode()))
    out = tmp_path / "out.csv.gz"
    done = within("detect", path, "-m", "ears_c1", "-p", "baseline=3", "-o", out)
    assert done.exit_code == 0, done.stderr
    found = lines(out)
    assert [row["series_id"] for row in found] == ["A, b"] * 4
    assert [row["alarm"] for row in found] == ["", "", "", "0"]


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("series_id,date,observed\nA,2020-01-06,1\nA,2020-01-13,many\n", ":3: observed: 'many' is not", "empty"),
        ('series_id;date;observed\nA;2020-01-06;1\nA;2020-01-13;"2,5"\n', ":3: observed: '2,5'", "12.5, not 12,5"),
        ("series_id,date,observed\nA,2020-01-06,1\nA,2020-01-13,2,5\n", ":3: 4 cells", "12.5, not 12,5"),
        ("series_id,date,observed\nA,2020-01-06,1\n\nA,2020-01-13,-2\n", ":4: observed: -2 cannot be", "0 or more"),
        ("series_id,date,observed\nA,06/01/2020,1\nA,13/01/2020,2\n", ":2: date: '06/01/2020'", "2024-01-15"),
        ("series_id,date,observed\nA,2020-02-30,1\nA,2020-02-31,2\n", ":2: date: '2020-02-30'", "2024-01-15"),
        ("series_id,date,observed\nA,2020-01-06,1\nA,2020-01-06,2\n", ":3: date: the same series", "one row"),
        ("series_id,date,observed\nA,2020-01-06,1\nA,,2\n", ":3: date: empty", "when it is"),
        ("series_id,date,observed\nA,2020-01-06,1\nA,2200-01-07,2\n", ":3: date: 65746 rows", "is it right"),
        ("series_id,t,observed\nA,1,1\nA,1.5,2\n", ":3: t: '1.5'", ""),
        ("series_id,date,number\nA,2020-01-06,1\n", ":1: observed: no such column", "series_id, date, number"),
        ("series_id,observed\nA,1\nA,2\n", ":1: date: no such column", "t: 1, 2"),
        ("note,date,observed\nx,2020-01-06,1\ny,2020-01-13,1\n", "every row would be a series", "--group"),
        ("series_id,date,date,observed\nA,2020-01-06,,1\n", ":1: date: two columns", ""),
        ("series_id,date,observed\n", "no row below the header", ""),
        ("", ":1: no header", "series_id,date,observed"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_by_line_and_column(
    text: str, message: str, hint: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError) as failed:
        read_series(written(tmp_path, text))
    assert message in str(failed.value) and hint in failed.value.hint


def test_bytes_that_are_no_text_are_said_by_line(tmp_path: Path) -> None:
    path = tmp_path / "latin.csv"
    path.write_bytes("series_id,date,observed\nA,2020-01-06,1\nOisé,2020-01-06,1\nA,2020-01-13,2\n".encode("latin-1"))
    with pytest.raises(UsageError, match=r"latin.csv:3: not UTF-8"):
        read_series(path)


# What is judged and written.


def test_positions_count_from_1_and_both_are_judged(tmp_path: Path) -> None:
    path = written(tmp_path, weekly({"A": [1, 2, 3, 4, 5], "B": [1, 2]}))
    asked = read_asked(ECHO, ["range=3:4"])
    file = read_series(path)
    verdict = judge(file, ECHO, asked.own, asked.rows)
    found = verdict.rows.to_pandas()
    assert found["k"].tolist() == [3, 4] and found["date"].tolist() == ["2020-01-20", "2020-01-27"]
    assert found["expected"].tolist() == [2, 3] and verdict.outside == 1


def test_epoch_index_hides_the_days_from_the_method_only(tmp_path: Path) -> None:
    seen: list[Series] = []

    def spy(series: Series) -> Judged:
        seen.append(series)
        return echo(series)

    file = read_series(written(tmp_path, weekly({"A": [1, 2, 3]})), frequency=12)
    found = judge(file, Method("spy", spy, (), "", ""), {}, by_date=False).rows
    assert seen[0].dates is None and seen[0].frequency == 12
    assert found["date"].to_pylist()[0] == "2020-01-06"


def test_what_is_not_said_is_empty(tmp_path: Path) -> None:
    text = as_csv(judge(read_series(written(tmp_path, weekly({"A": [1, 2]}))), ECHO, {}).rows).decode()
    assert text.splitlines() == [
        "series_id,k,date,observed,expected,upperbound,alarm,score,pvalue,status,word,frequency",
        "A,1,2020-01-06,1,,,,,,missing,,",
        "A,2,2020-01-13,2,1,1,1,,,ok,a,",
    ]


def test_figures_have_fifteen_digits() -> None:
    generator = np.random.default_rng(5)
    sizes = 10.0 ** generator.uniform(-320, 300, 2000)
    values = np.concatenate([sizes * generator.choice([-1, 1], 2000), [0.0, np.inf]])
    found = fifteen_digits(values)
    np.testing.assert_allclose(found, values, rtol=6e-15, atol=5e-324)
    assert all(float(f"{value:.15g}") == value for value in found)
    plain = fifteen_digits(np.array([1 / 3, 2 / 3 * 100, 0.1 + 0.2, 123456789.123456789]))
    said = [repr(float(value)) for value in plain]
    assert said == ["0.333333333333333", "66.6666666666667", "0.3", "123456789.123457"]


# Names and settings.


@pytest.mark.parametrize(
    ("written_as", "name", "value"),
    [
        ("noPeriods=10", "no_periods", 10),
        ("NO_PERIODS=10", "no_periods", 10),
        ("pastWeeksNotIncluded=26", "left_out", 26),
        ("pastWeeksNotIncluded=NULL", "left_out", None),
        ("limit54=0,4", "pair", (0, 4)),
        ("limit54=c(0, 4)", "pair", (0, 4)),
        ("word=nbplugin", "word", "nbPlugin"),
        ("reset=TRUE", "reset", True),
        ("reset=0", "reset", False),
        ("factor=.5", "factor", 0.5),
        ("m=12.5", "mean", 12.5),
        ("m=glm", "mean", "glm"),
        ("m=NULL", "mean", "earlier"),
    ],
)
def test_settings_by_the_names_of_the_reference(written_as: str, name: str, value: object) -> None:
    found = read_settings(ECHO, [tuple(written_as.split("=", 1))])  # type: ignore[list-item]
    assert found == {name: value} and type(found[name]) is type(value)


@pytest.mark.parametrize("written_as", ["noPeriods=1.5", "limit54=5", "word=b", "reset=perhaps", "factor=0,5"])
def test_settings_that_cannot_be(written_as: str) -> None:
    with pytest.raises(UsageError, match="echo: "):
        read_settings(ECHO, [tuple(written_as.split("=", 1))])  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("method", "written_as", "message"),
    [
        ("ears_c1", "baseline=2", "3 or more"),
        ("ears_c1", "alpha=2", "from 0 to 1"),
        ("farrington", "limit54=-1,4", "0 or more"),
        ("glr_nb", "M=-2", "-1 or more"),
    ],
)
def test_settings_that_are_too_small_or_too_large(method: str, written_as: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_settings(find_method(method), [tuple(written_as.split("=", 1))])  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("method", "name"), [("cusum", "m"), ("glr_nb", "mu0"), ("glr_nb", "theta"), ("rogerson", "theta0t")]
)
def test_a_word_where_a_number_is_needed(method: str, name: str) -> None:
    chosen = find_method(method)
    settings = read_settings(chosen, [(name, "high")])
    with pytest.raises(UsageError, match="no answer with"):
        run(chosen, Series(np.ones((60, 1)), judged=np.arange(50, 60)), settings)


def test_a_name_of_the_reference_may_set_several() -> None:
    spring = {"spring_first": 14, "spring_last": 26}
    assert read_settings(find_method("euromomo"), [("SPRING", "c(14, 26)")]) == spring
    assert read_settings(find_method("euromomo"), [("SPRING", "14:26")]) == spring
    with pytest.raises(UsageError, match="SPRING=14: 2 values are needed"):
        read_settings(find_method("euromomo"), [("SPRING", "14")])


def test_settings_without_an_answer_are_a_usage_error() -> None:
    def fails(series: Series, width: int = 1) -> Judged:
        raise ValueError("a window of -1 rows")

    method = Method("fails", fails, (Parameter("width", 1, "rows"),), "", "")
    with pytest.raises(UsageError, match="fails has no answer with width=-1: a window"):
        run(method, Series(np.zeros((3, 1))), {"width": -1})


def test_every_method_is_whole() -> None:
    assert {"ears_c1", "ears_c2", "ears_c3"} <= methods().keys()
    for method in methods().values():
        assert method.about and method.source, method.name
        assert find_method(method.name.upper().replace("_", "")).name == method.name
        names = [one.name for one in method.parameters]
        assert len(set(names)) == len(names) and not {"range", "freq"} & set(names), method.name
        for one in method.parameters:
            assert one.about, f"{method.name}: {one.name}"
            again = read_settings(method, [(one.name, said(one.default))])
            assert again == {one.name: one.default}, f"{method.name}: {one.name}"
            for other in one.reference:
                values = ",".join(said(each.default) for each in find_parameters(method, other))
                read_settings(method, [(other, values)])


def test_a_setting_that_is_not_given_is_the_default_that_is_told() -> None:
    for method in methods().values():
        known = signature(method.run).parameters
        for one in method.parameters:
            assert known[one.name].default == one.default, f"{method.name}: {one.name}"


def test_functions_and_values_as_r_writes_them() -> None:
    assert find_method("algo.glrnb").name == "glr_nb" and find_method("algo.outbreakP").name == "outbreak_p"
    farrington = find_method("algo.farrington")
    words = [("fitFun", "algo.farrington.fitGLM.populationOffset"), ("epochAsDate", "FALSE")]
    assert read_settings(farrington, words) == {"fit": "population_offset", "epoch": "index"}
    assert read_settings(farrington, [("fitFun", "algo.farrington.fitGLM")]) == {"fit": "glm"}


def test_every_method_runs_on_series_that_are_hardly_any() -> None:
    counts = np.column_stack([np.zeros(3), np.full(3, 7.0), [1, np.nan, 0.5]])
    series = Series(counts, np.datetime64("2020-01-06") + 7 * np.arange(3))
    for method in methods().values():
        found = run(method, series, {})
        assert found.status.shape == (3, 3), method.name
        assert set(method.columns) == set(found.more), method.name


@pytest.mark.parametrize("step", ["D", "W", "M"])
def test_every_method_says_something_of_days_of_weeks_and_of_months(step: str) -> None:
    """Of rows that are not those a method is made for it may say that nothing fits; it does not fail."""
    counts = np.random.default_rng(3).poisson([3.0, 0.1, 200.0], (120, 3)).astype(float)
    counts[7, 0] = np.nan
    dates = (np.datetime64("2014-01-06", step) + np.arange(120)).astype("datetime64[D]")
    series = Series(counts, dates, np.full_like(counts, 1e4), np.arange(118, 120), {"D": 365, "W": 52, "M": 12}[step])
    for method in methods().values():
        few = {one.name: 20 for one in method.parameters if one.name == "steps"}
        assert run(method, series, few).status.shape == (2, 3), method.name


def test_a_method_of_weeks_says_so_of_days(tmp_path: Path) -> None:
    """Its reasons for each row, a past too short or no fit, would send who asked on a false track."""
    days = written(tmp_path, weekly({"A": [5, 7, 6] * 900}, step=1), "days.csv")
    weeks = written(tmp_path, weekly({"A": [5, 7, 6] * 100}), "weeks.csv")
    for method, told in (("mem", True), ("cdc", True), ("euromomo", True), ("ears_c1", False)):
        of_days, of_weeks = (within("detect", path, "--method", method, "--lang", "en") for path in (days, weeks))
        assert (f"{method} counts in weeks" in of_days.stderr) is told
        assert "counts in weeks" not in of_weeks.stderr


def test_the_documentation_is_made_from_the_methods() -> None:
    text = DOC.read_text(encoding="utf-8")
    made = "surveillance detect --list --format markdown"
    assert text.split(MARK)[1].strip() == as_markdown(list(methods().values())), f"put there what `{made}` prints"


def test_a_list_for_people_and_for_programs() -> None:
    told = within("detect", "--list", "-m", "ears_c2", "--format", "json")
    (method,) = json.loads(told.stdout)
    assert method["name"] == "ears_c2"
    assert {"name": "min_sigma", "reference": ["minSigma"]}.items() <= method["parameters"][1].items()
    shown = within("detect", "--list", "-m", "rnssp_switch").stdout
    assert "guard=2" in shown and max(map(len, shown.splitlines())) <= 80


def test_a_row_without_a_series_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("series_id,date,observed\nA,2024-01-09,4\n,2024-01-10,5\nA,2024-01-11,6\n")
    with pytest.raises(UsageError, match=r"x\.csv:3: series_id: empty"):
        read_series(path)
