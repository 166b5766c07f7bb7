"""The commands about feeds and the episodes that wait: `add`, `feeds`, `remove`, `poll`, `status`, `retry`, …."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, cast, get_args

import typer

from flows.commands.options import (
    AudioFirstFlag,
    JsonFlag,
    LanguageOption,
    QualityOption,
    SpeakersOption,
    TextOnlyFlag,
    TranscriptFirstFlag,
    as_bounds,
    as_language,
    as_policy,
    as_quality,
    print_json,
    processor,
    read_settings,
    say,
    settings_to_ask,
    settings_to_write,
    show,
    show_list,
    spelled,
    tell,
)
from flows.stopping import stoppable, working_on
from transforms.errors import ErrorClass
from transforms.text import counted

if TYPE_CHECKING:
    from flows.feeds.manage import Added
    from flows.feeds.pending import PendingEpisode
    from flows.feeds.poll import PollSummary
    from flows.feeds.subscriptions import Backfill
    from flows.settings import Settings
    from transforms.feed.opml import Outline

app = typer.Typer(rich_markup_mode=None)

# A poll alone hears nothing: it says to a server what waits.
_HEARD_BY = "`turntable poll --ingest` hears it now, `turntable serve` after its next poll"
_FILES = frozenset((".opml", ".xml", ".rss", ".txt", ".json"))

Feed = Annotated[str, typer.Argument(help="Its address, a piece of its title, or the beginning of its id.")]
Episode = Annotated[str, typer.Argument(help="Its id, the beginning of it, or a piece of its title.")]
Feeds = Annotated[list[str] | None, typer.Argument(help="Addresses of feeds, OPML files, or names of shows.")]
GpodderOption = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="All that you have on a gpodder server: https://USER@gpodder.net; it asks the password.",
    ),
]
BackfillOption = Annotated[
    str, typer.Option(help="How many episodes that are there already are heard too: a number, all or none.")
]
TagOption = Annotated[list[str] | None, typer.Option(help="A word to find it by; may be given several times.")]
PrivateFlag = Annotated[
    bool | None,
    typer.Option(
        "--private/--public",
        help="Keep no address of it in the warehouse; without either, its address decides.",
    ),
]


@app.command(epilog="Example: turntable add https://example.org/feed.xml --backfill 3 --tag science")
@stoppable
def add(
    sources: Feeds = None,
    gpodder: GpodderOption = None,
    backfill: BackfillOption = "1",
    tag: TagOption = None,
    language: LanguageOption = None,
    speakers: SpeakersOption = None,
    quality: QualityOption = None,
    audio_first: AudioFirstFlag = False,
    transcript_first: TranscriptFirstFlag = False,
    text_only: TextOnlyFlag = False,
    private: PrivateFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """Subscribe to feeds: new episodes come in by themselves from now on."""
    from flows.feeds.manage import add_feeds
    from flows.settings import Options

    if not sources and gpodder is None:
        msg = "give the address of a feed, an OPML file, the name of a show, or --gpodder"
        raise typer.BadParameter(msg)
    policy = as_policy(audio_first=audio_first, transcript_first=transcript_first, text_only=text_only)
    options = Options(
        language=as_language(language), speakers=as_bounds(speakers), policy=policy, quality=as_quality(quality)
    )
    spelled(sources or [])  # before a home is made
    backfilled, settings = _backfill(backfill), settings_to_write()
    feeds = spelled([_feed_named(source, settings) for source in sources or ()])
    listed = _on_gpodder(gpodder, settings) if gpodder else ()
    added = add_feeds(settings, feeds, tuple(tag or ()), options, backfilled, private, listed)
    _tell_added(added, as_json=as_json)
    if any(one.refused for one in added):
        raise typer.Exit(1)


def _tell_added(added: Sequence[Added], *, as_json: bool) -> None:
    """Print what became of each address."""
    if as_json:
        from dataclasses import asdict

        print_json([asdict(one) for one in added])
        return
    for one in added:
        tell(one.line)


def _feed_named(source: str, settings: Settings) -> str:
    """Return the address of the feed where a source is the name of a show: no address and no file."""
    from flows import paths
    from flows.sources.directories import feed_called

    path = paths.absolute(source)
    if ":/" in source or source.startswith((".", "/", "~")) or path.suffix.lower() in _FILES:
        return source
    return source if os.path.lexists(path) else feed_called(source, settings.reach, settings.directory)


def _on_gpodder(url: str, settings: Settings) -> Sequence[Outline]:
    """List what is subscribed on a server; a password that the address does not have is asked for."""
    from urllib.parse import quote, urlsplit

    from flows.http.addresses import check_spelling
    from flows.sources.gpodder import subscribed

    check_spelling(url)
    parts = urlsplit(url)
    if parts.username and parts.password is None:
        password = typer.prompt(f"Password of {parts.username}", hide_input=True, err=True)
        user, _, host = parts.netloc.rpartition("@")
        url = parts._replace(netloc=f"{user}:{quote(password, safe='')}@{host}").geturl()
    return subscribed(url, settings.reach)


@app.command(epilog="Example: turntable feeds --json; turntable feeds --opml > feeds.opml")
def feeds(
    tag: Annotated[str | None, typer.Option(help="Only those with this tag.")] = None,
    opml: Annotated[
        bool, typer.Option("--opml", help="Print OPML for another program: the addresses as they are.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """List the subscriptions: how they are, when they were asked, what came."""
    from flows.display import lists
    from flows.feeds import manage
    from warehouse.answers.table import Table

    settings = read_settings()
    if opml:
        typer.echo(manage.as_opml(settings, tag), nl=False)
        return
    table, now = Table(manage.COLUMNS, manage.listed(settings, tag)), datetime.now(UTC)
    none = "no subscriptions yet: `turntable add URL`" if tag is None else f"no subscription has the tag {tag}"
    show_list(table, lambda listed: lists.feeds(listed, now), none, as_json=as_json)


@app.command(epilog="Example: turntable remove https://example.org/feed.xml")
def remove(
    feed: Annotated[str, typer.Argument(help="A feed, or an episode that waits, as it is listed.")],
) -> None:
    """End a subscription, or let an episode wait no more; what was heard stays."""
    from flows.feeds.manage import remove as forget

    tell(forget(settings_to_write(), feed))


@app.command(epilog="Example: turntable poll --ingest")
@stoppable
def poll(
    feeds: Annotated[list[str] | None, typer.Argument(help="Only these, due or not.")] = None,
    ingest: Annotated[
        bool, typer.Option("--ingest", help="Then hear, in this process, what waits: for cron, without a server.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Look for new episodes in the subscribed feeds now."""
    settings = settings_to_write()
    from flows.display.terminal import showing
    from flows.upkeep.room import free_daily

    with showing(), working_on("poll", "the feeds", settings):
        summary = _poll(settings, feeds)
    heard: list[dict[str, Any]] = _hear(settings) if ingest else []
    if freed := free_daily(settings):
        say(f"turntable: {freed}")
    if as_json:
        from dataclasses import asdict

        print_json({**asdict(summary), "ingested": heard} if ingest else asdict(summary))
    else:
        _tell(summary)
    if any(one["error_class"] for one in heard) or summary.problem:
        raise typer.Exit(1)


