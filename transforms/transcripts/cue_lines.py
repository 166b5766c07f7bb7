"""Lines of captions → cues: where one begins and ends, its times, the comments between them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from transforms.times import CLOCK, clock_seconds
from transforms.transcripts.cue_markup import read_rows
from transforms.transcripts.cues import Clock, Cue, Item
from transforms.transcripts.document import Piece
from transforms.transcripts.languages import language_tag
from transforms.transcripts.names import clean, likeness

# What word processors and web pages make of an arrow; YouTube's own format has a comma.
ARROW = r"(?:-{1,3} ?>|[–—]>|→|-{1,2}&gt;|,(?=\d+:\d\d:\d\d\.\d{3}[ \t]*$))"
_TIMING = re.compile(rf"[ \t]*{CLOCK}[ \t]*{ARROW}[ \t]*{CLOCK}(?![\d:.,])(.*)", re.ASCII)
_ARROWS = re.compile(r"[->–—]>|→|-&gt;|- >|\d,\d+:\d\d:")
_LANGUAGE = re.compile(r"language: ?([A-Za-z]{2,3}(?:-\w{2,8})*)", re.IGNORECASE)
_CUT_OFF = re.compile(r"(?:\d+:)*\d*[\d:.,\s>-]*", re.ASCII)
_SETTING = re.compile(r"[A-Za-z]\w*:\S*")
_NUMBER = re.compile(r"\d{1,9}", re.ASCII)
# Webex: 1 "Ann Lee" (1234567)
_COUNT = re.compile(r"\d+\s*[-–—:.)]?\s+")
_SPEAKER_IDENTIFIER = re.compile(r"\d+ \"([^\"]+)\" \(\d+\)")
_COMMENT = re.compile(r"(NOTE|STYLE|REGION)(?:\s|$)")


@dataclass(slots=True)
class Block:
    """The lines of a cue as they stand: the places of its first line, of its times, and of the line behind it."""

    first: int
    at: int
    stop: int


def read_cues(lines: Sequence[str], first: int, clock: Clock, *, comments: bool) -> tuple[int, list[Item]]:
    """Read the cues behind the line `first`; give also the place where the first one begins.

    With `comments` there may be NOTE, STYLE and REGION blocks, and any line above the times is an identifier.
    """
    blocks = _blocks(lines, first, identifiers=comments)
    if not blocks:
        return len(lines), []
    rest = _cut_off(lines, blocks[-1])
    identifiers = [_identifier(lines, block) for block in blocks]
    voices = _voices(identifiers)
    items: list[Item] = []
    for block, identifier in zip(blocks, identifiers, strict=True):
        read = _read_block(lines, block, clock, comments=comments)
        if identifier:
            items.append(_named(identifier, block.first + 1, read, voices))
        items += read
    return blocks[0].first, [*items, *rest]


def _cut_off(lines: Sequence[str], last: Block) -> list[Piece]:
    """Take the number, and what there is of the times, off the end of a file that breaks off behind them."""
    number = lines[last.first].strip()
    end = [index for index in range(max(last.at + 1, len(lines) - 10), last.stop) if lines[index].strip()][-2:]
    while end and not (number.isdecimal() and lines[end[0]].strip() == str(int(number) + 1)):
        end = end[1:]
    if not end or lines[end[0] - 1].strip() or not all(_CUT_OFF.fullmatch(lines[index]) for index in end):
        return []
    last.stop = end[0]
    return [Piece(index + 1, "dropped", lines[index].strip(), name="cue without text") for index in end]


def _voices(identifiers: Sequence[str]) -> dict[str, str]:
    """Tell which identifiers name a speaker: alone or behind a number, in front of most cues, again and again."""
    names = {name: _COUNT.sub("", name) for name in set(identifiers) if name}
    likely = {name: voice for name, voice in names.items() if likeness(clean(voice)[0])}
    counts = Counter(likely[name] for name in identifiers if name in likely)
    if counts.total() * 2 <= len(identifiers) or (counts.total() > 4 and len(counts) * 2 > counts.total()):
        return {}
    return likely


def _named(name: str, line: int, items: Sequence[Item], voices: dict[str, str]) -> Piece:
    """Give a cue the voice that its identifier names."""
    match = _SPEAKER_IDENTIFIER.fullmatch(name)
    if voice := match[1] if match else voices.get(name):
        cue = next(item for item in items if isinstance(item, Cue))
        cue.rows = [replace(row, voice=row.voice or voice) for row in cue.rows]
    return Piece(line, "label", name, name="cue identifier")


def _blocks(lines: Sequence[str], first: int, *, identifiers: bool) -> list[Block]:
    blocks: list[Block] = []
    number, name = 0, ""
    floor = first
    for at in range(first, len(lines)):
        if not _ARROWS.search(lines[at]) or not _is_timing(lines, at, floor):
            continue
        start = _block_start(lines, at, floor, number, name if identifiers else None)
        if start < at:
            name = lines[start].strip()
            number = int(name) if _NUMBER.fullmatch(name) else number
        if blocks:
            blocks[-1].stop = start
        blocks.append(Block(start, at, len(lines)))
        floor = at + 1
    return blocks


def _is_timing(lines: Sequence[str], at: int, floor: int) -> bool:
    line = lines[at]
    if _TIMING.match(line):
        return True
    begin, arrow, end = line.partition("-->")
    if not arrow:
        return False
    if re.match(r"[-+]?\d{1,9}:", begin.strip()) or re.match(r"[-+]?\d{1,9}:", end.strip()):
        return True
    above = lines[at - 1].strip() if at > floor else begin
    return len(begin.split()) == 1 and (not above or _NUMBER.fullmatch(above) is not None)


def _block_start(lines: Sequence[str], at: int, floor: int, number: int, name: str | None) -> int:
    """Find the line where a cue begins: its times, or the identifier above; `name` is the last identifier."""
    if at - 1 < floor:
        return at
    above = lines[at - 1].strip()
    follows = str(number + 1)
    if not above:
        return at - 2 if at - 2 >= floor and lines[at - 2].strip() == follows else at
    alone = (at - 2 < 0 or not lines[at - 2].strip()) and (at - 2 >= floor or at - 1 == 0)
    if _NUMBER.fullmatch(above):
        return at - 1 if alone or above == follows else at
    if name is None or _COMMENT.match(above):
        return at
    return at - 1 if alone or _alike(above, name) else at


def _alike(above: str, name: str) -> bool:
    return any(c.isdigit() for c in name) and re.sub(r"\d+", "0", above) == re.sub(r"\d+", "0", name)


def _identifier(lines: Sequence[str], block: Block) -> str:
    """Give the identifier of a cue, unless it only counts."""
    name = " ".join(lines[block.first].split()) if block.first < block.at else ""
    return "" if _NUMBER.fullmatch(name) else name


def _read_block(lines: Sequence[str], block: Block, clock: Clock, *, comments: bool) -> list[Item]:
    cue, items = _read_times(lines[block.at], block.at + 1, clock)
    body, others = _body(lines, block.at + 1, block.stop, comments=comments)
    cue.rows = read_rows(body)
    return [*items, cue, *others]


def _read_times(text: str, line: int, clock: Clock) -> tuple[Cue, list[Item]]:
    match = _TIMING.match(text)
    if not match:
        clock.flags.add("bad_time")
        return Cue(line, None, None, []), [Piece(line, "dropped", " ".join(text.split()), name="unreadable times")]
    *times, settings = match.groups()
    cue = Cue(line, clock_seconds(*times[:4]), clock_seconds(*times[4:]), [])
    if not settings or all(_SETTING.fullmatch(word) for word in settings.split()):
        return cue, []
    return cue, [Piece(line, "dropped", " ".join(settings.split()), name="cue settings")]


def _body(
    lines: Sequence[str], start: int, stop: int, *, comments: bool
) -> tuple[list[tuple[int, str]], list[Piece]]:
    """Sort the lines behind the times into text and comments."""
    body: list[tuple[int, str]] = []
    others: list[Piece] = []
    index, blank = start, False
    while index < stop:
        line = lines[index]
        if not line.strip():
            blank = True
        elif comments and blank and _COMMENT.match(line):
            piece, index = read_comment(lines, index, stop)
            others.append(piece)
            continue
        else:
            body.append((index + 1, line))
            blank = False
        index += 1
    return body, others


def is_comment(line: str) -> bool:
    """Tell whether a line begins a NOTE, STYLE or REGION block."""
    return _COMMENT.match(line) is not None


def read_comment(lines: Sequence[str], start: int, stop: int) -> tuple[Piece, int]:
    """Read a block up to its blank line: a note is kept as metadata, style and region are dropped."""
    end = next((index for index in range(start, stop) if not lines[index].strip()), stop)
    kind, *words = " ".join(lines[start:end]).split()
    if kind == "NOTE":
        return _note(start + 1, " ".join(words)), end
    return Piece(start + 1, "dropped", " ".join([kind, *words]), name=kind.lower()), end


def _note(line: int, text: str) -> Piece:
    """Keep a note; Teams and Stream write the language into one."""
    match = _LANGUAGE.fullmatch(text)
    if match:
        return Piece(line, "metadata", language_tag(match[1]), name="language")
    return Piece(line, "metadata", text, name="note")
