"""The commands by which a user decides: `name` whose voice one is, `pin` which transcript is read."""

from __future__ import annotations

from typing import Annotated

import typer

from flows.commands.ask import Episode
from flows.commands.options import JsonFlag, find_episode, print_json, settings_to_write, show
from flows.stopping import stoppable, working_on
from transforms.text import counted

app = typer.Typer(rich_markup_mode=None)


@app.command(epilog="Example: turntable name latest SPEAKER_01 'Idris Vane'")
@stoppable
def name(
    episode: Episode,
    label: Annotated[str, typer.Argument(help="The voice, as `turns` shows it: SPEAKER_01.")],
    person: Annotated[str | None, typer.Argument(metavar="NAME", help="Who it is.")] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Take back what you called it.")] = False,
) -> None:
    """Say who a voice of an episode is: that wins over all that was found."""
    from flows.episode.user_choices import name_voice
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
    from flows.episode.user_choices import pin_transcript
    from flows.loader import ready_snapshot
    from warehouse import query

    if transcript is not None and undo:
        msg = "give a transcript, or --undo"
        raise typer.BadParameter(msg)
    settings = settings_to_write()
    ready_snapshot(settings)
    episode_id = find_episode(settings.snapshot, episode)
    if transcript is None and not undo:
        show(query.transcripts(settings.snapshot, episode_id), as_json=as_json)
        return
    with working_on("pin", transcript or "--undo", settings, episode_id):
        source = pin_transcript(settings, episode_id, transcript)
    if as_json:
        print_json({"episode_id": episode_id, "pinned": source})
        return
    typer.echo(
        f"the {source} transcript is read from now on" if source else "the rules say again which one is read"
    )
