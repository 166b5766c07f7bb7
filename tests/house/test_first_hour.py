"""The first hour of a new user, in order: a file, a copy, an address, a feed, a folder; and slips of the hand."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import command, environment, rows_of, turntable, write_wav
from tests.support.feeds import Page, Publisher, publisher

pytestmark = pytest.mark.system

FAST = ("--model", "tiny.en", "--no-diarize")
RATE = 16_000
ALLOW = {"TURNTABLE_ALLOW": "127.0.0.1"}
EPISODES = """
    select e.title, p.title, e.audio_path, e.audio_url, list(t.source order by t.source)
    from episodes e left join podcasts p using (podcast_id) join transcripts t using (episode_id)
    group by all order by e.title
"""
VTT = "WEBVTT\n\n00:00:01.000 --> 00:00:05.000\n<v Mara Quill>Never across the groove.\n"
SRT = "1\n00:00:01,000 --> 00:00:02,000\nMara Quill: Belts slip.\n"


class Desk:
    """A user at a terminal of 80 columns."""

    def __init__(self, folder: Path) -> None:
        self.home, self.folder = folder / "home", folder

    def run(self, *arguments: str, code: int = 0) -> str:
        """Run a command; all that it says."""
        done = command(self.home, *arguments, check=False, COLUMNS="80", **ALLOW)
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    def ingest(self, *arguments: str, code: int = 0) -> str:
        """Ingest with the fastest model."""
        return self.run("ingest", *arguments, *FAST, code=code)

    def episodes(self) -> list[tuple[Any, ...]]:
        """What is there."""
        return rows_of(self.home / "turntable.duckdb", EPISODES)

    def interrupted(self, path: Path) -> str:
        """Begin to ingest, and press Ctrl-C as soon as something is finished; what is said."""
        process = subprocess.Popen(
            turntable(self.home, "ingest", str(path), *FAST),
            env=environment(None),
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        deadline = time.monotonic() + 150
        while not list(self.home.glob("artifacts/fetch/*/*/manifest.json")) and time.monotonic() < deadline:
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGINT)  # the whole group, as a terminal does
        said = process.communicate(timeout=60)[1]
        assert process.returncode == 130, said
        return said


@pytest.fixture(scope="module")
def desk(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A new user's desk."""
    return Desk(tmp_path_factory.mktemp("desk"))


@pytest.fixture(scope="module")
def talk(desk: Desk, demo_samples: np.ndarray) -> Path:
    """Eight seconds of a recording."""
    path = desk.folder / "talk.wav"
    write_wav(path, demo_samples[: 8 * RATE])
    return path


@pytest.fixture(scope="module")
def site(talk: Path) -> Any:
    """A publisher who offers the recording, alone and in a feed."""
    with publisher() as told:
        told.pages["/talk.wav"] = Page(talk.read_bytes(), headers={"Content-Type": "audio/wav"})
        enclosure = f"<enclosure url='{told.url}/talk.wav' type='audio/wav' length='1'/>"
        told.publish("/feed.xml", [f"<item><title>Why a record turns</title><guid>1</guid>{enclosure}</item>"])
        yield told


def test_a_file_and_ctrl_c_and_on(desk: Desk, talk: Path) -> None:
    """What was interrupted says how it goes on, and goes on."""
    said = desk.interrupted(talk)
    assert said.splitlines()[-1] == "turntable: interrupted: run the same command to go on"

    assert "fetch       done before" in desk.ingest(str(talk))
    assert desk.episodes() == [("talk", None, str(talk), None, ["asr"])]


def test_a_copy_and_a_rename_change_nothing(desk: Desk, talk: Path) -> None:
    """One line each; the episode is found by either name."""
    copy = desk.folder / "copy of talk.wav"
    shutil.copyfile(talk, copy)

    assert "(all done before)" in desk.ingest(str(copy))
    assert desk.episodes() == [("talk", None, str(talk), None, ["asr"])]
    assert desk.run("turns", str(copy)) == desk.run("turns", "talk")
    talk.unlink()
    copy.rename(talk)


def test_its_address_is_the_same_episode(desk: Desk, talk: Path, site: Publisher) -> None:
    """The row has both places."""
    desk.ingest(f"{site.url}/talk.wav")
    assert desk.episodes() == [("talk", None, str(talk), f"{site.url}/talk.wav", ["asr"])]


def test_its_feed_says_what_it_is_called(desk: Desk, talk: Path, site: Publisher) -> None:
    """And is no second row."""
    desk.ingest(f"{site.url}/feed.xml")
    there = ("Why a record turns", "The Long Groove", str(talk), f"{site.url}/talk.wav", ["asr"])
    assert desk.episodes() == [there]
    assert "(all done before)" in desk.ingest(str(talk))
    assert desk.episodes() == [there]


def test_a_folder_gives_audio_and_texts_and_says_what_it_left_out(desk: Desk, demo_samples: np.ndarray) -> None:
    """Side by side is one episode, a text alone is one; nothing that is left out fails."""
    folder = desk.folder / "recordings"
    folder.mkdir()
    write_wav(folder / "cleaning.wav", demo_samples[8 * RATE : 14 * RATE])
    for name, text in {"cleaning.vtt": VTT, "belts.srt": SRT, "notes.txt": "Buy tea.", "a.jpg": ""}.items():
        (folder / name).write_text(text)

    assert "there may be 3: name one file" in desk.ingest(str(folder), "--title", "Cleaning", code=1)
    said = desk.ingest(str(folder), "--show", "The Long Groove")

    assert said.splitlines()[-2:] == [
        "left out 2 files: 1 .jpg, 1 .txt without a transcript",
        "2 episodes ingested",
    ]
    assert [row for row in desk.episodes() if row[0] != "Why a record turns"] == [
        ("belts", "The Long Groove", None, None, ["publisher"]),
        ("cleaning", "The Long Groove", str(folder / "cleaning.wav"), None, ["asr", "publisher"]),
    ]
    assert "Mara Quill" in desk.run("turns", "cleaning")
    again = json.loads(desk.ingest(str(folder), "--text-only", "--json").partition("\n}")[0] + "\n}")
    assert [one["is_new"] for one in again["imported"]] == [False, False]
    assert {Path(one["path"]).name for one in again["left_out"]} == {"a.jpg", "notes.txt"}


def test_the_list_fits_the_screen(desk: Desk) -> None:
    """Of 80 columns."""
    said = desk.run("episodes").splitlines()
    assert len(said) == 4
    assert max(map(len, said)) <= 80


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("empty",), 1, "empty: it is empty"),
        (("no such.mp3",), 1, "no such file or folder: "),
        (("talk.wav", "--date", "soon"), 2, "'soon' is no date, or can be read in two ways"),
        (("talk.wav", "--url", "example.org"), 2, "'example.org' is no page"),
        (("talk.wav", "--title", " "), 2, "it is empty: give a name"),
    ],
    ids=["an empty folder", "a slip", "a date", "a page", "no title"],
)
def test_a_slip_is_one_line(arguments: tuple[str, ...], code: int, said: str, desk: Desk) -> None:
    """With its cause and the way out."""
    (desk.folder / "empty").mkdir(exist_ok=True)
    name, *options = arguments
    lines = desk.ingest(str(desk.folder / name), *options, code=code).splitlines()
    assert said in lines[-1]
    assert sum(line.startswith(("turntable: ", "Error: ")) for line in lines) == 1


def test_all_of_it_is_sound(desk: Desk) -> None:
    """And made anew from its files it is the same."""
    before = desk.episodes()
    desk.run("rebuild")
    assert desk.episodes() == before
    assert "agree" in desk.run("verify")
