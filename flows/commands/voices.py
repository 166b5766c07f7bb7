"""The command about voices: `name`."""

from __future__ import annotations

from typing import Annotated

import typer

from flows.commands.options import find_episode, settings_to_write
from flows.commands.query import Episode
from flows.stopping import stoppable, working_on
from transforms.text import counted

app = typer.Typer(rich_markup_mode=None)


@app.callback()
def _voices() -> None:
    """Say who is heard."""


@app.command(epilog="Example: turntable name latest SPEAKER_01 'Idris Vane'")
@stoppable
def name(
    episode: Episode,
    label: Annotated[str, typer.Argument(help="The voice, as `turns` shows it: SPEAKER_01.")],
    person: Annotated[str | None, typer.Argument(metavar="NAME", help="Who it is.")] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Take back what you called it.")] = False,
) -> None:
    """Say who a voice of an episode is: that wins over all that was found."""
    from flows.episode.aligning import name_voice
    from flows.loader import ready_snapshot
    from flows.voices.recognizing import recognize

    if (person is None) != undo:
        msg = "give a name, or --undo"
        raise typer.BadParameter(msg)
    settings = settings_to_write()
    ready_snapshot(settings)
    episode_id = find_episode(settings.snapshot, episode)
    with working_on("name", label, settings, episode_id):
        turns = name_voice(settings, episode_id, label, person)
        recognize(settings)
    typer.echo(
        f"{label} is {person} now, in {counted(turns, 'turn')}"
        if person
        else f"{label} is not named by you any more"
    )
