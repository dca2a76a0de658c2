"""Questions to a store filled by hand: every figure is recounted; not known is not the same as nothing."""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from python_calamine import CalamineWorkbook
from typer.testing import CliRunner

from surveillance.cli import app
from surveillance.cli.common import Desk
from surveillance.cli.exporting import as_csv, as_json, as_parquet, as_xlsx
from surveillance.content import Content
from surveillance.errors import UsageError
from surveillance.ledgers import LATEST, abridge
from surveillance.makers.population import reduced
from surveillance.questions import Answer, Question, ask, shown
from surveillance.questions.periods import TIME, back, first_day, following, label, span, years_back
from surveillance.store import Store, open_published, store_path
from tests.conftest import exempt, surveillance
from tests.query_tools import COUNTS, DENOMINATORS, MEMBERS, Day, every_day, fill, ledger_rows, put, recount, site

LEDGERS = {"denominators": DENOMINATORS, "counts": COUNTS}
MONDAY, SUNDAY = date(2023, 3, 6), date(2023, 3, 26)  # three whole weeks: 2023-W10, W11, W12


def answer(state: Path, content: Content, syndromes: tuple[str, ...] = ("grippe",), **says: object) -> Answer:
    with open_published(state, content) as store:
        return ask(store, Question(syndromes, **says))  # type: ignore[arg-type]


def keyed(found: Answer, *keys: str) -> pd.DataFrame:
    """The table with its trends, by these keys."""
    return shown(found).set_index(list(keys))


def test_every_figure_of_random_questions_is_that_of_a_recount(tmp_path: Path) -> None:
    """Corrections take away what an earlier night brought; several dimensions, filters and past nights at once."""
    content, drawn = site(tmp_path / "site"), random.Random(11)
    bands, acts = ("0", "02-04", "05-14", "45-64", "75+", "NR"), ("VISITE", "CENTRE")
    days = [
        Day(drawn.choice(list(MEMBERS)), date(2022, 8, 20) + timedelta(days=drawn.randrange(40)),
            drawn.randrange(3, 9), drawn.randrange(3), drawn.choice(bands), drawn.choice("FM"), drawn.choice(acts))
        for _ in range(400)
    ]  # fmt: skip
    fill(tmp_path / "state", content, days)
    with Store(store_path(tmp_path / "state"), content) as store:
        taken_back = ledger_rows(drawn.sample(days, 80), later=4, sign=-1)
        for (table, columns), rows in zip(LEDGERS.items(), taken_back, strict=True):
            put(store, table, columns, rows)
        abridge(store, date.min, LATEST)
        told = {table: store.rows(f"SELECT {', '.join(names)} FROM {table}") for table, names in LEDGERS.items()}
        ledgers = {table: [dict(zip(LEDGERS[table], row, strict=True)) for row in told[table]] for table in told}
        names = (*TIME, "association", "department", "region", "national", "age", "sex", "act")
        for _ in range(25):
            by = tuple(drawn.sample(names, drawn.choice((1, 2, 3))))
            kept: dict[str, tuple[str, ...]] = {"sexes": ("F",)} if drawn.random() < 0.3 else {}
            kept |= {"acts": ("CENTRE",)} if drawn.random() < 0.3 else {}
            kept |= {"ages": ("00-04", "65+")} if drawn.random() < 0.3 else {}
            kept |= {"territories": ("dep:59", "reg:11")} if drawn.random() < 0.3 else {}
            night = date(2022, 9, 15) if drawn.random() < 0.4 else None
            since = date(2022, 8, 27) if drawn.random() < 0.4 else date(2000, 1, 1)
            table = ask(store, Question(("grippe",), by=by, as_of=night, since=since, **kept)).table
            assert not table.duplicated(list(by)).any()
            for name, column in (("counts", "visits"), ("denominators", "visits_all")):
                rows = [row for row in ledgers[name] if wanted(row, kept, night, since)]
                given = table[[*by, column]].dropna().itertuples(index=False)
                found = {tuple(map(str, key)): number for *key, number in given if number}
                assert found == recount(rows, by, column), (by, kept, night, column)


