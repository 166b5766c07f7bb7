"""Words → what they have in common with their other forms, by the language that they are of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING

from transforms.languages import primary_language

if TYPE_CHECKING:
    from collections.abc import Callable

# The stemmers of Snowball (https://snowballstem.org/algorithms/) by the languages that have one.
STEMMERS = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek", "en": "english",
    "eo": "esperanto", "es": "spanish", "et": "estonian", "eu": "basque", "fa": "persian", "fi": "finnish",
    "fr": "french", "ga": "irish", "hi": "hindi", "hu": "hungarian", "hy": "armenian", "id": "indonesian",
    "it": "italian", "lt": "lithuanian", "nb": "norwegian", "ne": "nepali", "nl": "dutch", "nn": "norwegian",
    "no": "norwegian", "pl": "polish", "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian",
    "sv": "swedish", "ta": "tamil", "tr": "turkish", "yi": "yiddish",
}  # fmt: skip
# Words that each text of a language is full of, and that few other languages have.
COMMON = {
    "de": "der die das und ist nicht ich wir ein eine auch auf mit sich von dem den zu haben aber wie",
    "en": "the and of to is that it you in we this was for are with have they what but not",
    "es": "el los las que y es por una con para como pero más muy lo del está eso porque yo",
    "fr": "le les des et est que une pas je vous nous pour dans ce qui avec mais on du au",
    "it": "il che di è non per una sono con gli come anche ma questo della più lo ho del nel",
    "nl": "de het een en van ik dat is niet we zijn ook maar met voor die wat naar heb er",
    "pl": "nie się jest że na to jak ale co tak czy jestem już tego przez tym bardzo mam był są",
    "pt": "o que não uma é um para com os mas por você isso muito da do mais eu como em",
    "ru": "и в не что на я это как с мы он но так вот по то из да у они",
    "sv": "och det att är en som inte jag på av för med vi har den så men till ett om",
}
LEAST_SHARE = 0.15  # of all words: a fifth to a third of what is said are these twenty
LEAST_COUNT = 5
LONGEST = 60  # letters: what is longer is no word, and a million of them in a row take minutes


def stem(words: Iterable[str], language: str) -> list[str]:
    """Return the stems of words in small letters; the words themselves where the language has no stemmer.

    What is longer than any word stays as it is.

    >>> stem(["records", "turning"], "en-GB"), stem(["informações"], "pt"), stem(["records"], "")
    (['record', 'turn'], ['inform'], ['records'])
    >>> stem(["ab" * 500_000 + "ing"], "en") == ["ab" * 500_000 + "ing"]
    True
    """
    name = STEMMERS.get(primary_language(language))
    if not name:
        return list(words)
    stemmed = _stemmer(name)
    return [stemmed(word) if len(word) <= LONGEST else word for word in words]


@cache
def _stemmer(name: str) -> Callable[[str], str]:
    import snowballstemmer  # thirty languages: 0.03 s that only who loads pays

    found: Callable[[str], str] = snowballstemmer.stemmer(name).stemWord
    return found


def guess_language(counts: Mapping[str, int], total: int) -> str:
    """Return the language that a text is in, by how often it has the words of `COMMON`; empty where unsure.

    >>> guess_language({"the": 9, "of": 8, "die": 1}, 80), guess_language({"the": 9}, 800), guess_language({}, 0)
    ('en', '', '')
    """
    found = {name: sum(counts.get(word, 0) for word in words.split()) for name, words in COMMON.items()}
    first, second = sorted(found, key=lambda name: -found[name])[:2]
    is_sure = found[first] >= max(LEAST_COUNT, LEAST_SHARE * total, 1.5 * found[second])
    return first if is_sure else ""
