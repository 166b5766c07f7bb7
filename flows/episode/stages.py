"""The stages of one episode as plain functions: artifacts in, an artifact out. No Prefect, no order."""

from __future__ import annotations

import hashlib
import shutil
import uuid
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from flows.allowed_files import check
from flows.artifacts import Artifact, Made, Store, bytes_of, stage_key
from flows.home import clock
from flows.http.fetch import download
from flows.locations import Location, kept_address, locate
from flows.payloads import DIARIZATION, TRANSCRIPTION, TURNS, WORDS, done_run, given_of, read_json, read_samples
from flows.progress import Advance, Say
from flows.settings import Settings
from flows.sources import youtube
from flows.sources.found import EpisodeSource
from transforms import turns
from transforms.audio import decoding, sides
from transforms.errors import ContentError, HostileError, SourceError, TurntableError
from transforms.hashes import is_as_promised, sha256
from transforms.records import (
    PODCAST_NAMESPACE,
    Channels,
    Diarization,
    Episode,
    Podcast,
    Rendition,
    Seconds,
    Word,
)
from transforms.speech import attribute as attribution
from transforms.speech import channels
from transforms.speech import diarize as diarization
from warehouse.loading.staging import Staged, write_staged

MOST_OTHERS = 3  # addresses that are tried where the first one has no audio
THINNEST = 8_000  # bytes a second: what is called sound has more


def promised_seconds(found: EpisodeSource) -> Seconds | None:
    """Return how long the audio of an episode lasts by its feed; `None` where that says nothing."""
    size = next((link.size for link in found.episode.audio_links if link.size), None)
    return found.episode.duration or (size / THINNEST if size else None)


def check_audio(location: Location, name: str) -> None:
    """Check that a file of this machine is audio before it is copied; `name` is what messages call it.

    Whether it is there is a question for `fetch`.

    Raises:
        ContentError, HostileError: as `transforms.audio.decoding.decode` says.
    """
    if not location.is_url:
        check(location)
        if location.path.is_file():
            decoding.check_audio(location.path, name)


def fetch(
    store: Store, location: Location, settings: Settings, on_progress: Advance, expected: Seconds | None = None
) -> Artifact:
    """Bring the audio into the store, from a URL or from the disk.

    `expected` is how long it should last: what comes without a length may take a multiple of that, no more.

    Raises:
        SourceError: it is not there, or takes longer than the user allows.
        ContentError, HostileError: what came is no audio; nothing of it is kept.
        TransientError, ContentError, HostileError: as `flows.http.fetch` says.
    """
    if not location.is_url:
        return _fetch_file(store, location)
    if location.is_youtube:
        return _fetch_video(store, location, on_progress)

    def compute(scratch: Path) -> Made:
        got = download(
            location.address,
            scratch / "audio",
            settings.reach,
            longest=settings.longest_download * 60,
            expected=expected,
            on_progress=lambda done, _: on_progress(float(done)),
        )
        decoding.check_audio(scratch / "audio", location.shown)  # an error page is not kept
        return Made(scratch / "audio", facts={"url": kept_address(got.url), "media_type": got.media_type})

    # The whole URL decides what is fetched, but it may hold a secret: of that only its hash is kept.
    url = {
        "url": kept_address(location.address),
        "url_sha256": hashlib.sha256(location.address.encode()).hexdigest(),
    }
    return store.make("fetch", compute, method="http-1", suffix=".bin", inputs={}, parameters=url)


def fetch_first(store: Store, found: EpisodeSource, settings: Settings, on_progress: Advance) -> Artifact:
    """Bring the audio of an episode into the store; what else its feed offers is tried where that is none.

    Raises:
        TurntableError: as `fetch`, of the first address.
    """
    expected = promised_seconds(found)
    try:
        return fetch(store, found.location, settings, on_progress, expected)
    except (SourceError, ContentError, HostileError):
        for location in map(locate, found.extras.others[:MOST_OTHERS]):
            with suppress(TurntableError):
                if location.is_url:
                    return fetch(store, location, settings, on_progress, expected)
        raise


