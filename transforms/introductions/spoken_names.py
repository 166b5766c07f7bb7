"""Names of people among words: where one stands, and which are of the same person."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rapidfuzz.distance import Indel, Levenshtein

from transforms.transcripts.labels.names import PARTICLES, fold, is_generic, is_nobody

MOST_TOKENS = 4
SAME_NAME = 0.8  # how alike the letters of two names are that are one: `Jon Schulman`, `John Schalman`
# How alike the consonants of a surname that was heard are to those of a candidate of the same given name: `Arcafa`
# was `Okafor`.
SAME_SURNAME = 0.6

_MARKS = "\"'“”‘’«»()[]…,.;:!?¿¡-–—"
_ENDS = tuple(",.;:!?…)]—")
_TITLES = frozenset("dr mr mrs ms miss prof professor doctor sir dame lord lady herr frau señor señora".split())
_SOUNDS = str.maketrans("cqgzbvwdj", "kkksfffty", "aeiouyh")
_INITIAL = re.compile(r"[^\W\d_]\.")
_POSSESSIVE = re.compile(r"['’]s?$")
# What is written with a capital letter behind `I'm` or at the start of a sentence, and names nobody.
_NO_NAMES = frozenset(
    "i i'm i'll i've i'd a an the and but or so now well yes yeah no oh ok okay right good great fine sure "
    "glad happy welcome thank thanks hello hi hey bye goodbye today tonight this that these those it its it's "
    "he she we you they my your our his her their what why who how when where which if in on at of for from to "
    "with as by not never here there then let let's please morning evening afternoon everybody everyone all "
    "ladies gentlemen folks guys god jesus christ monday tuesday wednesday thursday friday saturday sunday "
    "january february march april may june july august september october november december american british "
    "english irish scottish welsh french german dutch italian spanish portuguese russian chinese japanese "
    "korean indian polish swedish norwegian danish finnish greek turkish canadian australian mexican brazilian "
    "african asian european jewish catholic muslim christianity professor doctor president senator is are was "
    "were do does did can could would will have has had".split()
)


@dataclass(frozen=True, slots=True)
class Name:
    """A name that stands among words: its own parts, and where it ends."""

    tokens: tuple[str, ...]
    end: int
    is_possessive: bool = False

    @property
    def text(self) -> str:
        """The name as it is written."""
        return " ".join(self.tokens)


class Candidate(NamedTuple):
    """A name that is known with an episode; `is_announced` where it is of somebody who takes part."""

    name: str
    is_announced: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may be heard.

    `is_candidate` where what is known of the episode names them, `is_announced` where that says they take part.
    """

    name: str
    is_candidate: bool
    is_announced: bool = False

    @property
    def given(self) -> str:
        """The given name, folded."""
        return _parts(self.name)[0]


def bare(word: str) -> str:
    """Return a word without its marks.

    >>> bare("“Idris,”"), bare("I'm")
    ('Idris', "I'm")
    """
    return word.strip(_MARKS)


def plain(word: str) -> str:
    """Return a word in small letters, without its marks, its apostrophe straight."""
    return bare(word).lower().replace("’", "'")


def name_at(words: Sequence[str], place: int) -> Name | None:
    """Read the name that begins at a place; `None` where none does.

    >>> name_at("of Dr. Ludwig van Beethoven who".split(), 1)
    Name(tokens=('Ludwig', 'van', 'Beethoven'), end=5, is_possessive=False)
    >>> name_at(["Thanks"], 0), name_at(["CEO", "of"], 0)
    (None, None)
    """
    tokens: list[str] = []
    first = place + (plain(words[place]) in _TITLES if place < len(words) else 0)
    for word in words[first : first + MOST_TOKENS]:
        if not _is_part(word, is_first=not tokens):
            break
        tokens.append(bare(word) + ("." if _INITIAL.fullmatch(word) else ""))
        if word.endswith(_ENDS) and not _INITIAL.fullmatch(word):
            break
    while tokens and fold(tokens[-1]) in PARTICLES:
        tokens.pop()
    if not tokens or not is_name(" ".join(tokens)):
        return None
    return Name(tuple(tokens), first + len(tokens), _POSSESSIVE.search(tokens[-1]) is not None)


