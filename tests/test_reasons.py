"""The coder of call reasons: invented texts with what they must give, and properties that hold for any text."""

from __future__ import annotations

import csv
import pickle
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveillance.content import Content
from surveillance.reasons import files as text_files
from surveillance.reasons.coder import ReasonCoder, ReasonReading
from surveillance.reasons.spelling import distance, sound
from surveillance.reasons.terms import expand, normalise
from surveillance.reasons.unknown_words import frequent
from tests.conftest import command, surveillance

CODER = ReasonCoder(Content())
EXAMPLES = Path(__file__).with_name("reasons_examples.csv")
LABELLED = Path(__file__).with_name("call_reasons.csv")  # text, labels, kind: invented, by six raters


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


def labelled() -> list[dict[str, str]]:
    with LABELLED.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def test_labelled_texts_are_read_as_their_raters_do() -> None:
    """Share of texts with exactly the raters' labels, by kind; what is left is told in docs/call-reasons.md."""
    rows = labelled()
    right = Counter[str](row["kind"] for row in rows if set(CODER(row["text"])) == set(row["labels"].split()))
    kinds = Counter(row["kind"] for row in rows)
    assert sum(right.values()) >= 0.98 * len(rows)
    assert {kind: right[kind] / kinds[kind] for kind in kinds if right[kind] < 0.95 * kinds[kind]} == {}


@pytest.mark.parametrize(
    ("text", "suspected"),
    [
        ("grippe ?", ("grippe",)),
        ("suspicion covid, toux", ("covid",)),
        ("avc ou simple malaise ?", ("avc", "malaise")),
        ("eliminer meningite", ("meningite",)),
        ("pneumopathie probable", ("pneumopathie",)),
        ("grippe, toux", ()),
        ("pas de grippe ?", ()),
        ("fievre. grippe ?", ("grippe",)),
    ],
)
def test_what_is_only_suspected_is_said(text: str, suspected: tuple[str, ...]) -> None:
    assert CODER.read(text).suspected == suspected


def test_what_can_mean_two_things_is_not_coded_and_counted_as_ambiguous() -> None:
    assert CODER.read("ge") == ReasonReading(ambiguous=("ge",))
    assert CODER("ge, vomit ++") == ("gastro", "vomissements")
    assert CODER.read("plus de fievre").ambiguous == ("fievre",)
    assert CODER.read("n'a plus de fievre") == ReasonReading()


def test_words_that_nobody_knows_are_told_without_numbers_and_short_words() -> None:
    assert CODER.read("zzyzx 4512 ab toux qux7").unknown == ("zzyzx", "qux")


def test_a_file_of_call_reasons_gets_labels(tmp_path: Path) -> None:
    """A real CSV file: quotes, separators and line ends in texts, other columns kept, Windows letters, no row lost."""
    rows = [["n", "texte"], ["1", "fièvre; toux"], ["2", 'dit "grippe"\nce soir'], ["3", ""], ["4", "RAS"]]
    source, out = tmp_path / "motifs.csv", tmp_path / "out.csv"
    with source.open("w", encoding="cp1252", newline="") as file:
        csv.writer(file, delimiter=";").writerows(rows)
    result = surveillance("code", source, "--text", "texte", "--out", out)
    assert result.returncode == 0, result.stderr
    assert "3 textes" in result.stderr
    with out.open(encoding="utf-8", newline="") as file:
        found = list(csv.reader(file, delimiter=";"))
    labels = ["labels", "fievre toux", "grippe", "", ""]
    assert found == [[*row, label] for row, label in zip(rows, labels, strict=True)]


@pytest.mark.parametrize(
    ("text", "said"),
    [("a;b\n1;2\n", "no column 'texte'"), ("n;texte\n1;toux;SECRET\n", "has not as many columns as the header")],
)
def test_a_file_that_is_none_is_told_without_its_values(tmp_path: Path, text: str, said: str) -> None:
    source = tmp_path / "motifs.csv"
    source.write_text(text, encoding="utf-8")
    result = surveillance("code", source, "--text", "texte", "--out", tmp_path / "out.csv")
    assert (result.returncode, "SECRET" in result.stderr) == (2, False)
    assert said in result.stderr
    assert not (tmp_path / "out.csv").exists()


def test_many_texts_are_read_by_all_cores_as_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [row["text"] for row in labelled()[:300]]
    monkeypatch.setattr(text_files, "MANY", 10)
    monkeypatch.setattr(text_files, "PIECE", 50)
    assert text_files.read_all(texts, Content()) == [CODER.read(text) for text in texts]


def test_only_words_that_are_nobodys_own_are_kept() -> None:
    rule = CODER.nomenclature.unknown_words
    found = {"a": {"often": 9, "dupont": 30}, "b": {"often": 1}, "c": {"often": 1, "rare": 1}}
    kept = frequent(found, rule)
    assert {row["word"] for row in kept} == {"often"}
    assert sum(row["uses"] for row in kept) == 11


def test_a_full_disk_leaves_no_text_lying_about(tmp_path: Path) -> None:
    source, out = tmp_path / "motifs.csv", tmp_path / "out.csv"
    source.write_text("texte\n" + "toux depuis hier\n" * 20_000, encoding="utf-8")
    words = command("code", source, "--text", "texte", "--out", out)
    result = subprocess.run(
        ["bash", "-c", 'ulimit -f 64; exec "$0" "$@"', *words], capture_output=True, text=True, check=False
    )
    assert result.returncode == 11, result.stderr
    assert "make room" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["motifs.csv"]
