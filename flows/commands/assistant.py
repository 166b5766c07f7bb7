"""The command `mcp`: tools for assistants."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from flows.commands.options import say, settings_to_ask

app = typer.Typer(rich_markup_mode=None)


@app.command(
    epilog="Example: turntable mcp --timeout 60; an assistant runs it: claude mcp add turntable -- turntable mcp"
)
def mcp(
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds until a question is stopped.")] = 30,
) -> None:
    """Answer an assistant (MCP) on standard input and output: five tools that only read."""
    from flows.assistant import serve

    snapshot = settings_to_ask().snapshot
    if sys.stdin.isatty():
        say(
            "turntable: an assistant starts this command and talks to it here (docs/assistants.md); Ctrl-C ends it"
        )
    serve(snapshot, seconds=timeout)
