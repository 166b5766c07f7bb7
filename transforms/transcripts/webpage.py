"""A saved page of any of the text shapes: its blocks become lines, its navigation is set apart.

Example:

    <html><head><title>Why a record turns</title></head><body><nav>Home</nav>
    <p><b>Ann Lee:</b> Why does a record turn?</p>
    <p><b>Bob Ray:</b> Because it is round.</p></body></html>
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from heapq import merge
from itertools import takewhile

from lxml import etree

from transforms.errors import ContentError
from transforms.transcripts import about, paragraphs, summary, timed
from transforms.transcripts.document import Draft, Format, Piece, Text, example_of
from transforms.transcripts.marked import mark_labels
from transforms.transcripts.markup import Block, read_blocks
from transforms.transcripts.prose import read_labelled
from transforms.transcripts.survey import Survey, survey

LEAST_LABELS = 4  # show how the page is made around them

_FIRST_TAGS = re.compile(
    r"\s*(?:<\?xml[^<>]*>\s*)?(?:<!--.*?-->\s*)*"
    r"<(?:!doctype html|html|head|body|article|div|p|main|section|table|dl|ul|ol|h[1-6]|cite)\b",
    re.IGNORECASE | re.DOTALL,
)


def fits(text: Text) -> bool:
    """Tell a page by its first tags."""
    return _FIRST_TAGS.match(text.head) is not None


def parse(text: Text) -> Draft:
    """Read the page's blocks in the shape that they have.

    Raises:
        ContentError: nothing in it is a transcript.
    """
    root = etree.HTML(text.text, etree.HTMLParser(huge_tree=True, remove_comments=True, remove_pis=True))
    if root is None:
        msg = "no transcript found: the page is empty; try --format with another page"
        raise ContentError(msg)
    blocks = read_blocks(root)
    shown = [block for block in blocks if block.noise is None]
    draft, behind = _read(shown)
    aside = [Piece(x.number, "dropped", x.text, x.noise) for x in blocks if x.noise is not None]
    aside += [Piece(x.number, "dropped", x.text, "behind the transcript") for x in behind]
    pieces = merge(draft.pieces, sorted(aside, key=_place), key=_place)
    return Draft((*about.read_head(root), *pieces), draft.boundary, draft.source, draft.flags)


def _place(piece: Piece) -> int:
    return piece.line


def _read(blocks: Sequence[Block]) -> tuple[Draft, Sequence[Block]]:
    """Read the blocks that are shown; give also those behind the transcript."""
    found = mark_labels(survey(blocks), blocks)
    plain = Text("\n".join(block.text for block in blocks))
    if found.family is not None:
        end = _end(found, blocks)
        return read_labelled(replace(found, lines=found.lines[:end])), blocks[end:]
    if summary.fits(plain):
        return summary.parse(plain), ()
    if timed.fit_lines(blocks):
        return timed.parse_lines(blocks), ()
    if paragraphs.fit_lines(blocks):
        return paragraphs.parse_lines(blocks), ()
    msg = "no transcript found: the page names no speakers and has no heading Transcript; try --format paragraphs"
    raise ContentError(msg)


def _end(found: Survey, blocks: Sequence[Block]) -> int:
    """Find where the transcript ends: at a heading or an element of a kind that it had none of."""
    order = sorted(i for i in found.labels if i >= found.first)
    if len(order) < LEAST_LABELS:
        return len(blocks)
    last = order[-1]
    begun = range(order[0], last)
    usual = {blocks[i].path for i in range(order[0], last + 1)}
    open_headings = any(blocks[i].heading and i not in found.labels and i + 1 not in found.labels for i in begun)
    end = len(blocks) - sum(1 for _ in takewhile(lambda x: x.path not in usual, reversed(blocks[last + 1 :])))
    if open_headings:
        return end
    return next((i for i in range(last + 1, end) if blocks[i].heading), end)


FORMAT = Format("webpage", "a saved web page of a text", example_of(__doc__), fits, parse)
