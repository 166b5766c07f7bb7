"""The stages of one episode as Prefect's tasks: with progress, and with the models where they are kept."""

from __future__ import annotations

from flows import load as loader
from flows import model_server, staged, stages
from flows.artifacts import Artifact, Store
from flows.met import meet_again
from flows.options import Options
from flows.settings import Settings
from flows.sources.found import Found
from flows.stages import Heard
from flows.steps import say, shown, stage_task


@stage_task("fetch")
def fetch(found: Found, settings: Settings) -> Artifact:
    """Bring the audio into the store."""
    meet_again("fetch")
    store, expected = Store(settings.home), stages.promised_seconds(found)
    return shown(
        "fetch", None, lambda advance: (stages.fetch(store, found.location, settings, advance, expected),)
    )[0]


@stage_task("decode")
def decode(fetched: Artifact, name: str, options: Options, settings: Settings) -> tuple[Artifact, ...]:
    """Decode the audio to samples, of each channel where that is asked for."""
    meet_again("decode")
    store = Store(settings.home)
    return shown("decode", None, lambda _: stages.decode_asked(store, fetched, name, options.channels, say))


@stage_task("transcribe")
def transcribe(decoded: tuple[Artifact, ...], options: Options, settings: Settings) -> tuple[Artifact, ...]:
    """Recognise the words, of each channel by itself."""
    seconds = sum(map(stages.seconds_of, decoded))
    return shown(
        "transcribe", seconds, lambda advance: model_server.transcribe(decoded, options, settings, advance, say)
    )


@stage_task("diarize")
def diarize(decoded: Artifact, options: Options, settings: Settings) -> Artifact:
    """Find who spoke when."""
    seconds = stages.seconds_of(decoded)
    (artifact,) = shown(
        "diarize", seconds, lambda advance: model_server.diarize(decoded, options, settings, advance, say)
    )
    return artifact


@stage_task("attribute")
def attribute(transcribed: Artifact, diarized: Artifact, settings: Settings) -> Artifact:
    """Give each word its speaker."""
    return stages.attribute(Store(settings.home), transcribed, diarized)


@stage_task("diarize")
def diarize_channels(transcribed: tuple[Artifact, ...], settings: Settings) -> Artifact:
    """Take the channels as the speakers."""
    return stages.diarize_channels(Store(settings.home), transcribed)


@stage_task("attribute")
def attribute_channels(transcribed: tuple[Artifact, ...], settings: Settings) -> Artifact:
    """Give each word the speaker of its channel."""
    return stages.attribute_channels(Store(settings.home), transcribed)


@stage_task("turns")
def turns(heard: Heard, settings: Settings) -> Artifact:
    """Group the words into turns."""
    return stages.make_turns(Store(settings.home), heard)


@stage_task("stage")
def stage(
    found: Found, source: str, heard: Heard, turned: Artifact, chosen: Artifact | None, settings: Settings
) -> Artifact:
    """Put what the warehouse needs into one file."""
    store, promises = Store(settings.home), found.offers.integrity
    return staged.stage(store, found.podcast, found.episode, source, heard, turned, chosen, promises)


@stage_task("load")
def load(settings: Settings) -> int:
    """Load what the warehouse has not seen; how many documents that were."""
    return len(loader.load(settings))


@stage_task("publish")
def publish(settings: Settings) -> None:
    """Replace the snapshot."""
    loader.publish(settings)
