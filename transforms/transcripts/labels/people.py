"""Who is who: which labels of a document are one person, joined only where that is sure.

A label says a name, titles in front of it, and more in brackets or behind a comma. Who is called by less is the
one person who is called by more, if only one can be meant.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, pairwise

from transforms.records import Speaker
from transforms.transcripts.labels.names import (
    PARTICLES,
    as_written,
    clean,
    fold,
    initials_of,
    is_generic,
    is_sound,
)

OFTEN = 3  # turns of a name, beside which one that stands once may be damaged
LEAST_WORD = 5  # letters of a word that one letter does not make another name
LONGEST_INITIALS = 5

_SAME_TITLES = {
    "mister": "mr",
    "doctor": "dr",
    "doktor": "dr",
    "prof": "professor",
    "rep": "representative",
    "sen": "senator",
    "gov": "governor",
    "pres": "president",
    "rev": "reverend",
    "madame": "mme",
    "monsieur": "m",
    "senor": "sr",
    "senora": "sra",
    "capt": "captain",
    "gen": "general",
    "sgt": "sergeant",
    "lt": "lieutenant",
}
_HONORIFICS = frozenset(
    fold(title)
    for title in (
        "dr mr mrs ms miss mx professor sir dame lord lady reverend rabbi senator representative "
        "governor herr frau dra sr sra srta m mme mlle pr signor signora dottor "
        "dottoressa senhor senhora meneer mevrouw господин госпожа г-н г-жа д-р д מר גב' גברת ד\"ר "
        "דר פרופ פרופ' ד أ م السيد السيدة الدكتور الدكتورة"
    ).split()
)
# What somebody is by office, or may be called by birth: `Judge Hill` need not be `Ruth Hill`, nor need `Don Hill`.
_OFFICES = frozenset(
    fold(title)
    for title in (
        "president vice-president chancellor minister secretary judge justice magistrate captain colonel "
        "general major admiral commander lieutenant sergeant corporal detective inspector officer "
        "sheriff marshal chief coach mayor don dona councillor councilman councilwoman "
        "councilmember commissioner ambassador congressman congresswoman delegate chairman "
        "chairwoman chair father mother brother sister pastor imam attorney counsel fru pan pani "
        "bay bayan präsident präsidentin vizepräsident vizepräsidentin minister ministerin kanzler "
        "kanzlerin richter richterin président présidente ministre juge presidente presidenta "
        "ministra ministro juez jueza"
    ).split()
)
# Before an office these make another one: the vice president is not the president.
_ABOVE_OR_BELOW = frozenset(
    "vice deputy assistant associate acting under chief prime attorney lieutenant major".split()
)
_AND = frozenset("and und et y e i og och en ja ve și и й та και و と 和 와 과".split())
# In brackets, how something is said, and no more on who says it, as in plays; a time.
_MANNER = re.compile(
    r"v[ .]*o[ .]*|o[ .]*[sc][ .]*|cont(?:'?d|inued|inuing)?|\d+:[\d:.]+|aside|to \w[\w ]*|translated|interpreted|"
    r"(?:voice.?|off.?|on.?)?(?:over|camera|screen|stage|phone|off|on)|(?:on|over|by|via) (?:the )?"
    r"(?:phone|radio|zoom|video|telephone)|whisper\w*|shout\w*|smil\w*|interrupt\w*|quiet\w*"
)
_PARTS = re.compile(r"[,;/、，]\s*")


@dataclass(frozen=True, slots=True)
class Person:
    """Who a label may mean: the words of the name, the titles, and what else tells two of that name apart."""

    name: tuple[str, ...]
    titles: frozenset[str]
    told: frozenset[str]


Written = Mapping[Person, Sequence[str]]  # the labels of each


def join_variants(labels: Mapping[str, int]) -> dict[str, Speaker]:
    """Return which labels as written are one speaker; `labels` counts them in the order of their first use.

    Joined are: the same name in another case, with a role or a title, a first or last name or initials that only
    one of the full names has, and a name that stands once, one letter off from one that stands often. Two titles,
    or two roles of somebody who is called by one word, are two people. Where two could be meant, the label stays
    its own speaker.

    >>> join_variants({"Rob Wiblin:": 3, "ROB": 1})["ROB"].label
    'Rob Wiblin'
    >>> sorted({one.label for one in join_variants({"Ana": 3, "Ben": 3, "Ana & Ben": 1, "Ana y Ben": 1}).values()})
    ['Ana', 'Ana & Ben', 'Ana y Ben', 'Ben']
    >>> sorted({one.label for one in join_variants({"Mr. Hill": 3, "Mrs. Hill": 2, "Hill": 1}).values()})
    ['Hill', 'Mr. Hill', 'Mrs. Hill']
    """
    written = _people(labels)
    damaged = _damaged(written, labels)
    sound = {person: mine for person, mine in written.items() if person not in damaged}
    meant = _without_clashes({person: person for person in sound} | _full_forms(sound))
    meant |= {person: meant[whole] for person, whole in damaged.items()}
    merged: dict[Person, list[str]] = {}
    for person, mine in written.items():
        merged.setdefault(meant[person], []).extend(mine)
    namesakes = Counter(person.name for person in merged)
    speakers = {}
    for person, mine in merged.items():
        own = [label for label in mine if _read(label)[0] == person.name]
        apart = bool(person.told) and namesakes[person.name] > 1
        speaker = _speaker(mine, [label for label in own if not apart or clean(label)[1]], labels, apart=apart)
        speakers.update(dict.fromkeys(mine, speaker))
    return speakers


def _people(labels: Mapping[str, int]) -> dict[Person, list[str]]:
    """Gather the labels by whom they may mean."""
    bare: Counter[tuple[str, ...]] = Counter()
    for label, count in labels.items():
        name, _, told = _read(label)
        bare[name] += -count if told else count
    written: dict[Person, list[str]] = {}
    for label in labels:
        name, titles, told = _read(label)
        # Who is mostly called by the name alone is known by it; `Ann (sadly)` says how something is said.
        remark = bare[name] > 0 and "," not in label and not is_generic(" ".join(name))
        written.setdefault(Person(name, titles, frozenset() if remark else told), []).append(label)
    return written


@lru_cache(maxsize=16384)
def _read(label: str) -> tuple[tuple[str, ...], frozenset[str], frozenset[str]]:
    """Split a label into the words of the name, the titles before them, and what tells two of that name apart."""
    shown, role = clean(label)
    tokens, titles = fold(shown).split(), set[str]()
    if len(tokens) > 1 and not _title_length(tokens):  # `M. B.` may be Monsieur B.
        tokens = list(_closed_up(tokens))
    while len(tokens) > 1 and (count := _title_length(tokens)):
        titles.add(" ".join(_SAME_TITLES.get(token, token) for token in tokens[:count]))
        tokens = tokens[count:]
    name = tuple(tokens) or (shown,)
    # A full name says who it is: `Ann Lee (host)` and `Ann Lee (moderator)` are one person who does two things.
    full = sum(token not in PARTICLES for token in name) > 1 and not is_generic(" ".join(name))
    told = () if full or not role else _PARTS.split(role)
    return name, frozenset(titles), frozenset(part for part in map(_part, told) if part)


def _closed_up(tokens: Sequence[str]) -> Sequence[str]:
    """Join the words of a name that is nothing but initials: `H. B.` is `HB`."""
    return ["".join(tokens)] if len(tokens) > 1 and all(len(token) == 1 for token in tokens) else tokens


def _title_length(tokens: Sequence[str]) -> int:
    """Count the words of the title that a name begins with; 0 without one, and of what would leave no name."""
    first, second = (_SAME_TITLES.get(token, token) for token in tokens[:2])
    if first in _ABOVE_OR_BELOW and (second in _OFFICES or second in _HONORIFICS) and len(tokens) > 2:
        return 2
    return int(first in _HONORIFICS or first in _OFFICES)


def _part(told: str) -> str:
    part = fold(told).removeprefix("the ")
    return "" if _MANNER.fullmatch(part) or is_sound(f"({part})") else part


def _full_forms(written: Written) -> dict[Person, Person]:
    """Find the one person each may be who is called by more; those without exactly one are not in it."""
    order = {person: place for place, person in enumerate(written)}
    ranks = {p: (len(p.name), len(p.titles) + len(p.told), -order[p]) for p in written}
    longer = _by_short_forms(_who_are_shortened(written))
    namesakes = _by_name(written)
    meant: dict[Person, Person] = {}
    for person in sorted(written, key=ranks.__getitem__, reverse=True):
        found = [other for other in longer.get(" ".join(person.name), ()) if _may_be_longer(person, other)]
        them = _of_whom_may_be(person, namesakes.get(person.name, {}))
        found += [one for one in them if ranks[one] > ranks[person] and _agree(person, one)]
        whole = {meant.get(other, other) for other in found}
        if len(whole) == 1:
            meant[person] = whole.pop()
    return meant


def _who_are_shortened(written: Written) -> Iterator[Person]:
    """Yield those whom a shorter label may mean: no two who speak at once, nobody whose labels say more."""
    names = {person.name for person in written}
    for person, mine in written.items():
        if not (all(map(_says_more, mine)) or _is_joint(person.name, names)):
            yield person


def _by_name(people: Iterable[Person]) -> dict[tuple[str, ...], dict[str, list[Person]]]:
    """List people of one name by what is said of them; a name of one alone is not in it."""
    namesakes: dict[tuple[str, ...], list[Person]] = defaultdict(list)
    for person in people:
        namesakes[person.name].append(person)
    return {name: _by_parts(them) for name, them in namesakes.items() if len(them) > 1}


def _of_whom_may_be(person: Person, namesakes: Mapping[str, list[Person]]) -> Iterable[Person]:
    """Return the namesakes of whom the same is said, or nothing; all where nothing is said of the person."""
    if not namesakes or not person.told:
        return dict.fromkeys(chain.from_iterable(namesakes.values()))
    return (*min((namesakes[part] for part in person.told), key=len), *namesakes[""])


def _is_joint(name: tuple[str, ...], names: set[tuple[str, ...]]) -> bool:
    """Check for a label of two who speak at once, and alone elsewhere: `Ana & Ben`."""
    return any(
        (word in _AND or not any(map(str.isalnum, word))) and name[:i] in names and name[i + 1 :] in names
        for i, word in enumerate(name)
    )


def _by_parts(people: Iterable[Person]) -> dict[str, list[Person]]:
    """List people of one name by what is said of them, those of whom nothing is said under an empty text."""
    found: dict[str, list[Person]] = defaultdict(list)
    for person in people:
        for part in person.told or ("",):
            found[part].append(person)
    return found


def _by_short_forms(people: Iterable[Person]) -> dict[str, list[Person]]:
    """List people under what each may be called for short: the beginning, the end, first and last, initials.

    Initials count where they are no name of anybody.
    """
    parts: dict[str, list[Person]] = defaultdict(list)
    initials: dict[str, list[Person]] = defaultdict(list)
    for person in people:
        words = person.name
        if len(words) < 2 or is_generic(" ".join(words)):
            continue
        ends = {cut for i in range(1, len(words)) for cut in (words[:i], words[i:])}
        if len(words[0]) == 1:  # J. Robert Lund, called Robert; a title of one letter
            ends |= {words[1:i] for i in range(2, len(words))}
        for cut in ends | ({(words[0], words[-1])} if len(words) > 2 else set()):
            if cut[0].isdigit():  # `1` is not short for `Guide 1`
                continue
            parts[" ".join(_closed_up(cut))].append(person)
        for short in initials_of(" ".join(words)):
            if 2 <= len(short) <= LONGEST_INITIALS:
                initials[short].append(person)
    return initials | parts


def _may_be_longer(person: Person, other: Person) -> bool:
    """Check whether a short name may mean a longer one: no office is left out, no titles differ."""
    if is_generic(" ".join(person.name)) or not _agree(person, other):
        return False
    left_out = person.titles - other.titles
    initial = len(other.name[0]) == 1 and any(len(title) == 1 for title in left_out)  # M. Hill, J. Hill
    return left_out <= _HONORIFICS and not initial


def _agree(person: Person, other: Person) -> bool:
    """Check that of two labels, one says all that the other says."""
    return _is_nested((person.titles, other.titles)) and _is_nested((person.told, other.told))


def _is_nested(sets: Iterable[frozenset[str]]) -> bool:
    """Check that of any two sets one holds the other."""
    order = sorted(sets, key=len)
    return all(small <= large for small, large in pairwise(order))


def _without_clashes(meant: Mapping[Person, Person]) -> dict[Person, Person]:
    """Part those who would be one person with two titles: whether `Dan Hill` is Mr. or Mrs. Hill is not known."""
    groups: dict[Person, list[Person]] = defaultdict(list)
    for person, whole in meant.items():
        groups[whole].append(person)
    parted: dict[Person, Person] = {}
    for whole, people in groups.items():
        by_name: dict[tuple[str, ...], list[Person]] = defaultdict(list)
        for person in people:
            by_name[person.name].append(person)
        clash = not _is_nested({person.titles - whole.titles for person in people})
        for mine in by_name.values():
            titled = clash and any(person.titles - whole.titles for person in mine)
            unsure = titled or not _is_nested({person.told - whole.told for person in mine})
            parted.update((person, person if unsure else whole) for person in mine)
    return parted


def _says_more(label: str) -> bool:
    """Check for words that no name has, as in `Stefan aus dem Off`: it is not what `Stefan` is short for."""
    tokens = clean(label)[0].split()
    return any(token.islower() and fold(token) not in PARTICLES for token in tokens[1:]) and tokens[0][0].isupper()


def _damaged(written: Written, labels: Mapping[str, int]) -> dict[Person, Person]:
    """Find full names that stand once, one letter off from one that stands often and from no other."""
    counts = {person: sum(labels[label] for label in mine) for person, mine in written.items()}
    near: dict[tuple[tuple[str, ...], str, tuple[str, ...]], list[Person]] = defaultdict(list)
    for person in written:
        for key in _with_a_letter_off(person.name):
            near[key].append(person)
    found = {}
    for person, count in counts.items():
        if count > 1:
            continue
        others = {one for key in _with_a_letter_off(person.name) for one in near[key] if one.name != person.name}
        whole = others.pop() if len(others) == 1 else None
        if whole and counts[whole] >= OFTEN and _agree(person, whole) and _is_slip(person.name, whole.name):
            found[person] = whole
    return found


def _with_a_letter_off(name: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str, tuple[str, ...]]]:
    """Yield a full name with each long word whole, and without one of its letters; near names share one."""
    if len(name) < 2 or is_generic(" ".join(name)):
        return
    for i, word in enumerate(name):
        if len(word) >= LEAST_WORD - 1 and word.isalpha():
            for short in {word, *(word[:at] + word[at + 1 :] for at in range(len(word)))}:
                yield name[:i], short, name[i + 1 :]


def _is_slip(name: tuple[str, ...], whole: tuple[str, ...]) -> bool:
    """Check for a slip in a long word; the last letter of a first name makes another one: Daniel, Daniela."""
    at = next(i for i, words in enumerate(zip(name, whole, strict=True)) if words[0] != words[1])
    one, other = sorted((name[at], whole[at]), key=len)
    another = at < len(name) - 1 and (one == other[:-1] or one[:-1] == other[:-1])
    return len(whole[at]) >= LEAST_WORD and not another


def _speaker(written: list[str], full: list[str], labels: Mapping[str, int], *, apart: bool) -> Speaker:
    """Show a speaker by the full name, in the case that is used most, capitals last.

    `apart`: others are called so, too, so that what tells them apart is shown with it.
    """
    cleaned = {label: clean(label) for label in written}
    counts: dict[str, int] = {}
    for label in full:
        shown = as_written(label) if apart else cleaned[label][0]
        counts[shown] = counts.get(shown, 0) + labels[label]
    shown = min(counts, key=lambda name: (name.isupper(), -counts[name]))
    roles = [role for label in written if (role := cleaned[label][1])]
    return Speaker(
        label=shown,
        name=None if is_generic(clean(shown)[0]) else shown,
        role=roles[0] if roles else None,
        variants=tuple(dict.fromkeys(written)),
    )
