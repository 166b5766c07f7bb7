"""The commands about published transcripts: `import`, `formats`, `reparse`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from flows import folder
from flows.commands.shared import JsonFlag, print_json, read_settings, settings_to_write, show
from flows.stopping import stoppable, working_on
from transforms.errors import TurntableError

if TYPE_CHECKING:
    from flows.import_text import Result
    from flows.linking import Hints
    from flows.settings import Settings
    from flows.terminal import Terminal

app = typer.Typer(rich_markup_mode=None)


@app.command("import", epilog="Example: turntable import transcript.vtt pages/ --show 'The Long Groove'")
@stoppable
def import_(
    sources: Annotated[list[str], typer.Argument(help="Texts of transcripts: files, folders or URLs.")],
    show: Annotated[str | None, typer.Option(help="Name of the show.")] = None,
    title: Annotated[str | None, typer.Option(help="Title of the episode.")] = None,
    url: Annotated[str | None, typer.Option(help="Page of the episode.")] = None,
    episode: Annotated[str | None, typer.Option(help="The episode that it belongs to, as in `turns`.")] = None,
    format_: Annotated[
        str | None,
        typer.Option("--format", help="A name of `turntable formats`; without it, the content decides."),
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Print what becomes of each line; nothing is imported.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Load transcripts that somebody published as text."""
    from pydantic import SecretStr

    from flows.linking import Hints

    settings = read_settings() if explain else settings_to_write()
    hints = Hints(show, title, url, episode, format_)
    sources = [folder.located(source) for source in sources]
    if explain:
        _explain(sources, hints, settings, as_json=as_json)
        return
    from flows.import_text import import_transcript
    from flows.locations import public_source
    from flows.terminal import showing

    with showing() as reporter:
        # what a subscriber's URL holds behind its path stays out of Prefect's database
        shown: list[str | SecretStr] = [
            source if source == public_source(source) else SecretStr(source) for source in sources
        ]
        with working_on("import", public_source(sources[0])):
            results = import_transcript(shown, hints)
        _tell(results, reporter, as_json=as_json)


def _explain(sources: Sequence[str], hints: Hints, settings: Settings, *, as_json: bool) -> None:
    """Print what becomes of each line of each text."""
    from flows.locations import public_source
    from flows.published import explained
    from flows.sources.texts import find_texts
    from warehouse.table import Table

    for location in [text for source in sources for text in find_texts(source)]:
        try:
            rows = explained(location, hints, settings)
        except TurntableError as error:
            msg = f"{public_source(location)}: {error}"
            raise type(error)(msg) from error
        show(Table(("line", "became", "of", "text"), rows), as_json=as_json)


def _tell(results: Sequence[Result], reporter: Terminal, *, as_json: bool) -> None:
    """Say what became of each text; the refused ones were told of when they failed."""
    from dataclasses import asdict

    from flows.import_text import Imported

    imported = [one for one in results if isinstance(one, Imported)]
    failed = [one for one in results if not isinstance(one, Imported)]
    if as_json:
        found = {"imported": [asdict(one) for one in imported], "failed": [asdict(one) for one in failed]}
        print_json(found)
    else:
        for one in imported:
            reporter.imported(one)
    if failed:
        raise typer.Exit(1)


@app.command(epilog="Example: turntable formats --json")
def formats(as_json: JsonFlag = False) -> None:
    """List the formats of text that `import` reads, with an example line each."""
    from transforms.transcripts import FORMATS
    from warehouse.table import Table

    rows = [(known.name, known.about, " ⏎ ".join(known.example.split("\n")[:4])) for known in FORMATS.values()]
    show(Table(("format", "about", "example"), rows), as_json=as_json)


@app.command(epilog="Example: turntable reparse")
@stoppable
def reparse() -> None:
    """Read every imported text again with the parsers of today, and link it by what is known today."""
    from flows.import_text import Imported
    from flows.import_text import reparse as again
    from flows.terminal import showing

    settings_to_write()
    with showing(), working_on("reparse", "the kept texts"):
        results = again()
    typer.echo(f"{sum(isinstance(one, Imported) and one.is_new for one in results)} texts came out anew")
    if any(not isinstance(one, Imported) for one in results):
        raise typer.Exit(1)
