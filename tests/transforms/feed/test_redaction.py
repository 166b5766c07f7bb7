"""What is left of addresses, texts and errors when their secrets are gone."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest
from pydantic import ValidationError

from flows.http.addresses import parsed, shown
from flows.locations import keeping_private, kept_text, locate, redact, redacted_errors
from flows.settings import Settings
from flows.sources.found import bare_episode, found_in_feed, public_episode, public_podcast
from transforms.errors import SourceError, one_line
from transforms.records import AudioLink, Chapter, Person, Podcast, TranscriptLink
from transforms.redaction import is_masked, is_private, private_address, public_address, public_page, public_text

TOKEN = "9f3c1e7ab04d5526"
PLACES = [
    "https://{}@host.example/feed.xml",
    "https://ann:{}@host.example/feed.xml",
    "https://host.example/feed/{}/rss",
    "https://host.example/feed/{}.xml",
    "https://host.example/feed;token={}/rss",
    "https://host.example/feed.xml;v={}",
    "https://host.example/feed.xml?auth={}",
    "https://host.example/feed.xml?x={}",
    "https://host.example/feed.xml#{}",
    "https://host.example/feed.xml#access={}",
    "https://host.example/a%2F{}/rss",
    "https://a{}{}.host.example/rss",
]


@pytest.mark.parametrize("place", PLACES)
def test_no_place_of_an_address_keeps_a_secret(place: str) -> None:
    """Wherever the token stands, it goes, the address is private, and what is left stays as it is."""
    url = place.replace("{}", TOKEN)
    written = (public_address(url), public_page(url), private_address(url), public_text(f"see {url}."))
    for left in (*written, repr(locate(url))):
        assert TOKEN not in left
        assert "host.example" in left

    assert is_private(url)
    assert public_address(public_address(url)) == public_address(url)
    assert private_address(private_address(url)) == private_address(url)


SPELLINGS = [
    "www.host.example/feed/{}/rss",
    "//host.example/feed/{}",
    "host.example/feed/{}",
    "127.0.0.1:8000/feed/{}",
    "localhost:8000/{}",
    "ann:{}@host.example/feed.xml",
    "host.example?token={}",
    "https%3A%2F%2Fhost.example%2Ffeed%2F{}",
    "https%253a%252f%252fhost.example%252ffeed%252f{}",
    "url=//host.example/feed/{}",
    r"https:\/\/host.example\/feed\/{}",
    r"https:\u002f\u002fhost.example\u002ffeed\u002f{}",
    "https:&#47;&#47;host.example&#x2f;feed/{}",
    "https://host.example/1.mp3?a=1&amp;sig={}",
    "feed://host.example/{}",
    "https://track.example/r?to=https%3A%2F%2Fhost.example%2F{}",
    "https://track.example/https%253A%252F%252Fhost.example%252F{}/1.mp3",
]


@pytest.mark.parametrize("token", [TOKEN, "550e8400-e29b-41d4-a716-446655440000"])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_no_spelling_of_an_address_keeps_a_secret(spelling: str, token: str) -> None:
    """Without a scheme, encoded, in an attribute or as JSON: wherever it stands in a text."""
    address = spelling.replace("{}", token)
    for text in (address, f"see ({address}), and more", f'<a href="{address}">'):
        for write in (public_address, public_page, private_address):
            assert token not in public_text(text, write=write), write


@pytest.mark.parametrize(
    "text",
    [
        "and/or, TCP/IP, 3//4, node.js/react, e.g./i.e., host.example; www.host.example",
        "www.host.example/?p=12 //host.example/show https%3A%2F%2Fhost.example%2Fshow 100%",
        "file.txt/../9, C://x ~/a.b/c ../shows.old/1.mp3",
    ],
)
def test_what_has_no_secret_is_written_as_it_was(text: str) -> None:
    """Letter by letter, encodings too."""
    assert public_text(text, write=public_page) == text


def test_a_known_secret_is_found_however_it_is_written() -> None:
    """In other letters, encoded, or as a part of what stood in the address."""
    text = public_text("HUNTER2/x hunter%32/x hun%2574er2/x hunter&#50;/x hunte hunter3", ["hunter2/x"])
    assert [word[0] for word in text.split()] == ["~", "~", "~", "~", "h", "h"]
    (episode,) = [replace(bare_episode("e", f"https://h.example/u-{TOKEN}-ann/1.mp3"), title=f"Mine: {TOKEN}")]
    assert TOKEN not in str(public_episode(episode))


def test_long_texts_take_no_time() -> None:
    """Nobody's description holds up a poll: these took minutes where a pattern went back and forth."""
    for piece in ("a", "a.", "//", "%25", "a@", "&#47;", "http:", "[:", "-."):
        assert public_text(piece * 20_000, [TOKEN]) == piece * 20_000