def _fetch_video(store: Store, location: Location, on_progress: Advance) -> Artifact:
    def compute(scratch: Path) -> Made:
        youtube.download(location, scratch / "audio", on_progress)
        return Made(scratch / "audio", facts={"url": location.public})

    # The id alone decides: the same video has several addresses.
    video = {"video": location.name}
    return store.make("fetch", compute, method="yt-dlp-1", suffix=".bin", inputs={}, parameters=video)


def _fetch_file(store: Store, location: Location) -> Artifact:
    check(location)
    path = location.path

    def compute(scratch: Path) -> Made:
        shutil.copyfile(path, scratch / "audio")
        return Made(scratch / "audio", facts={"name": path.name})

    if not path.is_file():
        msg = f"no such file: {path}"
        raise SourceError(msg)
    return store.make(
        "fetch", compute, method="copy-1", suffix=".bin", inputs={"file": sha256(path)}, parameters={}
    )


def decode(store: Store, fetched: Artifact, name: str, channel: int | None = None) -> Artifact:
    """Decode the audio, or one of its two channels, to int16 mono 16 kHz, an `.npy` file.

    `name` is what messages call it; memory does not grow with the audio.
    """

    def compute(scratch: Path) -> Made:
        decoded = decoding.decode(bytes_of(fetched), name, into=scratch / "samples.npy", channel=channel)
        facts = {
            "seconds": decoded.seconds,
            "header_seconds": decoded.header_seconds,
            "bad_packets": decoded.bad_packets,
            "format": decoded.format,
        }
        return Made(scratch / "samples.npy", flags=decoded.flags, facts=facts)

    return store.make(
        "decode",
        compute,
        method=decoding.METHOD,
        suffix=".npy",
        inputs={"audio": fetched.sha256},
        parameters={} if channel is None else {"channel": channel},
    )


def decode_keys(fetched: str) -> list[str]:
    """Return the keys of what `decode` makes of the audio of a hash: of all of it, and of each channel."""
    parameters: list[dict[str, int]] = [{}, {"channel": 0}, {"channel": 1}]
    return [stage_key("decode", decoding.METHOD, {"audio": fetched}, one) for one in parameters]


def decode_asked(store: Store, fetched: Artifact, name: str, asked: Channels, say: Say) -> tuple[Artifact, ...]:
    """Decode the audio, or each of its two channels by itself where that is asked for and makes sense."""
    if asked == "split":
        n_channels = decoding.count_channels(bytes_of(fetched), name)
        if n_channels == 2:
            left, right = decode(store, fetched, name, 0), decode(store, fetched, name, 1)
            what = sides.fault(read_samples(left), read_samples(right))
            if what is None:
                return left, right
        else:
            what = f"{n_channels} channel(s)"
        say(f"{name} has {what}: it is heard as if --channels mix had been given")
    return (decode(store, fetched, name),)


def seconds_of(decoded: Artifact) -> float:
    """How long the decoded audio lasts."""
    return float(decoded.manifest.facts["seconds"])


def attribute(store: Store, transcribed: Artifact, diarized: Artifact) -> Artifact:
    """Assign each word its speaker; payload: the words as JSON."""

    def compute(_: Path) -> Made:
        words = read_json(TRANSCRIPTION, transcribed).words
        who = read_json(DIARIZATION, diarized).exclusive
        return Made(WORDS.dump_json(attribution.attribute(words, who)))

    return store.make(
        "attribute",
        compute,
        method=attribution.METHOD,
        suffix=".json",
        inputs={"words": transcribed.sha256, "diarization": diarized.sha256},
        parameters={},
    )


def diarize_channels(store: Store, transcribed: Sequence[Artifact]) -> Artifact:
    """Take the channels as the speakers; payload: a `Diarization` as JSON."""

    def compute(_: Path) -> Made:
        who = converse(transcribed)[1]
        return Made(DIARIZATION.dump_json(who), facts={"speakers": len({s.speaker for s in who.segments})})

    inputs = numbered(transcribed)
    return store.make("diarize", compute, method=channels.METHOD, suffix=".json", inputs=inputs, parameters={})


