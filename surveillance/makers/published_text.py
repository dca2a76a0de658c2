"""The attribution that goes with the tables computed from published data."""

from __future__ import annotations

from collections.abc import Mapping

TEXT = """# Where these tables come from

Source: **Santé publique France**, published under the **Licence Ouverte / Open Licence 2.0** (Etalab,
<https://www.etalab.gouv.fr/licence-ouverte-open-licence/>). They are aggregates; nothing in them is about a person.
The publisher is not responsible for what was computed here.

* data.gouv.fr, « Données des urgences hospitalières et de SOS médecins relatives à l'épidémie de COVID-19 »
  (`sursaud-corona-quot-reg` and `-dep`): daily acts by région and age, all causes and COVID-19
  suspicion; its successive publications (reporting delays);
* Odissé (odisse.santepubliquefrance.fr), « Passages aux urgences et actes SOS Médecins », COVID-19 and flu, France
  and régions: weekly rates.

## What was computed (`python -m surveillance.makers.weekly_figures`)

* `weekly_figures.csv.gz`: weeks {first} to {last}, 14 régions. `acts` (coded acts) and `covid` are sums of
  the daily file (ages 15-44 + 45-64 → 15-64, 65-74 + 75+ → 65+). `flu` = Odissé rate × acts / 100,000, a
  whole number in every cell. Before writing, the COVID-19 rate recomputed from the sums was compared with the
  published one in {rates} cells (région × week × age, all ages included): none differs by more than 0.01 %.
* Age `NR` (unknown) = all ages minus the four classes. Where that is negative (the published all-ages figure
  is less than its parts) or impossible (more COVID-19 and flu acts than acts), the nearest possible value is
  taken. Of {cells} région-weeks, {all_exact} are exact for all ages together; not exact: acts in
  {acts_not_exact} (sum of differences {acts_difference:+d}), COVID-19 in {covid_not_exact}
  ({covid_difference:+d}), flu in {flu_not_exact} ({flu_difference:+d}). Figures by age are always the
  published ones.
* `national_weekly_rates.csv.gz`: national rates per 100,000 coded acts, as published.
* `delays.csv`: share of acts by day of arrival. D+2 to D+14 measured on the successive publications of
  2023-2024 against the consolidated file, rescaled so that all is in by D+14. D+1 is **inferred**
  (publications begin at D+2).
* `extracts/simulation/department_weights.csv`: mean daily acts and weekday profile of the 46 départements
  that have an association, from the departmental daily file of 2020-2021.
"""


def attribution(facts: Mapping[str, object]) -> str:
    """The text of ATTRIBUTION.md with the figures of this run."""
    return TEXT.format(**facts)
