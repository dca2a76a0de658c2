"""Commands about the associations that send: receive."""

from __future__ import annotations

from typing import Annotated

import typer

from surveillance.cli.common import Desk, Lang, Quiet, Site, State, parse_night


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(receive)


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
