"""Saved web pages: one small page for each way in which publishers mark up who speaks, and for each trap.

All pages are made up here; only how they are built is as it was met.
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
    """Give who says what."""
    return tuple((turn.speaker, turn.text) for turn in published.turns)


def titles(published: Published) -> list[tuple[str, float | None]]:
    """Give the chapters."""
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


@pytest.mark.parametrize("turn", [*UNTIMED.values(), *TIMED.values()], ids=[*UNTIMED, *TIMED])
def test_who_speaks_once_is_known_by_the_markup(turn: str):
    """Among names that come again one that comes once is a name, also without a family name."""
    talk = (*TALK, ("Solveig", SAYS), *TALK[:2])
    assert said(read(around(written(turn, talk)))) == talk


UNCASED = (
    (("سارة العلي", "نور"), "النص الكامل"),
    (("דנה כהן", "מיכל"), "תמלול"),
    (("李华", "陈静怡"), "文字稿"),
)


@pytest.mark.parametrize("turn", [*UNTIMED.values(), *TIMED.values()], ids=[*UNTIMED, *TIMED])
def test_scripts_without_capitals(turn: str):
    """Arabic, Hebrew and Chinese names are known by the markup; the heading above is no chapter."""
    for names, heading in UNCASED:
        talk = tuple((names[i % 2], text) for i, (_, text) in enumerate(TALK))
        body = f"<main><h1>Why a record turns</h1><h2>{heading}</h2>{written(turn, talk)}</main>"
        published = read(page(NAVIGATION + body + COMMENTS))
        assert (said(published), titles(published)) == (talk, [])


def test_broadcaster():
    """In capitals with what they do, later by the family name; a guest who is heard once."""
    body = (
        "<p>ANN LEE, HOST:</p><p>Why does a record turn? Cy Poe asked.</p>"
        "<p>(SOUNDBITE OF MUSIC)</p>"
        "<p>CY POE, BYLINE: I went to a shop that sells them.</p>"
        "<p>UNIDENTIFIED PERSON: (Laughter) We close at five.</p>"
        "<p>POE: It was ten past.</p><p>LEE: And then?</p><p>POE: I came back.</p>"
        "<p>LEE: Cy Poe, thank you.</p>"
    )
    assert said(read(around(f'<div class="storytext">{body}</div>'))) == (
        ("ANN LEE", "Why does a record turn? Cy Poe asked."),
        ("CY POE", "I went to a shop that sells them."),
        ("UNIDENTIFIED PERSON", "We close at five."),
        ("CY POE", "It was ten past."),
        ("ANN LEE", "And then?"),
        ("CY POE", "I came back."),
        ("ANN LEE", "Cy Poe, thank you."),
    )


def test_acts_of_a_radio_show():
    """Acts under headings of a higher level are chapters; who speaks is in a lower one, of whatever class."""
    body = (
        '<div class="act" id="a0"><h3>Prologue</h3><div class="act-inner">'
        '<div class="host"><h4>Ann Lee</h4><p begin="00:00:01.20">Why does a record turn?</p>'
        '<p begin="00:00:09.00">I asked around.</p></div>'
        '<div class="subject"><h4>Bob Ray</h4><p begin="00:00:15.50">It is round.</p></div></div></div>'
        '<div class="act" id="a1"><h3>Act One: The Motor</h3><div class="act-inner">'
        '<div class="host"><h4>Ann Lee</h4><p begin="00:01:00.00">And the motor?</p></div>'
        '<div class="interviewer"><h4>Woman</h4><p begin="00:01:04.00">It hums.</p></div>'
        '<div class="subject"><h4>Bob Ray</h4><p begin="00:01:10.00">It turns.</p></div></div></div>'
    )
    published = read(around(body))
    assert said(published) == (
        ("Ann Lee", "Why does a record turn?\nI asked around."),
        ("Bob Ray", "It is round."),
        ("Ann Lee", "And the motor?"),
        ("Woman", "It hums."),
        ("Bob Ray", "It turns."),
    )
    assert [turn.start_time for turn in published.turns] == [1.2, 15.5, 60.0, 64.0, 70.0]
    assert [title for title, _ in titles(published)] == ["Prologue", "Act One: The Motor"]


def test_headings_with_times_are_chapters():
    """Headings with a time in brackets, listed once above and once in place; paragraphs go on without a name."""
    body = (
        '<div class="toc"><ul><li><a href="#a">The shape [00:00:10]</a></li>'
        '<li><a href="#b">The motor [00:05:00]</a>'
        "</li></ul></div>"
        '<h3 id="a">The shape <a href="#a">[00:00:10]</a></h3>'
        "<p><strong>Ann Lee:</strong> Why does a record turn?</p><p>And I also want to stress this: it must.</p>"
        "<p><strong>Bob Ray:</strong> It is round.</p>"
        '<h3 id="b">The motor <a href="#b">[00:05:00]</a></h3>'
        "<p><strong>Ann Lee:</strong> And the motor?</p><p><strong>Bob Ray:</strong> It turns:</p>"
        "<blockquote><p>Round and round.</p></blockquote><p>So they say.</p>"
        "<p><strong>Ann Lee:</strong> Thank you.</p>"
    )
    published = read(around(body))
    assert said(published) == (
        ("Ann Lee", "Why does a record turn?\nAnd I also want to stress this: it must."),
        ("Bob Ray", "It is round."),
        ("Ann Lee", "And the motor?"),
        ("Bob Ray", "It turns:\nRound and round.\nSo they say."),
        ("Ann Lee", "Thank you."),
    )
    assert titles(published) == [("The shape", 10.0), ("The motor", 300.0)]


def test_several_names_in_one_cell():
    """A table of times and text, where each new speaker is bold within the cell."""
    body = (
        "<table><tr><td>0:33</td><td><b>Intro.</b> [Recorded in May.] <b>Ann Lee:</b> Why does a record turn? "
        "<b>Bob Ray:</b> It is round. <b>Ann Lee:</b> I see.</td></tr>"
        "<tr><td>4:10</td><td><b>Ann Lee:</b> And the motor? <b>Bob Ray:</b> It turns.</td></tr></table>"
    )
    published = read(around(body))
    assert [turn.speaker for turn in published.turns] == ["Ann Lee", "Bob Ray", "Ann Lee", "Bob Ray"]
    assert "Ann Lee:" not in " ".join(turn.text for turn in published.turns)
    assert published.turns[1].text == "It is round."


def test_names_are_short_for_who_is_named_above():
    """Family names in capitals; the first label in full."""
    body = (
        "<p><strong>ANN LEE:</strong> Today I have Bob Ray with me. Welcome.</p>"
        "<p><strong>BOB RAY:</strong> Hello.</p>"
        "<p><strong>LEE:</strong> Why does a record turn?</p><p><strong>RAY:</strong> It is round.</p>"
    )
    assert [name for name, _ in said(read(around(body)))] == ["ANN LEE", "BOB RAY", "ANN LEE", "BOB RAY"]


def test_bold_questions():
    """A bold line right above a label is a heading; bold words in the text are words."""
    body = (
        "<p><strong>The shape of it</strong></p><p><strong>Ann Lee:</strong> Why does a record turn?</p>"
        "<p><strong>Bob Ray:</strong> It is round.</p><p><strong>Really</strong> round, I mean.</p>"
        "<p><strong>Warner Music</strong></p><p><strong>Ann Lee:</strong> And the motor?</p>"
        "<p><strong>Bob Ray:</strong> It turns.</p><p><strong>Ann Lee:</strong> I see.</p>"
    )
    published = read(around(body))
    assert said(published)[1] == ("Bob Ray", "It is round.\nReally round, I mean.")
    assert len(published.turns) == 5
    assert [title for title, _ in titles(published)] == ["The shape of it", "Warner Music"]


def test_what_looks_like_a_label_but_is_not_marked():
    """Where the names are bold, a plain beginning with a colon is speech."""
    talk = (*TALK, ("Bob Ray", "Rule One: never stop it. Rule Two: never start it."), ("Ann Lee", "Right."))
    lines = written("<p><strong>{name}:</strong> {text}</p>", talk)
    body = lines.replace(
        "<strong>Ann Lee:</strong> I see.", "<strong>Ann Lee:</strong> I see.</p><p>Rule One: stop."
    )
    published = read(around(body))
    assert {turn.speaker for turn in published.turns} == {"Ann Lee", "Bob Ray"}
    assert published.turns[2].text == "I see.\nRule One: stop."


def test_the_end_of_the_transcript():
    """What stands behind it in elements of another kind, or below a heading, is no longer said."""
    behind = (
        "<div class='bio'><p>Ann Lee makes The Long Groove.</p></div>",
        "<h2>About our guest</h2><p>Bob Ray repairs what turns.</p>",
        "<h2>Where to find Bob</h2><ul><li>His shop</li></ul>",
        "<section class='wp-block-latest'><div>Why a needle scratches</div></section>",
        "<p>© 2025 The Long Groove. All rights reserved.</p>",
    )
    for text in behind:
        published, draft = explain(around(written(UNTIMED["strong with the colon"]) + text))
        assert said(published) == TALK, text
        assert any(piece.kind == "dropped" and piece.name == "behind the transcript" for piece in draft.pieces)


def test_the_last_turn_keeps_its_paragraphs():
    """What is made like the turns before it is the last speaker's."""
    turns = written("<p><b>{name}:</b> {text}</p><p>And so on.</p>")
    assert said(read(around(turns + "<p>That is all.</p>")))[-1] == (
        "Ann Lee",
        f"{ENDS}\nAnd so on.\nThat is all.",
    )