def wanted(row: dict[str, Any], kept: dict[str, tuple[str, ...]], night: date | None, since: date) -> bool:
    """Is a row of a ledger part of the answer, said without the code under test?"""
    return (
        (night is None or row["night"] <= night)
        and row["visit_day"] >= since
        and row["sex"] in kept.get("sexes", (row["sex"],))
        and row["act_type"] in kept.get("acts", (row["act_type"],))
        and ("ages" not in kept or row["age_band"] in ("0", "1", "02-04", "65-74", "75+"))
        and ("territories" not in kept or row["association"] != "8001")
    )


def test_missing_is_not_nothing_and_neither_is_closed(tmp_path: Path) -> None:
    closed = '[[closure]]\nassociation = "7501"\nfrom = 2023-03-08\nuntil = 2023-03-19\nreason = "x"\nwho = "x"\n'
    content = site(tmp_path / "site", closed, {"8001": "2023-03-14"})
    lost = {("5902", MONDAY), *(("5901", MONDAY + timedelta(days=n)) for n in range(7, 14))}
    lost |= {("7501", MONDAY + timedelta(days=n)) for n in range(2, 14)}
    lost |= {("8001", MONDAY + timedelta(days=n)) for n in range(7)} | {("8001", SUNDAY)}
    fill(tmp_path / "state", content, every_day(MONDAY, SUNDAY, lost), [Day("8001", SUNDAY)])
    found = answer(tmp_path / "state", content, by=("week", "association", "age"), ages=("65+", "00-04"))
    table = found.table.set_index(["week", "association", "age"])
    states = {key[:2]: row["state"] for key, row in table.iterrows()}
    assert states == {
        ("2023-W10", "5901"): "counted", ("2023-W10", "5902"): "partial", ("2023-W10", "7501"): "counted",
        ("2023-W11", "5901"): "missing", ("2023-W11", "5902"): "counted", ("2023-W11", "7501"): "closed",
        ("2023-W11", "8001"): "counted",  # a member from the night of the 14th: nothing was expected of it before
        **{("2023-W12", code): "counted" for code in MEMBERS},
    }  # fmt: skip
    assert table.loc[("2023-W10", "5902", "65+"), "completeness"] == pytest.approx(6 / 7)
    assert table.loc[("2023-W10", "7501", "65+"), "completeness"] == 1  # of the two days before it closed
    assert table.loc[("2023-W11", "5901", "65+"), ["visits", "visits_all", "completeness"]].tolist() == [
        pd.NA,
        pd.NA,
        0,
    ]
    assert table.loc[("2023-W12", "5901", "00-04"), ["visits", "visits_all"]].tolist() == [0, 0]  # received, and none
    assert pd.isna(table.loc[("2023-W12", "5901", "00-04"), "share_all"])
    assert pd.isna(table.loc[("2023-W11", "7501", "65+"), "completeness"])
    assert table.loc[("2023-W12", "8001", "65+"), "visits"] == 12  # of six days; the seventh was silent, not lost
    assert found.facts["missing"] == "5901 (7), 5902 (1)"
    early = answer(tmp_path / "state", content, territories=("dep:80",), until=date(2023, 3, 12))
    assert early.facts["no_association"] == "dep:80" and early.table.empty


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Content]:
    """Four years of one act in ten flu; 5901 is lost on one day, 7501 has no flu in one week."""
    folder = tmp_path_factory.mktemp("long")
    content = site(folder / "site", since={"8001": "2022-06-01"})
    days = []
    for one in every_day(date(2020, 12, 21), date(2024, 1, 14), [("5901", date(2023, 1, 4))]):
        week = one.day.isocalendar()[:2]
        flu = 0 if one.association == "7501" and week == (2021, 2) else week[1] % 10
        if one.association != "8001" or one.day >= date(2022, 5, 31):
            days.append(Day(one.association, one.day, 20, flu))
    fill(folder / "state", content, days)
    return folder / "state", content


