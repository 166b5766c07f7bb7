"""What the formats of cues share: times, tags, marks and names in front of the text, captions that roll."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from html import unescape
from itertools import pairwise

from transforms.records import Seconds, TranscriptSource, Word
from transforms.text import ends_sentence, join_words
from transforms.transcripts.document import Boundary, Draft, Piece
from transforms.transcripts.names import clean, is_generic, likeness

# Cues that touch are rounded differently by many writers.
OVERLAP_SECONDS = 0.05
# A line that rolls up stays in sight; one that comes back later is said again.
ROLLING_GAP_SECONDS = 1.0
LONGEST_LABEL = 40  # characters
# Nobody speaks for thirty years: a larger number is a date or garbage.
LATEST_SECONDS = 1e9
# With fewer marks than this the text is taken as unpunctuated.
WORDS_PER_SENTENCE = 40

_TIME = r"(?:(?:(\d{1,9}):)?(\d{1,9}):)?(\d{1,9})(?:[.,:](\d{1,9}))?"
_TIMING = re.compile(rf"[ \t]*{_TIME}[ \t]*-{{1,3}}>[ \t]*{_TIME}(?![\d:.,])(.*)", re.ASCII)
_CLOCK = re.compile(_TIME, re.ASCII)
_SETTING = re.compile(r"[A-Za-z]\w*:\S*")
_NUMBER = re.compile(r"\d{1,9}", re.ASCII)
# Webex: 1 "Ann Lee" (1234567)
_SPEAKER_IDENTIFIER = re.compile(r"\d+ \"([^\"]+)\" \(\d+\)")
_COMMENT = re.compile(r"(NOTE|STYLE|REGION)(?:\s|$)")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,31}\d{0,2});")
_TOKEN = re.compile(r"<(/?)([A-Za-z]*)([^<>]*)>|\{\\[^{}\n]*\}|\n|[^<{\n]+|[<{]")
_TAG = re.compile(r"a|b|big|br|c|center|div|em|font|i|lang|p|rp|rt|ruby|s|small|span|strong|su[bp]|tt|u|v")
_STYLES = frozenset(("<c>", "</c>", "<i>", "</i>", "<b>", "</b>"))
_VOICE = re.compile(r"(?:\.\S*)?\s*(.*)", re.DOTALL)
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u3040-\u30ff\u3400-\u9fff]")
_COLON = re.compile("[:：]")
_CHANGE = re.compile(r"(?:(?<=\s)|^)(>{2,3})\s*")
_DASH = re.compile(r"([-‐–—])\s+(?=\S)|([-‐])(?=[^\W\d_]|[\[(\"“'¿¡♪])")
# A full stop within a label ends a sentence, unless it shortens a title.
_STOP = re.compile(r"\b(?!(?:Col|Dr|Gen|Gov|Jr|Lt|Mr|Mrs|Ms|Prof|Rev|Sen|Sgt|Sr|St)\.)[^\W\d_]{2,}\.(?:\s|$)")
_BREAKS_OFF = ("-", "–", "—", ":", ",", "]", ")", "♪")


@dataclass(slots=True)
class Chunk:
    """A stretch of text with its times: a word with the space before it, or a part of one."""

    text: str
    start_time: Seconds | None = None
    end_time: Seconds | None = None
    probability: float | None = None


@dataclass(slots=True)
class Row:
    """A line of a cue without its tags; `voice` is the speaker that markup names, `chunks` its times."""

    line: int
    text: str
    voice: str | None = None
    chunks: tuple[Chunk, ...] = ()


@dataclass(slots=True)
class Cue:
    """What is shown at once; `repeated` are the rows that were in sight before."""

    line: int
    start_time: Seconds | None
    end_time: Seconds | None
    rows: list[Row]
    repeated: list[Row] = field(default_factory=list)


@dataclass(slots=True)
class Block:
    """The lines of a cue as they stand: the places of its first line, of its times, and of the line behind it."""

    first: int
    at: int
    stop: int


Item = Cue | Piece


class Clock:
    """Reads times in the order of the file, and keeps in `flags` what is wrong with them."""

    def __init__(self) -> None:
        self.flags: set[str] = set()
        self._start: Seconds | None = None
        self._end: Seconds | None = None

    def moment(self, value: object, scale: float = 1.0) -> Seconds | None:
        """Read one time: a number or a text, in units of `scale` seconds; nothing is no time."""
        if value is None or value == "":
            return None
        seconds = _seconds(value)
        if seconds is None or not 0 <= seconds * scale < LATEST_SECONDS:
            self.flags.add("bad_time")
            return None
        return round(seconds * scale, 3)

    def span(
        self, start: object, end: object, scale: float = 1.0, *, overlaps: bool = True
    ) -> tuple[Seconds | None, Seconds | None]:
        """Read the times of the next cue; with `overlaps` it should not start before the last one ends."""
        return self.check(self.moment(start, scale), self.moment(end, scale), overlaps=overlaps)

    def check(
        self, start: Seconds | None, end: Seconds | None, *, overlaps: bool = True
    ) -> tuple[Seconds | None, Seconds | None]:
        """Compare the times of the next cue with each other and with the cue before."""
        if (start or 0) >= LATEST_SECONDS or (end or 0) >= LATEST_SECONDS:
            start, end = self.moment(start), self.moment(end)
        if start is not None and end is not None and end < start:
            self.flags.add("end_before_start")
            end = None
        if start is not None:
            if self._start is not None and start < self._start:
                self.flags.add("times_backwards")
            elif overlaps and self._end is not None and self._end - start >= OVERLAP_SECONDS - 1e-6:
                self.flags.add("overlapping_cues")
            self._start, self._end = start, end
        return start, end


def _seconds(value: object) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and (match := _CLOCK.fullmatch(value.strip())):
        return _clock_seconds(*match.groups())
    if not isinstance(value, int | float | str):
        return None
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return None
    return seconds if math.isfinite(seconds) else None


def _clock_seconds(hours: str | None, minutes: str | None, seconds: str, fraction: str | None) -> Seconds:
    whole = int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds)
    if not fraction:
        return float(whole)
    thousandths = int(fraction) if len(fraction) == 3 else round(int(fraction) * 10 ** (3 - len(fraction)))
    return (whole * 1000 + thousandths) / 1000


# From lines to cues


def read_cues(lines: Sequence[str], first: int, clock: Clock, *, comments: bool) -> tuple[int, list[Item]]:
    """Read the cues behind the line `first`; give also the place where the first one begins.

    With `comments` there may be NOTE, STYLE and REGION blocks, and any line above the times is an identifier.
    """
    items: list[Item] = []
    blocks = _blocks(lines, first, identifiers=comments)
    for block in blocks:
        items += _read_block(lines, block, clock, comments=comments)
    return (blocks[0].first if blocks else len(lines)), items


def _blocks(lines: Sequence[str], first: int, *, identifiers: bool) -> list[Block]:
    blocks: list[Block] = []
    number, name = 0, ""
    floor = first
    for at in range(first, len(lines)):
        if "->" not in lines[at] or not _is_timing(lines, at, floor):
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
    if name := _identifier(lines, block):
        if match := _SPEAKER_IDENTIFIER.fullmatch(name):
            cue.rows = [replace(row, voice=row.voice or match[1]) for row in cue.rows]
        else:
            items.insert(0, Piece(block.first + 1, "dropped", name, name="cue identifier"))
    return [*items, cue, *others]


def _read_times(text: str, line: int, clock: Clock) -> tuple[Cue, list[Item]]:
    match = _TIMING.match(text)
    if not match:
        clock.flags.add("bad_time")
        return Cue(line, None, None, []), [Piece(line, "dropped", " ".join(text.split()), name="unreadable times")]
    *times, settings = match.groups()
    cue = Cue(line, _clock_seconds(*times[:4]), _clock_seconds(*times[4:]), [])
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
        return Piece(start + 1, "metadata", " ".join(words), name="note"), end
    return Piece(start + 1, "dropped", " ".join([kind, *words]), name=kind.lower()), end


# From a payload to rows


def read_rows(body: Sequence[tuple[int, str]]) -> list[Row]:
    """Read the text lines of a cue: without tags, with the voices and word times that tags give."""
    for _, text in body:
        if "<" in text or "&" in text or "{" in text:
            return _Payload(body).rows()
    return [Row(line, " ".join(text.split())) for line, text in body]


def resolve(text: str) -> str:
    """Resolve the entities of HTML that end in a semicolon.

    >>> resolve("R&amp;B &lt;3 &copy")
    'R&B <3 &copy'
    """
    return _ENTITY.sub(lambda match: unescape(match[0]), text) if "&" in text else text


class _Payload:
    """The text of a cue with its markup, read once from left to right."""

    def __init__(self, body: Sequence[tuple[int, str]]) -> None:
        self._lines = [line for line, _ in body]
        self._text = "\n".join(text for _, text in body)
        self._rows: list[tuple[int, str | None, list[Chunk]]] = []
        self._voice: str | None = None
        self._stamp: Seconds | None = None
        self._stamped = False
        self._at = 0

    def rows(self) -> list[Row]:
        for match in _TOKEN.finditer(self._text):
            part = match[0]
            if part == "\n":
                self._at += 1
                self._rows.append((self._line(), self._voice, []))
            elif match[2] is not None:
                self._tag(match)
            elif not part.startswith("{\\"):
                self._say(part)
        return [row for parts in self._rows if (row := self._row(*parts)).text]

    def _line(self) -> int:
        return self._lines[min(self._at, len(self._lines) - 1)]

    def _row(self, line: int, voice: str | None, chunks: list[Chunk]) -> Row:
        text = " ".join("".join(chunk.text for chunk in chunks).split())
        return Row(line, text, voice, tuple(chunks) if self._stamped and text else ())

    def _say(self, text: str) -> None:
        if not self._rows or self._rows[-1][:2] != (self._line(), self._voice):
            self._rows.append((self._line(), self._voice, []))
        if text.isspace():
            self._rows[-1][2].append(Chunk(text))
            return
        self._rows[-1][2].append(Chunk(resolve(text), self._stamp))
        self._stamp = None

    def _tag(self, match: re.Match[str]) -> None:
        if match[0] in _STYLES:
            return
        name, rest = match[2].lower(), match[3]
        if not name and (clock := _CLOCK.fullmatch(rest.strip())):
            self._stamp, self._stamped = _clock_seconds(*clock.groups()), True
        elif (name and not _TAG.fullmatch(name)) or (rest and rest[0] not in " \t\n./"):
            self._say(match[0])
        elif name == "v":
            self._voice = None if match[1] else self._named(rest)
        elif name == "br":
            self._say(" ")
        # A tag may be written over two lines.
        self._at += match[0].count("\n")

    def _named(self, rest: str) -> str | None:
        match = _VOICE.match(rest)
        return " ".join(resolve(match[1]).split()) or None if match else None


# Words


def glue(chunks: Iterable[Chunk], *, unspaced: bool = False) -> tuple[Word, ...]:
    """Make words of chunks: without a space between them two chunks are one word, unless the script has no spaces.

    Only the first word of a chunk has its start, only the last one its end.
    """
    words: list[Word] = []
    apart = True
    for chunk in chunks:
        parts = chunk.text.split()
        if not parts:
            apart = apart or bool(chunk.text)
            continue
        spoken = _chunk_words(parts, chunk)
        if words and not (apart or unspaced or chunk.text[0].isspace()):
            words[-1] = _joined(words[-1], spoken[0])
            del spoken[0]
        words += spoken
        apart = chunk.text[-1].isspace()
    return tuple(words)


def _chunk_words(parts: list[str], chunk: Chunk) -> list[Word]:
    start, end, probability = chunk.start_time, chunk.end_time, chunk.probability
    if len(parts) == 1:
        return [Word(parts[0], start, _not_before(start, end), probability, None, None)]
    first, *others, last = parts
    return [
        Word(first, start, None, probability, None, None),
        *(Word(part, None, None, probability, None, None) for part in others),
        Word(last, None, _not_before(start, end), probability, None, None),
    ]


def _not_before(start: Seconds | None, end: Seconds | None) -> Seconds | None:
    return None if start is not None and end is not None and end < start else end


def _joined(first: Word, second: Word) -> Word:
    known = [p for p in (first.probability, second.probability) if p is not None]
    start = first.start_time if first.start_time is not None else second.start_time
    return Word(
        first.word + second.word,
        start,
        _not_before(start, second.end_time),
        min(known) if known else None,
        None,
        None,
    )


def is_unspaced(text: str) -> bool:
    """Tell whether a text is of a script that is written without spaces.

    >>> is_unspaced("こんにちは"), is_unspaced("hello")
    (True, False)
    """
    return _UNSPACED.search(text) is not None


def is_punctuated(words: Iterable[str]) -> bool:
    """Tell whether enough words end a sentence for the marks to be used."""
    count = ends = 0
    for word in words:
        count += 1
        ends += ends_sentence(word)
    return ends > 0 and ends * WORDS_PER_SENTENCE >= count


def _cue_words(cue: Cue) -> tuple[Word, ...]:
    """Give the words of a cue whose text has times: each lasts until the next, the last until the cue ends."""
    if not any(row.chunks for row in cue.rows):
        return ()
    chunks = [chunk for row in cue.rows for chunk in (*(row.chunks or (Chunk(row.text),)), Chunk(" "))]
    said = [index for index, chunk in enumerate(chunks) if chunk.text.strip()]
    if chunks[said[0]].start_time is None:
        chunks[said[0]].start_time = cue.start_time
    end = cue.end_time
    for index in reversed(said):
        chunk = chunks[index]
        if chunk.end_time is None:
            chunk.end_time = end
        end = chunk.start_time
    return glue(chunks, unspaced=any(is_unspaced(row.text) for row in cue.rows))


# Captions that roll


def rolls(cues: Sequence[Cue]) -> bool:
    """Tell whether most cues of several rows begin with the row that was last in sight."""
    taller = [(before, cue) for before, cue in pairwise(cues) if len(cue.rows) > 1]
    # A whole cue that comes again, such as a chorus, is not pushed up by anything new.
    rolling = sum(0 < _repeated(before, cue) < len(cue.rows) for before, cue in taller)
    # Once may be chance, unless a machine wrote the times of the words.
    least = 1 if any(row.chunks for cue in cues for row in cue.rows) else 2
    return rolling >= least and rolling * 2 > len(taller)


def _repeated(before: Cue, cue: Cue) -> int:
    """Count the first rows of a cue that were the last ones of the cue before."""
    if before.end_time is not None and cue.start_time is not None:
        gap = cue.start_time - before.end_time
        if gap > ROLLING_GAP_SECONDS:
            return 0
    shown = [row.text for row in before.rows]
    rows = [row.text for row in cue.rows[:8]]
    for count in range(min(len(shown), len(rows)), 0, -1):
        if shown[-count:] == rows[:count]:
            return count
    return 0


def _unroll(cues: Sequence[Cue]) -> None:
    counts = [0, *(_repeated(before, cue) for before, cue in pairwise(cues))]
    for cue, count in zip(cues, counts, strict=True):
        cue.repeated, cue.rows = cue.rows[:count], cue.rows[count:]


# Marks and names in front of the text


def named_cues(texts: Sequence[str]) -> list[tuple[str | None, str]]:
    """Split `Name: text` where it is sure enough that a name stands there.

    A name comes twice, or is of two words, or most texts begin with one, or it stands beside such names; and the
    names of a file begin with it or come back.

    >>> named_cues(["Ann: Hi.", "Rule one: listen.", "Ann: Why?"])
    [('Ann', 'Hi.'), (None, 'Rule one: listen.'), ('Ann', 'Why?')]
    """
    found = [label_of(text) for text in texts]
    counts = Counter(label for label in found if label)
    sure = {label for label, count in counts.items() if count > 1 or _likeness(label) == 2}
    if counts.total() > 1 and counts.total() * 2 >= len(texts):
        sure = set(counts)
    begins = any(label in sure for label in found[:3] if label)
    if not begins and not any(counts[label] > 1 for label in sure):
        return [(None, text) for text in texts]
    names = sure | {label for label in counts if "," not in label}
    return [
        (label, _COLON.split(text, 1)[1].strip()) if label in names else (None, text)
        for label, text in zip(found, texts, strict=True)
    ]


def label_of(text: str) -> str | None:
    """Give what stands before the first colon of a text, if it may be a name."""
    head = text[: LONGEST_LABEL + 3]
    match = _COLON.search(head)
    if not match or (match[0] == ":" and head[match.end() : match.end() + 1].strip()):
        return None
    label = head[: match.start()].strip()
    if not label or len(label) > LONGEST_LABEL or len(label.split()) > 5 or _STOP.search(label):
        return None
    return label if _likeness(label) else None


def _likeness(label: str) -> int:
    return likeness(clean(label)[0])


@dataclass(slots=True)
class _Unit:
    """A stretch of a cue that one speaker says; `mark` says that the speaker changes, without a name."""

    cue: Cue
    line: int
    mark: str
    text: str
    voice: str | None
    is_change: bool
    words: tuple[Word, ...] = ()


def _units(cue: Cue, known: frozenset[str]) -> list[_Unit]:
    units: list[_Unit] = []
    texts: list[list[str]] = []
    before = ""
    dashed = bool(cue.rows) and _DASH.match(cue.rows[0].text) is not None
    for row in cue.rows:
        for mark, text in _marked(row):
            is_change = mark.startswith(">") or (bool(mark) and (dashed or _is_finished(before)))
            if units and not mark and units[-1].voice == row.voice and not _begins(text, before, known):
                texts[-1].append(text)
            else:
                units.append(_Unit(cue, row.line, mark, text, row.voice, is_change))
                texts.append([text])
            before = text
    for unit, parts in zip(units, texts, strict=True):
        unit.text = " ".join(part for part in parts if part)
    _share_words(units, _cue_words(cue))
    return units


def _marked(row: Row) -> Iterator[tuple[str, str]]:
    """Split a row at `>>`, and take the dash from its front."""
    text = row.text
    if ">>" in text:
        before, *changes = _CHANGE.split(text)
        if before.strip():
            yield "", before.strip()
        for mark, rest in zip(changes[::2], changes[1::2], strict=True):
            yield mark, rest.strip()
    elif (match := _DASH.match(text)) and (match[1] or not row.chunks):
        yield match[1] or match[2], text[match.end() :]
    else:
        yield "", text


def _begins(text: str, before: str, known: frozenset[str]) -> bool:
    """Tell whether a further row of a cue begins with a name, not with a word that the line break put there."""
    if ":" not in text and "：" not in text:
        return False
    label = label_of(text)
    return label is not None and (_is_finished(before) or label.isupper() or label in known)


def _is_finished(text: str) -> bool:
    return not text or ends_sentence(text) or text.endswith(_BREAKS_OFF)


def _share_words(units: Sequence[_Unit], words: tuple[Word, ...]) -> None:
    """Give each unit its words; where they are not the words of the text, only a lone unit has them."""
    if not words:
        return
    counts = [(len(unit.mark.split()), len(unit.text.split())) for unit in units]
    if sum(map(sum, counts)) == len(words):
        at = 0
        for unit, (marks, count) in zip(units, counts, strict=True):
            unit.words = _after_mark(words[at : at + marks + count], marks)
            at += marks + count
    elif len(units) == 1 and not units[0].mark:
        units[0].words = words
        units[0].text = join_words([word.word for word in words], "ja" if is_unspaced(units[0].text) else None)


def _after_mark(words: tuple[Word, ...], marks: int) -> tuple[Word, ...]:
    """Take the mark off; the word behind it begins where the mark does, if nothing else is known."""
    if not marks or len(words) == marks:
        return words[marks:]
    first = words[marks]
    start = words[0].start_time if first.start_time is None else first.start_time
    return (replace(first, start_time=start), *words[marks + 1 :])


# From cues to a draft


def cue_draft(
    items: Sequence[Item],
    clock: Clock,
    *,
    source: TranscriptSource | None = None,
    overlaps: bool = True,
) -> Draft:
    """Make a draft of cues and what stands between them; names are searched where no markup names a voice."""
    cues = [item for item in items if isinstance(item, Cue)]
    rolling = rolls(cues)
    for cue in cues:
        cue.start_time, cue.end_time = clock.check(cue.start_time, cue.end_time, overlaps=overlaps and not rolling)
    if rolling:
        _unroll(cues)
    voiced = any(row.voice for cue in cues for row in cue.rows)
    known = frozenset() if voiced else _first_labels(cues)
    units = {id(cue): _units(cue, known) for cue in cues}
    speech = [unit for cue in cues for unit in units[id(cue)]]
    names = [(None, unit.text) for unit in speech] if voiced else named_cues([unit.text for unit in speech])
    pieces = _pieces(items, units, iter(names), voiced=voiced)
    return Draft(
        pieces=tuple(pieces),
        boundary=_boundary(speech),
        source=source or _source(pieces),
        flags=tuple(sorted(clock.flags)),
    )


def _first_labels(cues: Iterable[Cue]) -> frozenset[str]:
    return frozenset(
        label
        for cue in cues
        if cue.rows and (":" in cue.rows[0].text or "：" in cue.rows[0].text)
        for label in [label_of(cue.rows[0].text.lstrip(">- "))]
        if label
    )


def _boundary(units: Sequence[_Unit]) -> Boundary:
    if not any(unit.words for unit in units):
        return "cue"
    return "sentence" if is_punctuated(word for unit in units for word in unit.text.split()) else "cue"


def _source(pieces: Iterable[Piece]) -> TranscriptSource:
    labels = {piece.speaker for piece in pieces if piece.speaker}
    return "publisher" if any(not is_generic(clean(label)[0]) for label in labels) else "captions"


def _pieces(
    items: Iterable[Item],
    units: dict[int, list[_Unit]],
    names: Iterator[tuple[str | None, str]],
    *,
    voiced: bool,
) -> list[Piece]:
    pieces: list[Piece] = []
    speaker: str | None = None
    opens = False
    for item in items:
        if isinstance(item, Piece):
            pieces.append(item)
            continue
        pieces += [
            Piece(row.line, "dropped", row.text, name="repeated by the rolling captions") for row in item.repeated
        ]
        for unit in units[id(item)]:
            name, text = next(names)
            label = f"{unit.mark} {unit.text[: len(unit.text) - len(text)].strip()}".strip() if name else unit.mark
            if label:
                pieces.append(Piece(unit.line, "label", label))
            if voiced:
                speaker, opens = unit.voice, unit.voice is not None
            elif name or unit.is_change:
                speaker, opens = name, name is not None
            if text:
                pieces.append(_speech(unit, text, speaker, opens=opens))
                opens = False
    return pieces


def _speech(unit: _Unit, text: str, speaker: str | None, *, opens: bool) -> Piece:
    words = unit.words
    if text != unit.text:
        words = words[-len(text.split()) :]
        words = words if [word.word for word in words] == text.split() else ()
    start, end = unit.cue.start_time, unit.cue.end_time
    if words:
        start = words[0].start_time if words[0].start_time is not None else start
        end = words[-1].end_time if words[-1].end_time is not None else end
    return Piece(
        unit.line,
        "speech",
        text,
        speaker=speaker,
        opens=opens,
        start_time=start,
        end_time=end,
        words=words,
    )
