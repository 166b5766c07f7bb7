"""Feeds: golden pairs, hostile bytes, and where a feed may point."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import time
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import settings as limits
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer
from werkzeug import Response

from flows.artifacts import Store
from flows.episode import stages
from flows.episode.stages import promise_flags
from flows.http.reach import Reach
from flows.locations import at_path, locate
from flows.settings import Settings
from flows.sources.feed_pages import parse_safely, read_feed
from flows.sources.found import EpisodeSource, extras_of, newest
from tests.conftest import ROOT
from transforms.errors import ContentError, HostileError, SourceError, TransientError, TurntableError
from transforms.feed import is_feed, parse_feed, plain_text, resolve_url
from transforms.records import AudioLink, Episode, Feed, Person, Podcast, TranscriptLink, podcast_id
from transforms.times import parse_duration

GOLDEN = ROOT / "tests" / "data" / "feeds"
DEMO = ROOT / "flows" / "demo"
URL = "https://feeds.example/shows/feed.xml"

START = b"<rss version='2.0'><channel><title>Show</title>"
ITEM = b"<item><guid>one</guid><enclosure url='https://a.example/1.mp3'/>"
END = b"</item></channel></rss>"
SOUND = "<enclosure url='https://a.example/1.mp3' type='audio/mpeg'/>"
PLAIN = START + ITEM + END


def as_json(feed: Feed) -> object:
    """Write a feed as the golden files have it."""
    return json.loads(json.dumps(asdict(feed), default=datetime.isoformat))


@pytest.mark.parametrize("algorithm", ["sha256", "sha384", "sha512"])
def test_promised_bytes_are_compared(algorithm: str, tmp_path: Path) -> None:
    """Other bytes than the feed promised for an address are flagged; those of another address are not."""
    audio, other = tmp_path / "a.mp3", tmp_path / "b.mp3"
    audio.write_bytes(b"what was promised")
    other.write_bytes(b"something else")
    digest = base64.b64encode(hashlib.new(algorithm, audio.read_bytes()).digest()).decode()
    namespace = b"xmlns:podcast='https://podcastindex.org/namespace/1.0'"
    promise = f"""<podcast:alternateEnclosure type="audio/mpeg"><podcast:source uri="https://a.example/1.mp3"/>
      <podcast:integrity type="sri" value="{algorithm}-{digest}"/></podcast:alternateEnclosure>"""
    (episode,) = parse_feed(
        PLAIN.replace(b"<rss", b"<rss " + namespace).replace(END, promise.encode() + END), URL
    ).episodes

    assert promise_flags(extras_of(episode).integrity, audio) == ()
    assert promise_flags(extras_of(episode).integrity, other) == ("integrity_mismatch",)
    assert promise_flags(extras_of(replace(episode, audio_url="https://a.example/2.mp3")).integrity, other) == ()


def test_what_lies_beside_a_feed_on_this_machine_has_no_address(tmp_path: Path) -> None:
    """It is heard from its path, which nobody else sees."""
    feed = parse_feed(PLAIN.replace(b"https://a.example/1.mp3", b"1.mp3"), str(tmp_path / "feed.xml"))
    (found,) = newest(feed, 1)
    assert found.location.path == tmp_path / "1.mp3"
    assert str(tmp_path) not in str(found.episode)
    assert found.episode.audio_url is None


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.xml")), ids=lambda path: path.stem)
def test_golden_feeds(path: Path) -> None:
    """Each feed gives exactly the records beside it; a new bug is two more files."""
    feed = parse_feed(path.read_bytes(), f"https://feeds.example/shows/{path.name}")

    assert as_json(feed) == json.loads(path.with_suffix(".json").read_text())


def test_the_demo_feed() -> None:
    """The bundled show is complete, and everything that it names lies beside it."""
    feed = read_feed(at_path(DEMO / "feed.xml"), Reach())

    show = podcast_id("https://longgroove.example/feed.xml")
    assert feed.podcast == Podcast(
        podcast_id=show,
        title="The Long Groove",
        author="Mara Quill",
        feed_url=str(DEMO / "feed.xml"),
        site_url="https://longgroove.example/",
        language="en",
    )
    (episode,) = feed.episodes
    assert episode.description
    audio = str(DEMO / "why-a-record-turns.ogg")
    size = (DEMO / "why-a-record-turns.ogg").stat().st_size
    assert replace(episode, description=None) == Episode(
        episode_id="80258ba0-7fbf-5283-a64b-e0834e01f280",
        podcast_id=show,
        guid="long-groove-1",
        title="Why a record turns",
        description=None,
        published_at=datetime(2026, 10, 5, 6, tzinfo=UTC),
        season=1,
        episode_number=1.0,
        language=None,
        page_url="https://longgroove.example/why-a-record-turns",
        audio_url=audio,
        duration=95.0,
        chapters_url=str(DEMO / "why-a-record-turns.chapters.json"),
        transcripts=(TranscriptLink(str(DEMO / "why-a-record-turns.vtt"), "text/vtt", "en", None),),
        persons=(Person("Mara Quill", "host"), Person("Idris Vane", "guest")),
        audio_links=(AudioLink(audio, "audio/ogg", None, size, None, None),),
        published_text="Mon, 05 Oct 2026 06:00:00 GMT",
    )
    assert Path(audio).read_bytes().startswith(b"OggS")
    assert f'length="{size}"' in (DEMO / "feed.xml").read_text()
    assert (DEMO / "why-a-record-turns.vtt").read_text().startswith("WEBVTT\n")
    assert json.loads((DEMO / "why-a-record-turns.chapters.json").read_text())["version"] == "1.2.0"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_byte_order_marks(encoding: str) -> None:
    """The mark at the beginning says how a feed is written."""
    text = PLAIN.decode().replace("Show", "Wüste 砂 🜁")

    feed = parse_feed(text.encode(encoding), URL)

    assert feed.podcast.title == "Wüste 砂 🜁"
    assert is_feed(text.encode(encoding)[:64])


def test_episodes_keep_their_names() -> None:
    """Ids hang on the feed's and the item's own names only, not on title, order or query."""
    again = PLAIN.replace(b"1.mp3", b"2.mp3?session=5").replace(b"Show", b"Another")

    (first,), (second,) = parse_feed(PLAIN, URL).episodes, parse_feed(again, URL).episodes

    assert first.episode_id == second.episode_id
    assert parse_feed(PLAIN, "http://feeds.example/shows/feed.xml/").episodes[0].episode_id == first.episode_id
    assert parse_feed(PLAIN, "https://other.example/").episodes[0].episode_id != first.episode_id


def test_a_redirected_feed_keeps_its_name() -> None:
    """Relative URLs belong to where the bytes came from, the identity to the URL that we know."""
    data = PLAIN.replace(b"https://a.example/1.mp3", b"1.mp3")

    feed = parse_feed(data, URL, base="https://cdn.example/x/feed.xml")

    assert feed.podcast == parse_feed(data, URL).podcast
    assert [episode.audio_url for episode in feed.episodes] == ["https://cdn.example/x/1.mp3"]


@pytest.mark.parametrize(
    ("reference", "path"),
    [
        ("1.mp3", "shows/long/1.mp3"),
        ("./a/../1.mp3", None),
        ("audio/1.mp3", "shows/long/audio/1.mp3"),
        ("my%20file.mp3", "shows/long/my file.mp3"),
        ("my file.mp3?x=1#t", "shows/long/my file.mp3"),
        ("https://a.example/1.mp3?x=1", "https://a.example/1.mp3?x=1"),
        ("../other/1.mp3", None),
        ("%2e%2e/1.mp3", None),
        ("..%2f1.mp3", None),
        ("a/%2e%2e/%2e%2e/1.mp3", None),
        ("/etc/passwd", None),
        ("%2fetc/passwd", None),
        ("//host/etc/passwd", None),
        ("file:///etc/passwd", None),
        ("file:1.mp3", None),
        ("FILE:///etc/passwd", None),
        ("data:audio/mpeg,x", None),
        ("javascript:x", None),
        ("1.mp3%00.txt", None),
        (".", None),
        ("", None),
        ("   ", None),
        (None, None),
        ("http://[", None),
        ("https://", None),
    ],
)
def test_where_a_local_feed_may_point(reference: str | None, path: str | None) -> None:
    """Files in its own folder and the web; never up, never an absolute path."""
    assert resolve_url(reference, base="shows/long/feed.xml") == path


def test_a_file_url_is_a_local_feed() -> None:
    """A file URL names a folder as a path does."""
    assert resolve_url("1.mp3", base="file:///my%20shows/feed.xml") == "/my shows/1.mp3"


@given(st.text(), st.sampled_from([URL, "http://a.example", "shows/feed.xml", "file:///shows/feed.xml"]))
@example("//[", URL)
@example("\t\n/x", "shows/feed.xml")
def test_no_reference_leads_astray(reference: str, base: str) -> None:
    """A remote feed names http(s) URLs only; a local one those and files below its folder."""
    target = resolve_url(reference, base=base)

    if target is not None and urlsplit(target).scheme not in ("http", "https"):
        assert not base.startswith("http")
        folder = Path("/shows" if base.startswith("file:") else "shows")
        assert (folder / "x").parent in Path(target).parents
        assert ".." not in Path(target).parts


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" ",
        b"\0",
        b"hello",
        b"{}",
        b"<",
        b"<?xml version='1.0'?>",
        b"<!DOCTYPE html><html><body>Not found</body></html>",
        b"<opml version='2.0'><body/></opml>",
        b"<rss/>",
        START,
        b"ID3\x04\0\0\0" + bytes(range(256)) * 20,
    ],
)
def test_what_is_no_feed(data: bytes) -> None:
    """Anything else, and a show that is cut off, is an error of one line that hides the query."""
    with pytest.raises(ContentError, match=r"^https://feeds\.example/shows/feed\.xml is not a feed: ") as caught:
        parse_feed(data, "https://ann:swordfish@feeds.example/shows/feed.xml?token=opensesame")

    message = str(caught.value)
    assert "opensesame" not in message
    assert "swordfish" not in message
    assert len(message.splitlines()) == 1


def test_a_show_without_episodes_yet_is_a_feed() -> None:
    """Also one that is live now: its stream is no episode, and does not name the show."""
    live = (
        b"<podcast:liveItem status='live' xmlns:podcast='https://podcastindex.org/namespace/1.0'><title>Tonight</title>"
        b"<guid>live</guid><enclosure url='https://a.example/stream.mp3' type='audio/mpeg'/></podcast:liveItem>"
    )
    for inside in (b"", live):
        feed = parse_feed(START + inside + END.replace(b"</item>", b""), URL)

        assert (feed.podcast.title, feed.episodes) == ("Show", ())


def entity_bomb() -> bytes:
    """Write a feed that would expand to ten gigabytes."""
    levels = b"".join(b"<!ENTITY %c '%s'>" % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9))
    return b"<!DOCTYPE rss [<!ENTITY a 'aaaaaaaaaa'>" + levels + b"]>" + PLAIN.replace(b"Show", b"&j;")


@pytest.mark.parametrize(
    ("data", "title"),
    [
        (entity_bomb(), "&j;"),
        (b"<!DOCTYPE rss [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>" + PLAIN.replace(b"Show", b"&x;"), "&x;"),
        (b"<!DOCTYPE rss [<!ENTITY % x SYSTEM 'file:///etc/passwd'> %x;]>" + PLAIN, "Show"),
        (b"<!DOCTYPE rss SYSTEM 'file:///etc/passwd'>" + PLAIN, "Show"),
        (b"<!DOCTYPE rss [<!ENTITY x 'a'>]>" + PLAIN.replace(b"Show", b"&x;" * 500_000), "&x;" * 500_000),
        (PLAIN.replace(b"Show", b"S\0how"), "Show"),
        (b"\0" + PLAIN, "Show"),
        (PLAIN.replace(b"Show", b"&#0;Sh&#xD800;ow&#x110000;"), "Show"),
        (b"<?xml version='1.0' encoding='punycode'?>" + PLAIN + b"-" + b"ba" * 200_000, "Show"),
    ],
)
def test_nothing_is_expanded(data: bytes, title: str) -> None:
    """Entities stay what is written, files stay unread, and it is done at once."""
    started = time.monotonic()

    feed = parse_feed(data, URL)

    assert feed.podcast.title == title
    assert [episode.guid for episode in feed.episodes] == ["one"]
    assert time.monotonic() - started < 60


MANY = 50_000
HOSTILE = {
    "nested": START + b"<a>" * 20_000,
    "nested and closed": START + b"<a>" * MANY + b"</a>" * MANY + b"</channel></rss>",
    "nested items": START + ITEM * MANY,
    "nested text": START + ITEM + b"<description>" + b"<p>x" * MANY + b"</p>" * MANY + b"</description>" + END,
    "nested html": START + ITEM + b"<description><![CDATA[" + b"<b><p>" * MANY + b"]]></description>" + END,
    "attributes": START + b"<a " + b" ".join(b"a%d=''" % n for n in range(MANY)) + b"/>" + ITEM + END,
    "html attributes": (
        START + ITEM + b"<description><![CDATA[<a " + b" ".join(b"a%d=''" % n for n in range(MANY))
    ),
    "namespaces": START + b"".join(b"<n%d:a xmlns:n%d='u%d'/>" % (n, n, n) for n in range(MANY)) + ITEM + END,
    "categories": START + ITEM + b"".join(b"<category>%d</category>" % n for n in range(MANY)) + END,
    "an author": START + ITEM + b"<author>" + b"a." * MANY + b"</author>" + END,
    "a creator": START + ITEM + b"<dc:creator>" + b"a." * MANY + b"</dc:creator>" + END,
    "tags": START + b"<a/>" * 1_000_000 + ITEM + END,
    "open tags": START + ITEM + b"<a " * MANY,
    "open sections": START + ITEM + b"<![CDATA[" * MANY,
    "open comments": START + ITEM + b"<!--" * MANY,
    "ampersands": START + ITEM + b"<title>" + b"&" * MANY + b"&#" * MANY + b"</title>" + END,
    "a point nowhere": START + ITEM + b"<gml:posList>1 2</gml:posList>" + END,
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_feeds_end_soon(data: bytes) -> None:
    """What would hold up a parser for minutes is read or refused in seconds."""
    started = time.monotonic()
    try:
        feed = parse_feed(data, URL)
    except ContentError:
        pass
    else:
        assert [episode.guid for episode in feed.episodes] == ["one"]

    assert time.monotonic() - started < 60


def texts(value: object) -> list[str]:
    """Collect every text in a value made of tuples and dictionaries."""
    if isinstance(value, dict):
        return [text for part in value.values() for text in texts(part)]
    if isinstance(value, tuple | list):
        return [text for part in value for text in texts(part)]
    return [value] if isinstance(value, str) else []


PIECES = b"""\
<rss version='2.0'>
<channel>
<item>
</item>
<title>
</title>
<guid>
</guid>
<enclosure url='https://a.example/1.mp3' type='audio/mpeg'/>
<enclosure url='
<link rel='enclosure' href='1.mp3'/>
<![CDATA[
]]>
<!--
-->
<!DOCTYPE x [
<?xml version='1.0' encoding='utf-7'?>
&amp;
&
&#0;
&#xD800;
&nbsp;
<pubDate>
0001-01-01
</pubDate>
<podcast:person role='a'>
</podcast:person>
<podcast:transcript url='1.vtt'/>
<itunes:duration>1:2</itunes:duration>
<feed>
<entry>
<description>
</description>
<br>
http://[
xmlns:a='b'
<published_parsed/>
<itunes:duration a='b'>1</itunes:duration>
text""".splitlines()
SOUP = st.lists(st.sampled_from(PIECES) | st.binary(max_size=4)).map(b"".join)


@limits(max_examples=150, deadline=None)
@given(st.binary() | SOUP | SOUP.map(lambda soup: START + ITEM + soup))
@example(b"<feed><entry>" * 3)
@example(PLAIN.replace(b"one", "\ud800".encode("utf-8", "surrogatepass")))
def test_any_bytes_end_in_a_feed_or_a_content_error(data: bytes) -> None:
    """Whatever comes, there is a feed that can be stored, or one clear error."""
    try:
        feed = parse_feed(data, URL)
    except ContentError:
        return

    ids = [episode.episode_id for episode in feed.episodes]
    assert len(set(ids)) == len(ids)
    for text in texts(asdict(feed)):
        assert text.encode()  # no lone surrogates, no empty texts
        assert "\0" not in text
    for episode in feed.episodes:
        assert episode.audio_url is not None
        assert urlsplit(episode.audio_url).scheme in ("http", "https")
        assert episode.published_at is None or episode.published_at.utcoffset() is not None


@given(st.binary(max_size=200))
def test_sniffing_never_fails(data: bytes) -> None:
    """Any first bytes are a feed or not."""
    assert is_feed(data) in (True, False)
    assert is_feed(b"  <?xml version='1.0'?>\n<!-- <html> -->\n<rss>" + data)


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"<rss version='2.0'>", True),
        (b"\xef\xbb\xbf<?xml version='1.0'?><feed xmlns='x'>", True),
        (b"<atom:feed xmlns:atom='x'>", True),
        (b"<rdf:RDF>", True),
        (b"<!DOCTYPE rss [<!ENTITY a 'b'>]><?xml-stylesheet href='a'?><rss>", True),
        (b"<!-- " + b"<!-- " * 800, False),
        (b"<html><!-- <rss> --></html>", False),
        (b"<rssx>", False),
        (b"rss", False),
        (b"WEBVTT\n\n<rss>", False),
        (b"", False),
    ],
)
def test_what_begins_like_a_feed(head: bytes, expected: bool) -> None:
    """The first tag decides, behind marks, declarations and comments."""
    assert is_feed(head) is expected


@pytest.mark.parametrize("name", ["links", "enclosures", "published_parsed", "title_detail", "content", "tags"])
@pytest.mark.parametrize("tag", ["<{0}/>", "<{0}>x</{0}>", "<{0} a='b'>x</{0}>", "<{0} a='b'/>"])
def test_a_tag_may_have_any_name(name: str, tag: str) -> None:
    """A tag that no format knows takes nothing from the episode."""
    odd = tag.format(name).encode()
    date = b"<title>t</title><pubDate>Sat, 01 Mar 2025 10:00:00 GMT</pubDate>"
    (expected,) = parse_feed(START + ITEM + date + END, URL).episodes
    (episode,) = parse_feed(START + ITEM + date + odd + END, URL).episodes

    assert replace(episode, description=None) == expected


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2025", None),
        ("2025-03", None),
        ("2025-W09-6", None),
        ("2025-060", None),
        ("2025년 3월 1일", None),
        ("99999-01-01", None),
        ("9999-12-31T23:59:59-23:59", None),
        ("2025-03-01", datetime(2025, 3, 1, tzinfo=UTC)),
        ("20250301", datetime(2025, 3, 1, tzinfo=UTC)),
        ("2025-03-01 10:00:00", datetime(2025, 3, 1, 10, tzinfo=UTC)),
    ],
)
def test_half_a_date_is_none(text: str, date: datetime | None) -> None:
    """A month that is not in the feed is not taken from today's calendar."""
    (episode,) = parse_feed(START + ITEM + f"<pubDate>{text}</pubDate>".encode() + END, URL).episodes

    assert episode.published_at == date


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("Fri, 11 Mar 2022 08:30:00 CEST", "2022-03-11T06:30"),
        ("Fri, 11 Mar 2022 08:30 BST", "2022-03-11T07:30"),
        ("Fri, 11 Mar 2022 08:30:00 JST", "2022-03-10T23:30"),
        ("Fri, 11 Mar 2022 08:30:00 AEST", "2022-03-10T22:30"),
        ("Fri, 11 Mar 2022 08:30:00 IST", "2022-03-11T03:00"),
        ("Fri, 11 Mar 2022 08:30:00 GMT+2", "2022-03-11T06:30"),
        ("Fri, 11 Mar 2022 08:30:00 -0000 (nobody knows)", "2022-03-11T08:30"),
        ("Fri Mar 11 08:30:00 EST 2022", "2022-03-11T13:30"),
        ("March 11, 2022 8:30 pm", "2022-03-11T20:30"),
        ("Mi, 11 Mär 2022 08:30:00 +0100", "2022-03-11T07:30"),
        ("ven., 11 févr. 2022 08:30:00 +0100", "2022-02-11T07:30"),
        ("11 Mar 49 08:30 GMT", "2049-03-11T08:30"),
        ("11 Mar 50 08:30 GMT", "1950-03-11T08:30"),
        ("Fri, 11 Mar 2022 08:30:00 America/New_York", "2022-03-11T13:30"),
        ("Fri, 11 Mar 2022 08:30:00 Atlantis/Main_Street", None),
        ("Fri, 11 Mar 2022 08:30:00 America/Argentina", None),
        ("Fri, 11 Mar 2022 08:30:00 -9900", None),
        ("Fri, 11 Mar 2022 08:30:00 +1500", None),
        ("Fri, 11 Mar 2022 08:30:00 +0175", None),
        ("Wed, 27 May 2020 34:50:00 -0400", None),
        ("Fri, 11 Foo 2022 08:30:00 GMT", None),
        ("Fri, 00 Mar 2022 08:30:00 GMT", None),
    ],
)
def test_a_date_is_believed_or_not(text: str, date: str | None) -> None:
    """Zones by name count, and what no clock or calendar has is None; how it was written stays."""
    (episode,) = parse_feed(START + ITEM + f"<pubDate>{text}</pubDate>".encode() + END, URL).episodes

    assert episode.published_at == (datetime.fromisoformat(f"{date}:00Z") if date else None)
    assert episode.published_text == text


