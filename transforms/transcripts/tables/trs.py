"""Transcriber's XML: turns of speakers with times between their words, sections with topics.

Spec: http://trans.sourceforge.net/en/transguidDTD.php

Example:

    <?xml version="1.0" encoding="UTF-8"?>
    <Trans audio_filename="groove" xml:lang="en"><Speakers>
      <Speaker id="spk1" name="Ann Lee"/><Speaker id="spk2" name="Bo Chan"/></Speakers>
    <Episode><Section type="report" startTime="0" endTime="4">
      <Turn speaker="spk1" startTime="0" endTime="2.5"><Sync time="0"/>Why does a record turn?</Turn>
      <Turn speaker="spk2" startTime="2.5" endTime="4"><Sync time="2.5"/>It must.</Turn>
    </Section></Episode></Trans>
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from transforms.errors import ContentError
from transforms.languages import language_tag
from transforms.transcripts.captions.cues import Clock
from transforms.transcripts.document import Draft, Format, Piece, Text, example_of
from transforms.transcripts.shared.xml_tree import parse_xml

_ROOT = re.compile(r"(?:<\?[^>]*>\s*|<!--.*?-->\s*|<!DOCTYPE[^>]*>\s*)*<Trans[\s>]", re.DOTALL)


def fits(text: Text) -> bool:
    """Check for the root of such a file."""
    return _ROOT.match(text.head) is not None


def parse(text: Text) -> Draft:
    """Read the turns; topics are chapters, noises events.

    Raises:
        ContentError: it is no sound XML, or has no turns.
    """
    root = parse_xml(text, "Transcriber file")
    names = {node.get("id"): _shown(node.get("name")) for node in root.iter("Speaker")}
    topics = {node.get("id"): _shown(node.get("desc")) for node in root.iter("Topic")}
    reader = _Reader(names, Clock())
    for section in root.iter("Section"):
        if topic := topics.get(section.get("topic")):
            start = reader.clock.moment(section.get("startTime"))
            reader.pieces.append(Piece(section.sourceline or 1, "chapter", topic, start_time=start))
        for turn in section.iter("Turn"):
            reader.read(turn)
    if not any(piece.kind == "speech" for piece in reader.pieces):
        msg = "no transcript found: the Transcriber file has no turns with words"
        raise ContentError(msg)
    flags = tuple(sorted(reader.clock.flags))
    return Draft((*_about(root), *reader.pieces), "cue", "publisher", flags)


def _shown(value: str | None) -> str:
    return " ".join((value or "").split())


def _about(root: Any) -> Iterator[Piece]:
    if language := root.get("{http://www.w3.org/XML/1998/namespace}lang"):
        yield Piece(1, "metadata", language_tag(_shown(language)), "language")
    if program := _shown(next((node.get("program") for node in root.iter("Episode")), None)):
        yield Piece(1, "metadata", program, "show")
    for key in ("audio_filename", "scribe", "version_date"):
        if value := _shown(root.get(key)):
            yield Piece(1, "metadata", value, key)


@dataclass(slots=True)
class _Reader:
    """What one walk through the turns gathers."""

    names: dict[str | None, str]
    clock: Clock
    pieces: list[Piece] = field(default_factory=list)

    def read(self, turn: Any) -> None:
        """Read the words of a turn between its times; a number says which of several speaks."""
        speakers = [self.names.get(name) or name for name in (turn.get("speaker") or "").split()]
        who = speakers[0] if len(speakers) == 1 else None
        start, last = turn.get("startTime"), turn.get("endTime")
        syncs = [node.get("time") for node in turn.iter("Sync")]
        behind = [*syncs[1:], last] if syncs else []
        end = syncs[0] if syncs else last
        self._say(turn, turn.text, who, start, end)
        for node in turn:
            if node.tag == "Sync":
                start, end = node.get("time"), behind.pop(0)
            elif node.tag == "Who" and (number := node.get("nb") or "").isdecimal():
                who = dict(enumerate(speakers, 1)).get(int(number))
            elif node.tag == "Event":
                self._hear(node, start)
            self._say(node, node.tail, who, start, end)

    def _hear(self, node: Any, start: object) -> None:
        if node.get("type", "noise") == "noise" and (heard := _shown(node.get("desc"))):
            moment = self.clock.moment(start)
            self.pieces.append(Piece(node.sourceline or 1, "event", f"[{heard}]", start_time=moment))

    def _say(self, node: Any, text: str | None, who: str | None, start: object, end: object) -> None:
        if shown := _shown(text):
            times = self.clock.span(start, end, overlaps=False)
            self.pieces.append(
                Piece(node.sourceline or 1, "speech", shown, None, who, who is not None, times[0], times[1])
            )


FORMAT = Format("trs", "Transcriber's XML", example_of(__doc__), fits, parse)
