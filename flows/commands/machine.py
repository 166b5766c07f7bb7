"""The commands about this machine and what is kept on it: `doctor`, `serve`, `rebuild`, `verify`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows import folder
from flows.commands.shared import JsonFlag, read_settings, settings_to_write, show

app = typer.Typer(rich_markup_mode=None)


@app.command(epilog="Example: turntable doctor --json")
def doctor(as_json: JsonFlag = False) -> None:
    """Look at device, libraries, weights and disk, and say what to do."""
    from flows.doctor import examine
    from warehouse.query import Table

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
) -> None:
    """Poll feeds, hear what is new, and wait for your requests, until Ctrl-C."""
    from flows.serve import Served
    from flows.serve import serve as run

    watched = tuple(folder.absolute(one) for one in watch or ())
    run(Served(port, every, watched, ui), settings_to_write())


@app.command(epilog="Example: turntable rebuild")
def rebuild() -> None:
    """Make the warehouse anew from the artifacts."""
    from flows import load

    load.rebuild(settings_to_write())
    typer.echo("the warehouse was made anew from the artifacts")


@app.command(epilog="Example: turntable verify && echo sound")
def verify(as_json: JsonFlag = False) -> None:
    """Check the warehouse and the artifacts against each other; nothing found is exit code 0."""
    from flows import load
    from warehouse.query import Table

    problems = load.verify(read_settings())
    if problems or as_json:
        show(Table(("check", "detail"), [(p.check, p.detail) for p in problems]), as_json=as_json)
    else:
        typer.echo("warehouse and artifacts agree")
    if problems:
        raise typer.Exit(1)
