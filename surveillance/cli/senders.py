"""Commands about the associations that send: receive, rehearse."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from surveillance.cli.common import Desk, Lang, OfReception, Quiet, Site, State, parse_night

if TYPE_CHECKING:
    from surveillance.dialects import Dialect
    from surveillance.receipts.issuing import Issuer


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(receive)
    app.command()(rehearse)


def receive(
    every: Annotated[
        float | None, typer.Option(min=1, help="Sweep again after that many seconds, until Ctrl-C.", metavar="SECONDS")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="One sweep: the same as without --every, for a timer.")] = False,
    night: Annotated[
        str | None, typer.Option(help="Fill the inbox of this night (YYYY-MM-DD); default: the coming one.")
    ] = None,
    site: Site = None,
    state: State = None,
    lang: Lang = None,
    quiet: Quiet = False,
) -> None:
    """Between nights: take in new files and put a receipt into each sender's folder; gives way to the night."""
    import contextlib

    from surveillance.clock import Clock
    from surveillance.errors import UsageError
    from surveillance.receiving.sweeping import Receiver, receive_for_ever, sweep

    if once and every is not None:
        raise UsageError("--once and --every exclude each other")
    desk = Desk(site, state, lang, quiet)
    receiver = Receiver(desk.content, desk.settings, Clock(), parse_night(night))

    def tell(done: dict[str, int | str]) -> None:
        if "skipped" in done:
            desk.err.print(desk.say(f"receive_{done['skipped']}"), markup=False)
            return
        desk.out.print(desk.say("receive_done", night=receiver.coming(), **done), markup=False)
        if "stopped" in done:
            desk.err.print(desk.say("receive_stopped"), markup=False)

    if every is None:
        tell(sweep(receiver))
        return
    with contextlib.suppress(KeyboardInterrupt):
        receive_for_ever(receiver, every, tell)


def rehearse(
    association: Annotated[str, typer.Argument(help="Code of the association.")],
    files: Annotated[list[Path], typer.Argument(help="Its trial files, in the order in which they were sent.")],
    dialect: Annotated[
        str | None, typer.Option(help="Id of a dialect, or a TOML file of one, instead of the one in the registry.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write the certificate there: .html (one self-contained page) or .txt.")
    ] = None,
    night: OfReception = None,
    site: Site = None,
    state: State = None,
    lang: Lang = None,
    quiet: Quiet = False,
) -> None:
    """A new sender's trial files: a line each, then a certificate in French; exit 0 when ready, 1 when not yet."""
    from surveillance.associations import find_association, load_associations
    from surveillance.errors import Exit, UsageError
    from surveillance.files import write_atomic
    from surveillance.receipts.issuing import issuer
    from surveillance.rehearsal.certificate import certificate_context, certificate_text, certify
    from surveillance.rehearsal.rules import load_rehearsal
    from surveillance.rehearsal.trial import run_trial
    from surveillance.reporting.pages import render

    desk = Desk(site, state, lang, quiet)
    missing = [path for path in files if not path.is_file()]
    if missing or (out is not None and out.suffix not in (".html", ".txt")):
        raise UsageError(f"there is no file {missing[0]}" if missing else "--out ends in .html or .txt")
    member, issue = find_association(load_associations(desk.content), association), issuer(desk.content)
    spoken = _dialect(dialect, issue) if dialect else issue.context.dialect_of(member)
    trial, rules = run_trial(files, member, spoken, issue, parse_night(night)), load_rehearsal(desk.content)
    found = certify(trial, member, spoken, desk.content, issue.context.checks, rules)
    text = certificate_text(found, rules, issue.words.verdicts)
    if out is not None:
        page = certificate_context(found, rules, issue.words.verdicts)
        write_atomic(out, (render(desk.content, "certificate.html", page) if out.suffix == ".html" else text).encode())
    for receipt in trial.receipts:
        desk.err.print(f"{receipt.file}: {issue.words.verdicts[receipt.verdict]}", markup=False)
    print(text, end="")
    raise typer.Exit(int(Exit.COMPLETE if found.ready else Exit.CHECK_FOUND))


def _dialect(given: str, issue: Issuer) -> Dialect:
    """A dialect in force by its id, or one of a TOML file that is in no content folder yet."""
    from surveillance.content import parse
    from surveillance.dialects import Dialect
    from surveillance.errors import UsageError

    if given in issue.context.dialects:
        return issue.context.dialects[given]
    if not Path(given).is_file():
        raise UsageError(f"no dialect {given!r}", f"there are: {', '.join(issue.context.dialects)}; or a TOML file")
    return parse(Path(given).read_text(encoding="utf-8"), given, Dialect)
