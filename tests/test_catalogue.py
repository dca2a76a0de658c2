"""The catalogue of case definitions: complete, the same bytes again, self-contained, never of unproven definitions."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import pytest
from lxml import html

from surveillance.age_words import age_said, limits_said
from surveillance.coding.syndromes import load_groups, load_syndromes, set_digest, set_version
from surveillance.content import Content
from surveillance.reporting.catalogue import write_catalogue
from surveillance.words import say
from tests import browser
from tests.conftest import surveillance
from tests.test_definitions import FOLDER, site_with

CONTENT = Content()
SYNDROMES = load_syndromes(CONTENT)
CANARY = "<script>alert('canari')</script>|*x*"


@pytest.fixture(scope="module", params=["fr", "en"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The catalogue in a language."""
    made = tmp_path_factory.mktemp("catalogue") / str(request.param)
    write_catalogue(CONTENT, request.param, made)
    return made


@pytest.fixture(scope="module")
def page(folder: Path) -> html.HtmlElement:
    return html.fromstring((folder / "definitions.html").read_text(encoding="utf-8"))


def text_of(element: html.HtmlElement) -> str:
    return " ".join(element.text_content().split())


@pytest.mark.parametrize(
    ("low", "high", "fr", "en"),
    [
        (None, None, "tous âges", "all ages"),
        (None, 23, "avant 2 ans", "under 2 years"),
        (0, 11, "avant 1 an", "under 1 year"),
        (None, 0, "avant 1 mois", "under 1 month"),
        (None, 17, "avant 18 mois", "under 18 months"),
        (780, None, "à partir de 65 ans", "from 65 years on"),
        (3, 23, "de 3 mois à moins de 2 ans", "from 3 months to under 2 years"),
    ],
)
def test_limits_in_words(low: int | None, high: int | None, fr: str, en: str) -> None:
    assert limits_said(partial(say, CONTENT, "fr"), low, high) == fr
    assert limits_said(partial(say, CONTENT, "en"), low, high) == en


@pytest.mark.parametrize(
    ("months", "words"),
    [(0, "0 mois"), (1, "1 mois"), (12, "12 mois"), (23, "23 mois"), (24, "2 ans"), (371, "30 ans")],
)
def test_an_age_in_words(months: int, words: str) -> None:
    assert age_said(partial(say, CONTENT, "fr"), months) == words


def test_every_definition_is_there_with_all_it_says(page: html.HtmlElement) -> None:
    assert [one.get("id") for one in page.xpath("//article")] != sorted(one.id for one in SYNDROMES)  # by group
    for one in SYNDROMES:
        (found,) = page.xpath(f"//article[@id='{one.id}']")
        said = text_of(found)
        assert " ".join(one.source.split()) in said
        assert one.label_fr in said and one.label_en in said and str(one.since) in said
        codes = {code.text for code in found.xpath(".//code")}
        if one.diagnoses:
            assert {*one.diagnoses.cim10, *one.diagnoses.not_cim10} <= codes
        if one.reasons:
            assert ", ".join(one.reasons.concepts) in said
        rows = found.xpath(".//tbody/tr")
        assert len(rows) == len(one.examples)
        for row, example in zip(rows, one.examples, strict=True):
            assert bool(row.xpath(".//*[contains(@class, 'received')]")) is example.counts
            assert example.why.replace("  ", " ") in text_of(row)
        assert bool(found.xpath(".//*[@class='inferred-note']")) is (one.status == "inferred")
        linked = {a.removeprefix("#") for a in found.xpath(".//dd/a/@href")}
        assert linked == {*one.umbrella, *(other.id for other in SYNDROMES if one.id in other.umbrella)}


def test_a_code_of_a_thesaurus_has_its_label_and_one_taken_out_is_said(page: html.HtmlElement) -> None:
    (covid,) = page.xpath("//article[@id='covid']")
    assert "R84 COVID-19, forme respiratoire confirmée → U07.10 (≥ 2020-02-24)" in text_of(covid)
    (gastro,) = page.xpath("//article[@id='gastro']//*[@class='without']")
    assert "D99 Intolérance alimentaire" in text_of(gastro)
    assert "R06.2" in text_of(page.xpath("//article[@id='bronchiolite']")[0])  # listed although mapped elsewhere


