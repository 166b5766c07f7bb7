"""The command `export`: transcripts and tables in the formats of other tools."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from flows import paths
from flows.commands.options import find_episode, say, settings_to_ask, tell
from transforms.errors import SourceError, TurntableError
from transforms.text import counted

if TYPE_CHECKING:
    from flows.settings import Settings
    from warehouse.export.places import Place
    from warehouse.export.selection import Selected

app = typer.Typer(rich_markup_mode=None)

EpisodeArgument = Annotated[
    str | None,
    typer.Argument(
        help="Its title or a piece of it, its file or URL, its id or the beginning of it, or 'latest'."
    ),
]
ShowOption = Annotated[str | None, typer.Option(help="All episodes of a show: its name or a piece of it.")]
QueryOption = Annotated[
    str | None,
    typer.Option(help="What a query finds: any rows as a table, else the turns or episodes that it names."),
]
FormatOption = Annotated[
    str,
    typer.Option(
        "--format",
        help="vtt, srt, json, chapters, md, txt, docx, rttm, ctm, stm or seglst; as a table csv, csv-safe, "
        "parquet or jsonl.",
    ),
]
OutOption = Annotated[
    Path | None,
    typer.Option(help="A file, whose ending may say the format, or a folder for one file per episode."),
]
ParquetOption = Annotated[
    str | None,
    typer.Option(
        metavar="DIR|s3://…",
        help="A folder for the whole warehouse as Parquet by show and year, here or on S3.",
    ),
]
ToOption = Annotated[
    str | None,
    typer.Option(
        metavar="duckdb:FILE|ducklake:…|md:…",
        help="A database for the whole warehouse: a file of DuckDB, a DuckLake, or one of MotherDuck.",
    ),
]
DataPathOption = Annotated[
    str | None,
    typer.Option(metavar="DIR|s3://…", help="Where a new DuckLake keeps its files; on S3 it is said each time."),
]
TimeoutOption = Annotated[float, typer.Option(min=0.1, help="Seconds until a query is stopped.")]


@app.command(epilog='Example: turntable export --show "The Long Groove" --format vtt --out captions')
def export(
    episode: EpisodeArgument = None,
    show: ShowOption = None,
    query: QueryOption = None,
    format_: FormatOption = "",
    out: OutOption = None,
    parquet: ParquetOption = None,
    to: ToOption = None,
    data_path: DataPathOption = None,
    timeout: TimeoutOption = 300,
) -> None:
    """Write transcripts in other formats: an episode's best one, those of a show, or what a query names."""
    from warehouse.export import TABLES, check_format

    if sum(one is not None for one in (episode, show, query, parquet, to)) != 1:
        msg = "give an episode, --show, --query, --parquet or --to: one of them"
        raise typer.BadParameter(msg)
    if data_path is not None and to is None:
        msg = "--data-path says where a lake keeps its files: give --to ducklake:…, too"
        raise typer.BadParameter(msg)
    if parquet is not None or to is not None:
        if format_ or out:
            msg = "--parquet and --to name their place and their format themselves: leave --format and --out out"
            raise typer.BadParameter(msg)
        _write_all(settings_to_ask(), parquet, to, data_path)
        return
    format_ = format_ or _of_ending(out)
    check_format(format_)
    snapshot = settings_to_ask().snapshot
    place = paths.absolute(out) if out else None
    if format_ in TABLES:
        _write_rows(snapshot, _rows(snapshot, episode, show, query), format_, place, timeout)
    elif episode is not None:
        _write_one(snapshot, find_episode(snapshot, episode), format_, place)
    else:
        _write_each(snapshot, _selected(snapshot, show, query, timeout), format_, place)


def _of_ending(out: Path | None) -> str:
    """Return the format that the ending of a file says; of formats with one ending the plain one.

    >>> _of_ending(Path("a.srt")), _of_ending(Path("a.chapters.json")), _of_ending(Path("A.CSV"))
    ('srt', 'chapters', 'csv')
    """
    from warehouse.export import FORMATS, TABLES, ending_of

    known = {ending_of(name): name for name in (*FORMATS, *reversed(TABLES))}
    fit = [ending for ending in known if out is not None and out.name.lower().endswith(f".{ending}")]
    if not fit:
        msg = f"give --format, one of {', '.join((*FORMATS, *TABLES))}; or --out FILE with such an ending"
        raise typer.BadParameter(msg)
    return known[max(fit, key=len)]


def _rows(snapshot: Path, episode: str | None, show: str | None, query: str | None) -> str:
    from warehouse.export.selection import Selected, of_show, rows_of

    if query is not None:
        return query
    if episode is not None:
        return rows_of([Selected(find_episode(snapshot, episode))])
    return rows_of(of_show(snapshot, show or ""))


def _selected(snapshot: Path, show: str | None, query: str | None, timeout: float) -> list[Selected]:
    from warehouse.export import selection

    if query is not None:
        return selection.of_query(snapshot, query, seconds=timeout)
    return selection.of_show(snapshot, show or "")


