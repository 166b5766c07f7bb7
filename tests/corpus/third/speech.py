"""What people say: sentences and paragraphs of a language, with what in speech looks like a label."""

from __future__ import annotations

import random
import re

from tests.corpus.third.languages import Language

EMPHASIS, PLAIN = "\x02", "\x03"  # around a word that is said with weight
LINK, UNLINK = "\x04", "\x05"  # around words that are linked

_INSIDE = (
    "Note: {s}",
    "First: {s}",
    "{s} – {t}",
    "{s} at 10:30 in the morning.",
    "“{s}”",
    "So: {s}",
    "{s} (really)",
    "{s} 3:1, 4 %, $1,200.",
    "{s} — {t}",
    "Second, {t}",
    "{s} See https://example.org/a?b=1 for that.",
    "{s} Then he said: “{t}”",
    "A - {t}",
)


def sentence(rng: random.Random, language: Language, longest: int = 14) -> str:
    """Return a sentence of small and large words, as a statement or a question."""
    words: list[str] = []
    for _ in range(rng.randint(min(longest, rng.choice((2, 5, 5, 6))), longest)):
        pool = language.small if rng.random() < 0.5 else language.large
        word = rng.choice(pool)
        if not words or words[-1] != word:
            words.append(word)
    if len(words) > 6 and rng.random() < 0.4:
        at = rng.randrange(2, len(words) - 2)
        words[at] = words[at] + language.comma.strip()
    joined = ("" if language.unspaced else " ").join(words)
    if language.cased:
        joined = joined[:1].upper() + joined[1:]
    return joined + (language.ask if rng.random() < 0.2 else language.stop)


def paragraph(rng: random.Random, language: Language, words: int) -> str:
    """Return sentences of about so many words together."""
    if words <= 3:
        return rng.choice(language.short)
    made: list[str] = []
    length = 0
    while length < words:
        one = sentence(rng, language, min(16, max(3, words - length)))
        length += one.count(" ") + 1 if not language.unspaced else len(one) // 3
        made.append(one)
    return (" " if not language.unspaced or not language.stop else "").join(made)


def with_trap(rng: random.Random, text: str, language: Language, names: tuple[str, ...]) -> str:
    """Return speech with something in it that looks like a label, a time or an address, and is no label."""
    if rng.random() < 0.3:
        name = rng.choice(names)
        return rng.choice([f"{name}, {text}", f"{text} {name}?", f"{text} {name} – {text[:1]}{text[1:]}"])
    form = rng.choice(_INSIDE)
    begins = re.match(r"[\w]*", form)
    if begins and begins[0].casefold() in {name.casefold() for name in names}:
        return text  # "A - …" in a second paragraph is a label where somebody is called A
    return form.format(s=text, t=sentence(rng, language, 6))


def with_mark(rng: random.Random, text: str) -> str:
    """Return speech with one word in it emphasised or linked."""
    words = text.split(" ")
    if len(words) < 5:
        return text
    at = rng.randrange(2, len(words) - 1)
    if any(mark in words[at] for mark in ("[", "]", "http", EMPHASIS)):
        return text
    before, after = rng.choice([(EMPHASIS, PLAIN), (LINK, UNLINK)])
    words[at] = f"{before}{words[at]}{after}"
    return " ".join(words)


def unmarked(text: str) -> str:
    """Return speech without its marks."""
    return text.translate({ord(mark): None for mark in (EMPHASIS, PLAIN, LINK, UNLINK)})
