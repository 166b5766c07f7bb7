"""Pages in a real browser: what a click, a key, a link, a phone, a printer and a stranger's words do to them."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import ROOT, write_wav
from tests.support.browsers import chromium, until, violations
from transforms.pages.episode_page import PageAudio, PageLinks, episode_page
from transforms.pages.page_content import (
    EpisodeContent,
    OtherText,
    PageChapter,
    PageOverlap,
    PageSection,
    PageSpeaker,
    PageTurn,
    PageWord,
)

pytestmark = pytest.mark.system

SECONDS = 60
FIRST = "Welcome to the long groove. Why does a record turn?"
SECOND = "It must."


def said(speaker: str | None, text: str, start: float, **more: Any) -> PageTurn:
    """A turn of two words a second; of words with a star the recogniser is unsure."""
    words = tuple(
        PageWord(word.rstrip("*"), start + n / 2, start + n / 2 + 0.45, 0.2 if word.endswith("*") else 0.9)
        for n, word in enumerate(text.split())
    )
    return PageTurn(speaker, start, start + len(words) / 2, text.replace("*", ""), words, **more)


TURNS = (
    said("Mara Quill", "Welcome to the long* groove. Why does a record turn?", 1.0),
    said("Idris Vane", SECOND, 6.5, is_overlap=True),
    said("Mara Quill", "Tschüß, naïve listeners. It must go on.", 30.0),
    PageTurn(None, None, None, "Nobody knows who says this, or when."),
)
EPISODE = EpisodeContent(
    episode_id="one",
    title="Why a record turns",
    show="The Long Groove",
    podcast_id="show-1",
    published_at=datetime(2026, 10, 5, tzinfo=UTC),
    page_url="https://groove.example/1",
    audio_url=None,
    audio_path=None,
    rendition_id=None,
    duration=float(SECONDS),
    language="en",
    source="asr",
    model="base",
    turns=TURNS,
    chapters=(PageChapter("Welcome", 0.0), PageChapter("The end", 29.0)),
    is_by_time=True,
    speakers=(
        PageSpeaker("Mara Quill", 8.5, 17, 2),
        PageSpeaker("Idris Vane", 1.0, 2, 1),
        PageSpeaker(None, None, 7, 1),
    ),
    overlaps=(PageOverlap(6.4, 6.8),),
    other=OtherText(
        "publisher",
        tuple(
            "Welcome to The Wrong Groove. Why does a record turn? It must. Tschüß, naive listeners. It must go "
            "on. Nobody knows who says this, or really when.".split()
        ),
    ),
)
AUDIO = PageAudio("sound.wav", "sound.wav", is_remote=False)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One browser for all."""
    with chromium() as browser:
        yield browser


