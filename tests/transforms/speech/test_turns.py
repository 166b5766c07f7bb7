"""Words get speakers, and become turns."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from flows.artifacts import Store
from flows.episode.stages import make_turns
from flows.locations import at_path
from flows.payloads import TURNS, read_json
from flows.settings import Settings
from tests.support.homes import heard_as, make_audio
from transforms.records import SpeakerSegment, Turn, Word
from transforms.speech.attribute import attribute, overlap_seconds
from transforms.turns import to_turns

A_THEN_B = (SpeakerSegment(0.0, 2.0, "A"), SpeakerSegment(2.0, 4.0, "B"))


def word(text: str, start: float | None, end: float | None, speaker: str | None = None) -> Word:
    """A word as the recognizer gives it."""
    return Word(text, start, end, 0.9, speaker, None)


@st.composite
def talks(draw: st.DrawFn) -> list[Word]:
    """Words in order of time, some of nobody, some ending a sentence."""
    texts = draw(st.lists(st.sampled_from(["so", "yes.", "well,", "really?", "no"]), max_size=40))
    words, at = [], 0.0
    for text in texts:
        start = at + draw(st.floats(0, 1))
        at = start + draw(st.floats(0, 1))
        words.append(word(text, start, at, draw(st.sampled_from(["A", "B", None]))))
    return words


def test_a_word_goes_to_whom_it_overlaps_most() -> None:
    """The margin is the lead over the second, as a share."""
    (said,) = attribute([word("hello", 1.0, 2.25)], A_THEN_B)

    assert said == Word("hello", 1.0, 2.25, 0.9, "A", 0.6)


def test_a_word_between_two_speakers_is_nobodys() -> None:
    """Unsure is None, not a guess."""
    (said,) = attribute([word("hello", 1.5, 2.5)], A_THEN_B)

    assert (said.speaker, said.speaker_margin) == (None, 0.0)


def test_a_word_in_silence_belongs_to_who_is_near_if_it_is_one() -> None:
    """Half a second from A alone is A's; between A and B it is nobody's; far from all it is nobody's."""
    segments = (SpeakerSegment(0.0, 2.0, "A"), SpeakerSegment(3.0, 4.0, "A"), SpeakerSegment(4.6, 5.0, "B"))
    words = [word("one", 2.3, 2.6), word("two", 4.2, 4.4), word("three", 6.0, 6.2)]

    assert [said.speaker for said in attribute(words, segments)] == ["A", None, None]


def test_a_slip_in_a_sentence_is_smoothed_but_a_real_answer_is_not() -> None:
    """One word of B inside a sentence of A is A's; "Yes." between two sentences is B's own turn."""
    segments = (SpeakerSegment(0, 1, "A"), SpeakerSegment(1, 2, "B"), SpeakerSegment(2, 3, "A"))
    slip = [word("the", 0, 1), word("old", 1, 2), word("belt", 2, 3)]
    answer = [word("right?", 0, 1), word("Yes.", 1, 2), word("Good.", 2, 3)]

    assert [said.speaker for said in attribute(slip, segments)] == ["A", "A", "A"]
    assert [said.speaker for said in attribute(answer, segments)] == ["A", "B", "A"]


def test_words_without_times_stay_without_a_speaker() -> None:
    """There is nothing to go by."""
    assert attribute([word("hello", None, None)], A_THEN_B) == (word("hello", None, None),)


@given(talks(), st.lists(st.tuples(st.floats(0, 5), st.sampled_from("ABC")), max_size=20))
def test_attribution_changes_nothing_but_speakers(words: list[Word], stretches: list[tuple[float, str]]) -> None:
    """Every word keeps its place, text and times."""
    segments, at = [], 0.0
    for length, speaker in stretches:
        segments.append(SpeakerSegment(at, at + length, speaker))
        at += length

    said = attribute(words, segments)

    assert [replace(w, speaker=None, speaker_margin=None) for w in said] == [
        replace(w, speaker=None) for w in words
    ]


def test_overlaps_are_where_two_speak() -> None:
    """Three at once count once."""
    segments = [SpeakerSegment(0, 5, "A"), SpeakerSegment(4, 6, "B"), SpeakerSegment(4.5, 4.8, "C")]

    assert sum(end - start for start, end in overlap_seconds(segments)) == 1.0
    assert overlap_seconds(segments[:1]) == ()


@given(talks())
def test_every_word_is_in_exactly_one_turn_and_in_order(words: list[Word]) -> None:
    """Turns are maximal runs of one known speaker, numbered without a gap."""
    turns = to_turns(words, "en", None)

    assert " ".join(turn.text for turn in turns).split() == [w.word for w in words]
    assert [turn.turn_index for turn in turns] == list(range(len(turns)))
    assert sum(turn.word_count for turn in turns) == len(words)
    assert all(turn.first_word == sum(t.word_count for t in turns[:n]) for n, turn in enumerate(turns))
    for one, other in pairwise(turns):
        assert one.speaker is None or one.speaker != other.speaker
        assert one.start_time <= other.start_time
    assert all(turn.start_time <= turn.end_time for turn in turns)


def test_turns_of_nobody_are_sentences() -> None:
    """Without a diarization a turn is a sentence, and says so."""
    words = [word("It", 0, 1), word("turns.", 1, 2), word("Why?", 2, 3)]

    assert to_turns(words, "en", None) == (
        Turn(0, None, 0, 2, "It turns.", 0, 2, "sentence", None, None, 0.9),
        Turn(1, None, 2, 3, "Why?", 2, 1, "sentence", None, None, 0.9),
    )


def test_a_turn_knows_that_another_voice_is_in_it() -> None:
    """0.2 s of two voices make an overlap; less does not."""
    words = [word("It", 0, 1, "A"), word("turns.", 1, 2, "A"), word("Yes.", 2, 3, "B")]

    turns = to_turns(words, "en", [(1.7, 2.1)])

    assert [turn.is_overlap for turn in turns] == [True, False]


def test_speakers_are_numbered_by_their_first_turns(tmp_path: Path) -> None:
    """Who coughs first and says nothing comes last, with the voice that is theirs."""
    segments = (
        SpeakerSegment(0.0, 0.05, "SPEAKER_00"),
        SpeakerSegment(0.05, 1.0, "SPEAKER_01"),
        SpeakerSegment(1.0, 2.0, "SPEAKER_02"),
    )
    settings = Settings(home=tmp_path / "home")
    store = Store(settings.home)

    heard = heard_as(store, settings, at_path(make_audio(tmp_path / "a.wav")), segments)

    who = heard.diarization()
    assert who is not None
    assert [(turn.speaker, turn.text) for turn in read_json(TURNS, make_turns(store, heard))] == [
        ("SPEAKER_00", "Why does it turn?"),
        ("SPEAKER_01", "It must."),
    ]
    assert [word.speaker for word in heard.words()] == ["SPEAKER_00"] * 4 + ["SPEAKER_01"] * 2
    assert [one.speaker for one in who.segments] == ["SPEAKER_02", "SPEAKER_00", "SPEAKER_01"]
    assert who.voices == {"SPEAKER_02": (0.0, 1.0), "SPEAKER_00": (1.0, 1.0), "SPEAKER_01": (2.0, 1.0)}
