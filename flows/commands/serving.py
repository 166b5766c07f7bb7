"""The commands about what runs by itself and who is told: `serve`, `request`, `notify`, `mcp`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows import paths
from flows.commands.options import (
    LanguageOption,
    as_language,
    print_json,
    read_settings,
    say,
    settings_to_ask,
    settings_to_write,
    tell,
)
from transforms.errors import SourceError

if TYPE_CHECKING:
    from flows.serve.notifying import Receiver

app = typer.Typer(rich_markup_mode=None)

TOLD = ("loaded", "failed", "quarantined", "gone")
TOLD_AT_FIRST = ("loaded", "failed", "gone")
NOBODY = "turntable: nobody is told yet: give an address, as turntable notify ntfy://TOPIC"
MOST_ADDRESS = 10_000  # characters


@app.command(epilog="Example: turntable serve --every 30 --watch ~/recordings")
def serve(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the Prefect server and its UI.")] = 4200,
    every: Annotated[float, typer.Option(min=0.05, help="Minutes from one poll of the feeds to the next.")] = 15,
    watch: Annotated[
        list[Path] | None, typer.Option(help="A folder whose new audio and transcripts are taken in.")
    ] = None,
    ui: Annotated[bool, typer.Option("--ui/--no-ui", help="Serve Prefect's pages.")] = True,
    podping: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Listen to podpings, too: a node of Hive, as https://api.hive.blog. [off, or TURNTABLE_PODPING]",
        ),
    ] = None,
) -> None:
    """Poll feeds, hear what is new, and wait for your requests, until Ctrl-C."""
    from flows.serve.one_machine import Served, check_served
    from flows.serve.one_machine import serve as run

    node = podping or read_settings(with_home=False).podping
    served = Served(port, every, tuple(paths.absolute(one) for one in watch or ()), ui, node)
    check_served(served)
    run(served, settings_to_write())


@app.command(epilog="Example: turntable request https://example.org/feed.xml --latest 3")
def request(
    url: Annotated[str, typer.Argument(help="Of audio, a feed, a page; or a file in a folder that is watched.")],
    latest: Annotated[int, typer.Option(min=1, help="How many episodes of a feed, newest first.")] = 1,
    language: LanguageOption = None,
    speakers: Annotated[int | None, typer.Option(min=1, help="How many people speak.")] = None,
) -> None:
    """Ask the server that serves this home to hear something, and do not wait for it."""
    from flows.access import find_server
    from flows.locations import located

    language = as_language(language)
    settings = read_settings()
    if not find_server(settings.home):
        msg = (
            f"nobody serves {settings.home}: start `turntable serve`, or set PREFECT_API_URL to a server elsewhere"
        )
        raise SourceError(msg)
    from flows.serve.request_command import request as ask

    asked = {"latest": latest, "language": language, "speakers": speakers}
    typer.echo(f"asked for {url}: run {ask(settings.home, located(url), asked)}")


@app.command(epilog="Example: turntable notify ntfy://ntfy.sh/my-topic --on failed,gone")
def notify(
    url: Annotated[
        str | None,
        typer.Argument(
            metavar="[URL]",
            help="Who is told, as Apprise writes it (https://appriseit.com/services/): ntfy://TOPIC, "
            "mailtos://USER:PASSWORD@HOST, a webhook of Slack or Discord …; - reads it from the input.",
        ),
    ] = None,
    on: Annotated[
        str | None, typer.Option(help=f"Of what: {', '.join(TOLD)} (of feeds). [{','.join(TOLD_AT_FIRST)}]")
    ] = None,
    test: Annotated[bool, typer.Option("--test", help="Send a message now, to all who are told.")] = False,
    list_: Annotated[bool, typer.Option("--list", help="List who is told, and of what.")] = False,
    remove: Annotated[str | None, typer.Option(help="Tell one no more, as --list names it.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the list as JSON.")] = False,
) -> None:
    """Send a message when episodes are loaded or fail, or a feed is gone; the server sends it, by Apprise."""
    if (url is not None) + test + list_ + (remove is not None) != 1 and not (url is not None and test):
        msg = "give an address, --test, --list or --remove"
        raise typer.BadParameter(msg)
    told = _kinds(on)
    home = _home_with_server()
    from flows.serve import notifying

    if remove is not None:
        tell(f"{notifying.remove(home, remove).name}: told no more, and its address is forgotten")
    elif list_:
        _list(notifying.receivers(home), as_json=as_json)
    elif url is not None:
        for address in _addresses(url):
            added = notifying.add(home, address, told)
            tell(f"{added.name}: told of {', '.join(added.told)}")
    if test:
        _test(home)


def _test(home: Path) -> None:
    from flows.serve import notifying

    failed = count = 0
    for receiver, wrong in notifying.test(home):
        count += 1
        failed += wrong is not None
        tell(f"{receiver.name}: {wrong or 'a message is on its way'}")
    if not count:
        say(NOBODY)
    if failed or not count:
        raise typer.Exit(1)


def _list(receivers: list[Receiver], *, as_json: bool) -> None:
    if as_json:
        print_json([{"key": one.key, "service": one.service, "told_of": one.told} for one in receivers])
        return
    for receiver in receivers:
        tell(f"{receiver.name}: {', '.join(receiver.told)}")
    if not receivers:
        say(NOBODY)


def _kinds(text: str | None) -> tuple[str, ...]:
    """Read `--on`.

    >>> _kinds("failed, gone"), _kinds(None)
    (('failed', 'gone'), ('loaded', 'failed', 'gone'))
    """
    if text is None:
        return TOLD_AT_FIRST
    names = tuple(name.strip() for name in text.split(","))
    if not set(names) <= set(TOLD):
        raise typer.BadParameter(f"{text!r}: take some of {', '.join(TOLD)}", param_hint="--on")  # noqa: EM102
    return names


def _addresses(url: str) -> list[str]:
    """Return the address that is given; of `-` the one that is typed, or those of the lines that are piped in."""
    if url != "-":
        return [url.strip()]
    if sys.stdin.isatty():
        return [sys.stdin.readline(MOST_ADDRESS).strip()]
    return [line.strip() for line in sys.stdin.read(MOST_ADDRESS).splitlines() if line.strip()] or [""]


def _home_with_server() -> Path:
    """Return the home whose server sends the messages.

    Raises:
        SourceError: it has none.
    """
    from flows.access import find_server

    home = read_settings().home
    if not find_server(home):
        msg = "there is no server that could send messages: start `turntable serve`, or set PREFECT_API_URL"
        raise SourceError(msg)
    return home


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