def _poll(settings: Settings, feeds: list[str] | None) -> PollSummary:
    """Poll as a run where there is a server to show it, else here."""
    from flows.access import has_server

    if has_server():
        from flows.feeds.subscriptions import Subscriptions
        from flows.serve.entrypoints import poll_feeds

        # by their ids: a run's parameters can be read by all who see the server
        known = Subscriptions(settings.home)
        return poll_feeds(feeds and [known.find(name).feed_id for name in feeds])
    from flows.feeds.poll import poll as look

    return look(settings, feeds)


def _hear(settings: Settings) -> list[dict[str, Any]]:
    """Ingest what waits and may be tried now, one after the other."""
    from flows.display.terminal import showing
    from flows.episode.batch import ingest_pending
    from transforms.errors import error_class, one_line

    told: list[dict[str, Any]] = []
    with showing() as reporter:
        for pending, outcome in ingest_pending(settings, processor()):
            row: dict[str, Any] = {"episode_id": pending.episode.episode_id, "title": pending.public_episode.title}
            row |= dict.fromkeys(("turns", "error_class", "message"))
            if isinstance(outcome, Exception):
                reporter.fail(one_line(outcome))
                row |= {"error_class": error_class(outcome), "message": one_line(outcome)}
            elif outcome is not None:
                reporter.done(outcome)
                row |= {"turns": outcome.turns}
            told.append(row)
        failed = [row["title"] or row["episode_id"] for row in told if row["error_class"]]
        reporter.sum_up(len(told) - len(failed), "episode", "ingested", failed)
    return told


