"""The coder of call reasons: invented texts with what they must give, and properties that hold for any text."""

from __future__ import annotations

import csv
import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveillance.coding.reason_spelling import distance, sound
from surveillance.coding.reason_terms import expand, normalise
from surveillance.coding.reasons import ReasonCoder
from surveillance.content import Content

CODER = ReasonCoder(Content())
EXAMPLES = Path(__file__).with_name("reasons_examples.csv")


def examples() -> list[tuple[str, str]]:
    with EXAMPLES.open(encoding="utf-8", newline="") as file:
        return [(row["text"], row["labels"]) for row in csv.DictReader(file, delimiter=";")]


@pytest.mark.parametrize(("text", "labels"), examples())
def test_what_a_text_says(text: str, labels: str) -> None:
    assert set(CODER(text)) == set(labels.split())


def test_every_label_of_the_examples_is_a_concept() -> None:
    assert {label for _, labels in examples() for label in labels.split()} <= set(CODER.concepts)
    assert len(CODER.concepts) == 55


@given(st.text(max_size=120))
def test_any_text_gives_sorted_known_concepts_and_the_same_again(text: str) -> None:
    found = CODER(text)
    assert list(found) == sorted(set(found))
    assert set(found) <= set(CODER.concepts)
    assert CODER.read_once(text).concepts == found


@given(st.sampled_from([text for text, _ in examples()]))
def test_capitals_and_accents_make_no_difference(text: str) -> None:
    assert CODER(text.upper()) == CODER(text)
    assert CODER(normalise(text)) == CODER(text)


@pytest.mark.parametrize("text", ["", None, "RAS", "cs", "?", "...", "aaa", "idem", "0", "-", "+"])
def test_a_placeholder_says_nothing(text: str | None) -> None:
    assert CODER(text) == ()


@pytest.mark.parametrize(
    ("text", "fever"),
    [
        ("38.0", True),
        ("37,9", False),
        ("39°5", True),
        ("T 40", True),
        ("temp à 39", True),
        ("39 depuis hier", True),
        ("39 ans", False),
        ("39 SA", False),
        ("dextro 38.5", False),
        ("39 rue de la paix", False),
        ("43,5", False),
        ("06 38 39 40 41", False),
    ],
)
def test_a_number_is_a_fever_only_when_it_is_a_temperature(text: str, fever: bool) -> None:
    assert ("fievre" in CODER(text)) is fever


def test_a_slip_of_spelling_is_read_but_an_ordinary_word_is_not_bent() -> None:
    assert CODER("bronchollite") == ("bronchiolite",)
    assert CODER("varricele") == ("varicelle",)
    for word in ("confusion", "convulsion", "facture", "injection", "alitee", "decidee", "triage", "contagion"):
        assert CODER(word) == (), word


def test_no_ordinary_word_is_a_term() -> None:
    assert [word for word in CODER.nomenclature.spelling.ordinary if CODER(word)] == []


def test_patterns_distance_and_sound() -> None:
    assert list(expand("mal (au|de) dos")) == ["mal au dos", "mal de dos"]
    assert list(expand("gastro(|s)")) == ["gastro", "gastros"]
    assert (distance("abc", "abc"), distance("abc", "acb"), distance("abc", "ab"), distance("abc", "xyz")) == (
        0,
        1,
        1,
        3,
    )
    assert sound("urinere") == sound("urinaire")


def test_only_the_first_characters_are_read_and_nothing_is_kept_on_disk() -> None:
    assert CODER("x " * 300 + "fievre") == ()


def test_a_coder_can_be_sent_to_a_worker() -> None:
    assert pickle.loads(pickle.dumps(CODER))("toux") == ("toux",)


def test_a_site_can_bring_its_own_words(tmp_path: Path) -> None:
    text = Content().text("extracts/nomenclatures/reasons.toml").replace('gale = ["gale"]', 'gale = ["gale", "gratte"]')
    folder = tmp_path / "extracts" / "nomenclatures"
    folder.mkdir(parents=True)
    (folder / "reasons.toml").write_text(text, encoding="utf-8")
    assert ReasonCoder(Content(tmp_path))("gratte") == ("gale",)
    assert CODER("gratte") == ()
