"""Captions with names in them: WebVTT and SubRip, a name at each turn or in each cue."""

from __future__ import annotations

import html
import random
import textwrap

from tests.corpus.third.conversation import Conversation
from tests.corpus.third.document import Said
from tests.corpus.third.speech import unmarked
from tests.corpus.third.template import Template, written_time

CUE_WORDS = 12
LINE = 42  # characters
UNSPACED_CUE = 36


def write_captions(rng: random.Random, template: Template, talk: Conversation) -> tuple[str, list[Said]]:
    """Return captions of a conversation, and what is said in them."""
    cues: list[str] = []
    said: list[Said] = []
    seen: set[str] = set()
    form = "HH:MM:SS.mmm" if template.kind == "vtt" else "HH:MM:SS,mmm"
    for turn in talk.turns:
        text = unmarked(" ".join(turn.paragraphs))
        label = turn.person and (turn.person.later if turn.person.name in seen else turn.person.first)
        seen |= {turn.person.name} if turn.person else set()
        parts = _parts(text, unspaced=talk.language.unspaced)
        step = (turn.end - turn.start) / len(parts)
        for number, part in enumerate(parts):
            start = turn.start + number * step
            begins, value = written_time(start, 0, form)
            if not number:
                said.append(Said(turn.person and turn.person.name, text, value))
            shown = label if not number or template.each_cue else None
            head = f"{begins} --> {written_time(start + step - 0.01, 0, form)[0]}"
            cues.append(f"{_number(template, len(cues))}{head}\n{_cue(template, shown, part)}\n")
    opening = "WEBVTT\n\n" if template.kind == "vtt" else ""
    return opening + "\n".join(cues), said


def _number(template: Template, before: int) -> str:
    return f"{before + 1}\n" if template.kind == "srt" else ""


def _parts(text: str, *, unspaced: bool) -> list[str]:
    if unspaced:
        return [text[at : at + UNSPACED_CUE] for at in range(0, len(text), UNSPACED_CUE)]
    words = text.split()
    return [" ".join(words[at : at + CUE_WORDS]) for at in range(0, len(words), CUE_WORDS)]


def _cue(template: Template, label: str | None, text: str) -> str:
    if template.frame == "voice":
        return f"<v {label}>{html.escape(text, quote=False)}" if label else html.escape(text, quote=False)
    if label:
        head = "".join(part for part, _ in template.head(label, None, ""))
        text = f"{head}{'' if head.endswith(' ') else ' ' if template.rest == 'same' else chr(10)}{text}"
    lead = "- " if template.frame == "list" and label else ""
    wrapped = (
        textwrap.fill(line, LINE, break_on_hyphens=False, break_long_words=False) for line in text.split("\n")
    )
    return (
        html.escape(lead + "\n".join(wrapped), quote=False)
        if template.kind == "vtt"
        else lead + "\n".join(wrapped)
    )


def random_caption_template(rng: random.Random) -> Template:
    """Return a form of captions."""
    kind = rng.choice(("vtt", "vtt", "srt"))
    frames = (
        ("line", "line", "line", "chevron", "list", "voice")
        if kind == "vtt"
        else ("line", "line", "chevron", "list")
    )
    frame = rng.choice(frames)
    brackets = rng.choice(("[]", "()")) if frame == "line" and rng.random() < 0.3 else ""
    separator = "" if frame == "voice" or (brackets and rng.random() < 0.6) else ":"
    rest = "next" if frame == "line" and rng.random() < 0.2 else "same"
    form = "HH:MM:SS.mmm" if kind == "vtt" else "HH:MM:SS,mmm"
    each = frame == "voice" or rng.random() < 0.3
    return Template(
        kind, "L", "", "label", brackets, "", " ", separator, rest, frame, form, "each", loose=True, each_cue=each
    )
