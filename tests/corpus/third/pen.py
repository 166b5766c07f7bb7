"""Words, names, numbers and times at random, in the language of one document."""

from __future__ import annotations

import random

from tests.corpus.third.languages import LANGUAGES, Language
from tests.corpus.third.people import people
from tests.corpus.third.speech import paragraph, sentence


class Pen:
    """Chooses at random, in the language of one document."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.minutes = rng.randint(0, 1200)
        self.language: Language = LANGUAGES["en"] if rng.random() < 0.7 else rng.choice(list(LANGUAGES.values()))
        self.names = [
            person.name for person in people(rng, rng.randint(2, 5), rng.choice(("full", "first")), self.language)
        ]

    def some(self, least: int = 5, most: int = 25) -> range:
        """Return so many numbers."""
        return range(self.rng.randint(least, most))

    def one(self, *choices: str) -> str:
        """Choose one."""
        return self.rng.choice(choices)

    def name(self) -> str:
        """Return one of the document's people."""
        return self.rng.choice(self.names)

    def word(self) -> str:
        """Return a word with a meaning."""
        return self.rng.choice(self.language.large)

    def line(self, longest: int = 9) -> str:
        """Return a sentence."""
        return sentence(self.rng, self.language, longest)

    def title(self) -> str:
        """Return a few words without a stop."""
        return self.line(6).rstrip(".?!;。？؟।")

    def text(self, least: int = 15, most: int = 60) -> str:
        """Return a paragraph."""
        return paragraph(self.rng, self.language, self.rng.randint(least, most))

    def number(self, low: int = 0, high: int = 99) -> int:
        """Return a number."""
        return self.rng.randint(low, high)

    def clock(self) -> str:
        """Return a time of the day, later than the last one; after midnight it is another day."""
        self.minutes = (self.minutes + self.number(0, 30)) % (24 * 60)
        return f"{self.minutes // 60:02}:{self.minutes % 60:02}"

    def date(self) -> str:
        """Return a date."""
        return f"20{self.number(10, 26)}-{self.number(1, 12):02}-{self.number(1, 28):02}"
