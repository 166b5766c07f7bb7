"""Names in front of the text of cues, where no markup says who speaks: `Ann: Hi.`, `[Ann] Hi.`, `(Ann) Hi.`."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from transforms.text import ends_sentence
from transforms.transcripts.names import clean, is_generic, is_sound, likeness

LONGEST_LABEL = 40  # characters
# What comes back word by word may be longer: a name with its title and what the speaker does.
LONGEST_REPEATED = 80

_COLON = re.compile("[:：]")
_BRACKETS = re.compile(r"(?:\[([^\[\]]{1,60})\]|\(([^()]{1,60})\))(?!\s*[:：])\s*")
# A full stop within a label ends a sentence, unless it shortens a title.
_STOP = re.compile(
    r"\b(?!(?:Col|Dr|Gen|Gov|Jr|Lt|Mr|Mrs|Ms|Prof|Rev|Sen|Sgt|Sr|St)\.)[^\W\d_]{2,}\.(?:\s|$)", re.IGNORECASE
)
_SURNAME_FIRST = re.compile(r"([^\W\d_][\w'’ -]{0,40}), ([^\W\d_][\w'’. -]{0,40}?)((?: [(\[][^()\[\]]*[)\]])?)")

_NOISES = frozenset(
    "barks beeps buzzes clicks closes creaks knocks opens plays rings roars screams shouts slams squeaks starts "
    "stops thuds whispers yells bang beep bell boom crash phone static thunder english french german spanish "
    "chinese japanese italian russian voiceover".split()
)
# What stands behind a comma and is no given name.
_OFFICES = frozenset(
    "analyst attorney author chair chairman chef coach correspondent critic dean director doctor economist editor "
    "engineer founder historian journalist judge lawyer manager mayor minister musician novelist nurse owner "
    "philosopher physician physicist president professor psychologist researcher scientist teacher writer".split()
)

# What people call themselves in meetings: `ann_lee92`, `ann@example.org`, `spk_0`.
_HANDLE = re.compile(r"(?=[\w.+@-]*[^\W\d_])(?=[\w.+@-]*[\d_@])[\w.+@-]{2,40}")

# What stands before the first colon of a text, whatever it is.
_HEAD = re.compile(r"\s*([^\s:：?!][^:：?!]{0,59}?)\s*(?::\s+|：\s*)(?=\S)")
_DEVICE = re.compile(r"\b[^\W\d_]?[a-z]+[A-Z]\w*|[\U0001f000-\U0001faff☀-➿]")
_BESIDE = re.compile(r" [-–—|/] | ?[|@(\[]|(?= [\U0001f000-\U0001faff☀-➿])")
WORDS_OF_A_HEAD = 6
FEWEST_TEXTS = 4
EVERY = 0.9  # of the texts have a head

Kind = Literal["colon", "long", "lower", "handle", "brackets", "parentheses", "odd"]


@dataclass(frozen=True, slots=True)
class CueLabel:
    """What may be a name in front of a text, how it is set off from it, and the text behind it."""

    name: str
    kind: Kind
    rest: str


def named_cues(texts: Sequence[str]) -> list[tuple[str | None, str]]:
    """Split `Name: text` and `[Name] text` where it is sure enough that a name stands there.

    A name comes twice, or is of two words, or most texts begin with one, or it stands beside such names; and the
    names of a file begin with it or come back.

    >>> named_cues(["Ann: Hi.", "Rule one: listen.", "Ann: Why?"])
    [('Ann', 'Hi.'), (None, 'Rule one: listen.'), ('Ann', 'Why?')]
    >>> named_cues(["[Ann] Hi.", "[Bo] No.", "[Laughs] Yes.", "[Ann] Why?"])
    [('[Ann]', 'Hi.'), ('[Bo]', 'No.'), (None, '[Laughs] Yes.'), ('[Ann]', 'Why?')]
    """
    found = _without_broken([_label(text) for text in texts], texts)
    names = _names(found)
    sure = [label if label and label.name in names else None for label in found]
    return [
        (label.name, label.rest) if label else (None, text)
        for label, text in zip(_with_odd_ones(sure, texts), texts, strict=True)
    ]


def _with_odd_ones(sure: Sequence[CueLabel | None], texts: Sequence[str]) -> list[CueLabel | None]:
    """Add the labels that look like no name, in a file that has one in front of many texts, as a meeting has.

    Where each text has something before a colon, all of that are labels: whoever says `Step 2: breathe` is named
    before it. Else a label is what a device calls itself (`iPhone von Jürgen 2`), or a name and what is beside it
    (`Ann Lee - Team Red`).
    """
    n_sure, heads = sum(map(bool, sure)), [_head(text) for text in texts]
    if len(texts) < FEWEST_TEXTS or n_sure * 3 < len(texts):
        return list(sure)
    every = n_sure * 2 >= len(texts) and sum(map(bool, heads)) >= EVERY * len(texts)
    return [
        label or (head if head and (every or _is_of_a_meeting(head.name)) else None)
        for label, head in zip(sure, heads, strict=True)
    ]


def _head(text: str) -> CueLabel | None:
    match = _HEAD.match(text)
    return (
        CueLabel(match[1], "odd", text[match.end() :])
        if match and len(match[1].split()) <= WORDS_OF_A_HEAD
        else None
    )


def _is_of_a_meeting(name: str) -> bool:
    """Check for a device, a face, or a name with something beside it: what people call themselves in meetings."""
    first = _BESIDE.split(name, maxsplit=1)[0]
    return _DEVICE.search(name) is not None or (first != name and _likeness(first) > 0)


def _names(found: Sequence[CueLabel | None]) -> set[str]:
    """Return the labels that are names, judged among those that are set off in the same way.

    The less a label looks like a name by itself, the larger a share of the texts such labels stand in front of.
    """
    texts, heads = len(found), [label for label in found[:3] if label]
    of: defaultdict[Kind, list[CueLabel]] = defaultdict(list)
    for label in filter(None, found):
        of[label.kind].append(label)
    return (
        _with_colon(of["colon"], heads, texts)
        | _repeated(of["long"], 0)
        | _repeated(of["lower"], texts // 2)
        | _repeated(of["handle"], texts // 4)
        | _in_brackets(of["brackets"], heads, texts // 10)
        | _in_brackets(of["parentheses"], heads, texts // 4)
    )


def _without_broken(found: Sequence[CueLabel | None], texts: Sequence[str]) -> list[CueLabel | None]:
    """Leave out a word with capitals behind it that stands in an unfinished sentence: a title that was cut."""
    counts = Counter(label.name for label in found if label)
    kept: list[CueLabel | None] = []
    for at, label in enumerate(found):
        is_open = at > 0 and not ends_sentence(texts[at - 1]) and texts[at - 1][-1:] not in "-–—"
        cut = label and is_open and counts[label.name] < 3 and " " not in label.name and _is_title(label.rest)
        kept.append(None if cut else label)
    return kept


def _is_title(rest: str) -> bool:
    return any(word[0].isupper() for word in rest.split()[1:4])


def _with_colon(labels: Sequence[CueLabel], heads: Sequence[CueLabel], texts: int) -> set[str]:
    counts = Counter(label.name for label in labels)
    sure = {name for name, count in counts.items() if count > 1 or _likeness(name) == 2}
    if counts.total() > 1 and counts.total() * 2 >= texts:
        sure = set(counts)
    begins = any(label.name in sure for label in heads)
    if not begins and not any(counts[name] > 1 for name in sure):
        return set()
    return sure | {name for name in counts if "," not in name}


def _repeated(labels: Sequence[CueLabel], least: int) -> set[str]:
    """Return the names that come back, if together they stand in front of at least so many texts."""
    counts = Counter(label.name for label in labels)
    names = {name for name, count in counts.items() if count > 1}
    return names if sum(counts[name] for name in names) >= least else set()


def _in_brackets(labels: Sequence[CueLabel], heads: Sequence[CueLabel], least: int) -> set[str]:
    """Return the names in brackets: sounds and manners stand there too, so names must come back or be numbered."""
    counts = Counter(label.name for label in labels)
    spoken = {label.name for label in labels if label.rest}
    sure = {name for name in spoken if _is_sure(name, counts[name], alone=len(spoken) == 1)}
    begins = any(label.name in sure for label in heads)
    if not (begins or any(counts[name] > 1 for name in sure)) or sum(counts[n] for n in sure) < max(least, 2):
        return set()
    # Beside many names, what stands in square brackets once is one too.
    return spoken if len(sure) * 2 >= len(spoken) and "[" in labels[0].name else sure


def _is_sure(name: str, count: int, *, alone: bool) -> bool:
    """Check that what stands in brackets is numbered, comes back, or looks like a name beside another one."""
    return is_generic(clean(name)[0]) or count > 1 or (_likeness(name) == 2 and not alone)


def label_of(text: str) -> str | None:
    """Return what stands before the first colon of a text, or in brackets at its start, if it may be a name."""
    label = _label(text)
    return label.name if label and label.kind in ("colon", "handle", "brackets") else None


def may_have_label(text: str) -> bool:
    """Check at a glance whether a text may begin with a name."""
    return ":" in text or text.startswith("[") or "：" in text


def _label(text: str) -> CueLabel | None:
    if text.startswith(("[", "(")) and (match := _BRACKETS.match(text)):
        return _bracketed(text, match)
    head = text[: LONGEST_REPEATED + 3]
    match = _COLON.search(head)
    if not match or (match[0] == ":" and head[match.end() : match.end() + 1].strip()):
        return None
    name = head[: match.start()].strip()
    kind = _kind(name) if name and not _STOP.search(name) else None
    return CueLabel(name, kind, text[match.end() :].strip()) if kind else None


def _bracketed(text: str, match: re.Match[str]) -> CueLabel | None:
    name = match[0].strip()
    inner = (match[1] or match[2]).strip()
    if is_sound(name) or _is_noise(inner) or _STOP.search(inner) or not _likeness(inner):
        return None
    return CueLabel(name, "brackets" if match[1] else "parentheses", text[match.end() :].strip())


def _is_noise(text: str) -> bool:
    """Check whether text may be a noise or a manner of speaking; without capitals a name is not told from one."""
    last = text.casefold().split()[-1]
    verbal = last in _NOISES or (last.endswith("ing") and len(last) > 5)
    manner = " " not in text and last.endswith(("ing", "ed", "ly"))
    return verbal or manner or text.upper() == text.lower()


def _kind(name: str) -> Kind | None:
    """Judge what stands before a colon; `None` where it can be no name."""
    if _likeness(name):
        return "colon" if len(name) <= LONGEST_LABEL and len(name.split()) <= 5 else "long"
    if name.islower() and len(name.split()) <= 2 and _likeness(name.title()):
        return "lower"
    return "handle" if _HANDLE.fullmatch(name) else None


def _likeness(label: str) -> int:
    return likeness(clean(label)[0])


def first_name_first(names: Iterable[str], *, marked: bool) -> dict[str, str]:
    """Turn `Lee, Ann` around where a file writes its names so: two of them, or one that is `marked` up as a name.

    >>> first_name_first(["Lee, Ann", "Chan, Bo (Guest)", "Cy"], marked=False)
    {'Lee, Ann': 'Ann Lee', 'Chan, Bo (Guest)': 'Bo Chan (Guest)'}
    >>> first_name_first(["Ann Lee, Host", "Bo Chan, Producer"], marked=True)
    {}
    """
    known = set(names)
    turned = {}
    for name in known:
        match = _SURNAME_FIRST.fullmatch(name)
        if match and len(match[1].split()) < 3 and _is_given(match[2]):
            turned[name] = f"{match[2]} {match[1]}{match[3]}"
    enough = len(turned) >= (1 if marked else 2) and len(turned) * 2 >= len(known)
    return {name: turned[name] for name in names if name in turned} if enough else {}


def _is_given(name: str) -> bool:
    """Distinguish a given name from what somebody does."""
    if is_generic(name) or not _OFFICES.isdisjoint(name.casefold().split()):
        return False
    return likeness(name) > 0 and (len(name) > 3 or not name.isupper())