def test_changes_on_the_week_before_and_on_the_same_week_of_three_years(long: tuple[Path, Content]) -> None:
    asked = {"by": ("association", "week"), "since": date(2024, 1, 1), "compare": True, "moving": 3}
    table = keyed(answer(*long, **asked), "association", "week")
    assert set(table.index.get_level_values("week")) == {
        "2024-W01",
        "2024-W02",
    }  # those it is compared with are not shown
    one = table.loc[("5902", "2024-W02")]
    assert one[["visits", "visits_before", "change_before", "change_before_percent"]].tolist() == [14, 7, 7, 100]
    assert [one[f"visits_{n}y"] for n in (1, 2, 3)] == [14, 14, 14]
    assert one["moving_visits"] == pytest.approx((14 + 7 + 7 * 2) / 3)  # weeks 2, 1 and 52
    assert table.loc[("7501", "2024-W02"), ["visits_3y", "change_3y"]].tolist() == [0, 14]
    assert pd.isna(table.loc[("7501", "2024-W02"), "change_3y_percent"])  # of 0 there is no per cent
    assert table.loc[("5901", "2024-W01"), ["visits_1y", "change_1y"]].isna().all()  # a day of 2023-W01 is missing
    assert table.loc[("5901", "2024-W02"), "change_1y"] == 0
    assert table.loc[("8001", "2024-W02"), ["visits_2y", "visits_3y"]].isna().all()  # no member yet
    whole = keyed(answer(*long, by=("association", "week"), compare=True, moving=3), "association", "week")
    pd.testing.assert_frame_equal(whole.loc[table.index], table)


def test_a_part_of_a_week_is_compared_with_nothing_and_a_week_53_with_no_other(long: tuple[Path, Content]) -> None:
    empty = keyed(answer(*long, until=date(2010, 1, 1), compare=True, moving=2, rate=True), "week")
    assert len(empty) == 0 and {"moving_share", "change_3y_percent", "rate_pop"} <= set(empty.columns)
    cut = keyed(answer(*long, since=date(2024, 1, 3), compare=True, moving=2), "week")
    assert cut.loc["2024-W01", ["change_before", "change_2y", "moving_visits"]].isna().all()
    assert cut.loc["2024-W02", ["change_before", "moving_visits"]].notna().all()  # the week before is looked at whole
    assert cut.loc["2024-W02", "visits_before"] == 28
    assert years_back("week", "2026-W53", 1) is None and years_back("day", "2024-01-08", 1) == "2023-01-09"
    assert years_back("month", "2024-02", 2) == "2022-02" and years_back("season", "2023-24", 3) == "2020-21"
    assert back("week", "2021-W01", 1) == "2020-W53" and back("season", "2023-24", 1) == "2022-23"
    for kind in TIME:
        day = date(2024, 2, 29)
        assert label(kind, first_day(kind, label(kind, day))) == label(kind, day)
        assert span(kind, day)[0] <= day <= span(kind, day)[1]
    assert len(following("week", "2020-W50", "2021-W02")) == 6


def test_a_constant_perimeter_keeps_those_that_sent_every_day(long: tuple[Path, Content]) -> None:
    asked = {"since": date(2023, 1, 2), "until": date(2023, 1, 15), "perimeter": "constant"}
    found = answer(*long, **asked)
    assert found.facts["perimeter"] == "constant: 3 / 4" and found.facts["left_out"] == "5901"
    assert found.table["completeness"].eq(1).all() and found.table["visits_all"].tolist() == [3 * 7 * 20] * 2
    compared = answer(*long, **asked | {"since": date(2024, 1, 1), "until": date(2024, 1, 7), "compare": True})
    assert compared.facts["left_out"] == "5901, 8001"  # one lacks a day of the year before, one was no member
    assert keyed(compared, "week").loc["2024-W01", ["visits", "visits_1y", "visits_3y"]].tolist() == [14, 14, 14]
    with pytest.raises(UsageError) as caught:
        answer(*long, since=date(2023, 1, 4), until=date(2023, 1, 4), perimeter="constant", territories=("5901",))
    assert caught.value.hint


def inhabitants(content: Content, year: int, *departments: str, **kept: str) -> int:
    rows = csv.DictReader(io.StringIO(gzip.decompress(content.bytes("extracts/geography/population.csv.gz")).decode()))
    return sum(
        int(row["population"]) for row in rows
        if row["department"] in departments and row["year"] == str(year) and kept.items() <= row.items()
    )  # fmt: skip