def is_name(text: str) -> bool:
    """Check whether text names a person: no mark, no number, nobody's role.

    >>> is_name("Idris Vane"), is_name("—"), is_name("Speaker One"), is_name("X")
    (True, False, False, False)
    """
    letters = sum(map(str.isalpha, text))
    if letters < 2 or any(map(str.isdigit, text)) or is_nobody(text):
        return False
    return not is_generic(text) and not is_generic(text.split(maxsplit=1)[0])


def _is_part(word: str, *, is_first: bool) -> bool:
    text = bare(word)
    if not is_first and text.lower() in PARTICLES and text.islower():
        return True
    if _INITIAL.fullmatch(word) and text.isupper():
        return not is_first
    is_capital = text[:1].isupper() and any(map(str.islower, text)) and not any(map(str.isdigit, text))
    return is_capital and plain(word) not in _NO_NAMES


def is_same(one: str, other: str) -> bool:
    """Check whether two full names are one person's, differently spelled.

    >>> is_same("John Schalman", "Jon Schulman"), is_same("Ann Lee", "Ann Ray"), is_same("Ann", "Ann Lee")
    (True, False, False)
    """
    mine, theirs = _parts(one), _parts(other)
    if mine == theirs:
        return True
    alike = Levenshtein.normalized_similarity("".join(mine), "".join(theirs))
    return min(len(mine), len(theirs)) > 1 and alike >= SAME_NAME


def is_one_person(one: str, other: str) -> bool:
    """Check whether two names may be one person's: alike, or the one a part of the other.

    >>> is_one_person("Ann Lee", "Ann"), is_one_person("Ann Lee", "Bob")
    (True, False)
    """
    mine, theirs = set(_parts(one)), set(_parts(other))
    return is_same(one, other) or mine <= theirs or theirs <= mine


def is_heard_as(candidate: str, heard: str) -> bool:
    """Check whether a full name that was heard may be that of a candidate.

    >>> is_heard_as("Sam Okafor", "Sam Arcafa"), is_heard_as("Sam Okafor", "Sam Lindt")
    (True, False)
    """
    mine, theirs = _parts(candidate), _parts(heard)
    if is_same(candidate, heard):
        return True
    if min(len(mine), len(theirs)) < 2 or mine[0] != theirs[0]:
        return False
    return Indel.normalized_similarity(_consonants(mine[-1]), _consonants(theirs[-1])) >= SAME_SURNAME


def _consonants(text: str) -> str:
    return text.translate(_SOUNDS)


def _parts(name: str) -> list[str]:
    return fold(name).replace(".", "").split()


class People:
    """Those who may be heard: the candidates, and whoever is named in the words. One entry a person."""

    def __init__(self, candidates: Iterable[Candidate]) -> None:
        self._persons = [Person(one.name, True, one.is_announced) for one in candidates]

    def __iter__(self) -> Iterator[Person]:
        """Yield them, the candidates first."""
        return iter(self._persons)

    def add(self, name: str) -> Person:
        """Return who is called so, added where nobody was."""
        found = self.find(name)
        if found is None:
            found = Person(name, False)
            self._persons.append(found)
        return found

    def find(self, name: str) -> Person | None:
        """Return the one person whose whole name, given name or surname this is; `None` where none is, or several.

        >>> people = People(map(Candidate, ["Sam Okafor", "Lena Brandt", "Lena Castle"]))
        >>> people.find("Sam"), people.find("Lena")
        (Person(name='Sam Okafor', is_candidate=True, is_announced=False), None)
        """
        for is_called in _ways(name):
            same = [one for one in self._persons if is_called(one)]
            if same:
                return same[0] if len(same) == 1 else None
        return None


def _ways(name: str) -> tuple[Callable[[Person], bool], ...]:
    """Return the ways in which somebody may be called by a name, the surest first."""
    parts = _parts(name)
    if not parts:
        return ()
    if len(parts) == 1:
        return (lambda one: one.given == parts[0], lambda one: _parts(one.name)[-1] == parts[0])
    return (
        lambda one: _parts(one.name) == parts,
        lambda one: is_same(one.name, name),
        lambda one: one.is_candidate and is_heard_as(one.name, name),
    )
