r"""Markdown's marks → what a reader sees, and which stretches of it are marked: bold, headings, links, escapes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from transforms.transcripts.prose.lines import Line, Span, numbered

_HEADING = re.compile(r"\s{0,3}(#{1,6})\s+(.*?)\s*#*\s*$")
_QUOTE = re.compile(r"\s{0,3}>\s?(?!>)")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\((?:[^()\s]|\([^()]*\))*(?:\s+\"[^\"]*\")?\)")
_FOOTNOTE = re.compile(r"(?<=\S)\[\^[\w-]{1,40}\](?!:)")
_NOTE_BELOW = re.compile(r"\[\^[\w-]{1,40}\]:\s")
_TOKEN = re.compile(r"\\(?P<escaped>[\\`*_{}\[\]()#+\-.!~>|:<])|(?P<run>\*{1,3}|_{1,3}|`)")
_RULE_OF_TABLE = re.compile(r"\s*\|?(?:\s*:?-{2,}:?\s*\|)+\s*(?::?-{2,}:?)?\s*$")
RULE = "rule of a table"  # why a line is dropped
LONGEST_COLUMN = 3  # words that head one
_MARKS = {1: "em", 2: "strong", 3: "strong em"}


def marked_lines(texts: Sequence[str]) -> tuple[Line, ...]:
    """Number the lines of a text from 1, its marks taken away and kept beside."""
    lines = [_marked(line) for line in numbered(texts)]
    ruled = {i for i, line in enumerate(lines) if line.noise == RULE and i and _is_header(lines[i - 1])}
    return tuple(replace(line, mark="header") if i + 1 in ruled else line for i, line in enumerate(lines))


def _is_header(line: Line) -> bool:
    """Check for the cells that head the columns of a table: short, and no speech."""
    cells = [cell.strip() for cell in line.text.strip(" |").split("|")]
    return len(cells) > 1 and all(len(cell.split()) <= LONGEST_COLUMN and cell[-1:] not in ".?!" for cell in cells)


def _marked(line: Line) -> Line:
    text, mark = line.text, line.mark
    if "|" in text and "--" in text and _RULE_OF_TABLE.match(text.strip()):
        return replace(line, noise=RULE)
    if _NOTE_BELOW.match(text):
        return replace(line, noise="footnote")
    if heading := _HEADING.match(text):
        text, mark = heading[2], f"h{len(heading[1])}"
    elif quote := _QUOTE.match(text):
        text, mark = text[quote.end() :], "blockquote"
    shown, spans = visible(text)
    if shown == line.text and not (spans or mark):
        return line
    return replace(line, text=shown, heading=line.heading or heading is not None, mark=mark, spans=spans)


def plain(line: str) -> str:
    r"""Take the marks of Markdown away.

    >>> plain(r"**Ann:** \[01:10\] *so* [here](https://example.org)")
    'Ann: [01:10] so here'
    """
    return visible(_QUOTE.sub("", line, count=1))[0]


def visible(text: str) -> tuple[str, tuple[Span, ...]]:
    r"""Return what a reader sees of a line, and its marked stretches.

    >>> visible(r"**Ann:** so")
    ('Ann: so', (Span(begin=0, end=4, mark='strong'),))
    """
    if "[^" in text:
        text = _FOOTNOTE.sub("", text)
    if "](" in text:
        text = _LINK.sub(lambda match: _shown(match[1]), text)
    if not any(c in text for c in "*_\\`"):
        return text, ()
    parts: list[str] = []
    spans: list[Span] = []
    open_: list[tuple[str, int, int]] = []  # the run, its place in parts, where its text begins
    length = at = 0
    for match in _TOKEN.finditer(text):
        parts.append(text[at : match.start()])
        length += match.start() - at
        at = match.end()
        if match["escaped"]:
            parts.append(match["escaped"])
            length += 1
            continue
        run = match["run"]
        if (
            _closes(text, match)
            and (begun := next((i for i in range(len(open_) - 1, -1, -1) if open_[i][0] == run), None)) is not None
        ):
            _, place, begin = open_[begun]
            del open_[begun:]
            parts[place] = ""
            spans.append(Span(begin, length, "code" if run == "`" else _MARKS[len(run)]))
        elif _opens(text, match):
            open_.append((run, len(parts), length))
            parts.append(run)
        else:
            parts.append(run)
            length += len(run)
    parts.append(text[at:])
    return _restored(parts, spans, open_)


def _restored(
    parts: list[str], spans: list[Span], open_: list[tuple[str, int, int]]
) -> tuple[str, tuple[Span, ...]]:
    """Join the parts; a run that nothing closed is text, and what stands behind it moves on."""
    for run, _, begin in open_:
        spans = [
            Span(x.begin + len(run) * (x.begin >= begin), x.end + len(run) * (x.end > begin), x.mark)
            for x in spans
        ]
    shown = "".join(parts)
    return shown, tuple(spans)


def _opens(text: str, match: re.Match[str]) -> bool:
    behind = text[match.end() : match.end() + 1]
    before = text[match.start() - 1 : match.start()]
    return bool(behind.strip()) and (match[0][0] != "_" or not (before.isalnum() or before == "_"))


def _closes(text: str, match: re.Match[str]) -> bool:
    before = text[match.start() - 1 : match.start()] if match.start() else ""
    behind = text[match.end() : match.end() + 1]
    return bool(before.strip()) and (match[0][0] != "_" or not (behind.isalnum() or behind == "_"))


def _shown(label: str) -> str:
    """Keep a link's text; one that is a time keeps its brackets."""
    bare = label.strip("\\()[] ")
    return f"[{bare}]" if re.fullmatch(r"[\d:.]+", bare) else label
