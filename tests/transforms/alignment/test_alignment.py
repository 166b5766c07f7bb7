"""Published words on the clock of what was heard: laws, the failures of others, and damage."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.alignments import Case, Said, damaged, heard_as, heard_word, some_words, spoken
from transforms.alignment import AlignedWord, Alignment, Gap, align
from transforms.alignment.ends import until_quiet
from transforms.alignment.forcing import Clip, ReadWord, Sides, clips_of, with_read
from transforms.alignment.moving import moved_chapters
from transforms.alignment.naming import Naming, label_errors, name_labels
from transforms.alignment.parting import Part, part
from transforms.records import Word

WORDS = (
    "the a shop paint harbour train night bread 1991 20% you’re well-known — 你好 Leike, it I of record".split()
)


def aligned(text: str, heard: str, language: str | None = "en") -> dict[str, AlignedWord]:
    """Align a text with what was heard, a second a word, by its words."""
    said = [heard_word(word, n, n + 0.9) for n, word in enumerate(heard.split())]
    words = text.split()
    return dict(zip(words, align(words, said, language, len(said)).words, strict=True))


def good_and_false(case: Case, found: Alignment) -> tuple[float, float]:
    """Return the share of the spoken words within half a second of the truth, and of the times that are wrong."""
    pairs = [(s, w) for s, w in zip(case.text, found.words, strict=True) if any(map(str.isalnum, s.word))]
    spoken_words = [(s, w) for s, w in pairs if s.start_time is not None]
    good = sum(is_near(said, word) for said, word in spoken_words)
    given_times = [(s, w) for s, w in pairs if w.start_time is not None]
    false = sum(not is_near(said, word) for said, word in given_times)
    return good / len(spoken_words), false / len(given_times)


def is_near(said: Said, word: AlignedWord) -> bool:
    """Check whether a word starts within half a second of when it was said."""
    if said.start_time is None or word.start_time is None:
        return False
    return abs(word.start_time - said.start_time) <= 0.5


@given(
    st.lists(st.sampled_from(WORDS), max_size=60),
    st.lists(st.tuples(st.sampled_from(WORDS), st.floats(-5, 60), st.floats(-1, 5)), max_size=60),
    st.floats(0, 50),
)
def test_times_lie_in_the_audio(text: list[str], heard: list[tuple[str, float, float]], duration: float) -> None:
    """Whatever a recogniser says, no time is outside the audio, and every one says how it is known."""
    said = [heard_word(word, start, start + length) for word, start, length in heard]
    found = align(text, said, None, duration)
    assert len(found.words) == len(text)
    for word in found.words:
        assert (
            len({value is None for value in (word.start_time, word.end_time, word.time_source, word.confidence)})
            == 1
        )
        if word.start_time is not None and word.end_time is not None and word.confidence is not None:
            assert 0 <= word.start_time <= word.end_time <= duration + 0.001
            assert 0 <= word.confidence <= 1
    for gap in found.gaps:
        assert gap.start_time is None or gap.end_time is None or 0 <= gap.start_time <= gap.end_time


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=80))
@example("the shop paint harbour 1991 1991 a a a".split())  # little company at the end
def test_a_text_that_is_what_was_heard_aligns_wholly(words: list[str]) -> None:
    """However short it is, and however often a word comes back."""
    said = spoken(words, random.Random(1))
    found = align(words, heard_as(said), "en", 1000.0)
    for one, word in zip(said, found.words, strict=True):
        if one.word != "—":
            assert (word.time_source, word.start_time) == ("aligned", one.start_time)


@given(st.integers(0, 10_000))
def test_times_do_not_run_backwards_where_the_text_does_not(seed: int) -> None:
    """Within a run of what was matched in order, a word starts when the one before it did, or later."""
    case = damaged(some_words(400, seed), some_words(200, seed + 1), random.Random(seed))
    found = align(case.words, case.heard, "en", case.duration)
    known = [word for word in found.words if word.heard is not None]
    for one, other in itertools.pairwise(known):
        if one.heard is not None and other.heard is not None and one.heard < other.heard:
            assert (one.start_time or 0.0) <= (other.start_time or 0.0)


@pytest.mark.parametrize("side", ["text", "heard"])
def test_damaged_text_and_damaged_hearing(side: str) -> None:
    """A tenth lost, a twentieth replaced, bursts, fillers, an ad, a moved paragraph, passages that stand twice."""
    case = damaged(some_words(6000, 5), some_words(2000, 6), random.Random(7), side)
    good, false = good_and_false(case, align(case.words, case.heard, "en", case.duration))
    assert good >= 0.985
    assert false <= 0.003


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("in 1991 we", "in nineteen ninety one we"),
        ("about $20M more", "about twenty million dollars more"),
        ("up 20% since", "up twenty percent since"),
        ("at 33⅓ turns", "at thirty three and a third turns"),
        ("the 21st time", "the twenty first time"),
        ("nineteen ninety-one was", "1991 was"),
        ("a post-training team", "a posttraining team"),
        ("the colour organised itself", "the color organized itself"),
        ("Zoë can’t stay", "zoe can't stay"),
        ("rock & roll", "rock and roll"),
        ("“MUSIC” it is", "music. it is"),
    ],
)
def test_the_same_said_otherwise_is_the_same(text: str, heard: str) -> None:
    """Numbers, money, hyphens, spelling, accents, case and marks are written in many ways."""
    found = aligned(f"so she said {text} was what he did", f"so she said {heard} was what he did")
    assert {word.time_source for word in found.values()} == {"aligned"}


def test_a_language_without_spaces() -> None:
    """Whisper gives characters, the publisher sentences."""
    heard = [
        heard_word(one, n * 0.2, n * 0.2 + 0.2) for n, one in enumerate("今天我们谈谈唱片为什么会转以及谁在转动它")
    ]
    found = align(["今天我们谈谈唱片", "为什么会转，", "以及谁在转动它。"], heard, "zh", 5.0)
    assert [(word.start_time, word.end_time) for word in found.words] == [(0.0, 1.6), (1.6, 2.6), (2.6, 4.0)]


def test_a_name_heard_as_another_word_has_its_time() -> None:
    """What was replaced by one word is where that was heard; it is not said to be certain."""
    found = aligned("today we talk with Jan Leike about alignment", "today we talk with john lake about alignment")
    assert (found["Leike"].time_source, found["Leike"].start_time) == ("interpolated", 5.0)
    assert (found["Leike"].confidence or 1.0) < (found["talk"].confidence or 0.0)


def test_a_filler_is_not_the_word_that_was_lost_beside_it() -> None:
    """It is too short for that: the word has the time that is left between its neighbours."""
    words = "the harbour was frozen over".split()
    said = [heard_word(word, 0.5 * n, 0.5 * n + 0.4) for n, word in enumerate(words)]
    heard = [*said[:3], heard_word("um", 1.93, 1.95), *said[4:]]
    found = dict(zip(words, align(words, heard, "en", 3.0).words, strict=True))
    assert found["frozen"].start_time == pytest.approx(1.5, abs=0.15)
    assert found["frozen"].end_time == pytest.approx(1.9, abs=0.15)


def test_no_greedy_drift() -> None:
    """A good transcript of a long text with common words: every word is at its place (SubtitleEdit #12832)."""
    words = some_words(5000, 3)
    said = spoken(words, random.Random(2))
    heard = [word for n, word in enumerate(heard_as(said)) if n % 97]
    found = align(words, heard, "en", 10_000.0)
    case = Case(tuple(said), tuple(heard), 10_000.0)
    good, false = good_and_false(case, found)
    assert good >= 0.99
    assert false == 0


def test_words_behind_a_long_silence_are_behind_it() -> None:
    """A minute of silence in a sentence moves nothing (stable-ts #468)."""
    words = some_words(200, 4)
    said = spoken(words, random.Random(1))
    said = [replace(s, start_time=s.start_time + 60, end_time=s.end_time + 60) if n >= 100 else s
            for n, s in enumerate(said) if s.start_time is not None and s.end_time is not None]  # fmt: skip
    found = align(words, heard_as(said), "en", 300.0)
    assert all(is_near(one, word) for one, word in zip(said, found.words, strict=True))
    silence = next(gap for gap in found.gaps if gap.kind == "audio")
    assert silence.word_count == 0
    assert silence.start_time == pytest.approx(said[99].end_time)
    assert silence.end_time == pytest.approx(said[100].start_time)


def test_no_word_is_stretched_over_audio_that_was_not_written() -> None:
    """Five minutes in which nothing was recognised are a gap, not a word of 298 s (MFA #966)."""
    words = some_words(200, 8)
    said = spoken(words, random.Random(1))
    heard = heard_as(said)
    late = [
        replace(w, start_time=(w.start_time or 0) + 298, end_time=(w.end_time or 0) + 298) for w in heard[101:]
    ]
    found = align(words, [*heard[:100], *late], "en", 600.0)
    assert found.words[100].time_source is None  # the word in whose place nothing was heard
    assert max((word.end_time or 0.0) - (word.start_time or 0.0) for word in found.words) < 3
    assert any(gap.kind == "audio" and (gap.end_time or 0.0) - (gap.start_time or 0.0) > 297 for gap in found.gaps)


def test_an_intro_that_is_printed_at_the_end() -> None:
    """What stands elsewhere in the text has the times at which it was said (echogarden #59)."""
    words = some_words(900, 9)
    said = spoken(words, random.Random(1))
    printed = [*said[150:], *said[:150]]
    found = align([s.word for s in printed], heard_as(said), "en", 1000.0)
    good, false = good_and_false(Case(tuple(printed), (), 1000.0), found)
    assert good >= 0.99
    assert false == 0


def test_a_text_far_longer_than_the_audio() -> None:
    """The rest was not said, and is named as that."""
    words = some_words(3000, 10)
    found = align(words, heard_as(spoken(words[:300], random.Random(1))), "en", 130.0)
    assert found.is_match
    assert {word.time_source for word in found.words[300:]} == {None}
    assert [gap.word_count for gap in found.gaps if gap.kind == "text"] == [2700]


def test_an_ad_that_was_not_written_is_named() -> None:
    """With its seconds and its words."""
    words, ad = some_words(400, 11), some_words(150, 12)
    said = spoken(words, random.Random(1))
    ads = heard_as(spoken(ad, random.Random(2), said[199].end_time or 0.0))
    length = ads[-1].end_time - (said[199].end_time or 0.0)
    later = [replace(w, start_time=w.start_time + length, end_time=w.end_time + length)
             for w in heard_as(said[200:]) if w.start_time is not None and w.end_time is not None]  # fmt: skip
    found = align(words, [*heard_as(said[:200]), *ads, *later], "en", 500.0)
    gap = next(gap for gap in found.gaps if gap.kind == "audio")
    assert (gap.first_word, gap.word_count) == (200, 150)
    assert gap.start_time == pytest.approx(said[199].end_time, abs=0.1)
    assert gap.end_time == pytest.approx((said[199].end_time or 0.0) + length, abs=0.1)


@pytest.mark.parametrize("n_words", [300, 5000])
def test_a_text_of_another_episode_has_no_times(n_words: int) -> None:
    """Nor has a summary: few words in the same order are no proof."""
    found = align(some_words(n_words, 13), heard_as(spoken(some_words(5000, 14), random.Random(1))), "en", 3000.0)
    assert not found.is_match
    assert found.share < 0.1
    assert {word.time_source for word in found.words} == {None}
    assert found.gaps == ()


def test_nothing_written_and_nothing_heard() -> None:
    assert align([], [], "en", 10.0).words == ()
    assert align(["Hello"], [], None, 10.0).words == (AlignedWord(),)
    assert align([], heard_as(spoken(["Hello"], random.Random(1))), None, 1.0).gaps == ()
    untimed = Word("Hello", None, None, None, None, None)
    assert align(["Hello"], [untimed], None, 10.0).words == (AlignedWord(),)


def test_errors_of_the_recogniser() -> None:
    """Over the whole, and where both go together: an ad is no error there."""
    words, ad = some_words(400, 15), some_words(100, 16)
    said = spoken([*words[:200], *ad, *words[200:]], random.Random(1))
    heard = [replace(w, word="xylophone") if n % 50 == 25 else w for n, w in enumerate(heard_as(said))]
    errors = align(words, heard, "en", 500.0).errors
    assert (errors.substitutions, errors.deletions, errors.insertions) == (8, 0, 0)
    assert errors.aligned_rate == pytest.approx(8 / 400, abs=0.002)
    assert (errors.rate or 0.0) >= 100 / 420


def chapters_moved(source: str, lasts: float | None, told: Sequence[float]) -> list[float | None]:
    """Move two chapters from a file of forty words to one with ten seconds of an ad before the last twenty."""
    words = some_words(40, 8)
    here = [heard_word(word, float(n), n + 0.9) for n, word in enumerate(words)]
    there = [*here[:20], *(heard_word(word, n + 10.0, n + 10.9) for n, word in enumerate(words) if n >= 20)]
    given = [
        {"chapter_index": n, "title": "", "start_time": start, "end_time": None, "source": source}
        for n, start in enumerate((0.0, 20.2))
    ]
    own = [{**chapter, "start_time": start} for chapter, start in zip(given, told, strict=True)]
    heard, other = (
        {"rendition": {"decoded_seconds": n}, "episode": {"duration": lasts}, "words": [], "given_chapters": given}
        for n in (50.0, 40.0)
    )
    other["words"] = [{"start_time": word.start_time} for word in here]
    moved = moved_chapters(own, heard, other, align(words, there, "en", 50.0))
    return [chapter["start_time"] for chapter in moved or ()]


def test_chapters_move_with_the_words_behind_them() -> None:
    """But for those that stand in the file, came with this one, or fit it by what the feed says."""
    same = (0.0, 20.2)
    assert chapters_moved("psc", None, same) == [0.0, 30.2]
    assert chapters_moved("psc", 40.0, same) == [0.0, 30.2]
    assert chapters_moved("psc", 50.0, same) == [0.0, 20.2]
    assert chapters_moved("file", None, same) == [0.0, 20.2]
    assert chapters_moved("psc", None, (0.0, 31.0)) == [0.0, 31.0]


TALE = "the old harbour lies under a thin coat of snow and no boat leaves it before the morning bell".split()


def misheard(words: Sequence[str], noise: range, pause: float = 0.0) -> Sides:
    """Align a text, half a second a word, of which some words were heard as two others before a pause."""
    said = [heard_word(w, 0.5 * n + pause * (n >= noise.stop), 0.5 * n + 0.4 + pause * (n >= noise.stop))
            for n, w in enumerate(words)]  # fmt: skip
    other = [heard_word("zokk", said[noise.start].start_time or 0.0, said[noise.stop - 1].end_time or 0.0)]
    heard = [*said[: noise.start], *other, *said[noise.stop :]]
    duration = 0.5 * len(words) + pause
    return Sides(words, heard, "en", duration, align(words, heard, "en", duration))


def read_as(clip: Clip, likely: float, shift: float = 0.0) -> list[ReadWord | None]:
    """Find the words of a clip half a second each, some of them misplaced."""
    return [ReadWord(0.5 * n + shift, 0.5 * n + 0.4 + shift, (math.log(likely),))
            for n in range(clip.first, clip.first + len(clip.words))]  # fmt: skip


def test_words_that_were_heard_otherwise_are_read() -> None:
    """With words around them that were heard as written; what is likely has its time, the rest its old one."""
    sides = misheard(TALE, range(6, 12), pause=1.5)
    (clip,) = clips_of(sides)
    assert (clip.first, clip.words, clip.n_doubtful) == (2, tuple(TALE[2:16]), 6)
    assert (clip.start_time, clip.end_time) == (1.0, 9.4)
    found = with_read(sides, [(clip, read_as(clip, 0.5))])
    assert [w.start_time for w in found.words[6:12]] == [3.0, 3.5, 4.0, 4.5, 5.0, 5.5]
    assert {(w.time_source, w.confidence, w.heard) for w in found.words[6:12]} == {("aligned", 0.5, None)}
    assert found.words[:6] == sides.alignment.words[:6]
    assert found.words[12:] == sides.alignment.words[12:]
    assert [one.kind for one in sides.alignment.gaps] == ["text", "audio"]
    assert found.gaps == ()


@pytest.mark.parametrize(("likely", "shift"), [(0.01, 0.0), (0.5, 20.0), (0.5, -20.0)])
def test_what_is_unlikely_or_elsewhere_stays_as_it_was(likely: float, shift: float) -> None:
    """Words that nobody says, and those that would lie beyond their neighbours, are not believed."""
    sides = misheard(TALE, range(6, 12), pause=1.5)
    (clip,) = clips_of(sides)
    assert with_read(sides, [(clip, read_as(clip, likely, shift))]) == sides.alignment


def test_nothing_is_read_where_nothing_is_in_doubt() -> None:
    """What was heard as written, one word taken for another, words that nobody has the time to say, a long ad."""
    assert clips_of(misheard(TALE, range(0, 1))) == []
    assert clips_of(misheard(TALE, range(6, 7))) == []
    assert clips_of(misheard(TALE, range(6, 12), pause=30.0)) == []
    said = [heard_word(word, 0.5 * n, 0.5 * n + 0.4) for n, word in enumerate(TALE)]
    longer = [*TALE[:9], *some_words(20, 3), *TALE[9:]]
    assert clips_of(Sides(longer, said, "en", 10.0, align(longer, said, "en", 10.0))) == []


@pytest.mark.parametrize(("noise", "outer"), [(range(4), 0), (range(15, 19), 18)])
def test_the_first_and_the_last_words_are_looked_for(noise: range, outer: int) -> None:
    """In the audio that is left there; the outermost one only if it is likely by itself."""
    sides = misheard(TALE, noise)
    (clip,) = clips_of(sides)
    assert all(sides.alignment.words[place].start_time is None for place in noise)
    assert set(noise) < set(range(clip.first, clip.first + len(clip.words)))
    assert clip.start_time <= 0.5 * noise.start
    assert clip.end_time >= 0.5 * noise.stop - 0.1

    read = read_as(clip, 0.5)
    found = with_read(sides, [(clip, read)])
    assert [found.words[place].start_time for place in noise] == [0.5 * place for place in noise]
    read[outer - clip.first] = ReadWord(0.5 * outer, 0.5 * outer + 0.4, (math.log(0.01),))
    doubtful = with_read(sides, [(clip, read)])
    assert [place for place in noise if doubtful.words[place].start_time is None] == [outer]


@pytest.mark.parametrize("at_end", [False, True])
def test_what_cannot_be_said_at_the_ends_is_not_looked_for(*, at_end: bool) -> None:
    """A text that goes on longer than the audio; of a minute of music only what is next to the words is read."""
    said = [heard_word(word, 60 + 0.5 * n, 60.4 + 0.5 * n) for n, word in enumerate(TALE)]

    def clips(n: int) -> list[Clip]:
        more = some_words(n, 3)
        text = [*TALE, *more] if at_end else [*more, *TALE]
        return clips_of(Sides(text, said, "en", 130.0, align(text, said, "en", 130.0)))

    assert clips(2000) == []
    (clip,) = clips(12)
    assert len(clip.words) > 12
    assert clip.seconds < 25
    assert clip.end_time > 69 if at_end else clip.start_time < 60


def test_no_more_than_a_tenth_of_the_audio_is_read() -> None:
    """Of a talk that was misheard everywhere the gaps with most words come first."""
    words = some_words(2000, 4)
    said = heard_as(spoken(words, random.Random(4)))
    heard = [w for n, w in enumerate(said) if n % 20 >= 5 + n // 1000]
    duration = said[-1].end_time or 0.0
    sides = Sides(words, heard, "en", duration, align(words, heard, "en", duration))
    chosen = clips_of(sides)
    seconds = sum(clip.seconds for clip in chosen)
    assert 0.08 * duration < seconds <= 0.1 * duration
    assert chosen == sorted(chosen, key=lambda one: one.first)
    assert min(one.n_doubtful for one in chosen) >= 6


def test_labels_are_named_by_the_words_that_they_said() -> None:
    """One assignment for all; who has too little evidence, or as much for another one, has no name."""
    said = [("A", "Jan")] * 50 + [("B", "Rob")] * 40 + [("B", "Jan")] * 3 + [("C", "Rob")] * 3
    said += [("D", "Jan")] * 10 + [("D", "Rob")] * 9
    named = name_labels(said)
    assert named == {"A": Naming("Jan", 1.0, 50), "B": Naming("Rob", 0.93, 43)}
    assert label_errors(said, named) == (93, 3)
    assert name_labels([]) == {}


def test_a_voice_that_was_taken_for_two_has_its_name_twice() -> None:
    named = name_labels([("A", "Jan")] * 500 + [("B", "Jan")] * 40 + [("B", "Rob")] + [("C", "Rob")] * 100)
    assert {label: one.speaker for label, one in named.items()} == {"A": "Jan", "B": "Jan", "C": "Rob"}


def parts(text: str, voices: str) -> list[tuple[str, str | None]]:
    """Part a text of blocks that `/` ends; a letter a word says who was heard, `.` that nobody knows."""
    blocks = [block.split() for block in text.split("/")]
    words = [word for block in blocks for word in block]
    numbers = [number for number, block in enumerate(blocks) for _ in block]
    found = part(words, numbers, [None if voice == "." else voice for voice in voices], [None] * len(words))
    assert found is not None
    assert [one.first_word for one in found] == list(
        itertools.accumulate((o.word_count for o in found[:-1]), initial=0)
    )
    return [(" ".join(words[p.first_word : p.first_word + p.word_count]), p.speaker) for p in found]


def test_a_paragraph_is_parted_where_the_voice_changes() -> None:
    """Behind a sentence where one ends there, else inside it."""
    text = "Who turns it? The motor does. / Does it, now? It does, I am told, well, let me show you that."
    assert parts(text, "aaabbbaaabbbbbcccccc") == [
        ("Who turns it?", "a"),
        ("The motor does.", "b"),
        ("Does it, now?", "a"),
        ("It does, I am told,", "b"),
        ("well, let me show you that.", "c"),
    ]


def test_a_label_that_comes_late_parts_no_sentence() -> None:
    assert parts("Who turns it, I ask? The motor does.", "aaaabbbb") == [
        ("Who turns it, I ask?", "a"),
        ("The motor does.", "b"),
    ]


def test_captions_of_one_voice_are_one_turn_and_unknown_ones_stay() -> None:
    assert parts("so the record / turns because of / a belt. / Yes? / Then it stops.", "aaaa.aaa....") == [
        ("so the record turns because of a belt.", "a"),
        ("Yes?", None),
        ("Then it stops.", None),
    ]


def test_where_few_voices_are_known_nothing_is_parted() -> None:
    assert part(["so", "it", "turns"], [0, 0, 0], [None, None, "a"], [None] * 3) is None
    assert part([], [], [], []) is None


def test_a_part_is_known_by_its_first_block() -> None:
    found = part("One two. Three four.".split(), [0, 0, 1, 1], ["a"] * 4, [0] * 4)
    assert found == (Part(0, 4, "a", 0),)


def test_no_part_goes_on_into_the_next_chapter() -> None:
    found = part("One two. Three four.".split(), [0, 0, 1, 1], ["a"] * 4, [0, 0, 1, 1])
    assert found == (Part(0, 2, "a", 0), Part(2, 2, "a", 1))


def test_a_gap_of_the_text_lies_between_its_neighbours() -> None:
    words = some_words(300, 17)
    said = spoken(words, random.Random(1))
    text = [*words[:150], *some_words(80, 99), *words[150:]]
    gaps = [gap for gap in align(text, heard_as(said), "en", 200.0).gaps if gap.kind == "text"]
    assert gaps == [Gap("text", 150, 80, said[149].end_time, said[150].start_time)]


def test_a_word_before_a_pause_ends_where_its_sound_does() -> None:
    """A recogniser lets it end too early; where music goes on, and where the next word follows, it stays."""
    time = np.arange(3 * 16_000) / 16_000
    sound = np.where((time < 0.8) | (time >= 1.5), 8000 * np.sin(2 * np.pi * 220 * time), 0).astype(np.int16)
    words = [heard_word("so", 0.1, 0.3), heard_word("round", 0.3, 0.6), heard_word("it", 1.5, 1.7)]
    assert [word.end_time for word in until_quiet(words, sound)] == [0.3, pytest.approx(0.8, abs=0.02), 1.7]
    assert until_quiet([], sound) == []
    assert until_quiet([replace(words[0], start_time=None, end_time=None)], sound)[0].end_time is None
    assert until_quiet([heard_word("late", 2.9, 3.4)], sound)[0].end_time == 3.4  # beyond the last sample
