"""The `turntable` command: parse, call, print.

Everything heavy is imported inside the command that needs it, so that `turntable --help` answers at once.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast, get_args

import typer

from flows import cli_bench, cli_feeds
from flows.cli_shared import JsonFlag, LanguageOption, QualityOption, SpeakersOption, as_quality
from flows.cli_shared import as_bounds as _bounds
from flows.cli_shared import read_settings as _settings
from flows.cli_shared import say as _say
from flows.cli_shared import show as _show
from transforms.errors import SourceError, TurntableError
from transforms.records import Channels
from transforms.speech.device import share_freed_memory

if TYPE_CHECKING:
    from flows.import_text import Result
    from flows.ingest import Outcome
    from flows.linking import Hints
    from flows.options import Options, Policy
    from flows.settings import Settings
    from flows.terminal import Terminal

app = typer.Typer(
    name="turntable",
    help="Turn podcast episodes into speaker turns that you query with SQL.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog='Example: turntable demo; turntable sql "select speaker, text from best_turns limit 5"',
)
models_app = typer.Typer(
    help="What weights there are, where from, and under which licence.", rich_markup_mode=None
)
app.add_typer(models_app, name="models", invoke_without_command=True)
app.add_typer(cli_feeds.app)
app.add_typer(cli_bench.app)

DEMO_FEED = Path(__file__).parent / "demo" / "feed.xml"
Episode = Annotated[str, typer.Argument(help="Its id, the beginning of it, a piece of its title, or 'latest'.")]


@app.callback()
def _main(
    home: Annotated[
        Path | None, typer.Option(help="Where everything is kept. [TURNTABLE_HOME, else your data folder]")
    ] = None,
    debug: Annotated[bool, typer.Option(help="Show the whole traceback of an error, and Prefect's log.")] = False,
) -> None:
    if home is not None:
        os.environ["TURNTABLE_HOME"] = str(home.expanduser().resolve())
    if not debug:
        # Prefect's log would draw over the progress; the run's page has it all the same.
        os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")


ModelOption = Annotated[str, typer.Option("--model", help="A name of `turntable models`, or a local folder.")]
DeviceOption = Annotated[str, typer.Option("--device", help="auto, cuda or cpu.")]
DiarizeOption = Annotated[bool, typer.Option("--diarize/--no-diarize", help="Find out who speaks.")]
DiarizationOption = Annotated[
    str, typer.Option("--diarization-model", help="embedded, community-1 (wants a token), or a local folder.")
]
ChannelsOption = Annotated[
    str, typer.Option("--channels", help="split: each of two channels has one person; mix: as usual.")
]


@app.command(epilog="Example: turntable demo")
def demo() -> None:
    """Ingest the bundled episode and show what comes out."""
    from flows.terminal import print_table, print_turns
    from warehouse import query

    settings = _settings()
    outcomes = _ingest([str(DEMO_FEED)], 1, _options(policy="audio-only"), settings)
    if not outcomes:
        raise typer.Exit(1)
    episode_id = outcomes[0].episode_id
    print_turns(query.turns(settings.snapshot, episode_id))
    print_table(query.talk_time(settings.snapshot, episode_id))
    typer.echo(
        # the SQL is for the reader to try, nothing runs it here
        f"""
Next:
  {_command()} sql "select speaker, count(*) as turns, sum(word_count) as words from best_turns group by all"
  {_command()} export latest --format vtt
  {_command()} ingest YOUR_EPISODE.mp3        (or a folder, or the URL of audio, a feed, an episode's page)"""  # noqa: S608
    )


