"""How wrong a recogniser was: the same counts as the libraries of the field, and what these do not count."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from meeteval.io import SegLST
from meeteval.wer import tcpwer
from meeteval.wer.wer.cp import cp_word_error_rate

from tests.support.alignments import heard_as, heard_word, some_words, spoken
from transforms.alignment import align
from transforms.alignment.error_rates.judging import Judgement, Written, judge
from transforms.alignment.error_rates.voice_errors import voice_errors
from transforms.records import SpeakerSegment, Word

SPEAKERS = ("Ann", "Bob", "Cem")


def judged(
    text: list[tuple[str, str | None]],
    heard: list[Word],
    segments: tuple[SpeakerSegment, ...] = (),
    language: str | None = "en",
) -> Judgement:
    """Align words with their speakers with what was heard, and judge that."""
    found = align([word for word, _ in text], heard, language, 10_000.0)
    return judge(
        [Written(*one, time) for one, time in zip(text, found.words, strict=True)], heard, segments, language
    )


def conversation(seed: int) -> tuple[list[tuple[str, str | None]], list[Word]]:
    """Let three people talk, and hear that with words lost, replaced and given to the wrong voice."""
    rng = random.Random(seed)
    said = spoken(some_words(400, seed), rng)
    who = [SPEAKERS[n // 25 % 3] for n in range(len(said))]
    text = list(zip([s.word.strip(".") for s in said], who, strict=True))
    heard = []
    for word, speaker in zip(heard_as(said), who, strict=True):
        label = f"S{(SPEAKERS.index(speaker) + (rng.random() < 0.05)) % 3}"
        wrong = rng.choice(some_words(50, 999)) if rng.random() < 0.06 else word.word
        if rng.random() > 0.04:
            heard.append(heard_word(wrong.strip("."), word.start_time or 0.0, word.end_time or 0.0, label))
    return text, heard


@pytest.mark.parametrize("seed", range(4))
def test_the_same_counts_as_meeteval(seed: int) -> None:
    """With one voice a speaker: exactly; with times, which the alignment does not know, at most a few more."""
    text, heard = conversation(seed)
    found = judged(text, heard)
    true = {who: " ".join(word for word, one in text if one == who) for who in SPEAKERS}
    ours = {label: " ".join(w.word for w in heard if w.speaker == label) for label in ("S0", "S1", "S2")}
    assert found.cp_errors == cp_word_error_rate(true, ours).errors
    times = align([word for word, _ in text], heard, "en", 10_000.0).words
    starts = [time.start_time or 0.0 for time in times]
    rows = [
        {"session_id": "x", "speaker": who, "words": word, "start_time": start, "end_time": start + 0.1}
        for (word, who), start in zip(text, starts, strict=True)
    ]
    mine = [
        {"session_id": "x", "speaker": w.speaker, "words": w.word, "start_time": w.start_time,
         "end_time": (w.start_time or 0.0) + 0.1}
        for w in heard
    ]  # fmt: skip
    exact = tcpwer(SegLST(rows), SegLST(mine), collar=5)["x"].errors
    assert found.cp_errors is not None
    assert found.tcp_errors is not None
    assert found.cp_errors <= exact + 1 <= found.tcp_errors + 1 <= exact + 5


def test_a_text_that_names_nobody_tells_nothing_of_speakers() -> None:
    text, heard = conversation(9)
    found = judged([(word, None) for word, _ in text], heard)
    assert (found.cp_errors, found.tcp_errors, found.aligned_cp_errors) == (None, None, None)


def test_an_ad_is_no_error_where_both_go_together() -> None:
    text, heard = conversation(10)
    ad = [heard_word(word, 1000.0 + n, 1000.5 + n, "S0") for n, word in enumerate(some_words(80, 11))]
    later = [
        heard_word(w.word, (w.start_time or 0) + 2000, (w.end_time or 0) + 2000, w.speaker) for w in heard[200:]
    ]
    found, clean = judged(text, [*heard[:200], *ad, *later]), judged(text, heard)
    assert found.cp_errors is not None
    assert clean.cp_errors is not None
    assert found.cp_errors >= clean.cp_errors + 60
    assert found.aligned_cp_errors is not None
    assert abs(found.aligned_cp_errors - clean.cp_errors) <= 3


def test_what_was_lost_in_one_piece_and_what_was_made_up() -> None:
    """Twenty words that were said, and five that nobody said, in a silence and beside speech."""
    said = spoken(some_words(300, 12), random.Random(1))
    text = [(s.word, "Ann") for s in said]
    heard = [w for n, w in enumerate(heard_as(said)) if not 100 <= n < 120]
    end = heard[-1].end_time or 0.0
    made_up = [heard_word("thanks", end + 5 + n, end + 5.5 + n, None) for n in range(5)]
    segments = (SpeakerSegment(0.0, end, "S0"),)
    found = judged(text, [*heard, *made_up], segments)
    assert (found.long_deletions, found.long_deletion_words) == (1, 20)
    assert found.silent_insertions == 5
    assert judged(text, [*heard, *made_up], (SpeakerSegment(0.0, end + 20, "S0"),)).silent_insertions == 0
    assert judged(text, heard).silent_insertions is None


@pytest.mark.parametrize(
    ("heard", "language", "names", "wrong"),
    [
        ("today we talk with John lake about chat GPT and more", "en", 3, 1),
        ("today we talk with Jan Leike about ChatGPT and more", "en", 3, 1),
        ("today we talk with John Leike about ChatGPT and more", "en", 3, 0),
        ("today we talk with John lake about chat GPT and more", "de", 0, 0),
    ],
)
def test_names_that_were_heard_wrongly(heard: str, language: str, names: int, wrong: int) -> None:
    """Also in two pieces they are right; the first word of a sentence tells nothing, nor do nouns in German."""
    text: list[tuple[str, str | None]] = [
        (word, "Ann") for word in "Today we talk with John Leike about ChatGPT and more".split()
    ]
    words = [heard_word(word, n, n + 0.9, "S0") for n, word in enumerate(heard.split())]
    found = judged(text, words, language=language)
    assert (found.names, found.names_wrong) == (names, wrong)


@pytest.mark.parametrize("seed", range(3))
def test_the_same_diarization_error_as_pyannote(seed: int) -> None:
    """With a collar of a quarter of a second on both sides of each border."""
    from pyannote.core import Annotation, Segment
    from pyannote.metrics.diarization import DiarizationErrorRate

    rng = random.Random(seed)
    borders = sorted(round(rng.uniform(0, 300), 2) for _ in range(40))
    said = [(rng.choice(SPEAKERS), a, b) for a, b in pairwise(borders) if b - a > 1.0]
    segments = [
        SpeakerSegment(
            round(max(0.0, a + rng.uniform(-1, 1)), 2), round(b + rng.uniform(-0.4, 1), 2), rng.choice("XYZW")
        )
        for _, a, b in said
    ]
    found = voice_errors(said, [(0.0, 300.0)], segments)
    true, ours = Annotation(), Annotation()
    for n, (who, a, b) in enumerate(said):
        true[Segment(a, b), n] = who
    for n, one in enumerate(segments):
        ours[Segment(one.start_time, min(one.end_time, said[-1][2])), n] = one.speaker
    metric = DiarizationErrorRate(collar=0.5)
    assert found.rate == pytest.approx(metric(true, ours, uem=Segment(0, said[-1][2])), abs=0.02)


def test_nothing_said_and_nobody_heard() -> None:
    assert voice_errors([], [], []).rate is None
    assert voice_errors([("Ann", 0.0, 2.0)], [(0.0, 2.0)], []).rate == 1.0
    assert judged([], []).cp_words == 0