def test_what_comes_out_in_years_is_undated_and_no_newer_than_today() -> None:
    """An announcement for the next weeks is believed; 2050 is a slip, and no newest."""
    now = datetime.now(UTC)
    dates = [now + timedelta(days=9_000), now, now + timedelta(days=7)]
    items = "".join(
        f"<item><guid>{n}</guid><pubDate>{when:%Y-%m-%dT%H:%M:%SZ}</pubDate>{SOUND}</item>"
        for n, when in enumerate(dates)
    )

    feed = parse_safely(START + items.encode() + b"</channel></rss>", URL)

    assert guids(feed) == ["2", "1", "0"]
    assert [e.published_at is None for e in feed.episodes] == [False, False, True]
    assert feed.episodes[2].published_text


def test_ties_and_undated_ones_stay_in_the_order_of_the_feed() -> None:
    """Those without a date behind those with one."""
    dates = [None, "Sat, 15 Sep 2012 16:14:51 -0600", "no day", "Sat, 15 Sep 2012 22:14:51 GMT", None]
    items = "".join(
        f"<item><guid>{n}</guid>{f'<pubDate>{when}</pubDate>' if when else ''}{SOUND}</item>"
        for n, when in enumerate(dates)
    )

    assert guids(parse_feed(START + items.encode() + b"</channel></rss>", URL)) == ["1", "3", "0", "2", "4"]


