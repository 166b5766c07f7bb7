"""ID3v2 tags: what their chapters are called, and when they begin.

FFmpeg reads the sizes of frames inside a chapter of ID3v2.4 wrongly: a picture or a long link, and there are no
chapters. Mutagen reads them, but unpacks what is compressed without a limit, and takes hours for a tag of a
million frames; so what chapters need is read here.

Source: https://id3.org/id3v2.4.0-structure, https://id3.org/id3v2.3.0, https://id3.org/id3v2-chapters-1.0
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

_NOT_SET = 0xFFFFFFFF  # the chapter has places in the file instead of times
_ENCODINGS = ("latin-1", "utf-16", "utf-16-be", "utf-8")


def chapters(path: Path) -> Iterator[tuple[str, int, int]]:
    """Yield the title of each chapter of a file, its start and its end in milliseconds; as they stand in the tags.

    The file's size is the limit; what is compressed or encrypted is left out.
    """
    for version, flags, body in _tags(path):
        for name, frame in _frames(version, body, is_unsynchronised=version == 4 and bool(flags & 0x80)):
            if name == b"CHAP" and (chapter := _chapter(version, frame)):
                yield chapter


def _tags(path: Path) -> Iterator[tuple[int, int, bytes]]:
    """Yield version, flags and frames of the tags that a file begins with: some programs add a second one."""
    with path.open("rb") as file:
        while len(head := file.read(10)) == 10 and head.startswith(b"ID3"):
            body = file.read(_syncsafe(head[6:]))
            version, flags = head[3], head[5]
            if version == 3 and flags & 0x80:
                body = _resynchronised(body)
            if version in (3, 4):
                yield version, flags, body[_extended(version, body) if flags & 0x40 else 0 :]


def _extended(version: int, body: bytes) -> int:
    """Return how many bytes the extended header has."""
    return _syncsafe(body[:4]) if version == 4 else int.from_bytes(body[:4], "big") + 4


def _frames(version: int, body: bytes, *, is_unsynchronised: bool = False) -> Iterator[tuple[bytes, bytes]]:
    """Yield the names and the contents of frames; padding ends them."""
    at = 0
    while _is_name(name := body[at : at + 4]):
        behind = at + 10 + _size(version, body, at)
        content = _content(version, body[at + 9 : at + 10], body[at + 10 : behind], is_unsynchronised)
        if content is not None:
            yield name, content
        at = behind


def _is_name(name: bytes) -> bool:
    return len(name) == 4 and name.isalnum() and name.isupper()


def _size(version: int, body: bytes, at: int) -> int:
    """Return the size of a frame's content; iTunes wrote plain numbers into ID3v2.4, so the next frame decides."""
    written = body[at + 4 : at + 8]
    plain = int.from_bytes(written, "big")
    if version != 4:
        return plain
    safe = _syncsafe(written)
    fits = [
        size
        for size in (safe, plain)
        if at + 10 + size == len(body)
        or _is_name(head := body[at + 10 + size : at + 14 + size])
        or head == bytes(4)
    ]
    return fits[0] if fits else safe


def _content(version: int, flags: bytes, content: bytes, is_unsynchronised: bool) -> bytes | None:
    """Return a frame's content without what its flags put before it; `None` where it is packed or locked."""
    flag = flags[0] if flags else 0
    if flag & (0x0C if version == 4 else 0xC0):
        return None
    if version == 4 and (is_unsynchronised or flag & 0x02):
        content = _resynchronised(content)
    if version == 4:
        return content[(1 if flag & 0x40 else 0) + (4 if flag & 0x01 else 0) :]
    return content[1 if flag & 0x20 else 0 :]


def _chapter(version: int, frame: bytes) -> tuple[str, int, int] | None:
    """Parse a CHAP frame: an identifier, two times, two places in the file, frames of its own."""
    _, _, inside = frame.partition(b"\0")
    start, end = (int.from_bytes(inside[at : at + 4], "big") for at in (0, 4))
    title = next((_text(text) for name, text in _frames(version, inside[16:]) if name == b"TIT2"), "")
    return (title, start, end) if title and len(inside) >= 16 and start != _NOT_SET else None


def _text(content: bytes) -> str:
    r"""Decode the text of a frame, whose first byte says how it is written; of several the first.

    >>> _text(b"\x03Gr\xc3\xbc\xc3\x9fe\x00"), _text(b"\x01\xff\xfe3\x00S!\x00\x00"), _text(b"\x00Dust\x00Needle")
    ('Grüße', '3⅓', 'Dust')
    """
    encoding = _ENCODINGS[content[0]] if content and content[0] < len(_ENCODINGS) else "latin-1"
    return content[1:].decode(encoding, "replace").partition("\0")[0]


def _syncsafe(written: bytes) -> int:
    r"""Read a number of seven bits a byte.

    >>> _syncsafe(b"\x00\x00\x02\x01")
    257
    """
    number = 0
    for byte in written:
        number = number << 7 | byte & 0x7F
    return number


def _resynchronised(content: bytes) -> bytes:
    """Take out the zeros that keep what looks like the start of an mp3 frame out of a tag."""
    return content.replace(b"\xff\x00", b"\xff")
