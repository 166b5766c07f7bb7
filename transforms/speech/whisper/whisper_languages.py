"""Languages as people name them → as Whisper calls them."""

from __future__ import annotations

from difflib import get_close_matches

from transforms.errors import SourceError
from transforms.languages import NAMES, language_tag

# Whisper's own codes where those of BCP 47 are others, and the language that stands for a close one.
_WHISPERS = {"jv": "jw", "fil": "tl", "nb": "no", "cmn": "zh"}
# What a language calls itself is close to the English name of another one: Deutsch is no Dutch.
_OWN_NAMES = {
    "cestina": "czech",
    "dansk": "danish",
    "deutsch": "german",
    "espanol": "spanish",
    "español": "spanish",
    "francais": "french",
    "français": "french",
    "italiano": "italian",
    "nederlands": "dutch",
    "norsk": "norwegian",
    "polski": "polish",
    "portugues": "portuguese",
    "português": "portuguese",
    "svenska": "swedish",
    "suomi": "finnish",
    "türkçe": "turkish",
}
CODES = tuple(sorted(set(NAMES[::2]) - _WHISPERS.keys()))
ENGLISH_NAMES = tuple(sorted({name.title() for name in NAMES[1::2] if "_" not in name}))


def spoken_language(text: str) -> str:
    """Write a language as the recogniser calls it, from its code, its tag or its English name.

    >>> spoken_language("de"), spoken_language("German"), spoken_language("pt-BR"), spoken_language("Javanese")
    ('de', 'de', 'pt', 'jw')

    Raises:
        SourceError: it knows none of that name; the message names those that are meant, perhaps.
    """
    code = language_tag(text).partition("-")[0]
    code = _WHISPERS.get(code, code)
    if code in CODES:
        return code
    asked = text.strip().casefold()
    near = [_OWN_NAMES[n] for n in get_close_matches(asked, _OWN_NAMES, 1, 0.85)]
    near = near or get_close_matches(asked, [name.lower() for name in ENGLISH_NAMES], 3, 0.75)
    meant = " or ".join(f"{name.title()} ({spoken_language(name)})" for name in near)
    way_out = f"did you mean {meant}?" if meant else "give a code as en or de, or an English name as German"
    msg = f"{text!r} is no language that can be heard: {way_out}"
    raise SourceError(msg)