@pytest.mark.parametrize(
    ("enclosures", "expected"),
    [
        ("x.jpg=image/jpeg x.mp3=audio/mpeg", "x.mp3"),
        ("x.mp3= x.mp3=audio/mpeg", "x.mp3"),
        ("notes.pdf=application/pdf x.mp3=application/octet-stream", "x.mp3"),
        ("notes.pdf= x.mp3=", "x.mp3"),
        ("notes.pdf=application/octet-stream", ""),
        ("x.php=text/html", ""),
        ("x.mp3=text/html", ""),
        ("x.jpg=image/jpeg", ""),
        ("cover.png=", ""),
        ("text.vtt=text/vtt", ""),
        ("live.m3u8=audio/x-mpegurl x.mp4=video/mp4", "x.mp4 live.m3u8"),
        ("live=audio/x-mpegurl x.mp3=audio/mpeg", "x.mp3 live"),
        ("v.mp4=video/mp4 x.mp3=audio/mpeg", "x.mp3 v.mp4"),
        ("play?id=1= x.ogg=application/ogg", "x.ogg play?id=1"),
        ("play?id=1=", "play?id=1"),
        ("b.mp3=audio/mpeg a.mp3=audio/mpeg", "b.mp3 a.mp3"),
    ],
)
def test_the_sound_of_an_item(enclosures: str, expected: str) -> None:
    """By type, then by suffix, then what may be sound; what is none makes no episode."""
    tags = ""
    for one in enclosures.split():
        name, _, kind = one.rpartition("=")
        tags += f"<enclosure url='https://a.example/{name}' {f'type={kind!r}' if kind else ''} length='1'/>"
    feed = parse_feed(START + f"<item><guid>1</guid>{tags}".encode() + END, URL)

    found = [link.url.removeprefix("https://a.example/") for e in feed.episodes for link in e.audio_links]
    assert found == expected.split()


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("<media:content url='x.jpg' type='image/jpeg'/><media:content url='x.mp3' type='audio/mpeg'/>", "x.mp3"),
        ("<media:group><media:content url='x' medium='audio'/><media:content url='p'/></media:group>", "x"),
        ("<enclosure url='x.mp3' type='audio/mpeg'/><media:content url='p' medium='image'/>", "x.mp3"),
        ("<enclosure url='v.mp4' type='video/mp4'/><media:content url='x.mp3' type='audio/mpeg'/>", "x.mp3 v.mp4"),
        ("<media:content url='p.jpg'/><media:content url='v' type='video/mp4'/>", ""),
        ("<enc:enclosure rdf:resource='x.ogg' enc:type='audio/ogg'/>", "x.ogg"),
    ],
)
def test_sound_that_no_enclosure_of_rss_2_names(tags: str, expected: str) -> None:
    """Media RSS where it says audio, and the enclosures of RSS 1.0."""
    spaces = (
        "xmlns:media='http://search.yahoo.com/mrss/' xmlns:enc='http://purl.oclc.org/net/rss_2.0/enc#' "
        "xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xml:base='https://a.example/'"
    )
    item = f"<item><title>T</title>{tags}</item>"
    text = f"<rss version='2.0' {spaces}><channel><title>Show</title>{item}</channel></rss>"
    feed = parse_feed(text.encode(), URL)

    found = [link.url.removeprefix("https://a.example/") for e in feed.episodes for link in e.audio_links]
    assert found == expected.split()