def attribute_channels(store: Store, transcribed: Sequence[Artifact]) -> Artifact:
    """Assign each word the speaker of its channel; payload: the words as JSON, in the order of speech."""
    inputs = numbered(transcribed)
    return store.make(
        "attribute",
        lambda _: Made(WORDS.dump_json(converse(transcribed)[0])),
        method=channels.METHOD,
        suffix=".json",
        inputs=inputs,
        parameters={},
    )


def converse(transcribed: Sequence[Artifact]) -> tuple[tuple[Word, ...], Diarization]:
    """Read the words of all channels, and put them into the order of the conversation."""
    return channels.converse([read_json(TRANSCRIPTION, artifact).words for artifact in transcribed])


def numbered(artifacts: Sequence[Artifact]) -> dict[str, str]:
    """Name inputs by their stages; of one stage the second is `transcribe-1`, and so on."""
    inputs: dict[str, str] = {}
    for artifact in artifacts:
        stage = artifact.manifest.stage
        before = sum(name.partition("-")[0] == stage for name in inputs)
        inputs[f"{stage}-{before}" if before else stage] = artifact.sha256
    return inputs


@dataclass(frozen=True, slots=True)
class Processed:
    """The finished stages of one audio file.

    `decoded` and `transcribed` are one each, or one a channel. `diarized` and `attributed` are `None` with
    `--no-diarize`.
    """

    fetched: Artifact
    decoded: tuple[Artifact, ...]
    transcribed: tuple[Artifact, ...]
    diarized: Artifact | None
    attributed: Artifact | None

    @property
    def artifacts(self) -> tuple[Artifact, ...]:
        """All of them, in order."""
        every = (self.fetched, *self.decoded, *self.transcribed, self.diarized, self.attributed)
        return tuple(artifact for artifact in every if artifact is not None)

    @property
    def language(self) -> str | None:
        """The language, of two channels the first that is known."""
        languages = (artifact.manifest.facts["language"] for artifact in self.transcribed)
        return next((language for language in languages if language is not None), None)

    @property
    def flags(self) -> tuple[str, ...]:
        """What is wrong with the audio, its words or its speakers."""
        return tuple(dict.fromkeys(flag for artifact in self.artifacts for flag in artifact.manifest.flags))

    def rendition(self) -> Rendition:
        """Describe the audio file."""
        fetched, decoded = self.fetched.manifest, self.decoded[0].manifest
        return Rendition(
            rendition_id=self.fetched.sha256,
            url=fetched.facts.get("url"),
            media_type=fetched.facts.get("media_type"),
            header_seconds=decoded.facts["header_seconds"],
            decoded_seconds=decoded.facts["seconds"],
            bad_packets=decoded.facts["bad_packets"],
            flags=decoded.flags,
            fetched_at=fetched.started_at,
        )

    def words(self) -> tuple[Word, ...]:
        """Read the words, with speakers where there was a diarization."""
        if self.attributed is None:
            return read_json(TRANSCRIPTION, self.transcribed[0]).words
        names = self._names()
        words = read_json(WORDS, self.attributed)
        return tuple(replace(word, speaker=names[word.speaker]) if word.speaker else word for word in words)

    def diarization(self) -> Diarization | None:
        """Read who spoke when."""
        if self.diarized is None:
            return None
        return diarization.renamed(read_json(DIARIZATION, self.diarized), self._names())

    def _names(self) -> dict[str, str]:
        """Name the speakers in the order of their turns; who coughs before the first of them comes last."""
        words = read_json(WORDS, self.attributed) if self.attributed else ()
        segments = read_json(DIARIZATION, self.diarized).segments if self.diarized else ()
        return diarization.in_order_of_speaking((*words, *segments))


