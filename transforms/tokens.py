"""Whether a piece of an address is a secret: long and random, or short and behind a word that says so.

A secret and a public id are both random, so nobody can tell them apart for sure. What is judged here are the
shapes that subscribers' addresses have, against those of the hosts of public shows
(tests/transforms/feed/test_tokens.py lists both, with the share that is judged wrongly). In doubt a piece is a
secret.
"""

from __future__ import annotations

import html
import re
from itertools import pairwise
from urllib.parse import unquote

BETWEEN_WORDS = re.compile(r"[^0-9A-Za-z]+")
SUFFIX = re.compile(r"(?<=.)\.(?:[A-Za-z]{2,5}|mp[34]|m4[abv]|json3|opus)$")

_UUID = re.compile(r"(?<![0-9a-f])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-f])", re.IGNORECASE)
_HEX = re.compile(r"(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{16,}", re.IGNORECASE)
_SWITCH = re.compile(r"(?<=\d)(?=[A-Za-z])|(?<=[A-Za-z])(?=\d)")
# What people number, and when they published it.
_COUNTED = re.compile(
    r"(?<![0-9A-Za-z])s\d{1,3}e\d{1,4}(?![0-9A-Za-z])"
    r"|(?:season|episode|part|folge|teil|week|day|vol|ep)[-_. ]?\d{1,4}(?!\d)"
    r"|(?<![0-9A-Za-z])(?:pt|no|nr|of|[sev])[-_. ]?\d{1,4}(?![0-9A-Za-z])"
    r"|(?<!\d)(?:19|20)\d\d[-_.]?[01]\d[-_.]?[0-3]\d(?:[-_.T]?[0-2]\d[-_.]?[0-5]\d(?:[-_.]?[0-5]\d)?Z?)?(?!\d)"
    r"|(?<![0-9A-Za-z])\d{2,3}k(?:bps)?(?![0-9A-Za-z])",
    re.IGNORECASE,
)
# Hosts of public shows, whose ids are random: a secret is there only behind a word of `_MARKS`.
_OPEN = re.compile(
    r"(?:^|\.)(?:omnycontent\.com|omny\.fm|redcircle\.com|simplecast\.com|simplecastaudio\.com|megaphone\.fm"
    r"|art19\.com|acast\.com|anchor\.fm|spotify\.com|libsyn\.com|buzzsprout\.com|spreaker\.com|podbean\.com"
    r"|captivate\.fm|transistor\.fm|soundcloud\.com|blubrry\.com|audioboom\.com|ivoox\.com|podigee\.io|rss\.com"
    r"|cloudfront\.net|akamaized\.net|npr\.org|bbci\.co\.uk|bbc\.co\.uk|apple\.com|youtube\.com|youtu\.be"
    r"|zencastr\.com|fireside\.fm|podcastindex\.org|archive\.org)$",
    re.IGNORECASE,
)
# Behind these, and on hosts that are called so, six characters are enough.
_MARKS = frozenset(
    "private subscriber subscribers member members membership premium patron patrons exclusive token tokens auth "
    "key keys secret secrets access secure signed paid supporter supporters supportingcast supercast memberful "
    "glow patreon bonusfeed personal".split()
)
# Also before names and numbers that are no secret.
_WEAK_MARKS = frozenset(("u", "user", "users", "plus", "hello"))
_SECRET_KEY = re.compile(
    r"tok$|token|auth(?!or)|secret|passw|pwd|apikey|(?:^|[-_])(?:key|sig|jwt|sid|uid|code|hash|pass|hdnea|hdnts)$"
    r"|signature|session|credential|policy|key-pair|email",
    re.IGNORECASE,
)
# What follows a letter in words of English and its neighbours, after each letter: `ba`, `bb`, `be`, …
_NEIGHBOURS = (
    "aabcdfgiklmnprstuvwxy babeilorsuy cacehiklorstuz dadegilorsuvy eabcdefghilmnopqrstuvwxy faefilortu "
    "gaeghilmnorsu haeinortuy iabcdefgklmnoprstvxz jekou keins ladeilopstuvyz mabeilmopsu nacdefgiklmnoprstuvy "
    "oabcdfgijklmnoprstuvwxy paefhiloprstuy qu racdefgiklmnoprstuvyz sacefhiklmnopstuwyz tacefhilmoprstuwyz "
    "uabcdeghilmnprst vaeio waehinors xceipt yaeiopst zaeiwy"
)
_COMMON = frozenset(group[0] + letter for group in _NEIGHBOURS.split() for letter in group[1:])
_MOST_LAYERS = 6  # of encodings on top of each other
_ODD = 0.38  # share of neighbours, from which on ten characters and more are random


