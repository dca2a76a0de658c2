"""The page of a night: self-contained, escaped, the same bytes twice, and what its sentences say."""

from __future__ import annotations

import dataclasses
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from lxml import etree, html

from surveillance.content import Content
from surveillance.errors import ContentError, SurveillanceError
from surveillance.reporting import COLUMNS, ReportData, charts, page_context, pages
from surveillance.reporting.keypoints import activity, key_points
from surveillance.reporting.receptions import board
from surveillance.reporting.rules import load_labels, load_rules
from tests import browser, report_sample

CANARY = "<script>alert('canari')</script>\"'&"


@pytest.fixture(scope="module")
def content() -> Content:
    return Content()


@pytest.fixture(scope="module")
def data() -> ReportData:
    return report_sample.sample()


@pytest.fixture(scope="module")
def context(content: Content, data: ReportData) -> dict[str, Any]:
    return page_context(content, data)


@pytest.fixture(scope="module")
def page(content: Content, context: dict[str, Any]) -> str:
    return pages.render(content, "report.html", context)


def test_two_builds_are_the_same_bytes(content: Content, page: str) -> None:
    again = pages.render(Content(), "report.html", page_context(content, report_sample.sample()))
    assert again == page


def test_page_is_small_and_self_contained(page: str) -> None:
    assert len(page.encode()) < 3_000_000
    assert "default-src 'none'" in page
    assert "<script" not in page
    addresses = re.findall(r"\b(?:href|src)=[\"']?([^\"')\s>]+)|url\([\"']?([^\"')]+)", page)
    addresses = [first or second for first, second in addresses]
    assert [a for a in addresses if not a.startswith("#")] == []


def test_identifiers_are_unique_and_references_lead_somewhere(page: str) -> None:
    tree = html.fromstring(page)
    ids = tree.xpath("//@id")
    assert len(ids) == len(set(ids))
    wanted = {a[1:] for a in tree.xpath("//@href") if a.startswith("#")}
    wanted |= {part for a in tree.xpath("//@aria-labelledby") for part in a.split()}
    wanted |= set(re.findall(r"url\(#([^)]+)\)", page))
    assert wanted - set(ids) == set()


def test_every_drawing_has_a_name_or_is_hidden(page: str) -> None:
    tree = html.fromstring(page)
    for drawing in tree.xpath("//svg"):
        named = drawing.get("aria-label") or drawing.get("aria-labelledby")
        assert named or drawing.get("aria-hidden") == "true"
    assert "graphics-symbol" not in page and "graphics-object" not in page
    for table in tree.xpath("//table"):
        assert table.xpath("./caption") and table.xpath(".//th[@scope]")


def test_what_comes_from_outside_is_escaped(content: Content, data: ReportData) -> None:
    receptions = data.receptions.assign(name=CANARY, detail=CANARY, sentence_fr=CANARY, city=CANARY)
    signals = data.signals.assign(reason=CANARY, method=CANARY)
    syndromes = data.syndromes.assign(label_fr=CANARY, source=CANARY, codes=CANARY)
    hostile = ReportData(
        data.meta, data.delivery, receptions, data.daily, data.weekly, data.regional, data.departments, data.ages,
        data.seasons, signals, syndromes, {"region:11": CANARY, "department:33": CANARY},
    )  # fmt: skip
    text = pages.render(content, "report.html", page_context(content, hostile))
    assert "<script" not in text and "canari" in text
    assert not html.fromstring(text).xpath("//script")


def test_first_night_of_all_has_a_page(content: Content) -> None:
    context = page_context(content, report_sample.first_night())
    text = pages.render(content, "report.html", context)
    assert "Aucune semaine complète" in text and "Aucun signal cette nuit" in text
    assert not re.search(r"\b(nan|None|NaT)\b", re.sub(r"<style>.*?</style>", "", text, flags=re.S))


def test_missing_feeds_come_first_in_order_of_harm(context: dict[str, Any], data: ReportData) -> None:
    night = context["board"]
    harms = [line.harm for line in night.lines]
    assert harms == sorted(harms, reverse=True)
    assert [line.status for line in night.missing].count("absent") == 2
    assert night.included == 59 and night.expected == 63
    usual = data.receptions.set_index("status")
    lost = usual.loc[["absent", "refused"], "expected"].sum()
    partial = usual.loc[["partial"]].iloc[0]
    lost += partial["expected"] - partial["visits"]
    assert night.lost == pytest.approx(lost / data.receptions["expected"].sum())


