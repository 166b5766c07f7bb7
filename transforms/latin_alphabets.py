"""Which encoding of the Latin script a text is in: the one that makes letters of one language of its bytes."""

from __future__ import annotations

import math
import re
from collections import Counter

# The letters beyond ASCII that a language has, the most frequent first.
_ALPHABETS: dict[str, tuple[str, ...]] = {
    "cp1252": (
        "éèàêçùôîâûëïœüÿæ",  # French
        "äüößé",  # German
        "áéíóñúü",  # Spanish
        "ãçáéíóêâúõôàü",  # Portuguese
        "èàùòéìî",  # Italian
        "àéèóíçòúïü",  # Catalan
        "åäöé",  # Swedish, Finnish
        "åøæéòóâ",  # Danish, Norwegian
        "áíóúýéæöðþ",  # Icelandic
        "ëéïóèüö",  # Dutch
        "õäüöšž",  # Estonian
        "áéíóú",  # Irish
    ),
    "cp1250": (
        "áíéěřšžčýůúóňťď",  # Czech
        "áíéčžšýťľúňôďóäĺŕ",  # Slovak
        "ąęłóśżćńź",  # Polish
        "áéöőóüíúű",  # Hungarian
        "čšžćđ",  # Croatian, Slovene, Serbian
        "ăîâşţ",  # Romanian
    ),
    "cp1254": ("ıüğşçöâî",),  # Turkish
    "cp1257": ("ėšųžįąčūę", "āīēšņūļģķčž"),  # Lithuanian, Latvian
}
_ALPHABETS["iso8859-2"] = _ALPHABETS["cp1250"]
_WORD = re.compile(r"[^\W\d_¹²³ªº¼½¾]{3,}")  # in shorter ones a sign may be taken for a letter: `£5`, `m³`, `nº`
# What is no letter, between two; and what no text has.
_STRANGE = re.compile(r"(?<=[^\W\d_])[¡-¿×÷ˇ˘°˛˝˙](?=[^\W\d_])|[\x80-\x9f\ufffd]")
_OTHER = 0.004  # the share of a letter that the language has not: in names and quotations
_ANY = 0.03  # the share of a letter in no language: what is likelier speaks for one
_DOUBT = 3.0  # so much likelier, in logarithms, must another encoding be than the Western one: some three letters


def likeliest(data: bytes) -> str:
    """Return the encoding, by Python's name, in which bytes are the letters of a language; `cp1252` in doubt."""
    western = _likelihood(data, "cp1252") + _DOUBT
    others = {name: _likelihood(data, name) for name in _ALPHABETS if name != "cp1252"}
    best = max(others, key=others.__getitem__)
    return best if others[best] > western else "cp1252"


def _likelihood(data: bytes, encoding: str) -> float:
    """Return how much the letters speak for the language of an encoding that fits them best, as a logarithm."""
    text = data.decode(encoding, "replace")
    words = {
        word for word in _WORD.findall(text) if not word.isascii()
    }  # each once: a name, or `km³`, comes often
    letters = Counter(letter for word in words for letter in word.lower() if not letter.isascii())
    # `¿Qué`, taken for `żQué`, has a capital that no word has.
    strange = len(_STRANGE.findall(text)) + sum(not (w.islower() or w.isupper() or w.istitle()) for w in words)
    return strange * math.log(_OTHER / _ANY) + max(_of_language(letters, known) for known in _ALPHABETS[encoding])


def _of_language(letters: Counter[str], alphabet: str) -> float:
    weights = {letter: 1 / (place + 2) for place, letter in enumerate(alphabet)}
    whole = sum(weights.values())
    shares = {letter: weight / whole for letter, weight in weights.items()}
    return sum(n * math.log(shares.get(letter, _OTHER) / _ANY) for letter, n in letters.items())