def told(*items: tuple[str, str, str, str]) -> list[tuple[str | None, str]]:
    """Read a feed of items (guid, title, audio, day of January), and name its episodes, the oldest first."""
    tags = "".join(
        f"<item><guid>{guid}</guid><title>{title}</title><pubDate>{day} Jan 2024 10:00:00 GMT</pubDate>"
        f"<enclosure url='https://a.example/{audio}.mp3' type='audio/mpeg'/></item>"
        for guid, title, audio, day in items
    )
    feed = parse_feed(START + tags.encode() + b"</channel></rss>", URL)
    assert len({e.episode_id for e in feed.episodes}) == len(feed.episodes)
    return [(e.title, e.episode_id) for e in reversed(feed.episodes)]


def test_items_with_one_guid_are_told_apart() -> None:
    """By audio, title and time; one that is there twice is one, and order decides no id."""
    a, b = ("same", "Twin A", "gA", "6"), ("same", "Twin B", "gB", "7")

    assert [title for title, _ in told(a, b, b)] == ["Twin A", "Twin B"]
    assert told(a, b) == told(b, a)
    assert len(told(*((("x", f"Part {n}", f"p{n}", str(n))) for n in range(1, 10)))) == 9
    assert len(told(("x", "News of Monday", "latest", "1"), ("x", "News of Tuesday", "latest", "2"))) == 2
    assert len(told(("x", "Part", "p", "1"), ("x", "Part, mended", "p", "1"))) == 1
    assert len(told(("x", "Part", "p?token=1", "1"), ("x", "Part", "p?token=2", "1"))) == 1


