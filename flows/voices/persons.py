"""What a user does about persons: two are one, a voice is not theirs, they are called otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from flows.artifacts import Manifest, Store
from flows.episode.given_names import check_name
from flows.settings import Settings
from flows.voices import decisions, switch
from flows.voices.recognizing import Known, known_voices, recognize
from transforms.errors import SourceError
from transforms.text import visible
from transforms.voices.person import name_key, speaker_id
from transforms.voices.voice_matching import Match, VoiceKey

SHORTEST_ID = 4  # characters of the id of a person that are enough where they are only his


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a voice: the id, the name, and the voices that are his."""

    speaker_id: str
    name: str | None
    voices: tuple[VoiceKey, ...]

    @property
    def called(self) -> str:
        """What a person is called in messages."""
        return self.name or f"voice {self.speaker_id[:8]}"


def persons(known: Known) -> dict[str, Person]:
    """Return everybody who has a voice, by id."""
    names = known.names()
    voices: dict[str, list[VoiceKey]] = {}
    for key, who in known.named.items():
        voices.setdefault(who, []).append(key)
    for key, one in known.decided.items():
        if isinstance(one, Match):
            voices.setdefault(one.person, []).append(key)
    return {who: Person(who, names.get(who), tuple(sorted(own))) for who, own in voices.items()}


def find(known: Known, text: str) -> Person:
    """Return the person whom a user means, by a name or the beginning of an id.

    Raises:
        SourceError: nobody or several are meant.
    """
    everybody, wanted, key = persons(known), speaker_id(text), name_key(text)
    found = [one for one in everybody.values() if key and one.name and key == name_key(one.name)]
    before = known.decisions.person(wanted) if wanted else None  # as he was called before
    if not found and before in everybody:
        return everybody[before]
    found = found or [one for who, one in everybody.items() if begins_id(text, who)]
    if not found:
        raise _nobody(text, everybody.values())
    if len(found) > 1:
        raise several(text, [one.speaker_id for one in found])
    return found[0]


def begins_id(text: str, speaker_id: str) -> bool:
    """Check whether what a user says is the beginning of an id, as messages name it or alone."""
    begins = text.removeprefix("voice ").lower()
    return len(begins) >= SHORTEST_ID and speaker_id.startswith(begins)


def several(text: str, ids: Iterable[str]) -> SourceError:
    """Return the error that what a user says is said of several persons."""
    shown = " or ".join(sorted(one[:8] for one in ids))
    return SourceError(f"{text!r} is several persons: say the id of the one, {shown}")


def _nobody(text: str, everybody: Iterable[Person]) -> SourceError:
    called = sorted(one.called for one in everybody)
    some = ", ".join(called[:5]) + (" …" if len(called) > 5 else "") or "nobody yet"
    return SourceError(f"{text!r} is none of those whose voices are known: {some}")


def known_now(settings: Settings) -> Known:
    """Compare all voices.

    Raises:
        SourceError: that is off.
    """
    since = switch.read(settings.home)
    if not since.is_on:
        msg = "voices are not compared: `turntable speakers on` switches that on"
        raise SourceError(msg)
    return known_voices(settings, unnamed=since.unnamed_since is not None)


def merge(settings: Settings, one: str, into: str) -> str:
    """Make one person of two, and keep what their voices were like; the line that says so.

    Raises:
        SourceError: one of them is nobody, both are one already, or voices are not compared.
    """
    known = known_now(settings)
    first, second = find(known, one), find(known, into)
    if first.speaker_id == second.speaker_id:
        msg = f"{first.called} and {second.called} are one person already"
        raise SourceError(msg)
    alike = _alike(known, first.voices, second.voices)
    evidence = {"persons": [asdict(first), asdict(second)], "alike": alike}
    said = {"person": first.speaker_id, "into": second.speaker_id}
    decisions.decide(Store(settings.home), "merge", evidence, **said)
    recognize(settings)
    sound = "" if alike is None else f"; their voices are alike to {alike:.2f}"
    return f"{first.called} is {second.called} now{sound}"


def split(settings: Settings, person: str, voice: VoiceKey) -> str:
    """Say that a voice is not a person's, whatever it was called; the line that says so.

    Raises:
        SourceError: it is nobody, the voice is not his, or voices are not compared.
    """
    known = known_now(settings)
    found = find(known, person)
    if voice not in found.voices:
        msg = f"{voice[1]} of this episode is not {found.called}: `turntable speakers` lists whose voices they are"
        raise SourceError(msg)
    rest = [one for one in found.voices if one != voice]
    said = {"person": found.speaker_id, "transcript_id": voice[0], "label": voice[1]}
    decisions.decide(Store(settings.home), "split", {"alike": _alike(known, [voice], rest)}, **said)
    recognize(settings)
    return f"{voice[1]} of this episode is not {found.called} any more"


def rename(settings: Settings, person: str, name: str) -> str:
    """Call a person by another name; what transcripts call him stays as an alias. The line that says so.

    Raises:
        SourceError: it is nobody, nobody has named the person, or voices are not compared.
        ContentError: the name has no letter, or is longer than a name.
    """
    name = " ".join(visible(name, keep="\n\t").split())
    check_name(name)
    found = find(known_now(settings), person)
    if found.name is None:
        msg = f"nobody has named {found.called}: `turntable name EPISODE LABEL {name!r}` names one of its voices"
        raise SourceError(msg)
    decisions.decide(Store(settings.home), "rename", {"name": found.name}, person=found.speaker_id, name=name)
    recognize(settings)
    return f"{found.called} is called {name} now"


def undo_merge(settings: Settings, one: str) -> str:
    """Take back that somebody is part of another person; the line that says so.

    Raises:
        SourceError: nothing like that was said, or it was taken back before.
    """
    wanted, store = speaker_id(one), Store(settings.home)
    saying = decisions.last(store, "merge", person=wanted)
    if saying is None and (renamed := decisions.last(store, "rename", name=one)):
        saying = decisions.last(store, "merge", person=renamed.parameters["person"])
    return _undo(settings, saying, f"{one} is a person of his own again")


def undo_split(settings: Settings, voice: VoiceKey) -> str:
    """Take back that a voice is not a person's; the line that says so.

    Raises:
        SourceError: nothing like that was said, or it was taken back before.
    """
    saying = decisions.last(Store(settings.home), "split", transcript_id=voice[0], label=voice[1])
    return _undo(settings, saying, f"{voice[1]} of this episode may be that person again")


def undo_rename(settings: Settings, person: str) -> str:
    """Take back what a person is called; the line that says so.

    Raises:
        SourceError: nothing like that was said, it was taken back before, or voices are not compared.
    """
    found = find(known_now(settings), person)
    saying = decisions.last(Store(settings.home), "rename", person=found.speaker_id)
    return _undo(settings, saying, f"{found.called} is called as before again")


def _undo(settings: Settings, saying: Manifest | None, done: str) -> str:
    if saying is None:
        msg = "there is nothing to take back: it was never said, or was taken back before"
        raise SourceError(msg)
    decisions.undo(Store(settings.home), saying)
    recognize(settings)
    return done


def _alike(known: Known, some: Sequence[VoiceKey], others: Sequence[VoiceKey]) -> float | None:
    """Return the mean cosine between voices; `None` where one side has none."""
    sides = []
    for keys in (some, others):
        found = [known.prints[key[0]][key[1]].vector for key in keys if known.has_print(key)]
        if not found:
            return None
        sides.append(np.array(found, float).mean(axis=0))
    return round(float(sides[0] @ sides[1]), 3)
