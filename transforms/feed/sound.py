"""Which of the files that an item offers is its sound: what says so, then what looks so, and what may be so."""

from __future__ import annotations

from pathlib import PurePosixPath
from urllib.parse import urlsplit

from transforms.records import AudioLink

_SOUND = frozenset(
    ".mp3 .m4a .m4b .aac .ogg .oga .opus .wav .flac .wma .mp2 .amr .aif .aiff .caf .mka .weba .3gp".split()
)
_VIDEO = frozenset(".mp4 .m4v .mov .webm .mkv .avi .wmv .mpg .mpeg .ogv .ts".split())
_PLAYLIST = frozenset(".m3u8 .m3u .pls .xspf .asx".split())
_OTHER = frozenset(
    (
        ".pdf .epub .mobi .doc .docx .ppt .pptx .odt .rtf .txt .md .zip .rar .7z .gz .torrent .jpg .jpeg .png "
        ".gif .webp .avif .heic .svg .bmp .tif .tiff .htm .html .xhtml .srt .vtt .json .xml .rss .exe .dmg .apk"
    ).split()
)
# Some servers and programs call everything so.
_ANYTHING = frozenset(
    (
        "application/octet-stream application/binary application/force-download "
        "application/x-download application/ogg application/mp4 "
        "application/download binary/octet-stream application/x-mp3 application/mp3"
    ).split()
)


def by_sound(links: list[AudioLink]) -> list[AudioLink]:
    """Sort the files of an item, the likeliest first, else as the feed has them; what is no sound is left out."""
    ranked = [(rank, link) for link in links if (rank := _rank(link)) is not None]
    return [link for _, link in sorted(ranked, key=lambda pair: pair[0])]


def _rank(link: AudioLink) -> int | None:
    """Return how late to try a file: 0 what is sound by its type, None what is none."""
    kind = link.media_type or ""
    main, suffix = kind.partition("/")[0], PurePosixPath(urlsplit(link.url).path).suffix.lower()
    if "mpegurl" in kind or suffix in _PLAYLIST:  # a live stream, as a rule, or the same once more
        return 4
    if main == "audio":
        return 3 if suffix in _OTHER else 0
    if main == "image" or kind in ("text/html", "application/pdf"):
        return None
    if suffix in _SOUND:
        return 1
    if main == "video" or suffix in _VIDEO:
        return 2
    is_open = not kind or "/" not in kind or kind in _ANYTHING
    return 3 if is_open and suffix not in _OTHER else None