def _write_rows(snapshot: Path, query: str, format: str, place: Path | None, timeout: float) -> None:
    from warehouse.export import file_name
    from warehouse.export.query_files import write_table

    if place is None and format == "parquet":
        _check_pipe(format)
    with _opened(place, file_name("turns", format)) as sink:
        write_table(snapshot, query, format, sink, seconds=timeout)


def _write_one(snapshot: Path, episode_id: str, format: str, place: Path | None) -> None:
    from warehouse.export import export as written
    from warehouse.export import file_name

    _write_document(written(snapshot, episode_id, format), format, place, file_name(episode_id, format))


def _write_document(document: str | bytes, format: str, place: Path | None, name: str = "") -> None:
    if place is None and format == "docx":
        _check_pipe(format)
    with _opened(place, name) as sink:
        sink.write(document.encode() if isinstance(document, str) else document)


def _is_folder(place: Path, format: str) -> bool:
    """Check whether a place is a folder, or may become one: no file, nor named as one of the format."""
    from warehouse.export import ending_of

    return place.is_dir() or not (place.is_file() or place.name.lower().endswith(f".{ending_of(format)}"))


def _lone(selected: list[Selected], format: str) -> Selected:
    """Return the one transcript that a lone file is to hold."""
    if len(selected) != 1:
        msg = (
            f"--format {format} writes one file per episode, {len(selected)} files here: give a folder with --out"
        )
        raise typer.BadParameter(msg)
    return selected[0]


def _write_each(snapshot: Path, selected: list[Selected], format: str, place: Path | None) -> None:
    """Write one file per transcript; what cannot be written is said, and concerns no other."""
    from warehouse.export import export_selected, file_name

    if place is None or not _is_folder(place, format):
        _write_document(export_selected(snapshot, _lone(selected, format), format), format, place)
        return
    failed, several = 0, len({one.episode_id for one in selected}) < len(selected)
    for one in selected:
        name = f"{one.episode_id}.{one.transcript_id}" if several and one.transcript_id else one.episode_id
        try:
            document = export_selected(snapshot, one, format)
            path = place / file_name(name, format)
            _write_document(document, format, path)
            tell(str(path))
        except TurntableError as error:
            say(f"turntable: {error}")
            failed += 1
    if failed:
        say(f"turntable: {counted(failed, 'transcript')} of {len(selected)} not written")
        raise typer.Exit(1)


def _write_all(settings: Settings, parquet: str | None, to: str | None, data_path: str | None) -> None:
    if parquet is not None:
        _write_partitions(settings.snapshot, parquet)
    if to is not None:
        _write_database(settings, to, data_path)


def _write_database(settings: Settings, named: str, data_path: str | None) -> None:
    """Bring a database to what the snapshot shows, and say what was written."""
    from flows.display.terminal import showing
    from flows.lakes import find_target
    from flows.progress import REPORTER
    from warehouse.export.databases import export_database

    target, snapshot = find_target(named, data_path, (settings.snapshot, settings.warehouse)), settings.snapshot
    with showing():
        done = export_database(snapshot, target, lambda done, total: REPORTER.get().count("episodes", done, total))
    tell(
        f"{target}: {counted(done.written, 'episode')} written, {done.unchanged} as before, {done.removed} removed"
    )
    if done.removed:
        say("turntable: bytes of what was removed may lie there until it is written anew: see docs/keeping.md")


def _write_partitions(snapshot: Path, named: str) -> None:
    """Bring a folder of Parquet, here or on S3, to what the snapshot shows, and say what was written."""
    from collections import Counter

    from flows.display.terminal import showing
    from flows.progress import REPORTER
    from warehouse.export.partitions import export_partitions

    place = _place(named)
    news: Counter[str] = Counter()
    with showing():
        for one in export_partitions(snapshot, place):
            news[one.news] += 1
            REPORTER.get().count("partitions", one.done, one.total)
    tell(
        f"{place}: {counted(news['written'], 'partition')} written, {news['unchanged']} as before, "
        f"{news['removed']} removed"
    )


def _place(named: str) -> Place:
    """Return the folder, here or on S3, that a user named.

    Raises:
        SourceError: it is an address of something else.
    """
    from flows.object_storage import find_bucket
    from warehouse.export.places import Folder

    is_address = "://" in named or named.lower().startswith("s3:/")  # a slash was lost: no folder is called so
    return find_bucket(named) if is_address else Folder(paths.absolute(named))


def _check_pipe(format: str) -> None:
    if sys.stdout.isatty():
        msg = f"{format} is nothing for a screen: give --out FILE"
        raise typer.BadParameter(msg)


@contextmanager
def _opened(place: Path | None, name: str = "") -> Iterator[BinaryIO]:
    """Open what is written to: standard output, a file, or `name` in a folder.

    A file is there whole or not at all.

    Raises:
        SourceError: it cannot be written.
    """
    if place is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    path = place / name if place.is_dir() else place
    beside = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as sink:
            yield sink
        beside.replace(path)
    except OSError as error:
        msg = f"{path} cannot be written ({error.strerror}): choose another place with --out"
        raise SourceError(msg) from error
    finally:
        with suppress(OSError):  # as where no folder is
            beside.unlink()
