"""Bytes → text: any encoding that transcripts come in, or a reason why they are none."""

from __future__ import annotations

import codecs
import re
import unicodedata
from contextlib import suppress

from transforms.errors import ContentError
from transforms.transcripts.document import Text

LARGEST = 64_000_000  # bytes
LONGEST_LINE = 2_000_000  # characters, but for JSON and pages

_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
         (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip
_MAGIC = (
    (b"PK\x03\x04", "a zip archive: unpack it and import what is in it"),
    (b"\x1f\x8b", "a gzip file: unpack it and import what is in it"),
    (b"%PDF", "a PDF: save its text and import that"),
    (b"ID3", "audio: give it to `turntable ingest`"),
    (b"OggS", "audio: give it to `turntable ingest`"),
    (b"RIFF", "audio: give it to `turntable ingest`"),
    (b"fLaC", "audio: give it to `turntable ingest`"),
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f]")
_WIDE = ("utf-16", "utf-32", "iso-2022", "hz-gb")  # whose bytes may look like ASCII
_DECLARED = re.compile(rb"(?:charset|encoding)\s*=\s*[\"']?\s*([A-Za-z0-9._-]+)")


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
    for magic, what in _MAGIC:
        if data.startswith(magic):
            msg = f"it is {what}"
            raise ContentError(msg)
    kind, _, charset = (media_type or "").partition("; charset=")
    text = _text(data, charset)
    text = "".join("\n" if c == "\x0b" else c for c in text) if "\x0b" in text else text
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    if "\0" in text or _controls(text) > 0.02 * len(text):
        msg = "it is binary, no text: give a transcript as text, captions, JSON or a web page"
        raise ContentError(msg)
    text = unicodedata.normalize("NFC", text.replace("\x0c", "\n"))
    if not text.lstrip().startswith(("{", "[", "<")) and len(max(text.split("\n"), key=len)) > LONGEST_LINE:
        msg = f"it has a line of more than {LONGEST_LINE:,} characters: no transcript has"
        raise ContentError(msg)
    return Text(text, kind or None)


def _text(data: bytes, charset: str) -> str:
    """Find the encoding: a byte order mark tells, then what decodes without a fault, then what somebody claims."""
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return data.decode(encoding, errors="replace")
    if charset.lower().startswith(_WIDE):
        with suppress(LookupError, UnicodeError):
            return data.decode(charset)
    sample = data[:4000]
    if sample.count(0) > 0.2 * len(sample):
        return data.decode("utf-16-be" if sample[::2].count(0) > sample[1::2].count(0) else "utf-16-le", "replace")
    # Servers call UTF-8 by other names, and text in another encoding is hardly ever sound UTF-8.
    with suppress(UnicodeDecodeError):
        return data.decode("utf-8")
    declared = _DECLARED.search(data[:2000])
    for claimed in filter(None, (charset, declared and declared[1].decode())):
        with suppress(LookupError, UnicodeError):
            if codecs.lookup(claimed).name != "utf-8":
                return data.decode(claimed, errors="replace")
    # Windows-1252 is what browsers read where Latin-1 is meant; the five bytes that it lacks are kept as Latin-1.
    return (
        "".join(bytes([b]).decode("cp1252", "replace") if b > 127 else chr(b) for b in data)
        if len(data) < 1000
        else data.decode("cp1252", "replace")
    )


def _controls(text: str) -> int:
    sample = text[:20_000]
    return len(_CONTROL.findall(sample)) * max(1, len(text) // max(len(sample), 1))
