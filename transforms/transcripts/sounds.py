"""What is heard and not said: the notes that transcribers put into brackets, and notes of music."""

from __future__ import annotations

import re

_SOUND = (
    r"laugh\w*|chuckl\w*|giggl\w*|cross-?\s?talk\w*|inaudible|indiscernible|unintelligible|music|musik|musica|música|"
    r"musique|muziek|applau\w*|clap\w*|silence|pause\w*|sigh\w*|cough\w*|cheer\w*|noise\w*|beep\w*|bleep\w*|foreign|"
    r"blank_audio|"
    r"sound\s?bite|sniff\w*|gasp\w*|groan\w*|snort\w*|whistl\w*|sing\w*|background|jingle|audio|"
    r"overlapping|ad break|snap\w*|clears|breath\w*|exhale\w*|inhale\w*|crying|mumbl\w*|"
    r"lach\w*|gelächter|applaus|unverständlich|räuspert|seufzt|durcheinander|rires?|rit|rient|sourit|inaudibles?|"
    r"applaudissements|soupire?s?|risas?|ríen?|se ríen?|aplausos|inaudibles|risos?|ri|rindo|inaudível|risate?|"
    r"ride|applausi|gelach|смех\w*|сме[её]тся|смеются|музыка|аплодисменты|неразборчиво|вздыхает|"
    r"ضحك|يضحك|تضحك|يضحكان|موسيقى|تصفيق|غير واضح|"
    r"צחוק|צוחק\w*|מוזיקה|מוסיקה|מחיאות כפיים|לא ברור|"
    r"笑(?:声|い|う)?|大笑|音[乐楽樂]|掌[声聲]|拍手|听不清|聞き取れず|웃음|음악|박수"
)
_EVENT = re.compile(
    rf"[\[(（【［〔]\s*(?:[\w'’#-]+\s+){{0,3}}(?:{_SOUND})(?:[\s,]+[\w':.’-]+){{0,5}}\s*[\])）】］〕]|♪[^♪\n]*♪|[♪♫]+",
    re.IGNORECASE,
)


def is_sound(text: str) -> bool:
    """Tell a note of what is heard from words.

    >>> is_sound("[soft music]"), is_sound("（笑）"), is_sound("[Ann]")
    (True, True, False)
    """
    return _EVENT.fullmatch(text) is not None


def split_sounds(text: str) -> tuple[str, tuple[str, ...]]:
    """Take the sounds out of what is said.

    >>> split_sounds("So [laughs] we went. ♪")
    ('So we went.', ('[laughs]', '♪'))
    """
    sounds = tuple(match[0].strip() for match in _EVENT.finditer(text))
    return (" ".join(_EVENT.sub(" ", text).split()) if sounds else text), sounds
