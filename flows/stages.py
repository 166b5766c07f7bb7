"""The stages of one episode as plain functions: artifacts in, an artifact out. No Prefect, no order."""

from __future__ import annotations

import hashlib
import json
import shutil
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from flows import engines
from flows.artifacts import Artifact, Made, Store
from flows.options import Options
from flows.settings import Settings
from flows.sources import http
from flows.sources.weights import get_weights
from transforms import audio, turns
from transforms.errors import SourceError
from transforms.records import (
    PODCAST_NAMESPACE,
    Episode,
    Podcast,
    Rendition,
    StageRun,
    Turn,
    Word,
    without_query,
)
from transforms.speech import attribute as attribution
from transforms.speech import diarize as diarization
from transforms.speech import transcribe as recognition
from transforms.speech.device import (
    Device,
    ladder,
    run_down,
    torch_ladder,
)
from transforms.speech.models import sha256
from warehouse.staging import Staged, write_staged

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Progress = Callable[[float], None]
Say = Callable[[str], None]

_TRANSCRIPTION = TypeAdapter(recognition.Transcription)
_DIARIZATION = TypeAdapter(diarization.Diarization)
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


def decode(store: Store, fetched: Artifact, name: str) -> Artifact:
    """Decode the audio to int16 mono 16 kHz, an `.npy` file; `name` is what messages call it."""

    def compute(scratch: Path) -> Made:
        import numpy as np

        heard = audio.decode(fetched.path, name)
        np.save(scratch / "samples.npy", heard.samples)
        facts = {
            "seconds": heard.seconds,
            "header_seconds": heard.header_seconds,
            "bad_packets": heard.bad_packets,
            "format": heard.format,
            "title": heard.title,
        }
        return Made(scratch / "samples.npy", flags=heard.flags, facts=facts)

    return store.make(
        "decode", compute, method=audio.METHOD, suffix=".npy", inputs={"audio": fetched.sha256}, parameters={}
    )


def seconds_of(decoded: Artifact) -> float:
    """How long the decoded audio lasts."""
    return float(decoded.manifest.facts["seconds"])


def read_samples(decoded: Artifact) -> NDArray[np.float32]:
    """Read decoded audio as float32 mono, shape (n_samples,), 16 kHz, -1 to 1."""
    import numpy as np

    samples: NDArray[np.float32] = np.load(decoded.path, mmap_mode="r").astype(np.float32)
    return samples / np.float32(32768)


def transcribe(
    store: Store, decoded: Artifact, options: Options, settings: Settings, on_progress: Progress, say: Say
) -> Artifact:
    """Recognise the words; payload: a `Transcription` as JSON."""
    model = engines.asr_model(options, settings, say)

    def compute(_: Path) -> Made:
        folder = get_weights(model, settings.models, token=engines.hub_token(settings), say=say)
        devices, warning = ladder(options.device, folder)
        samples = read_samples(decoded)

        def work(device: Device) -> recognition.Transcription:
            recognizer = engines.recognizer(folder, device.name, device.compute_type, engines.threads(options))
            return recognition.transcribe(
                samples,
                recognizer,
                language=options.language,
                batch_size=device.batch_size,
                on_progress=on_progress,
            )

        warnings = engines.Warnings(say, warning)
        heard, device = run_down(devices, work, warnings.add)
        facts = {"language": heard.language, "language_probability": heard.language_probability}
        return Made(
            _TRANSCRIPTION.dump_json(heard),
            model=model.name,
            device=str(device),
            flags=heard.flags,
            warnings=tuple(warnings.lines),
            facts=facts,
        )

    return store.make(
        "transcribe",
        compute,
        method=recognition.METHOD,
        suffix=".json",
        inputs={"samples": decoded.sha256},
        parameters={"model": model.identity, "language": options.language},
    )


def diarize(
    store: Store, decoded: Artifact, options: Options, settings: Settings, on_progress: Progress, say: Say
) -> Artifact:
    """Find who spoke when; payload: a `Diarization` as JSON."""
    models = engines.diarization_models(options, settings)

    def compute(_: Path) -> Made:
        folders = [
            get_weights(model, settings.models, token=engines.hub_token(settings), say=say) for model in models
        ]
        devices, warning = torch_ladder(options.device)
        samples = read_samples(decoded)

        def work(device: Device) -> diarization.Diarization:
            pipeline = engines.pipeline(tuple(folders), device.name, engines.threads(options))
            return diarization.diarize(samples, pipeline, speakers=options.speakers, on_progress=on_progress)

        warnings = engines.Warnings(say, warning)
        heard, device = run_down(devices, work, warnings.add)
        return Made(
            _DIARIZATION.dump_json(heard),
            model=" + ".join(model.name for model in models),
            device=str(device),
            warnings=tuple(warnings.lines),
            facts={"speakers": len(heard.voices)},
        )

    return store.make(
        "diarize",
        compute,
        method=diarization.METHOD,
        suffix=".json",
        inputs={"samples": decoded.sha256},
        parameters={"models": [model.identity for model in models], "speakers": options.speakers},
    )


