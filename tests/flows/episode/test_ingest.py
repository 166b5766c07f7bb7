"""The pipeline, end to end: real audio, real models, real kills; once as runs of a Prefect server."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
from pytest_httpserver import HTTPServer

from tests.conftest import ask, command, encode, only, started, write_wav

pytestmark = pytest.mark.system

TINY = ("--model", "tiny.en")
# Staged as heard, and again with the names that people say.
STAGES = "attribute chapters decode diarize fetch introduce stage stage transcribe turns".split()


@pytest.fixture(scope="module")
def ingested(models: Path, clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that holds the clip."""
    home = tmp_path_factory.mktemp("home")
    command(home, "ingest", str(clip), *TINY)
    return home


def manifests(home: Path) -> dict[str, float]:
    """When each finished stage was written, by its folder."""
    return {str(p.parent.relative_to(home)): p.stat().st_mtime for p in home.glob("artifacts/*/*/*/manifest.json")}


def stages_of(home: Path) -> list[str]:
    """The stages that are finished, by name."""
    return sorted(path.parent.parent.parent.name for path in home.glob("artifacts/*/*/*/manifest.json"))


def test_who_said_what_is_in_the_snapshot(ingested: Path) -> None:
    """Two speakers, who say who they are; three turns, words and times that belong together."""
    turns = ask(
        ingested, "select speaker, start_time, end_time, text, boundary from best_turns order by turn_index"
    )

    assert [turn["speaker"] for turn in turns] == ["Mara Quill", "Idris Vane"]
    assert "repairs record players for a living" in turns[0]["text"]
    assert "dust with me" in turns[1]["text"]
    assert all(turn["boundary"] == "speaker" for turn in turns)
    assert turns[0]["end_time"] == pytest.approx(13.4, abs=0.6)


def test_every_stage_says_how_it_was_done(ingested: Path) -> None:
    """A row each, with model, device and method."""
    rows = ask(ingested, "select stage, status, model, device, method from stage_runs order by stage")
    by_stage = {row["stage"]: row for row in rows}

    assert sorted(by_stage) == sorted({*STAGES} - {"stage"})
    assert {row["status"] for row in rows} == {"done"}
    assert (by_stage["transcribe"]["model"], by_stage["transcribe"]["device"]) == ("tiny.en", "cpu int8")
    assert by_stage["diarize"]["model"] == "segmentation-3.0 + campplus"
    assert all(row["method"] for row in rows)


def test_a_second_run_computes_nothing(ingested: Path, clip: Path) -> None:
    """All keys are done, no row changes."""
    before = manifests(ingested), ask(ingested, "from load_log"), ask(ingested, "select count(*) from stage_runs")

    said = command(ingested, "ingest", str(clip), *TINY).stderr

    after = manifests(ingested), ask(ingested, "from load_log"), ask(ingested, "select count(*) from stage_runs")
    assert before == after
    assert "all done before" in said


def test_warehouse_and_artifacts_agree_and_rebuild_to_the_same(ingested: Path) -> None:
    """`verify` finds nothing, before and after `rebuild`."""
    tables = ("episodes", "renditions", "transcripts", "turns", "words", "speaker_segments", "stage_runs")
    before = {table: ask(ingested, f"from {table} order by all") for table in tables}

    command(ingested, "verify")
    command(ingested, "rebuild")
    command(ingested, "verify")

    assert before == {table: ask(ingested, f"from {table} order by all") for table in tables}


def test_a_damaged_artifact_is_made_again(ingested: Path, clip: Path, tmp_path: Path) -> None:
    """And nothing else is."""
    home = tmp_path / "home"
    shutil.copytree(ingested, home)
    # not of a network: what it gives beside other work may differ in the last bit
    payload = only(list(home.glob("artifacts/attribute/*/*/payload.json")))
    payload.write_bytes(payload.read_bytes()[:-1])
    before = manifests(home)

    command(home, "ingest", str(clip), *TINY)

    changed = {name.split("/")[1] for name, at in manifests(home).items() if before.get(name) != at}
    assert changed == {"attribute"}


def test_without_a_diarization_turns_are_sentences(models: Path, clip: Path, tmp_path: Path) -> None:
    """No speaker is invented."""
    command(tmp_path, "ingest", str(clip), *TINY, "--no-diarize")

    turns = ask(tmp_path, "select speaker, boundary, is_overlap, text from best_turns order by turn_index")
    assert len(turns) > 3
    assert {(turn["speaker"], turn["boundary"], turn["is_overlap"]) for turn in turns} == {
        (None, "sentence", None)
    }
    assert stages_of(tmp_path) == ["chapters", "decode", "fetch", "stage", "transcribe", "turns"]


def test_the_better_transcript_is_best(ingested: Path, clip: Path, tmp_path: Path) -> None:
    """A later one without speakers lies beside the one that has them, and is not best."""
    home = tmp_path / "home"
    shutil.copytree(ingested, home)

    command(home, "ingest", str(clip), *TINY, "--no-diarize")

    assert ask(home, "select count(*) as n, count(*) filter (is_best) as best from transcripts") == [
        {"n": 2, "best": 1}
    ]
    assert ask(home, "select count(distinct speaker) as speakers from best_turns") == [{"speakers": 2}]


