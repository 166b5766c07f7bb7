"""What stands on pages, before a browser sees it: paragraphs, chapters, words in few letters, voices, lanes."""

from __future__ import annotations

import base64
import gzip
import json
import re
from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.support.documents import EPISODE, publish, published, staged
from transforms.pages.differences import MOST, differences
from transforms.pages.encoding import encoded_lengths, utf16
from transforms.pages.episode_page import episode_page
from transforms.pages.page_content import (
    EpisodeContent,
    PageChapter,
    PageSection,
    PageSpeaker,
    PageTurn,
    PageWord,
    Said,
    Spoken,
)
from transforms.pages.page_passages import LONGEST, parts_of, tokens_of
from transforms.pages.page_voices import voices_of
from transforms.pages.searchable import packed
from transforms.pages.timeline import timeline_of
from transforms.records import Chapter
from warehouse.content.episode_content import read_episode

NOTHING = EpisodeContent(
    episode_id="one",
    title=None,
    show=None,
    podcast_id=None,
    published_at=None,
    page_url=None,
    audio_url=None,
    audio_path=None,
    rendition_id=None,
    duration=None,
    language=None,
    source="asr",
    model=None,
    turns=(),
    chapters=(),
    is_by_time=False,
    speakers=(),
    overlaps=(),
)


def spoken(speaker: str | None, text: str, start: float) -> PageTurn:
    """A turn of two words a second."""
    words = tuple(PageWord(word, start + n / 2, start + n / 2 + 0.4) for n, word in enumerate(text.split()))
    return PageTurn(speaker, start, start + len(words) / 2, text, words)


def test_a_chapter_begins_within_a_turn() -> None:
    """Of one who speaks alone: the turn goes on under the next heading, and no word is lost."""
    turn = spoken("Ann", "one two three four five six", 10.0)
    chapters = (PageChapter("First", 0.0), PageChapter("Second", 11.5), PageChapter("Not said", 400.0))
    first, second = parts_of(replace(NOTHING, turns=(turn,), chapters=chapters, is_by_time=True))

    assert [part.chapter and part.chapter.title for part in (first, second)] == ["First", "Second"]
    assert [p.text for part in (first, second) for q in part.passages for p in q.paragraphs] == [
        "one two three",
        "four five six",
    ]
    assert [(q.start_time, q.end_time, q.is_continued) for part in (first, second) for q in part.passages] == [
        (10.0, 11.4, False),
        (11.5, 13.0, True),
    ]


def test_chapters_of_a_text_begin_at_turns() -> None:
    """Their times say nothing then."""
    turns = (PageTurn("Ann", None, None, "a b", chapter=None), PageTurn("Ben", None, None, "c", chapter=1))
    chapters = (PageChapter("Empty", 0.0), PageChapter(None, 1.0))
    parts = parts_of(replace(NOTHING, turns=turns, chapters=chapters))

    assert [(part.number, len(part.passages)) for part in parts] == [(None, 1), (1, 1)]


def test_a_monologue_is_cut_into_paragraphs() -> None:
    """At the ends of sentences; where there are none, all the same."""
    for text in ("One word, and the next one follows. " * 60, "word " * 600, "字" * 3000):
        turn = PageTurn("Ann", 0.0, 1.0, text, tuple(PageWord(c, 0, 1) for c in text) if "字" in text else ())
        (part,) = parts_of(replace(NOTHING, turns=(turn,)))
        paragraphs = part.passages[0].paragraphs

        assert len(paragraphs) > 1
        assert all(len(p.text) <= LONGEST + 40 for p in paragraphs)
        assert "".join("".join(p.text.split()) for p in paragraphs) == "".join(text.split())
        counts = [len(p.tokens) for p in paragraphs]
        assert [p.first for p in paragraphs] == [sum(counts[:n]) for n in range(len(counts))]


@given(
    st.lists(
        st.tuples(st.sampled_from(["", " ", "  ", "\n"]), st.text(min_size=1).filter(lambda t: not t.isspace()))
    )
)
def test_words_are_found_in_their_text(pieces: list[tuple[str, str]]) -> None:
    """Whatever stands between them, whatever letters they have: pieces are cut as JavaScript counts."""
    words = tuple(PageWord(word, 1.0, 2.0) for _, word in pieces)
    text = "".join(gap + word for gap, word in pieces)
    tokens = tokens_of(PageTurn(None, None, None, text, words))
    lengths = tokens and encoded_lengths(tokens)
    if lengths:
        whole = "".join(token.gap + token.text for token in tokens).removeprefix(tokens[0].gap)
        assert sum(int(length, 36) for length in lengths.split()) == utf16(whole)
    elif tokens:
        assert " ".join(token.text for token in tokens).split(" ") == [token.text for token in tokens]


def test_words_of_another_text_have_no_times() -> None:
    """Better no time than that of another word."""
    turn = PageTurn("Ann", 0.0, 2.0, "one two", (PageWord("one", 0, 1), PageWord("too", 1, 2)))
    assert [token.word for token in tokens_of(turn)] == [None, None]


def test_nobody_has_the_initials_of_another() -> None:
    """So that colours are never all that tells speakers apart."""
    names = ["Mara Quill", "Max Quine", "SPEAKER_00", "SPEAKER_01", "👩", "👨", None, *map(str, range(30))]
    voices = voices_of([PageSpeaker(name, 1.0, 1, 1) for name in names]).values()

    assert len({voice.initials for voice in voices}) == len(names)
    assert [voice.initials for voice in voices][:5] == ["MQ", "MQ2", "S0", "S1", "•"]


