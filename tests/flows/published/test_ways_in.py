"""Ways into the flow, end to end: pages, transcripts and chapters of feeds, policies, what goes wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pytest_httpserver import HTTPServer

from tests.conftest import DEMO, ask, command, only

pytestmark = pytest.mark.system

TINY = ("--model", "tiny.en", "--no-diarize")
VTT = (DEMO / "why-a-record-turns.vtt").read_bytes()
CHAPTERS = (DEMO / "why-a-record-turns.chapters.json").read_bytes()
P20 = "xmlns:podcast='https://podcastindex.org/namespace/1.0'"
FOUND = """
    select e.title, e.page_url, e.linked_by, p.title as show, t.source, t.format, t.linked_by as text_linked_by
    from episodes e left join podcasts p using (podcast_id) left join transcripts t using (episode_id)
    order by t.source
"""


def ingest(home: Path, *arguments: str, api: str | None = None, check: bool = True) -> Any:
    """Ingest with the local server let in, and give what the command says of it."""
    done = command(
        home, "ingest", *arguments, *TINY, "--json", api=api, check=check, TURNTABLE_ALLOW="127.0.0.1,localhost"
    )
    return json.loads(done.stdout) | {"said": done.stderr}


def publish(server: HTTPServer, clip: Path, tags: str = "", notes: str = "", transcript: bytes = VTT) -> str:
    """Put an episode on the server: audio, feed, page, transcript, chapters; the address of the feed."""
    feed = (
        f"<rss version='2.0' {P20}><channel><title>The Long Groove</title><language>en</language><item>"
        f"<title>Why a record turns</title><guid isPermaLink='false'>one</guid><description>{notes}</description>"
        f"<enclosure url='{server.url_for('/1.wav')}' type='audio/wav' length='1'/>{tags}</item></channel></rss>"
    )
    server.expect_request("/feed.xml").respond_with_data(feed, content_type="application/rss+xml")
    server.expect_request("/1.wav").respond_with_data(clip.read_bytes(), content_type="audio/wav")
    server.expect_request("/1.vtt").respond_with_data(transcript, content_type="text/vtt")
    server.expect_request("/1.json").respond_with_data(CHAPTERS, content_type="application/json+chapters")
    return str(server.url_for("/feed.xml"))


def tags(server: HTTPServer) -> str:
    """The tags of a transcript, chapters and two people; a subscriber's secret in each address."""
    return (
        f"<podcast:transcript url='{server.url_for('/1.vtt')}?key=s3cret' type='text/vtt'/>"
        f"<podcast:chapters url='{server.url_for('/1.json')}?key=s3cret' type='application/json+chapters'/>"
        "<podcast:person role='host'>Mara Quill</podcast:person>"
        "<podcast:person role='guest'>Idris Vane</podcast:person>"
    )


@pytest.mark.parametrize(
    ("head", "body", "show"),
    [
        ("", "<audio controls><source src='/1.wav' type='audio/wav'></audio>", None),
        ("<link rel='alternate' type='application/rss+xml' href='/feed.xml'>", "", "The Long Groove"),
        (
            '<script type="application/ld+json">{"@graph": [{"@type": "PodcastEpisode",'
            ' "name": "Why a record turns", "associatedMedia": {"@type": "MediaObject", "contentUrl": "/1.wav"}}]}'
            "</script>",
            "",
            None,
        ),
    ],
    ids=["audio", "feed", "json-ld"],
)
def test_a_web_page_becomes_turns(
    head: str, body: str, show: str | None, models: Path, clip: Path, httpserver: HTTPServer,
    tmp_path: Path,
) -> None:  # fmt: skip
    """`turntable ingest PAGE`: its audio is heard, the page is kept as the episode's."""
    publish(httpserver, clip)
    html = f"<html><head><title>Why a record turns</title>{head}</head><body>{body}</body></html>"
    httpserver.expect_request("/one").respond_with_data(html, content_type="text/html")
    page = httpserver.url_for("/one")

    ingest(tmp_path, page)

    row = only(ask(tmp_path, FOUND))
    assert (row["title"], row["page_url"], row["show"]) == ("Why a record turns", page, show)
    assert (row["source"], row["linked_by"]) == ("asr", "feed" if show else "url")
    assert "repairs record players" in " ".join(r["text"] for r in ask(tmp_path, "select text from best_turns"))
    command(tmp_path, "verify")


