"""Which episodes of a feed are new: by guid, by audio, by title and time, whatever the publisher changes."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from transforms.records import Episode


@dataclass(frozen=True, slots=True)
class Known:
    """What is remembered of an episode to know it again; `None` where its feed did not say."""

    episode_id: str
    audio_url: str | None
    title: str | None
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class Difference:
    """What a poll found: new episodes, and the known id of each that goes by another id now."""

    new: tuple[Episode, ...]
    aliases: Mapping[str, str]


def known_of(episode: Episode) -> Known:
    """Keep of an episode what tells it from others."""
    return Known(episode.episode_id, episode.audio_url, episode.title, episode.published_at)


def compare(
    known: Sequence[Known], found: Sequence[Episode], aliases: Mapping[str, str] | None = None
) -> Difference:
    """Tell which of the found episodes are new.

    An episode is known by its id, or by an id that it went by before (`aliases`). One that is not is still known if
    its audio, or its title and time of publication, are those of exactly one known episode that this feed does not
    name by its id: publishers change all guids, move to another host, put tokens into addresses.
    """
    before, renamed = {k.episode_id for k in known}, dict(aliases or {})
    strangers = list({e.episode_id: e for e in found if renamed.get(e.episode_id, e.episode_id) not in before}.values())
    named = {renamed.get(e.episode_id, e.episode_id) for e in found}
    left = [k for k in known if k.episode_id not in named]
    again: dict[str, str] = {}
    for key in (_audio_key, _path_key, _title_key):
        again |= _matched(key, left, strangers)
        left = [k for k in left if k.episode_id not in again.values()]
        strangers = [e for e in strangers if e.episode_id not in again]
    return Difference(tuple(strangers), again)


def _matched(
    key: Callable[[Known], str | None], known: Sequence[Known], found: Sequence[Episode]
) -> dict[str, str]:
    """Pair what has the same key, where it is the only one on both sides."""
    by_key = _unique((key(k), k.episode_id) for k in known)
    return {
        episode_id: by_key[value]
        for value, episode_id in _unique((key(known_of(e)), e.episode_id) for e in found).items()
        if value in by_key
    }


def _unique(pairs: Iterable[tuple[str | None, str]]) -> dict[str, str]:
    listed = [(key, value) for key, value in pairs if key]
    counts = Counter(key for key, _ in listed)
    return {key: value for key, value in listed if key and counts[key] == 1}


def _audio_key(known: Known) -> str | None:
    return known.audio_url


def _path_key(known: Known) -> str | None:
    """The last two parts of the address of the audio: the host, trackers before it and tokens behind it change."""
    parts = [part for part in urlsplit(known.audio_url or "").path.split("/") if part]
    return "/".join(parts[-2:]).casefold() or None


def _title_key(known: Known) -> str | None:
    if known.title is None or known.published_at is None:
        return None
    plain = unicodedata.normalize("NFKC", known.title).casefold()
    words = re.findall(r"[^\W_]+", plain)
    return f"{known.published_at.isoformat()} {' '.join(words)}"
