"""Territories: sixteen codes are both a département and a région, and neither is taken for the other."""

from __future__ import annotations

import pytest

from surveillance.associations import load_associations
from surveillance.content import Content
from surveillance.errors import UsageError
from surveillance.perimeters import associations_in


def test_a_prefix_says_which_territory_is_meant(content: Content) -> None:
    members = load_associations(content)
    assert associations_in(("dep:44",), members) == ("4401", "4402")
    grand_est = associations_in(("reg:44",), members)
    assert grand_est == tuple(sorted(item.code for item in members if item.region == "44"))
    assert not set(grand_est) & {"4401", "4402"}
    assert associations_in(("assoc:7501", "dep:2A"), members) == ("2A01", "7501")
    assert associations_in((), members) == ()


def test_a_bare_code_that_is_only_one_territory_will_do(content: Content) -> None:
    members = load_associations(content)
    assert associations_in(("5901",), members) == ("5901",)
    assert associations_in(("59",), members) == associations_in(("dep:59",), members)
    assert associations_in(("32",), members) == associations_in(("reg:32",), members)


@pytest.mark.parametrize("code", ["44", "75", "dep:99", "reg:44000", "60", "town:44", "Paris"])
def test_what_is_two_territories_or_none_is_asked_again(code: str, content: Content) -> None:
    with pytest.raises(UsageError) as caught:
        associations_in((code,), load_associations(content))
    assert caught.value.hint