def test_both_transcripts_lie_side_by_side_with_the_chapters(
    models: Path, clip: Path, prefect_server: str, httpserver: HTTPServer, tmp_path: Path
) -> None:
    """What was said of the published text is best, ours is there; chapters and names are used, no secret stays."""
    feed = publish(httpserver, clip, tags(httpserver))

    done = ingest(tmp_path, feed, api=prefect_server)

    assert only(done["episodes"])["text"] == "vtt"
    rows = ask(tmp_path, FOUND)
    assert [(r["source"], r["format"], r["text_linked_by"]) for r in rows] == [
        ("asr", None, None),
        ("merged", None, None),
        ("publisher", "vtt", "feed"),
    ]
    best = ask(tmp_path, "select speaker, source, text_source, chapter, text from best_turns order by turn_index")
    assert {(r["source"], r["text_source"]) for r in best} == {("merged", "publisher")}
    assert (best[0]["speaker"], best[0]["chapter"]) == ("Mara Quill", "Welcome")
    assert "dust with me" in best[-1]["text"]  # the recording ends there, the text goes on
    chapters = ask(tmp_path, "select * from chapters where transcript_id is null order by chapter_index")
    assert [(c["title"], c["start_time"], c["end_time"]) for c in chapters[:2]] == [
        ("Welcome", 0.0, 19.0),
        ("Thirty three and a third", 19.0, 65.0),
    ]
    assert {c["source"] for c in chapters} == {"podcast:chapters"}
    (used,) = ask(tmp_path, "select parameters from stage_runs where stage = 'transcribe'")
    assert "hotwords" not in json.loads(used["parameters"])
    kept = [path for path in tmp_path.rglob("*") if path.is_file() and b"s3cret" in path.read_bytes()]
    assert kept == []
    newest = {"sort": "EXPECTED_START_TIME_DESC", "limit": 5}
    runs = httpx2.post(f"{prefect_server}/flow_runs/filter", json=newest, timeout=60)
    assert "Why a record turns" in runs.text
    assert "s3cret" not in runs.text
    command(tmp_path, "verify")
    before = ask(tmp_path, "from chapters order by all"), ask(tmp_path, "from turns order by all")
    command(tmp_path, "rebuild")
    assert (ask(tmp_path, "from chapters order by all"), ask(tmp_path, "from turns order by all")) == before

    again = ingest(tmp_path, feed, api=prefect_server)

    assert only(again["episodes"])["computed"] == []


@pytest.mark.parametrize("policy", ["--transcript-first", "--text-only"])
def test_a_good_transcript_saves_the_audio(
    policy: str, models: Path, clip: Path, httpserver: HTTPServer, tmp_path: Path
) -> None:
    """Names and times are there: no byte of the audio is fetched."""
    done = ingest(tmp_path, publish(httpserver, clip, tags(httpserver)), policy)

    assert "/1.wav" not in [request.path for request, _ in httpserver.log]
    assert (only(done["episodes"])["from_audio"], only(done["episodes"])["text"]) == (False, "vtt")
    assert "from the publisher's vtt" in done["said"]
    assert only(ask(tmp_path, "select distinct source from best_turns")) == {"source": "publisher"}
    assert len(ask(tmp_path, "from chapters where transcript_id is null")) == 4
    command(tmp_path, "verify")


