"""The commands about the transcripts of an episode: `pin`."""

from __future__ import annotations

from typing import Annotated

import typer

from flows.commands.options import JsonFlag, find_episode, settings_to_write, show
from flows.commands.query import Episode
from flows.stopping import stoppable, working_on

app = typer.Typer(rich_markup_mode=None)


@app.callback()
def _transcripts() -> None:
    """Say which transcript is to be read."""


@app.command(epilog="Example: turntable pin latest asr")
@stoppable
def pin(
    episode: Episode,
    transcript: Annotated[
        str | None,
        typer.Argument(
            help="merged, publisher, captions, asr, or the beginning of its id; without it, all are listed."
        ),
    ] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Take back what you pinned.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Say which transcript of an episode is to be read, whatever else there is."""
    from flows.episode.aligning import pin_transcript
    from flows.loader import ready_snapshot
    from warehouse import query

    if transcript and undo:
        msg = "give a transcript, or --undo"
        raise typer.BadParameter(msg)
    settings = settings_to_write()
    ready_snapshot(settings)
    episode_id = find_episode(settings.snapshot, episode)
    if not transcript and not undo:
        show(query.transcripts(settings.snapshot, episode_id), as_json=as_json)
        return
    with working_on("pin", transcript or "--undo", settings, episode_id):
        source = pin_transcript(settings, episode_id, transcript)
    typer.echo(
        f"the {source} transcript is read from now on" if source else "the rules say again which one is read"
    )