def make_turns(store: Store, processed: Processed) -> Artifact:
    """Group the words into turns; payload: the turns as JSON."""
    words_of = processed.attributed or processed.transcribed[0]
    inputs = {"words": words_of.sha256}
    if processed.diarized is not None:
        inputs["diarization"] = processed.diarized.sha256

    def compute(_: Path) -> Made:
        who = processed.diarization()
        overlaps = attribution.overlap_seconds(who.segments) if who else None
        made = turns.to_turns(processed.words(), processed.language, overlaps)
        return Made(TURNS.dump_json(made), facts={"turns": len(made)})

    return store.make("turns", compute, method=turns.METHOD, suffix=".json", inputs=inputs, parameters={})


# The finished stages of one audio file → one Parquet file with all that the warehouse needs of it.


METHOD = "staged-5"


def stage(
    store: Store,
    podcast: Podcast | None,
    episode: Episode,
    source: str,
    processed: Processed,
    turned: Artifact,
    chosen: Artifact | None = None,
    promises: tuple[str, ...] = (),
    *,
    name: str | None = None,
    known_by: str | None = None,
) -> Artifact:
    """Put all that the warehouse needs of one transcript into one Parquet file.

    `chosen` are the chapters, `promises` what the feed says that the bytes of the audio are. `name` is the id of
    the transcript where it has one already, `known_by` how the episode is known where it does not tell itself.
    """

    def compute(_: Path) -> Made:
        who = processed.diarization()
        promised = promise_flags(promises, bytes_of(processed.fetched)) if promises else ()
        document = Staged(
            staged_at=clock.stamp(store.home),
            podcast=podcast,
            episode=replace(episode, title=episode.title or _stem(source)),
            rendition=processed.rendition(),
            transcript_id=name or transcript_id(episode.episode_id, turned),
            source="asr",
            format=None,
            origin=source,
            language=processed.language,
            model=processed.transcribed[0].manifest.model,
            method_version=_methods(*processed.artifacts, turned),
            parse_coverage=None,
            flags=(*processed.flags, *promised),
            created_at=turned.manifest.started_at,
            turns=read_json(TURNS, turned),
            words=processed.words(),
            speaker_segments=who.segments if who else (),
            stage_runs=tuple(
                done_run(a, source, episode.episode_id) for a in _finished(processed, turned, chosen)
            ),
            given=given_of(chosen),
            known_by=known_by,
        )
        return Made(write_staged(document), flags=document.flags)

    metadata = {"podcast": podcast and asdict(podcast), "episode": asdict(episode), "source": source}
    metadata |= {key: value for key, value in (("transcript", name), ("known_by", known_by)) if value}
    inputs = inputs_of(processed, turned, chosen)
    return store.make("stage", compute, method=METHOD, suffix=".parquet", inputs=inputs, parameters=metadata)


def _methods(*artifacts: Artifact) -> str:
    """Name the methods of the stages that made a transcript, each once."""
    return " ".join(dict.fromkeys(f"{a.manifest.stage}:{a.manifest.method}" for a in artifacts))


def inputs_of(processed: Processed, turned: Artifact, chosen: Artifact | None) -> dict[str, str]:
    """Name what a staged document is made of."""
    return numbered(_finished(processed, turned, chosen))


def _finished(processed: Processed, turned: Artifact, chosen: Artifact | None) -> tuple[Artifact, ...]:
    return (*processed.artifacts, turned, *([chosen] if chosen else []))


def promise_flags(promises: Iterable[str], audio: Path) -> tuple[str, ...]:
    """Return `integrity_mismatch` where the feed promised other bytes (`podcast:integrity`)."""
    return () if all(is_as_promised(audio, promise) for promise in promises) else ("integrity_mismatch",)


def transcript_id(episode_id: str, turned: Artifact) -> str:
    """Name one version of an episode's transcript: another audio, model or method gives another name."""
    return str(uuid.uuid5(PODCAST_NAMESPACE, f"{episode_id}:{turned.manifest.key}"))


def _stem(source: str) -> str:
    return Path(source).stem or source
