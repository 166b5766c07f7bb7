"""Documents that look like transcripts and are none: nobody's speech was written down in them."""

from __future__ import annotations

import random
from collections.abc import Callable

from tests.corpus.third.document import Document
from tests.corpus.third.pen import Pen

Written = Callable[[Pen], list[str]]


def play(pen: Pen) -> list[str]:
    """Write a scene of a play: names in capitals, stage directions."""
    lines = [
        pen.title().upper(),
        "",
        f"ACT {pen.one('I', 'II', 'III')}, SCENE {pen.number(1, 6)}",
        "",
        f"A {pen.word()}. Night.",
    ]
    behind = pen.one(".", ":", "\n")
    for _ in pen.some(8, 30):
        lines += ["", f"{pen.name().upper()}{behind} {f'({pen.word()}) ' * (pen.number() < 30)}{pen.line(14)}"]
        if pen.number() < 15:
            lines += ["", f"[Enter {pen.name()}.]" if pen.number() < 50 else f"Exit {pen.name()}."]
    return lines


def chat(pen: Pen) -> list[str]:
    """Write an exported chat."""
    form = pen.one(
        "[{d}, {t}:{s:02}] {n}: {x}", "{d}, {t} - {n}: {x}", "{n}, [{d} {t}]\n{x}\n", "{n} — {d} {t}\n{x}\n"
    )
    return [
        form.format(d=pen.date(), t=pen.clock(), s=pen.number(0, 59), n=pen.name(), x=pen.line())
        for _ in pen.some()
    ]


def irc(pen: Pen) -> list[str]:
    """Write the log of a channel."""
    lines = [f"--- Log opened {pen.date()} {pen.clock()}"]
    form = pen.one("{t} <{n}> {x}", "[{t}] <@{n}> {x}", "{t}:{s:02} < {n}> {x}")
    for _ in pen.some(8, 40):
        nick = pen.name().split()[0].lower()
        if pen.number() < 15:
            lines.append(
                f"{pen.clock()} -!- {nick} [~{nick}@example.org] has {pen.one('joined', 'quit')} #records"
            )
        else:
            lines.append(form.format(t=pen.clock(), s=pen.number(0, 59), n=nick, x=pen.line()))
    return lines


def log(pen: Pen) -> list[str]:
    """Write the log of a program."""
    parts = [f"{pen.word()}.{pen.one('server', 'worker', 'db')}" for _ in range(4)]
    form = pen.one(
        "{d} {t}:{s:02},123 {l} {p}: {x}", "[{t}:{s:02}] {p}: {x}", "{l}: {x}", "{d}T{t}:{s:02}Z [{l}] {p} - {x}",
        "Nov {s} {t}:00 host {p}[{s}]: {x}",
    )  # fmt: skip
    return [
        form.format(
            d=pen.date(), t=pen.clock(), s=pen.number(10, 28), l=pen.one("INFO", "WARN", "ERROR", "DEBUG"),
            p=pen.rng.choice(parts), x=pen.one(f"request {pen.number()} took 12 ms", pen.line(6), "retry"),
        )
        for _ in pen.some(8, 60)
    ]  # fmt: skip


def source(pen: Pen) -> list[str]:
    """Write a program in one of several languages."""
    a, b, c = (
        f"{pen.one('get', 'set', 'make')}_{pen.one('record', 'needle', 'groove', 'box')}{n}" for n in range(3)
    )
    programs = (
        [
            "import os",
            "",
            *(
                f"def {x}(value: int) -> int:\n    # Note: {pen.line(5)}\n    return value + 1\n"
                for x in (a, b, c)
            ),
        ],
        ["const x = {", *(f"  {x}: '{pen.word()}'," for x in (a, b, c)), "};", f"function {a}(n) {{ return n; }}"],
        [
            "#include <stdio.h>",
            "",
            f"int {a}(int n) {{",
            "  switch (n) {",
            *(f"    case {n}: return {n};" for n in range(6)),
            "  }",
            "}",
        ],
        [
            "apiVersion: v1",
            "kind: Service",
            "metadata:",
            f"  name: {a}",
            "spec:",
            *(f"  - port: {n}\n    name: {b}" for n in range(5)),
        ],
        [f"SELECT {a}, {b}", "FROM records", f"WHERE {c} > 3 -- {pen.line(4)}", "GROUP BY 1;"],
        [".button {", *(f"  {x.replace('_', '-')}: {n}px;" for n, x in enumerate((a, b, c))), "}"],
    )
    return list(pen.rng.choice(programs)) * pen.number(1, 3)