def test_rates_are_of_inhabitants_that_the_source_counts_exactly(long: tuple[Path, Content]) -> None:
    state, content = long
    whole = answer(state, content, by=("week",), since=date(2024, 1, 1), rate=True)
    people = inhabitants(content, 2023, "59", "80", "75")  # the last year that is known
    assert whole.table["population"].tolist() == [people] * 2
    assert whole.table["rate_pop"].tolist() == pytest.approx([100_000 * n / people for n in whole.table["visits"]])
    assert whole.facts["population"] == "2023 (2023 → 2024)"
    before = answer(state, content, by=("region", "week"), since=date(2022, 1, 3), until=date(2022, 1, 9), rate=True)
    assert before.table.set_index("region")["population"].to_dict() == {
        "11": inhabitants(content, 2022, "75"), "32": inhabitants(content, 2022, "59"),  # 8001 was no member
    }  # fmt: skip
    year_end = answer(state, content, by=("week",), since=date(2021, 12, 27), until=date(2022, 1, 2), rate=True).table
    mean = (5 * inhabitants(content, 2021, "59", "75") + 2 * inhabitants(content, 2022, "59", "75")) / 7
    assert year_end["population"].tolist() == pytest.approx([mean])
    each = answer(state, content, by=("association",), since=date(2023, 2, 1), rate=True)
    assert each.table.set_index("association")["population"].notna().to_dict() == {
        "5901": False, "5902": False, "7501": True, "8001": True
    }  # fmt: skip
    assert each.facts["no_rate_of"] == "59"
    places = answer(state, content, by=("department", "act"), since=date(2023, 2, 1), rate=True).table
    assert places[places["act"] == "VISITE"].set_index("department")["population"].to_dict() == {
        code: inhabitants(content, 2023, code) for code in ("59", "75", "80")
    }
    part = answer(state, content, by=("national",), territories=("5901", "7501"), rate=True)
    assert part.table["rate_pop"].isna().all() and part.facts["no_rate_of"] == "59"
    old = {"scheme": "sursaud7", "by": ("age", "sex"), "since": date(2023, 2, 1), "until": date(2023, 2, 28)}
    aged = answer(state, content, rate=True, **old)
    known = aged.table[aged.table["population"].notna()].set_index(["age", "sex"])["population"].to_dict()
    expected = {
        (a, s): inhabitants(content, 2023, "59", "80", "75", age_from=a[:2], sex=s) for a in ("75+",) for s in "FM"
    }
    assert known == expected
    assert aged.facts["no_rate"] == "0-4, 5-14, 15-44, 45-64, 65-74, NR"


def test_the_population_carried_is_the_published_one() -> None:
    rows = [
        {"annee": "2023", "dep": "01", "sexe": sex, "age": age, "population": str(number)}
        for sex, numbers in (("hommes", (1, 2, 3)), ("femmes", (4, 5, 9)), ("ensemble", (5, 7, 12)))
        for age, number in zip(("0-19", "75+", "total"), numbers, strict=True)
    ]
    assert reduced(rows)[-1] == ("01", 2023, "M", 75, 120, 2)
    with pytest.raises(SystemExit, match="2023"):
        reduced([*rows[:-1], rows[-1] | {"population": "13"}])
    assert 65_000_000 < inhabitants(Content(), 2023, *(f"{n:02d}" for n in range(1, 96)), "2A", "2B") < 66_500_000


@pytest.mark.parametrize(
    "says",
    [{"acts": ("CONSEIL_TEL",)}, {"acts": ("VISIT",)}, {"perimeter": "old"}, {"moving": 1},
     {"moving": 2, "by": ("region",)}, {"compare": True, "by": ("day", "week")}, {"compare": True, "by": ("age",)}],
)  # fmt: skip
def test_a_question_that_cannot_be_answered_says_which_could(
    says: dict[str, object], long: tuple[Path, Content]
) -> None:
    with pytest.raises(UsageError) as caught:
        answer(*long, **says)
    assert caught.value.hint or "perimeter" in str(caught.value)


