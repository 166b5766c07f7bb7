"""Who a voice is across episodes, and what that rests on."""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from transforms.records import PODCAST_NAMESPACE

VOICE = "voice"  # how somebody is known whom nobody named here


@dataclass(frozen=True, slots=True)
class Identity:
    """The person whose voice a label is.

    `name_source` says how that is known: as `turns.name_source` where somebody named the label, else `voice`; only
    then the rest is known: the cosine with the exemplar that it is most like, which label of which transcript that
    is, and the lead over the next person. `speaker_name` is `None` of a person whom nobody named.
    """

    speaker_id: str
    speaker_name: str | None
    name_source: str
    confidence: float | None = None
    score: float | None = None
    margin: float | None = None
    like_transcript_id: str | None = None
    like_label: str | None = None
    calibration: str | None = None


def persons_by_label(persons: Mapping[str, Identity]) -> dict[str, tuple[str, str | None, str]]:
    """Return of each label the id and the name of its person, and how that is known."""
    return {label: (one.speaker_id, one.speaker_name, one.name_source) for label, one in persons.items()}


def speaker_id(name: str) -> str | None:
    """Return the id of the person of a name: the same however it is written; `None` of what is no name.

    >>> speaker_id("Jan Leike") == speaker_id("JAN  LEIKE."), speaker_id("—")
    (True, None)
    """
    key = name_key(name)
    return str(uuid.uuid5(PODCAST_NAMESPACE, f"speaker:{key}")) if key else None


def name_key(name: str) -> str:
    """Return a name without case, accents and marks.

    >>> name_key("José  Núñez-Ray, Jr.")
    'jose nunez ray jr'
    """
    plain = unicodedata.normalize("NFKD", name).casefold()
    letters = (c if c.isalnum() else " " for c in plain if not unicodedata.combining(c))
    return " ".join("".join(letters).split())