def test_sentences_can_be_rederived_from_the_frames(context: dict[str, Any], data: ReportData) -> None:
    points = context["points"]
    flu = next(text for text in points if text.startswith("Grippe"))
    weekly = data.weekly[(data.weekly["syndrome"] == "grippe") & data.weekly["complete"]].set_index("week_monday")
    now, before = weekly.loc[date(2024, 1, 1)], weekly.loc[date(2023, 12, 25)]
    numbers = [int(re.sub(r"\D", "", text)) for text in re.findall(r"\d[\d\u202f]*\u00a0actes", flu)]
    assert numbers == [now["visits"] - before["visits"], now["visits"]]
    assert f"{round(100 * (now['visits'] / before['visits'] - 1)):+d}\u202f%" in flu
    share = f"{100 * now['visits'] / now['visits_coded']:.1f}\u202f%".replace(".", ",")
    assert share in flu and "hausse en S01" in flu


def test_no_fall_is_claimed_of_a_day_that_is_not_settled(
    content: Content, context: dict[str, Any], data: ReportData
) -> None:
    first = context["points"][0]
    assert "aucune baisse n’en est déduite" in first and "baisse par rapport" not in first
    day = data.meta.visit_day
    more = data.daily.assign(visits_all=data.daily["visits_all"].where(data.daily["visit_day"] != day, 99_000))
    raised = ReportData(**{**vars(data), "daily": more})
    rules, labels = load_rules(content), load_labels(content)
    told = key_points(raised, rules, labels, board(raised), [], [])
    assert "hausse par rapport à la médiane des 8 dimanches" in told[0]


def test_incomplete_week_is_drawn_apart(context: dict[str, Any]) -> None:
    figures = {f.trend.syndrome: f for _, items in context["figures"] for f in items}
    svg = etree.fromstring(figures["grippe"].svg)
    texts = [title.text or "" for title in svg.iter("{*}title")]
    assert any("S02" in text and "semaine incomplète" in text for text in texts)
    assert figures["grippe"].source == "published" and figures["gastro"].source == "simulated"
    assert figures["grippe"].table.rows[0][0].endswith("(incomplète)")


def test_map_hatches_where_there_is_no_association(page: str) -> None:
    tree = html.fromstring(page)
    first = tree.xpath("//figure[@class='map']")[0]
    css = {use.get("href"): use.get("class") for use in first.xpath(".//use")}
    assert css["#d-03"] == "none" and css["#d-971"] == "none"
    assert css["#d-33"].startswith("m") and css["#d-87"] == "empty" and "few" in css["#d-2a".replace("2a", "2A")]


def test_signals_stand_by_rank_with_age_and_doubt(page: str) -> None:
    """A count of one age is told as that; a day of the calendar is no doubt."""
    rows = html.fromstring(page).xpath("//table[@class='signals']/tbody/tr")
    assert [row.get("class") for row in rows] == [None, None, "doubt", None]
    assert "absente dans le département" in rows[2].text_content()
    told = [" ".join(row.text_content().split()) for row in rows]
    assert "00-04" in told[0] and "rentrée (Noël, zone A)" in told[0] and "gastro-dep33" in told[0]
    assert "tous" in told[1] and "65+" in told[3]
    points = " ".join(html.fromstring(page).xpath("//*[@id='points']//li/text()"))
    assert "0-4 ans)" in points, "a key point names the ages too, or a few acts read as a wave"


def test_a_site_replaces_a_template_and_a_broken_one_is_named(tmp_path: Path, context: dict[str, Any]) -> None:
    folder = tmp_path / "reports" / "templates" / "sections"
    folder.mkdir(parents=True)
    (folder / "signals.html").write_text("<p>autre réseau {{ meta.night|day_short }}</p>", encoding="utf-8")
    site = Content(tmp_path)
    assert "autre réseau 15/01/2024" in pages.render(site, "report.html", context)
    (folder / "signals.html").write_text("{{ unheard_of }}", encoding="utf-8")
    with pytest.raises(ContentError, match="unheard_of"):
        pages.render(site, "report.html", context)


