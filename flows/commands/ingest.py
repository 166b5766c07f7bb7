"""The commands that hear audio: `demo`, `ingest`."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast, get_args

import typer

from flows import paths
from flows.commands.options import (
    AudioFirstFlag,
    DateOption,
    JsonFlag,
    LanguageOption,
    QualityOption,
    ShowOption,
    SpeakersOption,
    TextOnlyFlag,
    TitleOption,
    TranscriptFirstFlag,
    UrlOption,
    as_bounds,
    as_language,
    as_policy,
    as_quality,
    as_said,
    print_json,
    processor,
    read_settings,
    say,
    settings_to_write,
    well_spelled,
)
from flows.stopping import stoppable
from transforms.records import Channels

if TYPE_CHECKING:
    from flows.display.terminal import Terminal
    from flows.episode.batch import Ingested
    from flows.episode.pipeline import Outcome
    from flows.locations import Location
    from flows.published.import_texts import Imported
    from flows.settings import Options, Policy
    from flows.sources.folders import LeftOut

app = typer.Typer(rich_markup_mode=None)

DEMO_FEED = Path(__file__).parents[1] / "demo" / "feed.xml"

Sources = Annotated[
    list[str],
    typer.Argument(help="Audio files, texts, folders, or URLs of audio, feeds, episode pages, videos."),
]
LatestOption = Annotated[int, typer.Option(min=1, help="How many episodes of a feed or channel, newest first.")]
HotwordsOption = Annotated[
    str | None, typer.Option("--hotwords", help="Names that may be said: 'Jan Leike, Idris Vane'.")
]
AudioOnlyFlag = Annotated[
    bool, typer.Option("--audio-only", help="Only the audio, whatever the publisher offers.")
]
AutoCaptionsFlag = Annotated[
    bool, typer.Option("--auto-captions", help="Take captions that a machine heard, too.")
]
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
@stoppable
def demo() -> None:
    """Ingest the bundled episode and show what comes out."""
    from flows.display.terminal import print_table, print_turns
    from warehouse import query

    settings = settings_to_write()
    done = _ingest([str(DEMO_FEED)], 1, _options(policy="audio-only"))
    if not done.episodes:
        raise typer.Exit(1)
    episode_id = done.episodes[0].episode_id
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
@stoppable
def ingest(
    sources: Sources,
    show: ShowOption = None,
    title: TitleOption = None,
    date: DateOption = None,
    url: UrlOption = None,
    latest: LatestOption = 1,
    model: ModelOption = "auto",
    language: LanguageOption = None,
    speakers: SpeakersOption = None,
    device: DeviceOption = "auto",
    quality: QualityOption = None,
    diarize: DiarizeOption = True,
    diarization_model: DiarizationOption = "auto",
    channels: ChannelsOption = "mix",
    hotwords: HotwordsOption = None,
    audio_first: AudioFirstFlag = False,
    transcript_first: TranscriptFirstFlag = False,
    text_only: TextOnlyFlag = False,
    audio_only: AudioOnlyFlag = False,
    auto_captions: AutoCaptionsFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Transcribe, diarize and load episodes, with the texts that lie beside them."""
    from flows.upkeep.room import free_daily

    policy = as_policy(
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
    hints = tuple(filter(None, map(str.strip, (hotwords or "").split(","))))
    done = _ingest(sources, latest, replace(options, hotwords=hints, said=as_said(show, title, date, url)))
    if freed := free_daily(read_settings(with_home=False)):
        say(f"turntable: {freed}")
    if as_json:
        print_json(asdict(done))
    if done.failed:
        raise typer.Exit(1)


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
    from flows.settings import Options
    from transforms.speech.device import Request

    if device not in get_args(Request):
        raise typer.BadParameter(f"{device!r}: take auto, cuda or cpu", param_hint="--device")  # noqa: EM102
    if channels not in get_args(Channels):
        raise typer.BadParameter(f"{channels!r}: take mix or split", param_hint="--channels")  # noqa: EM102
    return Options(
        model=paths.model(model),
        language=as_language(language),
        device=cast(Request, device),
        diarize=diarize,
        diarization_model=paths.model(diarization_model),
        channels=cast(Channels, channels),
        speakers=as_bounds(speakers),
        policy=policy,
        auto_captions=auto_captions,
        quality=as_quality(quality),
    )


@dataclass(frozen=True, slots=True)
class Done:
    """What became of all that a user named."""

    episodes: list[Outcome] = field(default_factory=list)
    imported: list[Imported] = field(default_factory=list)
    failed: list[dict[str, str]] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    @property
    def ids(self) -> set[str]:
        """Name the episodes that have something now."""
        return {one.episode_id for one in self.episodes} | {one.episode_id for one in self.imported}


def _ingest(sources: Sequence[str], latest: int, options: Options) -> Done:
    """Ingest all sources, and say of each what became of it."""
    from flows.display.terminal import showing
    from transforms.speech.models import check_names

    check_names(*options.filled(read_settings(with_home=False)).names)
    good, bad = well_spelled(sources)
    done = Done()
    with showing() as reporter:
        for source, outcome in itertools.chain(bad.items(), _each(good, latest, options)):
            _tell(source, outcome, done, reporter)
        reporter.left_out(done.left_out)
        reporter.sum_up(len(done.ids), "episode", "ingested", [one["source"] for one in done.failed])
    return done


def _tell(source: Location, outcome: Ingested, done: Done, reporter: Terminal) -> None:
    """Say what became of one, and keep it; of a text that was refused that was said already."""
    from flows.published.import_texts import Imported, RefusedText
    from flows.sources.folders import LeftOut
    from transforms.errors import error_class, one_line

    match outcome:
        case Exception():
            message = one_line(outcome)
            reporter.fail(message)
            done.failed.append({"source": source.public, "error_class": error_class(outcome), "message": message})
        case RefusedText():
            done.failed.append(
                {"source": outcome.source, "error_class": outcome.error_class, "message": outcome.message}
            )
        case LeftOut():
            done.left_out.append(outcome)
        case Imported():
            reporter.imported(outcome)
            done.imported.append(outcome)
        case _:
            reporter.done(outcome)
            done.episodes.append(outcome)


def _each(sources: Sequence[Location], latest: int, options: Options) -> Iterator[tuple[Location, Ingested]]:
    """Ingest, where there is anything to ingest."""
    if sources:
        from flows.access import has_server
        from flows.episode.batch import ingest_locations

        if has_server():
            from flows.serve.import_flow import import_as_run as bring
        else:
            from flows.published.import_texts import import_texts as bring
        yield from ingest_locations(sources, latest, options, settings_to_write(), processor(), bring)


def _command() -> str:
    """Name this command as the user can type it: by its path, if it is not on PATH."""
    import shutil

    own = paths.absolute(sys.argv[0]).resolve()
    found = shutil.which("turntable")
    if found and Path(found).resolve() == own:
        return "turntable"
    try:
        return str(own.relative_to(paths.absolute(".")))
    except ValueError:
        return str(own)
