"""Who is named in front of what is said, as in `Ann Lee: Hello.`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from transforms.transcripts.names import fold, is_generic, is_plain, likeness, short_forms
from transforms.transcripts.prose import furniture
from transforms.transcripts.prose.lines import Labels, Line, LineLabel, time_first

LONGEST_IDEOGRAPHIC = 4  # characters of a name
LONGEST_UNCASED = 12  # where it has a time
_FINISHED = re.compile(r"[.?!…。！？।؟]['\"”’)\]]*$")


def inline_names(lines: Sequence[Line], found: Labels, lower: frozenset[str]) -> set[str]:
    """Choose the names of `Name: text`: repeated, with a time, or where most lines have one."""
    counts = Counter(fold(label.name) for label in found.values() if not label.dashed)
    dashed = Counter(fold(label.name) for label in found.values() if label.dashed)
    counts += Counter({name: count for name, count in dashed.items() if count >= 3})
    stamped = sum(time_first(line.text) is not None for line in lines)
    named = sum(label.is_sure for label in found.values())
    sure = {fold(label.name) for label in found.values() if label.is_sure and named >= 0.2 * stamped}
    shown = {fold(label.name): label.name for label in found.values()}
    spoken = {fold(label.name) for label in found.values() if not _is_title_of_work(label)}
    usual = sum(counts.values()) >= 0.4 * max(len(lines), 1)
    # in scripts without capitals only how often it comes tells a name, or how short it is
    enough = max(2, 0.2 * max(counts.values(), default=0))
    chosen = {
        name
        for name, count in counts.items()
        if _has_letters(name)
        and (
            count >= enough
            or name.upper() != name.lower()
            or (usual and (len(name) <= _longest(name) or (name in sure and len(name) <= LONGEST_UNCASED)))
        )
        and (count > 2 or name in spoken)
        and (name in sure or _is_chosen(name, shown[name], count, lower, usual=usual))
    }
    chosen = _with_short_forms(chosen, counts)
    chosen -= _titles(lines, found, counts, chosen)
    total = sum(counts[name] for name in chosen)
    if stamped >= 5 and stamped >= 0.5 * len(lines) and total < 0.3 * stamped:
        return set()  # times of rows, and some rows with a colon
    if total < 2 and not (total == 1 and len(lines) <= 3):
        return set()
    once = max((counts[name] for name in chosen), default=0) == 1
    return set() if once and not usual and not sure and not _are_people(lines, chosen) else chosen


def _is_title_of_work(label: LineLabel) -> bool:
    """Check for `Rust: The Longest War is a book` by its capitals, which speech has not behind its first word."""
    capitals = sum(word[0].isupper() for word in label.rest.split()[1:4])
    return " " not in label.name and capitals >= 2 and not label.rest.isupper()


def _longest(name: str) -> int:
    """Return how long a name in a script without capitals may be; kana and spaces make it longer."""
    return LONGEST_IDEOGRAPHIC + (2 if re.search(r"[\u3040-\u30ff\s・]", name) else 0)


def _has_letters(name: str) -> bool:
    return re.search(r"[^\W\d_]", name) is not None


def _is_chosen(name: str, shown: str, count: int, lower: frozenset[str], *, usual: bool) -> bool:
    strong, plain = likeness(shown) == 2, is_plain(name, shown, lower)
    if count >= 2:
        return strong or not plain or count >= 4
    return not plain and (strong or usual)


def _with_short_forms(chosen: set[str], counts: Counter[str]) -> set[str]:
    """Add the first name, last name or initials of one who is named in full, and the full name of such."""
    full = {name for name in counts if " " in name and (name in chosen or chosen & short_forms(name))}
    short = {form for name in full for form in short_forms(name)}
    return chosen | full | {name for name in counts if name in short and len(name) > 1}


def _titles(lines: Sequence[Line], found: Labels, counts: Counter[str], chosen: set[str]) -> set[str]:
    """Find what looks like a name once, above all others, and has no sentence behind it: `Trains: a history`."""
    often = [i for i, x in found.items() if counts[fold(x.name)] > 1 and fold(x.name) in chosen]
    if not often:
        return set()
    first = min(often)
    transcript = max((i for i in range(first) if furniture.TRANSCRIPT.fullmatch(lines[i].text)), default=0)
    return {
        fold(label.name)
        for i, label in found.items()
        if i < first
        and counts[fold(label.name)] == 1
        and not label.is_sure
        and not short_forms(fold(label.name)) & (chosen - {fold(label.name)})
        and (i < transcript or (i == 0 and len(label.rest.split()) <= 3) or not _FINISHED.search(lines[i].text))
    }


def _are_people(lines: Sequence[Line], names: set[str]) -> bool:
    """Check for first and last names, of three people or below a heading of a transcript: each may speak once."""
    called = any(furniture.TRANSCRIPT.fullmatch(line.text) for line in lines)
    return len(names) >= (2 if called else 3) and all(" " in name and not is_generic(name) for name in names)
