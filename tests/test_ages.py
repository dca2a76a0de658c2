"""Ages: bands without a gap, schemes that all add up to the same total."""

from __future__ import annotations

from pathlib import Path

import pytest

from surveillance.ages import load_acts, load_ages
from surveillance.content import Content
from surveillance.errors import ContentError, UsageError


@pytest.mark.parametrize(
    ("years", "band"),
    [
        (0, "0"),
        (1, "1"),
        (2, "02-04"),
        (4, "02-04"),
        (5, "05-14"),
        (14, "05-14"),
        (15, "15-44"),
        (44, "15-44"),
        (45, "45-64"),
        (64, "45-64"),
        (65, "65-74"),
        (74, "65-74"),
        (75, "75+"),
        (120, "75+"),
    ],
)
def test_band_of_an_age(years: int, band: str) -> None:
    assert load_ages(Content()).years[years] == band


def test_bands_end_where_an_age_is_no_longer_believed() -> None:
    assert len(load_ages(Content()).years) == 121


def test_every_scheme_takes_every_band_once() -> None:
    ages = load_ages(Content())
    assert set(ages.schemes) == {"gene5", "sursaud7", "bulletin", "bronchio", "all"}
    for scheme in ages.schemes.values():
        assert sorted(scheme.of_band) == sorted(ages.bands)


def test_the_scheme_of_odisse() -> None:
    gene5 = load_ages(Content()).scheme("gene5")
    assert list(gene5.groups) == ["00-04", "05-14", "15-64", "65+", "NR"]
    assert gene5.of_band["45-64"] == "15-64"


def test_an_unknown_scheme_names_the_known() -> None:
    with pytest.raises(UsageError) as caught:
        load_ages(Content()).scheme("decades")
    assert "gene5" in caught.value.hint


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("to = 44", "to = 43", "each year from 0 to 120"),
        ('"15-64" = ["15-44", "45-64"]', '"15-64" = ["15-44"]', "gene5"),
    ],
)
def test_a_gap_is_a_content_error(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = Content().text("indicators/ages.toml")
    assert old in text
    (tmp_path / "indicators").mkdir()
    (tmp_path / "indicators" / "ages.toml").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ContentError, match=message):
        load_ages(Content(tmp_path))


def test_visits_and_consultations_count() -> None:
    acts = load_acts(Content())
    assert acts.counted == ("VISITE", "CENTRE")
    assert acts.status == "inferred"