@pytest.mark.parametrize("killed_after", ["decode", "transcribe"])
def test_after_kill_the_next_run_goes_on(killed_after: str, models: Path, clip: Path, tmp_path: Path) -> None:
    """Kill -9 behind a finished stage: that stage and those before it are not done again."""
    process = started(tmp_path, "ingest", str(clip), *TINY)
    deadline = time.monotonic() + 120
    while killed_after not in stages_of(tmp_path) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = manifests(tmp_path)
    assert killed_after in {name.split("/")[1] for name in before}

    command(tmp_path, "ingest", str(clip), *TINY)

    after = manifests(tmp_path)
    assert {name: after[name] for name in before} == before
    assert stages_of(tmp_path) == STAGES
    command(tmp_path, "verify")
    assert ask(tmp_path, "select count(*) as n from best_turns") == [{"n": 2}]


def test_after_kill_between_load_and_publish_the_snapshot_catches_up(
    ingested: Path, clip: Path, tmp_path: Path
) -> None:
    """The warehouse knows an episode that the snapshot does not: a run that computes nothing publishes it."""
    home = tmp_path / "home"
    shutil.copytree(ingested, home)
    stale = (home / "turntable.duckdb").read_bytes()
    write_wav(tmp_path / "other.wav", np.zeros(3 * 16_000, np.float32))
    command(home, "ingest", str(tmp_path / "other.wav"), *TINY, "--no-diarize")
    (home / "turntable.duckdb").write_bytes(stale)

    command(home, "ingest", str(clip), *TINY)

    assert ask(home, "select count(*) as n from episodes") == [{"n": 2}]


def test_of_two_processes_one_works_and_the_other_says_so(models: Path, clip: Path, tmp_path: Path) -> None:
    """The same episode, at the same time: the first one is held up in the middle."""
    first = started(tmp_path, "ingest", str(clip), *TINY)
    while not list(tmp_path.glob("artifacts/fetch/*/*/manifest.json")):
        assert first.poll() is None
        time.sleep(0.02)
    first.send_signal(signal.SIGSTOP)
    try:
        second = command(tmp_path, "ingest", str(clip), *TINY, check=False)
    finally:
        first.send_signal(signal.SIGCONT)
    first.communicate(timeout=200)

    assert (first.returncode, second.returncode) == (0, 1)
    loser = second.stderr
    assert f"{clip} is being ingested by another process: it goes on there" in loser
    command(tmp_path, "ingest", str(clip), *TINY)  # what the loser wrote down is loaded now
    failed = ask(tmp_path, "select stage, error_class from stage_runs where status = 'failed'")
    assert failed == [{"stage": "claim", "error_class": "transient"}]
    command(tmp_path, "verify")


def test_ctrl_c_stops_at_once_and_the_next_run_goes_on(
    models: Path, demo_samples: np.ndarray, tmp_path: Path
) -> None:
    """In the whole group, as a terminal sends it."""
    audio = tmp_path / "long.wav"
    write_wav(audio, demo_samples)
    process = started(tmp_path / "home", "ingest", str(audio), *TINY)
    deadline = time.monotonic() + 150
    while "decode" not in stages_of(tmp_path / "home") and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(1.0)
    os.killpg(process.pid, signal.SIGINT)  # the whole group, as a terminal does
    asked = time.monotonic()
    said = process.communicate(timeout=60)[1]

    assert time.monotonic() - asked < 60
    assert process.returncode == 130
    assert said.splitlines()[-1] == "turntable: interrupted: run the same command to go on"
    assert "Traceback" not in said
    rows = ask(tmp_path / "home", "select status, error_class, message from stage_runs")
    assert rows == [
        {"status": "failed", "error_class": "transient", "message": "interrupted: run the same command to go on"}
    ]


