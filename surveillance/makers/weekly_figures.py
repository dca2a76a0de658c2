"""Weekly figures: reduces the published files of Santé publique France to the small tables we ship.

    python -m surveillance.makers.weekly_figures --sursaud FILE [FILE …] --odisse DIR --out indicators/published

`--sursaud`: the regional daily files of data.gouv.fr (sursaud-corona-quot-reg…csv); `--odisse`: a folder with the
weekly exports of Odissé (COVID-19 and flu, France and régions). With `--triangle FILE` the reporting delays are
measured too; with `--departments FILE --weekdays FILE --simulation DIR` the weights of the départements are
written. It refuses to write when a COVID-19 rate computed from the counts differs from the published one by more
than 0.01 %.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from surveillance.files import gzip_fixed
from surveillance.makers.published_delays import delays_of, department_weights
from surveillance.makers.published_text import attribution

AGES = {
    "Tous âges": ("all", (0,)),
    "00-04 ans": ("00-04", (1,)),
    "05-14 ans": ("05-14", (2,)),
    "15-64 ans": ("15-64", (3, 4)),
    "65 ans ou plus": ("65+", (5, 6)),
}  # Odissé label -> our gene5 class, and the age codes of the daily file (data.gouv.fr, since 4 November 2021)
CLASSES = ("00-04", "05-14", "15-64", "65+")
TOLERANCE = 1e-4  # 0.01 %


def read_daily(files: Sequence[Path]) -> pd.DataFrame:
    """Daily counts: region, day, age (code 0..6), acts, covid; only régions that have an association."""
    parts = [pd.read_csv(file, sep=";", dtype={"reg": str}) for file in files]
    frame = pd.concat(parts, ignore_index=True).drop_duplicates(
        ["reg", "date_de_passage", "sursaud_cl_age_corona"], keep="last"
    )
    frame = frame[frame["nbre_acte_tot"].notna()]
    names = {
        "reg": "region",
        "date_de_passage": "day",
        "sursaud_cl_age_corona": "age",
        "nbre_acte_tot": "acts",
        "nbre_acte_corona": "covid",
    }
    frame = frame[list(names)].rename(columns=names)
    return frame.assign(day=pd.to_datetime(frame["day"]), covid=frame["covid"].fillna(0))


def read_odisse(file: Path) -> pd.DataFrame:
    """Weekly rates of SOS acts: week, region ("" for France), age, rate (per 100,000 coded acts)."""
    frame = pd.read_csv(file, dtype={"Région Code": str}, encoding="utf-8-sig")
    rate = next(name for name in frame.columns if name.startswith("Taux d'actes"))
    region = frame["Région Code"] if "Région Code" in frame else pd.Series("", index=frame.index)
    found = pd.DataFrame(
        {
            "week": frame["Semaine"].str.replace("-S", "-W"),
            "region": region,
            "age": frame["Classe d'âge"].map({label: name for label, (name, _) in AGES.items()}),
            "rate": frame[rate],
        }
    )
    return found.dropna().sort_values(["week", "region", "age"], ignore_index=True)


def weekly_sums(daily: pd.DataFrame) -> pd.DataFrame:
    """Sums by complete ISO week: week, region, age (gene5 and "all"), acts, covid."""
    iso = daily["day"].dt.isocalendar()
    week = iso["year"].astype(str) + "-W" + iso["week"].astype(str).str.zfill(2)
    whole = daily.groupby(week)["day"].transform("nunique") == 7
    names = {code: name for name, codes in AGES.values() for code in codes}
    frame = daily.assign(week=week, age=daily["age"].map(names))[whole]
    return frame.groupby(["week", "region", "age"], as_index=False)[["acts", "covid"]].sum()


def join_rates(sums: pd.DataFrame, covid: pd.DataFrame, flu: pd.DataFrame) -> pd.DataFrame:
    """The sums with the published rates; `flu` becomes a whole number of acts. Refuses what does not agree."""
    keys = ["week", "region", "age"]
    frame = sums.merge(covid.rename(columns={"rate": "covid_rate"}), on=keys, how="inner")
    frame = frame.merge(flu.rename(columns={"rate": "flu_rate"}), on=keys, how="inner")
    recomputed = frame["covid"] / frame["acts"] * 1e5
    wrong = ((recomputed - frame["covid_rate"]).abs() > TOLERANCE * frame["covid_rate"].clip(lower=1e-9)) & (
        frame["acts"] > 0
    )
    if wrong.any():
        raise SystemExit(f"{int(wrong.sum())} COVID-19 rates differ from Odissé by more than 0.01 %: nothing written")
    acts = frame["acts"] * frame["flu_rate"] / 1e5
    if ((acts - acts.round()).abs() > 1e-3).any():
        raise SystemExit("a flu rate times acts is not a whole number: nothing written")
    return frame.assign(flu=acts.round()).astype({"acts": int, "covid": int, "flu": int})


def with_unknown_age(frame: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """Adds age NR = the all-ages row minus its parts; a negative remainder becomes 0 and is noted."""
    keys = ["week", "region"]
    counts = ["acts", "covid", "flu"]
    known = frame[frame["age"].isin(CLASSES)]
    if (known["covid"] + known["flu"] > known["acts"]).any():
        raise SystemExit("more COVID-19 and flu acts than acts in a cell: nothing written")
    rest = frame[frame["age"] == "all"].set_index(keys)[counts] - known.groupby(keys)[counts].sum()
    fitted = rest.clip(lower=0)
    fitted["covid"] = fitted["covid"].clip(upper=fitted["acts"])
    fitted["flu"] = fitted["flu"].clip(upper=fitted["acts"] - fitted["covid"])
    notes = {"cells": len(rest)}
    for name in counts:
        notes[f"{name}_not_exact"] = int((fitted[name] != rest[name]).sum())
        notes[f"{name}_difference"] = int((fitted[name] - rest[name]).sum())
    notes["all_exact"] = int((fitted == rest).all(axis=1).sum())
    table = pd.concat([known, fitted.reset_index().assign(age="NR")], ignore_index=True)
    return table[[*keys, "age", *counts]].sort_values([*keys, "age"], ignore_index=True), notes


def national_rates(odisse: Path) -> pd.DataFrame:
    """Published national rates: week, age ("all", gene5), syndrome (covid, grippe), rate per 100,000 coded acts."""
    parts = [
        read_odisse(pick(odisse, f"{stem}-*france.csv")).assign(syndrome=name)
        for stem, name in (("covid-19", "covid"), ("grippe", "grippe"))
    ]
    frame = pd.concat(parts)[["week", "age", "syndrome", "rate"]]
    return frame.sort_values(["week", "age", "syndrome"], ignore_index=True)


def pick(folder: Path, pattern: str) -> Path:
    """The one file of a folder that matches."""
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        raise SystemExit(f"{folder}: {len(found)} files match {pattern}, one was expected")
    return found[0]


def csv_bytes(frame: pd.DataFrame) -> bytes:
    """A table as CSV bytes (UTF-8, LF), the same each time."""
    text = io.StringIO()
    frame.to_csv(text, index=False, lineterminator="\n", float_format="%.8g")
    return text.getvalue().encode()


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the tables and say what was found."""
    options = parse(arguments)
    sums = weekly_sums(read_daily(options.sursaud))
    covid = read_odisse(pick(options.odisse, "covid-19-*region.csv"))
    flu = read_odisse(pick(options.odisse, "grippe-*reg.csv"))
    joined = join_rates(sums, covid, flu)
    table, notes = with_unknown_age(joined)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "weekly_figures.csv.gz").write_bytes(gzip_fixed(csv_bytes(table)))
    (options.out / "national_weekly_rates.csv.gz").write_bytes(gzip_fixed(csv_bytes(national_rates(options.odisse))))
    if options.triangle:
        (options.out / "delays.csv").write_bytes(csv_bytes(delays_of(options.triangle, read_daily(options.sursaud))))
    if options.departments and options.weekdays and options.simulation:
        weights = department_weights(options.departments, options.weekdays)
        (options.simulation / "department_weights.csv").write_bytes(csv_bytes(weights))
    facts = {"first": table["week"].min(), "last": table["week"].max(), "rates": len(joined), **notes}
    (options.out / "ATTRIBUTION.md").write_text(attribution(facts), encoding="utf-8")
    print(", ".join(f"{name} {value}" for name, value in facts.items()))


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sursaud", type=Path, nargs="+", required=True)
    parser.add_argument("--odisse", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    for name in ("triangle", "departments", "weekdays", "simulation"):
        parser.add_argument(f"--{name}", type=Path)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
