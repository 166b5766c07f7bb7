"""What stands on pages, before a browser sees it: paragraphs, chapters, words in few letters, voices, lanes."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from transforms.pages.content import EpisodeContent, PageChapter, PageSpeaker, PageTurn, PageWord
from transforms.pages.encoding import encoded_lengths, utf16
from transforms.pages.passages import LONGEST, parts_of, tokens_of
from transforms.pages.timeline import timeline_of
from transforms.pages.voices import voices_of

NOTHING = EpisodeContent(
    *["one", None, None, None, None, None, None, None, None, None, "asr", None], (), (), False, (), ()
)  # type: ignore[arg-type]


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