def cv(pen: Pen) -> list[str]:
    """Write a curriculum vitae."""
    lines = [
        pen.name(),
        "",
        f"Email: {pen.word()}@example.org",
        f"Phone: +1 555 01{pen.number(10, 99)}",
        "Nationality: Dutch",
        "",
        "Experience",
        "",
    ]
    for _ in pen.some(3, 7):
        lines += [
            f"{pen.number(1990, 2010)} – {pen.number(2011, 2026)}: {pen.title()}, {pen.word()}",
            f"{pen.text(8, 25)}",
            "",
        ]
    return [*lines, f"Languages: {pen.word()}, {pen.word()}", f"Skills: {pen.title()}", "References: on request"]


def recipe(pen: Pen) -> list[str]:
    """Write a recipe."""
    lines = [
        f"# {pen.title()}",
        "",
        f"Serves: {pen.number(2, 8)}",
        f"Prep time: {pen.number(5, 50)} min",
        f"Cook time: 0:{pen.number(10, 59)}",
        "",
        "## Ingredients",
        "",
    ]
    lines += [f"- {pen.number(1, 500)} g {pen.word()}" for _ in pen.some(4, 10)]
    lines += ["", "## Method", ""]
    for number in pen.some(4, 9):
        lines += [f"{number + 1}. **{pen.title()}:** {pen.text(6, 25)}"]
    return lines


def minutes(pen: Pen) -> list[str]:
    """Write the minutes of a meeting: who reported what, in the third person."""
    lines = [
        f"Minutes of the meeting of {pen.date()}",
        "",
        f"Present: {', '.join(pen.names)}",
        f"Chair: {pen.name()}",
        "Apologies: none",
        "",
    ]
    for number in pen.some(3, 8):
        lines += [
            f"{number + 1}. {pen.title()}",
            "",
            f"{pen.name()} reported that {pen.text(10, 40)}",
            "",
            f"Action: {pen.name()} to {pen.title().lower()} by {pen.date()}.",
            "",
        ]
    return [*lines, f"Next meeting: {pen.date()}, {pen.clock()}"]


def faq(pen: Pen) -> list[str]:
    """Write questions and answers of a help page."""
    form = pen.one("## {q}?\n\n{a}\n", "**{q}?**\n\n{a}\n", "{q}?\n{a}\n", "Q: {q}?\nA: {a}\n")
    return [
        "# Frequently asked questions",
        "",
        *(form.format(q=pen.title(), a=pen.text(10, 40)) for _ in pen.some(4, 14)),
    ]


def readme(pen: Pen) -> list[str]:
    """Write the README of a program."""
    lines = [
        f"# {pen.word()}",
        "",
        pen.text(),
        "",
        "## Installation",
        "",
        "```",
        f"pip install {pen.word()}",
        "```",
        "",
        "## Usage",
        "",
    ]
    lines += [f"- `--{pen.word()}`: {pen.line()}" for _ in pen.some(4, 10)]
    return [*lines, "", "## License", "", f"**Note:** {pen.line()}", "", f"**Author:** {pen.name()}"]


def mail(pen: Pen) -> list[str]:
    """Write a thread of mails."""
    lines: list[str] = []
    for _ in pen.some(2, 6):
        lines += [
            f"From: {pen.name()} <{pen.word()}@example.org>",
            f"To: {pen.name()}",
            f"Date: {pen.date()} {pen.clock()}",
            f"Subject: Re: {pen.title()}",
            "",
        ]
        lines += [
            f"Hi {pen.name()},",
            "",
            pen.text(),
            "",
            f"> {pen.line()}",
            f"> {pen.line()}",
            "",
            f"On {pen.date()}, {pen.name()} wrote:",
            "",
            pen.name(),
            "",
        ]
    return lines


def bibliography(pen: Pen) -> list[str]:
    """Write a list of books and papers."""
    form = pen.one(
        "{n}. {t}. {p}: {w}, {y}.", "[{i}] {n}: {t}. In: {w} {i} ({y}), pp. {i}–{y}.", "{n} ({y}): {t}. {p}."
    )
    return [
        form.format(
            n=pen.name(),
            i=number + 1,
            t=pen.title(),
            p=pen.one("Oxford", "Berlin"),
            w=pen.word(),
            y=pen.number(1950, 2026),
        )
        for number in pen.some(6, 30)
    ]


def contract(pen: Pen) -> list[str]:
    """Write a contract."""
    lines = [
        "SERVICE AGREEMENT",
        "",
        f"between {pen.name()} (the “Client”) and {pen.name()} (the “Contractor”)",
        "",
    ]
    for number in pen.some(4, 12):
        lines += [
            f"{number + 1}. {pen.title().upper()}",
            f"{number + 1}.1 The Contractor: {pen.text(15, 50)}",
            f"{number + 1}.2 The Client: {pen.text(15, 50)}",
            "",
        ]
    return lines