def test_a_frame_without_its_columns_is_refused(data: ReportData) -> None:
    with pytest.raises(SurveillanceError, match="'daily' lacks visits_coded"):
        ReportData(**{**vars(data), "daily": data.daily.drop(columns="visits_coded")})
    assert set(COLUMNS) <= set(vars(data))


def test_chart_specification_and_its_data_must_agree(content: Content) -> None:
    with pytest.raises(ContentError, match="declares"):
        charts.render(content, "daily", {"days": []}, "x", "titre", "description")
    with pytest.raises(ContentError, match="'nothing'"):
        charts.render(content, "daily", {"days": [], "mean": []}, "x", "titre", "description", {"nothing": 1})


def test_latest_moves_forward_only(tmp_path: Path) -> None:
    for night in (date(2024, 1, 15), date(2024, 1, 16), date(2024, 1, 15)):
        pages.write_page(tmp_path / night.isoformat(), "x")
        pages.switch_latest(tmp_path, night)
    assert (tmp_path / "latest").resolve().name == "2024-01-16"
    assert (tmp_path / "latest" / pages.PAGE).read_text(encoding="utf-8") == "x"


@pytest.mark.slow
def test_browser_finds_nothing_to_fetch_and_nothing_to_complain_of(tmp_path: Path, page: str) -> None:
    path = pages.write_page(tmp_path / "page", page)
    visit = browser.open_page(path, tmp_path)
    assert visit.requests == () and visit.console == ()
    assert "Points clés" in visit.dom
    pdf = browser.print_page(path, tmp_path)
    assert pdf.startswith(b"%PDF") and 2 <= len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 25


@pytest.mark.slow
@pytest.mark.parametrize("width", [500, 1280])
def test_page_does_not_overflow_its_window(tmp_path: Path, page: str, width: int) -> None:
    sizes = browser.measure(pages.write_page(tmp_path / "page", page), tmp_path, width)
    assert sizes["scroll"] <= sizes["inner"]


@pytest.mark.slow
def test_the_browser_tells_of_requests_and_complaints(tmp_path: Path) -> None:
    bad = tmp_path / "bad.html"
    bad.write_text("<img src='http://example.org/x.png'><script>console.error('boom')</script>", encoding="utf-8")
    visit = browser.open_page(bad, tmp_path)
    assert visit.requests == ("http://example.org/x.png",)
    assert any("boom" in line for line in visit.console)


def test_seasons_of_a_year_with_53_weeks() -> None:
    from surveillance.reporting.seasons import position, same_week, season_name, season_year

    first = date(2020, 12, 28)  # 2020-W53
    assert season_year(first, 33) == 2020 and season_name(2020, 33) == "2020-21"
    assert position(first, 33) == position(first - timedelta(days=7), 33) + 0.5
    assert position(first + timedelta(days=7), 33) == position(first - timedelta(days=7), 33) + 1
    assert same_week(first, 1) == date(2019, 12, 23)
    assert season_name(2024, 1) == "2024"


@pytest.mark.parametrize(
    ("change", "word"),
    [(0.0, "stable"), (0.049, "rise_slight"), (0.044, "stable"), (-0.05, "fall_slight"), (0.104, "rise_slight"),
     (0.105001, "rise"), (-0.3, "fall"), (None, "unknown")],
)  # fmt: skip
def test_words_of_change_follow_the_printed_percentage(content: Content, change: float | None, word: str) -> None:
    from surveillance.reporting.trends import direction

    assert direction(change, load_rules(content).change) == word


