"""A made-up night for the tests of the page: 63 associations, 18 syndromes, three seasons, feeds in trouble."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd

from surveillance.reporting import COLUMNS, Delivery, ReportData, ReportMeta, empty_frame

NIGHT = date(2024, 1, 15)
DEPARTMENTS = [
    "02",
    "06",
    "10",
    "13",
    "14",
    "17",
    "18",
    "21",
    "25",
    "29",
    "2A",
    "30",
    "31",
    "33",
    "34",
    "35",
    "37",
    "38",
    "42",
    "44",
    "45",
    "50",
    "51",
    "54",
    "56",
    "59",
    "63",
    "64",
    "66",
    "67",
    "68",
    "69",
    "73",
    "74",
    "75",
    "76",
    "77",
    "78",
    "80",
    "83",
    "84",
    "87",
    "89",
    "91",
    "95",
    "972",
]
SECOND = ["06", "13", "29", "33", "44", "56", "59", "59", "64", "69", "75", "75", "83", "83", "89", "13", "31"]
REGIONS = {
    "11": "Île-de-France",
    "32": "Hauts-de-France",
    "75": "Nouvelle-Aquitaine",
    "84": "Auvergne-Rhône-Alpes",
    "93": "Provence-Alpes-Côte d’Azur",
    "94": "Corse",
}
# id: label, summer level, winter peak (shares of coded visits), ISO week of the peak
SYNDROMES = {
    "ira": ("Infections respiratoires aiguës", 0.06, 0.30, 52),
    "grippe": ("Grippe et syndrome grippal", 0.011, 0.19, 4),
    "covid": ("Suspicion de COVID-19", 0.015, 0.055, 50),
    "bronchiolite": ("Bronchiolite (moins de 2 ans)", 0.001, 0.012, 48),
    "bronchite": ("Bronchite aiguë", 0.015, 0.05, 1),
    "pneumopathie": ("Pneumopathie", 0.006, 0.014, 1),
    "gastro": ("Gastro-entérite", 0.045, 0.095, 3),
    "vomissements": ("Vomissements", 0.008, 0.014, 3),
    "asthme": ("Crise d’asthme", 0.01, 0.018, 38),
    "allergie": ("Allergie", 0.012, 0.03, 20),
    "fievre": ("Fièvre isolée", 0.008, 0.014, 1),
    "orl": ("Pathologies ORL", 0.16, 0.24, 5),
    "varicelle": ("Varicelle", 0.001, 0.005, 20),
    "malaise": ("Malaise", 0.015, 0.02, 28),
    "coup_de_chaleur": ("Coup de chaleur", 0.00002, 0.004, 30),
    "deshydratation": ("Déshydratation", 0.0006, 0.002, 30),
    "trauma": ("Traumatisme", 0.06, 0.07, 28),
    "conjonctivite": ("Conjonctivite infectieuse", 0.009, 0.012, 18),
}
WEEKDAY = (1.07, 0.97, 0.96, 0.96, 0.94, 1.10, 1.07)
TROUBLE = {
    3: ("absent", "no_file"),
    17: ("absent", "unreachable"),
    26: ("partial", "truncated"),
    34: ("refused", "host_key"),
    41: ("refused", "header_changed"),
    12: ("received", "late"),
    50: ("received", "resent"),
}


def share(item: str, monday: date, year: int = 0) -> float:
    """A seasonal curve; past years differ in height and date."""
    _, low, high, peak = SYNDROMES[item]
    week = monday.isocalendar().week
    distance = min(abs(week - peak - shift) for shift in (-52, 0, 52)) + 0.9 * ((year * 7) % 5 - 2)
    return low + (high - low) * (1 + 0.12 * ((year * 3) % 4 - 1)) * math.exp(-(distance**2) / 26)


def receptions() -> pd.DataFrame:
    """63 lines; `TROUBLE` says which are not simply received."""
    rng = np.random.default_rng(5)
    rows = []
    for n, code in enumerate(sorted(DEPARTMENTS + SECOND)):
        usual = round(float(rng.gamma(2.2, 90)) + 25, 1)
        status, reason = TROUBLE.get(n, ("received", "ok"))
        factor = {"received": 1.05, "partial": 0.4}.get(status, 0.0)
        got = int(usual * factor * rng.uniform(0.85, 1.15))
        last = NIGHT if got else NIGHT - timedelta(days=1 + n % 3)
        detail = {"truncated": "ligne 142", "header_changed": "colonne attendue absente : Sexe"}.get(reason, "")
        sentence = {
            "no_file": "aucun nouveau fichier déposé",
            "unreachable": "serveur injoignable",
            "truncated": "fichier coupé",
        }.get(reason, reason)
        rows.append(
            (
                f"{code}{n:02d}",
                f"SOS Médecins {code}-{n}",
                f"Ville {n}",
                code,
                "84",
                status,
                reason,
                detail,
                sentence,
                usual,
                None,
                got,
                240 if reason == "late" else int(rng.poisson(1.2)) if got else 0,
                3 if n == 7 else 0,
                last,
            )
        )
    return pd.DataFrame(rows, columns=list(COLUMNS["receptions"]))


def weekly(first: date, last: date, acts: int = 86_000) -> pd.DataFrame:
    """National weeks from `first` to `last`; the last one is not complete."""
    rng = np.random.default_rng(6)
    rows = []
    for monday in (first + timedelta(days=7 * n) for n in range((last - first).days // 7 + 1)):
        total = int(acts * (1 + 0.1 * math.cos((monday.isocalendar().week - 1) / 52 * 2 * math.pi)))
        total = int(total * (2 / 7 if monday == last else 1) * rng.uniform(0.98, 1.02))
        coded = int(total * 0.94)
        for item in SYNDROMES:
            count = int(coded * share(item, monday) * rng.uniform(0.96, 1.04))
            rows.append((monday, item, count, total, coded, monday != last))
    return pd.DataFrame(rows, columns=list(COLUMNS["weekly"]))


def daily() -> pd.DataFrame:
    """70 national days."""
    rng = np.random.default_rng(7)
    rows = []
    for day in (NIGHT - timedelta(days=back) for back in range(70, 0, -1)):
        known = {1: 0.9, 2: 0.96}.get((NIGHT - day).days, 1.0)
        total = int(13_200 * WEEKDAY[day.weekday()] * known * rng.uniform(0.97, 1.03))
        rows += [
            (day, item, int(total * 0.9 * share(item, day)), total, int(total * 0.93 * known)) for item in SYNDROMES
        ]
    return pd.DataFrame(rows, columns=list(COLUMNS["daily"]))


def seasons() -> pd.DataFrame:
    """Three past seasons: published for influenza and COVID-19, simulated for the others."""
    rows = []
    for year in (1, 2, 3):
        for n in range(52):
            monday = date(2023, 8, 14) - timedelta(days=364 * year) + timedelta(days=7 * n)
            source = {"grippe": "published", "covid": "published"}
            rows += [(item, monday, share(item, monday, year), source.get(item, "simulated")) for item in SYNDROMES]
    return pd.DataFrame(rows, columns=list(COLUMNS["seasons"]))


def territories() -> tuple[pd.DataFrame, pd.DataFrame]:
    """(regional weeks, last 7 and previous 7 days by département)."""
    rng = np.random.default_rng(8)
    regional, departments = [], []
    for monday in (date(2023, 12, 25), date(2024, 1, 1)):
        for n, code in enumerate(REGIONS):
            coded = 60 if code == "94" else 9_000 - 900 * n
            regional += [
                (monday, code, i, int(coded * share(i, monday) * rng.uniform(0.7, 1.3)), coded, True) for i in SYNDROMES
            ]
    for code in DEPARTMENTS:
        coded = 40 if code == "2A" else int(rng.integers(300, 5000))
        for item in SYNDROMES:
            now, before = (int(coded * share(item, NIGHT) * rng.uniform(0.5, 1.5)) for _ in range(2))
            if code != "87":
                departments.append((code, item, now, coded, before, coded))
    return pd.DataFrame(regional, columns=list(COLUMNS["regional"])), pd.DataFrame(
        departments, columns=list(COLUMNS["departments"])
    )


def ages() -> pd.DataFrame:
    """Two weeks in the four age classes of the bulletin."""
    rows = []
    for monday in (date(2023, 12, 25), date(2024, 1, 1)):
        for n, group in enumerate(("<2", "2-14", "15-74", "75+")):
            total = (6_800, 17_000, 55_000, 7_600)[n] + 40 * (monday.year - 2023)
            coded = int(total * 0.94)
            rows += [(monday, item, group, int(coded * share(item, monday)), total, coded) for item in SYNDROMES]
    return pd.DataFrame(rows, columns=list(COLUMNS["ages"]))


def signals() -> pd.DataFrame:
    """Four signals, one of them doubtful."""
    day, before = NIGHT - timedelta(days=1), NIGHT - timedelta(days=3)
    absent = "1 association absente dans le département"
    rows = [
        ("gastro-dep33", 1, "rnssp_switch", "gastro", "department", "33", "00-04", day, day,
         96, 52.1, 38, 67, 2e-8, False, "", "rentrée (Noël, zone A)"),
        ("grippe-reg11", 2, "rnssp_switch, week_rise", "grippe", "region", "11", "all", before, day,
         412, 288.4, 250, 330, 4e-7, False, "", ""),
        ("bronchite-dep59", 3, "ears_c2", "bronchite", "department", "59", "all", day, day,
         61, 33.9, 22, 47, 3e-6, True, absent, ""),
        ("covid-FR", 4, "farrington_flexible", "covid", "national", "FR", "65+", day, day,
         702, 588.0, 530, 640, 1e-5, False, "", ""),
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS["signals"]))


def syndromes() -> pd.DataFrame:
    """The definitions behind the labels."""
    rows = [
        (i, label, "2026.1", "inferred", "FEDORU 2015, à valider", "J09–J11") for i, (label, *_) in SYNDROMES.items()
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS["syndromes"]))


def meta() -> ReportMeta:
    """The facts of the run."""
    return ReportMeta(
        NIGHT,
        datetime(2024, 1, 15, 4, 30, tzinfo=UTC),
        datetime(2024, 1, 15, 5, 0, tzinfo=UTC),
        "0.1.0",
        "3f" * 32,
        "2026.1",
        "2024-01-15-1",
        simulated=True,
    )


def sample() -> ReportData:
    """The whole night."""
    regional, departments = territories()
    delivery = Delivery(
        "acknowledged",
        "SOS_TEST_20240115_000042_VIS.csv.gz",
        88_412,
        "ab" * 32,
        datetime(2024, 1, 15, 4, 41, tzinfo=UTC),
    )
    places = {f"region:{code}": name for code, name in REGIONS.items()} | {
        "department:33": "Gironde",
        "department:59": "Nord",
    }
    return ReportData(
        meta(),
        delivery,
        receptions(),
        daily(),
        weekly(date(2023, 7, 3), date(2024, 1, 15) - timedelta(days=7)),
        regional,
        departments,
        ages(),
        seasons(),
        signals(),
        syndromes(),
        places,
    )


def first_night() -> ReportData:
    """The very first night of a new installation: nothing is known but the registry."""
    empty = {name: empty_frame(name) for name in COLUMNS if name not in ("receptions", "syndromes")}
    return ReportData(meta(), Delivery("not_sent"), receptions=receptions(), syndromes=syndromes(), **empty)
