"""The formats for people who read: Markdown and plain text."""

from __future__ import annotations

import re

from warehouse.export.transcript import ExportTranscript, ExportTurn, cited, clock, named, one_line

_MARKS = re.compile(r"[\\`*_{}\[\]<>#|~]|&(?=#?\w+;)")
_OPENING = re.compile(r"^(\d*)([-+=.)])")  # begins a list or underlines a heading


def markdown(transcript: ExportTranscript) -> str:
    """Write Markdown: titles as headings, a paragraph a turn, its time a link into the audio, its speaker bold.

    Below the title stand show, day and address.

    Spec: https://spec.commonmark.org/
    """
    blocks = [f"# {_escaped(transcript.title)}"] if transcript.title else []
    line, source = cited(transcript)
    blocks += filter(None, [" · ".join(filter(None, [_escaped(line), source and f"<{_address(source)}>"]))])
    chapter = None
    for turn, name in named(transcript.turns):
        if not one_line(turn.text):
            continue
        if turn.chapter and turn.chapter != chapter:
            blocks.append(f"## {_escaped(turn.chapter)}")
        chapter = turn.chapter
        blocks.append(" ".join(filter(None, [_time(turn), name and f"**{_escaped(name)}:**", _said(turn, name)])))
    return "\n\n".join(blocks) + "\n" if blocks else ""


def text(transcript: ExportTranscript) -> str:
    """Write plain text: a paragraph a turn, with its time and its speaker; no titles."""
    blocks = [
        " ".join(filter(None, [_stamp(turn), name and f"{name}:", one_line(turn.text)]))
        for turn, name in named(transcript.turns)
        if one_line(turn.text)
    ]
    return "\n\n".join(blocks) + "\n" if blocks else ""


def _stamp(turn: ExportTurn) -> str | None:
    return None if turn.start_time is None else f"[{clock(turn.start_time)}]"


def _time(turn: ExportTurn) -> str | None:
    stamp = _stamp(turn)
    link = turn.link and one_line(turn.link)
    return f"{stamp}(<{_address(link)}>)" if stamp and link else stamp


def _address(url: str) -> str:
    return re.sub("[<> ]", _percent, url)


def _percent(found: re.Match[str]) -> str:
    return f"%{ord(found[0]):02X}"


def _said(turn: ExportTurn, name: str | None) -> str:
    said = _escaped(turn.text)
    if name is None and turn.start_time is None:  # it begins the line
        said = _OPENING.sub(r"\1\\\2", said, count=1)
    return said


def _escaped(words: str) -> str:
    r"""Write text so that Markdown shows it as it is.

    >>> print(_escaped("**so** <b> [1]\nand"))
    \*\*so\*\* \<b\> \[1\] and
    """
    return _MARKS.sub(r"\\\g<0>", one_line(words))
