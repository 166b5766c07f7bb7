"""The commands about published transcripts: `import`, `formats`, `reparse`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from flows.commands.options import (
    DateOption,
    JsonFlag,
    ShowOption,
    TitleOption,
    UrlOption,
    as_said,
    find_episode,
    print_json,
    read_settings,
    say,
    settings_to_write,
    show_list,
    spelled,
    well_spelled,
)
from flows.stopping import stoppable, working_on
from transforms.errors import TurntableError
from transforms.text import counted

if TYPE_CHECKING:
    from flows.locations import Location
    from flows.published.explanation import Explanation
    from flows.published.import_texts import Imported
    from flows.published.linking import Hints
    from flows.settings import Settings
    from flows.sources.folders import LeftOut

app = typer.Typer(rich_markup_mode=None)

EpisodeOption = Annotated[str | None, typer.Option(help="The episode that it belongs to, as in `turns`.")]
FormatOption = Annotated[
    str | None, typer.Option("--format", help="A name of `turntable formats`; without it, the content decides.")
]
GrammarOption = Annotated[
    str | None,
    typer.Option("--grammar", help="How it marks speakers, as '**L:** R'; without it, the content decides."),
]
ExplainFlag = Annotated[
    bool, typer.Option("--explain", help="Print how it is read and what becomes of each line, and import nothing.")
]


@app.command("import", epilog="Example: turntable import transcript.vtt pages/ --show 'The Long Groove'")
@stoppable
def import_(
    sources: Annotated[list[str], typer.Argument(help="Texts of transcripts: files, folders or URLs.")],
    show: ShowOption = None,
    title: TitleOption = None,
    date: DateOption = None,
    url: UrlOption = None,
    episode: EpisodeOption = None,
    format_: FormatOption = None,
    grammar: GrammarOption = None,
    explain: ExplainFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Load transcripts that somebody published as text."""
    from flows.published.linking import Hints, checked

    settings = read_settings(with_home=False)
    said = as_said(show, title, date, url)
    hints = checked(
        Hints(**asdict(said), episode=_named(episode, settings), format=format_, grammar=grammar),
        settings.snapshot,
    )
    if explain:
        _explain(spelled(sources), hints, settings, as_json=as_json)
        return
    from flows.display.terminal import showing

    good, bad = well_spelled(sources)
    failed = [{"source": one.public, "error_class": e.error_class, "message": str(e)} for one, e in bad.items()]
    imported: list[Imported] = []
    left_out: list[LeftOut] = []
    with showing() as reporter:
        for one in failed:
            reporter.fail(one["message"])
        if good:
            settings_to_write()
            imported, more, left_out = _import(good, hints, settings)
            failed += more
        for text in imported if not as_json else ():
            reporter.imported(text)
        reporter.left_out(left_out)
        reporter.sum_up(len(imported), "text", "imported", [one["source"] for one in failed])
    if as_json:
        found = {
            "imported": [asdict(one) for one in imported],
            "failed": failed,
            "left_out": [asdict(one) for one in left_out],
        }
        print_json(found)
    if failed:
        raise typer.Exit(1)


def _named(episode: str | None, settings: Settings) -> str | None:
    """Return the id of the episode that the user names; `None` where none is named."""
    from flows.loader import ready_snapshot

    if episode is None:
        return None
    ready_snapshot(settings)
    return find_episode(settings.snapshot, episode)


def _import(
    sources: Sequence[Location], hints: Hints, settings: Settings
) -> tuple[list[Imported], list[dict[str, str]], list[LeftOut]]:
    """Import, and part what came out; the refused ones were told of when they failed."""
    from flows.access import has_server
    from flows.published.import_texts import Imported, RefusedText
    from flows.published.text_files import left_out as other_than_texts

    if has_server():
        from flows.serve.import_flow import import_as_run as import_all
    else:
        from flows.published.import_texts import import_texts as import_all
    with working_on("import", sources[0].public, settings):
        results = import_all(sources, hints, settings)
    refused = [one for one in results if isinstance(one, RefusedText)]
    failed = [
        {"source": one.source, "error_class": one.error_class, "message": one.message}
        for one in refused
        if not one.stray
    ]
    imported = [one for one in results if isinstance(one, Imported)]
    left_out = [other for one in sources for other in other_than_texts(one)] if imported else []
    return imported, failed, [*left_out, *(one.left_out for one in refused if one.stray)]


def _explain(sources: Sequence[Location], hints: Hints, settings: Settings, *, as_json: bool) -> None:
    """Print how each text is read and what becomes of its lines; one that cannot be read stops no other."""
    from flows.display.grammar_view import print_explanation
    from flows.loader import ready_snapshot
    from flows.published.explanation import explain
    from flows.published.text_files import find_texts

    ready_snapshot(settings)

    told: list[Explanation] = []
    texts = [text for source in sources for text in find_texts(source)]
    for text in texts:
        try:
            told.append(explain(text, hints, settings))
        except TurntableError as error:
            say(f"turntable: {error}")
        else:
            if not as_json:
                print_explanation(told[-1], is_first=len(told) == 1)
    if as_json:
        print_json([asdict(one) for one in told])
    if len(told) < len(texts):
        raise typer.Exit(1)


@app.command(epilog="Example: turntable formats --json")
def formats(as_json: JsonFlag = False) -> None:
    """List the formats of text that `import` reads, with an example line each."""
    from transforms.transcripts.formats import FORMATS
    from warehouse.answers.table import Table

    rows = [(known.name, known.about, " ⏎ ".join(known.example.split("\n")[:4])) for known in FORMATS.values()]
    show_list(Table(("format", "about", "example"), rows), lambda table: table, "no formats", as_json=as_json)


@app.command(epilog="Example: turntable reparse")
@stoppable
def reparse() -> None:
    """Read every imported text again with the parsers of today, and link it by what is known today."""
    from flows.access import has_server
    from flows.display.terminal import showing
    from flows.published.import_texts import Imported, reparse_texts

    settings = settings_to_write()
    with showing() as reporter:
        with working_on("reparse", "the kept texts", settings):
            if has_server():
                from flows.serve.import_flow import reparse as reparse_as_run

                results = reparse_as_run()
            else:
                results = reparse_texts(settings)
        failed = [one.source for one in results if not isinstance(one, Imported)]
        reporter.sum_up(len(results) - len(failed), "text", "read again", failed)
    read = [one for one in results if isinstance(one, Imported)]
    flags = Counter(flag for one in read for flag in one.flags).most_common()
    named = f": {', '.join(f'{flag} {count}' for flag, count in flags)}" if flags else ""
    flagged = f"{sum(bool(one.flags) for one in read)} of {len(read)} with a flag{named}"
    typer.echo(f"{counted(sum(one.is_new for one in read), 'text')} came out anew; {flagged}")
    if failed:
        raise typer.Exit(1)
