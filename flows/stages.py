"""The stages of one episode as plain functions: artifacts in, an artifact out. No Prefect, no order."""

from __future__ import annotations

import hashlib
import json
import shutil
import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from pydantic import TypeAdapter

from flows.artifacts import Artifact, Made, Store
from flows.chapters import given_of
from flows.hearing import DIARIZATION, TRANSCRIPTION, read_samples
from flows.settings import Settings
from flows.sources import http, youtube
from transforms import audio, turns
from transforms.errors import SourceError
from transforms.integrity import is_as_promised
from transforms.records import (
    PODCAST_NAMESPACE,
    Channels,
    Episode,
    Podcast,
    Rendition,
    StageRun,
    Turn,
    Word,
    without_query,
)
from transforms.speech import attribute as attribution
from transforms.speech import channels
from transforms.speech import diarize as diarization
from transforms.speech.models import sha256
from transforms.youtube import WATCH, is_youtube, youtube_id
from warehouse.staging import Staged, write_staged

Progress = Callable[[float], None]

_WORDS = TypeAdapter(tuple[Word, ...])
_TURNS = TypeAdapter(tuple[Turn, ...])


def fetch(store: Store, location: str, settings: Settings, on_progress: Progress) -> Artifact:
    """Bring the audio into the store, from a URL or from the disk.

    Raises:
        SourceError: it is not there.
        TransientError, ContentError, HostileError: as `flows.sources.http` says.
    """
    if not is_url(location):
        return _fetch_file(store, Path(location))
    if is_youtube(location):
        return _fetch_video(store, location, on_progress)

    def compute(scratch: Path) -> Made:
        got = http.download(
            location,
            scratch / "audio",
            allow=settings.allow,
            on_progress=lambda done, _: on_progress(float(done)),
        )
        return Made(scratch / "audio", facts={"url": without_query(got.url), "media_type": got.media_type})

    # The whole URL decides what is fetched, but its query may be a secret: only its hash is kept.
    url = {"url": without_query(location), "url_sha256": hashlib.sha256(location.encode()).hexdigest()}
    return store.make("fetch", compute, method="http-1", suffix=".bin", inputs={}, parameters=url)


def _fetch_video(store: Store, location: str, on_progress: Progress) -> Artifact:
    def compute(scratch: Path) -> Made:
        youtube.download(location, scratch / "audio", on_progress)
        return Made(scratch / "audio", facts={"url": location})

    # The id alone decides: the same video has several addresses.
    video = {"video": youtube_id(location)}
    return store.make("fetch", compute, method="yt-dlp-1", suffix=".bin", inputs={}, parameters=video)


def _fetch_file(store: Store, path: Path) -> Artifact:
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
        heard = audio.decode(fetched.path, name, into=scratch / "samples.npy", channel=channel)
        facts = {
            "seconds": heard.seconds,
            "header_seconds": heard.header_seconds,
            "bad_packets": heard.bad_packets,
            "format": heard.format,
            "title": heard.title,
        }
        return Made(scratch / "samples.npy", flags=heard.flags, facts=facts)

    return store.make(
        "decode",
        compute,
        method=audio.METHOD,
        suffix=".npy",
        inputs={"audio": fetched.sha256},
        parameters={} if channel is None else {"channel": channel},
    )


def decode_asked(
    store: Store, fetched: Artifact, name: str, asked: Channels, say: Callable[[str], None]
) -> tuple[Artifact, ...]:
    """Decode the audio, or each of its two channels by itself where that is asked for and makes sense."""
    if asked == "split":
        n_channels = audio.count_channels(fetched.path, name)
        if n_channels == 2:
            left, right = decode(store, fetched, name, 0), decode(store, fetched, name, 1)
            if not audio.are_alike(read_samples(left), read_samples(right)):
                return left, right
        what = "the same sound on both channels" if n_channels == 2 else f"{n_channels} channel(s)"
        say(f"{name} has {what}: it is heard as if --channels mix had been given")
    return (decode(store, fetched, name),)


