"""Who the voices of an episode are, by its own words: people say their names, are presented, and are spoken to.

    turns + candidates → places that tell of somebody → votes → names with the sentences that they rest on

Candidates, from the feed, the title and the notes, help to spell and tell that somebody is known: nobody is named
without the words of the audio.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from transforms.introductions.name_cues import Utterance, find_cues
from transforms.introductions.spoken_names import Candidate, People
from transforms.introductions.votes import Evidence, Introduction, name_labels

METHOD = "introductions-2"


@dataclass(frozen=True, slots=True)
class Introductions:
    """The voices that have a name, and what these rest on."""

    names: tuple[Introduction, ...]
    evidence: tuple[Evidence, ...]


def introduce(utterances: Sequence[Utterance], candidates: Iterable[Candidate]) -> Introductions:
    """Name the voices of an episode by what is said in it; a voice without enough evidence has no name.

    `utterances` are the turns of one transcript, in order of time; `candidates` full names of who may be heard.

    >>> talk = [("A", "Hello, I'm Mara Quill."), ("B", "Thank you, Mara.")]
    >>> turns = [Utterance(n, who, tuple(s.split()), 4 * n, n, n + 1.0) for n, (who, s) in enumerate(talk)]
    >>> introduce(turns, ()).names
    (Introduction(speaker_label='A', speaker_name='Mara Quill', confidence=0.923),)
    """
    names, evidence = name_labels(utterances, find_cues(utterances, People(candidates)))
    return Introductions(tuple(names), tuple(evidence))