def test_an_xml_base_counts_on_any_tag() -> None:
    """Of an item, of what is in it, and of both together; it makes no address of the web a path."""
    inside = (
        "<item xml:base='https://b.example/x/'><guid>1</guid><enclosure url='1.mp3' type='audio/mpeg'/></item>"
        "<item xml:base='y/'><guid>2</guid><enclosure xml:base='z/' url='2.mp3' type='audio/mpeg'/></item>"
        "<item xml:base='file:///etc/'><guid>3</guid><enclosure url='3.mp3' type='audio/mpeg'/></item>"
    )
    feed = parse_feed(START + inside.encode() + b"</channel></rss>", "https://a.example/show/feed.xml")

    assert [e.audio_url for e in feed.episodes] == [
        "https://b.example/x/1.mp3",
        "https://a.example/show/y/z/2.mp3",
        "https://a.example/show/3.mp3",
    ]


@pytest.mark.parametrize(
    "above",
    [
        "\n \n\n",
        "\ufeff\ufeff \n",
        "<br />\n<b>Warning</b>:  foo() expects 1 parameter in <b>/srv/x.php</b> on line <b>3</b><br />\n",
        "PHP Deprecated:  Function x() is deprecated in /srv/x.php on line 3\n",
    ],
)
@pytest.mark.parametrize("declaration", ["", "<?xml version='1.0' encoding='iso-8859-1'?>\n"])
def test_what_stands_above_the_xml_is_skipped(above: str, declaration: str) -> None:
    """And the charset that the document names counts all the same."""
    title = "Bücher".encode("utf-8" if "\ufeff" in above else "latin-1")
    data = (above + declaration).encode() + PLAIN.replace(b"Show", title)

    assert is_feed(data)
    assert parse_feed(data, URL).podcast.title == "Bücher"


