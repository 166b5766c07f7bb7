"""Templates made at random: how a document marks who speaks, from when, and where the words begin."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from tests.corpus.third.blocks import Block, Span, Style, said_spans, write
from tests.corpus.third.speech import unmarked

BRACKETS = ("[]", "()", "<>", "{}", "【】", "«»")
TIMES = {
    "M:SS": 20,
    "MM:SS": 26,
    "H:MM:SS": 14,
    "HH:MM:SS": 26,
    "HH:MM:SS.mmm": 5,
    "HH:MM:SS,mmm": 2,
    "MM:SS - MM:SS": 4,
    "HH:MM:SS --> HH:MM:SS": 2,
    "HH:MM:SS.mmm --> HH:MM:SS.mmm": 2,
    "0m12s": 2,
    "S.ss --> S.ss": 2,  # seconds, as Whisper prints them
}


@dataclass(frozen=True)
class Template:
    """How a turn is written.

    order     "L", "TL", "LT", "L T" (the time at the end of the line), "T" (nobody is named)
    extent    what the mark holds: "label", "label:" with the separator, "head" all before the words, "time"
    rest      where the words begin: on the "same" line, the "next", behind a "gap"
    frame     "line", "row" of a table, "pair" of elements, "heading", "list", "number", "quote", "chevron",
              "question" (in bold, nobody is named)
    time_on   "each" turn, "some" turns, "none"
    """

    kind: str
    order: str
    mark: str
    extent: str
    label_brackets: str
    time_brackets: str
    joint: str
    separator: str
    rest: str
    frame: str
    time_form: str
    time_on: str
    loose: bool
    underscores: bool = False
    each_cue: bool = False

    @property
    def id(self) -> str:
        """The kind and the form, with what else tells it from others of the form."""
        more = " in each cue" * self.each_cue + " tight" * (not self.loose) + " some" * (self.time_on == "some")
        return f"{self.kind} {self.form}{more}"

    @property
    def form(self) -> str:
        """The form as a document shows it, in Markdown but for HTML: L, T and R are label, time and words."""
        if self.kind in ("vtt", "srt"):
            return "<v L>R" if self.frame == "voice" else self._caption
        blocks = self.blocks("L", "T", ["Q?", "R"] if self.frame == "question" else ["R"], 1)
        text = write("html" if self.kind == "html" else "md", blocks, self.style)
        return text.strip("\n").replace("\n", "⏎").replace("\t", "⇥")

    @property
    def _caption(self) -> str:
        head = "".join(text for text, _ in self.head("L", None, ""))
        return f"{'- ' * (self.frame == 'list')}{head.strip()}{'⏎' if self.rest == 'next' else ' '}R"

    @property
    def style(self) -> Style:
        """The marks of Markdown that this template uses."""
        return Style("__" if self.underscores else "**", "_" if self.underscores else "*")

    @property
    def is_strong(self) -> bool:
        """Check whether marks, brackets or times show a label, whatever its words."""
        return bool(
            (self.mark and self.extent != "time")
            or self.label_brackets
            or self.frame in ("row", "pair", "heading")
        ) or (self.order in ("TL", "LT") and self.time_on == "each")

    @property
    def is_bare(self) -> bool:
        """Check whether a label is a line without any mark, stop or time."""
        return not self.is_strong and not self.separator.strip()

    def blocks(
        self, label: str | None, time: str | None, paragraphs: list[str], number: int, slip: str = ""
    ) -> list[Block]:
        """Return a turn as blocks."""
        if self.frame == "row":
            cells: dict[str, Span] = {"T": (time or "", ""), "L": (label or "", self.mark)}
            order = ["T", "L"] if self.order == "TL" else ["L", "T"] if self.order == "LT" else ["L"]
            return [
                Block((*(cells[key] for key in order), (unmarked(" ".join(paragraphs)), "")), "row", loose=False)
            ]
        if self.frame == "question":
            return [
                Block(((unmarked(paragraphs[0]), "b"),)),
                *(Block(tuple(said_spans(text))) for text in paragraphs[1:]),
            ]
        head = self.head(label, time, slip)
        if self.rest == "gap" or self.frame in ("pair", "heading"):
            first, others = Block(tuple(head), *self._own_kind(number), loose=True), paragraphs
            kind = {"dt": "dd", "speaker": "words"}.get(first.kind, "p")
            return [first, *(Block(tuple(said_spans(text)), kind) for text in others)]
        between = "" if not head else "\n" if self.rest == "next" else self._space(slip)
        spans = (*head, *([(between, "")] if between else []), *said_spans(paragraphs[0]))
        if self.order == "L T" and time:
            spans = (*spans, (" " + self._in_brackets(time, self.time_brackets), ""))
        kind = {"chevron": "p", "line": "p"}.get(self.frame, self.frame)
        rest = [Block(tuple(said_spans(text)), loose=self.loose) for text in paragraphs[1:]]
        return [Block(spans, kind, number, self.loose), *rest]

    def _space(self, slip: str) -> str:
        if slip == "lost space" or self.separator[-1:] in ("\t", " ", "："):
            return ""
        return "  " if slip == "doubled space" else " "

    def _own_kind(self, number: int) -> tuple[str, int]:
        if self.frame == "pair":
            return ("dt" if self.mark != "span" else "speaker"), 0
        if self.frame == "heading":
            return "heading", 3
        return {"chevron": "p", "line": "p"}.get(self.frame, self.frame), number

    def _in_brackets(self, text: str, brackets: str) -> str:
        return brackets[:1] + text + brackets[1:]

    def head(self, label: str | None, time: str | None, slip: str) -> list[Span]:
        """Return what stands before the words: label and time with their marks and what parts them."""
        shown_label = self._in_brackets(label, self.label_brackets) if label and "L" in self.order else ""
        timed = time and self.order in ("TL", "LT", "T")
        shown_time = self._in_brackets(time or "", self.time_brackets) if timed else ""
        separator = "" if slip == "no separator" else self.separator
        mark = "open" if slip == "unclosed" and self.mark == "b" else self.mark
        extent = self.extent
        if slip == "half":
            extent = "label" if extent == "label:" else "label:"
        if self.frame == "heading":
            mark = ""
        if extent == "head":
            both = [shown_label, shown_time] if self.order == "LT" else [shown_time, shown_label]
            head: list[Span] = [(self.joint.join(filter(None, both)) + separator.rstrip(), mark)]
            head += [(separator[len(separator.rstrip()) :], "")] if separator.strip() != separator else []
        else:
            head = self._parted(shown_label, shown_time, separator, mark, extent)
        chevron: list[Span] = [(">> ", "")] if self.frame == "chevron" else []
        return chevron + [span for span in head if span[0]]

    def _parted(self, label: str, time: str, separator: str, mark: str, extent: str) -> list[Span]:
        label_mark, time_mark = ("", mark) if extent == "time" else (mark, "")
        if self.order == "LT" and time:
            tail: list[Span] = [(self.joint, ""), (time, time_mark), (separator, "")]
            return [(label, label_mark), *tail]
        lead: list[Span] = [(time, time_mark), (self.joint if label else "", "")] if time else []
        if not label:
            return [*lead, (separator if time else "", "")]
        if extent == "label:" and separator.strip():
            tight = separator.rstrip()
            return [*lead, (label + tight, label_mark), (separator[len(tight) :], "")]
        return [*lead, (label, label_mark), (separator, "")]


def random_template(rng: random.Random) -> Template:
    """Return a template that a careful reader can read."""
    while True:
        template = _any_template(rng)
        if _is_readable(template):
            return template


def question_template(rng: random.Random) -> Template:
    """Return the form of questions in bold with their answers below."""
    kind = rng.choice(("md", "md", "html", "docx"))
    return Template(kind, "T", "b", "head", "", "", " ", "", "gap", "question", "M:SS", "none", loose=True)


def _any_template(rng: random.Random) -> Template:
    kind = rng.choices(("txt", "md", "html", "docx"), (34, 36, 22, 8))[0]
    order = rng.choices(("L", "TL", "LT", "L T", "T"), (46, 24, 20, 3, 6))[0]
    frame = _frame(rng, kind)
    mark = "" if kind == "txt" else rng.choices(_MARKS[kind], _MARK_WEIGHTS)[0]
    extent = rng.choices(("label", "label:", "head", "time"), (25, 35, 35, 5))[0] if mark else "label"
    rest = rng.choices(("same", "next", "gap"), (60, 20, 20))[0]
    timed = order != "L"
    template = Template(
        kind=kind,
        order=order,
        mark=mark,
        extent=extent,
        label_brackets=rng.choice(BRACKETS[:1] * 4 + BRACKETS) if rng.random() < 0.12 and order != "T" else "",
        time_brackets=rng.choice(BRACKETS[:1] * 6 + BRACKETS[1:2] * 6 + BRACKETS)
        if timed and rng.random() < 0.65
        else "",
        joint=_joint(rng, order),
        separator=_separator(rng, order, rest),
        rest=rest,
        frame=frame,
        time_form=rng.choices(list(TIMES), list(TIMES.values()))[0],
        time_on=("each" if rng.random() < 0.8 or order == "T" else "some") if timed else "none",
        loose=rng.random() < 0.75 or rest != "same",
        underscores=kind == "md" and rng.random() < 0.12,
    )
    return replace(template, **_of_frame(template, rng))


_MARKS = {
    "md": ("", "b", "i", "bi", "code"),
    "html": ("", "b", "i", "cite", "span"),
    "docx": ("", "b", "i", "bi", "b"),
}
_MARK_WEIGHTS = (24, 58, 8, 5, 5)


def _frame(rng: random.Random, kind: str) -> str:
    frames = {
        "txt": {"line": 80, "chevron": 5, "number": 2, "quote": 2, "list": 4, "row": 3},
        "md": {"line": 66, "heading": 8, "list": 6, "number": 4, "quote": 5, "row": 6},
        "html": {"line": 58, "heading": 10, "pair": 16, "row": 10, "list": 3, "quote": 3},
        "docx": {"line": 92, "heading": 8},
    }[kind]
    return rng.choices(list(frames), list(frames.values()))[0]


def _joint(rng: random.Random, order: str) -> str:
    if order == "LT":
        return rng.choices((" ", ", ", " - ", " – ", ": ", "  ", "\t", " | "), (60, 6, 5, 8, 8, 5, 3, 3))[0]
    return rng.choices((" ", " - ", "\t", " | ", ": ", " – "), (74, 7, 5, 3, 3, 5))[0]


def _separator(rng: random.Random, order: str, rest: str) -> str:
    if rest != "same":
        return rng.choices(("", ":", " -", " –"), (48, 48, 2, 2))[0]
    if order == "T":
        return rng.choices(("", ":", " - ", " – ", "\t"), (70, 8, 8, 6, 8))[0]
    return rng.choices(
        (":", "", " - ", " – ", " | ", "\t", ". ", " >", "：", " — ", ";"),
        (60, 12, 5, 6, 3, 4, 3, 2, 4, 3, 1),
    )[0]


def _of_frame(template: Template, rng: random.Random) -> dict[str, object]:
    """Return what the frame of a template decides."""
    if template.frame == "row":
        order = rng.choice(("TL", "TL", "L", "LT"))
        return {
            "order": order,
            "extent": "label",
            "rest": "same",
            "loose": False,
            "separator": "",
            "joint": " ",
            "label_brackets": "",
            "time_on": "none" if order == "L" else "each",
        }
    if template.frame in ("pair", "heading"):
        order = "L" if template.order in ("L T", "T") else template.order
        separator = template.separator if template.separator in ("", ":") else ""
        return {"rest": "gap", "loose": True, "order": order, "separator": separator}
    if template.kind in ("html", "docx"):
        return {"loose": True}
    return {}


def _is_readable(template: Template) -> bool:
    """Check whether the parts of a template go together."""
    t = template
    bare = not (t.mark and t.extent in ("label", "label:", "head")) and not t.label_brackets
    checks = (
        t.order != "L T" or t.rest == "same",
        t.order != "T"
        or (t.frame in ("line", "row") and not t.label_brackets and (not t.mark or t.extent == "head")),
        t.extent != "time" or t.order in ("TL", "LT"),
        t.kind != "md" or "<>" not in (t.label_brackets, t.time_brackets),
        # Without anything behind it a label on the line of the words must be marked.
        t.frame == "row"
        or t.separator.strip()
        or t.separator == "\t"
        or t.rest != "same"
        or not bare
        or t.order == "T"
        or (t.order == "LT" and bool(t.time_brackets) and t.time_on == "each"),
        # A time without brackets must not run into the words.
        t.frame == "row"
        or t.order != "LT"
        or bool(t.time_brackets)
        or t.rest != "same"
        or bool(t.separator.strip()),
        t.separator != ". " or (t.order == "L" and t.frame == "line" and bare),
        t.frame != "number" or (t.order == "L" and t.rest == "same" and bool(t.separator.strip())),
        t.frame != "chevron" or (t.order == "L" and t.rest == "same" and t.separator in (":", " - ")),
        t.frame not in ("list", "quote") or t.rest != "gap",
        t.frame != "quote" or t.rest == "same",
        t.frame in ("row", "pair", "heading") or t.rest != "gap" or t.loose,
        # An ordinary joint stands between a time in brackets and a label.
        t.order != "TL" or t.joint != ": " or not t.time_brackets,
        "".join((t.joint, t.separator)).count(" | ") < 2,
        not t.time_form.startswith("S.") or bool(t.time_brackets),
    )
    return all(checks)


def written_time(seconds: float, end: float, form: str) -> tuple[str, float]:
    """Return a time, or a range, as a form writes it, and the seconds that it then says."""
    if form == "S.ss":
        return f"{seconds:.2f}", round(seconds, 2)
    if form == "0m12s":
        return f"{int(seconds) // 60}m{int(seconds) % 60:02}s", float(int(seconds))
    if " - " in form or " --> " in form:
        between = " - " if " - " in form else " --> "
        single = form.partition(between)[0]
        first, value = written_time(seconds, end, single)
        return f"{first}{between}{written_time(end, end, single)[0]}", value
    if "mmm" in form:
        whole, thousandths = divmod(round(seconds * 1000), 1000)
        return f"{_clock(whole, 'HH:MM:SS')}{form[8]}{thousandths:03}", round(whole + thousandths / 1000, 3)
    return _clock(int(seconds), form), float(int(seconds))


def _clock(seconds: int, form: str) -> str:
    hours, rest = divmod(seconds, 3600)
    minutes, left = divmod(rest, 60)
    if form == "HH:MM:SS":
        return f"{hours:02}:{minutes:02}:{left:02}"
    if form == "H:MM:SS" or hours:
        return f"{hours}:{minutes:02}:{left:02}"
    return f"{minutes:02}:{left:02}" if form == "MM:SS" else f"{minutes}:{left:02}"
