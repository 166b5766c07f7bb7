"""What the commands share: options with their help, settings, and how an answer is printed."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, cast, get_args

import typer

from transforms.errors import SourceError, TurntableError
from transforms.records import Quality
from transforms.text import strict_json, visible

if TYPE_CHECKING:
    from flows.episode.batch import Process
    from flows.locations import Location
    from flows.settings import Policy, Said, Settings
    from warehouse.answers.table import Table

T = TypeVar("T")

JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON for a script.")]
LanguageOption = Annotated[
    str | None, typer.Option("--language", help="As en, de or German; without it, the audio decides.")
]
QualityOption = Annotated[
    str | None,
    typer.Option("--quality", help="accurate, or fast: more words and speakers wrong. [TURNTABLE_QUALITY]"),
]
AudioFirstFlag = Annotated[
    bool, typer.Option("--audio-first", help="The publisher's transcript and the audio. [default]")
]
TranscriptFirstFlag = Annotated[
    bool,
    typer.Option("--transcript-first", help="No audio where the publisher's transcript has names and times."),
]
TextOnlyFlag = Annotated[
    bool, typer.Option("--text-only", help="Only the publisher's transcript, never the audio.")
]
ShowOption = Annotated[str | None, typer.Option("--show", help="Name of the show.")]
TitleOption = Annotated[str | None, typer.Option("--title", help="Title of the episode.")]
DateOption = Annotated[str | None, typer.Option("--date", help="When it was published, as 2026-10-05.")]
UrlOption = Annotated[str | None, typer.Option("--url", help="Page of the episode.")]
SpeakersOption = Annotated[str | None, typer.Option("--speakers", help="How many people: 2, or 2-4.")]


def read_settings(*, with_home: bool = True) -> Settings:
    """Read the settings, and find the way into this home's Prefect server before Prefect is imported.

    `with_home` is for a command that reads what is kept there.

    Raises:
        SourceError: one of them is wrong, or the home cannot be read.
    """
    from pydantic import ValidationError

    from flows.access import enter
    from flows.home.folder import check_readable
    from flows.settings import Settings, settings_file

    try:
        settings = Settings()
    except ValidationError as error:
        first = error.errors()[0]
        msg = f"the setting {'.'.join(map(str, first['loc']))} is wrong: {first['msg'].lower()}"
        raise SourceError(msg) from error
    except (OSError, ValueError) as error:
        msg = f"the settings in {settings_file()} cannot be read ({error}): mend or remove the file"
        raise SourceError(msg) from error
    if with_home:
        check_readable(settings.home)
    enter(settings.home)
    return settings


def settings_to_write() -> Settings:
    """Read the settings, for a command that writes to the home.

    Raises:
        SourceError: one of them is wrong, or the home cannot be used.
        TransientError: its disk is full.
    """
    from flows.home.folder import check_usable

    settings = read_settings(with_home=False)
    check_usable(settings.home)
    _upgrade(settings)
    return settings


def settings_to_ask() -> Settings:
    """Read the settings, for a command that asks the snapshot for columns of today.

    Raises:
        SourceError: one of them is wrong, or the home cannot be read.
    """
    settings = read_settings()
    _upgrade(settings)
    return settings


def _upgrade(settings: Settings) -> None:
    """Bring the warehouse of an older Turntable to today's schema; what hinders that, the work itself will say."""
    from flows.loader import upgrade

    with suppress(TurntableError, OSError):  # as a home that may only be read
        upgrade(settings)


def processor() -> Process:
    """Choose how each episode is processed: as a run of the Prefect server that the user set, else here."""
    from flows.access import has_server

    if has_server():
        from flows.serve.ingest_flow import ingest_as_run

        return ingest_as_run
    from flows.episode.pipeline import process_episode

    return process_episode


def as_bounds(text: str | None) -> tuple[int, int] | None:
    """Read `--speakers`: a number or a range.

    >>> as_bounds("2"), as_bounds("2-4")
    ((2, 2), (2, 4))
    """
    if text is None:
        return None
    fewest, _, most = text.partition("-")
    try:
        bounds = int(fewest), int(most or fewest)
    except ValueError:
        bounds = (0, 0)
    if not 1 <= bounds[0] <= bounds[1]:
        raise typer.BadParameter(f"{text!r}: give a number as 2 or a range as 2-4", param_hint="--speakers")  # noqa: EM102
    return bounds


def as_said(show: str | None, title: str | None, date: str | None, url: str | None) -> Said:
    """Read what the user says of an episode: `--show`, `--title`, `--date` and `--url`."""
    from flows.settings import Said
    from transforms.redaction import public_page

    for name, value in (("--show", show), ("--title", title)):
        if value is not None and not value.strip():
            raise typer.BadParameter("it is empty: give a name, or leave it out", param_hint=name)  # noqa: EM101
    as_day(date, "--date")
    if url is not None and not url.startswith(("https://", "http://")):
        raise typer.BadParameter(
            f"{url!r} is no page: give an address as https://example.org/1",  # noqa: EM102
            param_hint="--url",
        )
    return Said(show, title, url and public_page(url), date)