def test_page_in_a_form_or_a_box_named_after_something_else():
    """Elements are told by their names only where little of the page stands in them."""
    turns = written(UNTIMED["strong with the colon"])
    for before, behind in (
        ("<form id='aspnetForm'>", "</form>"),
        ("<div class='content-sidebar-wrap'>", "</div>"),
        ("<div class='podcast-player transcript' style='display:none'>", "</div>"),
        ("<div hidden>", "</div>"),
        ("<aside>", "</aside>"),
        ("<details><summary>Transcript</summary>", "</details>"),
    ):
        assert said(read(page(f"{NAVIGATION}<h1>A record</h1>{before}{turns}{behind}{FOOTER}"))) == TALK, before
    single = page(turns).replace(b"<body>", b"<body class='single comments-open has-sidebar related'>")
    assert said(read(single)) == TALK


def test_nothing_that_is_not_shown_is_said():
    """Scripts, styles, templates, what is hidden, and what stands in for scripts and pictures."""
    hidden = (
        "<script>var a = '<p>Ann Lee: one</p>'</script><style>p { color: red }</style>"
        "<template><p>Ann Lee: two</p></template><noscript>Please enable JavaScript.</noscript>"
        "<div style='display: none'>three</div><span hidden>four</span><svg><title>five</title></svg>"
        "<p class='sr-only'>six</p><select><option>seven</option></select><!-- eight -->"
    )
    turns = written("<div><p><b>{name}:</b> {text}</p>" + hidden.replace("{", "{{").replace("}", "}}") + "</div>")
    assert said(read(around(turns))) == TALK