def test_numbers_are_french() -> None:
    from surveillance.reporting import french

    assert french.number(12510) == "12\u202f510" and french.number(-0.4) == "0" and french.number(None) == "–"
    assert french.signed(38) == "+38" and french.signed(-4) == "\u22124" and french.signed(0.0) == "0"
    assert french.acts(1) == "1\u00a0acte" and french.acts(2) == "2\u00a0actes"
    assert french.signed_acts(-1) == "\u22121\u00a0acte"
    assert french.percent(0.0859) == "8,6\u202f%" and french.signed_percent(-0.12) == "\u221212\u202f%"
    assert french.week_span(date(2024, 1, 8)) == "du 8 au 14 janvier 2024"
    assert french.week_span(date(2024, 12, 30)) == "du 30 décembre 2024 au 5 janvier 2025"
    assert french.week_span(date(2024, 1, 29)) == "du 29 janvier au 4 février 2024"
    assert french.day_long(date(2024, 6, 1)) == "samedi 1er juin 2024"
    assert french.week_number(date(2020, 12, 31)) == "S53"


def test_missing_values_of_a_store_are_not_numbers() -> None:
    from surveillance.reporting.data import as_day

    assert as_day(pd.NaT) is None and as_day(float("nan")) is None and as_day("2024-01-14") == date(2024, 1, 14)
    assert as_day(pd.Timestamp("2024-01-14")) == date(2024, 1, 14)


def test_seasons_that_nobody_observed_are_called_simulated(context: dict[str, Any], page: str) -> None:
    """In the sentence, in the summary and over the column of the table behind the chart; the published are not."""
    trends = {trend.syndrome: trend for _, items in context["summary"] for trend, _ in items}
    assert trends["gastro"].simulated
    assert not trends["grippe"].simulated
    told = {text.partition(" : ")[0]: text for text in context["points"]}
    assert "saisons précédentes (simulées) à la même période" in told[trends["gastro"].label]
    assert "saisons précédentes à la même période" in told[trends["grippe"].label]
    assert re.search(r"<th scope=\"col\">Part \d{4}-\d\d \(simulé\)</th>", page)
    assert page.count('<em class="badge simulated">simulé</em></td>') == sum(
        trend.simulated and bool(trend.level) for trend in trends.values()
    )


def test_one_same_weekday_is_not_a_history(content: Content, data: ReportData) -> None:
    """A store of eight days has one Sunday before this one: nothing is compared with it."""
    first = data.meta.visit_day - timedelta(days=7)
    young = dataclasses.replace(data, daily=data.daily[data.daily["visit_day"] >= first])
    assert activity(young, load_rules(content)).change is None
    told = page_context(content, young)["points"][0]
    assert "pas encore assez d’historique" in told


def test_an_event_in_the_data_is_said_before_any_number(content: Content, data: ReportData, page: str) -> None:
    event = {
        "scope": "national", "territory": "FR", "check": "volume", "observed": 1526.0, "expected": 11895.0,
        "low": 8921.0, "high": 14869.0, "sentence_fr": "France : 1 526 visites reçues pour 11 895 attendues",
    }  # fmt: skip
    context = page_context(content, dataclasses.replace(data, data_events=pd.DataFrame([event])))
    assert [text for kind, text in context["banners"] if kind == "warn" and "11 895 attendues" in text]
    struck = html.fromstring(pages.render(content, "report.html", context))
    (row,) = struck.xpath("//table[@class='data-events']/tbody/tr")
    assert row.text_content().startswith("France")
    order = [section.get("id") for section in struck.xpath("//section[@id]")]
    assert order.index("donnees") < order.index("signaux")
    assert not html.fromstring(page).xpath("//table[@class='data-events']")


def test_withdrawn_visits_and_exceptions_in_force_are_said(content: Content, data: ReportData, page: str) -> None:
    waiver = ("7501", "waiver", "volume", "data manager", "deux centres réunis", date(2024, 1, 20))
    correction = ("*", "correction", "Europe/Paris", "SMF", "heure d'été", date(2024, 1, 31))
    given = pd.DataFrame([waiver, correction], columns=list(COLUMNS["exceptions"]))
    context = page_context(content, dataclasses.replace(data, exceptions=given))
    told = html.fromstring(pages.render(content, "report.html", context)).xpath("//section[@id='completude']")[0]
    words = " ".join(told.text_content().split())
    assert "contrôle « volume » noté sans bloquer" in words
    assert "Toutes les associations" in words
    assert "deux centres réunis" in words
    (line,) = [line for line in board(data).lines if line.withdrawn]
    assert f"{line.name} {line.withdrawn}." in words
    assert "Dérogations et corrections" not in page
