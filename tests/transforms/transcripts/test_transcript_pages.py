"""Saved web pages: one template for each way in which publishers mark up who speaks, and laws that hold for all.

All is made up here; only how pages are built is as it was met. Whole pages with a trap each: `golden/webpage`.
"""

from __future__ import annotations

import time
from contextlib import suppress

import pytest

from transforms.errors import ContentError
from transforms.transcripts import explain, read
from transforms.transcripts.assemble import Published

ASKS = "Why does a record turn, and who found out that it has to?"
SAYS = "It turns because it is round. Somebody tried a square one, and the needle fell off."
MORE = "That was in the shop of my aunt, who sold radios and never a record."
ENDS = "So that is that. We will talk about the needle another time."
TALK = (("Ann Lee", ASKS), ("Bob Ray", SAYS), ("Ann Lee", "I see."), ("Bob Ray", MORE), ("Ann Lee", ENDS))

NAVIGATION = '<nav><ul><li><a href="/">Home</a></li><li><a href="/shop">Shop</a></li></ul></nav>'
COMMENTS = (
    '<div id="comments" class="comments-area"><h2>2 thoughts on “Why a record turns”</h2><ol class="comment-list">'
    "<li><cite>Maria</cite> says: <p>Lovely: all of it.</p></li>"
    "<li><cite>joe77</cite> says: <p>Ann: come back!</p>"
    "</li></ol><form><label>Leave a comment</label><button>Post comment</button></form></div>"
)
FOOTER = "<footer><p>© 2025 The Long Groove</p></footer>"


def page(body: str, head: str = "<title>Why a record turns</title>") -> bytes:
    """Set a body into a whole page."""
    return f"<!DOCTYPE html><html lang='en'><head>{head}</head><body>{body}</body></html>".encode()


def around(body: str) -> bytes:
    """Set a transcript among what stands on a publisher's page."""
    return page(f"{NAVIGATION}<main><h1>Why a record turns</h1><h2>Transcript</h2>{body}</main>{COMMENTS}{FOOTER}")


def said(published: Published) -> tuple[tuple[str | None, str], ...]:
    """Return who says what."""
    return tuple((turn.speaker, turn.text) for turn in published.turns)


def titles(published: Published) -> list[tuple[str, float | None]]:
    """Return the chapters."""
    return [(chapter.title, chapter.start_time) for chapter in published.chapters]


def written(turn: str, talk: tuple[tuple[str, str], ...] = TALK) -> str:
    """Write a talk, each turn in the same way; `{t}` is a clock that goes on."""
    return "\n".join(
        turn.format(name=name, text=text, t=f"00:0{i}:00", s=i * 60) for i, (name, text) in enumerate(talk)
    )


UNTIMED = {
    "strong with the colon": "<p><strong>{name}:</strong> {text}</p>",
    "colon behind the bold": "<p><b>{name}</b>: {text}</p>",
    "bold in a span": '<p><span style="color: red"><strong>{name}:&nbsp;</strong></span><span>{text}</span></p>',
    "bold by style": '<p><span style="font-weight: 700">{name}:</span> {text}</p>',
    "bold, then a new line": "<p><b>{name}</b><br>{text}</p>",
    "bold by halves": "<p><b>{name}</b><b>: </b>{text}</p>",
    "heading": "<h4>{name}</h4><p>{text}</p>",
    "heading with a link": '<h3><a href="#x">{name}</a></h3><p>{text}</p>',
    "bold on its own line": "<p><strong>{name}</strong></p><p>{text}</p>",
    "div with a class": '<div class="speaker">{name}</div><div class="words">{text}</div>',
    "class without a gap": '<div><span class="speaker-name">{name}</span><span class="words">{text}</span></div>',
    "list of definitions": "<dl><dt>{name}</dt><dd>{text}</dd></dl>",
    "cells": "<table><tr><td>{name}</td><td>{text}</td></tr></table>",
    "attribute": '<p data-speaker="{name}">{text}</p>',
    "cite": "<div><cite>{name}:</cite><p>{text}</p></div>",
    "list": "<ul><li><b>{name}:</b> {text}</li></ul>",
    "italic": "<p><em>{name}:</em> {text}</p>",
    "class of a paragraph": "<p class='speaker'>{name}</p><p class='words'>{text}</p>",
    "head of a row": "<table><tr><th>{name}</th><td>{text}</td></tr></table>",
    "figure": "<figure><figcaption>{name}</figcaption><blockquote>{text}</blockquote></figure>",
    "linked name": "<p><a href='/x'>{name}</a>: {text}</p>",
    "picture and name": "<div><img alt='{name}'><div class='name'>{name}</div><div>{text}</div></div>",
    "elements of its own": "<x-turn><x-name>{name}</x-name><x-text>{text}</x-text></x-turn>",
    "nothing between": "<div class='b'><strong>{name}</strong>{text}</div>",
    "role in the bold": "<p><strong>{name}, host:</strong> {text}</p>",
    "note marks": "<p><b>{name}:</b> {text}<sup><a href='#n'>1</a></sup></p>",
    "button": '<div><button class="speaker">{name}</button><p>{text}</p></div>',
}
TIMED = {
    "name, time and text in spans": (
        '<div class="ts-segment"><span class="ts-name">{name}</span><span class="ts-timestamp"><a href="https://'
        'youtube.com/watch?v=abc&amp;t={s}">({t})</a></span> <span class="ts-text">{text}</span></div>'
    ),
    "spans without a gap": '<div><span class="name">{name}</span><span class="time">{t}</span><p>{text}</p></div>',
    "rows of divs": "<div class='row'><div><div>{name}</div><div>{t}</div></div><div><p>{text}</p></div></div>",
    "time before bold": '<p><a href="#t={s}">[{t}]</a> <strong>{name}:</strong> {text}</p>',
    "time behind bold": "<p><strong>{name}</strong> ({t})</p><p>{text}</p>",
    "time in a button": '<p><button class="stamp">{t}</button> <b>{name}:</b> {text}</p>',
    "linked time": '<p>{name} (<a href="https://x.test/?ts={s}">{t}</a>):<br>{text}</p>',
    "cells with times": "<table><tr><td>{t}</td><td><b>{name}</b></td><td>{text}</td></tr></table>",
    "cite and time": "<div><cite>{name}:</cite><time>{t}</time><p>{text}</p></div>",
    "time behind, colon last": "<p><strong>{name}</strong> [{t}]: {text}</p>",
    "time behind the colon": "<p><strong>{name}: </strong>[{t}] {text}</p>",
    "time, dash, name": "<p><span class='timecode'>[{t}.000]</span> - {name}</p><p>{text}</p>",
    "table with a head": (
        "<table><thead><tr><th>Time</th><th>Speaker</th><th>Text</th></tr></thead>"
        "<tr><td>{t}</td><td>{name}</td><td>{text}</td></tr></table>"
    ),
    "list of spans": "<li><span class='t'>{t}</span> <span class='s'>{name}</span> <span>{text}</span></li>",
    "plain spans": "<div><span>{name}</span><span>{t}</span></div><div>{text}</div>",
    "button between": "<div><b>{name}</b> <button>Copy link</button> <span>{t}</span><p>{text}</p></div>",
    "stated duration": "<p><time datetime='PT{s}S'>{t}</time> <cite>{name}</cite> <q>{text}</q></p>",
    "heading with a time": "<h4>{name} <small>{t}</small></h4><p>{text}</p>",
    "time in an attribute": '<h4>{name}</h4><p begin="{t}.00">{text}</p>',
    "name and time in one cell": "<table><tr><td>{name}<br>{t}</td><td>{text}</td></tr></table>",
}

