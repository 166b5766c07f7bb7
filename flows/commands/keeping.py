"""The commands about what is kept and what must go: `forget`, `gc`, `backup`, `restore`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows import paths
from flows.commands.options import (
    JsonFlag,
    confirm,
    find_by_place,
    print_json,
    read_settings,
    say,
    settings_to_write,
    tell,
)
from flows.stopping import stoppable
from transforms.errors import SourceError
from transforms.text import counted, sized

if TYPE_CHECKING:
    from flows.settings import Settings
    from flows.upkeep.backup import Backup
    from flows.upkeep.forget import Erased, Wanted
    from flows.upkeep.room import Freeable

app = typer.Typer(rich_markup_mode=None)

MOST_SHOWN = 10  # titles in a question

YesFlag = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


@app.command(epilog="Example: turntable forget 'Why a record turns' --dry-run")
@stoppable
def forget(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="EPISODE|SHOW",
            help="Its title or a piece of it, its id, file or URL; without it, what was cut off is finished.",
        ),
    ] = None,
    yes: YesFlag = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what goes.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Erase all that is kept of an episode or a show: audio, transcripts, rows; polls leave it alone then."""
    from dataclasses import asdict

    from flows.display.terminal import showing
    from flows.upkeep import forget as forgetting

    settings = settings_to_write()
    with showing():
        finished = forgetting.finish(settings) if not dry_run else ()
    told = finished
    if name is not None:
        try:
            wanted = _wanted(settings, name)
        except SourceError:
            _tell_gone(finished)  # it may be this one
            raise
        told = (forgetting.look(settings, wanted) if dry_run else _erased(settings, wanted, yes=yes),)
    if as_json:
        print_json([asdict(one) for one in told])
        return
    if dry_run:
        for line in (line for one in told for line in _going(one)):
            tell(line)
    else:
        _tell_gone(told if name is None else (*finished, *told))
    if not told:
        tell("nothing was left half forgotten")


def _erased(settings: Settings, wanted: Wanted, *, yes: bool) -> Erased:
    """Erase what is wanted, once that is confirmed."""
    from flows.display.terminal import showing
    from flows.upkeep import forget as forgetting

    confirm(_going(forgetting.look(settings, wanted)), "Erase it?", "turntable forget … --yes", yes=yes)
    with showing():
        return forgetting.forget(settings, wanted)


def _wanted(settings: Settings, name: str) -> Wanted:
    """Find what a user means by a name, a path or an address."""
    from flows.locations import locate, located
    from flows.upkeep.forget import find

    said = name if located(name).is_url else locate(name).public
    return find_by_place(name, lambda place: find(settings, said, place))


def _going(one: Erased) -> list[str]:
    episodes = list(zip(one.episodes, one.about, strict=True))[:MOST_SHOWN]
    shown = [f"  {title} ({about})" if about else f"  {title}" for title, about in episodes]
    more = len(one.episodes) - len(shown)
    return [
        *(f"{title}: the whole show" for title in one.shows),
        *shown,
        *([f"  and {counted(more, 'more episode')}"] if more else []),
        f"goes for good: {_numbers(one)}",
        *(f"the subscription to {title} ends" for title in one.subscriptions),
        "with it go damaged files that were set aside and the history of runs: nobody can tell whose they are",
    ]


def _gone(one: Erased) -> list[str]:
    what = ", ".join((*one.shows, *(one.episodes[:MOST_SHOWN] if not one.shows else ())))
    after = (
        "`turntable add` subscribes again"
        if one.shows
        else "polls leave it alone, `turntable ingest` brings it back"
    )
    done = (
        "what was begun is finished, nothing is left of it" if one.finished else f"forgotten, with {_numbers(one)}"
    )
    return [f"{what}: {done}; the warehouse is made anew; {after}"]


def _tell_gone(told: Sequence[Erased]) -> None:
    for one in told:
        for line in _gone(one):
            tell(line)
        for line in one.left:
            say(f"turntable: {line}")


def _numbers(one: Erased) -> str:
    parts = (
        counted(one.transcripts, "transcript"),
        counted(one.turns, "turn"),
        *([f"{one.waiting} waiting"] if one.waiting else []),
        f"{counted(one.artifacts, 'artifact')} ({sized(one.bytes)})",
    )
    return ", ".join(parts)


