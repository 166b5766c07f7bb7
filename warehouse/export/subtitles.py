"""The formats of players: WebVTT and SubRip, cut into cues."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from html import escape, unescape
from itertools import pairwise

from warehouse.export.transcript import NOBODY, ExportTranscript, Timed, label, one_line, timed

# A cue is one glance: a sentence, no longer than players like it
# (https://github.com/Podcastindex-org/podcast-namespace/blob/main/docs/examples/transcripts/transcripts.md).
CUE_SECONDS = 7.0
CUE_CHARACTERS = 65
# A shorter one flickers: "No." goes with what follows.
SHORTEST_CUE_SECONDS = 1.0
_SENTENCE_END = re.compile(r"[.?!…。？！][\"'”’»)\]]*$")
# What readers obey even where it is escaped, as many services write it.
_OBEYED = re.compile(r"&lt;(?=/?v)|\{(?=\\)")
_COMMAND = re.compile(r"-->|<(?=/?[A-Za-z])|\{(?=\\)|&(?=#?\w+;)")
_REDRAWN = {"-->": "→", "<": "‹", "{": "(", "&": "＆"}
_LABEL = re.compile(r"[^:：]{1,60}[:：]")


def vtt(transcript: ExportTranscript) -> str:
    """Write WebVTT with a voice span a cue.

    Spec: https://www.w3.org/TR/webvtt1/

    Raises:
        ContentError: a turn has no start.
    """
    blocks = ["WEBVTT\n"]
    for cue in _cues(transcript, "WebVTT"):
        voice = f"<v {_escaped(cue.speaker)}>" if cue.speaker else ""
        blocks.append(f"{_span(cue, '.')}\n{voice}{_escaped(cue.text)}\n")
    return "\n".join(blocks)


def srt(transcript: ExportTranscript) -> str:
    """Write SubRip; a cue starts with `Name: ` where the speaker changes, `Unknown: ` where that is not known.

    Without it readers would take what follows for words of the speaker before.
    Spec: https://www.matroska.org/technical/subtitles.html#srt-subtitles

    Raises:
        ContentError: a turn has no start.
    """
    blocks = []
    cues = _cues(transcript, "SRT")
    some_known = any(cue.speaker for cue in cues)
    before: str | None = None
    for number, cue in enumerate(cues, start=1):
        # What is said may look like a name itself: `Idris: that is me.`
        is_named = cue.speaker != before or (some_known and _LABEL.match(cue.text))
        name = f"{cue.speaker or NOBODY}: " if is_named else ""
        blocks.append(f"{number}\n{_span(cue, ',')}\n{name}{_without_commands(cue.text)}\n")
        before = cue.speaker
    return "\n".join(blocks)


def _cues(transcript: ExportTranscript, name: str) -> list[Timed]:
    """Cut the turns into cues, in time order; a turn whose words have no times is one cue."""
    cues = [
        Timed(label(cue.speaker) or None, cue.start_time, cue.end_time, one_line(cue.text))
        for turn, said in zip(timed(transcript, name), transcript.turns, strict=True)
        for cue in (_cut(turn, said.words) or [turn])
    ]
    return sorted((cue for cue in cues if cue.text), key=lambda cue: cue.start_time)


def _cut(turn: Timed, words: Sequence[Timed]) -> list[Timed]:
    cues: list[Timed] = []
    for word in _pieces(turn.text, words):
        if cues and not _is_full(cues[-1], word):
            text = cues[-1].text + word.text
            cues[-1] = Timed(turn.speaker, cues[-1].start_time, word.end_time, text)
        else:
            cues.append(Timed(turn.speaker, word.start_time, word.end_time, word.text))
    return cues


def _pieces(text: str, words: Sequence[Timed]) -> list[Timed]:
    """Share out the text of a turn among its words, spaces and all; nothing where they do not match."""
    starts, position = [], 0
    for word in words:
        position = text.find(word.text.strip(), position)
        if position < 0:
            return []
        starts.append(position)
        position += len(word.text.strip())
    bounds = pairwise([0, *starts[1:], len(text)])
    return [replace(word, text=text[a:b]) for word, (a, b) in zip(words, bounds, strict=False)]


def _is_full(cue: Timed, word: Timed) -> bool:
    lasts = cue.end_time - cue.start_time
    return (
        word.end_time - cue.start_time > CUE_SECONDS
        or len((cue.text + word.text).strip()) > CUE_CHARACTERS
        or (lasts >= SHORTEST_CUE_SECONDS and _SENTENCE_END.search(cue.text.rstrip()) is not None)
    )


def _span(cue: Timed, mark: str) -> str:
    """Write the line of times; a cue lasts at least one millisecond, as WebVTT asks.

    >>> _span(Timed(None, 3661.5, 3661.5, ""), ",")
    '01:01:01,500 --> 01:01:01,501'
    """
    start = round(cue.start_time * 1000)
    end = max(round(cue.end_time * 1000), start + 1)
    return " --> ".join(
        f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}{mark}{ms % 1000:03}"
        for ms in (start, end)
    )


def _without_commands(text: str) -> str:
    r"""Redraw what a player would obey instead of showing it: SubRip has no way to escape it.

    >>> print(_without_commands(r"a <b>bold</b> 1 < 2 --> {\an8}up"))
    a ‹b>bold‹/b> 1 < 2 → (\an8}up
    """
    return _COMMAND.sub(lambda found: _REDRAWN[found[0]], text)


def _escaped(text: str) -> str:
    """Escape a text for WebVTT.

    >>> _escaped("<v Bob>1 < 2")
    '&#60;v Bob&gt;1 &lt; 2'
    """
    return _OBEYED.sub(lambda found: f"&#{ord(unescape(found[0]))};", escape(text, quote=False))
