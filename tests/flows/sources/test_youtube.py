"""YouTube, without YouTube: what yt-dlp tells becomes records, what it raises gets a class, it may do little."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer

from flows.locations import locate
from flows.sources import youtube
from transforms.errors import ContentError, SourceError, error_class
from transforms.records import Chapter
from transforms.video_info import is_youtube, to_chapters, to_episode, to_error, to_feed, to_podcast, youtube_id

WATCH = "https://www.youtube.com/watch?v=dQw4w9WgXcQ"

VIDEO: dict[str, Any] = {
    "id": "dQw4w9WgXcQ",
    "title": "Why a record  turns",
    "channel": "The Long Groove",
    "channel_id": "UCabcdefghijklmnopqrstuv",
    "channel_url": "https://www.youtube.com/channel/UCabcdefghijklmnopqrstuv",
    "uploader": "longgroove",
    "upload_date": "20261005",
    "timestamp": 1791180000,
    "duration": 95,
    "description": "With Idris Vane.\n\n0:00 Welcome\n0:19 Thirty three  and a third\n1:05 What breaks",
    "language": "en",
    "live_status": "not_live",
    "chapters": [
        {"start_time": 0.0, "end_time": 19.0, "title": "Welcome"},
        {"start_time": 19.0, "end_time": 95.0, "title": "Thirty three and a third"},
    ],
    "subtitles": {
        "en": [
            {"ext": "vtt", "url": "https://www.youtube.com/api/timedtext?v=dQw4w9WgXcQ&fmt=vtt"},
            {"ext": "json3", "url": "https://www.youtube.com/api/timedtext?v=dQw4w9WgXcQ&sig=s3cret&fmt=json3"},
        ],
        "live_chat": [{"ext": "json3", "url": "https://www.youtube.com/live_chat"}],
    },
    "automatic_captions": {
        "en-orig": [{"ext": "json3", "url": "https://www.youtube.com/api/timedtext?kind=asr&lang=en"}],
        "de": [{"ext": "json3", "url": "https://www.youtube.com/api/timedtext?kind=asr&tlang=de"}],
    },
    "formats": [{"url": "https://rr1.googlevideo.com/videoplayback?sig=s3cret"}],
    "cookies": "s3cret",
}
CHANNEL: dict[str, Any] = {
    "_type": "playlist",
    "id": "UCabcdefghijklmnopqrstuv",
    "title": "The Long Groove - Videos",
    "channel": "The Long Groove",
    "channel_id": "UCabcdefghijklmnopqrstuv",
    "channel_url": "https://www.youtube.com/channel/UCabcdefghijklmnopqrstuv",
    "entries": [
        {"_type": "url", "ie_key": "Youtube", "id": "aaaaaaaaaaa", "title": "Newest", "duration": 60.0},
        {"_type": "url", "id": "bbbbbbbbbbb", "title": "Tonight", "live_status": "is_upcoming"},
        {"_type": "url", "id": "aaaaaaaaaaa", "title": "Newest, again"},
        {"_type": "url", "id": "../../etc", "title": "Hostile"},
        {"_type": "url", "id": "ccccccccccc", "title": "Older"},
        None,
    ],
}


def test_a_video_is_an_episode_of_its_channel() -> None:
    """Id, title, date, length, notes with their lines; nothing of its signed addresses."""
    episode, podcast = to_episode(VIDEO), to_podcast(VIDEO)

    assert (episode.episode_id, episode.guid, episode.title) == (
        "youtube:dQw4w9WgXcQ",
        "dQw4w9WgXcQ",
        "Why a record turns",
    )
    assert episode.published_at == datetime(2026, 10, 5, 6, 0, tzinfo=UTC)
    assert (episode.duration, episode.language, episode.page_url) == (95.0, "en", WATCH)
    assert (episode.description or "").split("\n")[-2] == "0:19 Thirty three and a third"
    assert podcast is not None
    assert (podcast.title, podcast.podcast_id) == ("The Long Groove", episode.podcast_id)
    assert podcast.feed_url == VIDEO["channel_url"]
    assert "googlevideo" not in repr(episode)


def test_captions_of_people_come_by_themselves_those_of_a_machine_on_request() -> None:
    """Only json3, no chat, no machine translation of what a machine heard."""
    of_people = to_episode(VIDEO).transcripts
    every = to_episode(VIDEO, automatic=True).transcripts

    assert [(link.language, link.rel) for link in of_people] == [("en", "captions")]
    assert of_people[0].url.endswith("fmt=json3")
    assert [(link.language, link.rel) for link in every] == [("en", "captions"), ("en-orig", "automatic-captions")]


def test_chapters_of_a_video() -> None:
    assert to_chapters(VIDEO) == (
        Chapter(0, "Welcome", 0.0, 19.0),
        Chapter(1, "Thirty three and a third", 19.0, 95.0),
    )


def test_a_channel_is_a_feed_of_finished_videos() -> None:
    """Each once, in the order of the list; what is upcoming, odd or no video is left out."""
    feed = to_feed(CHANNEL, "https://www.youtube.com/@longgroove/videos")

    assert [(e.episode_id, e.title) for e in feed.episodes] == [
        ("youtube:aaaaaaaaaaa", "Newest"),
        ("youtube:ccccccccccc", "Older"),
    ]
    assert {e.podcast_id for e in feed.episodes} == {feed.podcast.podcast_id}
    assert to_podcast(VIDEO) == feed.podcast
    assert feed.episodes[0].audio_url == "https://www.youtube.com/watch?v=aaaaaaaaaaa"


def test_a_playlist_is_a_show_of_its_own() -> None:
    """Whoever made it; its videos may be of many channels."""
    listed = {**CHANNEL, "id": "PL123", "title": "On dust"}

    feed = to_feed(listed, "https://www.youtube.com/playlist?list=PL123")

    assert (feed.podcast.title, feed.podcast.author) == ("On dust", "The Long Groove")
    assert feed.podcast.podcast_id not in (to_podcast(VIDEO), None)
    with pytest.raises(ContentError, match="lists no finished videos: check that"):
        to_feed({**listed, "entries": []}, "https://www.youtube.com/playlist?list=PL123")


@given(
    st.sampled_from(sorted(VIDEO)), st.one_of(st.none(), st.integers(), st.text(max_size=5), st.lists(st.none()))
)
def test_any_key_may_be_odd(key: str, value: Any) -> None:
    """A change at YouTube's side costs a value, never a traceback."""
    info = copy.deepcopy(VIDEO)
    info[key] = value
    try:
        episode = to_episode(info, automatic=True)
        to_podcast(info)
        to_chapters(info)
        assert episode.episode_id.startswith("youtube:")
    except ContentError as error:
        assert "without an id" in str(error)  # noqa: PT017 - most values raise nothing


