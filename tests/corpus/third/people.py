"""Who speaks in a document, and every form in which it writes their names."""

from __future__ import annotations

import random
from dataclasses import dataclass

from tests.corpus.third.languages import LANGUAGES, Language

STYLES = {
    "full": 24,
    "first": 14,
    "full then first": 7,
    "caps": 8,
    "small": 4,
    "initials": 4,
    "abbreviated": 3,
    "role in brackets": 5,
    "role behind comma": 4,
    "speaker 1": 6,
    "speaker_00": 3,
    "s1": 2,
    "q and a": 6,
    "handle": 7,
    "the host": 3,
    "number": 1,
    "emoji": 1,
    "words": 8,
    "role": 7,
    "titled": 4,
}
WORDS = (
    "Will Una On Just Mark May Grace Art Bill Hope Chance Rich Dawn Summer Penny Faith Joy Note Page So".split()
)
ONCE = (
    "Audience member|Stefan aus dem Off|Juna & Aurel|New Speaker|Speaker 9|Boots-Guide 1|Both|Woman in the back|"
    "Caller 2|Announcer|Everyone|Ann's mother|Robot voice|A voice"
).split("|")
_THE = "the host|the guest|the old captain|a listener|my sister|the robot|the neighbour|our doctor".split("|")
NAMED = frozenset(STYLES) - {"speaker 1", "speaker_00", "s1", "q and a", "number", "the host", "role", "emoji"}
_SYLLABLES = "ba be da do fi ga hu ja ka ki la lo ma mi na ne no pa po ra ri sa se ta ti to va ve wo za zu".split()
_EMOJI = "🦊 🐻 🦉 🐙 🌵 🚀".split()
_TITLES = "Dr. Prof. Mr. Mrs. Sir Ms.".split()
_SPEAKER = {
    "de": "Sprecher",
    "fr": "Locuteur",
    "es": "Hablante",
    "ru": "Спикер",
    "zh": "说话人",
    "ja": "話者",
    "ko": "화자",
}


@dataclass(frozen=True)
class Person:
    """Somebody who speaks: `name` is the truth, `first` labels their first turn, `later` the others."""

    name: str
    first: str
    later: str

    @property
    def written(self) -> tuple[str, ...]:
        """Every form in which the document's labels write them."""
        return tuple(dict.fromkeys((self.name, self.first, self.later)))


def people(rng: random.Random, count: int, style: str, language: Language) -> list[Person]:
    """Return so many persons whose labels are all different."""
    made: list[Person] = []
    taken: set[str] = set()
    for _ in range(200):
        person = _FORMS[style](rng, len(made), language)
        parts = {form.casefold() for form in person.written} | (tokens(person) if style in NAMED else set())
        if not parts & taken:
            taken |= parts
            made.append(person)
        if len(made) == count:
            return made
    return made


def tokens(person: Person) -> set[str]:
    """Return the words of a name that no other name may share, so that a short form is of one person."""
    return {word.casefold() for word in person.name.split() if word not in _TITLES}


def _made_up(rng: random.Random) -> str:
    return "".join(rng.choices(_SYLLABLES, k=rng.randint(2, 3))).capitalize()


def _names(rng: random.Random, language: Language) -> tuple[str, str]:
    """Return a first and a last name, now and then of another language or of no language at all."""
    if rng.random() < 0.12:
        language = rng.choice(list(LANGUAGES.values()))
    if language.cased and language.code not in ("ru", "el") and rng.random() < 0.35:
        return _made_up(rng), _made_up(rng) if rng.random() < 0.6 else rng.choice(language.last)
    return rng.choice(language.first), rng.choice(language.last)


def _full(rng: random.Random, _: int, language: Language) -> Person:
    name = " ".join(filter(None, _names(rng, language)))
    return Person(name, name, name)


def _first(rng: random.Random, _: int, language: Language) -> Person:
    name = _names(rng, language)[0]
    return Person(name, name, name)


def _full_then_first(rng: random.Random, _: int, language: Language) -> Person:
    first, last = _names(rng, language)
    full = f"{first} {last}".strip()
    return Person(full, full, first)


def _caps(rng: random.Random, number: int, language: Language) -> Person:
    name = rng.choice((_full, _first))(rng, number, language).name.upper()
    return Person(name, name, name)