def test_a_transcript_without_names_does_not_save_the_audio(
    models: Path, clip: Path, httpserver: HTTPServer, tmp_path: Path
) -> None:
    """With --transcript-first it is imported, and the audio is heard."""
    plain = b"WEBVTT\n\n00:00:02.200 --> 00:00:05.997\nWelcome to The Long Groove.\n"
    feed = publish(httpserver, clip, tags(httpserver), transcript=plain)

    ingest(tmp_path, feed, "--transcript-first")

    assert [row["source"] for row in ask(tmp_path, FOUND)] == ["asr", "captions"]


def test_text_only_without_a_text_says_so(clip: Path, httpserver: HTTPServer, tmp_path: Path) -> None:
    """One line with the way out, and a row."""
    done = ingest(tmp_path, publish(httpserver, clip), "--text-only", check=False)

    (failed,) = done["failed"]
    assert failed["error_class"] == "source"
    assert "no transcript is offered that we read; hear it without --text-only" in failed["message"]
    assert only(ask(tmp_path, "select stage, status from stage_runs")) == {"stage": "text", "status": "failed"}


def test_what_the_publisher_offers_may_fail_and_stops_nothing(
    models: Path, clip: Path, httpserver: HTTPServer, tmp_path: Path
) -> None:
    """Rows say what failed; the next format and the notes stand in; the audio is heard."""
    offered = "".join(
        f"<podcast:transcript url='{httpserver.url_for(path)}' type='{kind}'/>"
        for path, kind in (
            ("/1.vtt", "text/vtt"),
            ("/gone.json", "application/json"),
            ("/bad.srt", "application/srt"),
        )
    )
    listed = f"<podcast:chapters url='{httpserver.url_for('/bad.json')}' type='application/json+chapters'/>"
    httpserver.expect_request("/gone.json").respond_with_data("no", status=404)
    httpserver.expect_request("/bad.json").respond_with_data("<html>", content_type="text/html")
    notes = "All about dust. 00:00 Hello 00:05 Dust 00:12 Bye"
    feed = publish(httpserver, clip, offered + listed, notes)

    done = ingest(tmp_path, feed)

    assert only(done["episodes"])["text"] == "vtt"
    rows = ask(
        tmp_path, "select stage, error_class, source from stage_runs where status = 'failed' order by stage"
    )
    assert [(r["stage"], r["error_class"], r["source"].rpartition("/")[2]) for r in rows] == [
        ("chapters", "content", "bad.json"),
        ("text", "source", "gone.json"),
    ]
    assert "the publisher's chapters are left out: http" in done["said"]
    assert "gone.json: the server answered 404" in done["said"]
    chapters = ask(
        tmp_path, "select title, source from chapters where transcript_id is null order by chapter_index"
    )
    assert chapters == [{"title": title, "source": "notes"} for title in ("Hello", "Dust", "Bye")]
    command(tmp_path, "verify")


def test_the_page_of_an_episode_is_the_last_place_to_look(
    models: Path, clip: Path, httpserver: HTTPServer, tmp_path: Path
) -> None:
    """Its transcript is taken where it names who speaks; a page without one is no failure."""
    talk = "".join(
        f"<p><strong>{name}:</strong> {'It turns because somebody pushed it, and then it went on. ' * 6}</p>"
        for name in ("Mara Quill", "Idris Vane") * 4
    )
    html = f"<html><head><title>Why a record turns</title></head><body><h2>Transcript</h2>{talk}</body></html>"
    httpserver.expect_request("/talk").respond_with_data(html, content_type="text/html; charset=utf-8")
    feed = publish(httpserver, clip, f"<link>{httpserver.url_for('/talk')}</link>")

    done = ingest(tmp_path, feed, "--text-only")

    assert only(done["episodes"])["turns"] == 8
    row = only(ask(tmp_path, FOUND))
    assert (row["source"], row["text_linked_by"]) == ("publisher", "feed")


def test_policies_exclude_each_other(tmp_path: Path) -> None:
    """The command says which two were given."""
    result = command(tmp_path, "ingest", "x.mp3", "--text-only", "--audio-only", check=False)

    assert result.returncode == 2
    assert "--text-only and --audio-only exclude each other" in " ".join(result.stderr.split())