def test_addresses_stay_apart() -> None:
    """Two subscribers have two addresses, one subscriber always the same; both lead nowhere, and say so."""
    one, other = (public_address(f"https://host.example/u/{TOKEN}{n}/1.mp3") for n in "ab")

    assert one != other
    assert public_address(f"https://host.example/u/{TOKEN}a/1.mp3?x=1") == one
    assert is_masked(one)
    assert not is_masked("https://host.example/~ann/1.mp3")


def test_what_is_no_secret_stays() -> None:
    """Pages are named by their queries, videos by theirs; a path on this machine is no address."""
    for url in ("https://example.org/?p=12", "https://www.youtube.com/watch?v=abcdefghijk"):
        assert public_page(url) == url
    assert public_address("/home/ann/9f3c1e7ab04d5526/1.mp3") == "/home/ann/9f3c1e7ab04d5526/1.mp3"
    assert public_text("3:1, C://x and a://") == "3:1, C://x and a://"


def test_errors_of_others_are_redacted_with_what_led_to_them() -> None:
    """Libraries put whole addresses into their messages; one line of them, and the chain, hold none."""
    url = f"https://ann:pw@host.example/feed/{TOKEN}/rss?x=1"

    def read() -> None:
        try:
            msg = f"cannot open {url}"
            raise OSError(msg)
        except OSError as error:
            msg = f"cannot read <{url}>: 404"
            raise ValueError(msg) from error

    with pytest.raises(ValueError, match="cannot") as caught:
        redacted_errors()(read)()

    texts = f"{caught.value} {caught.value.__cause__} {one_line(RuntimeError(url))}"
    assert TOKEN not in texts
    assert "pw@" not in texts
    assert "host.example/feed/~" in texts


def test_messages_about_what_is_private_name_the_host_alone() -> None:
    """A token that no judge knows, of a feed that the user marked."""
    url = "https://host.example/feed/hunter2/rss"
    with keeping_private(True):
        assert "hunter2" not in shown(parsed(url))
        error = SourceError(f"{url} is gone")
        redact(error)

    assert str(error).startswith("https://host.example/~")
    assert "hunter2" in shown(parsed(url)), "outside, it is taken for a word"


def test_a_wrong_setting_is_not_repeated() -> None:
    """A run that meets it writes the error into Prefect's log."""
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate({"proxy": "socks5://ann:hunter2@proxy.example"})

    assert "hunter2" not in f"{caught.value} {caught.value.errors()[0]['msg']}"


