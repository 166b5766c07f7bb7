"""Time the pages: how long one takes to make, how large it is, when a browser shows it, whether it scrolls.

    python tests/benchmarks/pages.py [--hours 3] [--episodes 200] [--folder DIR]

An hour is 240 turns of 42 words, 10,000 in all; one word in thirty was published otherwise. The page of an episode
has both texts, that of the show searches all episodes, which are an hour each. Seconds are those of the clock.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import chain
from pathlib import Path
from typing import Any

sys.path[0] = str(Path(__file__).parents[2])  # in this folder `warehouse` is another file

from flows.pages.library import Library  # noqa: E402
from flows.pages.report import write_episode  # noqa: E402
from tests.benchmarks.warehouse import spoken_words  # noqa: E402
from tests.support.browsers import chromium, until  # noqa: E402
from tests.support.documents import EPISODE, NOON, RENDITION, publish, published, staged  # noqa: E402
from transforms.pages.page_names import page_of  # noqa: E402
from transforms.pages.show_page import show_page  # noqa: E402
from transforms.records import SpeakerSegment, Turn, Word  # noqa: E402
from warehouse.content.show_content import read_said, read_show  # noqa: E402
from warehouse.loading.staging import Staged  # noqa: E402

GUESTS = (
    "Ash Birch Cedar Dale Elm Fir Gale Hazel Iris Juniper Kale Laurel Maple Nettle Oak Pine Quince Rowan".split()
)
TURN, TURNS = 42, 240  # words in a turn, turns in an hour
SPEED = 12_000  # pixels a second: thirteen screens, as who drags the bar
LONG = 50  # milliseconds: a task of the page that takes longer can be felt
TRACED = ["toplevel", "cc", "benchmark"]


def heard(hours: int, seed: int, **changes: Any) -> Staged:
    """An episode as it was heard: two voices, four words a second or nearly so, one word in twelve unsure."""
    chance, word = random.Random(seed), spoken_words(seed)
    turns, words, segments, at = [], [], [], 0.0
    for n in range(TURNS * hours):
        label, first = f"SPEAKER_{n % 2:02}", len(words)
        for place in range(TURN):
            end = at + chance.uniform(0.1, 0.5)
            text = word() + ("." if place % 14 == 13 else "")
            words.append(Word(text, round(at, 3), round(end, 3), chance.choice([0.9] * 11 + [0.3]), label, 1.0))
            at = end + chance.uniform(0, 0.1)
        said = words[first:]
        text = " ".join(one.word for one in said)
        start, stop = said[0].start_time, said[-1].end_time
        turns.append(Turn(n, label, start, stop, text, first, TURN, "speaker", False, 1.0, 0.9))
        segments.append(SpeakerSegment(start, stop, label))
        at += 0.4
    rendition = replace(RENDITION, decoded_seconds=at, header_seconds=at)
    return staged(
        rendition=rendition,
        turns=tuple(turns),
        words=tuple(words),
        speaker_segments=tuple(segments),
        **changes,
    )


def written(of: Staged, seed: int) -> Staged:
    """Captions of it: one word in thirty otherwise. What was heard is shown, since it has the better times."""
    chance = random.Random(seed)
    turns = tuple(
        replace(
            turn,
            speaker=("Mara Quill", "Idris Vane")[n % 2],
            text=" ".join("otherwise" if chance.random() < 1 / 30 else word for word in turn.text.split()),
            mean_probability=None,
        )
        for n, turn in enumerate(of.turns)
    )
    return published(1, source="captions", turns=turns)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=int, default=3)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--episodes", type=int, default=200)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        print(f"load {os.getloadavg()[0]:.1f}", flush=True)
        for line in chain(episode_lines(folder, given.hours), show_lines(folder, given.episodes)):
            print(line, flush=True)
        print(f"load {os.getloadavg()[0]:.1f}", flush=True)


def episode_lines(folder: Path, hours: int) -> Iterator[str]:
    """Measure the page of one long episode."""
    said = heard(hours, 1)
    home = folder / "episode"
    home.mkdir(exist_ok=True)
    library = Library(publish(home, said, written(said, 2)), home)
    write_episode(library, EPISODE.episode_id, folder)
    began = time.perf_counter()
    path = write_episode(library, EPISODE.episode_id, folder)
    yield f"episode of {hours} h, {len(said.words)} words: {time.perf_counter() - began:.2f} s"
    yield from looked_at(path)


def show_lines(folder: Path, episodes: int) -> Iterator[str]:
    """Measure the page of a show whose host has another guest in most episodes, and its search."""
    home = folder / "show"
    home.mkdir(exist_ok=True)
    chance = random.Random(3)
    snapshot = publish(home, *(_talk(n, chance) for n in range(episodes)))
    began = time.perf_counter()
    content = read_show(snapshot, "show-1")
    path = folder / "show.html"
    path.write_text(show_page(content, page_of, read_said(snapshot, content.episodes)), encoding="utf-8")
    yield f"show of {episodes} hours: {time.perf_counter() - began:.2f} s"
    yield from looked_at(path)
    with chromium() as browser:
        page = browser.new_page()
        page.goto(path.as_uri())
        began = time.perf_counter()
        page.fill("#asked", "museum")
        until(page, "document.querySelectorAll('#places li').length > 0", 120)
        yield f"  first places of the first search {time.perf_counter() - began:.1f} s"
        until(page, "!document.querySelector('#state').textContent.includes('…')", 120)
        yield f"  the best ones {time.perf_counter() - began:.1f} s"
        page.fill("#asked", "record player")
        page.wait_for_timeout(500)
        took = page.evaluate(
            "(async () => { const t = performance.now(); await show(); return performance.now() - t })()"
        )
        yield f"  another search {took / 1000:.2f} s, {page.inner_text('#state')}"


def _talk(number: int, chance: random.Random) -> Staged:
    """An hour with names and no rows of words, which the page of a show does not read."""
    word, guest = spoken_words(number), f"Guest {GUESTS[min(int(chance.expovariate(0.1)), len(GUESTS) - 1)]}"
    names, at, turns = ("Mara Quill", guest), 0.0, []
    for n in range(TURNS):
        size = max(3, int(chance.gauss((20, 64)[n % 2], 12)))
        text = " ".join(word() for _ in range(size))
        name = names[n % 2]
        turns.append(
            Turn(
                *(n, name, at, at + size / 3, text, 0, size, "speaker", False, None, None),
                speaker_name=name,
                name_source="publisher",
            )
        )
        at += size / 3 + 0.4
    name = f"episode-{number}"
    episode = replace(
        EPISODE,
        episode_id=name,
        guid=name,
        title=" ".join(word() for _ in range(6)).capitalize(),
        published_at=NOON - timedelta(weeks=number),
        duration=at,
        persons=(),
    )
    changes = {"rendition": None, "words": (), "speaker_segments": (), "stage_runs": ()}
    return staged(episode=episode, transcript_id=f"asr-{number}", turns=tuple(turns), **changes)


def looked_at(path: Path) -> Iterator[str]:
    """Open a page as for the first time, and scroll through the whole of it."""
    yield f"  {path.stat().st_size / 1e6:.2f} MB"
    with chromium() as browser:
        for width, height in ((1200, 900), (360, 740)):
            page = browser.new_page(viewport={"width": width, "height": height})
            page.goto(path.as_uri())
            page.wait_for_timeout(1500)
            paints = page.evaluate("performance.getEntriesByType('paint').map((one) => [one.name, one.startTime])")
            yield f"  {width} px: " + ", ".join(f"{name} {at:.0f} ms" for name, at in paints)
            yield f"    {scrolled(browser, page)}"
            page.close()


def scrolled(browser: Any, page: Any) -> str:
    """Scroll to the end of a page as a wheel does, and say what the browser's own trace tells of its frames."""
    length = page.evaluate("document.documentElement.scrollHeight - innerHeight")
    middle = {name: page.viewport_size[size] // 2 for name, size in (("x", "width"), ("y", "height"))}
    gesture = {**middle, "yDistance": -length, "speed": SPEED, "gestureSourceType": "mouse"}
    browser.start_tracing(page=page, categories=TRACED)
    page.context.new_cdp_session(page).send("Input.synthesizeScrollGesture", gesture)
    events = json.loads(browser.stop_tracing())["traceEvents"]
    frames = [one["args"]["frame_reporter"] for one in events if _is_frame(one)]
    seen = [one for one in frames if one["scroll_state"] != "SCROLL_NONE"]
    dropped = sum(one["state"] == "STATE_DROPPED" and one["affects_smoothness"] for one in seen)
    page_threads = {
        (one["pid"], one["tid"])
        for one in events
        if one["name"] == "thread_name" and one["args"]["name"] == "CrRendererMain"
    }
    tasks = [
        one["dur"] / 1000
        for one in events
        if one["name"].endswith("RunTask") and (one["pid"], one["tid"]) in page_threads and "dur" in one
    ]
    tasks = sorted(ms for ms in tasks if ms > LONG)
    return (
        f"{length:,} px at {SPEED:,} px/s: {dropped} of {len(seen)} frames dropped, "
        f"{len(tasks)} tasks over {LONG} ms, the longest {max(tasks, default=0):.0f} ms"
    )


def _is_frame(event: dict[str, Any]) -> bool:
    return event["name"] == "PipelineReporter" and "frame_reporter" in event.get("args", {})


if __name__ == "__main__":
    main()
