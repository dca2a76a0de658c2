"""The maker of the published tables: sums, flu counts, unknown ages, and its refusal of what does not agree."""

from __future__ import annotations

import gzip
from pathlib import Path

import pandas as pd
import pytest

from surveillance.makers.weekly_figures import AGES, main

LABELS = {name: label for label, (name, _) in AGES.items()}
ACTS = {0: 100, 1: 20, 2: 10, 3: 30, 4: 20, 5: 5, 6: 10}  # a day: five are of unknown age
SHARES = {
    "all": (700, 70),
    "00-04": (140, 14),
    "05-14": (70, 7),
    "15-64": (350, 35),
    "65+": (105, 7),
}  # acts, flu a week


def published(folder: Path, covid_rate: float = 1000.0) -> list[str]:
    """A week of one région, in the shapes of data.gouv.fr and Odissé; COVID-19 only in the all-ages row."""
    days = pd.date_range("2024-01-15", "2024-01-21")
    rows = [
        {
            "reg": "94",
            "date_de_passage": f"{day:%Y-%m-%d}",
            "sursaud_cl_age_corona": age,
            "nbre_acte_corona": int(age == 0),
            "nbre_acte_tot": acts,
        }
        for day in days
        for age, acts in ACTS.items()
    ]
    empty = {"reg": "01", "date_de_passage": "2024-01-15", "sursaud_cl_age_corona": 0}
    pd.DataFrame([*rows, empty]).to_csv(folder / "daily.csv", sep=";", index=False)
    for stem, where in (
        ("covid-19-x", "region"),
        ("grippe-x", "reg"),
        ("covid-19-x", "france"),
        ("grippe-x", "france"),
    ):
        rate = {name: flu / acts * 1e5 for name, (acts, flu) in SHARES.items()}
        if stem.startswith("covid"):
            rate = dict.fromkeys(SHARES, 0.0) | {"all": covid_rate}
        table = pd.DataFrame(
            {
                "Semaine": "2024-S03",
                "Région Code": "94",
                "Classe d'âge": [LABELS[name] for name in rate],
                "Taux d'actes médicaux SOS médecins": list(rate.values()),
            }
        )
        table.drop(columns=["Région Code"] if where == "france" else []).to_csv(
            folder / f"{stem}-{where}.csv", index=False, encoding="utf-8-sig"
        )
    return ["--sursaud", str(folder / "daily.csv"), "--odisse", str(folder), "--out", str(folder / "out")]


def test_a_week_becomes_whole_counts_with_the_unknown_age(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(published(tmp_path))
    rows = gzip.decompress((tmp_path / "out/weekly_figures.csv.gz").read_bytes()).decode().splitlines()
    assert rows == [
        "week,region,age,acts,covid,flu",
        "2024-W03,94,00-04,140,0,14",
        "2024-W03,94,05-14,70,0,7",
        "2024-W03,94,15-64,350,0,35",
        "2024-W03,94,65+,105,0,7",
        "2024-W03,94,NR,35,7,7",
    ]
    assert "all_exact 1" in capsys.readouterr().out
    assert "Licence Ouverte" in (tmp_path / "out/ATTRIBUTION.md").read_text()
    once = (tmp_path / "out/weekly_figures.csv.gz").read_bytes()
    main(published(tmp_path))
    assert (tmp_path / "out/weekly_figures.csv.gz").read_bytes() == once


def test_it_refuses_a_rate_that_the_counts_do_not_give(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"1 COVID-19 rates differ"):
        main(published(tmp_path, covid_rate=1000.2))
    assert not (tmp_path / "out").exists()
