"""The chapters of an episode itself, whoever named them: one artifact, staged with its transcripts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from flows.artifacts import Artifact, Made, Store, bytes_of
from flows.payloads import GIVEN
from flows.sources.found import EpisodeSource
from transforms import chapters
from transforms.records import Chapter
from warehouse.loading.staging import Given


def choose(store: Store, found: EpisodeSource, listed: Artifact | None, fetched: Artifact | None) -> Artifact:
    """Choose the chapters of an episode; payload: `Given` as JSON.

    The publisher's own list comes first, then what the feed says, the audio file, the show notes.
    """
    extras, episode = found.extras, found.episode

    def compute(_: Path) -> Made:
        ways: list[tuple[str, Callable[[], tuple[Chapter, ...]]]] = [
            ("podcast:chapters", lambda: chapters.parse_json(listed.path.read_bytes()) if listed else ()),
            (extras.chapters_source, lambda: chapters.settled(extras.chapters)),
            ("file", lambda: chapters.from_file(bytes_of(fetched)) if fetched else ()),
            ("notes", lambda: chapters.from_notes(episode.description, episode.duration)),
        ]
        chosen = next((Given(name, named) for name, read in ways if (named := read())), Given(None, ()))
        chosen = Given(chosen.source, found.public(chosen.chapters))
        return Made(GIVEN.dump_json(chosen), facts={"source": chosen.source, "chapters": len(chosen.chapters)})

    inputs = {"list": listed, "audio": fetched}
    return store.make(
        "chapters",
        compute,
        method=chapters.METHOD,
        suffix=".json",
        inputs={name: artifact.sha256 for name, artifact in inputs.items() if artifact},
        parameters={
            "given": [asdict(chapter) for chapter in found.public(extras.chapters)],
            "notes_sha256": hashlib.sha256((episode.description or "").encode()).hexdigest(),
            "duration": episode.duration,
        },
    )