TEMPLATES = UNTIMED | TIMED


@pytest.mark.parametrize("turn", UNTIMED.values(), ids=UNTIMED.keys())
def test_each_way_to_mark_who_speaks(turn: str):
    """Each gives the same turns; comments and navigation are in none."""
    assert said(read(around(written(turn)))) == TALK


@pytest.mark.parametrize("turn", TIMED.values(), ids=TIMED.keys())
def test_each_way_to_mark_when(turn: str):
    """Each gives the same turns and their times."""
    published = read(around(written(turn)))
    assert said(published) == TALK
    assert [turn.start_time for turn in published.turns] == [0, 60, 120, 180, 240]


@pytest.mark.parametrize("turn", TEMPLATES.values(), ids=TEMPLATES.keys())
def test_who_speaks_once_is_known_by_the_markup(turn: str):
    """Among names that come again one that comes once is a name, also without a family name."""
    talk = (*TALK, ("Solveig", SAYS), *TALK[:2])
    assert said(read(around(written(turn, talk)))) == talk


UNCASED = (
    (("سارة العلي", "نور"), "النص الكامل"),
    (("דנה כהן", "מיכל"), "תמלול"),
    (("李华", "陈静怡"), "文字稿"),
)


@pytest.mark.parametrize("turn", TEMPLATES.values(), ids=TEMPLATES.keys())
def test_scripts_without_capitals(turn: str):
    """Arabic, Hebrew and Chinese names are known by the markup; the heading above is no chapter."""
    for names, heading in UNCASED:
        talk = tuple((names[i % 2], text) for i, (_, text) in enumerate(TALK))
        body = f"<main><h1>Why a record turns</h1><h2>{heading}</h2>{written(turn, talk)}</main>"
        published = read(page(NAVIGATION + body + COMMENTS))
        assert (said(published), titles(published)) == (talk, [])


def test_every_word_is_accounted_for():
    """Each word of the page that is shown is in exactly one piece."""
    body = "<p>Alpha beta.</p>" + written(UNTIMED["strong with the colon"]) + "<div class='bio'>Gamma delta.</div>"
    published, draft = explain(around(body))
    del published
    words = " ".join(piece.text for piece in draft.pieces).split()
    for word in ("Alpha", "beta.", "Gamma", "delta.", "Shop", "Maria", "joe77", "Lovely:", "©", "needle"):
        assert words.count(word) == sum(word in text.split() for _, text in TALK) or words.count(word) == 1, word


HEADED = written(TEMPLATES["heading"])
HOSTILE = {
    "deep": page("<div>" * 50_000 + "Ann: why?" + "</div>" * 50_000 + HEADED * 4),
    "deep inline": page("<b>" * 50_000 + HEADED * 4),
    "many tags in one block": page(HEADED * 4 + "<p>" + "<i>a</i><b>b</b>" * 100_000 + "</p>"),
    "many turns": page("<p><b>Ann:</b> so</p><p><b>Bob:</b> no</p>" * 10_000),
    "many names": page("".join(f"<p>Bo{i:x}b Ray: so {i}</p>" for i in range(15_000))),
    "nested speakers": page("<p data-speaker='Ann'>" * 20_000 + "x"),
    "nested buttons": page("<button>" * 20_000 + "x" + HEADED),
}


@pytest.mark.system
@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_pages_do_not_hang(data: bytes):
    """None hangs or crashes: what grows with the square of the length would take minutes."""
    begun = time.process_time()
    with suppress(ContentError):
        read(data)
    assert time.process_time() - begun < 15 * max(len(data) / 1e6, 1)