def seconds_of(decoded: Artifact) -> float:
    """How long the decoded audio lasts."""
    return float(decoded.manifest.facts["seconds"])


def attribute(store: Store, transcribed: Artifact, diarized: Artifact) -> Artifact:
    """Give each word its speaker; payload: the words as JSON."""

    def compute(_: Path) -> Made:
        words = TRANSCRIPTION.validate_json(transcribed.path.read_bytes()).words
        who = DIARIZATION.validate_json(diarized.path.read_bytes()).exclusive
        return Made(_WORDS.dump_json(attribution.attribute(words, who)))

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
    """Give each word the speaker of its channel; payload: the words as JSON, in the order of the conversation."""
    inputs = numbered(transcribed)
    return store.make(
        "attribute",
        lambda _: Made(_WORDS.dump_json(converse(transcribed)[0])),
        method=channels.METHOD,
        suffix=".json",
        inputs=inputs,
        parameters={},
    )


def converse(transcribed: Sequence[Artifact]) -> tuple[tuple[Word, ...], diarization.Diarization]:
    """Read the words of all channels, and put them into the order of the conversation."""
    heard = [TRANSCRIPTION.validate_json(artifact.path.read_bytes()) for artifact in transcribed]
    return channels.converse([one.words for one in heard])


def numbered(artifacts: Sequence[Artifact]) -> dict[str, str]:
    """Name inputs by their stages; of one stage the second is `transcribe-1`, and so on."""
    inputs: dict[str, str] = {}
    for artifact in artifacts:
        stage = artifact.manifest.stage
        before = sum(name.partition("-")[0] == stage for name in inputs)
        inputs[f"{stage}-{before}" if before else stage] = artifact.sha256
    return inputs


@dataclass(frozen=True, slots=True)
class Heard:
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
        """What is wrong with the audio or the words of it."""
        every = (flag for artifact in (*self.decoded, *self.transcribed) for flag in artifact.manifest.flags)
        return tuple(dict.fromkeys(every))

    def words(self) -> tuple[Word, ...]:
        """Read the words, with speakers where there was a diarization."""
        if self.attributed is not None:
            return _WORDS.validate_json(self.attributed.path.read_bytes())
        return TRANSCRIPTION.validate_json(self.transcribed[0].path.read_bytes()).words

    def diarization(self) -> diarization.Diarization | None:
        """Read who spoke when."""
        return DIARIZATION.validate_json(self.diarized.path.read_bytes()) if self.diarized else None


def make_turns(store: Store, heard: Heard) -> Artifact:
    """Group the words into turns; payload: the turns as JSON."""
    words_of = heard.attributed or heard.transcribed[0]
    inputs = {"words": words_of.sha256}
    if heard.diarized is not None:
        inputs["diarization"] = heard.diarized.sha256

    def compute(_: Path) -> Made:
        who = heard.diarization()
        overlaps = attribution.overlap_seconds(who.segments) if who else None
        made = turns.to_turns(heard.words(), heard.language, overlaps)
        return Made(_TURNS.dump_json(made), facts={"turns": len(made)})

    return store.make("turns", compute, method=turns.METHOD, suffix=".json", inputs=inputs, parameters={})


