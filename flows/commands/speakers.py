"""The commands about people who are heard in several episodes: `speakers`, and what is below it."""

from __future__ import annotations

from typing import Annotated

import typer

from flows.commands.ask import Episode
from flows.commands.options import (
    JsonFlag,
    confirm,
    find_episode,
    say,
    settings_to_ask,
    settings_to_write,
    show_list,
)
from flows.stopping import stoppable
from transforms.errors import SourceError
from transforms.text import counted

app = typer.Typer(
    name="speakers",
    help="Who is heard in which episodes, by voice: off until you switch it on.",
    invoke_without_command=True,
    rich_markup_mode=None,
)

NOTICE = (
    "Voices will be compared across episodes.",
    "Of each a voiceprint is kept: numbers that tell how it sounds, in this home, readable by you alone,",
    "and in no warehouse, export or message.",
    "In many laws that is biometric data, to which the people who speak may have to agree.",
    "`turntable speakers off` stops it, `turntable speakers forget PERSON` erases what was made of a voice.",
)
UNNAMED = ("Voices that nobody named will be compared with each other, too.",)

Who = Annotated[str, typer.Argument(metavar="PERSON", help="A name, or the beginning of the id of a person.")]
Label = Annotated[str, typer.Argument(help="The voice, as `turns` shows it: SPEAKER_01.")]
Undo = Annotated[bool, typer.Option("--undo", help="Take it back.")]


@app.callback(epilog="Example: turntable speakers --json")
def speakers(context: typer.Context, as_json: JsonFlag = False) -> None:
    """List who is heard, where, how sure that is, and why a voice is nobody's."""
    if context.invoked_subcommand is not None:
        return
    from flows.display import lists
    from flows.voices import switch
    from flows.voices.listing import list_told, list_voices

    settings = settings_to_ask()
    is_on = switch.read(settings.home).is_on
    if not is_on:
        say("turntable: voices are not compared: `turntable speakers on` switches that on")
    table = list_voices(settings) if is_on else list_told(settings)
    show_list(table, lists.speakers, "no voices yet", as_json=as_json)


@app.command(epilog="Example: turntable speakers on --yes")
@stoppable
def on(
    unnamed: Annotated[
        bool, typer.Option("--unnamed", help="Compare voices that nobody named with each other, too.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Keep and compare voices from now on, and those of what was heard before."""
    from flows.display.terminal import showing
    from flows.loader import ready_snapshot
    from flows.voices import switch
    from flows.voices.recognizing import catch_up, recognize

    settings = settings_to_write()
    before = switch.read(settings.home)
    notices = [*(() if before.is_on else NOTICE), *(UNNAMED if unnamed and not before.unnamed_since else ())]
    if notices:
        confirm(notices, "Switch it on?", "turntable speakers on --yes", yes=yes)
    since = switch.turn_on(settings.home, unnamed=unnamed)
    ready_snapshot(settings)
    with showing():
        failed = catch_up(settings)
        told = recognize(settings)
    typer.echo(f"voices are compared since {since.on_since:%Y-%m-%d}: {counted(told, 'transcript')} told anew")
    if failed:
        say(
            f"turntable: {counted(failed, 'transcript')} left out: neither audio nor diarization is there any more"
        )


@app.command(epilog="Example: turntable speakers off")
def off(
    unnamed: Annotated[bool, typer.Option("--unnamed", help="Only for voices that nobody named.")] = False,
) -> None:
    """Compare no voices any more; what was found stays, until you forget it."""
    from flows.voices import switch

    switch.turn_off(settings_to_write().home, only_unnamed=unnamed)
    which = "voices that nobody named" if unnamed else "voices"
    typer.echo(f"{which} are not compared any more; what was found stays: `turntable speakers forget` erases it")


@app.command(epilog="Example: turntable speakers merge 'J. Leike' 'Jan Leike'")
@stoppable
def merge(
    person: Who,
    into: Annotated[str | None, typer.Argument(metavar="INTO", help="Who that is.")] = None,
    undo: Undo = False,
) -> None:
    """Say that two persons are one."""
    from flows.voices import persons

    _check_undo(person, into, "who that is", undo=undo)
    settings = settings_to_write()
    typer.echo(persons.undo_merge(settings, person) if into is None else persons.merge(settings, person, into))


def _check_undo(person: str, other: str | None, what: str, *, undo: bool) -> None:
    """Check that what is said is to be done, or taken back."""
    if undo and other is not None:
        msg = f"what is taken back is named by the person alone: leave out {other!r}"
        raise typer.BadParameter(msg)
    if other is None and not undo:
        msg = f"give {what}, or --undo to take back what was said of {person!r}"
        raise typer.BadParameter(msg)


@app.command(epilog="Example: turntable speakers split 'Jan Leike' latest SPEAKER_01")
@stoppable
def split(person: Who, episode: Episode, label: Label, undo: Undo = False) -> None:
    """Say that a voice is not that person's: it is no example any more of how the person sounds."""
    from flows.voices import persons
    from warehouse import query

    settings = settings_to_write()
    voices = query.voices(settings.snapshot, find_episode(settings.snapshot, episode))
    voice = next(((one.transcript_id, one.label) for one in voices if one.label == label), None)
    if voice is None:
        msg = f"no voice of this episode is called {label!r}: `turntable turns` shows what they are called"
        raise SourceError(msg)
    typer.echo(persons.undo_split(settings, voice) if undo else persons.split(settings, person, voice))


@app.command(epilog="Example: turntable speakers rename 'J. Leike' 'Jan Leike'")
@stoppable
def rename(
    person: Who,
    name: Annotated[str | None, typer.Argument(help="What the person is called.")] = None,
    undo: Undo = False,
) -> None:
    """Call a person by another name."""
    from flows.voices import persons

    _check_undo(person, name, "a name", undo=undo)
    settings = settings_to_write()
    typer.echo(persons.undo_rename(settings, person) if name is None else persons.rename(settings, person, name))


@app.command(epilog="Example: turntable speakers forget 'Jan Leike'")
@stoppable
def forget(
    person: Who,
    undo: Annotated[bool, typer.Option("--undo", help="Let the person be known again.")] = False,
) -> None:
    """Erase all that was made of a person's voice: voiceprints, matches, and what the warehouse says of them."""
    from flows.display.terminal import showing
    from flows.voices import forgetting

    settings = settings_to_write()
    if undo:
        typer.echo(forgetting.remember(settings, person))
        return
    with showing():
        erased = forgetting.forget(settings, person)
    what = f"{counted(erased.voiceprints, 'voiceprint')} and {counted(erased.artifacts, 'other artifact')} erased"
    typer.echo(f"{person} is forgotten: {what}, the warehouse made anew; audio, texts and given names stay")
    for line in erased.lost:
        say(f"turntable: {line}")
