"""The sentences of the screens: both languages say the same things, and every cause has its words."""

from __future__ import annotations

import string

import pytest

from surveillance.content import Content
from surveillance.errors import ContentError
from surveillance.gathering.receptions import STATUS
from surveillance.intake.checks import load_checks
from surveillance.words import FILE, say

WORDS = Content().toml(FILE)


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_both_languages_have_the_same_sentences() -> None:
    assert WORDS["fr"].keys() == WORDS["en"].keys()


@pytest.mark.parametrize("key", sorted(WORDS["fr"]))
def test_a_sentence_takes_the_same_values_in_both(key: str) -> None:
    assert placeholders(WORDS["fr"][key]) == placeholders(WORDS["en"][key])


def test_every_cause_of_trouble_has_its_words_and_its_advice(content: Content) -> None:
    codes = {*STATUS, *load_checks(content).file} & {key.removeprefix("do_") for key in WORDS["fr"]}
    assert {"no_file", "host_key", "truncated", "header_changed"} <= codes
    for code in STATUS:
        if code != "ok":
            assert f"cause_{code}" in WORDS["fr"], code
        if STATUS[code] not in ("received", "closed"):
            assert f"do_{code}" in WORDS["fr"], code


def test_a_sentence_that_is_missing_is_a_content_error(content: Content) -> None:
    with pytest.raises(ContentError, match="nothing_of_that_name"):
        say(content, "fr", "nothing_of_that_name")
