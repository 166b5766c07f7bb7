"""A conversation before it is written: who speaks, in which language, what they say, and from when."""

from __future__ import annotations

import random
from dataclasses import dataclass

from tests.corpus.third import people as persons
from tests.corpus.third.languages import LANGUAGES, Language
from tests.corpus.third.people import Person, people
from tests.corpus.third.speech import paragraph, sentence, with_mark, with_trap
from tests.corpus.third.template import Template

ENGLISH = 0.4  # of the documents


@dataclass(frozen=True)
class Turn:
    """What one person says; `heading` stands above it, `behind` are lines below that nobody says."""

    person: Person | None
    paragraphs: tuple[str, ...]
    start: float
    end: float
    heading: str | None = None


@dataclass(frozen=True)
class Conversation:
    """All of it, with the style of its names."""

    language: Language
    style: str
    people: tuple[Person, ...]
    turns: tuple[Turn, ...]


def converse(rng: random.Random, template: Template) -> Conversation:
    """Return a conversation that fits a template: labels without marks recur."""
    language = LANGUAGES["en"] if rng.random() < ENGLISH else rng.choice(list(LANGUAGES.values()))
    if (template.separator == ". " and not language.cased) or (template.is_bare and not language.stop):
        # A stop ends a label in capitals; and where sentences have no stop, a line alone may be a label or speech.
        language = LANGUAGES["en"]
    style = _style(rng, template, language)
    count = _turns(rng, template)
    speakers = min(rng.choices(range(1, 10), (3, 48, 22, 10, 6, 4, 3, 2, 2))[0], max(1, count // 2))
    spoken = people(rng, speakers, style, language)
    if style in persons.NAMED and len(spoken) > 1 and rng.random() < 0.15:
        spoken[-1] = _other(rng, template, spoken[:-1], language)
    order = _order(rng, spoken, count)
    if template.order != "T" and count > 8 and rng.random() < 0.12:
        once = rng.choice(persons.ONCE)
        label = _label_of_one(rng, template, once)
        order[rng.randrange(count // 2, count)] = Person(once, label, label)
    tight = not template.loose or template.frame in ("row", "list", "number", "quote")
    traps = rng.random() < 0.5
    turns: list[Turn] = []
    clock = rng.uniform(0, 40)
    headings = rng.random() < 0.2 and count > 5 and template.frame != "row" and template.loose
    headings = headings and (bool(language.stop) or template.kind != "txt")  # else a heading reads like speech
    for number, person in enumerate(order):
        said = _said(rng, language, spoken, 1 if tight or template.order == "T" else _paragraphs(rng), traps)
        if template.frame == "question":
            said = (paragraph(rng, language, 8).rstrip(".?!;。？؟।") + (language.ask or "?"), *said)
        length = sum(len(text) for text in said) / 15 + rng.uniform(0.3, 2)
        heading = None
        if headings and (number == 0 or rng.random() < 0.15):
            heading = sentence(rng, language, 6).rstrip(".?!;。？؟।")
        turns.append(Turn(person if template.order != "T" else None, said, clock, clock + length, heading))
        clock += length * (1 if rng.random() < 0.9 else rng.uniform(1, 30))
    used = tuple(dict.fromkeys(person for person in order))
    return Conversation(language, style if template.order != "T" else "nobody", used, tuple(turns))


def _style(rng: random.Random, template: Template, language: Language) -> str:
    while True:
        style = rng.choices(list(persons.STYLES), list(persons.STYLES.values()))[0]
        if template.separator == ". " and style != "caps":
            style = "caps"
        if style in ("caps", "small") and not language.cased:
            continue
        if style == "number" and (template.frame == "number" or not template.is_strong or "T" in template.order):
            continue
        weak = template.is_bare and template.frame != "chevron"
        if weak and style in ("number", "emoji", "small", "handle", "the host", "words", "role behind comma"):
            continue
        if style in ("initials", "abbreviated") and language.unspaced:
            continue
        if style in ("abbreviated", "role in brackets") and template.label_brackets == "()":
            continue
        return style


def _other(rng: random.Random, template: Template, spoken: list[Person], language: Language) -> Person:
    """Return somebody who is written in another style than the others."""
    styles = (
        ("speaker 1", "role", "first") if template.is_bare else ("speaker 1", "handle", "role", "words", "first")
    )
    taken = {word for person in spoken for word in persons.tokens(person)}
    while True:
        (other,) = people(rng, 1, rng.choice(styles), language)
        if not persons.tokens(other) & taken:
            return other


def _label_of_one(rng: random.Random, template: Template, once: str) -> str:
    """Write the label of one who speaks once: now and then in brackets, `(Woman in the back): …` among names."""
    plain = template.order == "L" and template.frame == "line" and template.separator == ":"
    if template.separator == ". ":
        return once.upper()
    if not plain or template.mark or template.label_brackets or rng.random() > 0.4:
        return once
    return rng.choice(("[{}]", "({})")).format(once)


def _turns(rng: random.Random, template: Template) -> int:
    least = 4 if template.is_strong or template.separator.strip() == ":" else 8
    longest = rng.choices((12, 30, 80, 200), (45, 30, 18, 7))[0]
    return rng.randint(least, max(longest, least + 4))


def _order(rng: random.Random, spoken: list[Person], count: int) -> list[Person]:
    """Return who speaks, never one twice in a row; somebody in a large round may speak only once."""
    if len(spoken) == 1:
        return spoken * count
    often = spoken[:-1] if len(spoken) > 2 and rng.random() < 0.4 else spoken
    order: list[Person] = []
    for number in range(count):
        others = [one for one in often if not order or one != order[-1]]
        favourite = others[number % len(others)] if rng.random() < 0.6 else rng.choice(others)
        order.append(favourite)
    if often is not spoken:
        order[rng.randrange(1, count)] = spoken[-1]
    return order


def _paragraphs(rng: random.Random) -> int:
    return rng.choices((1, 2, 3, 4), (80, 12, 5, 3))[0]


def _said(
    rng: random.Random, language: Language, spoken: list[Person], count: int, traps: bool
) -> tuple[str, ...]:
    said = []
    for _ in range(count):
        words = rng.choices((2, 6, 14, 35, 80), (16, 22, 28, 26, 8))[0]
        text = paragraph(rng, language, rng.randint(max(1, words // 2), words))
        if traps and rng.random() < 0.15:
            names = tuple(person.name for person in spoken)
            text = with_trap(rng, text, language, names)
        elif rng.random() < 0.06:
            text = with_mark(rng, text)
        said.append(text)
    return tuple(said)