def as_day(text: str | None, name: str) -> datetime | None:
    """Read the day that an option gives; `None` where it is not given."""
    from transforms.written_dates import parse_date

    day = parse_date(text)
    if text is not None and day is None:
        raise typer.BadParameter(
            f"{text!r} is no date, or can be read in two ways: give one as 2026-10-05",  # noqa: EM102
            param_hint=name,
        )
    return day


def as_language(text: str | None) -> str | None:
    """Read `--language`: the code that the recogniser has for it; `None` lets the audio decide."""
    from transforms.speech.whisper.whisper_languages import spoken_language

    try:
        return None if text is None else spoken_language(text)
    except SourceError as error:
        raise typer.BadParameter(str(error), param_hint="--language") from None


def well_spelled(sources: Sequence[str]) -> tuple[list[Location], dict[Location, SourceError]]:
    """Parse what the user names; what is no address is parted from it: a slip of the keyboard leaves nothing."""
    from flows.http.addresses import check_spelling
    from flows.locations import locate, located

    good: list[Location] = []
    bad: dict[Location, SourceError] = {}
    for source in sources:
        try:
            check_spelling(source)
        except SourceError as error:
            slip = locate(source)
            bad[slip] = SourceError(f"{slip.public}: {error}")
        else:
            good.append(located(source))
    return good, bad


def spelled(sources: Sequence[str]) -> list[Location]:
    """Parse what the user names.

    Raises:
        SourceError: something of it is no address.
    """
    good, bad = well_spelled(sources)
    for error in bad.values():
        raise error
    return good


def find_episode(snapshot: Path, text: str) -> str:
    """Return the id of the episode that a user means; a path begins where the command was started."""
    from flows.locations import locate
    from warehouse import query

    said = locate(text).public
    return find_by_place(text, lambda place: query.find_episode(snapshot, said, place))


def find_by_place(text: str, find: Callable[[str], T]) -> T:
    """Find what came by a path or an address that a user names; a file that came by another name, by its bytes.

    Raises:
        SourceError: `find` knows neither.
    """
    from flows.locations import located
    from flows.sources.folders import hash_of

    place = located(text)
    try:
        return find(place.public)
    except SourceError:
        if place.kind != "path" or not place.path.is_file():
            raise
        return find(hash_of(place.path))


def as_quality(text: str | None) -> Quality | None:
    """Read `--quality`; `None` leaves it to the settings."""
    if text is not None and text not in get_args(Quality):
        raise typer.BadParameter(f"{text!r}: take {' or '.join(get_args(Quality))}", param_hint="--quality")  # noqa: EM102
    return cast("Quality | None", text)


def as_policy(**asked: bool) -> Policy:
    """Name the policy of the one flag that was given.

    >>> as_policy(text_only=True, audio_first=False), as_policy()
    ('text-only', 'audio-first')
    """
    given = [name.replace("_", "-") for name, is_set in asked.items() if is_set]
    if len(given) > 1:
        flags = " and ".join(f"--{name}" for name in given)
        raise typer.BadParameter(f"{flags} exclude each other: give one")  # noqa: EM102
    return cast("Policy", given[0] if given else "audio-first")


def show(table: Table, *, as_json: bool = False) -> None:
    """Print a table for people, or for a script."""
    if as_json:
        print_json([dict(zip(table.columns, row, strict=True)) for row in table.rows])
    else:
        from flows.display.terminal import print_table

        print_table(table)


def show_list(table: Table, of: Callable[[Table], Table], none: str, *, as_json: bool) -> None:
    """Print a long list: what `of` takes from it for people, all of it for a script; `none` where it is empty."""
    if as_json:
        show(table, as_json=True)
    else:
        from flows.display.terminal import print_list

        print_list(of(table), none)


def print_json(value: Any) -> None:
    """Print strict JSON for a script; times are ISO 8601, what else JSON has no form for is text."""
    typer.echo(strict_json(json.dumps(value, default=_form, ensure_ascii=False, indent=1)))


def _form(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def confirm(notice: Sequence[str], question: str, way_out: str, *, yes: bool) -> None:
    """Say what will be done, and ask once.

    Raises:
        SourceError: nobody can be asked here.
    """
    for line in notice:
        say(line)
    if yes:
        return
    if not sys.stdin.isatty():
        msg = f"nobody can be asked here: `{way_out}` says that it is wanted"
        raise SourceError(msg)
    typer.confirm(question, abort=True, err=True)


def tell(line: str) -> None:
    """Print one line of an answer, whatever stands in it."""
    typer.echo(visible(line))


def say(line: str) -> None:
    """Tell a person one line beside the answer."""
    print(visible(line), file=sys.stderr)
