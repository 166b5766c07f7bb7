"""The commands about this machine and what is kept on it: `doctor`, `serve`, `request`, `rebuild`, `verify`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows import paths
from flows.commands.options import (
    JsonFlag,
    LanguageOption,
    as_language,
    read_settings,
    say,
    settings_to_ask,
    settings_to_write,
    show,
)
from flows.stopping import stoppable

app = typer.Typer(rich_markup_mode=None)


@app.command(epilog="Example: turntable doctor --json")
@stoppable
def doctor(as_json: JsonFlag = False) -> None:
    """Look at device, libraries, weights and disk, and say what to do."""
    from flows.doctor import examine
    from warehouse.answers.table import Table

    checks = examine(read_settings(with_home=False))
    show(Table(("check", "state", "found", "do"), [tuple(check) for check in checks]), as_json=as_json)
    if any(check.state == "bad" for check in checks):
        raise typer.Exit(1)


@app.command(epilog="Example: turntable serve --every 30 --watch ~/recordings")
def serve(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the Prefect server and its UI.")] = 4200,
    every: Annotated[float, typer.Option(min=0.05, help="Minutes from one poll of the feeds to the next.")] = 15,
    watch: Annotated[
        list[Path] | None, typer.Option(help="A folder whose new audio and transcripts are taken in.")
    ] = None,
    ui: Annotated[bool, typer.Option("--ui/--no-ui", help="Serve Prefect's pages.")] = True,
    podping: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Listen to podpings, too: a node of Hive, as https://api.hive.blog. [off, or TURNTABLE_PODPING]",
        ),
    ] = None,
) -> None:
    """Poll feeds, hear what is new, and wait for your requests, until Ctrl-C."""
    from flows.serve.one_machine import Served, check_served
    from flows.serve.one_machine import serve as run

    node = podping or read_settings(with_home=False).podping
    served = Served(port, every, tuple(paths.absolute(one) for one in watch or ()), ui, node)
    check_served(served)
    run(served, settings_to_write())


@app.command(epilog="Example: turntable request https://example.org/feed.xml --latest 3")
def request(
    url: Annotated[str, typer.Argument(help="Of audio, a feed, a page; or a file in a folder that is watched.")],
    latest: Annotated[int, typer.Option(min=1, help="How many episodes of a feed, newest first.")] = 1,
    language: LanguageOption = None,
    speakers: Annotated[int | None, typer.Option(min=1, help="How many people speak.")] = None,
) -> None:
    """Ask the server that serves this home to hear something, and do not wait for it."""
    from flows.access import find_server
    from flows.locations import located
    from transforms.errors import SourceError

    language = as_language(language)
    settings = read_settings()
    if not find_server(settings.home):
        msg = (
            f"nobody serves {settings.home}: start `turntable serve`, or set PREFECT_API_URL to a server elsewhere"
        )
        raise SourceError(msg)
    from flows.serve.request_command import request as ask

    asked = {"latest": latest, "language": as_language(language), "speakers": speakers}
    typer.echo(f"asked for {url}: run {ask(settings.home, located(url), asked)}")


@app.command(epilog="Example: turntable rebuild")
@stoppable
def rebuild(
    deep: Annotated[bool, typer.Option("--deep", help="Hash every artifact, audio too.")] = False,
) -> None:
    """Make the warehouse anew from the artifacts, without what is damaged; exit code 1 where something is lost."""
    from flows.display.terminal import showing
    from flows.loader import publish_vectors
    from flows.upkeep.rebuild import clear_way
    from flows.upkeep.rebuild import rebuild as rebuild_home

    clear_way(read_settings().home)
    with showing():
        settings = settings_to_write()
        lost = rebuild_home(settings, deep=deep)
        publish_vectors(settings)
    typer.echo("the warehouse was made anew from the artifacts")
    for line in lost:
        say(f"turntable: {line}")
    if lost:
        raise typer.Exit(1)


@app.command(epilog="Example: turntable verify && echo sound")
@stoppable
def verify(
    deep: Annotated[
        bool, typer.Option("--deep", help="Hash every artifact, and compare every row with a warehouse made anew.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Check artifacts, warehouse, snapshot and private files, and say what to do; nothing found is exit code 0."""
    from flows.display.terminal import showing
    from flows.upkeep.verify import verify as verify_home
    from warehouse.answers.table import Table

    with showing():
        problems = verify_home(settings_to_ask(), deep=deep)
    if problems or as_json:
        rows = [(p.check, p.detail, p.advice) for p in problems]
        show(Table(("check", "detail", "do"), rows), as_json=as_json)
    else:
        typer.echo("warehouse and artifacts agree")
    if problems:
        raise typer.Exit(1)
