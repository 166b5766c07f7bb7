"""The tags of an audio file: title, show, who made it, date. What they say, no more: many files have none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from transforms.audio import container
from transforms.text import INVISIBLE
from transforms.written_dates import parse_date

LONGEST = 1_000  # characters of a tag

# As FFmpeg names them for each container: ID3, MP4, Vorbis comments, Matroska, ASF, RIFF.
_TITLE = ("title", "inam")
_SHOW = ("show", "podcast", "album", "iprd")
_AUTHOR = ("album_artist", "artist", "author", "performer", "iart")
_DATE = ("date", "date_released", "releasedate", "tdrl", "tdor", "originaldate", "icrd")


@dataclass(frozen=True, slots=True)
class Tags:
    """What the tags of an audio file say; `None` where they do not. `seconds` is what its header says it lasts."""

    title: str | None = None
    show: str | None = None
    author: str | None = None
    published_at: datetime | None = None
    seconds: float | None = None


def read_tags(path: Path, name: str) -> Tags:
    """Read the tags of an audio file; `name` is what messages call it.

    Raises:
        ContentError, HostileError: as `transforms.audio.decoding.decode`.
    """
    with container.opened(path, name) as box:
        said = {key.lower(): str(value) for key, value in box.metadata.items()}
        for stream in container.tracks(box)[:1]:  # Ogg has them at its track
            said = {key.lower(): str(value) for key, value in stream.metadata.items()} | said
        seconds = box.duration / 1_000_000 if box.duration else None
    return Tags(
        title=_first(said, _TITLE),
        show=_first(said, _SHOW),
        author=_first(said, _AUTHOR),
        published_at=parse_date(_first(said, _DATE)),
        seconds=seconds,
    )


def _first(said: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    found = (" ".join(INVISIBLE.sub("", said[name]).split())[:LONGEST] for name in names if name in said)
    return next(filter(None, found), None)
