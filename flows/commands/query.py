"""The commands that read the warehouse: `sql`, `episodes`, `turns`, `export`."""

from __future__ import annotations

from typing import Annotated

import typer

from flows.commands.shared import JsonFlag, read_settings, show

app = typer.Typer(rich_markup_mode=None)

Episode = Annotated[str, typer.Argument(help="Its id, the beginning of it, a piece of its title, or 'latest'.")]


@app.command(epilog='Example: turntable sql "from talk_time" --csv > talk_time.csv')
def sql(
    query: Annotated[str, typer.Argument(help="One SELECT; `show tables` lists what there is.")],
    as_json: JsonFlag = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
) -> None:
    """Ask the warehouse in SQL; nothing can be changed by it."""
    from warehouse.query import run_sql

    show(run_sql(read_settings().snapshot, query), as_json=as_json, as_csv=as_csv)


@app.command(epilog="Example: turntable episodes --json")
def episodes(as_json: JsonFlag = False) -> None:
    """List the episodes, newest first."""
    from warehouse import query

    show(query.episodes(read_settings().snapshot), as_json=as_json)


@app.command(epilog="Example: turntable turns latest")
def turns(episode: Episode, as_json: JsonFlag = False) -> None:
    """Print who said what, when, in one episode."""
    from warehouse import query

    snapshot = read_settings().snapshot
    table = query.turns(snapshot, query.find_episode(snapshot, episode))
    if as_json:
        show(table, as_json=True)
    else:
        from flows.terminal import print_turns

        print_turns(table)


@app.command(epilog="Example: turntable export latest --format vtt > episode.vtt")
def export(
    episode: Episode,
    format_: Annotated[str, typer.Option("--format", help="seglst, rttm, stm, vtt, srt or json.")],
) -> None:
    """Write an episode's best transcript in another format."""
    from warehouse import query
    from warehouse.export import export as write

    snapshot = read_settings().snapshot
    typer.echo(write(snapshot, query.find_episode(snapshot, episode), format_), nl=False)