@app.command(epilog="Example: turntable gc --to 20GB --dry-run")
@stoppable
def gc(
    keep_audio: Annotated[
        float | None, typer.Option(min=0, help="Days that audio is kept. [TURNTABLE_KEEP_AUDIO, 90]")
    ] = None,
    keep_samples: Annotated[
        float | None, typer.Option(min=0, help="Days that decoded samples are kept. [TURNTABLE_KEEP_SAMPLES, 7]")
    ] = None,
    to: Annotated[str | None, typer.Option(help="Audio and samples together, as 20GB; the oldest go.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what goes.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Free audio and samples of finished episodes, and what nothing is made of; transcripts and hashes stay."""
    from dataclasses import replace

    from flows.display.terminal import showing
    from flows.upkeep import room

    settings = settings_to_write()
    limits = replace(room.limits_of(settings), most=_size(to))
    stays = 0 if limits.most is None else room.staying(settings)
    if keep_audio is not None:
        limits = replace(limits, audio=room.days(keep_audio))
    if keep_samples is not None:
        limits = replace(limits, samples=room.days(keep_samples))
    with showing():
        found = room.find(settings, limits)
        found = found if dry_run else room.carry_out(settings, found)
    if limits.most is not None and stays > limits.most:
        say(f"turntable: {sized(stays)} must stay, more than --to {to}: {room.STAYS}")
    if as_json:
        print_json({"freed": _summed(found), "dry_run": dry_run, "holds": _held(settings)})
        return
    for line in _summed(found):
        tell(f"{counted(line['files'], 'file')} of {line['what']}, {sized(line['bytes'])}")
    total = sum(one.bytes for one in found)
    tell(f"{sized(total)} {'would be' if dry_run else 'were'} freed; {holds(settings)}")


@app.command(epilog="Example: turntable backup /mnt/nas/turntable.tar.gz")
@stoppable
def backup(
    target: Annotated[Path, typer.Argument(help="A file, or a folder where it gets a name with the time.")],
    audio: Annotated[bool, typer.Option("--audio", help="With audio and decoded samples.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Write all that cannot be made again into one file; work may go on meanwhile."""
    from flows.display.terminal import showing
    from flows.upkeep.backup import back_up

    settings = read_settings()
    with showing():
        done = back_up(settings, paths.absolute(target), audio=audio)
    _tell_backup(done, f"{done.path}: {counted(done.files, 'file')} saved, {sized(done.bytes)}", as_json=as_json)


@app.command(epilog="Example: turntable restore turntable.tar.gz")
@stoppable
def restore(
    source: Annotated[Path, typer.Argument(help="A file that `turntable backup` wrote.")],
    as_json: JsonFlag = False,
) -> None:
    """Fill an empty home from a backup, and make its warehouse; every file is checked by its hash."""
    from flows.display.terminal import showing
    from flows.upkeep.backup import restore as bring_back

    settings = read_settings(with_home=False)
    with showing():
        done = bring_back(settings, paths.absolute(source))
    _tell_backup(
        done,
        f"{settings.home}: {counted(done.files, 'file')} restored, {sized(done.bytes)}, the warehouse made of it",
        as_json=as_json,
    )


def _tell_backup(done: Backup, line: str, *, as_json: bool) -> None:
    if as_json:
        from dataclasses import asdict

        print_json(asdict(done))
    else:
        tell(line)
        for one in done.lines:
            say(f"turntable: {one}")
    if any(" is damaged" in one for one in done.lines):
        raise typer.Exit(1)


def _summed(found: Sequence[Freeable]) -> list[dict[str, Any]]:
    kinds = dict.fromkeys(one.what for one in found)
    sizes = {kind: [one.bytes for one in found if one.what == kind] for kind in kinds}
    return [{"what": kind, "files": len(own), "bytes": sum(own)} for kind, own in sizes.items()]


def _held(settings: Settings) -> list[dict[str, Any]]:
    from dataclasses import asdict

    from flows.upkeep.room import holdings

    return [asdict(one) for one in holdings(settings.home)]


def holds(settings: Settings) -> str:
    """Say in a line how much a home holds, and of what."""
    kinds = _held(settings)
    parts = ", ".join(f"{one['what']} {sized(one['bytes'])}" for one in kinds)
    return f"the home holds {sized(sum(one['bytes'] for one in kinds))}: {parts or 'nothing'}"


def _size(text: str | None) -> int | None:
    """Read `--to`.

    A number alone is refused: who means gigabytes would free all.

    >>> _size("20GB"), _size("500 mb"), _size("0"), _size(None)
    (20000000000, 500000000, 0, None)
    """
    if text is None:
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?b?)", text.strip().lower())
    if found is None or not (found[2] or float(found[1]) == 0):
        raise typer.BadParameter(f"{text!r}: give a size with its unit, as 20GB or 500MB", param_hint="--to")  # noqa: EM102
    return round(float(found[1]) * 1000.0 ** " kmgt".index(found[2].rstrip("b") or " "))