def test_bad_sources_fail_one_by_one_and_hold_up_nobody(
    models: Path, clip: Path, httpserver: HTTPServer, tmp_path: Path, demo_samples: np.ndarray
) -> None:
    """One clear line and one row with its class for each; the good one in the same call is ingested."""
    bad = tmp_path / "bad"
    (bad / "empty folder").mkdir(parents=True)
    (bad / "zero.mp3").write_bytes(b"")
    (bad / "page.mp3").write_bytes(b"<!doctype html><html><body>404</body></html>" * 50)
    (bad / "list.mp3").write_bytes(b"ffconcat version 1.0\nfile /etc/hostname\n")
    (bad / "hls.mp3").write_bytes(b"#EXTM3U\n#EXTINF:9,\nother.mp3\n")
    write_wav(bad / "none.wav", demo_samples[:0])
    httpserver.expect_request("/gone.mp3").respond_with_data("no", status=404)
    httpserver.expect_request("/notes").respond_with_data("<html><body>hi</body></html>", content_type="text/html")
    expected = {
        str(bad / "missing.mp3"): ("find", "source"),
        str(bad / "empty folder"): ("find", "source"),
        str(bad / "zero.mp3"): ("fetch", "content"),
        str(bad / "page.mp3"): ("fetch", "content"),
        str(bad / "list.mp3"): ("fetch", "hostile"),
        str(bad / "hls.mp3"): ("fetch", "hostile"),
        str(bad / "none.wav"): ("fetch", "content"),
        httpserver.url_for("/gone.mp3"): ("fetch", "source"),
        httpserver.url_for("/notes"): ("find", "content"),
        "http://no-such-host.invalid/a.mp3": ("fetch", "source"),
        "http://[::1]:1/a.mp3": ("fetch", "hostile"),
        "": ("find", "source"),
    }

    result = command(
        tmp_path / "home", "ingest", *expected, str(clip), *TINY, "--json",
        check=False, TURNTABLE_ALLOW="127.0.0.1",
    )  # fmt: skip

    rows = ask(
        tmp_path / "home", "select source, stage, error_class, message from stage_runs where status = 'failed'"
    )
    assert result.returncode == 1
    assert expected == {row["source"]: (row["stage"], row["error_class"]) for row in rows}
    assert all(f"turntable: {row['message']}" in result.stderr.splitlines() for row in rows)
    assert "Traceback" not in result.stderr
    copied = [
        json.loads(path.read_bytes()) for path in (tmp_path / "home").glob("artifacts/fetch/*/*/manifest.json")
    ]
    assert {manifest["facts"]["name"] for manifest in copied} == {clip.name}  # no audio, no copy
    assert ask(tmp_path / "home", "select count(*) as n from best_turns") == [{"n": 2}]
    command(tmp_path / "home", "verify")


def test_damaged_and_short_audio_is_ingested_and_flagged(
    models: Path, tmp_path: Path, demo_samples: np.ndarray
) -> None:
    """What can be heard is kept, and the rows say what is wrong."""
    whole = tmp_path / "whole.mp3"
    encode(whole, demo_samples[: 47 * 16_000], "libmp3lame")
    data = whole.read_bytes()
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "short.mp3").write_bytes(data[: int(0.6 * len(data))])
    middle = len(data) // 3
    (folder / "zeroed.mp3").write_bytes(data[:middle] + bytes(20_000) + data[middle + 20_000 :])
    write_wav(folder / "silent.wav", np.zeros(5 * 16_000, np.float32))

    said = command(tmp_path / "home", "ingest", str(folder), *TINY, "--no-diarize").stderr

    rows: list[dict[str, Any]] = ask(
        tmp_path / "home",
        "select e.title, t.flags, string_agg(u.text, ' ' order by turn_index) as text "
        "from episodes e join transcripts t using (episode_id) "
        "left join turns u using (transcript_id) group by all",
    )
    by_title = {row["title"]: row for row in rows}
    assert by_title["short"]["flags"] == ["short_audio"]
    assert "damaged_audio" in by_title["zeroed"]["flags"]
    assert "the reels had gone" in by_title["zeroed"]["text"]  # the end, far behind the damage
    assert (by_title["silent"]["flags"], by_title["silent"]["text"]) == (["no_speech"], None)
    assert "flags: short_audio" in said


def test_a_feed_over_http_gives_its_newest_episodes(
    models: Path, clip: Path, prefect_server: str, httpserver: HTTPServer, tmp_path: Path
) -> None:
    """The show, the episode's title and date come from the feed; a subscriber's token goes nowhere."""
    feed = httpserver.url_for("/feed.xml")
    items = "".join(
        f"<item><title>Part {n}</title><guid>part-{n}</guid><pubDate>0{n} May 2026 06:00:00 GMT</pubDate>"
        f"<enclosure url='{httpserver.url_for(f'/{n}.wav')}?token=s3cret' type='audio/wav' length='1'/></item>"
        for n in (1, 2, 3)
    )
    rss = f"<rss version='2.0'><channel><title>Parts</title>{items}</channel></rss>"
    httpserver.expect_request("/feed.xml").respond_with_data(rss, content_type="application/rss+xml")
    httpserver.expect_request("/3.wav").respond_with_data(clip.read_bytes(), content_type="audio/wav")

    command(
        tmp_path,
        "ingest",
        f"{feed}?token=s3cret",
        *TINY,
        "--no-diarize",
        api=prefect_server,
        TURNTABLE_ALLOW="127.0.0.1",
    )

    # an address with a token is a subscriber's own: of such a feed the guid is kept as a hash
    rows = (
        "select p.title as show, e.title, left(guid, 7) as guid from episodes e join podcasts p using (podcast_id)"
    )
    assert ask(tmp_path, rows) == [{"show": "Parts", "title": "Part 3", "guid": "sha256:"}]
    kept = [path for path in tmp_path.rglob("*") if path.is_file() and b"s3cret" in path.read_bytes()]
    newest = {"sort": "EXPECTED_START_TIME_DESC", "limit": 20}
    runs = httpx2.post(f"{prefect_server}/flow_runs/filter", json=newest, timeout=60)
    assert kept == []
    assert "Part 3" in runs.text
    assert "s3cret" not in runs.text