class Reader:
    """Who looks at a page: opens it from a folder, with what sets one reader apart from another."""

    def __init__(self, browser: Any, folder: Path) -> None:
        self.browser, self.folder = browser, folder
        write_wav(folder / "sound.wav", np.zeros(SECONDS * 8000), 8000)
        self.requests: list[str] = []
        self.faults: list[str] = []

    def open(self, html: str, hash_: str = "", **context: Any) -> Any:
        """Open a page."""
        path = self.folder / "page.html"
        path.write_text(html, encoding="utf-8")
        context = {"viewport": {"width": 1000, "height": 800}} | context
        page = self.browser.new_context(**context).new_page()
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("requestfailed", self._forget)
        page.on("console", lambda message: self.faults.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("dialog", lambda dialog: self.faults.append(f"dialog {dialog.message}"))
        page.goto(path.as_uri() + hash_)
        return page

    def _forget(self, request: Any) -> None:
        """Forget a request that the page's own policy kept from leaving."""
        if request.failure == "csp":
            self.requests.remove(request.url)


@pytest.fixture
def reader(browser: Any, tmp_path: Path) -> Iterator[Reader]:
    """A reader; whatever went wrong on the pages is a fault."""
    reader = Reader(browser, tmp_path)
    yield reader
    for context in browser.contexts:
        context.close()
    assert reader.faults == []


def word(page: Any, text: str) -> Any:
    """A word of the transcript."""
    return page.locator("article p > span", has_text=re.compile(f"^{re.escape(text)}$"))


def second(page: Any) -> float:
    """Where the audio is."""
    return float(page.evaluate("document.querySelector('audio').currentTime"))


def is_paused(page: Any) -> bool:
    """Whether the audio rests."""
    return bool(page.evaluate("document.querySelector('audio').paused"))


def focused(page: Any) -> str:
    """What has the focus."""
    return str(page.evaluate("document.activeElement.textContent"))


def test_a_word_plays_from_there_and_is_followed(reader: Reader) -> None:
    """The word and its turn are marked while they are said, and not after."""
    page = reader.open(episode_page(EPISODE, AUDIO))
    word(page, "turn?").click()
    until(page, "document.querySelector('.now')?.textContent === 'turn?'")
    until(page, "document.querySelector('[aria-current]')?.textContent.includes('It must')")
    assert 5.4 < second(page) < 9
    until(page, "document.querySelector('audio').currentTime > 8.3")
    assert page.locator(".now, [aria-current]").count() == 0


def test_nothing_is_marked_where_times_are_not_trusted(reader: Reader) -> None:
    """Between two words that were heard eight seconds apart something else may be said: an ad."""
    far = tuple(
        PageWord(text, start, start + 0.4, None, is_measured=is_measured)
        for text, start, is_measured in (
            ("one", 1, True),
            ("two", 6, False),
            ("three", 20, True),
            ("four", 21, False),
        )
    )
    near = (
        PageWord("five", 22, 22.4),
        PageWord("six", 24, 24.4, None, is_measured=False),
        PageWord("seven", 26, 27),
    )
    turns = (
        PageTurn("Mara Quill", 1, 21.4, "one two three four", far, is_measured=False),
        PageTurn("Mara Quill", 22, 27, "five six seven", near),
    )
    page = reader.open(episode_page(replace(EPISODE, turns=turns, chapters=(), other=None), AUDIO))
    marked = {}
    for at in (1.2, 6.2, 20.2, 21.2, 22.2, 24.2, 26.5):
        page.evaluate(f"document.querySelector('audio').currentTime = {at}")
        until(page, "!document.querySelector('audio').seeking")
        marked[at] = page.evaluate("document.querySelector('.now')?.textContent ?? null")

    assert marked == {1.2: "one", 6.2: None, 20.2: "three", 21.2: "four", 22.2: "five", 24.2: "six", 26.5: "seven"}


def test_what_is_heard_stays_in_view_until_somebody_scrolls(reader: Reader) -> None:
    """A click on a word follows it again."""
    turns = tuple(said(("Mara Quill", "Idris Vane")[n % 2], "So it goes.", 1.5 * n) for n in range(40))
    page = reader.open(episode_page(replace(EPISODE, turns=turns, chapters=(), other=None), AUDIO))
    page.keyboard.press("k")
    page.evaluate("document.querySelector('audio').currentTime = 45")
    seen = """(() => {
        const box = document.querySelector('.now')?.getBoundingClientRect();
        return Boolean(box) && box.top > 0 && box.bottom < innerHeight - 60;
    })()"""
    until(page, seen)
    page.mouse.move(500, 300)
    page.mouse.wheel(0, -20000)
    until(page, "!document.querySelector('#follow').checked && scrollY === 0")
    before = second(page)
    until(page, f"document.querySelector('audio').currentTime > {before + 1.6}")
    assert page.evaluate("scrollY") == 0
    word(page, "goes.").last.evaluate("word => word.click()")
    until(page, seen)


def test_the_lanes_are_a_place_to_click(reader: Reader) -> None:
    """In the middle of them is the middle of the audio; a line goes along."""
    page = reader.open(episode_page(EPISODE, AUDIO))
    box = page.locator(".field").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    until(page, "document.querySelector('audio').currentTime > 30")
    assert 29.5 < second(page) < 35
    line = page.locator(".head").bounding_box()
    assert line["x"] == pytest.approx(box["x"] + box["width"] / 2, abs=40)


def test_the_keyboard_is_enough(reader: Reader) -> None:
    """One stop of Tab a turn, arrows between its words, Enter plays, K, J and L as players have them, / finds."""
    page = reader.open(episode_page(EPISODE, AUDIO))
    page.locator("#keys").evaluate("box => box.closest('details').open = false")
    stops = []
    while len(stops) < 2 or stops[-1] != stops[0]:
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('article') !== null"):
            stops.append(focused(page))
    assert stops == ["0:01", "0:06", "0:30", "#4", "0:01"]

    page.locator("article header a").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert focused(page) == "to"
    page.keyboard.press("Enter")
    until(page, "document.querySelector('audio').currentTime > 1.5")
    assert not is_paused(page)
    page.keyboard.press("k")
    assert is_paused(page)
    before = second(page)
    page.keyboard.press("l")
    assert second(page) == pytest.approx(before + 10, abs=0.2)
    page.keyboard.press("j")
    assert second(page) == pytest.approx(before, abs=0.2)
    page.keyboard.press("End")
    assert focused(page) == "turn?"
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    until(page, "!document.querySelector('audio').paused")
    page.keyboard.press("/")
    page.keyboard.type("kjl")
    assert page.input_value("#find") == "kjl"


def test_single_letters_can_be_turned_off(reader: Reader) -> None:
    """Who speaks to a computer says letters (WCAG 2.1.4)."""
    page = reader.open(episode_page(EPISODE, AUDIO))
    page.locator("summary").click()
    page.locator("#keys").uncheck()
    page.keyboard.press("k")
    assert is_paused(page)


def test_words_of_a_script_that_runs_left_turn_the_arrows(reader: Reader) -> None:
    """The next word is to the left."""
    turns = (said("Mara Quill", "שלום לכל המאזינים", 1.0),)
    page = reader.open(episode_page(replace(EPISODE, turns=turns, chapters=(), other=None), AUDIO))
    page.locator("article header a").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert focused(page) == "לכל"


def test_a_link_to_a_quote_seeks_marks_and_stops(reader: Reader) -> None:
    """At its end; then the audio can go on."""
    page = reader.open(episode_page(EPISODE, AUDIO), "#t=6.5,7.45")
    assert page.locator(".quoted").all_inner_texts() == ["It", "must."]
    assert second(page) == 6.5
    page.keyboard.press("k")
    until(page, "document.querySelector('audio').paused && document.querySelector('audio').currentTime > 7")
    assert 7.4 < second(page) < 8
    page.keyboard.press("k")
    until(page, "document.querySelector('audio').currentTime > 8")
    assert not is_paused(page)


def test_a_quote_is_copied_with_its_link(reader: Reader) -> None:
    """A turn, and what is selected; the link opens what was quoted."""
    page = reader.open(episode_page(EPISODE, AUDIO), permissions=["clipboard-read", "clipboard-write"])
    page.locator("article").nth(1).hover()
    page.get_by_text("Copy quote").click()
    here = page.url.partition("#")[0]
    assert page.evaluate("navigator.clipboard.readText()").splitlines() == [
        "“It must.” — Idris Vane, Why a record turns (The Long Groove), 0:06",
        f"{here}#t=6.5,7.45",
    ]
    page.evaluate(
        """() => {
        const words = [...document.querySelectorAll("article p > span")];
        const [from, to] = ["record", "It"].map((text) => words.find((word) => word.textContent === text));
        getSelection().setBaseAndExtent(from.firstChild, 0, to.firstChild, 2);
        }"""
    )
    page.keyboard.press("c")
    assert page.evaluate("navigator.clipboard.readText()").splitlines() == [
        "Mara Quill: record turn?",
        "Idris Vane: It",
        "— Why a record turns (The Long Groove), 0:05",
        f"{here}#t=5,6.95",
    ]


def test_quotes_lead_to_where_the_page_says(reader: Reader) -> None:
    """As to the audio, where the page is one that nobody else can open."""
    page = reader.open(
        episode_page(EPISODE, AUDIO, PageLinks(quote="https://cdn.example/1.mp3")),
        permissions=["clipboard-read", "clipboard-write"],
    )
    page.locator("article header a").first.focus()
    page.keyboard.press("c")
    until(page, "document.querySelector('.copy').textContent === 'Copied'")
    assert page.evaluate("navigator.clipboard.readText()").endswith("\nhttps://cdn.example/1.mp3#t=1,5.95")


def test_words_are_found(reader: Reader) -> None:
    """Without case and accents, also across words; each place is marked and gone to, and the lanes show where."""
    page = reader.open(episode_page(EPISODE, AUDIO))
    page.fill("#find", "NAIVE  LISTENERS".replace("  ", " "))
    until(page, "document.querySelector('#found').textContent === '1 of 1'")
    assert page.evaluate("[...CSS.highlights.get('found')].map(String)") == ["naïve listeners"]
    assert page.locator(".tick").count() == 1
    page.fill("#find", "it must")
    until(page, "document.querySelector('#found').textContent === '1 of 2'")
    assert page.evaluate("document.activeElement.id") == "find"
    page.keyboard.press("Enter")
    assert page.inner_text("#found") == "2 of 2"
    assert page.locator("article.hit").inner_text().startswith("MQ")
    page.keyboard.press("Escape")
    assert page.locator("#found").inner_text() == ""


def test_a_search_comes_with_the_link(reader: Reader) -> None:
    """From the page of a show."""
    page = reader.open(episode_page(EPISODE, AUDIO), "#t=30,30.4&q=must")
    assert page.input_value("#find") == "must"
    assert page.inner_text("#found") == "2 of 2"
    page.evaluate("location.hash = 't=6.5&q=\"record turn\" long'")
    until(page, "document.querySelector('#find').value === '\"record turn\" long'")
    assert page.evaluate("[...CSS.highlights.get('found')].map(String)") == ["long", "record turn"]


def test_what_publisher_and_recogniser_have_differently_is_shown(reader: Reader) -> None:
    """On a switch, and off again; spelling, case and accents are no difference."""
    page = reader.open(episode_page(EPISODE, AUDIO))
    before = page.locator("article p").all_inner_texts()
    page.get_by_label("Show what was published").check()
    assert page.locator("article ins").all_inner_texts() == ["Wrong", "really"]
    assert page.locator(".differs").all_inner_texts() == ["long"]
    page.get_by_label("Show what was published").uncheck()
    assert page.locator("article p").all_inner_texts() == before


def long_episode() -> EpisodeContent:
    """An hour and more of turns of very uneven length, with chapters; one in fifty says a word of its own."""
    turns, at = [], 1.0
    for n in range(400):
        size = (3, 8, 150, 20, 400, 5, 60)[n % 7]
        text = " ".join(f"word{'s' * (k % 9)}" for k in range(size)) + (f" needle {n}." if n % 50 == 49 else ".")
        turns.append(said(("Mara Quill", "Idris Vane")[n % 2], text, at))
        at = turns[-1].end_time + 0.4
    chapters = tuple(PageChapter(f"Chapter {n}", turns[n].start_time) for n in range(0, 400, 57))
    return replace(EPISODE, turns=tuple(turns), chapters=chapters, duration=at, overlaps=(), other=None)


TOP = 80  # pixels, as look/scripts/jumps.js has it


def top(page: Any, selector: str) -> float:
    """How far below the top of the window something is, a second later."""
    page.wait_for_timeout(1000)
    return float(page.evaluate(f"document.querySelector({json.dumps(selector)}).getBoundingClientRect().top"))


@pytest.mark.parametrize("width", [360, 1200])
def test_a_jump_leads_to_its_place(reader: Reader, width: int) -> None:
    """However far: by mouse, key, address, search and Find; heights that were guessed move nothing."""
    long = long_episode()
    html = episode_page(long, AUDIO)
    size = {"viewport": {"width": width, "height": 800}}
    page = reader.open(html, **size)
    page.wait_for_timeout(600)
    guessed = page.evaluate("document.body.scrollHeight")  # what End and the scrollbar go by
    page.evaluate("document.documentElement.classList.add('whole')")
    assert guessed == pytest.approx(page.evaluate("document.body.scrollHeight"), abs=4)
    page = reader.open(html, **size)
    chapter = page.locator(".chapters a").nth(5)
    chapter.click()
    assert top(page, "#chapter-5") == pytest.approx(TOP, abs=4)
    page.evaluate("document.querySelector('audio').pause()")
    page.mouse.wheel(0, -9_000_000)
    until(page, "scrollY === 0")
    page.locator(".chapters a").nth(2).focus()
    page.keyboard.press("Enter")
    assert top(page, "#chapter-2") == pytest.approx(TOP, abs=4)
    page.set_viewport_size({"width": width // 2 + 200, "height": 800})
    assert top(page, "#chapter-2") == pytest.approx(TOP, abs=4)
    page.set_viewport_size(size["viewport"])

    page.keyboard.press("/")
    page.keyboard.type("needle 349")
    until(page, "document.querySelector('#found').textContent === '1 of 1'")
    assert page.evaluate("document.activeElement.id") == "find"
    page.wait_for_timeout(1000)
    place = page.evaluate("[...CSS.highlights.get('found')][0].getBoundingClientRect().top")
    assert place == pytest.approx(800 / 3, abs=4)
    bar = page.locator("form.find").bounding_box()
    assert bar["y"] == 0
    assert bar["height"] <= TOP

    start = long.turns[301].start_time
    page = reader.open(html, f"#t={start:g}&q=words", **size)
    assert top(page, ".landed") == pytest.approx(TOP, abs=4)
    assert page.locator(".landed header a").get_attribute("data-s") == f"{start:g}"
    page.keyboard.press("Shift")
    assert page.locator(".landed").count() == 0
    for chapter_hash in ("#chapter-3", "#chapter-6"):
        page.evaluate(f"location.hash = '{chapter_hash}'")
        assert top(page, chapter_hash) == pytest.approx(TOP, abs=4)

    silent = tuple(PageTurn(turn.speaker, None, None, turn.text) for turn in long.turns)
    page = reader.open(
        episode_page(replace(long, turns=silent, chapters=(), is_by_time=False), None), "#turn=200", **size
    )
    assert top(page, ".landed") == pytest.approx(TOP, abs=4)
    assert page.locator(".landed header a").inner_text() in ("#200", "#201")


def test_nothing_of_a_turn_is_cut_off(reader: Reader) -> None:
    """On a phone: the ring around the first word of a line and the bar of what is heard lie inside the turn."""
    page = reader.open(episode_page(EPISODE, AUDIO), **LOOKS["phone"])
    page.locator("article header a").first.focus()
    page.keyboard.press("ArrowRight")
    page.evaluate("document.querySelector('audio').currentTime = 1.2")
    until(page, "document.querySelector('[aria-current]')")
    ring, bar = page.evaluate(
        """(() => {
        const turn = document.activeElement.closest('article');
        const left = turn.getBoundingClientRect().left;
        const bar = getComputedStyle(turn, '::before');
        return [document.activeElement.getBoundingClientRect().left - left, parseFloat(bar.left)];
        })()"""
    )
    assert ring >= 4  # 2 px of outline, 2 px from the word
    assert bar >= 0


def test_titles_of_chapters_stand_in_line(reader: Reader) -> None:
    """Also where hours appear."""
    chapters = tuple(PageChapter(f"Part {n}", at) for n, at in enumerate((0.0, 700.0, 3700.0, 39000.0)))
    page = reader.open(episode_page(replace(EPISODE, chapters=chapters), AUDIO), **LOOKS["phone"])
    lefts = page.evaluate(
        "[...document.querySelectorAll('.chapters bdi')].map(t => t.getBoundingClientRect().left)"
    )
    assert len(lefts) == 4
    assert len(set(lefts)) == 1


LOOKS = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "phone": {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True},
}


@pytest.mark.parametrize("look", LOOKS)
def test_nobody_is_left_out(reader: Reader, look: str) -> None:
    """axe-core finds nothing: contrast, names, headings, landmarks; nothing is wider than a phone."""
    page = reader.open(episode_page(EPISODE, AUDIO), **LOOKS[look])
    page.locator("summary").click()
    page.get_by_label("Show what was published").check()
    page.fill("#find", "must")
    page.evaluate("document.querySelector('audio').currentTime = 7")
    until(page, "document.querySelector('.now')")

    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("look", ["light", "phone"])
def test_what_is_odd_is_still_a_page(reader: Reader, look: str) -> None:
    """A long title, a long name, a dozen speakers, two hundred chapters: nothing is wider, or hides the text."""
    names = ["Dr. Maximiliana Konstantinopolitanskaja-Schwarzenberger von und zu Hohenlohe"]
    names += [f"Guest {number}" for number in range(1, 14)]
    turns = tuple(said(names[n % 14], f"This is what {n} says.", 3.0 * n) for n in range(400))
    html = episode_page(
        replace(
            EPISODE,
            title="needle and groove " * 17,
            turns=turns,
            chapters=tuple(PageChapter(f"Chapter {n}", 6.0 * n) for n in range(200)),
            speakers=tuple(PageSpeaker(name, 70.0, 140, 28) for name in names),
            duration=1200.0,
            other=None,
        ),
        AUDIO,
    )
    page = reader.open(html, reduced_motion="reduce", **LOOKS[look])
    heights = page.evaluate(
        "['h1', '.voices', '.chapters'].map(name => document.querySelector(name).getBoundingClientRect().height)"
    )
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert max(heights[0], heights[2]) <= 420
    assert heights[1] <= 800
    assert page.locator(".more").inner_text() == "and 2 more"
    assert page.locator(".more").bounding_box()["height"] < 40  # in one line
    page.locator(".chapters a").last.focus()  # a keyboard gets to all of them
    assert page.locator(".chapters a").last.bounding_box()["y"] < 900


def test_a_text_from_right_to_left_is_one(reader: Reader) -> None:
    """Who speaks stands where its lines begin, the bar of what is heard too; the controls stay as they are."""
    turns = (said("דנה", "למה תקליט מסתובב?", 1.0), said("Ann", "כי כך החליטו בקולנוע.", 6.0))
    speakers = (PageSpeaker("דנה", 2.0, 3, 1), PageSpeaker("Ann", 2.0, 4, 1))
    html = episode_page(replace(EPISODE, turns=turns, speakers=speakers, language="he", other=None), AUDIO)
    for look in ("light", "phone"):
        page = reader.open(html, **LOOKS[look])
        badge, text, find = (
            page.locator(one).first.bounding_box() for one in ("article .badge", "article p", "#find")
        )
        middle = page.evaluate("innerWidth") / 2
        assert badge["x"] > middle > find["x"]
        assert badge["x"] + badge["width"] >= text["x"] + text["width"]
        assert violations(page) == []


def test_notes_of_a_turn_are_to_be_seen(reader: Reader) -> None:
    """That it overlaps, goes on behind a heading, or was heard and not written."""
    turns = (*TURNS[:2], replace(TURNS[2], is_added=True), said("Idris Vane", "On and on and on " * 20, 40.0))
    chapters = (*EPISODE.chapters, PageChapter("Within", 45.0))
    page = reader.open(episode_page(replace(EPISODE, turns=turns, chapters=chapters, duration=99.0), AUDIO))
    notes = page.locator(".note")
    assert [note.inner_text() for note in notes.all()] == ["overlaps", "heard, not written", "continued"]
    assert all(note.is_visible() for note in notes.all())


def test_a_printer_gets_the_text(reader: Reader) -> None:
    """No player, no buttons; black on white though the screen is dark."""
    page = reader.open(episode_page(EPISODE, AUDIO), color_scheme="dark")
    page.emulate_media(media="print")
    assert [page.locator(part).first.is_visible() for part in (".player", ".tools", ".voices", "article")] == [
        *(False, False, True, True)
    ]
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.querySelector('article')).contentVisibility") == "visible"


def test_who_is_made_ill_by_motion_sees_none(reader: Reader) -> None:
    """No smooth scrolling."""
    html = episode_page(EPISODE, AUDIO)
    behaviours = [
        reader.open(html, reduced_motion=motion).evaluate(
            "getComputedStyle(document.documentElement).scrollBehavior"
        )
        for motion in ("reduce", "no-preference")
    ]
    assert behaviours == ["auto", "smooth"]


def test_links_lead_there_without_scripts(reader: Reader) -> None:
    """The text is all there, and what cannot work is not shown."""
    page = reader.open(episode_page(EPISODE, AUDIO), java_script_enabled=False)
    assert FIRST in page.locator("article").first.inner_text()
    assert not page.locator("#find").is_visible()
    targets = [link.get_attribute("href")[1:] for link in page.locator("a[href^='#']").all()]
    assert len(targets) == 7
    assert all(page.locator(f'[id="{target}"]').count() == 1 for target in targets)


def test_no_request_leaves_a_page(reader: Reader) -> None:
    """Nothing but the audio is asked for; that of a publisher not before somebody plays it."""
    page = reader.open(episode_page(EPISODE, AUDIO))
    word(page, "to").click()
    until(page, "document.querySelector('audio').currentTime > 1.5")
    assert {url.rpartition("/")[2] for url in reader.requests} == {"page.html", "sound.wav"}
    reader.requests.clear()
    remote = reader.open(
        episode_page(EPISODE, PageAudio("https://cdn.example/1.mp3", "cdn.example", is_remote=True))
    )
    remote.wait_for_timeout(300)
    assert [url.rpartition("/")[2] for url in reader.requests] == ["page.html"]


def test_a_file_that_was_moved_is_looked_for(reader: Reader) -> None:
    """Beside the page; then the publisher's is taken, which is asked for nothing before somebody plays."""
    missing = PageAudio(
        "gone/sound.wav", "sound.wav", is_remote=False, others=("sound.wav", "https://cdn.example/1")
    )
    page = reader.open(episode_page(EPISODE, missing))
    until(page, "document.querySelector('audio').duration === 60")
    assert not page.locator(".broken").is_visible()
    reader.requests.clear()
    (reader.folder / "sound.wav").unlink()
    page = reader.open(episode_page(EPISODE, missing))
    until(page, "document.querySelector('audio').src === 'https://cdn.example/1'")
    page.wait_for_timeout(200)
    assert not [url for url in reader.requests if "cdn" in url]
    page.route("https://cdn.example/1", lambda route: route.abort())
    word(page, "to").click()
    until(page, "!document.querySelector('.broken').hidden")
    assert [url for url in reader.requests if "cdn" in url]
    reader.faults.clear()


def test_the_policy_lets_nothing_else_in(reader: Reader) -> None:
    """Not even what got into the page: an inline handler, a script, a style, a picture, a frame, a form."""
    html = episode_page(EPISODE, AUDIO).replace(
        "<footer>",
        "<script>window.got = 1</script><b onclick='window.got = 2' id=trap>x</b>"
        "<img src='https://evil.example/x.png' onerror='window.got = 3'><style>body { display: none }</style>"
        "<iframe src='https://evil.example/'></iframe>"
        "<form action='https://evil.example/'><button id=send>y</button></form><footer>",
    )
    page = reader.open(html)
    page.locator("#trap").click()
    page.evaluate("document.querySelector('#send').click()")
    assert page.evaluate("window.got") is None
    assert page.locator("h1").is_visible()
    assert not [url for url in reader.requests if "evil" in url]
    end = time.monotonic() + 10
    while not any("form-action" in fault for fault in reader.faults):  # the last one
        assert time.monotonic() < end
        page.wait_for_timeout(30)
    assert len(reader.faults) >= 6
    reader.faults.clear()


def hostile() -> list[str]:
    """Sixty names, titles and texts as strangers might write them."""
    return json.loads((ROOT / "tests" / "data" / "hostile_texts.json").read_text(encoding="utf-8"))


def test_hostile_words_stay_words(reader: Reader) -> None:
    """In titles, names, chapters, texts, words, the other text, links: nothing runs, nothing leaves."""
    texts = hostile()
    assert len(texts) >= 60
    turns = tuple(
        replace(said(text, text, 1.0 + n) if n % 2 else PageTurn(text, None, None, text), text=text)
        for n, text in enumerate(texts)
    )
    page = reader.open(
        episode_page(
            replace(
                EPISODE,
                title=" ".join(texts),
                show=texts[0],
                page_url="javascript:window.got=1",
                language='en" onload="window.got=1',
                model=texts[1],
                turns=turns,
                chapters=tuple(PageChapter(text, 1.0 + n) for n, text in enumerate(texts)),
                speakers=tuple(PageSpeaker(text, 1.0, 1, 1) for text in texts),
                other=OtherText("publisher", tuple(" ".join(texts).split())),
                sections=tuple(PageSection(text, text) for text in texts),
            ),
            PageAudio('x" onerror="window.got=1', texts[2], is_remote=False),
            PageLinks(show='./"><script>window.got=1</script>', quote=texts[3]),
        )
    )
    page.evaluate("document.querySelectorAll('article p').forEach(p => wordsOf(p))")
    page.locator("#differ").check()
    page.fill("#find", "script")
    page.locator("article").first.hover()
    assert page.evaluate("window.got") is None
    assert page.locator("script").count() == 7
    assert page.locator("img, iframe, object, embed, base, link, [onclick], [onerror], [onload]").count() == 0
    assert page.locator("a[href^='javascript']").count() == 0
    shown = page.locator("article h3").all_inner_texts()
    assert len(shown) >= len(texts)
    assert any("<script>" in name for name in shown)
    assert not [url for url in reader.requests if not url.startswith("file:")]
    reader.faults[:] = [fault for fault in reader.faults if "ERR_FILE_NOT_FOUND" not in fault]