def test_a_private_episode_keeps_no_address() -> None:
    """Ids, titles, times and a hash of the guid are left, whatever field the token was in."""
    url = f"https://host.example/u/{TOKEN}/1.mp3"
    podcast = Podcast("p", f"Groove {TOKEN}", "Ann", f"https://host.example/{TOKEN}/rss", url, "en")
    episode = replace(
        bare_episode("e", url),
        guid=f"g-{TOKEN}",
        title=f"Dust ({url})",
        description=f"your own link: {url}, {TOKEN}",
        page_url=url,
        chapters_url=url,
        duration=61.0,
        transcripts=(TranscriptLink(url, "text/vtt", "en", None),),
        persons=(Person(f"Ann {TOKEN}", "host"),),
        audio_links=(AudioLink(url, "audio/mpeg", None, 1, None, None),),
        chapters=(Chapter(0, f"One {TOKEN}", 0.0, None),),
    )
    episode = replace(episode, language=f"x-{TOKEN}")
    found = found_in_feed(podcast, episode)
    assert found is not None

    kept = f"{asdict(found.episode)} {found.podcast} {found.source}"
    assert TOKEN not in kept
    assert "host.example" not in str(found.podcast)
    assert found.private
    assert found.source == "episode:e"
    assert (found.location.address, found.extras.page_url) == (url, url), "it can be fetched all the same"
    assert (found.episode.duration, found.episode.description, found.episode.transcripts) == (61.0, None, ())
    again = public_episode(found.episode, private=True)
    assert again == found.episode, "twice is as once"


def test_a_public_show_keeps_what_is_no_secret() -> None:
    """Only its enclosure is a subscriber's own: the token is masked wherever it stands."""
    audio = f"https://cdn.example/u/{TOKEN}/1.mp3?x=1"
    podcast = Podcast("p", "Groove", None, "https://host.example/feed.xml?page=1", "https://host.example/", "en")
    episode = replace(
        bare_episode("e", audio),
        guid=f"{TOKEN}-1",
        description=f"Dust. {TOKEN}",
        page_url="https://host.example/?p=1",
    )
    found = found_in_feed(podcast, episode)
    assert found is not None

    assert not found.private
    assert TOKEN not in f"{found.episode} {found.source} {public_podcast(podcast)}"
    assert found.episode.page_url == "https://host.example/?p=1"
    assert found.episode.description is not None
    assert found.episode.description.startswith("Dust. ~")


def test_of_a_marked_feed_every_part_of_its_addresses_counts() -> None:
    """A word that no judge knows, in names, roles and chapters; the names of its files are titles, and stay."""
    podcast = Podcast("p", "Swordfish and Introduction", None, "https://host.example/swordfish/rss", None, "en")
    episode = replace(
        bare_episode("e", "https://cdn.example/podcast/correcthorse/Introduction.mp3"),
        guid="correcthorse",
        title="Introduction to the podcast",
        persons=(Person("correcthorse", "swordfish host"),),
        chapters=(Chapter(0, "from cdn.example/%63orrecthorse", 0.0, None),),
    )
    with keeping_private(True):
        found = found_in_feed(podcast, episode)
    assert found is not None

    kept = f"{found.episode} {found.podcast} {found.public(found.extras.chapters)}".lower()
    assert "swordfish" not in kept
    assert "correcthorse" not in kept
    assert found.episode.title == "Introduction to the podcast"
    with keeping_private(True, found.extras.secrets):
        error = ValueError("no correcthorse here")
        redact(error)
        assert "correcthorse" not in f"{error} {kept_text('correcthorse.mp3')}"


def test_a_guid_of_ones_own_is_kept_as_a_hash() -> None:
    """Where an address of the episode is one's own, its guid may be another secret; elsewhere it is a name."""
    guid = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
    own, public = (replace(bare_episode("e", f"https://h.example{x}/1.mp3"), guid=guid) for x in (f"/{TOKEN}", ""))

    assert str(public_episode(own).guid).startswith("sha256:")
    found = found_in_feed(Podcast("p", None, None, "https://h.example/feed.xml", None, None), own)
    assert found is not None
    assert (
        found.public(f"https://h.example/#{TOKEN} www.h.example/#x")
        == "https://h.example/#~c61a2fc5 www.h.example/#x"
    )
    assert public_episode(public).guid == guid