@pytest.mark.parametrize(
    ("message", "error", "words"),
    [
        ("ERROR: [youtube] x: Private video. Sign in if you've been granted access", "source", "private"),
        ("x: Video unavailable. This video has been removed by the uploader", "source", "removed"),
        ("x: Video unavailable. This video is no longer available because the account was terminated",
         "source", "removed"),
        ("x: Video unavailable", "source", "not there"),
        ("x: Join this channel to get access to members-only content", "source", "members"),
        ("x: Sign in to confirm your age. It may be inappropriate", "source", "adults"),
        ("x: Sign in to confirm you’re not a bot.", "transient", "holds us back"),
        ("x: Please sign in", "source", "login"),
        ("x: The uploader has not made this video available in your country", "source", "this country"),
        ("x: This live event will begin in 3 hours.", "transient", "not begun"),
        ("x: Premieres in 2 days", "transient", "not begun"),
        ("x: This live stream is being processed", "transient", "not finished"),
        ("x: HTTP Error 429: Too Many Requests", "transient", "holds us back"),
        ("x: HTTP Error 503: Service Unavailable", "transient", "no answer"),
        ("x: Unable to download webpage: <urlopen error timed out>", "transient", "no answer"),
        ("Unable to download webpage: [Errno -3] Temporary failure in name resolution", "transient", "no answer"),
        ("[youtube:tab] x: HTTP Error 404: Not Found", "source", "not there"),
        ("x: This video requires payment to watch", "source", "paid"),
        ("x: This video is DRM protected", "source", "locked"),
        ("x: Requested format is not available. Use --list-formats", "source", ""),
        ("No suitable extractor found for URL http://10.0.0.1/", "source", "no video, channel or playlist"),
        ("x: nsig extraction failed: https://x.y/?sig=s3cret; please report this issue on …",
         "transient", "upgrade yt-dlp"),
    ],
)  # fmt: skip
def test_every_error_has_its_class_and_one_line(message: str, error: str, words: str) -> None:
    """As https://github.com/yt-dlp/yt-dlp words them."""
    found = to_error(message, WATCH)

    assert error_class(found) == error
    assert words in str(found)
    assert str(found).startswith(WATCH)
    assert "s3cret" not in str(found)
    assert "\n" not in str(found)


