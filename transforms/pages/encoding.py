"""The words of a paragraph in a few letters each, from which the page makes elements when they are wanted.

data-w   gap,length of each word in hundredths of a second to base 36; `!` behind it: the time is not measured;
         `?`: of low probability; `-` alone: its time is unknown. The first gap is from the start of the audio,
         the others are from the end of the last word that has one. A gap of nothing is left out.
data-l   how many letters (of UTF-16) stand before each word and in it; left out where one space parts them
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from transforms.pages.page_passages import Token

LOW = 0.5  # as the views of the warehouse count low probability

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def encoded_times(tokens: Sequence[Token]) -> str | None:
    """Write when the words are said; `None` where no time is known.

    >>> from transforms.pages.page_content import PageWord
    >>> words = [PageWord("a", 1.0, 1.5, 0.9), PageWord("b", 1.5, 1.62, 0.4), PageWord("c", None, None)]
    >>> encoded_times([Token("", word.text, word) for word in words])
    '2s,1e ,c? -'
    """
    codes = list(_codes(tokens))
    return None if all(code == "-" for code in codes) else " ".join(codes)


def _codes(tokens: Sequence[Token]) -> Iterator[str]:
    at = 0
    for token in tokens:
        word = token.word
        if word is None or word.start_time is None or word.end_time is None:
            yield "-"
            continue
        start, end = round(word.start_time * 100), round(word.end_time * 100)
        gap = base36(start - at) if start != at else ""
        yield f"{gap},{base36(end - start)}{'' if word.is_measured else '!'}{'?' if is_low(token) else ''}"
        at = end


def is_low(token: Token) -> bool:
    """Check whether the recogniser was unsure of a word."""
    return token.word is not None and token.word.probability is not None and token.word.probability < LOW


def encoded_lengths(tokens: Sequence[Token]) -> str | None:
    """Write how the text is parted; `None` where that is by single spaces.

    >>> encoded_lengths([Token("", "你", None), Token("", "😀", None)]), encoded_lengths([Token("", "so", None)])
    ('0 1 0 2', None)
    """
    first, *rest = tokens
    if " " not in first.text and all(token.gap == " " and " " not in token.text for token in rest):
        return None
    gaps = ["", *(token.gap for token in rest)]
    return " ".join(
        f"{base36(utf16(gap))} {base36(utf16(token.text))}" for gap, token in zip(gaps, tokens, strict=True)
    )


def utf16(text: str) -> int:
    """Count letters as JavaScript does."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def base36(number: int) -> str:
    """Write a whole number to base 36.

    >>> base36(0), base36(-36), base36(1295)
    ('0', '-10', 'zz')
    """
    sign, number, digits = "-" if number < 0 else "", abs(number), ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return sign + (digits or "0")
