"""What a printer adds to a text: lines broken to a width, numbers of lines, titles and numbers of pages."""

from __future__ import annotations

import itertools
import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from transforms.text import ends_sentence, join_lines
from transforms.transcripts.prose.lines import Line

SHORTEST_WRAPPED = 45  # characters of a line that goes on in the next
LONGEST_WRAPPED = 120
FEWEST_BROKEN = 4  # lines that go on, of which an indent is told
FEWEST_BEGUN = 3  # lines that do not, beside them
FULL_SHARE = 0.9  # of the lines above those that go on are so full that no word more had found room
BROKEN_SHARE = 0.3  # of the lines of a text without gaps are as full, where it was broken to a width
ALL_FULL = 0.95  # of them are rows of one form
OTHERS_FULL = 0.5  # at most, of the lines above those that begin a paragraph
LONGEST_WORD = 14  # characters that may not have found room
NUMBERED_SHARE = 0.8  # of the lines have their number in front of them
FEWEST_PAGES = 3
LINES_OF_PAGE = 7  # at least, in the middle of all
EDGE = 2  # lines of a page's edge that may be its title
LONGEST_TITLE = 120  # characters of the title of a page
BROKEN_BY_PAGES = 0.3  # of the pages end within a sentence
RUNNING = "title or number of a page"  # why a line is dropped
_NUMBER_IN_FRONT = re.compile(r"\s{0,8}(\d{1,2})(?=\s{2,}|\t|\s*$)")
_PAGE = re.compile(
    r"\s*[-–—]?\s*(?:page|seite|página|pagina|strona|стр(?:аница|\.))\s+\d{1,4}(?:\s*(?:of|von|de|di|sur|z|из|/)\s*\d{1,4})?\s*[-–—]?\s*",
    re.IGNORECASE,
)
_TIME = re.compile(r"\d:\d\d")
_DIGITS = re.compile(r"\d+")
_TAB = 8


def laid_out(lines: Sequence[Line]) -> list[Line]:
    """Say of raw lines what their layout tells: `indent`, which numbers are theirs, what heads or ends a page."""
    return _without_pages(_without_numbers([_indented(line) for line in lines]))


def _indented(line: Line) -> Line:
    text = line.text.rstrip()
    inner = text.lstrip(" \t")
    if line.spans or len(inner) == len(text):
        return line
    return replace(line, indent=len(text[: len(text) - len(inner)].expandtabs(_TAB)))


def _without_numbers(lines: list[Line]) -> list[Line]:
    """Take away the numbers in front of nearly all lines, which begin anew on each page: those of the lines."""
    found = [(i, match) for i, line in enumerate(lines) if (match := _NUMBER_IN_FRONT.match(line.text))]
    written = sum(bool(line.text.strip()) for line in lines)
    if len(found) < max(FEWEST_BROKEN * FEWEST_PAGES, NUMBERED_SHARE * written):
        return lines
    numbers = [int(match[1]) for _, match in found]
    counted = sum(b in (a + 1, 1) for a, b in itertools.pairwise(numbers))
    if counted < NUMBERED_SHARE * len(numbers) or max(numbers) == len(numbers):
        return lines
    shown = list(lines)
    for i, match in found:
        shown[i] = _indented(replace(lines[i], text=" " * match.end() + lines[i].text[match.end() :]))
    return shown


# --- pages ------------------------------------------------------------------------------------------------------


def _without_pages(lines: list[Line]) -> list[Line]:
    """Mark the numbers of pages, and the titles that stand beside them on most pages."""
    lines = [replace(line, noise=RUNNING) if _is_page(line.text) else line for line in lines]
    said = [i for i, line in enumerate(lines) if line.text.strip() and not line.noise]
    numbers = _numbers(lines, said) or _feeds(lines, said)
    if not numbers:
        return lines
    dropped = _titles(lines, said, numbers)
    dropped |= {said[n] for n in numbers if n < len(said) and _is_number(lines[said[n]].text)}
    if not _DIGITS.search(lines[said[0]].text):
        dropped.discard(said[0])  # the first title of all is that of the text
    return [replace(line, noise=RUNNING) if i in dropped else line for i, line in enumerate(lines)]


def _feeds(lines: Sequence[Line], said: Sequence[int]) -> list[int]:
    """Return where form feeds part pages, as places among what is said; none where there are few."""
    feeds = [bisect_left(said, i) for i, line in enumerate(lines) if "\f" in line.text]
    return feeds if len(feeds) >= FEWEST_PAGES else []


def _titles(lines: Sequence[Line], said: Sequence[int], numbers: Sequence[int]) -> set[int]:
    """Find the lines beside the numbers, or the ends, of pages that stand beside most of them."""
    beside = [said[max(at - EDGE, 0) : at + EDGE + 1] for at in numbers]
    counts = Counter(key for near in beside for key in {_key(lines[i].text) for i in near})
    often = {key for key, count in counts.items() if count >= FEWEST_PAGES and count * 2 > len(numbers)}
    return {i for near in beside for i in near if _key(lines[i].text) in often}


def _numbers(lines: Sequence[Line], said: Sequence[int]) -> list[int]:
    """Find lines alike but for a number that counts up: those of pages, where these end within sentences."""
    alike: defaultdict[str, list[tuple[int, list[str]]]] = defaultdict(list)
    for n, i in enumerate(said):
        text = lines[i].text
        digits = _DIGITS.findall(text) if len(text) <= LONGEST_TITLE else []
        if digits and not _TIME.search(text):
            alike[_key(text)].append((n, digits))
    for key, places in sorted(alike.items(), key=lambda item: -len(item[1])):
        found = [n for n, _ in places]
        counts = any(_count_up([int(digits[at]) for _, digits in places]) for at in (0, -1))
        if counts and _are_apart(found) and _break_sentences(lines, said, found, key):
            return found
    return []


