"""Texts and what was heard of them, damaged as publishers, recognisers and advertisers do, with the true times."""

from __future__ import annotations

import functools
import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from transforms.records import Seconds, Word

FILLERS = "um uh you know like well so".split()
AD: Seconds = 60.0


_SYLLABLES = [a + b for a in "b br ch d f g gl h k l m n p r s st t v w".split() for b in "a e i o ou ai".split()]


@functools.cache
def _vocabulary() -> tuple[list[str], list[float]]:
    """Return ten thousand words, and how often each comes: the tenth a fifth as often as the first."""
    rng = random.Random(0)
    made = {"".join(rng.choices(_SYLLABLES, k=rng.choice((1, 1, 2, 2, 3)))) + rng.choice(" n s r".split(" "))
            for _ in range(10_000)}  # fmt: skip
    words = sorted(made, key=lambda word: (len(word), rng.random()))
    return words, list(itertools.accumulate(1 / rank for rank in range(3, len(words) + 3)))


def some_words(n_words: int, seed: int) -> list[str]:
    """Return so many words in sentences, the common ones as common as in speech."""
    words, weights = _vocabulary()
    rng = random.Random(seed)
    return [w + ("." if rng.random() < 0.08 else "") for w in rng.choices(words, cum_weights=weights, k=n_words)]


@dataclass(frozen=True, slots=True)
class Said:
    """A written word, and when it was really said; `None` where it was not."""

    word: str
    start_time: Seconds | None
    end_time: Seconds | None


@dataclass(frozen=True, slots=True)
class Case:
    """A published text, what was heard, and how long the audio lasts."""

    text: tuple[Said, ...]
    heard: tuple[Word, ...]
    duration: Seconds

    @property
    def words(self) -> list[str]:
        """The words of the text."""
        return [one.word for one in self.text]


def heard_word(word: str, start: Seconds, end: Seconds, speaker: str | None = None) -> Word:
    """Return a word as a recogniser gives it."""
    return Word(word, start, end, 0.9, speaker, None)


def spoken(words: Sequence[str], rng: random.Random, start: Seconds = 0.0) -> list[Said]:
    """Speak words one after another: a quarter of a second and more each, pauses behind sentences."""
    said, now = [], start
    for word in words:
        length = 0.12 + 0.035 * len(word) + rng.random() * 0.1
        said.append(Said(word, round(now, 3), round(now + length, 3)))
        now += length + (rng.random() if word.endswith((".", "?", "!")) else 0.02)
    return said


def heard_as(said: Sequence[Said]) -> list[Word]:
    """Hear all as it was said."""
    return [heard_word(s.word, s.start_time, s.end_time) for s in said if s.start_time is not None and s.end_time]


def damaged(words: Sequence[str], strangers: Sequence[str], rng: random.Random, side: str = "text") -> Case:
    """Speak words and damage both sides of them. `strangers` are the words of the ad and of what is misheard.

    One word in ten is lost and one in twenty another one: in the text, which was cleaned up, or with `heard` in
    what was heard. In three places in an hour twenty words in a row are misheard; fillers are heard and not
    written; in the middle of the audio stands an ad of 60 s, in the text a paragraph elsewhere, and above it three
    passages of it again.
    """
    said, ad = _with_ad(spoken(words, rng), strangers, rng)
    heard, text = heard_as(said), list(said)
    if side == "text":
        text = [s if rng.random() > 0.05 else replace(s, word=rng.choice(strangers)) for s in text]
        text = [s for s in text if rng.random() > 0.1]
    else:
        heard = _lossy(heard, strangers, rng)
    heard = _with_bursts(heard, strangers, rng, max(1, len(words) // 3000))
    heard = sorted([*_with_fillers(heard, rng), *ad], key=lambda word: word.start_time or 0.0)
    text = _moved(text, rng)
    shown = [rng.randrange(len(text) - 40) for _ in range(3)]
    above = [Said(s.word, None, None) for first in shown for s in text[first : first + 40]]
    end = max(word.end_time or 0.0 for word in heard)
    return Case((*above, *text), tuple(heard), end + 5.0)


def misheard(heard: Sequence[Word], strangers: Sequence[str], rng: random.Random) -> list[Word]:
    """Damage what was heard of real audio as `damaged` does: one burst, words lost, replaced and made up."""
    return _with_fillers(_with_bursts(_lossy(heard, strangers, rng), strangers, rng, 1), rng)


def _lossy(heard: Sequence[Word], strangers: Sequence[str], rng: random.Random) -> list[Word]:
    """Mishear one word in twenty, and lose one in ten."""
    heard = [w if rng.random() > 0.05 else replace(w, word=rng.choice(strangers)) for w in heard]
    return [w for w in heard if rng.random() > 0.1]


def _with_bursts(heard: list[Word], strangers: Sequence[str], rng: random.Random, n: int) -> list[Word]:
    """Mishear twenty words in a row, so many times."""
    for _ in range(n):
        first = rng.randrange(len(heard) - 20)
        burst = [replace(w, word=rng.choice(strangers)) for w in heard[first : first + 20]]
        heard = [*heard[:first], *burst, *heard[first + 20 :]]
    return heard


def _with_ad(said: list[Said], strangers: Sequence[str], rng: random.Random) -> tuple[list[Said], list[Word]]:
    middle = len(said) // 2
    start = (said[middle - 1].end_time or 0.0) + 0.5
    spot = rng.randrange(max(1, len(strangers) - 400))
    ad = [s for s in spoken(strangers[spot : spot + 400], rng, start) if (s.end_time or 0.0) < start + AD]
    later = [_later(s, AD + 1.0) for s in said[middle:]]
    return [*said[:middle], *later], heard_as(ad)


def _later(said: Said, seconds: Seconds) -> Said:
    return Said(said.word, (said.start_time or 0.0) + seconds, (said.end_time or 0.0) + seconds)


def _with_fillers(heard: Sequence[Word], rng: random.Random) -> list[Word]:
    with_fillers = []
    for word in heard:
        if rng.random() < 0.05 and word.start_time is not None:
            with_fillers.append(heard_word(rng.choice(FILLERS), max(0.0, word.start_time - 0.02), word.start_time))
        with_fillers.append(word)
    return with_fillers


def _moved(text: list[Said], rng: random.Random) -> list[Said]:
    size = min(120, len(text) // 10)
    first = rng.randrange(len(text) - size)
    rest = [*text[:first], *text[first + size :]]
    place = rng.randrange(len(rest))
    return [*rest[:place], *text[first : first + size], *rest[place:]]