@pytest.mark.parametrize(
    ("written", "server", "title"),
    [
        (b"B\xc3\xbccher und \xc3 Caf\xc3\xa9", "utf-8", "Bücher und \ufffd Café"),
        (b"B\xfccher", None, "Bücher"),
        ("Книги".encode("koi8-r"), "koi8-r", "Книги"),
        ("Bücher".encode(), "iso-8859-1", "Bücher"),
        (b"B\xfccher", "utf-8", "Bücher"),
        (b"B\xfccher", "no-such-charset", "Bücher"),
    ],
)
def test_how_a_feed_is_written(written: bytes, server: str | None, title: str) -> None:
    """One bad character is one; what the server says counts where the bytes are no sound UTF-8."""
    assert parse_feed(PLAIN.replace(b"Show", written), URL, charset=server).podcast.title == title


def test_tags_that_do_not_fit_cost_only_themselves() -> None:
    """As long as most of it is a feed: open tags end with what they are in, values get their quotes."""
    items = "<item><guid>1</guid><title>a <b>c</title><enclosure url=https://a.example/1.mp3 type=audio/mpeg>"
    feed = parse_feed(START + items.encode() + ITEM.replace(b"one", b"2") + END, URL)

    assert [(e.guid, e.title) for e in feed.episodes] == [("1", "a c"), ("2", None)]


def test_what_nobody_sees_is_in_no_title() -> None:
    """It would hide a name from a search; what joins letters and emoji stays."""
    title = "\u202aMa\u200bra\u202c\ufeff und\u2060 Sil\u00adbe می\u200cشود"
    (episode,) = parse_feed(START + ITEM + f"<title>{title}</title>".encode() + END, URL).episodes

    assert episode.title == "Mara und Silbe می\u200cشود"


@given(st.integers(0, 99), st.integers(0, 59), st.integers(0, 59))
def test_durations_add_up(hours: int, minutes: int, seconds: int) -> None:
    """The three ways to write a duration mean the same; none of them gives 0."""
    total = hours * 3600 + minutes * 60 + seconds
    expected = float(total) or None

    assert parse_duration(f"{hours}:{minutes:02}:{seconds:02}") == expected
    assert parse_duration(f"{hours * 60 + minutes}:{seconds:02}") == expected
    assert parse_duration(str(total)) == expected


@given(st.text())
@example("<p>a&#4D800;b&#0c")
@example("</div>a<div><!-- b")
def test_plain_text_is_plain(markup: str) -> None:
    """Whatever is stripped, one line without edges is left, or None."""
    text = plain_text(markup)

    assert text is None or text == " ".join(text.split()) != ""


def page(*numbers: int, head: str = "") -> bytes:
    """Write one page of a feed with these episodes."""
    items = "".join(
        f"<item><guid>{n}</guid><title>on {head}</title><pubDate>Sat, {n:02} Mar 2025 10:00:00 GMT</pubDate>"
        f"<enclosure url='https://a.example/{n}.mp3' type='audio/mpeg'/></item>"
        for n in numbers
    )
    atom = "xmlns:atom='http://www.w3.org/2005/Atom'"
    return f"<rss version='2.0' {atom}><channel><title>Show</title>{head}{items}</channel></rss>".encode()