def test_every_form_gives_the_same_figures_with_their_facts(long: tuple[Path, Content], tmp_path: Path) -> None:
    asked = ("query", "grippe", "--by", "week,region", "--since", "2023-W50", "--rate", "--compare", "--moving", "2")
    where = ("--state", long[0], "--site", long[1].site, "--lang", "en", *exempt(long[1].site or tmp_path))
    plain, file = surveillance(*asked, "--format", "csv", *where), tmp_path / "answer.xlsx"
    done = surveillance(*asked, "--output", file, *where)
    assert done.returncode == 0 and done.stdout == "" and "Known after the night of: 2024-01-15" in done.stderr
    table = pd.read_csv(io.StringIO(plain.stdout), dtype={"region": str, "definition": str})
    book = CalamineWorkbook.from_path(str(file))
    rows, facts = (book.get_sheet_by_index(n).to_python() for n in (0, 1))
    found = answer(*long, by=("week", "region"), since=date(2023, 12, 11), rate=True, compare=True, moving=2)
    frame, desk = shown(found), Desk(None, None, None)
    said = json.loads(as_json(frame, found.facts, desk))
    stored = pq.read_table(io.BytesIO(as_parquet(frame, found.facts, desk)))
    assert said["facts"] == json.loads(stored.schema.metadata[b"surveillance.facts"]) == found.facts
    assert found.facts["known_as_of"] == "2024-01-15" and found.facts["definitions"] == "grippe 1"
    assert ["Known after the night of", "2024-01-15"] in facts and len(facts) == len(found.facts) + 2  # of the export
    for other in (pd.DataFrame(said["rows"]), stored.to_pandas(), pd.DataFrame(rows[1:], columns=rows[0])):
        assert list(other.columns) == list(table.columns) and list(other["region"]) == list(table["region"])
        for name in ("visits", "rate_pop", "change_1y_percent", "moving_share"):
            given = pd.to_numeric(other[name], errors="coerce").astype(float)
            pd.testing.assert_series_equal(given, table[name].astype(float), rtol=1e-6)


@pytest.mark.parametrize(
    "words",
    [("--format", "xlsx"), ("-o", "x.doc"), ("--plot", "--format", "csv"), ("--plot", "--by", "age"),
     ("--plot", "--by", "week,association,age,sex"), ("--plot", "--of", "visit")],
)  # fmt: skip
def test_a_form_that_cannot_be_is_said(words: tuple[str, ...], long: tuple[Path, Content], tmp_path: Path) -> None:
    found = CliRunner().invoke(app, ["query", "grippe", *words, "--state", str(long[0]), "--site", str(long[1].site)])
    assert isinstance(found.exception, UsageError) and found.exception.hint


def test_no_cell_is_ever_a_formula(long: tuple[Path, Content]) -> None:
    frame = pd.DataFrame({"text": ["=1+1", "-2", "@x", "a"], "visits": [-1, 2, 3, 4]})
    assert as_csv(frame, {}, Desk(None, None, None)).decode().split() == [
        "text,visits",
        "'=1+1,-1",
        "'-2,2",
        "'@x,3",
        "a,4",
    ]
    desk = Desk(long[1].site, long[0], "fr")
    book = CalamineWorkbook.from_filelike(io.BytesIO(as_xlsx(frame, {"basis": "=2+2"}, desk)))
    assert book.get_sheet_by_index(0).to_python()[1] == ["=1+1", -1.0]
    assert book.get_sheet_by_index(1).to_python()[0][1] == "=2+2"


def test_charts_fit_eighty_columns_and_mark_what_is_incomplete(long: tuple[Path, Content]) -> None:
    where = ("--state", long[0], "--site", long[1].site, "--lang", "fr")
    weeks = surveillance("query", "grippe", "--since", "2022-W45", "--until", "2023-W10", "--plot", *where)
    assert weeks.returncode == 0, weeks.stderr
    lines = weeks.stdout.splitlines()
    assert max(map(len, lines)) <= 80 and lines[0] == "grippe · visits"
    axis = next(n for n, line in enumerate(lines) if "└" in line)
    columns = following("week", "2022-W45", "2023-W10")
    wide = lines[axis].count("─") // len(columns)
    assert lines[axis + 1].index("*") == 10 + wide * columns.index("2023-W01")  # a day of 5901 is missing
    assert "2022-W45" in lines[axis + 2] and lines[axis + 2].endswith("2023-W10")
    flu = [n % 10 for n in range(45, 53)] + [n % 10 for n in range(1, 11)]
    tops = [
        sum(line[10 + wide * n] not in " │" for line in lines[1:axis] if len(line) > 10 + wide * n)
        for n in range(len(flu))
    ]
    assert tops[flu.index(9)] == max(tops) and tops[flu.index(0)] == 0
    years = surveillance("query", "grippe", "--by", "day,region", "--plot", "--of", "share_coded", *where)
    assert years.returncode == 0 and max(map(len, years.stdout.splitlines())) <= 80
    assert "moyenne de 16 périodes" in years.stdout and years.stdout.count("└") == 2
