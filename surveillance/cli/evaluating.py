"""The command `evaluate`: how well methods detect outbreaks put into simulated series."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Annotated

import typer

from surveillance.cli.common import Desk, Lang, Quiet, Site, State
from surveillance.cli.giving import Output, can_be, give

if TYPE_CHECKING:
    from surveillance.cli.evaluation_output import Results
    from surveillance.evaluation.contenders import Contender
    from surveillance.evaluation.running import Trial

FORMS = ("table", "csv", "json", "markdown")
MOST = 10_000  # replicates


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(evaluate)


def evaluate(
    names: Annotated[
        list[str] | None, typer.Argument(help="The methods; surveillance detect --list names them.", metavar="METHOD…")
    ] = None,
    param: Annotated[
        list[str] | None,
        typer.Option("--param", "-p", metavar="NAME=VALUE", help="A setting of the method, by our name or R's."),
    ] = None,
    everyone: Annotated[bool, typer.Option("--all", help="All the methods of docs/evaluation.md.")] = False,
    scenarios: Annotated[
        str, typer.Option(help="noufaily: 42 weekly ones of 2013; daily: 16 signals of 2019.", metavar="NAME")
    ] = "noufaily",
    replicates: Annotated[int, typer.Option(help="Series of each scenario.", metavar="N")] = 10,
    k: Annotated[
        str, typer.Option("--k", help="Sizes of outbreaks, in standard deviations of the count.", metavar="K,…")
    ] = "3,5,8,10",
    seed: Annotated[int, typer.Option(help="The same seed, the same series.", metavar="N")] = 1,
    form: Annotated[str, typer.Option("--format", help="table, csv, json or markdown.", metavar="FORMAT")] = "table",
    output: Output = None,
    site: Site = None, state: State = None, lang: Lang = None, quiet: Quiet = False,
) -> None:  # fmt: skip
    """False alarms and outbreaks detected on simulated series, as published studies count them (docs/evaluation.md)."""
    from surveillance.detection.registry import find_method
    from surveillance.errors import UsageError
    from surveillance.evaluation.running import evaluate as evaluated

    desk = Desk(site, state, lang, quiet)
    trial = read_trial(scenarios, replicates, k, seed)
    contenders = chosen(names or [], param or [], everyone, scenarios)
    if form not in FORMS or (output and form == "table"):
        raise UsageError(f"--format knows {', '.join(FORMS)}, not {form!r}", "a table is for the screen")
    can_be(output)
    results = []
    for contender in contenders:
        found = evaluated(find_method(contender.method), dict(contender.settings), trial)
        results.append((contender, found))
        told = {"method": contender.name, "done": len(results), "of": len(contenders)}
        if len(contenders) > 1:
            desk.note(desk.say("evaluate_done", **told))
    _give(desk, results, trial, form, output)


def _give(desk: Desk, results: Results, trial: Trial, form: str, output: Output) -> None:
    from surveillance.cli.common import people_table
    from surveillance.cli.evaluation_output import FORMS as WRITTEN
    from surveillance.cli.evaluation_output import as_tables
    from surveillance.evaluation.running import SETS

    if form == "table":
        import pandas as pd

        for table in as_tables(results):
            desk.out.file.write("".join(f"{line}\n" for line in people_table(pd.DataFrame(table))))
    else:
        give(BytesIO(f"{WRITTEN[form](results, trial)}\n".encode()), output)
    facts = {"scenarios": len(SETS[trial.scenarios]), "replicates": trial.replicates, "seed": trial.seed}
    desk.note(desk.say("evaluate_what", **facts))
    if trial.scenarios == "daily":
        desk.note(desk.say("evaluate_daily"))
    else:
        desk.note(desk.say("evaluate_weekly"))


def read_trial(scenarios: str, replicates: int, k: str, seed: int) -> Trial:
    """What is asked, or UsageError."""
    from surveillance.errors import UsageError
    from surveillance.evaluation.running import SETS, Trial

    if scenarios not in SETS:
        raise UsageError(f"--scenarios knows {', '.join(SETS)}, not {scenarios!r}")
    if not 1 <= replicates <= MOST:
        raise UsageError(f"--replicates {replicates}: from 1 to {MOST}")
    if seed < 0:
        raise UsageError(f"--seed {seed}: not below 0")
    try:
        ks = tuple(dict.fromkeys(float(one) for one in k.split(",")))
    except ValueError:
        ks = ()
    if not ks or not all(0 < one <= 1000 for one in ks):
        raise UsageError(f"--k {k}: numbers above 0, to 1000, separated by commas", "for example --k 3,5,8,10")
    return Trial(scenarios, replicates, ks, seed)


def chosen(names: list[str], param: list[str], everyone: bool, scenarios: str) -> tuple[Contender, ...]:
    """The methods to compare, or UsageError."""
    from surveillance.detection.registry import find_method, read_settings
    from surveillance.errors import UsageError
    from surveillance.evaluation.contenders import CONTENDERS, Contender

    if everyone == bool(names) or (param and len(names) != 1):
        raise UsageError("which methods?", "surveillance evaluate METHOD … or --all; --param goes with one METHOD")
    if everyone:
        return CONTENDERS[scenarios]
    if any("=" not in one for one in param):
        raise UsageError("--param takes NAME=VALUE", "for example --param alpha=0.01")
    pairs = [(name.strip(), value) for name, _, value in (one.partition("=") for one in param)]
    found = {method.name: method for method in map(find_method, names)}.values()
    return tuple(Contender(method.name, method.name, read_settings(method, pairs)) for method in found)