def link(url: str, relation: str = "next") -> str:
    """Write a link to another page."""
    return f"<atom:link rel='{relation}' href='{url}'/>"


LOCAL = Reach(("localhost", "127.0.0.1"))


def guids(feed: Feed) -> list[str | None]:
    """Name the episodes in their order."""
    return [episode.guid for episode in feed.episodes]


@pytest.fixture
def paged(httpserver: HTTPServer) -> HTTPServer:
    """Three pages, the last one an archive; the first names the show."""
    guid = "<podcast:guid>9b024349-ccf0-5f69-a609-6b82873eab3c</podcast:guid>"
    pages = {
        "/feed": page(9, 8, head=link("/feed?page=2") + guid).replace(b"?page", b"/"),
        "/feed/=2": page(8, 7, head=link("/archive", "prev-archive")),
        "/archive": page(6, head=link("/feed")),
    }
    for path, data in pages.items():
        httpserver.expect_request(path).respond_with_data(data)
    return httpserver


def test_pages_are_read_up_to_the_limit(paged: HTTPServer) -> None:
    """Each page adds what is new in it, under the name of the show; a page that leads back ends it."""
    url = paged.url_for("/feed")

    one, two, three, all_of_it = (read_feed(locate(url), pages=n, reach=LOCAL) for n in (1, 2, 3, 99))

    assert (guids(one), one.next_url) == (["9", "8"], paged.url_for("/feed/=2"))
    assert (guids(two), two.next_url) == (["9", "8", "7"], paged.url_for("/archive"))
    assert (guids(three), three.next_url) == (["9", "8", "7", "6"], None)
    assert all_of_it == three
    assert {episode.podcast_id for episode in three.episodes} == {"9b024349-ccf0-5f69-a609-6b82873eab3c"}
    assert three.episodes[1] == one.episodes[1]
    assert len(paged.log) == 1 + 2 + 3 + 3


@pytest.mark.parametrize(
    ("status", "data"), [(404, b"no"), (410, b"no"), (200, b"<html>"), (200, page()), (200, b"")]
)
def test_a_page_that_is_missing_ends_the_reading(httpserver: HTTPServer, status: int, data: bytes) -> None:
    """What came before counts, and `next_url` says that there was more."""
    httpserver.expect_request("/feed").respond_with_data(page(9, head=link("/older")))
    httpserver.expect_request("/older").respond_with_data(data, status=status)

    feed = read_feed(locate(httpserver.url_for("/feed")), pages=9, reach=LOCAL)

    assert (guids(feed), feed.next_url) == (["9"], httpserver.url_for("/older"))


@pytest.mark.parametrize(("status", "error"), [(503, TransientError), (429, TransientError)])
def test_a_page_that_may_come_later_is_an_error(
    httpserver: HTTPServer, status: int, error: type[TurntableError]
) -> None:
    """Half a backfill would be taken for the whole."""
    httpserver.expect_request("/feed").respond_with_data(page(9, head=link("/older")))
    httpserver.expect_request("/older").respond_with_data(b"", status=status)

    with pytest.raises(error):
        read_feed(locate(httpserver.url_for("/feed")), pages=2, reach=LOCAL)


def test_a_page_may_not_lead_into_a_private_network(httpserver: HTTPServer) -> None:
    """The next page is judged like any other address."""
    httpserver.expect_request("/feed").respond_with_data(page(9, head=link("http://10.0.0.1/")))

    with pytest.raises(HostileError):
        read_feed(locate(httpserver.url_for("/feed")), pages=2, reach=LOCAL)


def test_pages_without_end_end(httpserver: HTTPServer) -> None:
    """A feed that always has another page is read as far as was asked."""
    httpserver.expect_request("/feed").respond_with_handler(
        lambda request: Response(page(1, head=link(f"/feed?x={len(request.url)}{'x' * len(request.url)}")))
    )

    feed = read_feed(locate(httpserver.url_for("/feed")), pages=4, reach=LOCAL)

    assert guids(feed) == ["1"]
    assert len(httpserver.log) == 4


def test_pages_on_disk(tmp_path: Path) -> None:
    """A feed on disk has its older pages beside it."""
    (tmp_path / "feed.xml").write_bytes(page(2, head=link("old.xml")))
    (tmp_path / "old.xml").write_bytes(page(1, head=link("../secret.xml")))

    feed = read_feed(at_path(tmp_path / "feed.xml"), Reach(), pages=5)

    assert (guids(feed), feed.next_url) == (["2", "1"], None)


@pytest.mark.parametrize(
    ("head", "seconds"),
    [
        ("<ttl>60</ttl>", 3_600.0),
        ("<ttl>0</ttl>", None),
        ("<ttl>soon</ttl>", None),
        ("<updatePeriod>Weekly</updatePeriod>", 604_800.0),
        ("<updatePeriod>hourly</updatePeriod><updateFrequency>2</updateFrequency>", 1_800.0),
        ("<updatePeriod>hourly</updatePeriod><updateFrequency>0</updateFrequency>", 3_600.0),
        ("<updatePeriod>never</updatePeriod>", None),
        ("", None),
    ],
)
def test_how_often_asking_is_worth_it(head: str, seconds: float | None) -> None:
    """Minutes in a ttl, a period divided by how often in it; nonsense is None."""
    assert parse_feed(page(1, head=head), URL).update_every == seconds