def test_small_readings_over_the_words_are_not_words():
    """The ruby text is kept apart, and does not break the paragraph."""
    ruby = "<ruby>東京<rp>(</rp><rt>とうきょう</rt><rp>)</rp></ruby>に行きました。"
    turns = written("<p><b>{name}:</b> {text}</p>", tuple((n, ruby) for n in ("田中", "高橋") * 3))
    published, draft = explain(around(turns))
    assert [turn.text for turn in published.turns] == ["東京に行きました。"] * 6
    assert sum(piece.kind == "dropped" and "とうきょう" in piece.text for piece in draft.pieces) == 6


def test_entities_and_spaces():
    """Entities are their characters; a space that does not break is one; a tag within a word does not cut it."""
    body = "".join(
        f"<p><b>{name}:&nbsp;</b>It&rsquo;s&nbsp;round &amp; <em>f</em>lat &mdash; isn&#8217;t it?</p>"
        for name, _ in TALK
    )
    assert said(read(around(body)))[0] == ("Ann Lee", "It’s round & flat — isn’t it?")


def test_pre_keeps_its_lines():
    """In `pre` a line of the source is a line."""
    lines = "\n".join(f"{name}: {text}" for name, text in TALK)
    assert said(read(around(f"<pre>\n{lines}\n</pre>"))) == TALK


def test_panel_of_a_video():
    """Times and texts without names, among a page's suggestions: cues of nobody."""
    cues = "".join(
        f"<ytd-transcript-segment-renderer><div role='button'><div class='segment-timestamp'>0:{i:02}</div>"
        f"<yt-formatted-string class='segment-text'>why does it turn {i}</yt-formatted-string></div>"
        "</ytd-transcript-segment-renderer>"
        for i in range(20)
    )
    more = "".join(
        f"<ytd-compact-video><h3>Another video {i}</h3><span>12:0{i}</span></ytd-compact-video>" for i in range(9)
    )
    published = read(
        page(f"<h1>Why a record turns</h1><div id='panels'>{cues}</div><div id='secondary'>{more}</div>")
    )
    assert [(turn.speaker, turn.start_time) for turn in published.turns] == [(None, float(i)) for i in range(20)]
    assert published.turns[3].text == "why does it turn 3"


def test_paragraphs_of_nobody():
    """Below a heading, or in an element named so, paragraphs without names are turns of nobody."""
    paras = "<p>Why does a record turn? I have asked myself that for years now.</p>" * 2 + "<h3>The motor</h3>"
    paras += "<p>It hums and it turns and nobody ever asks it to stop for lunch.</p>"
    for body in (f"<h2>Transcript</h2><div>{paras}</div>", f"<div class='episode-transcript'>{paras}</div>"):
        published = read(page(f"{NAVIGATION}<h1>A record</h1><p>A talk.</p>{body}{COMMENTS}{FOOTER}"))
        assert [turn.speaker for turn in published.turns] == [None] * 3
        assert titles(published) == [("The motor", None)]


