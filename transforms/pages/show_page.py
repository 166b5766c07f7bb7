"""The page of a show, and that of all shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import Any

from markupsafe import Markup

from transforms.pages.page_content import PageSpeaker, ShowContent, ShowEpisode, ShowPerson, Spoken
from transforms.pages.page_voices import Voice, voices_of
from transforms.pages.searchable import packed
from transforms.pages.templates import document
from transforms.pages.timeline import WIDTH, short
from transforms.text import counted, visible

PEOPLE = 16  # with a lane; more are counted
NEWEST = 10  # episodes that the page of all shows lists
SCRIPTS = ("minisearch.js", "search.js")
FORM = Markup(
    '<form class="find" role="search" hidden><label for="asked">Words that are said</label>'
    '<input id="asked" type="search" placeholder="Words that are said" autocomplete="off" spellcheck="false" '
    'aria-describedby="state"><span id="state"></span></form><ol id="places"></ol>'
)


@dataclass(frozen=True, slots=True)
class ShowLink:
    """A show among all: where its page is, and how many episodes it has."""

    title: str
    href: str
    episodes: int


def show_page(
    content: ShowContent,
    href: Callable[[str], str],
    said: Spoken,
    home: str | None = None,
    form: Markup | None = None,
) -> str:
    """Write the page of a show; `href` tells where an episode has its page, `home` is that of all shows.

    `form` searches elsewhere, in place of the words of the page itself.
    """
    title = visible(content.title or "Show without a title")
    voices = _voices(content.people)
    dates = [one.published_at for one in content.episodes if one.published_at]
    return _written(
        title,
        content,
        href,
        said,
        voices,
        home=home,
        form=form,
        people=list(_people(content, voices)),
        left_out=max(len(content.people) - PEOPLE, 0),
        dates=(min(dates), max(dates)) if dates and content.people else (None, None),
        listed=content.episodes,
    )


def all_page(
    content: ShowContent,
    href: Callable[[str], str],
    said: Spoken,
    shows: Sequence[ShowLink],
    form: Markup | None = None,
) -> str:
    """Write the page of all shows; the newest episodes, and those of no show, are listed below them."""
    newest = [one for one in content.episodes if one.podcast_id is not None and one.has_page][:NEWEST]
    lone = [episode for episode in content.episodes if episode.podcast_id is None]
    return _written("All episodes", content, href, said, {}, form=form, shows=shows, newest=newest, listed=lone)


def _written(
    title: str,
    content: ShowContent,
    href: Callable[[str], str],
    said: Spoken,
    voices: Mapping[str | None, Voice],
    *,
    listed: Iterable[ShowEpisode],
    home: str | None = None,
    form: Markup | None = None,
    shows: Sequence[ShowLink] = (),
    newest: Sequence[ShowEpisode] = (),
    people: Sequence[dict[str, Any]] = (),
    left_out: int = 0,
    dates: tuple[datetime | None, datetime | None] = (None, None),
) -> str:
    names = [(href(one.episode_id), _title(one)) for one in content.episodes]
    return document(
        "show.html",
        title,
        scripts=SCRIPTS if said.turns else (),
        forms="'none'" if form is None else "'self'",
        show={"title": title, "home": home, "search": bool(said.turns) or form is not None, **_about(content)},
        shows=shows,
        people=people,
        left_out=left_out,
        first_date=dates[0],
        last_date=dates[1],
        newest=[_episode(one, href, voices) | {"show": one.show and visible(one.show)} for one in newest],
        episodes=[_episode(one, href, voices) for one in listed],
        search=form or FORM,
        said=packed(names, said) if said.turns else "",
    )


def _about(content: ShowContent) -> dict[str, Any]:
    """Say who makes a show, where, and how much of it there is."""
    read = sum(bool(episode.talk) for episode in content.episodes)
    words = sum(talk.words for episode in content.episodes for talk in episode.talk)
    return {
        "author": content.author and visible(content.author),
        "site_url": content.site_url if (content.site_url or "").startswith(("https://", "http://")) else None,
        "facts": [_counted(read, len(content.episodes)), counted(words, "word")],
    }


def _counted(read: int, episodes: int) -> str:
    """Say how many episodes there are, and how many of them can be read.

    >>> _counted(1, 1), _counted(12, 200)
    ('1 episode', '12 of 200 episodes with a transcript')
    """
    every = counted(episodes, "episode")
    return every if read == episodes else f"{read} of {every} with a transcript"


def _title(episode: ShowEpisode) -> str:
    return visible(episode.title or "Episode without a title")


def _voices(people: Sequence[ShowPerson]) -> dict[str | None, Voice]:
    return voices_of([PageSpeaker(one.name, None, one.words, one.episodes) for one in people])


def _people(content: ShowContent, voices: Mapping[str | None, Voice]) -> Iterator[dict[str, Any]]:
    """Yield who has a lane: a column an episode, oldest first, as high as the share of the words there."""
    told = [episode for episode in reversed(content.episodes) if episode.talk]
    for person in content.people[:PEOPLE]:
        voice = voices[person.name]
        role = f"{visible(person.role)} · " if person.role else ""
        yield {
            "name": voice.name,
            "initials": voice.initials,
            "color": voice.color,
            "talk": f"{role}{person.episodes} of {counted(len(told), 'episode')}",
            "path": "".join(_columns(told, person.name)),
        }


def _columns(told: Sequence[ShowEpisode], name: str) -> Iterator[str]:
    step = WIDTH / max(len(told), 1)
    width = step - min(step / 4, 3)
    for place, episode in enumerate(told):
        share = _share(episode, name)
        if share:
            yield f"M{short(place * step)} 1h{short(width)}v-{max(share, 0.06):.2f}h-{short(width)}z"


def _share(episode: ShowEpisode, name: str) -> float:
    whole = sum(talk.words for talk in episode.talk)
    return sum(talk.words for talk in episode.talk if talk.is_named and talk.speaker == name) / (whole or 1)


def _episode(
    episode: ShowEpisode, href: Callable[[str], str], voices: Mapping[str | None, Voice]
) -> dict[str, Any]:
    whole = sum(talk.words for talk in episode.talk) or 1
    widths = [100 * talk.words / whole for talk in episode.talk]
    starts = [0.0, *accumulate(widths)]
    named = [visible(talk.speaker) for talk in episode.talk if talk.is_named and talk.speaker]
    return {
        "title": _title(episode),
        "show": None,
        "href": href(episode.episode_id) if episode.has_page else None,
        "date": episode.published_at,
        "duration": episode.duration,
        "lacks": None if episode.talk else "a summary" if episode.is_summarised else "no transcript yet",
        "speakers": ", ".join(named),
        "shares": bool(named and voices)
        * [
            {"color": _color(talk.speaker if talk.is_named else None, voices), "start": start, "width": width}
            for talk, start, width in zip(episode.talk, starts, widths, strict=False)
        ],
    }


def _color(speaker: str | None, voices: Mapping[str | None, Voice]) -> str:
    return voices[speaker].color if speaker in voices else "cx"