def _count_up(numbers: Sequence[int]) -> bool:
    """Check that each number is greater than the one before, most by one."""
    steps = [b - a for a, b in itertools.pairwise(numbers)]
    return len(numbers) >= FEWEST_PAGES and min(steps) > 0 and steps.count(1) * 2 > len(steps)


def _are_apart(places: Sequence[int]) -> bool:
    """Check that lines stand as far apart as pages end."""
    apart = sorted(b - a for a, b in itertools.pairwise(places))
    return apart[len(apart) // 2] >= LINES_OF_PAGE


def _break_sentences(lines: Sequence[Line], said: Sequence[int], places: Sequence[int], key: str) -> bool:
    """Check that a sentence goes on behind a number now and then, as none does behind the heading of a part."""
    own = set(places)
    above = [next((m for m in range(n - 1, -1, -1) if m not in own), None) for n in places]
    texts = [lines[said[n]].text.strip() for n in above if n is not None]
    broken = sum(len(text) >= SHORTEST_WRAPPED and not ends_sentence(text) for text in texts)
    return broken >= max(1, BROKEN_BY_PAGES * len(texts)) and not key.endswith((":", ","))


def _is_page(text: str) -> bool:
    """Check for `Page 3 of 12`."""
    return len(text) < LONGEST_TITLE and _PAGE.fullmatch(text) is not None


def _is_number(text: str) -> bool:
    return bool(_DIGITS.search(text)) and len(text) <= LONGEST_TITLE


def _key(text: str) -> str:
    return _DIGITS.sub("0", " ".join(text.replace("\f", " ").split())).casefold()


# --- lines that were broken to a width --------------------------------------------------------------------------


def unwrap(lines: Sequence[Line], opens: Callable[[Line, Line], bool]) -> tuple[Line, ...]:
    """Join the lines of a text that was broken to a width.

    `opens` says of a line, and the one above it, whether it opens a turn. Where indents tell which lines go on,
    nothing else is asked.
    """
    inner = [i for i in range(1, len(lines)) if not lines[i].gap]
    if not inner or max(len(line.text) + line.indent for line in lines) > LONGEST_WRAPPED:
        return tuple(lines)
    if goes_on := _by_indent(lines, inner):
        return tuple(_joined(lines, lambda i: i in goes_on))
    least = _long(lines, inner) or _full(lines, inner)
    return tuple(_joined(lines, lambda i: i in least and not opens(lines[i - 1], lines[i])))


def _long(lines: Sequence[Line], inner: Sequence[int]) -> set[int]:
    """Find the lines below long ones, where nearly all without a gap above are, and the paragraphs stand apart."""
    long = [i for i in inner if len(lines[i - 1].text) >= SHORTEST_WRAPPED]
    apart = len(inner) >= 0.2 * len(lines) and len(lines) - len(inner) >= 0.1 * len(lines)
    if not apart or len(long) < 0.9 * len(inner):
        return set()
    return {i for i in long if not (lines[i].heading or lines[i].noise)}


def _joined(lines: Sequence[Line], goes_on: Callable[[int], bool]) -> Iterator[Line]:
    parts: list[str] = []
    first = lines[0]
    for i, line in enumerate(lines):
        if i and goes_on(i):
            parts.append(line.text)
            continue
        if parts:
            yield first if len(parts) == 1 else replace(first, text=join_lines(parts))
        first, parts = line, [line.text]
    yield first if len(parts) == 1 else replace(first, text=join_lines(parts))


def _is_full(before: Line, line: Line, width: int) -> bool:
    """Check that the first word of a line had found no room on the one above."""
    word = min(len(line.text.partition(" ")[0]), LONGEST_WORD)
    return len(before.text) + before.indent + 1 + word > width and not (line.heading or line.noise or before.noise)


def _full(lines: Sequence[Line], inner: Sequence[int]) -> set[int]:
    """Find the lines above which no word more had found room; none unless many lines are so, and not all."""
    width = max(len(line.text) + line.indent for line in lines)
    full = {i for i in inner if _is_full(lines[i - 1], lines[i], width)}
    many = max(FEWEST_BROKEN, BROKEN_SHARE * len(inner)) <= len(full) <= ALL_FULL * len(inner)
    return full if width >= SHORTEST_WRAPPED and many else set()


def _by_indent(lines: Sequence[Line], inner: Sequence[int]) -> set[int]:
    """Find the lines that go on by their indent: the lines above them are full, those above others are not."""
    width = max(len(line.text) + line.indent for line in lines)
    by_indent: defaultdict[int, list[bool]] = defaultdict(list)
    for i in inner:
        by_indent[lines[i].indent].append(_is_full(lines[i - 1], lines[i], width))
    usual = sorted(by_indent, key=lambda indent: -len(by_indent[indent]))[:2]
    found = next((indent for indent in usual if _continues(by_indent, indent)), None)
    begins = sum(line.indent != found for line in lines)
    if found is None or width < SHORTEST_WRAPPED or begins < FEWEST_BEGUN:
        return set()
    return {i for i in inner if lines[i].indent == found and not (lines[i].heading or lines[i].noise)}


def _continues(full: Mapping[int, Sequence[bool]], indent: int) -> bool:
    """Check that nearly all lines above those of an indent are full, and few above those of others."""
    mine = full[indent]
    others = [is_full for other, found in full.items() if other != indent for is_full in found]
    enough = len(mine) >= FEWEST_BROKEN and sum(mine) >= FULL_SHARE * len(mine)
    return enough and sum(others) <= OTHERS_FULL * len(others)