def _tell(summary: PollSummary) -> None:
    for feed in summary.feeds:
        if feed.message:
            say(f"turntable: {feed.name}: {feed.message}")
        elif feed.waiting:
            tell(f"{feed.name}: {feed.waiting} of {counted(feed.found, 'new episode')} to be heard")
    if summary.problem:
        say(f"turntable: {summary.problem}")
    waiting = sum(feed.waiting for feed in summary.feeds)
    typer.echo(
        f"{counted(len(summary.feeds), 'feed')} in {summary.seconds:.1f} s: "
        f"{counted(waiting, 'episode')} to hear, "
        f"{counted(summary.count('unchanged'), 'feed')} unchanged, "
        f"{sum(bool(feed.message) for feed in summary.feeds)} not read"
    )


@app.command(epilog="Example: turntable status --json; turntable status --room")
def status(
    room: Annotated[
        bool, typer.Option("--room", help="List instead what the home holds, in files and bytes.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """List the episodes that wait, run, failed or are in quarantine, and why; and say what the home holds."""
    from flows.commands.keeping import holds
    from flows.display import lists
    from flows.feeds.manage import STATUS, standing
    from flows.upkeep.room import holdings
    from warehouse.answers.table import Table

    settings = settings_to_ask()
    if room:
        rows = [(one.what, one.files, one.bytes) for one in holdings(settings.home)]
        show(Table(("what", "files", "bytes"), rows), as_json=as_json)
        return
    show_list(Table(STATUS, standing(settings)), lists.pending, "no episode waits", as_json=as_json)
    if not as_json:
        from flows.display.table_layout import wrap

        for number, line in enumerate(wrap(f"turntable: {holds(settings)}", 76)):
            say(f"    {line}" if number else line)


@app.command(epilog="Example: turntable retry --class transient")
def retry(
    episode: Annotated[str | None, typer.Argument(help="As `turntable status` lists it.")] = None,
    kind: Annotated[
        str | None, typer.Option("--class", help=f"All that failed so: {', '.join(get_args(ErrorClass))}.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that failed.")] = False,
) -> None:
    """Try episodes again that failed: their failures are forgotten."""
    from flows.feeds.manage import retry as again

    if (episode is not None) + (kind is not None) + everything != 1:
        msg = "give an episode, --class or --all"
        raise typer.BadParameter(msg)
    if kind is not None and kind not in get_args(ErrorClass):
        raise typer.BadParameter(f"{kind!r}: take one of {', '.join(get_args(ErrorClass))}", param_hint="--class")  # noqa: EM102
    for one in again(settings_to_write(), episode, cast("ErrorClass | None", kind)):
        tell(f"{_named(one)}: it waits again; {_HEARD_BY}")


@app.command(epilog="Example: turntable quarantine 1f3a --reason 'music only'")
def quarantine(
    episode: Annotated[
        str | None, typer.Argument(help="An episode that waits; without one, they are listed.")
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Why, for those who read the list.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Let an episode not be tried again until somebody says so; or list those that are not."""
    from flows.display import lists
    from flows.feeds.manage import STATUS, standing
    from flows.feeds.manage import quarantine as set_aside
    from warehouse.answers.table import Table

    settings = read_settings() if episode is None else settings_to_write()
    if episode is None:
        rows = [row for row in standing(settings) if row[0] == "quarantined"]
        show_list(Table(STATUS, rows), lists.pending, "no episode is in quarantine", as_json=as_json)
        return
    one = set_aside(settings, episode, reason)
    tell(f"{_named(one)}: it is not tried again; `turntable retry {one.episode.episode_id[:8]}` ends that")


def _named(pending: PendingEpisode) -> str:
    return pending.name


def _backfill(text: str) -> Backfill:
    """Read `--backfill`.

    >>> _backfill("3"), _backfill("all"), _backfill("none")
    (3, 'all', 0)
    """
    if text in ("all", "none"):
        return "all" if text == "all" else 0
    if not (text.isascii() and text.isdecimal()):
        raise typer.BadParameter(f"{text!r}: give a number, all or none", param_hint="--backfill")  # noqa: EM102
    return int(text)
