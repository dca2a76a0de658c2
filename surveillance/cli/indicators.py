"""The command `indicators`: the case definitions in force, as a list, one as it is written, all as a catalogue."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from surveillance.cli.common import Desk, Format, Lang, Quiet, Site, State, write_table

if TYPE_CHECKING:
    from surveillance.coding.case_definitions import Syndrome

EITHER = "either"  # what `surveillance indicators [ID]` runs


class OrEither(TyperGroup):
    """A group whose commands need not be named: `surveillance indicators`, `surveillance indicators grippe`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The same arguments, with the name of the hidden command before them when none is named."""
        named = bool(args) and (args[0] in self.commands or args[0] == "--help")
        return super().parse_args(ctx, args if named else [EITHER, *args])


commands = typer.Typer(
    name="indicators",
    cls=OrEither,
    help="The case definitions: list (when nothing is said), show (or an id), docs, preview, adopt, codings.",
)
OfDefinition = Annotated[str, typer.Argument(help="Id of a case definition.", metavar="ID")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(commands)


@commands.command(EITHER, hidden=True)
def list_or_show(
    ident: Annotated[str | None, typer.Argument(help="Id of a case definition to show.", metavar="ID")] = None,
    form: Format = "table",
    site: Site = None, state: State = None, lang: Lang = None, quiet: Quiet = False,
) -> None:  # fmt: skip
    """The case definitions in force, group by group; or one of them as it is written."""
    if ident is None:
        list_definitions(form, site, state, lang, quiet)
    else:
        show_definition(ident, site, state, lang, quiet)


@commands.command("list")
def list_definitions(
    form: Format = "table", site: Site = None, state: State = None, lang: Lang = None, quiet: Quiet = False
) -> None:
    """The case definitions in force, group by group."""
    from surveillance.coding.syndromes import load_syndromes

    desk = Desk(site, state, lang, quiet)
    _list(desk, load_syndromes(desk.content), form)


@commands.command("show")
def show_definition(
    ident: OfDefinition, site: Site = None, state: State = None, lang: Lang = None, quiet: Quiet = False
) -> None:
    """One case definition as it is written."""
    from surveillance.coding.case_definitions import Syndrome
    from surveillance.coding.syndromes import definition_files, load_syndromes
    from surveillance.content import load
    from surveillance.errors import UsageError

    desk = Desk(site, state, lang, quiet)
    found = load_syndromes(desk.content)
    if ident not in {one.id for one in found}:
        raise UsageError(f"no case definition is called {ident!r}", f"there are: {', '.join(one.id for one in found)}")
    for rel in definition_files(desk.content):
        one = load(desk.content, rel, Syndrome)
        if one.enabled and one.id == ident:
            desk.out.print(desk.content.text(rel), markup=False)


@commands.command("docs")
def document_definitions(
    out: Annotated[Path, typer.Option("--out", help="Folder to write into; default: here.", metavar="DIR")] = Path(),
    site: Site = None, state: State = None, lang: Lang = None, quiet: Quiet = False,
) -> None:  # fmt: skip
    """Write the catalogue of the definitions, with their codes and examples: definitions.html and definitions.md."""
    from surveillance.reporting.catalogue import write_catalogue

    desk = Desk(site, state, lang, quiet)
    desk.checked()
    for path in write_catalogue(desk.content, desk.lang, out):
        desk.out.print(str(path), markup=False)


def _list(desk: Desk, found: tuple[Syndrome, ...], form: str) -> None:
    """One line each under its group, within 80 columns; what counts: D diagnoses, R call reasons."""
    import pandas as pd

    from surveillance.coding.syndromes import load_groups

    names = {name: group.en if desk.lang == "en" else group.fr for name, group in load_groups(desk.content).items()}
    order = [*names, *sorted({one.group for one in found} - set(names))]
    rows = [
        {
            "id": one.id,
            "label": one.label(desk.lang),
            "group": one.group,
            "version": one.version,
            "status": one.status,
            "by": "+".join(letter for letter, part in (("D", one.diagnoses), ("R", one.reasons)) if part),
        }
        for one in sorted(found, key=lambda one: order.index(one.group))
    ]
    if form != "table":
        write_table(pd.DataFrame(rows), form, desk)
        return
    wide = max(len(row["id"]) for row in rows)
    for name in order:
        inside = [row for row in rows if row["group"] == name]
        if inside:
            desk.out.print(names.get(name, name), markup=False)
        for row in inside:
            head = f"  {row['id']:{wide}} {row['version']:>2} {row['status']:9} {row['by']:3}"
            desk.out.print(f"{head} {row['label']}", markup=False)
    desk.err.print(desk.say("indicators_key"), markup=False)
