"""What stands above a transcript: its title, links, chapters and credits are kept, a page's controls dropped."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from transforms.transcripts import page
from transforms.transcripts.document import Piece
from transforms.transcripts.headings import chapter_of
from transforms.transcripts.lines import Line, time_first, time_last

LONGEST_EPISODE_TITLE = 30  # words


def front_matter(lines: Sequence[Line]) -> Iterator[Piece]:
    """Sort the lines above a transcript by what they are."""
    front = _Front()
    for line in lines:
        yield from front.sort(line, is_last=line is lines[-1])


class _Front:
    """What the lines so far have said: the part they are in, and whether the title is known."""

    def __init__(self) -> None:
        self.sponsored = self.titled = self.behind_title = self.spoken = False

    def sort(self, line: Line, *, is_last: bool) -> Iterator[Piece]:
        reason = line.noise or page.noise(line.text)
        if reason:
            yield Piece(line.number, "dropped", line.text, reason)
        elif heading := self._heading(line, is_last=is_last):
            yield heading
        elif chapter := chapter_of(line):
            yield chapter
        elif pair := page.key_value(line.text):
            self.titled = self.titled or pair[0] == "title"
            yield Piece(line.number, "label", line.text.removesuffix(pair[1]), None)
            yield Piece(line.number, "metadata", pair[1], pair[0])
        elif self.sponsored:
            yield Piece(line.number, "dropped", line.text, "sponsor")
        else:
            yield Piece(line.number, "metadata", line.text, self._name(line.text))

    def _heading(self, line: Line, *, is_last: bool) -> Piece | None:
        """Take the heading of a part of the page, or its title."""
        if page.TRANSCRIPT.fullmatch(line.text):
            self.sponsored, self.spoken = False, True
            return Piece(line.number, "metadata", line.text, "heading")
        if page.SPONSORS.fullmatch(line.text):
            self.sponsored = True
            return Piece(line.number, "dropped", line.text, "sponsor")
        if page.section_heading(line.text) or page.HIGHLIGHTS.fullmatch(line.text):
            self.sponsored = False
            return Piece(line.number, "metadata", line.text, "heading")
        if line.heading and not self.titled:
            self.titled = self.behind_title = True
            return Piece(line.number, "metadata", line.text, "title")
        timed = time_first(line.text) or time_last(line.text)
        if line.heading and not (timed or self.spoken or is_last):
            return Piece(line.number, "metadata", line.text, "heading")
        return None

    def _name(self, text: str) -> str:
        if page.is_credit(text):
            return "credit"
        if page.is_date(text):
            return "published"
        if re.fullmatch(r"https?://\S+", text):
            return "url"
        if not self.titled and len(text.split()) <= LONGEST_EPISODE_TITLE:
            self.titled = self.behind_title = True
            return "title"
        behind, self.behind_title = self.behind_title, False
        return "subtitle" if behind else "description"