def test_the_page_says_what_set_it_is_and_that_totals_are_never_added(folder: Path, page: html.HtmlElement) -> None:
    said, markdown = text_of(page), (folder / "definitions.md").read_text(encoding="utf-8")
    for text in (said, markdown):
        assert set_version(CONTENT) in text and set_digest(CONTENT) in text
    note = say(CONTENT, folder.name, "catalogue_never_added")
    assert note.replace(" :", "\u00a0:") in markdown
    assert [text_of(one) for one in page.xpath("//section[starts-with(@id, 'group-')]/h2")] == [
        getattr(group, folder.name) for group in load_groups(CONTENT).values()
    ]


def test_it_is_self_contained_and_every_link_leads_somewhere(folder: Path, page: html.HtmlElement) -> None:
    text = (folder / "definitions.html").read_text(encoding="utf-8")
    assert "default-src 'none'" in text and "<script" not in text and len(text) < 1_000_000
    ids, links = page.xpath("//@id"), [str(a) for a in page.xpath("//@href | //@src")]
    assert len(ids) == len(set(ids))
    assert {a.removeprefix("#") for a in links} <= set(ids) and all(a.startswith("#") for a in links)
    markdown = (folder / "definitions.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\]\(#([^)]+)\)", markdown)) <= set(re.findall(r'<a id="([^"]+)"></a>', markdown))


def test_the_markdown_has_a_table_of_examples_each(folder: Path) -> None:
    markdown = (folder / "definitions.md").read_text(encoding="utf-8")
    assert markdown.count("|---|---|---|---|") == len(SYNDROMES)
    rows = [line for line in markdown.splitlines() if line.startswith("| ")]
    assert len(rows) == len(SYNDROMES) + sum(len(one.examples) for one in SYNDROMES)
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 5 for row in rows)
    for number, line in enumerate(lines := markdown.splitlines()):
        assert not line.startswith("<a id") or lines[number - 1] == ""  # else it belongs to the list above


def test_what_a_site_writes_is_escaped_and_two_versions_are_told_apart(tmp_path: Path) -> None:
    ended = ("version =", "until = 2020-12-31\nversion =")
    site_with(tmp_path, f"{FOLDER}/otite.toml", ("Otite moyenne", CANARY), ended)
    text = CONTENT.text(f"{FOLDER}/otite.toml").replace("since = 2006-01-01", "since = 2021-01-01")
    (tmp_path / FOLDER / "otite_2.toml").write_text(text, encoding="utf-8")
    write_catalogue(Content(tmp_path), "fr", tmp_path / "out")
    page = html.fromstring((tmp_path / "out" / "definitions.html").read_text(encoding="utf-8"))
    assert not page.xpath("//script") and "canari" in text_of(page)
    assert len(page.xpath("//article[@id='otite'] | //article[@id='otite-2006-01-01']")) == 2
    assert r"\<script\>alert('canari')\</script\>\|\*x\*" in (tmp_path / "out" / "definitions.md").read_text("utf-8")


@pytest.mark.slow
def test_the_command_writes_the_same_bytes_again(tmp_path: Path) -> None:
    for name in ("a", "b"):
        seed = str(ord(name))
        done = surveillance("indicators", "docs", "--out", tmp_path / name, "--lang", "fr", PYTHONHASHSEED=seed)
        assert done.returncode == 0, done.stderr
        assert done.stdout.split() == [str(tmp_path / name / file) for file in ("definitions.html", "definitions.md")]
    for file in ("definitions.html", "definitions.md"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


@pytest.mark.slow
def test_no_catalogue_is_made_of_definitions_that_do_not_prove_themselves(tmp_path: Path) -> None:
    wrong = ('["H60.9"], counts = false', '["H60.9"], counts = true')
    site = site_with(tmp_path / "site", f"{FOLDER}/otite.toml", wrong)
    done = surveillance("indicators", "docs", "--out", tmp_path / "out", "--site", site)
    assert done.returncode == 10 and "otite.toml:" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_browser_shows_it_without_a_request_and_in_a_narrow_window(folder: Path, tmp_path: Path) -> None:
    page = folder / "definitions.html"
    visit = browser.open_page(page, tmp_path)
    assert (visit.requests, visit.console) == ((), ())
    assert visit.dom.count("<article") == len(SYNDROMES)
    for width in (1280, 500):
        sizes = browser.measure(page, tmp_path, width)
        assert sizes["scroll"] <= sizes["inner"], sizes
    paper = re.findall(rb"/MediaBox ?\[([^\]]+)\]", browser.print_page(page, tmp_path))
    assert len(paper) < 50
    assert [round(float(size)) for size in paper[0].split()[2:]] == [595, 842]  # A4
