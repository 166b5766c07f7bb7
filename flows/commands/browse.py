"""The commands that make pages: `report`, `ui`."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from flows import paths
from flows.commands.options import find_episode, say, settings_to_ask, tell
from transforms.errors import SourceError

app = typer.Typer(rich_markup_mode=None)


@app.command(epilog="Example: turntable report latest --out pages")
def report(
    what: Annotated[
        str | None,
        typer.Argument(help="An episode as in `turns`, or a show: its id, or its title or a piece of it."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All shows and episodes.")] = False,
    out: Annotated[Path, typer.Option(help="The folder to write to.")] = Path("pages"),
) -> None:
    """Write pages that need nothing else: who spoke when, words to click and hear, search over a show."""
    from flows.pages.library import Library
    from flows.pages.report import write_all, write_episode, write_show

    if (what is None) != everything:
        msg = "give an episode, a show or --all"
        raise typer.BadParameter(msg)
    settings, folder = settings_to_ask(), paths.absolute(out)
    library = Library(settings.snapshot, settings.home)
    if what is None:
        tell(str(write_all(library, folder, say)))
        return
    kind, found = _meant(library.snapshot, what)
    is_episode = kind == "episode"
    tell(str(write_episode(library, found, folder) if is_episode else write_show(library, found, folder, say)))


@app.command(epilog="Example: turntable ui --port 8700")
def ui(
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port to open; 0 is any that is free.")] = 0,
) -> None:
    """Show the pages and a search in a browser of this machine, until it is stopped; they change nothing."""
    import secrets

    from flows.pages.library import Library
    from flows.pages.ui import listen, serve
    from warehouse.snapshot import open_snapshot

    settings = settings_to_ask()
    open_snapshot(settings.snapshot).close()  # else the first page says why there is none
    with listen(port) as at:
        token = secrets.token_urlsafe(32)
        tell(f"http://127.0.0.1:{at.getsockname()[1]}/{token}/")
        say("turntable: this address lets in whoever has it, on this machine; Ctrl-C ends it")
        with suppress(KeyboardInterrupt):
            serve(Library(settings.snapshot, settings.home), at, token)


def _meant(snapshot: Path, text: str) -> tuple[str, str]:
    """Return whether a show or an episode is meant, and its id.

    A show by its whole title comes first, then an episode, then a show by a piece of its title.

    Raises:
        SourceError: neither is, or several are.
    """
    from transforms.text import fold_title
    from warehouse.content.show_content import find_show, shows

    called = [show for show, title in shows(snapshot).items() if title and fold_title(title) == fold_title(text)]
    if len(called) == 1:
        return "show", called[0]
    try:
        return "episode", find_episode(snapshot, text)
    except SourceError as no_episode:
        try:
            return "show", find_show(snapshot, text)
        except SourceError as no_show:
            msg = f"{no_episode}; {no_show}"
            raise SourceError(msg) from None