@app.command(epilog="Example: turntable ingest interview.mp3 https://example.org/feed.xml --latest 3")
def ingest(
    sources: Annotated[
        list[str], typer.Argument(help="Audio files, folders, or URLs of audio, feeds, episode pages, videos.")
    ],
    latest: Annotated[int, typer.Option(min=1, help="How many episodes of a feed or channel, newest first.")] = 1,
    model: ModelOption = "auto",
    language: LanguageOption = None,
    speakers: SpeakersOption = None,
    device: DeviceOption = "auto",
    quality: QualityOption = None,
    diarize: DiarizeOption = True,
    diarization_model: DiarizationOption = "auto",
    channels: ChannelsOption = "mix",
    audio_first: Annotated[
        bool, typer.Option("--audio-first", help="The publisher's transcript and the audio. [default]")
    ] = False,
    transcript_first: Annotated[
        bool,
        typer.Option("--transcript-first", help="No audio where the publisher's transcript has names and times."),
    ] = False,
    text_only: Annotated[
        bool, typer.Option("--text-only", help="Only the publisher's transcript, never the audio.")
    ] = False,
    audio_only: Annotated[
        bool, typer.Option("--audio-only", help="Only the audio, whatever the publisher offers.")
    ] = False,
    auto_captions: Annotated[
        bool, typer.Option("--auto-captions", help="Take captions that a machine heard, too.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Transcribe, diarize and load episodes."""
    from dataclasses import asdict

    policy = _policy(
        audio_first=audio_first, transcript_first=transcript_first, text_only=text_only, audio_only=audio_only
    )
    options = _options(
        model,
        language,
        speakers,
        device,
        quality=quality,
        diarize=diarize,
        diarization_model=diarization_model,
        channels=channels,
        policy=policy,
        auto_captions=auto_captions,
    )
    failed: list[dict[str, str]] = []
    outcomes = _ingest(sources, latest, options, _settings(), failed)
    if as_json:
        typer.echo(json.dumps({"episodes": [asdict(outcome) for outcome in outcomes], "failed": failed}))
    if failed:
        raise typer.Exit(1)


@app.command("import", epilog="Example: turntable import transcript.vtt pages/ --show 'The Long Groove'")
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

    settings, hints = _settings(), Hints(show, title, url, episode, format_)
    if explain:
        _explain(sources, hints, settings, as_json=as_json)
        return
    from flows.batch import interruptible
    from flows.import_text import import_transcript
    from flows.stages import public_source
    from flows.terminal import showing

    with showing() as reporter:
        # what a subscriber's URL holds behind its path stays out of Prefect's database
        shown: list[str | SecretStr] = [
            source if source == public_source(source) else SecretStr(source) for source in sources
        ]
        with interruptible("import", public_source(sources[0]), None, settings):
            results = import_transcript(shown, hints)
        _tell(results, reporter, as_json=as_json)


def _explain(sources: Sequence[str], hints: Hints, settings: Settings, *, as_json: bool) -> None:
    """Print what becomes of each line of each text."""
    from flows.published import explained
    from flows.sources.texts import find_texts
    from flows.stages import public_source
    from warehouse.query import Table

    for location in [text for source in sources for text in find_texts(source)]:
        try:
            rows = explained(location, hints, settings)
        except TurntableError as error:
            msg = f"{public_source(location)}: {error}"
            raise type(error)(msg) from error
        _show(Table(("line", "became", "of", "text"), rows), as_json=as_json)


def _tell(results: Sequence[Result], reporter: Terminal, *, as_json: bool) -> None:
    """Say what became of each text; the refused ones were told of when they failed."""
    from dataclasses import asdict

    from flows.import_text import Imported

    imported = [one for one in results if isinstance(one, Imported)]
    failed = [one for one in results if not isinstance(one, Imported)]
    if as_json:
        found = {"imported": [asdict(one) for one in imported], "failed": [asdict(one) for one in failed]}
        typer.echo(json.dumps(found, ensure_ascii=False))
    else:
        for one in imported:
            reporter.imported(one)
    if failed:
        raise typer.Exit(1)


@app.command(epilog="Example: turntable formats --json")
def formats(as_json: JsonFlag = False) -> None:
    """List the formats of text that `import` reads, with an example line each."""
    from transforms.transcripts import FORMATS
    from warehouse.query import Table

    rows = [(known.name, known.about, " ⏎ ".join(known.example.split("\n")[:4])) for known in FORMATS.values()]
    _show(Table(("format", "about", "example"), rows), as_json=as_json)


@app.command(epilog="Example: turntable reparse")
def reparse() -> None:
    """Read every imported text again with the parsers of today, and link it by what is known today."""
    from flows.import_text import Imported
    from flows.import_text import reparse as again
    from flows.terminal import showing

    _settings()
    with showing():
        results = again()
    typer.echo(f"{sum(isinstance(one, Imported) and one.is_new for one in results)} texts came out anew")
    if any(not isinstance(one, Imported) for one in results):
        raise typer.Exit(1)


@app.command(epilog='Example: turntable sql "from talk_time" --csv > talk_time.csv')
def sql(
    query: Annotated[str, typer.Argument(help="One SELECT; `show tables` lists what there is.")],
    as_json: JsonFlag = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
) -> None:
    """Ask the warehouse in SQL; nothing can be changed by it."""
    from warehouse.query import run_sql

    _show(run_sql(_settings().snapshot, query), as_json=as_json, as_csv=as_csv)


@app.command(epilog="Example: turntable episodes --json")
def episodes(as_json: JsonFlag = False) -> None:
    """List the episodes, newest first."""
    from warehouse import query

    _show(query.episodes(_settings().snapshot), as_json=as_json)


@app.command(epilog="Example: turntable turns latest")
def turns(episode: Episode, as_json: JsonFlag = False) -> None:
    """Print who said what, when, in one episode."""
    from warehouse import query

    snapshot = _settings().snapshot
    table = query.turns(snapshot, query.find_episode(snapshot, episode))
    if as_json:
        _show(table, as_json=True)
    else:
        from flows.terminal import print_turns

        print_turns(table)


@app.command(epilog="Example: turntable export latest --format vtt > episode.vtt")
def export(
    episode: Episode,
    format_: Annotated[str, typer.Option("--format", help="seglst, rttm, stm, vtt, srt or json.")],
) -> None:
    """Write an episode's best transcript in another format."""
    from warehouse import query
    from warehouse.export import export as write

    snapshot = _settings().snapshot
    typer.echo(write(snapshot, query.find_episode(snapshot, episode), format_), nl=False)


@models_app.callback(epilog="Example: turntable models fetch base")
def models(context: typer.Context, as_json: JsonFlag = False) -> None:
    """List the weights: what is there, where it comes from, its hash and licence."""
    if context.invoked_subcommand is not None:
        return
    from flows.sources.weights import is_there
    from transforms.speech.models import MODELS
    from warehouse.query import Table

    folder = _settings().models
    rows: list[tuple[Any, ...]] = []
    for model in MODELS.values():
        there = "yes" if is_there(model, folder) else "no"
        origin = model.repository or ", ".join(
            sorted({package for file in model.files for package, _ in file.members})
        )
        identity = (
            f"sha256 {model.files[0].sha256[:16]}" if model.files else f"revision {str(model.revision)[:16]}"
        )
        rows.append((model.name, model.use, there, model.origin, origin, identity, model.licence, model.about))
    _show(Table(("name", "use", "there", "origin", "from", "pinned", "licence", "about"), rows), as_json=as_json)


@models_app.command("fetch", epilog="Example: turntable models fetch")
def fetch_models(
    names: Annotated[
        list[str] | None, typer.Argument(help="Names; without any, all that need no account.")
    ] = None,
) -> None:
    """Fetch weights and check them against their hashes."""
    from flows.engines import hub_token
    from flows.sources.weights import get_weights
    from transforms.speech.models import EMBEDDED, MODELS

    settings = _settings()
    unknown = [name for name in names or () if name not in MODELS]
    if unknown:
        msg = f"no model is called {unknown[0]!r}: take one of {', '.join(MODELS)}"
        raise SourceError(msg)
    for model in [MODELS[name] for name in names] if names else EMBEDDED:
        path = get_weights(model, settings.models, token=hub_token(settings), say=_say)
        typer.echo(f"{model.name}: {path}")


@app.command(epilog="Example: turntable doctor --json")
def doctor(as_json: JsonFlag = False) -> None:
    """Look at device, libraries, weights and disk, and say what to do."""
    from flows.doctor import examine
    from warehouse.query import Table

    checks = examine(_settings())
    _show(Table(("check", "state", "found", "do"), [tuple(check) for check in checks]), as_json=as_json)
    if any(check.state == "bad" for check in checks):
        raise typer.Exit(1)


@app.command(epilog="Example: turntable serve --every 30 --watch ~/recordings")
def serve(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the Prefect server and its UI.")] = 4200,
    every: Annotated[float, typer.Option(min=0.05, help="Minutes from one poll of the feeds to the next.")] = 15,
    watch: Annotated[
        list[Path] | None, typer.Option(help="A folder whose new audio and transcripts are taken in.")
    ] = None,
    ui: Annotated[bool, typer.Option("--ui/--no-ui", help="Serve Prefect's pages.")] = True,
) -> None:
    """Poll feeds, hear what is new, and wait for your requests, until Ctrl-C."""
    from flows.serve import Served
    from flows.serve import serve as run

    run(Served(port, every, tuple(watch or ()), ui), _settings())


@app.command(epilog="Example: turntable rebuild")
def rebuild() -> None:
    """Make the warehouse anew from the artifacts."""
    from flows import load

    load.rebuild(_settings())
    typer.echo("the warehouse was made anew from the artifacts")


@app.command(epilog="Example: turntable verify && echo sound")
def verify(as_json: JsonFlag = False) -> None:
    """Check the warehouse and the artifacts against each other; nothing found is exit code 0."""
    from flows import load
    from warehouse.query import Table

    problems = load.verify(_settings())
    if problems or as_json:
        _show(Table(("check", "detail"), [(p.check, p.detail) for p in problems]), as_json=as_json)
    else:
        typer.echo("warehouse and artifacts agree")
    if problems:
        raise typer.Exit(1)


def main() -> None:
    """Run the command; an error that a user can understand is one line and exit code 1."""
    share_freed_memory()
    try:
        app(standalone_mode=True)
    except KeyboardInterrupt:
        _fail("interrupted: run the same command to go on", 130)
    except TurntableError as error:
        _fail(str(error), 1)
    except BrokenPipeError:
        # The reader has what it wanted (`| head`); closing a broken pipe again would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Exception as error:
        from transforms.errors import one_line

        if "--debug" in sys.argv:
            raise
        _fail(f"{one_line(error)} (this may be a bug: `turntable --debug …` shows more)", 1)


def _fail(line: str, code: int) -> None:
    if "--debug" in sys.argv:
        import traceback

        traceback.print_exc()
    print(f"turntable: {line}", file=sys.stderr)
    raise SystemExit(code)


def _options(
    model: str = "auto",
    language: str | None = None,
    speakers: str | None = None,
    device: str = "auto",
    *,
    quality: str | None = None,
    diarize: bool = True,
    diarization_model: str = "auto",
    channels: str = "mix",
    policy: Policy = "audio-first",
    auto_captions: bool = False,
) -> Options:
    from flows.options import Options
    from transforms.speech.device import Request

    if device not in get_args(Request):
        raise typer.BadParameter(f"{device!r}: take auto, cuda or cpu", param_hint="--device")  # noqa: EM102
    if channels not in get_args(Channels):
        raise typer.BadParameter(f"{channels!r}: take mix or split", param_hint="--channels")  # noqa: EM102
    return Options(
        model=model,
        language=language,
        device=cast(Request, device),
        diarize=diarize,
        diarization_model=diarization_model,
        channels=cast(Channels, channels),
        speakers=_bounds(speakers),
        policy=policy,
        auto_captions=auto_captions,
        quality=as_quality(quality),
    )


def _policy(**asked: bool) -> Policy:
    """Name the policy of the one flag that was given.

    >>> _policy(text_only=True, audio_first=False), _policy()
    ('text-only', 'audio-first')
    """
    given = [name.replace("_", "-") for name, is_set in asked.items() if is_set]
    if len(given) > 1:
        flags = " and ".join(f"--{name}" for name in given)
        raise typer.BadParameter(f"{flags} exclude each other: give one")  # noqa: EM102
    return cast("Policy", given[0] if given else "audio-first")


def _ingest(
    sources: Sequence[str],
    latest: int,
    options: Options,
    settings: Settings,
    failed: list[dict[str, str]] | None = None,
) -> list[Outcome]:
    """Ingest all sources, and say of each what became of it."""
    from flows.terminal import showing

    outcomes: list[Outcome] = []
    with showing() as reporter:
        from flows.batch import ingest_locations
        from transforms.errors import error_class, one_line

        for source, outcome in ingest_locations(sources, latest, options, settings):
            if isinstance(outcome, BaseException):
                message = one_line(outcome)
                reporter.fail(message)
                if failed is not None:
                    failed.append({"source": source, "error_class": error_class(outcome), "message": message})
                continue
            reporter.done(outcome)
            outcomes.append(outcome)
    return outcomes


def _command() -> str:
    """Name this command as the user can type it: by its path, if it is not on PATH."""
    import shutil

    own = Path(sys.argv[0]).resolve()
    found = shutil.which("turntable")
    if found and Path(found).resolve() == own:
        return "turntable"
    try:
        return str(own.relative_to(Path.cwd()))
    except ValueError:
        return str(own)