@pytest.mark.parametrize("url", ["javascript:x", "file:///etc/passwd", "ftp://a.example/", "", "http://["])
def test_a_feed_does_not_move_out_of_the_web(url: str) -> None:
    """What a feed names as its new address or its next page is a web address, or nothing."""
    head = f"<itunes:new-feed-url>{url}</itunes:new-feed-url>{link(url)}{link(url, 'prev-archive')}"

    feed = parse_feed(page(1, head=head), URL)

    assert (feed.new_feed_url, feed.next_url, feed.prev_archive_url) == (None, None, None) or not url


@pytest.mark.system
def test_a_large_feed_gives_what_a_small_one_gives() -> None:
    """What is read in a process of its own comes back equal, errors too."""
    padding = b"<!--" + b" " * 1_100_000 + b"-->"
    for name in ("podcasting20_all", "atom_paged", "odd_dates"):
        data = (GOLDEN / f"{name}.xml").read_bytes() + padding
        assert parse_safely(data, URL, base="https://b.example/x") == parse_feed(
            data, URL, base="https://b.example/x"
        )
    with pytest.raises(ContentError, match=r"^https://a\.example/ is not a feed: it has no items"):
        parse_safely(page() + padding, "https://a.example/?token=secret")


def test_a_feed_from_the_web(httpserver: HTTPServer) -> None:
    """A feed that moved is read from its new place under its old name, if its host is allowed."""
    httpserver.expect_request("/old.xml").respond_with_data(
        status=301, headers={"Location": httpserver.url_for("/new/feed.xml")}
    )
    httpserver.expect_request("/new/feed.xml").respond_with_data(
        PLAIN.replace(b"https://a.example/1.mp3", b"1.mp3"), content_type="text/html"
    )
    location = httpserver.url_for("/old.xml")

    feed = read_feed(locate(location), reach=LOCAL)

    assert feed.podcast.feed_url == location
    assert [episode.audio_url for episode in feed.episodes] == [httpserver.url_for("/new/1.mp3")]
    with pytest.raises(HostileError, match="private"):
        read_feed(locate(location), Reach())


def test_a_feed_that_is_not_there(tmp_path: Path) -> None:
    """A missing path, a folder and a path below a file are errors of the source."""
    (tmp_path / "file").touch()
    for path in (tmp_path / "none.xml", tmp_path, tmp_path / "file" / "x", Path("ftp://a.example/feed.xml")):
        with pytest.raises(SourceError, match="no feed can be read there"):
            read_feed(at_path(path), Reach())


def test_a_file_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred megabytes are enough for a feed."""
    monkeypatch.setattr("flows.sources.feed_pages.MAX_BYTES", 10_000)
    path = tmp_path / "feed.xml"
    path.write_bytes(PLAIN + b" " * 10_000)
    with pytest.raises(ContentError, match="larger than"):
        read_feed(at_path(path), Reach())


@pytest.mark.parametrize(
    ("status", "what_came", "fault"),
    [
        (404, b"no", "404"),
        (200, b"<!doctype html><html><body>Sold out</body></html>", "not audio"),
        (200, b"%PDF-1.4 notes", "not audio"),
        (200, b"ffconcat version 1.0\nfile /etc/hostname\n", "playlist"),
        (
            200,
            b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x80>\0\0\0}\0\0\x02\0\x10\0data\0\0\0\0",
            "no samples",
        ),
    ],
)
def test_another_enclosure_is_the_second_try(
    status: int, what_came: bytes, fault: str, clip: Path, httpserver: HTTPServer, tmp_path: Path
) -> None:
    """Where the first address has nothing that can be heard; where none has, the first one's fault is told."""
    httpserver.expect_request("/b.mp3").respond_with_data(clip.read_bytes(), content_type="audio/mpeg")
    httpserver.expect_request(re.compile("/[ac].mp3")).respond_with_data(what_came, status=status)
    settings, store = Settings(home=tmp_path, allow=LOCAL.allow), Store(tmp_path)
    tags = "".join(
        f"<enclosure url='{httpserver.url_for(path)}' type='audio/mpeg'/>"
        for path in ("/a.mp3", "/b.mp3", "/c.mp3")
    )
    (episode,) = parse_feed(START + f"<item><guid>1</guid>{tags}".encode() + END, URL).episodes
    found = EpisodeSource(locate(str(episode.audio_url)), None, episode)

    fetched = stages.fetch_first(store, found, settings, lambda _: None)
    assert fetched.path.read_bytes() == clip.read_bytes()

    alone = replace(found, episode=replace(episode, audio_links=(episode.audio_links[0], episode.audio_links[2])))
    with pytest.raises(TurntableError, match=rf"a\.mp3.*{fault}"):
        stages.fetch_first(store, alone, settings, lambda _: None)
    assert list(tmp_path.rglob("payload*")) == [fetched.path]  # what is no audio is not kept


def test_persons_have_their_role_else_their_group() -> None:
    """Who has neither is a host, as the specification says; who writes is not heard."""
    tags = (
        "<podcast:person role='Guest' group='cast'>Ann</podcast:person>"
        "<podcast:person group='Writing'>Bob</podcast:person><podcast:person group='cast'>Cy</podcast:person>"
        "<podcast:person>Dee</podcast:person>"
    )
    item = f"<item><title>One</title><enclosure url='https://cdn.example/1.mp3' type='audio/mpeg'/>{tags}</item>"
    space = "xmlns:podcast='https://podcastindex.org/namespace/1.0'"
    data = f"<rss version='2.0' {space}><channel><title>x</title>{item}</channel></rss>".encode()
    (episode,) = parse_feed(data, URL).episodes

    found = [(person.name, person.role) for person in episode.persons]
    assert found == [("Ann", "guest"), ("Bob", "writing"), ("Cy", "host"), ("Dee", "host")]
