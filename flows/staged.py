"""The finished stages of one audio file → one Parquet file with all that the warehouse needs of it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path

from flows import clock
from flows.artifacts import Artifact, Made, Store
from flows.chapters import given_of
from flows.payloads import TURNS, read_json
from flows.stages import Heard, numbered
from transforms.hashes import is_as_promised
from transforms.records import PODCAST_NAMESPACE, Episode, Podcast, Rendition, StageRun
from warehouse.staging import Staged, write_staged

METHOD = "staged-4"


def stage(
    store: Store,
    podcast: Podcast | None,
    episode: Episode,
    source: str,
    heard: Heard,
    turned: Artifact,
    chosen: Artifact | None = None,
    promises: tuple[str, ...] = (),
) -> Artifact:
    """Put all that the warehouse needs of one transcript into one Parquet file.

    `chosen` are the chapters, `promises` what the feed says that the bytes of the audio are.
    """

    def compute(_: Path) -> Made:
        decoded = heard.decoded[0].manifest
        who = heard.diarization()
        finished = (*heard.artifacts, turned, *([chosen] if chosen else []))
        document = Staged(
            staged_at=clock.stamp(store.home),
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
            flags=(*heard.flags, *promise_flags(promises, heard.fetched.path)),
            created_at=turned.manifest.started_at,
            turns=read_json(TURNS, turned),
            words=heard.words(),
            speaker_segments=who.segments if who else (),
            stage_runs=tuple(done_run(a, source, episode.episode_id) for a in finished),
            given=given_of(chosen),
        )
        return Made(write_staged(document), flags=document.flags)

    used = (*heard.artifacts, turned, *([chosen] if chosen else []))
    inputs = numbered(used)
    metadata = {"podcast": podcast and asdict(podcast), "episode": asdict(episode), "source": source}
    return store.make("stage", compute, method=METHOD, suffix=".parquet", inputs=inputs, parameters=metadata)


def promise_flags(promises: Iterable[str], audio: Path) -> tuple[str, ...]:
    """Give `integrity_mismatch` where the feed promised other bytes (`podcast:integrity`)."""
    return () if all(is_as_promised(audio, promise) for promise in promises) else ("integrity_mismatch",)


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


def _stem(source: str) -> str:
    return Path(source).stem or source
