"""The commands that make pages: `report`, `ui`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows import paths
from flows.commands.options import find_episode, settings_to_ask, tell

app = typer.Typer(rich_markup_mode=None)


@app.command(epilog="Example: turntable report latest --out pages")
def report(
    episode: Annotated[
        str, typer.Argument(help="Its title or a piece of it, its id or the beginning of it, or 'latest'.")
    ],
    out: Annotated[Path, typer.Option(help="The folder to write to.")] = Path("pages"),
) -> None:
    """Write a page of an episode that needs nothing else: who spoke when, and words to click and hear."""
    from flows.pages.report import write_episode

    snapshot = settings_to_ask().snapshot
    tell(str(write_episode(snapshot, find_episode(snapshot, episode), paths.absolute(out))))