def prices(pen: Pen) -> list[str]:
    """Write a price list."""
    form = pen.one(
        "{x}: {a}.{b:02} €", "| {x} | {a}.{b:02} |", "{x}\t{a},{b:02}", "{x} ..... {a}.{b:02}", "{a}:{b:02} {x}"
    )
    return [
        pen.title(),
        "",
        *(form.format(x=pen.title(), a=pen.number(1, 99), b=pen.number(0, 59)) for _ in pen.some(6, 30)),
    ]


def timetable(pen: Pen) -> list[str]:
    """Write a timetable or the programme of a day."""
    form = pen.one("{t} {x}", "{t} – {u} {x}", "{t}  {n}: {x}", "| {t} | {n} | {x} |", "{t} {x} ({n})")
    times = sorted(pen.clock() for _ in pen.some(6, 20))
    return [
        f"Programme, {pen.date()}",
        "",
        *(form.format(t=time, u=pen.clock(), n=pen.name(), x=pen.title()) for time in times),
    ]


def news(pen: Pen) -> list[str]:
    """Write an article with what people said in quotes."""
    lines = [f"# {pen.title()}", "", f"By {pen.name()}", ""]
    for _ in pen.some(5, 14):
        lines += [
            pen.one(
                f"“{pen.line()}” said {pen.name()}. {pen.text()}",
                pen.text(),
                f"{pen.name()} told us: “{pen.line()}”",
            ),
            "",
        ]
    return lines


def glossary(pen: Pen) -> list[str]:
    """Write terms and what they mean."""
    form = pen.one("{w}: {x}", "**{w}**: {x}", "**{w}:** {x}", "{w}\n:   {x}", "{w} – {x}")
    words = sorted({pen.word().capitalize() for _ in pen.some(8, 40)})
    return ["Glossary", "", *(form.format(w=word, x=pen.line(12)) + "\n" for word in words)]


def quiz(pen: Pen) -> list[str]:
    """Write a quiz."""
    lines = [f"# {pen.title()}", ""]
    for number in pen.some(4, 15):
        lines += [
            f"{number + 1}. {pen.title()}?",
            *(f"   {letter}) {pen.word()}" for letter in "abcd"),
            f"Answer: {pen.one('a', 'b', 'c', 'd')}",
            "",
        ]
    return lines


def lyrics(pen: Pen) -> list[str]:
    """Write a song."""
    lines = [pen.title(), f"by {pen.name()}", ""]
    chorus = [pen.title() for _ in range(4)]
    for number in pen.some(2, 5):
        lines += [f"[Verse {number + 1}]", *(pen.title() for _ in range(4)), "", "[Chorus]", *chorus, ""]
    return lines


def changelog(pen: Pen) -> list[str]:
    """Write what changed in a program."""
    lines = ["# Changelog", ""]
    for number in pen.some(3, 9):
        lines += [
            f"## [{9 - number}.{pen.number()}.0] - {pen.date()}",
            "",
            *(f"- **{pen.one('Fixed', 'Added', 'Changed')}:** {pen.line()}" for _ in pen.some(2, 6)),
            "",
        ]
    return lines


def settings(pen: Pen) -> list[str]:
    """Write a file of settings."""
    form = pen.one("{k}: {v}", "{k} = {v}", "{k}={v}", "  {k}: {v}  # Note: {x}")
    names = [
        f"{pen.one('max', 'min', 'default')}_{pen.one('records', 'needles', 'groove')}_{n}"
        for n in pen.some(6, 30)
    ]
    return [
        f"[{pen.one('server', 'client')}]",
        *(form.format(k=name, v=pen.number(), x=pen.line(4)) for name in names),
    ]


KINDS: tuple[Written, ...] = (
    play, chat, irc, log, source, cv, recipe, minutes, faq, readme, mail, bibliography, contract, prices,
    timetable, news, glossary, quiz, lyrics, changelog, settings,
)  # fmt: skip


def stranger(rng: random.Random, number: int) -> Document:
    """Return the document of that number: the kinds take turns."""
    write = KINDS[number % len(KINDS)]
    pen = Pen(rng)
    text = "\n".join(write(pen)) + "\n"
    kind = "md" if write in (recipe, faq, readme, news, quiz, changelog) else "txt"
    name = f"{write.__name__} · {pen.language.code}"
    return Document(name, write.__name__, kind, text.encode(), (), parts=(("kind", write.__name__),))
