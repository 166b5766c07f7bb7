"""Which episodes of a feed are new, whatever the publisher changes; and who may be heard in one, how many."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from transforms.records import Episode, Moment, twin_episode_id, without_query


@dataclass(frozen=True, slots=True)
class EpisodeKey:
    """What is remembered of an episode to know it again; `None` where its feed did not say."""

    episode_id: str
    audio_url: str | None
    title: str | None
    published_at: Moment | None


@dataclass(frozen=True, slots=True)
class Difference:
    """What a poll found: new episodes, and the known id of each that goes by another id now."""

    new: tuple[Episode, ...]
    aliases: Mapping[str, str]


def known_of(episode: Episode) -> EpisodeKey:
    """Keep of an episode what tells it from others."""
    return EpisodeKey(episode.episode_id, episode.audio_url, episode.title, episode.published_at)


def told_apart(episodes: Iterable[Episode]) -> tuple[Episode, ...]:
    """Return each episode of a feed once, under an id of its own, where their guids are not unique.

    Of two with one id, of which more agrees than differs (audio, title, time), the upper one counts. All others
    with that id are named by their audio as well, and where that is the same by title and time.
    """
    groups: dict[str, dict[tuple[int, str], int]] = {}
    kept: list[Episode] = []
    for episode in episodes:
        seen = groups.setdefault(episode.episode_id, {})
        marks = [(n, mark) for n, mark in enumerate(_marks(episode)) if mark is not None]
        twins: Counter[int] = Counter()
        for mark in marks:
            if mark in seen:  # one audio is one episode, unless both others speak against it
                twins[seen[mark]] += 2 if mark[0] == 0 else 1
        if any(_is_twice(episode, kept[place], n) for place, n in twins.items()):
            continue
        for mark in marks or [(3, "")]:
            seen.setdefault(mark, len(kept))
        kept.append(episode)
    by_audio = _renamed(kept, twin_episode_id)
    return tuple(_renamed(by_audio, lambda e: twin_episode_id(e, e.title, e.published_text)))


def _marks(episode: Episode) -> tuple[str | None, str | None, str | None]:
    when, audio = episode.published_at, episode.audio_url
    audio = audio if episode.guid or audio is None else without_query(audio)  # which is its name, then
    return audio, _plain(episode.title) or None, when.isoformat() if when else None


def _is_twice(one: Episode, other: Episode, n_agree: int) -> bool:
    n_differ = sum(a != b and None not in (a, b) for a, b in zip(_marks(one), _marks(other), strict=True))
    return n_agree > n_differ


def _renamed(episodes: Sequence[Episode], name: Callable[[Episode], str]) -> list[Episode]:
    """Rename those whose id is not their own."""
    counts = Counter(e.episode_id for e in episodes)
    return [replace(e, episode_id=name(e)) if counts[e.episode_id] > 1 else e for e in episodes]


def settled(
    known: Sequence[EpisodeKey], found: Sequence[Episode], aliases: Mapping[str, str]
) -> tuple[Episode, ...]:
    """Return the found episodes; one that goes by the id of a known one and is not it gets another id.

    That is one with other audio, if its title or its time speaks against it too, or nothing for it. Where several
    episodes agree in their titles, the publisher moved all.
    """
    before = {k.episode_id: k for k in known}
    strange = {
        e.episode_id: _plain(e.title) == _plain(one.title) != ""
        for e in found
        if (one := before.get(aliases.get(e.episode_id, e.episode_id))) and not _is_still(one, e)
    }
    if sum(strange.values()) > 1:
        strange = {name: agrees for name, agrees in strange.items() if not agrees}
    return tuple(replace(e, episode_id=twin_episode_id(e)) if e.episode_id in strange else e for e in found)


def _is_still(before: EpisodeKey, now: Episode) -> bool:
    """Check whether a found episode is the known one whose id it has."""
    if before.audio_url == now.audio_url:
        return True
    pairs = ((_plain(before.title), _plain(now.title)), (before.published_at, now.published_at))
    agree = sum(a == b and bool(a) for a, b in pairs)
    differ = sum(a != b and bool(a) and bool(b) for a, b in pairs)
    is_moved = urlsplit(before.audio_url or "").path == urlsplit(now.audio_url or "").path
    return (agree > 0 and (differ == 0 or is_moved)) or (differ == 0 and is_moved)


def corrected(known: Sequence[EpisodeKey], found: Sequence[Episode]) -> tuple[Episode, ...]:
    """Return the found episodes whose title or time is not what is known of them."""
    before = {k.episode_id: k for k in known}
    return tuple(
        e
        for e in found
        if (one := before.get(e.episode_id)) and (one.title, one.published_at) != (e.title, e.published_at)
    )


def compare(
    known: Sequence[EpisodeKey], found: Sequence[Episode], aliases: Mapping[str, str] | None = None
) -> Difference:
    """Return which of the found episodes are new.

    An episode is known by its id, or by an id that it went by before (`aliases`). One that is not is still known
    if its audio, or its title and time of publication, are those of exactly one known episode that this feed does
    not name by its id: publishers change all guids, move to another host, put tokens into addresses. The same
    audio under another date is another episode, for bulletins replace each other at one address; unless titles
    agree and several episodes moved together.
    """
    before, renamed = {k.episode_id for k in known}, dict(aliases or {})
    strangers = list(
        {e.episode_id: e for e in found if renamed.get(e.episode_id, e.episode_id) not in before}.values()
    )
    named = {renamed.get(e.episode_id, e.episode_id) for e in found}
    left = [k for k in known if k.episode_id not in named]
    again: dict[str, str] = {}
    for key in (_audio_key, _path_key, _title_key) if left else ():  # of ten thousand, a key takes a second
        again |= _matched(key, left, strangers)
        left = [k for k in left if k.episode_id not in again.values()]
        strangers = [e for e in strangers if e.episode_id not in again]
    return Difference(tuple(strangers), again)


def _matched(
    key: Callable[[EpisodeKey], str | None], known: Sequence[EpisodeKey], found: Sequence[Episode]
) -> dict[str, str]:
    """Pair what has the same key, where it is the only one on both sides, and nothing speaks against it."""
    before, now = _unique(key, known), _unique(key, map(known_of, found))
    pairs = [(before[value], now[value]) for value in sorted(before.keys() & now.keys())]
    moved = sum(_plain(a.title) == _plain(b.title) for a, b in pairs) > 1
    return {b.episode_id: a.episode_id for a, b in pairs if _may_be_one(a, b, moved=moved)}


def _unique(key: Callable[[EpisodeKey], str | None], episodes: Iterable[EpisodeKey]) -> dict[str, EpisodeKey]:
    listed = [(value, episode) for episode in episodes if (value := key(episode))]
    counts = Counter(value for value, _ in listed)
    return {value: episode for value, episode in listed if counts[value] == 1}


def _may_be_one(before: EpisodeKey, now: EpisodeKey, *, moved: bool) -> bool:
    if None in (before.published_at, now.published_at) or before.published_at == now.published_at:
        return True
    return moved and _plain(before.title) == _plain(now.title)


def _audio_key(known: EpisodeKey) -> str | None:
    return known.audio_url


def _path_key(known: EpisodeKey) -> str | None:
    """The last two parts of the address of the audio: the host, trackers before it and tokens behind it change."""
    parts = [part for part in urlsplit(known.audio_url or "").path.split("/") if part]
    return "/".join(parts[-2:]).casefold() or None


def _title_key(known: EpisodeKey) -> str | None:
    if known.title is None or known.published_at is None:
        return None
    return f"{known.published_at.isoformat()} {_plain(known.title)}"


def _plain(title: str | None) -> str:
    return " ".join(re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", title or "").casefold()))


# How many may be heard in an episode, as its publisher says.


_NOT_HEARD = (
    *("editor", "producer", "engineer", "composer", "designer", "writer", "artwork", "theme", "sponsor"),
    *("production", "writing", "visuals", "administration", "community", "misc"),  # groups
)
_MAY_BE_MORE = 3  # a clip, an advertisement, a caller


def bounds(episode: Episode) -> tuple[int, int] | None:
    """Return the fewest and the most people that can be heard; `None` where the publisher does not name them all.

    Only who names both who asks and who answers is taken to name them all. Then there are two at least, and, with
    room for clips and callers, not many more than were named.
    """
    roles: dict[str, str] = {}
    for person in episode.persons:
        if not _is_silent(person.role):
            roles.setdefault(person.name, (person.role or "host").lower())
    hosts = sum("host" in role for role in roles.values())
    guests = sum("guest" in role for role in roles.values())
    return (2, len(roles) + _MAY_BE_MORE) if hosts and guests else None


def _is_silent(role: str | None) -> bool:
    return any(word in (role or "").lower() for word in _NOT_HEARD)
