"""Bytes → text: any encoding that transcripts come in, or a reason why they are none."""

from __future__ import annotations

import re
import unicodedata

from transforms import charsets
from transforms.errors import ContentError
from transforms.transcripts.document import Text
from transforms.transcripts.documents import docx, pdf

LARGEST = 64_000_000  # bytes
LONGEST_LINE = 2_000_000  # characters, but for JSON and pages

_AUDIO = "audio: let its name end as that of audio does, as talk.mp3, and give it to `turntable ingest`"
_MAGIC = (
    (b"\x1f\x8b", "a gzip file: unpack it and import what is in it"),
    (b"ID3", _AUDIO),
    (b"OggS", _AUDIO),
    (b"RIFF", _AUDIO),
    (b"fLaC", _AUDIO),
)
# What separates lines and fields in old files, and what Python takes for white space though nobody sees it.
_SEPARATORS = {0x0B: "\n", 0x1C: " ", 0x1D: " ", 0x1E: " ", 0x1F: " ", 0x85: "\n"}
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f]")


def decode(data: bytes, media_type: str | None = None) -> Text:
    """Read bytes as text: NFC, without a byte order mark, lines ended by a line feed.

    `media_type` is what a server calls it, as `text/plain` or `text/plain; charset=iso-8859-2`.

    Raises:
        ContentError: it is empty, too large, an archive, audio or another binary.
    """
    if not data.strip():
        msg = "it is empty: there is no transcript in it"
        raise ContentError(msg)
    if len(data) > LARGEST:
        msg = f"it has {len(data) / 1e6:.0f} MB: a transcript has at most {LARGEST / 1e6:.0f} MB"
        raise ContentError(msg)
    if data.lstrip().startswith(b"%PDF-"):
        return Text(unicodedata.normalize("NFC", pdf.extract(data)), pdf.MEDIA_TYPE)
    if data.startswith(b"PK\x03\x04"):
        data, media_type = _unpacked(data), None
    _refuse(data)
    kind, _, charset = (media_type or "").partition("; charset=")
    text, is_guessed = charsets.decode_and_tell(data, charset)
    text = text.translate(_SEPARATORS)
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    if "\0" in text or _controls(text) > 0.02 * len(text):
        msg = "it is binary, no text: give a transcript as text, captions, JSON or a web page"
        raise ContentError(msg)
    text = unicodedata.normalize("NFC", text.replace("\x0c", "\n"))
    if not text.lstrip().startswith(("{", "[", "<")) and len(max(text.split("\n"), key=len)) > LONGEST_LINE:
        msg = f"it has a line of more than {LONGEST_LINE:,} characters: no transcript has"
        raise ContentError(msg)
    return Text(text, kind or None, ("charset_guessed",) if is_guessed else ())


def _refuse(data: bytes) -> None:
    """Refuse what is no text by its first bytes.

    Raises:
        ContentError: it is audio or an archive.
    """
    for magic, what in _MAGIC:
        if data.startswith(magic):
            msg = f"it is {what}"
            raise ContentError(msg)


def _unpacked(data: bytes) -> bytes:
    """Take the text out of a Word document."""
    body = docx.unpack(data, LARGEST)
    if body is None:
        msg = (
            "it is a zip archive, or a Word document that is damaged: unpack it, or save it anew, and import that"
        )
        raise ContentError(msg)
    return body


def _controls(text: str) -> int:
    sample = text[:20_000]
    return len(_CONTROL.findall(sample)) * max(1, len(text) // max(len(sample), 1))
