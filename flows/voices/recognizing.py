"""Whose voices the labels of all transcripts are: found anew whenever something of it may have changed.

What somebody named is what voices are compared with; nothing that was found by sound is. The result is written
into newer documents of the transcripts whose persons changed (`flows.episode.later_stages.align_stage`), so that a
warehouse made anew is the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from flows.artifacts import Artifact, Store
from flows.episode.later_stages.align_stage import tell_persons
from flows.episode.later_stages.decoded import Decoded
from flows.episode.later_stages.told import base_of, find_base
from flows.home import clock
from flows.loader import load_and_publish
from flows.progress import counting
from flows.runs import StageFailed, record, say
from flows.settings import Settings
from flows.voices import switch
from flows.voices.decisions import Decisions, read_decisions
from flows.voices.printing import Prints, make_prints, read_prints, silence
from transforms.errors import Interrupted, one_line
from transforms.voices.calibration import CALIBRATION
from transforms.voices.person import VOICE, Identity, persons_by_label, speaker_id
from transforms.voices.unnamed import group_unnamed
from transforms.voices.voice_matching import Match, Miss, VoiceKey, Voices, match, strange_voices
from warehouse import query
from warehouse.query import HeardVoice


@dataclass(frozen=True, slots=True)
class Known:
    """All that is known of voices: the labels of transcripts, their prints, and what users said.

    `named` are the persons of labels that somebody named, `strange` those of them that sound otherwise than others
    of the name, `decided` what became of the labels that nobody named.
    """

    heard: list[HeardVoice]
    prints: Mapping[str, Prints]
    decisions: Decisions
    named: Mapping[VoiceKey, str]
    strange: frozenset[VoiceKey]
    decided: Mapping[VoiceKey, Match | Miss]

    def names(self) -> dict[str, str]:
        """Return what persons are called: as the user says, else as most transcripts have it.

        The names of those who were made one with somebody are none of his while he has one of his own.
        """
        spelled: dict[str, Counter[tuple[bool, str]]] = {}
        for one in self.heard:
            person = self.named.get((one.transcript_id, one.label))
            if person and one.name:
                own = speaker_id(one.name) == person
                spelled.setdefault(person, Counter())[own, one.name] += 1
        best = {who: max(sorted(n), key=lambda name: (name[0], n[name])) for who, n in spelled.items()}
        names = {who: name for who, (_, name) in best.items()}
        return names | {who: name for who, name in self.decisions.names.items() if who in names}

    def persons(self) -> dict[str, dict[str, Identity]]:
        """Return whose the voices are of each transcript that has prints."""
        names, sources = self.names(), {(one.transcript_id, one.label): one.name_source for one in self.heard}
        persons: dict[str, dict[str, Identity]] = {one.transcript_id: {} for one in self.heard}
        for (transcript_id, label), who in self.named.items():
            if (transcript_id, label) not in self.strange and self.has_print((transcript_id, label)):
                source = sources[transcript_id, label] or ""
                persons[transcript_id][label] = Identity(who, names.get(who), source)
        for (transcript_id, label), one in self.decided.items():
            if isinstance(one, Match):
                persons[transcript_id][label] = _identity(one, names.get(one.person))
        return {transcript_id: found for transcript_id, found in persons.items() if transcript_id in self.prints}

    def has_print(self, key: VoiceKey) -> bool:
        """Check whether it is known how a label sounds."""
        found = self.prints.get(key[0], {}).get(key[1])
        return found is not None and found.vector is not None


def _identity(one: Match, name: str | None) -> Identity:
    return Identity(one.person, name, VOICE, one.confidence, one.score, one.margin, *one.like, CALIBRATION.version)


def known_voices(settings: Settings, *, unnamed: bool) -> Known:
    """Compare all voices that there are; `unnamed` compares those with each other, too, that nobody named."""
    store = Store(settings.home)
    heard, prints, decisions = query.heard_voices(settings.snapshot), read_prints(store), read_decisions(store)
    ids = {(one.transcript_id, one.label): who for one in heard if (who := named_as(one))}
    named = {key: who for key, name in ids.items() if (who := _person(key, name, decisions))}
    voices = _voices(heard, prints)
    strange = strange_voices(voices, {key: ids[key] for key in named})
    kept = [place for place, key in enumerate(voices.keys) if key not in strange]
    voices = Voices([voices.keys[place] for place in kept], voices.vectors[kept])
    exemplars = {key: who for key, who in named.items() if key not in strange}
    decided = match(voices, exemplars, decisions.apart)
    if unnamed:
        decided = group_unnamed(voices, exemplars, decided)
    return Known(heard, prints, decisions, named, strange, decided)


def named_as(one: HeardVoice) -> str | None:
    """Return the person of the name that somebody gave a label; `None` where nobody did."""
    return speaker_id(one.name) if one.name and one.name_source != VOICE else None


def _person(key: VoiceKey, name: str, decisions: Decisions) -> str | None:
    """Return who a named voice is; `None` where that is somebody who is forgotten, or whom it was split from."""
    person = decisions.person(name)
    out = decisions.forgotten.keys() | decisions.apart.get(key, frozenset())
    return None if {person, name} & out else person


def _voices(heard: list[HeardVoice], prints: Mapping[str, Prints]) -> Voices:
    """Gather the voices that have a print, transcript by transcript."""
    keys, vectors = [], []
    for one in heard:
        found = prints.get(one.transcript_id, {}).get(one.label)
        if found is not None and found.vector is not None:
            keys.append((one.transcript_id, one.label))
            vectors.append(found.vector)
    return Voices(keys, np.array(vectors, np.float32) if keys else np.empty((0, 0), np.float32))


def hear(settings: Settings, transcript_id: str, document: Artifact) -> None:
    """Make the voiceprints of a transcript that was heard; nothing while that is off.

    What goes wrong is written down, and keeps nobody from the transcript.
    """
    if not switch.read(settings.home).is_on:
        return
    store = Store(settings.home)
    base = base_of(store, document)
    if base is None:
        return
    with _told(settings, document.manifest.parameters["episode"]["episode_id"]):
        silenced = silenced_labels(settings).get(transcript_id, frozenset())
        make_prints(settings, transcript_id, base, Decoded(store), silenced)


def recognize(settings: Settings) -> int:
    """Say of all voices whose they are, as far as that is news, and load it; in how many transcripts it was.

    Nothing while that is off, or on a machine without a warehouse.
    """
    since = switch.read(settings.home)
    if not since.is_on or settings.load == "elsewhere":
        return 0
    with _told(settings, None):
        silence(Store(settings.home), silenced_labels(settings))  # who was forgotten may be named anew
        return tell_news(settings, known_voices(settings, unnamed=since.unnamed_since is not None))
    return 0


def tell_news(settings: Settings, known: Known) -> int:
    """Write whose voices they are into the transcripts whose persons changed, and load these; how many."""
    persons, decoded = known.persons(), Decoded(Store(settings.home))
    forgotten = known.decisions.forgotten
    said: dict[str, dict[str, tuple[str, str | None, str | None]]] = {}
    for one in known.heard:
        mine = said.setdefault(one.transcript_id, {})
        if one.speaker_id is not None:
            mine[one.label] = one.speaker_id, one.speaker_name, one.known_by
    news = {
        one.episode_id
        for one in known.heard
        if one.speaker_id in forgotten
        or (
            one.transcript_id in persons
            and persons_by_label(persons[one.transcript_id]) != said[one.transcript_id]
        )
    }
    told = [tell_persons(settings, episode_id, persons, forgotten, decoded) for episode_id in sorted(news)]
    if any(told):
        load_and_publish(settings)
    return sum(map(len, told))


def silenced_labels(settings: Settings) -> dict[str, frozenset[str]]:
    """Return the labels of which no voiceprint may be kept, by transcript: those of people who are forgotten."""
    decisions = read_decisions(Store(settings.home))
    found: dict[str, set[str]] = {}
    for transcript_id, label in (key for voices in decisions.forgotten.values() for key in voices):
        found.setdefault(transcript_id, set()).add(label)
    for one in query.heard_voices(settings.snapshot) if decisions.forgotten else ():
        if {named_as(one), one.speaker_id} & decisions.forgotten.keys():
            found.setdefault(one.transcript_id, set()).add(one.label)
    return {transcript_id: frozenset(labels) for transcript_id, labels in found.items()}


def catch_up(settings: Settings) -> int:
    """Make the voiceprints of all transcripts that have none yet; of how many that was not possible."""
    store, decoded = Store(settings.home), Decoded(Store(settings.home))
    silenced, failed = silenced_labels(settings), 0
    episodes = sorted({(one.episode_id, one.transcript_id) for one in query.heard_voices(settings.snapshot)})
    for episode_id, transcript_id in counting("voices of transcripts", episodes):
        base = find_base(store, query.newest_documents(settings.snapshot, episode_id).get(transcript_id))
        out = silenced.get(transcript_id, frozenset())
        failed += base is None or make_prints(settings, transcript_id, base, decoded, out) is None
    return failed


@contextmanager
def _told(settings: Settings, episode_id: str | None) -> Iterator[None]:
    """Write down what goes wrong, and go on without it."""
    started_at = clock.now(settings.home)
    try:
        yield
    except Interrupted:
        raise
    except Exception as error:
        failed = StageFailed("voices", started_at, error)
        record(failed, episode_id or "all episodes", episode_id, settings, load=False)
        say(f"whose voices they are is not told ({one_line(error)})")
