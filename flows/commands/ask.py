"""The commands that read the warehouse: `sql`, `search`, `episodes`, `turns`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows import paths
from flows.commands.options import (
    JsonFlag,
    as_day,
    find_episode,
    say,
    settings_to_ask,
    show,
    show_list,
)
from transforms.errors import ContentError, SourceError
from transforms.text import counted

if TYPE_CHECKING:
    from flows.settings import Settings
    from warehouse.answers.sql import Form

app = typer.Typer(rich_markup_mode=None)

ROWS = 10_000  # on a screen
MOST_QUERY = 1_000_000  # bytes

EPISODE = "Its title or a piece of it, its file or URL, its id or the beginning of it, or 'latest'."
Episode = Annotated[str, typer.Argument(help=EPISODE)]


@app.command(epilog='Example: turntable sql "from talk_time" --csv > talk_time.csv')
def sql(
    query: Annotated[
        str | None, typer.Argument(help="One query; `show tables` lists what there is; - reads it from the input.")
    ] = None,
    file: Annotated[Path | None, typer.Option(help="Read the query from a file.")] = None,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds until it is stopped.")] = 30,
    limit: Annotated[
        int | None, typer.Option(min=1, help=f"How many rows at most. [{ROWS} on the screen, else all]")
    ] = None,
    as_json: JsonFlag = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    csv_safe: Annotated[
        bool,
        typer.Option("--csv-safe", help="Print CSV with ' before what a spreadsheet would take for a formula."),
    ] = False,
) -> None:
    """Ask the warehouse in SQL; nothing can be changed by it."""
    from warehouse.answers.sql import answer

    asked, snapshot = _read_query(query, file), settings_to_ask().snapshot
    form = _form(as_json=as_json, as_csv=as_csv, csv_safe=csv_safe)
    reader = sys.stdout.fileno()
    if form == "screen":
        most = limit or ROWS
        _show_answer(answer(snapshot, asked, form, seconds=timeout, limit=most + 1, reader=reader), most)
        return
    for piece in answer(snapshot, asked, form, seconds=timeout, limit=limit, reader=reader):
        sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()


def _read_query(query: str | None, file: Path | None) -> str:
    """Read the query from the command line, a file or standard input.

    Raises:
        SourceError: the file cannot be read.
        ContentError: it is too large for a query, or no UTF-8.
    """
    if (query is None) == (file is None):
        msg = "give one query, - or --file FILE"
        raise typer.BadParameter(msg)
    if query is not None and query != "-":
        return query
    name = "standard input" if file is None else str(file)
    try:
        with sys.stdin.buffer if file is None else paths.absolute(file).open("rb") as source:
            data = source.read(MOST_QUERY + 1)
    except OSError as error:
        msg = f"{name}: no query can be read there ({error.strerror}); check the path"
        raise SourceError(msg) from error
    if len(data) > MOST_QUERY:
        msg = f"{name}: longer than the {MOST_QUERY} bytes that a query may have; check that it is one"
        raise ContentError(msg)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        msg = f"{name}: byte {error.start + 1} is no UTF-8; save it as UTF-8"
        raise ContentError(msg) from error


def _form(*, as_json: bool, as_csv: bool, csv_safe: bool) -> Form:
    if as_json and (as_csv or csv_safe):
        msg = "--json and --csv exclude each other: give one"
        raise typer.BadParameter(msg)
    if as_json:
        return "json"
    return "csv-safe" if csv_safe else "csv" if as_csv else "screen"


def _show_answer(pieces: Iterator[bytes], most: int) -> None:
    """Print as much of an answer as a screen takes, and say if that is not all."""
    from flows.display.terminal import print_plan, print_table
    from warehouse.answers.sql import read_screen

    table, is_whole = read_screen(pieces, most)
    if table.columns == ("explain_key", "explain_value"):
        print_plan(table)
        return
    print_table(table)
    if not is_whole:
        say(f"turntable: only {counted(len(table.rows), 'row')} shown: --limit, --csv and --json give more")


@app.command(epilog='Example: turntable search "scaling law*" --speaker ann --since 2026-01-01 --context 2')
def search(
    words: Annotated[
        list[str],
        typer.Argument(help='Words in all their forms, a "phrase" in quotes, the beginning of one as begin*.'),
    ],
    speaker: Annotated[str | None, typer.Option(help="Only what somebody says: a name or a piece of it.")] = None,
    show_: Annotated[str | None, typer.Option("--show", help="Only this show: its name or a piece of it.")] = None,
    since: Annotated[
        str | None, typer.Option(help="Only what was published on this day, as 2026-10-05, or later.")
    ] = None,
    context: Annotated[int, typer.Option(min=0, max=100, help="How many turns before and after to show.")] = 0,
    limit: Annotated[int, typer.Option(min=1, help="How many turns to find at most.")] = 20,
    semantic: Annotated[
        bool,
        typer.Option("--semantic", help="Also what is said in other words; `semantic` is switched on for it."),
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Find what was said, best first: who, when, and a link that opens the audio there."""
    from flows.display import lists
    from warehouse.search.finding import Search
    from warehouse.search.finding import search as find

    settings, query = settings_to_ask(), " ".join(words)
    snapshot = settings.snapshot
    vector = _vector(settings, query) if semantic else None
    asked = Search(query, speaker, show_, as_day(since, "--since"), context, limit, vector)
    table = find(snapshot, asked)
    if as_json:
        show(table, as_json=True)
    else:
        from flows.display.terminal import print_found

        print_found(lists.found(table))
    if table.rows and (unsaid := table.rows[0][table.columns.index("unsaid")]):
        words_said = " or ".join(f'"{word}"' for word in unsaid)
        say(f"turntable: nobody says {words_said}: these are the nearest words that somebody says")


def _vector(settings: Settings, query: str) -> list[int]:
    """Return the vector of a search, and say how far what is said has vectors.

    Raises:
        SourceError: there are none, or none can be made here.
    """
    from flows.engines.embedding import embed_query
    from warehouse.search.finding import vectors_lacking

    vector = embed_query(query)
    lacking, every = vectors_lacking(settings.snapshot)
    way_out = "the next load makes them, or `turntable rebuild`"
    if not settings.semantic:
        way_out = "set TURNTABLE_SEMANTIC=1 or `semantic = true`, and run `turntable rebuild`"
    if every and lacking == every:
        msg = f"nothing has vectors yet: {way_out}"
        raise SourceError(msg)
    if lacking:
        say(f"turntable: {lacking} of {counted(every, 'transcript')} have no vectors yet: {way_out}")
    return vector


@app.command(epilog="Example: turntable episodes --json")
def episodes(as_json: JsonFlag = False) -> None:
    """List the episodes, newest first."""
    from flows.display import lists
    from warehouse import query

    show_list(query.episodes(settings_to_ask().snapshot), lists.episodes, "no episodes yet", as_json=as_json)


@app.command(epilog="Example: turntable turns latest")
def turns(episode: Episode, as_json: JsonFlag = False) -> None:
    """Print who said what, when, in one episode."""
    from warehouse import query

    snapshot = settings_to_ask().snapshot
    table = query.turns(snapshot, find_episode(snapshot, episode))
    if as_json:
        show(table, as_json=True)
    else:
        from flows.display.terminal import print_turns

        print_turns(table)
