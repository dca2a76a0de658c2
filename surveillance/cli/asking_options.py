"""The options of `query`: what is counted, for whom, against what, and in which form it is given."""

from __future__ import annotations

from typing import Annotated

import typer

Syndromes = Annotated[list[str], typer.Argument(metavar="SYNDROME", help="Ids of case definitions, e.g. covid grippe.")]
Age = Annotated[list[str] | None, typer.Option(help="Keep these age groups.")]
Sex = Annotated[list[str] | None, typer.Option(help="Keep these sexes: M, F, I, NR.")]
Act = Annotated[list[str] | None, typer.Option(help="Keep these types of act: VISITE, CENTRE.")]
Territory = Annotated[
    list[str] | None,
    typer.Option(help="Keep these: an association, dep:CODE or reg:CODE (a bare code where it is only one)."),
]
AsOf = Annotated[str | None, typer.Option("--as-of", help="As known after that night (YYYY-MM-DD).")]
Basis = Annotated[
    str, typer.Option(help="diagnosis (the published series) or reason (call reasons, a series of its own).")
]
Coding = Annotated[
    int | None,
    typer.Option(help="As coded by that one (surveillance indicators codings), and known while it was the last."),
]
Perimeter = Annotated[
    str, typer.Option(help="current, or constant: only associations that sent every day.", metavar="current|constant")
]
Rate = Annotated[
    bool, typer.Option("--rate", help="Visits per 100,000 inhabitants of the départements with an association.")
]
Moving = Annotated[int, typer.Option(help="Mean of the last N periods too, of visits and of shares.", metavar="N")]
Compare = Annotated[
    bool, typer.Option("--compare", help="Changes on the period before, and on the same one 1, 2 and 3 years before.")
]
Plot = Annotated[bool, typer.Option("--plot", help="A chart in the terminal instead of a table.")]
Of = Annotated[
    str, typer.Option("--of", help="What the chart shows: visits, share_coded, rate_pop, …", metavar="COLUMN")
]
Form = Annotated[
    str | None,
    typer.Option(
        "--format", help="table, csv, json, parquet or xlsx; else as the name of the file says.", metavar="FORMAT"
    ),
]
Profile = Annotated[
    str | None,
    typer.Option(
        help="For whom the file is: internal, public, or an exemption (reports/disclosure.toml).", metavar="NAME"
    ),
]
Total = Annotated[bool, typer.Option("--total", hidden=True)]
