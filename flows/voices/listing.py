"""Whose voices there are, as a table: who, where, how sure, and why a label is nobody's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flows.settings import Settings
from flows.voices import switch
from flows.voices.persons import Person, persons
from flows.voices.recognizing import Known, known_voices
from transforms.voices.person import VOICE
from transforms.voices.prints import LEAST_SECONDS, Voiceprint
from transforms.voices.voice_matching import Match, Miss, VoiceKey
from warehouse import query
from warehouse.answers.table import Table
from warehouse.query import HeardVoice

COLUMNS = (
    *("speaker", "known_by", "confidence", "title", "speaker_label", "why"),
    *("speaker_id", "score", "margin", "seconds", "episode_id", "transcript_id"),
)


@dataclass(frozen=True, slots=True)
class _Told:
    """All that rows are made of: what is known, who there is, and the titles of the transcripts."""

    known: Known
    everybody: dict[str, Person]
    titles: dict[str, str | None]


def list_voices(settings: Settings) -> Table:
    """List all labels of transcripts of our own, those of one person together; nobody's come last."""
    since = switch.read(settings.home)
    known = known_voices(settings, unnamed=since.unnamed_since is not None)
    told = _Told(known, persons(known), _titles(settings, known.heard))
    return _sorted([_row(one, told) for one in known.heard])


def list_told(settings: Settings) -> Table:
    """List whose voices they are as the warehouse says it, for a home in which voices are not compared now."""
    heard = query.heard_voices(settings.snapshot)
    titles = _titles(settings, heard)
    rows = []
    for one in heard:
        who = one.speaker_name, one.known_by, None, titles[one.transcript_id], one.label, None, one.speaker_id
        rows.append((*who, None, None, None, one.episode_id, one.transcript_id))
    return _sorted(rows)


def _sorted(rows: list[tuple[Any, ...]]) -> Table:
    return Table(COLUMNS, sorted(rows, key=lambda row: (row[0] is None, row[0] or "", row[3] or "", row[4])))


def _titles(settings: Settings, heard: list[HeardVoice]) -> dict[str, str | None]:
    titles = query.titles(settings.snapshot)
    return {one.transcript_id: titles.get(one.episode_id) for one in heard}


def _row(one: HeardVoice, told: _Told) -> tuple[Any, ...]:
    known, key = told.known, (one.transcript_id, one.label)
    mine, found = known.prints.get(one.transcript_id, {}).get(one.label), known.decided.get(key)
    match = found if isinstance(found, Match) else None
    named = known.named.get(key) if known.has_print(key) and key not in known.strange else None
    who = match.person if match else named
    return (
        told.everybody[who].called if who else None,
        VOICE if match else one.name_source if who else None,
        match.confidence if match else None,
        told.titles[one.transcript_id],
        one.label,
        _why(one, told, mine),
        who,
        found.score if found else None,
        match.margin if match else None,
        mine.seconds if mine else None,
        one.episode_id,
        one.transcript_id,
    )


def _why(one: HeardVoice, told: _Told, mine: Voiceprint | None) -> str | None:
    """Say what a match rests on, or why there is none."""
    known, key = told.known, (one.transcript_id, one.label)
    found = known.decided.get(key)
    if mine is None or mine.vector is None:
        return _no_print(key, known, mine)
    if key in known.strange:
        return f"unlike other voices called {one.name}: `turntable speakers split`, or name it anew"
    if isinstance(found, Match):
        return f"like {found.like[1]} of {told.titles[found.like[0]]}"
    if isinstance(found, Miss):
        return _missed(found, told.everybody)
    if key in known.named:
        return None
    return f"split from {one.name}" if one.name else "nobody else is named yet: `turntable name` names a voice"


def _no_print(key: VoiceKey, known: Known, mine: Voiceprint | None) -> str:
    """Say why it is not known how a label sounds."""
    if mine is None and key[0] in known.prints:
        return "forgotten"
    if mine is None:
        return "no voiceprint: `turntable speakers on` makes it, if the audio is there"
    if mine.fault == "mixed":
        return "several people under one label"
    return f"alone for {mine.seconds:.1f} s, {LEAST_SECONDS:.0f} s are needed"


def _missed(found: Miss, everybody: dict[str, Person]) -> str:
    """Say why a label is nobody's."""
    nearest = everybody[found.person].called
    if found.reason == "close" and found.other:
        return f"as close to {everybody[found.other].called} as to {nearest} ({found.score:.2f})"
    if found.reason == "rival":
        return f"{found.other} may as well be {nearest} ({found.score:.2f})"
    return f"nearest is {nearest}: {found.score:.2f}, needed {found.needed or 0:.2f}"
