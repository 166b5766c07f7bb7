"""What yt-dlp says of a video or a channel → records; and how its errors are to be understood.

The dictionaries are those of yt-dlp (https://github.com/yt-dlp/yt-dlp#output-template names their keys). Any key
may be missing or hold something else than it should.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from transforms.errors import ContentError, SourceError, TransientError, TurntableError
from transforms.records import PODCAST_NAMESPACE, Chapter, Episode, Feed, Podcast, Seconds, TranscriptLink

Info = Mapping[str, Any]

WATCH = "https://www.youtube.com/watch?v="
CAPTIONS_TYPE = "application/json"
CAPTIONS = "captions"  # `rel` of what people wrote
AUTOMATIC = "automatic-captions"  # `rel` of what a machine heard

_VIDEO = re.compile(
    r"(?:youtu\.be/|youtube(?:-nocookie)?\.com/(?:watch\?(?:\S*&)?v=|embed/|shorts/|live/|v/))([\w-]{11})(?![\w-])"
)
_HOST = re.compile(
    r"https?://(?:[\w-]+\.)?(?:youtube(?:-nocookie)?\.com|youtu\.be)(?::\d+)?(?:/|$)", re.IGNORECASE
)
_ID = re.compile(r"[\w-]{11}")

# What yt-dlp's messages begin or go on with, and what the user can do. The first that fits counts.
_SOURCE_ERRORS = (
    (r"private video", "it is private; ask its owner, or leave it out"),
    (r"members?[- ]only|join this channel", "it is for members of the channel only; leave it out"),
    (r"confirm your age|age[- ]restricted|inappropriate for some", "it is for adults with a login; leave it out"),
    (r"available (?:in|from) your (?:country|location)|geo[- ]?restrict\w*", "it is not shown in this country"),
    (r"(?:been|was) (?:removed|deleted|terminated)|no longer available", "it was removed; leave it out"),
    (r"requires payment|rent|purchase", "it has to be paid for; leave it out"),
    (r"drm protected", "it is locked against copying; leave it out"),
    (
        r"no suitable extractor|unsupported url",
        "no video, channel or playlist of YouTube; give the address of one",
    ),
    (r"sign in|log ?in|cookies", "YouTube asks for a login; try again from another network"),
    (
        r"does not exist|not found|404|410|unavailable|not available|truncated|incomplete",
        "it is not there; check it",
    ),
)
_TRANSIENT_ERRORS = (
    (r"not a bot|429|too many requests|rate[- ]?limit", "YouTube holds us back; try again in an hour", 3600.0),
    (
        r"premieres? in|event will begin|will begin (?:in|shortly)|is upcoming|is offline",
        "it has not begun",
        3600.0,
    ),
    (r"live stream is being processed|is live", "it is not finished; try again when it is", 3600.0),
    (
        r"http error 5\d\d|tim(?:ed|e) ?out|connection|name resolution|resolve host",
        "no answer; try again later",
        None,
    ),
)
_DAMAGED = re.compile(r"max-?filesize|larger than max|requested format|no video formats|only images")


def youtube_id(url: str | None) -> str | None:
    """Take the id of the video out of an address of YouTube.

    >>> youtube_id("https://youtu.be/abcdefghijk?si=x"), youtube_id("https://example.org/abcdefghijk")
    ('abcdefghijk', None)
    """
    match = _VIDEO.search(url or "")
    return match[1] if match else None


def is_youtube(url: str) -> bool:
    """Check for an address of YouTube: a video, a channel or a playlist.

    >>> is_youtube("https://www.youtube.com/@longgroove"), is_youtube("https://youtube.com.example.org/")
    (True, False)
    """
    return _HOST.match(url) is not None


def to_episode(info: Info, *, automatic: bool = False) -> Episode:
    """Make an episode of a video; `automatic` lets in captions that a machine heard.

    Raises:
        ContentError: it has no id.
    """
    video = _string(info.get("id"))
    if video is None or not _ID.fullmatch(video):
        msg = "YouTube described a video without an id: give its address again, or another one"
        raise ContentError(msg)
    return Episode(
        episode_id=f"youtube:{video}",
        podcast_id=_channel_id(info),
        guid=video,
        title=_string(info.get("title")),
        description=_notes(info.get("description")),
        published_at=_published_at(info),
        season=None,
        episode_number=None,
        language=_string(info.get("language")),
        page_url=f"{WATCH}{video}",
        audio_url=f"{WATCH}{video}",
        duration=_seconds(info.get("duration")) or None,
        chapters_url=None,
        transcripts=tuple(_captions(info, automatic=automatic)),
        persons=(),
    )


def to_podcast(info: Info) -> Podcast | None:
    """Make a show of the channel of a video, or of a listed channel or playlist; None where none is named."""
    channel = _channel_id(info)
    if channel is None:
        return None
    url = _web(info.get("channel_url")) or _web(info.get("uploader_url"))
    name = _string(info.get("channel")) or _string(info.get("uploader"))
    return Podcast(channel, name, name, url, url, None)


def to_feed(info: Info, url: str) -> Feed:
    """Make a feed of a flat listing of a channel or a playlist; what is upcoming or live is left out.

    Raises:
        ContentError: the listing has no videos.
    """
    podcast = to_podcast(info)
    title = _string(info.get("title"))
    if podcast is None or "list=" in url:  # a playlist is a show of its own
        name = _string(info.get("id")) or url
        author = podcast.author if podcast else None
        podcast = Podcast(_show_id(name), title, author, url, url, None)
    found: dict[str, Episode] = {}
    for entry in _dicts(info.get("entries")):
        kept = entry.get("live_status") not in ("is_upcoming", "is_live", "post_live")
        if kept and _ID.fullmatch(_string(entry.get("id")) or ""):
            episode = to_episode({**entry, "channel_id": None})
            found.setdefault(episode.episode_id, replace(episode, podcast_id=podcast.podcast_id))
    if not found:
        msg = f"{url} lists no finished videos: check that it is a channel or a playlist"
        raise ContentError(msg)
    return Feed(podcast, tuple(found.values()))


def to_chapters(info: Info) -> tuple[Chapter, ...]:
    """Read the chapters of a video."""
    chapters: list[Chapter] = []
    for chapter in _dicts(info.get("chapters")):
        title, start = _string(chapter.get("title")), _seconds(chapter.get("start_time"))
        if title is not None and start is not None and not title.startswith("<Untitled"):
            chapters.append(Chapter(len(chapters), title, start, _seconds(chapter.get("end_time"))))
    return tuple(chapters)


def to_error(message: str, url: str) -> TurntableError:
    """Return the error that a message of yt-dlp means, with the way out.

    >>> type(to_error("[youtube] x: Private video. Sign in if you've been granted access", "u")).__name__
    'SourceError'
    >>> type(to_error("[youtube] x: HTTP Error 429: Too Many Requests", "u")).__name__
    'TransientError'
    """
    text = re.sub(r"\x1b\[[\d;]*m|https?://\S+", "", message).lower()
    for pattern, way_out, wait in _TRANSIENT_ERRORS:
        if re.search(pattern, text):
            return TransientError(f"{url}: {way_out}", retry_after=wait)
    for pattern, way_out in _SOURCE_ERRORS:
        if re.search(rf"\b(?:{pattern})\b", text):
            return SourceError(f"{url}: {way_out}")
    if _DAMAGED.search(text):
        return ContentError(f"{url}: no sound of a size that we take; look whether the video plays")
    return TransientError(f"{url}: yt-dlp failed ({_cause(message)}); try again later, or upgrade yt-dlp")


def _cause(message: str) -> str:
    """Shorten a message: without the request to report it, and without addresses, which may hold secrets."""
    text = re.sub(r"\x1b\[[\d;]*m", "", message).removeprefix("ERROR: ")
    text = re.split(r"; please report|\. ?please report|\(caused by", text, flags=re.IGNORECASE)[0]
    return " ".join(re.sub(r"https?://\S+", "…", text).split())[:160]


def _captions(info: Info, *, automatic: bool) -> Iterator[TranscriptLink]:
    kinds = [("subtitles", CAPTIONS), *([("automatic_captions", AUTOMATIC)] if automatic else [])]
    for key, rel in kinds:
        by_language = info.get(key)
        for language, tracks in by_language.items() if isinstance(by_language, dict) else ():
            if language == "live_chat" or (rel == AUTOMATIC and not _is_original(language, info)):
                continue
            json3 = [track for track in _dicts(tracks) if track.get("ext") == "json3" and _web(track.get("url"))]
            if json3:
                yield TranscriptLink(json3[0]["url"], CAPTIONS_TYPE, language, rel)


def _is_original(language: str, info: Info) -> bool:
    """Check whether a language is the one that a machine heard, not one of a hundred that it translated into."""
    spoken = _string(info.get("language"))
    return language.endswith("-orig") or (spoken is not None and language == spoken)


def _channel_id(info: Info) -> str | None:
    channel = _string(info.get("channel_id")) or _string(info.get("uploader_id"))
    return _show_id(channel) if channel else None


def _show_id(name: str) -> str:
    return str(uuid.uuid5(PODCAST_NAMESPACE, f"youtube:{name}"))


def _published_at(info: Info) -> datetime | None:
    moment = _seconds(info.get("timestamp")) or _seconds(info.get("release_timestamp"))
    day = _string(info.get("upload_date")) or _string(info.get("release_date"))
    try:
        if moment:
            return datetime.fromtimestamp(moment, UTC)
        return datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC) if day else None
    except (ValueError, OverflowError, OSError):
        return None


def _string(value: Any) -> str | None:
    return " ".join(value.split()) or None if isinstance(value, str) else None


def _notes(value: Any) -> str | None:
    """Keep the lines of a description: chapters stand on them."""
    lines = [" ".join(line.split()) for line in value.split("\n")] if isinstance(value, str) else []
    return "\n".join(lines).strip() or None


def _seconds(value: Any) -> Seconds | None:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if is_number and 0 <= value < 1e11 else None


def _web(value: Any) -> str | None:
    return value if isinstance(value, str) and value.startswith(("https://", "http://")) else None


def _dicts(values: Any) -> list[dict[str, Any]]:
    return [value for value in values if isinstance(value, dict)] if isinstance(values, (list, tuple)) else []