def attribute(store: Store, transcribed: Artifact, diarized: Artifact) -> Artifact:
    """Give each word its speaker; payload: the words as JSON."""

    def compute(_: Path) -> Made:
        words = _TRANSCRIPTION.validate_json(transcribed.path.read_bytes()).words
        who = _DIARIZATION.validate_json(diarized.path.read_bytes()).exclusive
        return Made(_WORDS.dump_json(attribution.attribute(words, who)))

    return store.make(
        "attribute",
        compute,
        method=attribution.METHOD,
        suffix=".json",
        inputs={"words": transcribed.sha256, "diarization": diarized.sha256},
        parameters={},
    )


@dataclass(frozen=True, slots=True)
class Heard:
    """The finished stages of one audio file; `diarized` and `attributed` are `None` with `--no-diarize`."""

    fetched: Artifact
    decoded: Artifact
    transcribed: Artifact
    diarized: Artifact | None
    attributed: Artifact | None

    @property
    def artifacts(self) -> tuple[Artifact, ...]:
        """All of them, in order."""
        every = (self.fetched, self.decoded, self.transcribed, self.diarized, self.attributed)
        return tuple(artifact for artifact in every if artifact is not None)

    def words(self) -> tuple[Word, ...]:
        """Read the words, with speakers where there was a diarization."""
        if self.attributed is not None:
            return _WORDS.validate_json(self.attributed.path.read_bytes())
        return _TRANSCRIPTION.validate_json(self.transcribed.path.read_bytes()).words

    def diarization(self) -> diarization.Diarization | None:
        """Read who spoke when."""
        return _DIARIZATION.validate_json(self.diarized.path.read_bytes()) if self.diarized else None


def make_turns(store: Store, heard: Heard) -> Artifact:
    """Group the words into turns; payload: the turns as JSON."""
    words_of = heard.attributed or heard.transcribed
    inputs = {"words": words_of.sha256}
    if heard.diarized is not None:
        inputs["diarization"] = heard.diarized.sha256

    def compute(_: Path) -> Made:
        who = heard.diarization()
        overlaps = attribution.overlap_seconds(who.segments) if who else None
        made = turns.to_turns(heard.words(), heard.transcribed.manifest.facts["language"], overlaps)
        return Made(_TURNS.dump_json(made), facts={"turns": len(made)})

    return store.make("turns", compute, method=turns.METHOD, suffix=".json", inputs=inputs, parameters={})


def stage(
    store: Store, podcast: Podcast | None, episode: Episode, source: str, heard: Heard, turned: Artifact
) -> Artifact:
    """Put everything that the warehouse needs of one transcript into one Parquet file."""

    def compute(_: Path) -> Made:
        decoded = heard.decoded.manifest
        transcribed = heard.transcribed.manifest
        who = heard.diarization()
        finished = (*heard.artifacts, turned)
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
            language=transcribed.facts["language"],
            model=transcribed.model,
            method_version=" ".join(f"{a.manifest.stage}:{a.manifest.method}" for a in finished),
            parse_coverage=None,
            flags=(*decoded.flags, *transcribed.flags),
            created_at=turned.manifest.started_at,
            turns=_TURNS.validate_json(turned.path.read_bytes()),
            words=heard.words(),
            speaker_segments=who.segments if who else (),
            stage_runs=tuple(done_run(a, source, episode.episode_id) for a in finished),
        )
        return Made(write_staged(document), flags=document.flags)

    inputs = {artifact.manifest.stage: artifact.sha256 for artifact in (*heard.artifacts, turned)}
    metadata = {"podcast": podcast and asdict(podcast), "episode": asdict(episode), "source": source}
    return store.make("stage", compute, method="staged-1", suffix=".parquet", inputs=inputs, parameters=metadata)


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
    shown = without_query(location) if is_url(location) else location
    return shown.encode("utf-8", "replace").decode()


def _stem(source: str) -> str:
    return Path(source).stem or source
