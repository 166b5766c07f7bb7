"""The page of an episode."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, islice
from operator import attrgetter
from typing import Any
from unicodedata import bidirectional

from markupsafe import Markup, escape

from transforms.pages.differences import Difference, differences
from transforms.pages.encoding import encoded_lengths, encoded_times, is_low
from transforms.pages.following import followed
from transforms.pages.page_content import EpisodeContent
from transforms.pages.page_passages import Paragraph, Part, Passage, Token, parts_of
from transforms.pages.page_voices import Voice, voices_of
from transforms.pages.templates import clock, document, hundredths
from transforms.pages.timeline import Lane, timeline_of
from transforms.redaction import is_masked
from transforms.text import counted, visible

SCRIPTS = ("words.js", "jumps.js", "player.js", "find.js", "quotes.js", "differences.js", "keys.js")


@dataclass(frozen=True, slots=True)
class PageAudio:
    """Where a page finds its audio: `url` may be relative; `shown` is what people are told of it.

    `others` are tried where there is none; those of other machines are asked only once somebody plays.
    """

    url: str
    shown: str
    is_remote: bool
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PageLinks:
    """Where a page leads: `show` is the page of its show; `quote` where quotes lead, `None` for here."""

    show: str | None = None
    quote: str | None = None


def episode_page(content: EpisodeContent, audio: PageAudio | None, links: PageLinks = PageLinks()) -> str:
    """Write the page of an episode."""
    content = replace(content, turns=followed(content.turns))
    voices = voices_of(content.speakers)
    parts = parts_of(content)
    differing = _differences(content, parts)
    lanes = timeline_of(content, voices)
    title = visible(content.title or "Episode without a title")
    return document(
        "episode.html",
        title,
        media=_media(audio),
        scripts=SCRIPTS,
        page=_facts(content, title, audio, links, differs=bool(differing)),
        timeline=lanes if lanes.is_timed or voices.keys() - {None} else None,
        talk=_talk,
        chapters=list(_chapters(content, parts)),
        parts=list(_parts(parts, voices, differing)),
        sections=list(_sections(content)),
    )


def _media(audio: PageAudio | None) -> str:
    """Say where the audio may come from; hosts of podcasts send on to others."""
    if audio is None:
        return ""
    urls = (audio.url, *audio.others)
    allowed = {
        "'self' file:": not audio.is_remote,
        "https:": any(url.startswith(("https:", "http:")) for url in urls),
        "http:": any(url.startswith("http:") for url in urls),
    }
    return " ".join(source for source, is_allowed in allowed.items() if is_allowed)


def _facts(
    content: EpisodeContent, title: str, audio: PageAudio | None, links: PageLinks, *, differs: bool
) -> dict[str, Any]:
    facts = [counted(len(content.turns), "turn")] if content.turns else []
    if content.duration:
        facts.insert(0, clock(content.duration))
    return {
        "title": title,
        "show": content.show and visible(content.show),
        "show_href": links.show,
        "date": content.published_at,
        "facts": facts,
        "page_url": _web(content.page_url),
        "link": links.quote,
        "language": content.language,
        "is_right_to_left": is_right_to_left(turn.text for turn in content.turns),
        "audio": audio and audio.url,
        "audio_shown": audio and audio.shown,
        "audio_others": " ".join(audio.others) if audio else "",
        "is_remote": audio is not None and audio.is_remote,
        "is_timed": any(turn.start_time is not None for turn in content.turns),
        "differs": differs and ("Show what was published" if content.source == "asr" else "Show what was heard"),
        "footer": _source(content),
    }


def is_right_to_left(texts: Iterable[str]) -> bool:
    """Check whether most of the first thousand letters of some texts are written from right to left.

    >>> is_right_to_left(["למה? Why", "כי כן"]), is_right_to_left(["Why? למה", "Because"]), is_right_to_left([])
    (True, False, False)
    """
    letters = islice((letter for text in texts for letter in text if letter.isalpha()), 1000)
    return sum(1 if bidirectional(letter) in ("R", "AL") else -1 for letter in letters) > 0


def _sections(content: EpisodeContent) -> Iterator[dict[str, Any]]:
    """Yield what was published about the episode, in paragraphs, those of one heading together."""
    for heading, sections in groupby(content.sections, key=attrgetter("heading")):
        lines = [visible(line) for one in sections for line in one.text.splitlines() if line.strip()]
        yield {"heading": heading and visible(heading), "lines": lines}


def _web(url: str | None) -> str | None:
    return url if url and url.startswith(("https://", "http://")) and not is_masked(url) else None


def _source(content: EpisodeContent) -> str:
    """Say whose words these are."""
    if content.source == "asr":
        by = f" by {visible(content.model)}" if content.model else ""
        return f"The words were recognised{by}; underlined ones may be wrong."
    if content.source == "merged":
        return "The words are the publisher's, their times and what was said beside them the recogniser's."
    return "The words are those that were published." if content.source else ""


def _talk(lane: Lane) -> str:
    share = f"{100 * lane.share:.0f}%"
    seconds = lane.voice.speaker.seconds
    return f"{share} · {clock(seconds)}" if seconds else f"{share} · {counted(lane.voice.speaker.words, 'word')}"


def _chapters(content: EpisodeContent, parts: Sequence[Part]) -> Iterator[dict[str, Any]]:
    """Yield what leads to the chapters: those with something said in them, and those with a time."""
    said = {part.number for part in parts}
    for number, chapter in enumerate(content.chapters):
        start = chapter.start_time
        if number in said or start is not None:
            title = _title(chapter.title, number)
            anchor = f"chapter-{number}" if number in said else f"t={hundredths(start or 0.0)}"
            yield {"anchor": anchor, "start_time": start, "title": title}


def _title(title: str | None, number: int) -> str:
    return visible(title) if title else f"Chapter {number + 1}"


def _differences(content: EpisodeContent, parts: Sequence[Part]) -> list[Difference]:
    """Return where the other transcript of the episode has other words; none where there is no other."""
    if content.other is None:
        return []
    inside = (paragraph for part in parts for passage in part.passages for paragraph in passage.paragraphs)
    words = [token.text for paragraph in inside for token in paragraph.tokens]
    return differences(words, content.other.words, content.language)


def _parts(
    parts: Sequence[Part], voices: dict[str | None, Voice], differing: Sequence[Difference]
) -> Iterator[dict[str, Any]]:
    taken: set[str] = set()
    starts = [one.first for one in differing]
    begun: set[int | None] = set()
    for part in parts:
        passages: list[dict[str, Any]] = []
        for passage in part.passages:
            paragraphs = [
                _paragraph(paragraph, _inside(paragraph, differing, starts)) for paragraph in passage.paragraphs
            ]
            shown = _passage(passage, voices[passage.turn.speaker], taken)
            goes_on = bool(passages) and passages[-1]["name"] == shown["name"]
            passages.append(shown | {"paragraphs": paragraphs, "goes_on": goes_on})
        title = _title(part.chapter.title, part.number or 0) if part.chapter else ""
        anchor = None if part.number in begun else f"chapter-{part.number}"  # a text may come back to a chapter
        begun.add(part.number)
        yield {"chapter": part.chapter, "anchor": anchor, "title": title, "passages": passages}


def _passage(passage: Passage, voice: Voice, taken: set[str]) -> dict[str, Any]:
    names = (
        _anchor(passage),
        f"turn-{passage.number}",
        *(f"turn-{passage.number}-{n}" for n in range(len(taken))),
    )
    anchor = next(name for name in names if name and name not in taken)
    taken.add(anchor)
    return {
        "anchor": anchor,
        "number": passage.number + 1,
        "color": voice.color,
        "initials": voice.initials,
        "name": voice.name,
        "start_time": passage.start_time,
        "is_overlap": passage.turn.is_overlap,
        "is_added": passage.turn.is_added,
        "end_time": passage.end_time if passage.turn.is_measured else None,
        "is_continued": passage.is_continued,
    }


def _anchor(passage: Passage) -> str | None:
    """Return the name of a passage: what a link to its seconds is, so that it leads there without a script."""
    if passage.start_time is None or passage.end_time is None:
        return None
    return f"t={hundredths(passage.start_time)},{hundredths(passage.end_time)}"


def _inside(paragraph: Paragraph, differing: Sequence[Difference], starts: Sequence[int]) -> Iterator[Difference]:
    """Yield what differs in a paragraph, by its own words; what began before it has no other words here."""
    end = paragraph.first + len(paragraph.tokens)
    at = max(bisect_left(starts, paragraph.first) - 1, 0)
    for one in islice(differing, at, bisect_left(starts, end)):
        first, last = max(one.first, paragraph.first), min(one.first + one.count, end)
        if one.first >= paragraph.first or last > first:
            other = one.other if one.first >= paragraph.first else ""
            yield Difference(first - paragraph.first, max(last - first, 0), other)


def _paragraph(paragraph: Paragraph, differing: Iterable[Difference]) -> dict[str, Any]:
    found = [(one.first, one.count, visible(one.other)) for one in differing]
    return {
        "times": encoded_times(paragraph.tokens),
        "lengths": encoded_lengths(paragraph.tokens),
        "differences": json.dumps(found, ensure_ascii=False, separators=(",", ":")) if found else None,
        "html": Markup("").join(_marked(paragraph.tokens)),
    }


def _marked(tokens: Iterable[Token]) -> Iterator[Markup]:
    """Yield the text, with the words of low probability marked, for who has no scripts and for print."""
    for number, token in enumerate(tokens):
        text = Markup("<i>{}</i>").format(token.text) if is_low(token) else escape(token.text)
        yield (escape(token.gap) if number else Markup("")) + text
