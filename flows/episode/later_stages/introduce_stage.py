"""Who the voices of a transcript of our own are by its own words: the stage `introduce`."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import TypeAdapter

from flows.artifacts import Artifact, Made, Store
from transforms import introductions
from transforms.alignment.rows import Row, utterances_of
from transforms.introductions import Introductions
from transforms.introductions.possible_names import candidates
from transforms.introductions.spoken_names import Candidate
from warehouse.query import KnownEpisode

INTRODUCTIONS = TypeAdapter(Introductions)


def introduce(store: Store, base: Artifact, row: Row, known: KnownEpisode | None) -> Artifact | None:
    """Name voices by what is said; payload: `Introductions` as JSON. `None` where nobody is heard or named.

    `row` is the document of `base`; `known` is what the warehouse knows of its episode, which may be more.
    """
    if not any(turn["speaker_label"] for turn in row["turns"]):
        return None
    names = _candidates(row, known)
    made = store.make(
        "introduce",
        lambda _: _introduced(row, names),
        method=introductions.METHOD,
        suffix=".json",
        inputs={"heard": base.sha256},
        parameters={
            "candidates": [one.name for one in names],
            "announced": [o.name for o in names if o.is_announced],
        },
    )
    return made if made.manifest.facts["names"] else None


def _introduced(row: Row, names: Sequence[Candidate]) -> Made:
    found = introductions.introduce(utterances_of(row), names)
    return Made(INTRODUCTIONS.dump_json(found), facts={"names": len(found.names)})


def _candidates(row: Row, known: KnownEpisode | None) -> tuple[Candidate, ...]:
    """List who may be heard, by the feed as it was when the audio was staged, and as it is now."""
    episode, podcast = row["episode"], row["podcast"] or {}
    persons = [person["name"] for person in episode["persons"] or ()]
    titles = [episode["title"], podcast.get("author"), podcast.get("title"), episode["description"]]
    if known is not None:
        persons += [person.name for person in known.episode.persons]
        titles += [known.episode.title, known.show, known.episode.description]
    return candidates(persons, titles)
