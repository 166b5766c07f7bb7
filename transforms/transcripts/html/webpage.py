"""A saved page of any of the text shapes: its blocks become lines, its navigation is set apart.

Example:

    <html><head><title>Why a record turns</title></head><body><nav>Home</nav>
    <p><b>Ann Lee:</b> Why does a record turn?</p>
    <p><b>Bob Ray:</b> Because it is round.</p></body></html>
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from heapq import merge
from itertools import islice, takewhile
from typing import Any

from lxml import etree

from transforms.errors import ContentError
from transforms.text import ends_sentence
from transforms.transcripts.document import AS_PARAGRAPHS, Draft, Format, Piece, Text, example_of
from transforms.transcripts.grammar.candidates import Core
from transforms.transcripts.html.html_blocks import HtmlBlock, read_blocks
from transforms.transcripts.html.page_survey import page_survey
from transforms.transcripts.labels.names import fold
from transforms.transcripts.plain import scraped, summary, timed
from transforms.transcripts.plain.paragraphs import asked_in_bold, parse_lines, timed_parts
from transforms.transcripts.prose import furniture
from transforms.transcripts.prose.lines import lone_time, time_first
from transforms.transcripts.prose.read import front_matter, read_labelled
from transforms.transcripts.prose.shared_survey import declined
from transforms.transcripts.prose.survey import Survey

LEAST_LABELS = 4  # show how the page is made around them
LEAST_WORDS = 8  # make a paragraph

_FIRST_TAGS = re.compile(
    r"\s*(?:<\?xml[^<>]*>\s*)?(?:<!--.*?-->\s*)*"
    r"<(?:!doctype html|html|head|body|article|div|p|main|section|table|dl|ul|ol|h[1-6]|cite)\b",
    re.IGNORECASE | re.DOTALL,
)


def fits(text: Text) -> bool:
    """Check for a page by its first tags."""
    return _FIRST_TAGS.match(text.head) is not None


def parse(text: Text) -> Draft:
    """Read the page's blocks in the shape that they have.

    Raises:
        ContentError: nothing in it is a transcript.
    """
    root, blocks = _opened(text)
    shown = [block for block in blocks if block.noise is None]
    if not shown:
        msg = "no transcript found: the page shows no text, as where a script writes it; copy the text into a file"
        raise ContentError(msg)
    draft, behind = _read(shown, text.grammar)
    aside = [Piece(x.number, "dropped", x.text, x.noise) for x in blocks if x.noise is not None]
    aside += [Piece(x.number, "dropped", x.text, "behind the transcript") for x in behind]
    pieces = merge(draft.pieces, sorted(aside, key=_place), key=_place)
    return replace(draft, pieces=(*read_head(root), *pieces))


def as_text(text: Text) -> Text:
    """Return what a page shows, a paragraph for each block: for whom it was said to be plain text."""
    _, blocks = _opened(text)
    shown = (block.text for block in blocks if block.noise is None)
    return replace(text, text="\n\n".join(shown), media_type=None)


def _opened(text: Text) -> tuple[Any, Sequence[HtmlBlock]]:
    # As bytes: text may not say its own encoding, and XHTML does.
    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True)
    root = etree.HTML(text.text.encode("utf-8", "replace"), parser)
    return root, () if root is None else read_blocks(root)


def _place(piece: Piece) -> int:
    return piece.line


def _read(blocks: Sequence[HtmlBlock], forced: Core | None) -> tuple[Draft, Sequence[HtmlBlock]]:
    """Read the blocks that are shown; give also those behind the transcript."""
    found = page_survey(blocks, forced)
    if found.family is not None and (forced or not _lists_people(found, blocks)):
        end = _end(found, blocks)
        return read_labelled(replace(found, end=end)), ()
    plain = Text("\n".join(block.text for block in blocks))
    if summary.fits(plain):
        return summary.parse(plain), ()
    begin, end = _stretch(blocks, lambda block: time_first(block.text) is not None)
    if timed.fit_lines(blocks[begin:end]):
        draft = timed.parse_lines(blocks[begin:end])
        pieces = (*front_matter(blocks[:begin]), *draft.pieces)
        return replace(draft, pieces=pieces, grammar=declined(found)), blocks[end:]
    draft, behind = _read_paragraphs(blocks)
    return replace(draft, grammar=declined(found)), behind


def _read_paragraphs(blocks: Sequence[HtmlBlock]) -> tuple[Draft, Sequence[HtmlBlock]]:
    """Read what nobody is named in: what stands below a heading or in an element that is called a transcript."""
    begin, end = _called(blocks)
    if begin == end and (asked_in_bold(blocks) or timed_parts(blocks)):
        return parse_lines(blocks), ()
    if begin == end:
        msg = f"no transcript found: the page names no speakers, no heading says Transcript; {AS_PARAGRAPHS}"
        raise ContentError(msg)
    said = tuple(scraped.paragraphs(list(blocks[begin:end])))
    return Draft((*front_matter(blocks[:begin]), *said), "paragraph"), blocks[end:]


def _called(blocks: Sequence[HtmlBlock]) -> tuple[int, int]:
    """Find the blocks that a heading, or the element around them, calls a transcript; an empty range without."""
    headed = [i + 1 for i, block in enumerate(blocks) if furniture.TRANSCRIPT.fullmatch(block.text)]
    boxed = [i for i, block in enumerate(blocks) if block.in_transcript]
    begin = headed[-1] if headed else min(boxed, default=len(blocks))
    inside = [block for block in blocks[begin:] if block.in_transcript or not boxed]
    first, last = _stretch(inside, lambda block: len(block.text.split()) >= LEAST_WORDS)
    if first == last:
        return begin, begin
    end = boxed[-1] + 1 if boxed else begin + last
    while end < len(blocks) and _goes_on(blocks[end - 1], blocks[end]):
        end += 1  # a last short word of thanks
    return begin, end


def _goes_on(before: HtmlBlock, block: HtmlBlock) -> bool:
    return block.path == before.path and not furniture.begins_tail(block.text)


def _stretch(blocks: Sequence[HtmlBlock], is_of_it: Callable[[HtmlBlock], bool]) -> tuple[int, int]:
    """Find the stretch of the blocks that are made like most that are of it; a time has its text behind it."""
    usual = Counter(block.path for block in blocks if is_of_it(block)).most_common(1)
    found = [i for i, block in enumerate(blocks) if usual and block.path == usual[0][0] and is_of_it(block)]
    if not found:
        return 0, 0
    return found[0], min(found[-1] + (2 if lone_time(blocks[found[-1]].text) else 1), len(blocks))


def _lists_people(found: Survey, blocks: Sequence[HtmlBlock]) -> bool:
    """Check for a page of names, each once on a line of its own, that does not say that it is a transcript."""
    bare = all(not (label.rest or label.is_sure) for label in found.labels.values())
    bare = (
        bare and found.grammar is not None and found.grammar.form is not None and not found.grammar.form.core.end
    )
    once = len({fold(label.name) for label in found.labels.values()}) == len(found.labels)
    named = any(block.in_transcript or furniture.TRANSCRIPT.fullmatch(block.text) for block in blocks)
    return bare and once and not named


def _end(found: Survey, blocks: Sequence[HtmlBlock]) -> int:
    """Find where the transcript ends: at a heading or an element of a kind that it had none of."""
    order = sorted(i for i in found.labels if i >= found.first)
    if len(order) < LEAST_LABELS:
        return found.end
    last = order[-1]
    begun = range(order[0], last)
    usual = {blocks[i].path for i in range(order[0], last + 1)}
    open_headings = any(blocks[i].heading and i not in found.labels and i + 1 not in found.labels for i in begun)
    unusual = takewhile(lambda block: block.path not in usual, reversed(blocks[last + 1 : found.end]))
    end = found.end - sum(1 for _ in unusual)
    end += sum(1 for _ in takewhile(_is_said_in_list, blocks[end : found.end]))
    if open_headings:
        return end
    return next((i for i in range(last + 1, end) if blocks[i].heading), end)


def _is_said_in_list(block: HtmlBlock) -> bool:
    """Check for an item that ends as a sentence does: what pages list behind transcripts are titles and links."""
    return block.mark == "li" and ends_sentence(block.text)


# What a page's head says of the episode: its title, show, address, date, language.


_META = {
    "og:title": "title", "twitter:title": "title", "og:site_name": "show", "og:url": "url",
    "article:published_time": "published", "datepublished": "published", "date": "published",
    "og:description": "description", "description": "description", "author": "author", "og:locale": "language",
}  # fmt: skip
_EPISODES = frozenset(("PodcastEpisode", "RadioEpisode", "Episode", "VideoObject", "AudioObject"))
_ARTICLES = frozenset(("Article", "NewsArticle", "BlogPosting", "WebPage"))
_LINKED = {
    "name": "title",
    "headline": "title",
    "url": "url",
    "datePublished": "published",
    "inLanguage": "language",
}
DEEPEST = 6  # levels of the linked data that are looked through


def read_head(root: Any) -> Iterator[Piece]:
    """Yield the metadata, what says it most plainly first; the same text is given once."""
    seen: set[tuple[str, str]] = set()
    for name, value in (*_linked(root), *_meta(root)):
        text = " ".join(value.split())
        if text and (name, text) not in seen:
            seen.add((name, text))
            yield Piece(1, "metadata", text, name)


def _meta(root: Any) -> Iterator[tuple[str, str]]:
    for meta in root.iter("meta"):
        key = meta.get("property") or meta.get("name") or meta.get("itemprop") or ""
        if name := _META.get(key.strip().casefold()):
            yield name, meta.get("content") or ""
    for link in root.iter("link"):
        if (link.get("rel") or "").casefold() == "canonical":
            yield "url", link.get("href") or ""
    yield "language", root.get("lang") or ""
    yield "title", _page_title(root)


def _page_title(root: Any) -> str:
    """Return the title of the page; the one first heading shows where the name of its site begins."""
    title = " ".join((root.findtext("head/title") or root.findtext(".//title") or "").split())
    headings = [" ".join("".join(heading.itertext()).split()) for heading in islice(root.iter("h1"), 2)]
    return headings[0] if len(headings) == 1 and headings[0] and title.startswith(headings[0]) else title


def _linked(root: Any) -> Iterator[tuple[str, str]]:
    """Read the linked data (JSON-LD) of an episode, or without one of an article."""
    things = [thing for script in root.iter("script") for thing in _things(script)]
    for kinds in (_EPISODES, _ARTICLES):
        for thing in things:
            if _kinds(thing) & kinds:
                yield from ((_LINKED[key], value) for key, value in thing.items() if _is_known(key, value))
                series = thing.get("partOfSeries")
                if isinstance(series, dict) and isinstance(series.get("name"), str):
                    yield "show", series["name"]
                return


def _is_known(key: str, value: object) -> bool:
    return key in _LINKED and isinstance(value, str)


def _kinds(thing: dict[str, Any]) -> set[str]:
    kinds = thing.get("@type")
    return {kind for kind in (kinds if isinstance(kinds, list) else [kinds]) if isinstance(kind, str)}


def _things(script: Any) -> Iterator[dict[str, Any]]:
    if (script.get("type") or "").casefold() != "application/ld+json":
        return
    try:
        open_: list[tuple[Any, int]] = [(json.loads(script.text or ""), 0)]
    except (ValueError, RecursionError):
        return
    while open_:
        thing, depth = open_.pop(0)
        if isinstance(thing, list) and depth < DEEPEST:
            open_ += [(item, depth + 1) for item in thing]
        elif isinstance(thing, dict):
            yield thing
            open_.append((thing.get("@graph"), depth + 1))


FORMAT = Format("webpage", "a saved web page of a text", example_of(__doc__), fits, parse)