def stage(
    store: Store,
    podcast: Podcast | None,
    episode: Episode,
    source: str,
    heard: Heard,
    turned: Artifact,
    chosen: Artifact | None = None,
) -> Artifact:
    """Put all that the warehouse needs of one transcript into one Parquet file; `chosen` are the chapters."""

    def compute(_: Path) -> Made:
        decoded = heard.decoded[0].manifest
        who = heard.diarization()
        finished = (*heard.artifacts, turned, *([chosen] if chosen else []))
        document = Staged(
            staged_at=datetime.now(UTC),
            podcast=podcast,
            episode=replace(episode, title=episode.title or decoded.facts["title"] or _stem(source)),
            rendition=Rendition(
                rendition_id=heard.fetched.sha256,
                url=heard.fetched.manifest.facts.get("url"),
                media_type=heard.fetched.manifest.facts.get("media_type"),
                header_seconds=decoded.facts["header_seconds"],
                decoded_seconds=decoded.facts["seconds"],
                bad_packets=decoded.facts["bad_packets"],
                flags=decoded.flags,
                fetched_at=heard.fetched.manifest.started_at,
            ),
            transcript_id=transcript_id(episode, turned),
            source="asr",
            format=None,
            origin=source,
            language=heard.language,
            model=heard.transcribed[0].manifest.model,
            method_version=" ".join(
                dict.fromkeys(f"{a.manifest.stage}:{a.manifest.method}" for a in (*heard.artifacts, turned))
            ),
            parse_coverage=None,
            flags=(*heard.flags, *promise_flags(episode, heard.fetched.path)),
            created_at=turned.manifest.started_at,
            turns=_TURNS.validate_json(turned.path.read_bytes()),
            words=heard.words(),
            speaker_segments=who.segments if who else (),
            stage_runs=tuple(done_run(a, source, episode.episode_id) for a in finished),
            given=given_of(chosen),
        )
        return Made(write_staged(document), flags=document.flags)

    used = (*heard.artifacts, turned, *([chosen] if chosen else []))
    inputs = numbered(used)
    metadata = {"podcast": podcast and asdict(podcast), "episode": asdict(episode), "source": source}
    return store.make("stage", compute, method="staged-1", suffix=".parquet", inputs=inputs, parameters=metadata)


def promise_flags(episode: Episode, audio: Path) -> tuple[str, ...]:
    """Give `integrity_mismatch` where the feed promised other bytes for this address (`podcast:integrity`)."""
    address = without_query(episode.audio_url) if episode.audio_url else None
    promises = [link.integrity for link in episode.audio_links if without_query(link.url) == address]
    kept = all(is_as_promised(audio, promise) for promise in promises if promise)
    return () if kept else ("integrity_mismatch",)


def transcript_id(episode: Episode, turned: Artifact) -> str:
    """Name one version of an episode's transcript: another audio, model or method gives another name."""
    return str(uuid.uuid5(PODCAST_NAMESPACE, f"{episode.episode_id}:{turned.manifest.key}"))


def done_run(artifact: Artifact, source: str, episode_id: str) -> StageRun:
    """Describe a finished stage as a row of `stage_runs`."""
    manifest = artifact.manifest
    return StageRun(
        source=source,
        episode_id=episode_id,
        stage=manifest.stage,
        key=manifest.key,
        status="done",
        error_class=None,
        message="; ".join(manifest.warnings) or None,
        method=manifest.method,
        model=manifest.model,
        device=manifest.device,
        parameters=json.dumps(dict(manifest.parameters), sort_keys=True, default=str),
        flags=manifest.flags,
        started_at=manifest.started_at,
        seconds=manifest.seconds,
    )


def is_url(location: str) -> bool:
    """Tell a URL of any scheme from a path.

    >>> is_url("https://example.org/1.mp3"), is_url("a/b.mp3"), is_url("C:/b.mp3")
    (True, False, False)
    """
    return "://" in location


def public_source(location: str) -> str:
    r"""Name where something came from, without what may be a secret and with characters that can be printed.

    >>> public_source("https://ann:s3cret@example.org/1?token=x"), public_source("caf\udce9.txt")
    ('https://example.org/1', 'caf?.txt')
    """
    if is_youtube(location) and (video := youtube_id(location)):
        return f"{WATCH}{video}"
    shown = without_query(location) if is_url(location) else location
    return shown.encode("utf-8", "replace").decode()


def _stem(source: str) -> str:
    return Path(source).stem or source