def test_a_text_without_times_has_lanes_of_words() -> None:
    """In the order in which things are said; each says how much of the text it is."""
    turns = (PageTurn("Ann", None, None, "a b c"), PageTurn("Ben", None, None, "d"))
    speakers = (PageSpeaker("Ann", None, 3, 1), PageSpeaker("Ben", None, 1, 1))
    content = replace(NOTHING, turns=turns, speakers=speakers)
    lines = timeline_of(content, voices_of(speakers))

    assert not lines.is_timed
    assert [(lane.path, lane.share) for lane in lines.lanes] == [
        ("M0 0h750v1h-750z", 0.75),
        ("M750 0h250v1h-250z", 0.25),
    ]


def test_no_two_places_have_one_name() -> None:
    """Cues of the same seconds, a chapter that a text comes back to: links lead to the first."""
    turns = tuple(PageTurn("Ann", 1.0, 2.0, "Yes.", chapter=chapter) for chapter in (0, 1, 0, 0))
    chapters = (PageChapter("First", None), PageChapter("Second", None))
    page = episode_page(
        replace(NOTHING, turns=turns, chapters=chapters, speakers=(PageSpeaker("Ann", 1.0, 4, 4),)), None
    )
    names = re.findall(r' id="((?:t=|turn|chapter-).*?)"', page)

    assert names == ["chapter-0", "t=1,2", "chapter-1", "turn-1", "turn-2", "turn-3"]
    assert re.findall(r'href="#((?:t=|turn|chapter-).*?)"', page)[:2] == ["chapter-0", "chapter-1"]


def test_what_was_published_about_an_episode_stands_below() -> None:
    """In paragraphs under its headings; also where there is no transcript."""
    sections = (PageSection("Why <it> turns", "One."), PageSection("Why <it> turns", "Two.\n\nThree."))
    page = episode_page(replace(NOTHING, sections=sections), None)

    assert "No transcript yet." in page
    assert page.count("<h3><bdi>Why &lt;it&gt; turns</bdi></h3>") == 1
    assert re.findall(r'<p dir="auto">(.*?)</p>', page) == ["One.", "Two.", "Three."]


def test_cues_of_one_speaker_have_one_heading_to_see() -> None:
    """As captions, whose speakers nobody knows: a screen reader still hears who says each."""
    turns = tuple(PageTurn(name, None, None, "Yes.") for name in (None, None, None, "Ann"))
    speakers = (PageSpeaker("Ann", None, 1, 1), PageSpeaker(None, None, 3, 3))
    page = episode_page(replace(NOTHING, turns=turns, speakers=speakers), None)

    assert re.findall(r'<article class="(.*?)" id="(.*?)"', page) == [
        ("cx", "turn-0"),
        ("cx goes-on", "turn-1"),
        ("cx goes-on", "turn-2"),
        ("c0", "turn-3"),
    ]
    assert page.count("<h3>") == 4


def test_three_hours_are_a_small_page() -> None:
    """Under 3 MB, with the times of each word."""
    words = "a record turns so that a needle can follow the groove and nobody knows why"
    turns = tuple(spoken("Ann", f"{words} {words} {words}", 15.0 * n) for n in range(720))
    page = episode_page(replace(NOTHING, turns=turns, speakers=(PageSpeaker("Ann", 10_800.0, 30_000, 720),)), None)

    assert len(page.encode()) < 1_000_000
    assert page.count(" data-w=") == 720


def test_texts_of_other_things_have_no_differences() -> None:
    """Where nearly all would differ, nothing is told; of a long one only its beginning."""
    assert differences("we talk of records here".split(), "the weather is nice today".split(), "en") == []
    words = "one two three four five".split()
    (long,) = differences(words * 20, [*words * 10, *["advertisement"] * 300, *words * 10], "en")
    assert long.count == 0
    assert long.other.endswith(f"… ({300 - MOST} more words)")


def test_what_is_said_is_packed_and_unpacked() -> None:
    """The same turns give the same text; it is read as the page reads it."""
    turns = Said(0, 0, "Ann", 1.239, "Why “turn”?"), Said(1, 7, None, None, "\ud83d It must.\u202e")
    said = Spoken(turns, ("turn turned",))
    text = packed([("a.html", "A"), ("b.html", "B")], said)

    assert text == packed([("a.html", "A"), ("b.html", "B")], said)
    assert json.loads(gzip.decompress(base64.b64decode(text))) == {
        "episodes": [["a.html", "A"], ["b.html", "B"]],
        "speakers": ["Ann"],
        "turns": [[0, 0, 0, 124, "Why “turn”?"], [1, 7, None, None, "‹U+D83D› It must.‹U+202E›"]],
        "forms": ["turn turned"],
    }


def test_the_page_shows_what_the_warehouse_knows(tmp_path: Path) -> None:
    """The best transcript, its chapters, who speaks how much, and what we heard as the other text."""
    chapters = (Chapter(0, "Why", 0.0, None), Chapter(1, "So", None, None))
    text = published(1)
    turns = (replace(text.turns[0], chapter_index=0), replace(text.turns[1], chapter_index=1))
    snapshot = publish(tmp_path, staged(), replace(text, turns=turns, chapters=chapters))
    content = read_episode(snapshot, EPISODE.episode_id)

    assert (content.source, content.title, content.show) == ("publisher", "Why a Record Turns", "The Long Groove")
    assert [(turn.speaker, turn.text, turn.chapter, turn.is_measured) for turn in content.turns] == [
        ("Mara Quill", "Why turn?", 0, True),
        (None, "It must.", 1, False),
    ]
    assert [chapter.title for chapter in content.chapters] == ["Why", "So"]
    assert not content.is_by_time
    assert [(one.name, one.words) for one in content.speakers] == [("Mara Quill", 2), (None, 2)]
    assert content.other is not None
    assert (content.other.source, content.other.words) == ("asr", ("Why", "turn?", "It", "must."))