def _small(rng: random.Random, number: int, language: Language) -> Person:
    name = rng.choice((_full, _first))(rng, number, language).name.lower()
    return Person(name, name, name)


def _initials(rng: random.Random, _: int, language: Language) -> Person:
    full = " ".join(filter(None, _names(rng, language)))
    return Person(full, full, _short(full))


def _short(full: str) -> str:
    initials = "".join(word[0] for word in full.replace("-", " ").split()).upper()
    return initials if len(initials) > 1 else full


def _abbreviated(rng: random.Random, _: int, language: Language) -> Person:
    full = " ".join(filter(None, _names(rng, language)))
    short = _short(full)
    return Person(full, f"{full} ({short})" if short != full else full, short)


def _bracketed(rng: random.Random, _: int, language: Language) -> Person:
    full = " ".join(filter(None, _names(rng, language)))
    with_role = f"{full} ({rng.choice(language.roles)})"
    return Person(full, with_role, rng.choice((full, with_role)))


def _comma(rng: random.Random, _: int, language: Language) -> Person:
    full = " ".join(filter(None, _names(rng, language)))
    with_role = f"{full}, {rng.choice(language.roles)}"
    return Person(full, with_role, rng.choice((full, with_role)))


def _speaker(_rng: random.Random, number: int, language: Language) -> Person:
    name = f"{_SPEAKER.get(language.code, 'Speaker')} {number + 1}"
    return Person(name, name, name)


def _speaker_00(_rng: random.Random, number: int, _language: Language) -> Person:
    name = f"SPEAKER_{number:02}"
    return Person(name, name, name)


def _s1(_rng: random.Random, number: int, _language: Language) -> Person:
    name = f"S{number + 1}"
    return Person(name, name, name)


def _q_and_a(_rng: random.Random, number: int, _language: Language) -> Person:
    name = ("Q", "A", "M", "B", "C")[min(number, 4)]
    return Person(name, name, name)


def _handle(rng: random.Random, _: int, _language: Language) -> Person:
    one, other = _made_up(rng).lower(), _made_up(rng).lower()
    forms = (
        f"@{one}_{other}",
        f"{one}()",
        f"0x{one}",
        one,
        f"{one}.{other}",
        f"{one}{rng.randint(1, 99)}",
        f"{one}_{other}",
    )
    name = rng.choice(forms)
    return Person(name, name, name)


def _the(rng: random.Random, _: int, _language: Language) -> Person:
    thing = rng.choice(LANGUAGES["en"].large)
    name = rng.choice(_THE) if rng.random() < 0.5 else f"{rng.choice(('the', 'our', 'my', 'a'))} {thing}"
    name = name.capitalize() if rng.random() < 0.3 else name
    return Person(name, name, name)


def _number(_rng: random.Random, number: int, _language: Language) -> Person:
    return Person(str(number + 1), str(number + 1), str(number + 1))


def _emoji(rng: random.Random, number: int, language: Language) -> Person:
    name = f"{rng.choice(_EMOJI)} {_first(rng, number, language).name}"
    return Person(name, name, name)


def _words(rng: random.Random, _: int, language: Language) -> Person:
    name = rng.choice(WORDS if rng.random() < 0.5 else language.small + language.large).capitalize()
    if rng.random() < 0.4:
        name = f"{name} {rng.choice(language.last)}".strip()
    return Person(name, name, name)


def _role(rng: random.Random, _: int, language: Language) -> Person:
    name = rng.choice(language.roles)
    return Person(name, name, name)


def _titled(rng: random.Random, _: int, language: Language) -> Person:
    name = f"{rng.choice(_TITLES)} {' '.join(filter(None, _names(rng, language)))}"
    return Person(name, name, name)


_FORMS = {
    "full": _full,
    "first": _first,
    "full then first": _full_then_first,
    "caps": _caps,
    "small": _small,
    "initials": _initials,
    "abbreviated": _abbreviated,
    "role in brackets": _bracketed,
    "role behind comma": _comma,
    "speaker 1": _speaker,
    "speaker_00": _speaker_00,
    "s1": _s1,
    "q and a": _q_and_a,
    "handle": _handle,
    "the host": _the,
    "number": _number,
    "emoji": _emoji,
    "words": _words,
    "role": _role,
    "titled": _titled,
}