def test_what_the_head_says():
    """Linked data, social tags, the address and the language are metadata."""
    head = (
        "<title>Why a record turns | The Long Groove</title><link rel='canonical' href='https://groove.test/7'>"
        "<meta property='og:site_name' content='Groove Media'><meta property='og:description' content='A talk.'>"
        "<script type='application/ld+json'>{'@graph': [{'@type': 'WebSite', 'name': 'x'},"
        "{'@type': ['PodcastEpisode'], 'name': 'Why a record turns', 'datePublished': '2025-03-04',"
        "'partOfSeries': {'name': 'The Long Groove'}}]}"
        "</script>"
    ).replace("'", '"')
    published = read(page(written(UNTIMED["strong with the colon"]), head))
    expected = {
        "title": "Why a record turns", "show": "The Long Groove", "url": "https://groove.test/7",
        "published": "2025-03-04", "language": "en", "description": "A talk.",
    }  # fmt: skip
    assert {name: published.known(name) for name in expected} == expected
    for broken in ("{", "[[[[", '{"@graph": 3}', "null", '"x"', '{"@type": 3, "@graph": [null, [1]]}'):
        script = f'<script type="application/ld+json">{broken}</script>'
        assert said(read(page(written(UNTIMED["heading"]), script))) == TALK


def test_header_of_names():
    """Who is host and guest, in bold above the transcript, says nothing in it."""
    facts = "<p><strong>Host:</strong> Ann Lee</p><p><strong>Guest:</strong> Bob Ray</p>"
    facts += "<p><strong>Date:</strong> 4 May</p>"
    body = facts + "<h2>Transcript</h2>" + written(UNTIMED["strong with the colon"])
    assert said(read(page(f"<h1>A record</h1>{body}"))) == TALK


def test_roles_outside_of_the_bold():
    """What somebody does may stand behind the bold name."""
    body = written("<p><strong>{name}</strong> (host): {text}</p>")
    assert said(read(around(body))) == TALK


def test_comments_after_cite_marks_are_no_turns():
    """A page with the marks of Podcasting 2.0 and comments with the same marks."""
    published = read(around(written(TIMED["cite and time"])))
    assert {turn.speaker for turn in published.turns} == {"Ann Lee", "Bob Ray"}


def test_every_word_is_accounted_for():
    """Each word of the page that is shown is in exactly one piece."""
    body = "<p>Alpha beta.</p>" + written(UNTIMED["strong with the colon"]) + "<div class='bio'>Gamma delta.</div>"
    published, draft = explain(around(body))
    del published
    words = " ".join(piece.text for piece in draft.pieces).split()
    for word in ("Alpha", "beta.", "Gamma", "delta.", "Shop", "Maria", "joe77", "Lovely:", "©", "needle"):
        assert words.count(word) == sum(word in text.split() for _, text in TALK) or words.count(word) == 1, word


@pytest.mark.parametrize(
    "body",
    [
        "<nav>Home</nav><p>Nobody speaks here.</p>",
        "<h2>Comments</h2>" + COMMENTS,
        "<h1>Our team</h1><h3>Ann Lee</h3><p>makes the show.</p><h3>Bob Ray</h3><p>repairs what turns.</p>",
    ],
)
def test_pages_without_a_transcript(body: str):
    """They are refused with a line that says so."""
    with pytest.raises(ContentError, match="no transcript found"):
        read(page(body))


@pytest.mark.parametrize(
    "data",
    [
        page("<div>" * 50_000 + "Ann: why?" + "</div>" * 50_000 + written(UNTIMED["heading"]) * 4),
        page("<b>" * 50_000 + written(UNTIMED["heading"]) * 4),
        page(written(UNTIMED["heading"]) * 4 + "<p>" + "<i>a</i><b>b</b>" * 100_000 + "</p>"),
        page("<p><b>Ann:</b> so</p><p><b>Bob:</b> no</p>" * 20_000),
        page("".join(f"<p>Bo{i:x}b Ray: so {i}</p>" for i in range(30_000))),
        page("<p data-speaker='Ann'>" * 20_000 + "x"),
        page("<button>" * 20_000 + "x" + written(UNTIMED["heading"])),
    ],
    ids=[
        "deep",
        "deep inline",
        "many tags in one block",
        "many turns",
        "many names",
        "nested speakers",
        "nested buttons",
    ],
)
def test_hostile_pages_do_not_hang(data: bytes):
    """None hangs or crashes: what grows with the square of the length would take minutes."""
    begun = time.process_time()
    with suppress(ContentError):
        read(data)
    assert time.process_time() - begun < 30 * max(len(data) / 1e6, 1)