def test_the_options_hold_nothing_that_runs_writes_or_reads_what_is_ours() -> None:
    """Every kind of option that was a hole once is not there."""
    given = youtube.options({"paths": {"home": "/x"}})

    assert given["allowed_extractors"] == ["^youtube$", "^youtube:tab$", "^youtube:playlist$"]
    forbidden = {
        "exec_cmd", "exec_before_dl_cmd", "postprocessors", "usenetrc", "netrc_location", "netrc_cmd",
        "external_downloader", "external_downloader_args", "postprocessor_args", "writeinfojson", "writesubtitles",
        "writelink", "writeurllink", "writethumbnail", "writedescription", "cookiefile", "cookiesfrombrowser",
        "username", "password", "load_info_filename", "download_archive", "batchfile", "config_location",
        "plugin_dirs", "remote_components", "enable_file_urls", "force_generic_extractor", "default_search",
        "ffmpeg_location", "compat_opts", "nocheckcertificate", "prefer_insecure", "geo_bypass", "proxies",
    }  # fmt: skip
    assert not forbidden & set(given)
    assert (given["restrictfilenames"], given["cachedir"], given["proxy"], given["quiet"]) == (
        True,
        False,
        "",
        True,
    )
    assert "http" in given["format"]


def test_yt_dlp_knows_every_option_and_only_our_extractors() -> None:
    """No option is a typo, and of 1,800 extractors three are left."""
    import yt_dlp

    with youtube._downloader({}) as downloader:
        assert sorted(downloader._ies) == ["Youtube", "YoutubePlaylist", "YoutubeTab"]
        assert downloader._pps == {when: [] for when in downloader._pps}
    documented = yt_dlp.YoutubeDL.__doc__ or ""
    unknown = [name for name in youtube.options() if f"{name}:" not in documented.replace(" ", "")]
    assert [name for name in unknown if name not in yt_dlp.parse_options([]).ydl_opts] == []


@pytest.mark.parametrize(
    "path", ["/1.mp3", "/watch?v=dQw4w9WgXcQ", "/feed.xml", "/youtube.com/watch?v=dQw4w9WgXcQ"]
)
def test_yt_dlp_refuses_any_other_address_and_no_connection_is_seen(path: str, httpserver: HTTPServer) -> None:
    """A real yt-dlp, told to fetch from a server that is there: it never knocks."""
    url = httpserver.url_for("") + path.lstrip("/")
    with pytest.raises(SourceError, match="no video, channel or playlist of YouTube"):
        youtube._info(url, {})
    with pytest.raises(SourceError):
        youtube.video(locate(url))
    with pytest.raises(SourceError):
        youtube.listing(locate(url))

    assert httpserver.log == []


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("https://youtu.be/dQw4w9WgXcQ?si=abc", WATCH),
        ("https://www.youtube.com/watch?list=PL1&v=dQw4w9WgXcQ&t=5", WATCH),
        ("https://m.youtube.com/shorts/dQw4w9WgXcQ", WATCH),
    ],
)
def test_the_address_of_a_video_is_written_anew(url: str, asked: str) -> None:
    assert youtube._watch(locate(url)) == asked
    assert youtube_id(url) == "dQw4w9WgXcQ"


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("https://www.youtube.com/@longgroove", "https://www.youtube.com/@longgroove/videos"),
        ("https://youtube.com/channel/UCx/", "https://www.youtube.com/channel/UCx/videos"),
        ("https://www.youtube.com/@longgroove/streams", "https://www.youtube.com/@longgroove/streams"),
        ("https://www.youtube.com/playlist?si=1&list=PL1", "https://www.youtube.com/playlist?list=PL1"),
    ],
)
def test_the_address_of_a_list_is_written_anew(url: str, asked: str) -> None:
    assert youtube._channel(locate(url)) == asked


@pytest.mark.parametrize(
    "url",
    [
        "https://youtube.com.example.org/watch?v=dQw4w9WgXcQ",
        "https://example.org/?u=https://youtu.be/dQw4w9WgXcQ",
        "https://youtube.com@10.0.0.1/watch?v=dQw4w9WgXcQ",
        "file:///youtube.com/watch?v=dQw4w9WgXcQ",
    ],
)
def test_what_only_looks_like_youtube_is_not(url: str) -> None:
    """Neither a host that begins so, nor a user name, nor a path."""
    assert not is_youtube(url)
    with pytest.raises(SourceError):
        youtube.video(locate(url))
