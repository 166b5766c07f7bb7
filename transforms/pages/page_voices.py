"""Who speaks on a page: a colour, and what is read where nobody sees colours."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from transforms.pages.page_content import PageSpeaker
from transforms.text import visible

COLORS = 8  # in page.css; the ninth speaker has that of the first, and other initials

_PARTS = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Voice:
    """A speaker as the page shows one: `color` is a class of page.css, `initials` are of nobody else."""

    name: str
    initials: str
    color: str
    speaker: PageSpeaker


def voices_of(speakers: Sequence[PageSpeaker]) -> dict[str | None, Voice]:
    """Return the voices by name, in the order of the speakers; that of `None` is who is unknown."""
    taken: set[str] = set()
    voices: dict[str | None, Voice] = {}
    for number, speaker in enumerate(speakers):
        if speaker.name is None:
            voices[None] = Voice("Unknown speaker", "?", "cx", speaker)
        else:
            name = visible(speaker.name)
            mark = _unlike(initials(name), taken)
            taken.add(mark)
            voices[speaker.name] = Voice(name, mark, f"c{number % COLORS}", speaker)
    return voices


def initials(name: str) -> str:
    """Return the first letters of a name, or the number of a label.

    >>> [initials(name) for name in ("Mara Quill", "SPEAKER_01", "Ludwig van Beethoven", "👩", "Bo")]
    ['MQ', 'S1', 'LB', '•', 'B']
    """
    parts: list[str] = _PARTS.findall(name)
    if not parts:
        return "•"
    if len(parts) == 1:
        return parts[0][0].upper()
    last = str(int(parts[-1]))[-2:] if parts[-1].isdecimal() else parts[-1][0].upper()
    return parts[0][0].upper() + last


def _unlike(mark: str, taken: Iterable[str]) -> str:
    """Return initials that nobody has yet.

    >>> _unlike("MQ", {"MQ", "MQ2"})
    'MQ3'
    """
    return next(one for n in range(1, 10_000) if (one := mark if n == 1 else f"{mark}{n}") not in taken)
