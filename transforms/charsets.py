"""Bytes → characters: what is said of their encoding, else what they look like."""

from __future__ import annotations

import codecs
import re
from contextlib import suppress

from transforms import latin_alphabets

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED = re.compile(rb"(?:charset|encoding)\s*=\s*[\"']?\s*([A-Za-z0-9._-]{1,40})", re.IGNORECASE)
_HEAD = 8192  # bytes in which a document says what it is written in
# What text may claim, by Python's names. It knows more, such as punycode, which takes hours, and EBCDIC, in which
# a text can hide tags.
_WRITTEN = re.compile(
    r"utf-8|ascii|iso8859-\d+|cp(?:125\d|866|874|932|936|949|950)|koi8-[ru]|mac-roman|big5|gb2312|gbk|gb18030|hz"
    r"|shift_jis|euc_(?:jp|kr)|iso2022_jp|tis-620"
)
_WIDE = ("utf-16", "utf-32")  # what says so in ASCII is not; only a server can
_STRANGE = (*_WIDE, "iso2022", "hz")  # whose bytes may be sound UTF-8, too
# What browsers read instead: the wider encodings that are meant (https://encoding.spec.whatwg.org/#names-and-labels).
_LATIN_1 = "cp1252"
_WIDER = {
    "ascii": _LATIN_1,
    "iso8859-1": _LATIN_1,
    "iso8859-9": "cp1254",
    "tis-620": "cp874",
    "shift_jis": "cp932",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
}
# What undeclared text may be in. Others are rare, and win by chance from these.
_LIKELY = [
    "cp1251",
    "koi8_r",
    "cp932",
    "euc_jp",
    "gb18030",
    "big5",
    "cp949",
    "cp1253",
    "cp1255",
    "cp1256",
    "cp874",
]
_RUN = re.compile(rb"[\x80-\xff]{3,}")
_SAMPLE = 20_000  # bytes that a guess looks at


def decode(data: bytes, claimed: str | None = None) -> str:
    """Decode text in any encoding: a mark tells, then what decodes without a fault, then what somebody claims.

    Args:
        data: the text, whole or its beginning.
        claimed: what a server says of it; what the text says of itself is looked for here.
    """
    return decode_and_tell(data, claimed)[0]


def decode_and_tell(data: bytes, claimed: str | None = None) -> tuple[str, bool]:
    """Decode text as `decode` does; return also whether its encoding had to be guessed."""
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return data.decode(encoding, "replace"), False
    claims = _claims(data, claimed)
    for name in claims:
        if name.startswith(_STRANGE):
            with suppress(UnicodeError):
                return data.decode(name), False
    sample = data[:4000]
    if sample.count(0) > 0.2 * len(sample):
        encoding = "utf-16-be" if sample[::2].count(0) > sample[1::2].count(0) else "utf-16-le"
        return data.decode(encoding, "replace"), False
    # Servers call UTF-8 by other names, and text in another encoding is hardly ever sound UTF-8.
    with suppress(UnicodeDecodeError):
        return data.decode("utf-8"), False
    text = data.decode("utf-8", "replace")
    n_good = sum(not letter.isascii() for letter in text) / text.count("\N{REPLACEMENT CHARACTER}") - 1
    if n_good >= 1 if "utf-8" in claims else n_good > 9:
        return text, False  # but for a few bytes that somebody pasted, or a letter that was cut
    named = next((name for name in claims if name != "utf-8"), None)
    return data.decode(named or _guess(data), "replace"), named is None


def _claims(data: bytes, claimed: str | None) -> list[str]:
    """Return the encodings that are claimed and may be meant, by Python's names, the likelier first.

    The server's comes first, as in browsers, but for Latin-1: many servers call everything so.
    """
    declared = _DECLARED.search(data[:_HEAD])
    by_server = _meant(claimed, may_be_wide=True)
    by_itself = _meant(declared[1].decode() if declared else None, may_be_wide=False)
    return [*by_itself, *by_server] if by_server == [_LATIN_1] else [*by_server, *by_itself]


def _meant(name: str | None, *, may_be_wide: bool) -> list[str]:
    with suppress(LookupError, ValueError):
        known = codecs.lookup(name or "").name
        if _WRITTEN.fullmatch(known) or (known.startswith(_WIDE) and may_be_wide):
            return [_WIDER.get(known, known)]
    return []


def _guess(data: bytes) -> str:
    """Guess the encoding of text that is no UTF-8 and says nothing of itself.

    Text in Latin letters has its accents one by one, in words of ASCII: which letters they are shows the language.
    Longer runs are the words of another alphabet.
    """
    high = sum(byte > 127 for byte in data[:_SAMPLE])
    if sum(map(len, _RUN.findall(data[:_SAMPLE]))) > 0.3 * high and (found := _likeliest(data)):
        return found
    return latin_alphabets.likeliest(_sample(data))


def _likeliest(data: bytes) -> str | None:
    """Return the encoding in which the bytes look most like a language; `None` where they do in none."""
    from charset_normalizer import from_bytes

    found = from_bytes(_sample(data), cp_isolation=_LIKELY)
    # Hebrew in KOI8-R and Russian in the wrong one of its two encodings are words in capitals.
    return next((one.encoding for one in found if not _is_shouted(str(one))), None)


def _sample(data: bytes) -> bytes:
    """Take the first lines that are not ASCII; no character is cut, for a space is one byte everywhere."""
    lines = data[: 50 * _SAMPLE].splitlines()
    if len(data) > 50 * _SAMPLE and len(lines) > 1:
        lines.pop()
    sample = b"\n".join(line for line in lines if not line.isascii())
    end = max(sample.rfind(byte, 0, _SAMPLE) for byte in (b"\n", b" ", b"<"))
    return sample if len(sample) < _SAMPLE or end < 0 else sample[:end]


def _is_shouted(text: str) -> bool:
    upper, lower = (sum(map(check, text)) for check in (str.isupper, str.islower))
    return upper > lower
