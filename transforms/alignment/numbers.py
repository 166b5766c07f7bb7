"""How numbers are said in English: figures, money, shares, years and fractions as words."""

from __future__ import annotations

import re
from fractions import Fraction

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
).split()
_TENS = "zero ten twenty thirty forty fifty sixty seventy eighty ninety".split()
_SCALES = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"), (1000, "thousand"), (100, "hundred"))
_MAGNITUDES = {
    **dict.fromkeys(("k",), "thousand"),
    **dict.fromkeys(("m", "mn", "mm"), "million"),
    **dict.fromkeys(("b", "bn"), "billion"),
    **dict.fromkeys(("t", "tn"), "trillion"),
}
_MONEY = {"$": "dollars", "£": "pounds", "€": "euros", "¥": "yen", "₹": "rupees"}
_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}
_PARTS = {2: "half", 4: "quarter"}
_LONGEST = 6  # digits that are read as one number where nothing groups them

_NUMBER = re.compile(
    r"(?P<money>[$£€¥₹])?(?:(?P<whole>\d{1,3}(?:,\d{3})+|\d+)(?![/⁄\d]))?(?P<decimals>\.\d+)?"
    r"(?:\s?(?P<top>\d+)[/⁄](?P<bottom>\d+))?"
    r"(?P<after>%|st\b|nd\b|rd\b|th\b|s\b|k\b|mn?\b|mm\b|bn?\b|tn?\b)?"
)


def spoken(text: str) -> str:
    """Write the numbers of a text, in lower case, as they are said; all else stays.

    >>> spoken("$20m or 20%"), spoken("33 1/3 in 1991")
    ('twenty million dollars or twenty percent', 'thirty three and a third in nineteen ninety one')
    """
    return " ".join(_NUMBER.sub(_said, text).split()) if any(map(str.isdigit, text)) else text


def _said(found: re.Match[str]) -> str:
    whole, decimals, top, after = found["whole"], found["decimals"], found["top"], found["after"]
    if whole is None and decimals is None and top is None:
        return found[0]
    words = _whole(whole, after) if whole else []
    if decimals:
        words += ["point", *(_SMALL[int(digit)] for digit in decimals[1:] if digit.isdecimal())]
    if top:
        words += _fraction(int(top), int(found["bottom"]), is_alone=whole is None)
    words = _with(after, words)
    return f" {' '.join(words + ([_MONEY[found['money']]] if found['money'] else []))} "


def _with(after: str | None, words: list[str]) -> list[str]:
    """Add what stands behind a number."""
    if after == "%":
        return [*words, "percent"]
    if after in ("st", "nd", "rd", "th"):
        return [*words[:-1], ordinal(words[-1])]
    if after == "s":
        last = words[-1]
        return [*words[:-1], f"{last[:-1]}ies" if last.endswith("y") else f"{last}s"]
    return [*words, _MAGNITUDES[after]] if after else words


def _whole(digits: str, after: str | None) -> list[str]:
    number = int(digits.replace(",", ""))
    if "," not in digits and (len(digits) > _LONGEST or (digits[0] == "0" and len(digits) > 1)):
        return [_SMALL[int(digit)] for digit in digits]
    is_year = len(digits) == 4 and after in (None, "s")
    if is_year and (1100 <= number < 2000 or 2010 <= number < 2100) and number % 1000 >= 10:
        return [*cardinal(number // 100), *_of_century(number % 100)]
    return cardinal(number)


def _of_century(year: int) -> list[str]:
    if year == 0:
        return ["hundred"]
    return ["oh", _SMALL[year]] if year < 10 else cardinal(year)


def cardinal(number: int) -> list[str]:
    """Return how a whole number is said, without `and`.

    >>> cardinal(1042)
    ['one', 'thousand', 'forty', 'two']
    """
    if number < 20:
        return [_SMALL[number]]
    if number < 100:
        return [_TENS[number // 10], *(cardinal(number % 10) if number % 10 else [])]
    size, name = next(scale for scale in _SCALES if number >= scale[0])
    rest = number % size
    return [*cardinal(number // size), name, *(cardinal(rest) if rest else [])]


def ordinal(word: str) -> str:
    """Return the ordinal of the last word of a number.

    >>> ordinal("twenty"), ordinal("one"), ordinal("six")
    ('twentieth', 'first', 'sixth')
    """
    if word.endswith("y"):
        return f"{word[:-1]}ieth"
    return _ORDINALS.get(word, f"{word}th")


def _fraction(top: int, bottom: int, *, is_alone: bool) -> list[str]:
    if bottom == 0 or Fraction(top, bottom) >= 1:
        return [*cardinal(top), *cardinal(bottom)]
    part = _PARTS.get(bottom) or ordinal(cardinal(bottom)[-1])
    if top > 1:
        return [*([] if is_alone else ["and"]), *cardinal(top), f"{part}s"]
    return ["one", part] if is_alone else ["and", "a", part]