def is_secret(piece: str, host: str = "", before: str = "") -> bool:
    """Check whether a part of a path, or a value, is a secret; `before` is the part before it.

    >>> is_secret("9f3c1e7ab04d5526"), is_secret("the-long-groove"), is_secret("k3Xq9", before="private")
    (True, False, False)
    """
    text = SUFFIX.sub("", decoded(piece))
    words = [word for word in BETWEEN_WORDS.split(_COUNTED.sub(" ", text)) if word]
    marks = _words(before) | _words(host)
    if any(_is_mixed(word, digits=bool(marks & _MARKS)) for word in words) and marks & (_MARKS | _WEAK_MARKS):
        return True
    if _OPEN.search(host):
        return False
    if _UUID.search(text) or any(_is_random(word) for word in words):
        return True
    return len(words) > 1 and _is_leet("".join(words))


def is_secret_value(key: str, value: str) -> bool:
    """Check whether `key=value` holds a secret: by what it is called, or by how it looks."""
    return bool(value) and (bool(_SECRET_KEY.search(key)) or is_secret(value))


def decoded(text: str) -> str:
    r"""Undo percent-encoding, entities of HTML and escapes of JSON, however often they were put on each other.

    >>> decoded("https%253A%252F%252Fhost"), decoded("https:&#47;&#47;host"), decoded(r"https:\/\/host")
    ('https://host', 'https://host', 'https://host')
    """
    for _ in range(_MOST_LAYERS):
        plain = unquote(html.unescape(text)).replace("\\/", "/")
        plain = (
            plain.replace("\\u002f", "/").replace("\\u002F", "/").replace("\\u003a", ":").replace("\\u003A", ":")
        )
        if plain == text:
            break
        text = plain
    return text


def _words(text: str) -> set[str]:
    return {word for word in BETWEEN_WORDS.split(text.lower()) if word}


def _is_mixed(word: str, *, digits: bool) -> bool:
    """Distinguish a short secret from a name: letters with digits among them, or capitals inside."""
    if len(word) < 6:
        return False
    if word.isdigit():
        return digits
    return bool(_SWITCH.search(word)) or bool(re.search("[a-z][A-Z]", word) and not _is_camel(word))


def _is_camel(word: str) -> bool:
    return bool(re.fullmatch(r"[a-z]*(?:[A-Z][a-z]+|[A-Z]{1,4}(?=[A-Z][a-z]|$))*", word))


def _is_random(word: str) -> bool:
    """Distinguish letters and digits that nobody chose from words and numbers."""
    n = len(word)
    if n < 10:
        return False
    if word.isdigit():
        return n > 20
    if _HEX.fullmatch(word):
        return True
    switches = len(_SWITCH.findall(word))
    if switches >= 3 and switches / n >= 0.25:
        return True
    has_three_kinds = all(re.search(kind, word) for kind in ("[a-z]", "[A-Z]", r"\d"))
    if has_three_kinds and switches >= 2 and not _is_camel(re.sub(r"\d+", "", word)):
        return True
    return _odd_share(word) > _ODD


def _is_leet(joined: str) -> bool:
    """Distinguish `s3cr3t-t0ken` from words and numbers that are set apart."""
    switches = len(_SWITCH.findall(joined))
    return len(joined) >= 10 and switches >= 4 and switches / len(joined) >= 0.3


def _odd_share(word: str) -> float:
    """Return the share of neighbours that words and numbers seldom have, 0 to 1."""
    pairs = list(pairwise(word))
    return sum(_is_odd(one, other) for one, other in pairs) / len(pairs)


def _is_odd(one: str, other: str) -> bool:
    if one.isdigit() or other.isdigit():
        return one.isdigit() != other.isdigit()
    return (one.islower() and other.isupper()) or (one + other).lower() not in _COMMON
