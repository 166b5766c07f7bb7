"""What commands there are: what `turntable --help` lists, and where each is found once it is asked for.

Only the module of the command that runs is imported, so that each answers at once. The line beside a name is short
enough for a narrow screen; its own `--help` says more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

import typer.core
import typer.main

if TYPE_CHECKING:
    from typer._click.core import Command, Context
    from typer._click.formatting import HelpFormatter


@dataclass(frozen=True)
class Group:
    """Commands that people use together: by name, the module and what it does; and an example."""

    title: str
    commands: Mapping[str, tuple[str, str]]
    example: str


GROUPS = (
    Group(
        "Bring in",
        {
            "demo": ("ingest", "Hear the bundled episode, show its turns."),
            "ingest": ("ingest", "Transcribe and diarize audio, feeds, pages."),
            "import": ("texts", "Load published transcripts."),
            "formats": ("texts", "List the formats that `import` reads."),
            "reparse": ("texts", "Read kept texts with today's parsers."),
            "name": ("decide", "Say who a voice of an episode is."),
            "pin": ("decide", "Say which transcript is read."),
            "speakers": ("speakers", "Know voices across episodes; off at first."),
        },
        "turntable ingest talk.mp3 https://example.org/feed.xml",
    ),
    Group(
        "Look",
        {
            "episodes": ("ask", "List the episodes."),
            "turns": ("ask", "Print who said what, when."),
            "search": ("ask", "Find what was said."),
            "sql": ("ask", "Ask in SQL."),
            "eval": ("measure", "Compare models on your own episodes."),
            "report": ("browse", "Write pages to read, click and hear."),
            "ui": ("browse", "Open the same pages, with a search."),
            "export": ("exporting", "Write as VTT, Word, CSV, RTTM …"),
        },
        'turntable sql "from best_turns limit 5"',
    ),
    Group(
        "Subscribe",
        {
            "add": ("subscribe", "Subscribe to feeds."),
            "feeds": ("subscribe", "List the subscriptions."),
            "poll": ("subscribe", "Look for new episodes now."),
            "status": ("subscribe", "List what waits, runs or failed, and why."),
            "retry": ("subscribe", "Try again what failed."),
            "quarantine": ("subscribe", "Let an episode not be tried again."),
            "remove": ("subscribe", "Drop a feed, or an episode that waits."),
            "forget": ("keeping", "Erase an episode or a show, all of it."),
        },
        "turntable add https://example.org/feed.xml",
    ),
    Group(
        "Serve",
        {
            "serve": ("serving", "Poll, hear what is new, take requests."),
            "request": ("serving", "Ask the server of this home for something."),
            "notify": ("serving", "Send messages of what became of things."),
            "mcp": ("serving", "Let an assistant ask (MCP)."),
        },
        "turntable serve --every 30 --watch ~/recordings",
    ),
    Group(
        "Look after it",
        {
            "doctor": ("machine", "Look at this machine, say what to do."),
            "models": ("machine", "List weights, and fetch them."),
            "verify": ("machine", "Find what is damaged or missing."),
            "rebuild": ("machine", "Make the warehouse anew."),
            "gc": ("keeping", "Free audio and samples of what is done."),
            "backup": ("keeping", "Write all that counts into one file."),
            "restore": ("keeping", "Fill an empty home from a backup."),
            "bench": ("measure", "Measure errors and speed on your episodes."),
        },
        "turntable models fetch",
    ),
)


class Contents(typer.core.TyperGroup):
    """The commands of `turntable`, in groups."""

    def __init__(self, **rest: Any) -> None:
        super().__init__(**rest)
        self.commands = cast("MutableMapping[str, Command]", _Commands())  # nobody adds to it

    def list_commands(self, ctx: Context) -> list[str]:  # noqa: ARG002
        """List the names, in the order in which they are shown."""
        return list(self.commands)

    def format_commands(self, ctx: Context, formatter: HelpFormatter) -> None:  # noqa: ARG002
        """Write the groups, each with its example; nothing is imported for that."""
        widest = max(map(len, self.commands))
        for group in GROUPS:
            with formatter.section(group.title):
                formatter.write_dl([(f"{name:<{widest}}", about) for name, (_, about) in group.commands.items()])
                formatter.write_text(f"$ {group.example}")


class _Commands(Mapping[str, "Command"]):
    """The commands by name; each is imported when it is taken."""

    modules = {name: module for group in GROUPS for name, (module, _) in group.commands.items()}  # noqa: RUF012

    def __getitem__(self, name: str) -> Command:
        app = import_module(f"flows.commands.{self.modules[name]}").app
        group = typer.main.get_group(app)
        return group if group.name == name else group.commands[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.modules)

    def __len__(self) -> int:
        return len(self.modules)
