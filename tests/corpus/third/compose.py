"""Conversations written by templates, with what stands above, between and below their turns."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace

from tests.corpus.third.blocks import Block, Style, page, plain, write, zipped
from tests.corpus.third.captions import write_captions
from tests.corpus.third.conversation import Conversation, Turn, converse
from tests.corpus.third.document import Document, Said
from tests.corpus.third.people import Person
from tests.corpus.third.speech import paragraph, sentence, unmarked
from tests.corpus.third.template import Template, random_template, written_time

SLIPS = ("no separator", "lost space", "doubled space", "unclosed", "small")


@dataclass
class Draft:
    """A document while it is written."""

    blocks: list[Block] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    chapters: list[tuple[str, float | None]] = field(default_factory=list)
    odd: set[str] = field(default_factory=set)
    optional: list[str] = field(default_factory=list)
    head: str = ""  # what stands before the first block as it is: a YAML header
    title: str | None = None
    clock: float = 0.0  # what may be added to all times: a second conversation begins at 0 again


def compose(rng: random.Random, template: Template) -> Document:
    """Return a document of a template."""
    talk = converse(rng, template)
    draft = Draft()
    if template.kind in ("vtt", "srt"):
        text, draft.said = write_captions(rng, template, talk)
        return _document(template, talk, draft, talk.people, text.encode())
    style = _style(rng, template, draft)
    under = _front(rng, template, talk, draft)
    _talk(rng, template, talk, draft)
    _body(rng, template, talk, draft)
    people = list(talk.people)
    if rng.random() < 0.01 and template.kind in ("txt", "md"):
        form, second = _second(rng, template)
        draft.odd.add("two documents")
        draft.blocks.append(plain(sentence(rng, second.language, 7), "heading", 1))
        _body(rng, form, second, draft)
        people += [one for one in second.people if one not in people]
    _behind(rng, template, talk, draft, under)
    data = _written(rng, template, talk, draft, style)
    return _document(template, talk, draft, tuple(people), data)


def _second(rng: random.Random, template: Template) -> tuple[Template, Conversation]:
    """Return another conversation, as often as not in another form."""
    while rng.random() < 0.5:
        other = random_template(rng)
        if other.kind == template.kind and "L" in other.order:
            template = other
            break
    return template, converse(rng, template)


def _document(
    template: Template, talk: Conversation, draft: Draft, people: tuple[Person, ...], data: bytes
) -> Document:
    size = len(draft.said)
    traps = f"{' + ' if draft.odd else ''}{', '.join(sorted(draft.odd))}"
    parts = {
        "kind": template.kind,
        "form": template.form,
        "order": template.order,
        "mark": f"{template.mark or 'none'} round {template.extent}" if template.mark else "none",
        "separator": repr(template.separator),
        "brackets": f"label {template.label_brackets or '–'}, time {template.time_brackets or '–'}",
        "rest": template.rest,
        "frame": template.frame,
        "time": f"{template.time_form if template.time_on != 'none' else '–'} on {template.time_on}",
        "names": talk.style,
        "language": talk.language.code,
        "turns": "4–7" if size < 8 else "8–30" if size <= 30 else "31–80" if size <= 80 else "81–",
    }
    return Document(
        name=f"{template.id} · {talk.style} · {talk.language.code}{traps}",
        template=template.id,
        kind=template.kind,
        data=data,
        said=tuple(draft.said),
        chapters=tuple(draft.chapters),
        title=draft.title,
        odd=frozenset(draft.odd),
        written=tuple((form, person.name) for person in people for form in person.written),
        optional=tuple(draft.optional),
        parts=tuple(parts.items()),
    )


def _style(rng: random.Random, template: Template, draft: Draft) -> Style:
    style = template.style
    if template.kind == "txt":
        wrapped = rng.random() < 0.08 and template.frame != "row" and "\t" not in template.separator
        if wrapped:
            draft.odd.add("wrapped lines")
        return replace(style, wrapped=wrapped, heading="caps" if rng.random() < 0.3 else "bare")
    escaped = (
        template.kind == "md" and "[]" in (template.time_brackets, template.label_brackets) and rng.random() < 0.15
    )
    if escaped:
        draft.odd.add("escaped brackets")
    return replace(style, escaped=escaped)


def _written(rng: random.Random, template: Template, talk: Conversation, draft: Draft, style: Style) -> bytes:
    text = write(template.kind, draft.blocks, style)
    if template.kind == "docx":
        return zipped(text)
    if template.kind == "html":
        return page(text, draft.title, talk.language.code).encode()
    text = draft.head + text
    if rng.random() < 0.06:
        draft.odd.add("CRLF")
        text = text.replace("\n", "\r\n")
    return text.encode()


# --- above the turns --------------------------------------------------------------------------------------------


def _front(rng: random.Random, template: Template, talk: Conversation, draft: Draft) -> bool:
    """Write what stands above the turns; tell whether a heading "Transcript" opened them."""
    language = talk.language
    if rng.random() < 0.5:
        draft.title = sentence(rng, language, 8).rstrip(".?!;。？؟।")
    if template.kind in ("txt", "md") and rng.random() < 0.12:
        draft.head = _yaml(rng, draft.title, talk)
        draft.odd.add("YAML header")
    elif draft.title:
        draft.blocks.append(plain(draft.title, "heading", 1))
    rich = rng.random() < 0.25
    if rich and draft.title and not draft.head:
        draft.odd.add("front matter")
        draft.blocks += _fields(rng, talk, bold=template.kind != "txt" and rng.random() < 0.4)
        draft.blocks.append(plain(paragraph(rng, language, rng.randint(12, 40))))
        if rng.random() < 0.4:
            draft.blocks += [
                plain(f"{word}: https://example.org/{n}", "list") for n, word in enumerate(("PR", "Site"))
            ]
    if (rich or rng.random() < 0.1) and (draft.title or draft.head):
        draft.blocks.append(plain(language.transcript, "heading", 2))
        return True
    return False


def _fields(rng: random.Random, talk: Conversation, *, bold: bool) -> list[Block]:
    names = [person.name for person in talk.people[:3]] or ["Ann Lee"]
    fields = {
        "Date": f"2024-0{rng.randint(1, 9)}-1{rng.randint(0, 9)}",
        "Host": names[0],
        "Guests": ", ".join(names[1:]) or "none",
        "Recorded": rng.choice(("in Lisbon", "June 3, 2023", "at 10:30")),
        "Duration": "48:12",
    }
    chosen = rng.sample(list(fields), rng.randint(1, 4))
    mark = "b" if bold else ""
    return [
        Block(((f"{name}:", mark), (f" {fields[name]}", "")), loose=number == 0 or bold)
        for number, name in enumerate(chosen)
    ]


def _yaml(rng: random.Random, title: str | None, talk: Conversation) -> str:
    lines = ["---"]
    if title:
        lines.append("title: '" + title.replace("'", "''") + "'")
    lines.append(f"date: 2023-0{rng.randint(1, 9)}-0{rng.randint(1, 9)}")
    if rng.random() < 0.6:
        lines += ["speakers:", *(f"  - '{person.name}'".replace("'s", "''s") for person in talk.people[:4])]
    if rng.random() < 0.4:
        lines += ["tags:", "  - records", "  - needles"]
    return "\n".join([*lines, "---", "", ""])


def _talk(rng: random.Random, template: Template, talk: Conversation, draft: Draft) -> None:
    """Write a talk of long paragraphs in front of the turns, in a few documents."""
    fits = template.kind in ("md", "html", "docx") and template.frame != "row" and template.order == "L"
    if not fits or not template.loose or rng.random() > 0.07:
        return
    draft.odd.add("a talk before it")
    for _ in range(rng.randint(2, 4)):
        heading = sentence(rng, talk.language, 5).rstrip(".?!;。？؟।")
        draft.blocks.append(plain(heading, "heading", 2))
        draft.chapters.append((heading, None))
        for _ in range(rng.randint(2, 4)):
            text = paragraph(rng, talk.language, rng.randint(50, 110))
            draft.blocks.append(plain(text))
            draft.said.append(Said(None, text, None))
    draft.blocks.append(plain("Q&A", "heading", 2))
    draft.chapters.append(("Q&A", None))


# --- the turns --------------------------------------------------------------------------------------------------


def _body(rng: random.Random, template: Template, talk: Conversation, draft: Draft) -> None:
    """Write the turns, with headings, events and notes between them."""
    if template.frame == "row":
        names = {"T": "Time", "L": "Speaker"}
        order = [*(names[part] for part in template.order), "Text"]
        if template.kind != "txt":
            draft.blocks.append(Block(tuple((name, "") for name in order), "head row"))
    half = bool(template.mark) and template.extent in ("label", "label:") and rng.random() < 0.08
    half = half and template.separator.strip() == ":"
    slipped = _slipped(rng, template, talk)
    between = rng.random() < 0.15 and template.loose and template.frame not in ("row", "pair")
    timed = template.time_on == "each" and rng.random() < 0.3  # all headings of a document, or none
    seen: set[str] = set()
    for number, turn in enumerate(talk.turns):
        if number == slipped[0]:
            draft.odd.add(f"typo: {slipped[1]}")
        elif half and rng.random() < 0.3:
            draft.odd.add("bold half-way")
        slip = (
            slipped[1]
            if number == slipped[0]
            else "half"
            if half and "bold half-way" in draft.odd and rng.random() < 0.3
            else ""
        )
        _heading(rng, template, turn, draft, number, timed=timed)
        _turn(rng, template, turn, draft, number, slip, seen)
        if between and rng.random() < 0.15:
            _between(rng, template, talk, draft)


def _slipped(rng: random.Random, template: Template, talk: Conversation) -> tuple[int, str]:
    """Return which turn has which typo; -1 where none has."""
    if rng.random() > 0.15 or len(talk.turns) < 8 or template.order == "T" or template.frame in ("row", "pair"):
        return -1, ""
    slips = ["doubled space"] * (template.rest == "same")
    if template.is_strong or template.rest != "same":
        slips += ["no separator"] * (template.separator.strip() == ":" and not template.is_bare)
    if template.separator in (":", "") and template.rest == "same" and (template.mark or template.separator):
        slips.append("lost space")
    if (
        template.mark == "b"
        and template.kind == "md"
        and template.extent != "time"
        and template.separator.strip() == ":"
    ):
        slips.append("unclosed")
    slips += ["small"] * (talk.style in ("full", "first"))
    at = rng.randrange(len(talk.turns) // 2, len(talk.turns))
    known = talk.turns[at].person in [turn.person for turn in talk.turns[:at]]
    return (at, rng.choice(slips)) if slips and known else (-1, "")


def _turn(
    rng: random.Random, template: Template, turn: Turn, draft: Draft, number: int, slip: str, seen: set[str]
) -> None:
    label = None
    if turn.person:
        label = turn.person.later if turn.person.name in seen else turn.person.first
        seen.add(turn.person.name)
        label = label.lower() if slip == "small" else label
    timed = template.order != "L" and (
        template.time_on == "each" or (template.time_on == "some" and (number == 0 or rng.random() < 0.4))
    )
    time, value = written_time(turn.start, turn.end, template.time_form) if timed else (None, None)
    blocks = template.blocks(label, time, list(turn.paragraphs), number + 1, slip)
    if len(blocks) > 2 and blocks[-1].kind == "p" and template.order != "T" and rng.random() < 0.04:
        draft.odd.add("a list in a turn")
        blocks[-2:] = [replace(block, kind="list") for block in blocks[-2:]]
    draft.blocks += blocks
    text = unmarked("\n".join(turn.paragraphs))
    if template.frame == "question":
        draft.said += [Said(None, unmarked(paragraph), None) for paragraph in turn.paragraphs]
        return
    draft.said.append(Said(turn.person and turn.person.name, text, value))


def _heading(
    rng: random.Random, template: Template, turn: Turn, draft: Draft, number: int, *, timed: bool
) -> None:
    if not turn.heading or template.frame in ("row", "heading"):
        return
    if not number and not draft.blocks:
        return  # what stands first of all is the title
    draft.odd.add("headings")
    title, time, value = turn.heading, "", None
    if turn.person and rng.random() < 0.03 and template.kind != "txt" and number:
        draft.odd.add("a name as a heading")
        title = turn.person.name
    if timed:
        written, value = written_time(turn.start, turn.end, "MM:SS")
        time = f"[{written}] " if rng.random() < 0.5 else f"({written}) "
    draft.blocks.append(plain(f"{time}{title}", "heading", 2))
    draft.chapters.append((title, value))


def _between(rng: random.Random, template: Template, talk: Conversation, draft: Draft) -> None:
    """Write a line that is nobody's: a sound, a note, an address."""
    kind = rng.choice(("event", "event", "note", "link"))
    if kind == "event":
        if template.label_brackets and template.rest != "same":
            return
        draft.odd.add("events")
        sound = rng.choice(talk.language.sounds)
        draft.blocks.append(plain(rng.choice(("[{}]", "({})", "♪ {} ♪")).format(sound)))
        draft.optional.append(sound)
    elif kind == "note":
        draft.odd.add("notes")
        note = f"Editor's note: {sentence(rng, talk.language, 8)}"
        draft.blocks.append(plain(f"({note})"))
        draft.optional.append(note)
    else:
        draft.odd.add("link lines")
        line = f"{rng.choice(('PR', 'Link', 'See'))}: https://example.org/{rng.randint(1, 99)}"
        draft.blocks.append(plain(line))
        draft.optional.append(line)


# --- below ------------------------------------------------------------------------------------------------------


def _behind(rng: random.Random, template: Template, talk: Conversation, draft: Draft, under: bool) -> None:
    """Write what stands below the turns, where a heading or a rule sets it apart."""
    if rng.random() > 0.1 or template.kind not in ("md", "html"):
        return
    draft.odd.add("text behind it")
    if under:
        draft.blocks.append(plain(rng.choice(("Links", "Comments", "Credits", "Show notes")), "heading", 2))
    elif template.kind == "md":
        draft.blocks.append(plain("---"))
    lines = ["Transcribed by Mo Falk.", "https://example.org/transcripts", "© 2024 Records Turn"]
    chosen = rng.sample(lines, rng.randint(1, 3))
    draft.blocks += [plain(line) for line in chosen]
    draft.optional += [*chosen, "Links", "Comments", "Credits", "Show notes"]
