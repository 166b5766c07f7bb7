"""Which addresses are a subscriber's own: both kinds as hosts write them, and how often the judge errs."""

from __future__ import annotations

import random
import string

import pytest

from transforms.redaction import is_private
from transforms.tokens import is_secret

# As the hosts of podcasts write them; names and numbers are invented.
PUBLIC = """
https://feeds.megaphone.fm/GLT1412515089
https://feeds.simplecast.com/54nAGcIl
https://anchor.fm/s/1e4a0eac/podcast/rss
https://rss.art19.com/the-daily
https://feeds.acast.com/public/shows/5e0d0b0c7e6d1d3b2c7a8f90
https://www.omnycontent.com/d/playlist/e73c998e-6e60-432f-8610-ae210140c5b1/a91018a4-ea4f-4130-bf55-ae270180c327/44710ecc-10bb-48d1-93c7-ae270180c33e/podcast.rss
https://feeds.soundcloud.com/users/soundcloud:users:156542883/sounds.rss
https://feed.podbean.com/thelonggroove/feed.xml
https://feeds.buzzsprout.com/1234567.rss
https://audioboom.com/channels/5061237.rss
https://www.spreaker.com/show/1234567/episodes/feed
https://feeds.captivate.fm/long-groove/
https://feeds.transistor.fm/the-long-groove
https://media.rss.com/long-groove/feed.xml
https://feeds.redcircle.com/2c2fb3c5-4d0a-4d6d-bf4b-6e4f1c2d3e4f
https://feeds.fireside.fm/longgroove/rss
https://www.youtube.com/feeds/videos.xml?channel_id=UCa1B2c3D4e5F6g7H8i9J0kL
https://pinecast.com/feed/long-groove
https://rss.libsyn.com/shows/12345/destinations/67890.xml
https://podcasts.files.bbci.co.uk/p02nq0gn.rss
https://api.substack.com/feed/podcast/10845.rss
https://feeds.npr.org/510289/podcast.xml
https://feeds.feedburner.com/WelcomeToNightVale
https://feeds.feedburner.com/80000HoursPodcast
https://changelog.com/gotime/feed
https://www.thisamericanlife.org/podcast/rss.xml
https://feeds.99percentinvisible.org/99percentinvisible
https://lexfridman.com/feed/podcast/
https://www.deutschlandfunk.de/podcast-forschung-aktuell.xml
https://www.deutschlandfunknova.de/podcast/wirtschaftsgeschichte
https://feeds.br.de/radiowissen/feed.xml
https://www.ndr.de/nachrichten/info/podcast4684.xml
https://www1.wdr.de/mediathek/audio/zeitzeichen/zeitzeichen-podcast-100.podcast
https://swr2.example/~rss/swr2wissen2024.xml
https://logbuch-netzpolitik.de/feed/m4a
https://freakshow.fm/feed/mp3
https://cre.fm/feed/opus?paged=2
https://longgroove.example/feed?author=ann
https://radiofrance-podcast.net/podcast09/rss_10177.xml
https://feeds.a16z.com/a16z.rss
https://feeds.example.org/show?format=mp3&page=2
https://example.org/podcasts/2024-11-29-part-2-of-3/feed.xml
https://podcast.example.edu/cs224n-winter-2024/rss.xml
https://blog.example.com/category/podcast/feed/?orderby=date
https://example.com/wp-content/uploads/2024/11/S01E02-What-The-Needle-Knows-v2-128k.mp3
https://dts.podtrac.com/redirect.mp3/chrt.fm/track/3E5A8/traffic.megaphone.fm/WSJ7864213489.mp3
https://pdst.fm/e/stitcher.simplecastaudio.com/3bb687b0-04af-4257-90f1-39eef4e631b6/episodes/9f1c2c0e-7a55-4a0f-8b1b-6a3c7a8f0d21/audio/128/default.mp3
https://cdn.example.org/audio/longgroove_20241129_0600.mp3
https://cdn.example.org/audio/why-a-record-turns.mp3
https://media.transistor.fm/3f2a9c1d/4b5e6f70.mp3
https://sphinx.acast.com/p/open/s/5e0d0b0c7e6d1d3b2c7a8f90/e/6561b8f0c2a7d40012ab34cd/media.mp3
https://d3ctxlq1ktw2nl.cloudfront.net/staging/2024-10-29/389123456-44100-2-9d8f7e6a5b4c3d2e.m4a
https://archive.org/download/longgroove_ep12_remaster/longgroove_ep12.mp3
https://www.buzzsprout.com/1234567/episodes/14567890-why-a-record-turns.mp3
https://content.blubrry.com/longgroove/Episode_142_Dust_And_Needles.mp3
https://mcdn.podbean.com/mf/web/x7h4k2/Why_a_record_turns_final2.mp3
https://feeds.bbc.example.net/worldservice/globalnews/rss.xml
https://www.kcrw.com/news-culture/shows/press-play-with-madeleine-brand/rss.xml
https://feeds.wnyc.org/radiolab
https://podcasts.example.fi/tiedeykkonen/rss
https://www.polskieradio.example.pl/przeglad-tygodnia/podcast.xml
https://feed.ausha.example.fr/la-minute-vinyle
https://www.rtve.es/api/programas/1940/audios.rss
https://feeds.megaphone.fm/TheLongGroove2024
https://feeds.ivoox.com/feed_fg_f1123456_filtro_1.xml
https://longgroove.libsyn.com/rss
https://feeds.castos.com/k4w9z
""".split()
PRIVATE = """
https://www.patreon.com/rss/longgroove?auth=Xk3vQ9bT2mLp7RzA8wYc4NdF6gHj1KsV
https://ann:correct-horse@feeds.example.org/premium.xml
https://subscriber@feeds.example.org/feed.xml
https://longgroove.memberful.com/rss/1234?auth=hZ7kPq2RtXv9LmNb4WcD8sFg
https://longgroove.supportingcast.fm/content/eyJ0IjoicCIsImMiOiIxMjM0IiwidSI6IjU2Nzg5IiwiZCI6IjE2MDAwMDAwMDAifQ.rss
https://longgroove.supercast.com/subscriber_feeds/b7d1f0e29c3a48d6
https://access.acast.com/rss/long-groove/k3Xq9ZbT
https://subscribers.transistor.fm/4f9a1c7e2b
https://private.castos.com/podcasts/7Gh2kL9m
https://feeds.captivate.fm/private/6f1f2d3c-0a4e-4b57-9c68-1d2e3f405162/
https://rss.hello.audio/podcast/0b9d8c7e-6f5a-4b3c-8d2e-1f0a9b8c7d6e
https://feeds.buzzsprout.com/1234567.rss?private_token=9f8e7d6c5b4a
https://api.substack.com/feed/podcast/10845/private/3d2c1b0a-9f8e-4d7c-8b6a-5f4e3d2c1b0a.rss
https://rss.glow.fm/episode/tR5yU8iO2p
https://host.example/feed/abc123TOKEN/rss
https://host.example/u/abc123TOKEN/ep1.mp3
https://feeds.example.org/9f3c1e7ab04d5526/rss
https://feeds.example.org/0123456789abcdef0123456789abcdef
https://feeds.example.org/rss/da39a3ee5e6b4b0d3255bfef95601890afd80709.xml
https://feeds.example.org/s/Zm9vYmFyYmF6cXV4MTIzNDU2/feed.xml
https://feeds.example.org/s/hK-3_xQ9-bT2_mLp7/feed.xml
https://feeds.example.org/mfrggzdfmztwq2lknnwg23tp/feed
https://feeds.example.org/qwjzkxvbnmtrplkdhg/feed
https://feeds.example.org/550e8400-e29b-41d4-a716-446655440000/podcast.rss
https://feeds.example.org/550e8400e29b41d4a716446655440000/podcast.rss
https://feeds.example.org/feed;token=hunter2/rss
https://feeds.example.org/feed;jsessionid=8Zk3vQ9bT2
https://feeds.example.org/rss?key=hunter2
https://feeds.example.org/rss?id=Xk3vQ9bT2mLp7RzA
https://feeds.example.org/rss?sig=deadbeef
https://feeds.example.org/rss?access_token=abc
https://feeds.example.org/rss?email=ann@example.org
https://cdn.example.org/u/s3cr3tT0k3n/ep1.mp3
https://cdn.example.org/signed/a8f7e6d5/ep1.mp3
https://cdn.example.org/ep1-Xk3vQ9bT2mLp.mp3
https://cdn.example.org/ep1/Xk3vQ9bT2mLp7R.mp3
https://cdn.example.org/audio/s3cr3t-t0k3n-4711/1.mp3
https://cdn.example.org/1.mp3?Expires=1700000000&Signature=abc&Key-Pair-Id=APKA
https://cdn.example.org/1.mp3?X-Amz-Signature=0a1b2c3d4e5f
https://cdn.example.org/1.mp3?hdnts=exp=1700000000~hmac=abcd
https://example.org/members/83749201/feed.xml
https://example.org/premium/a1b2c3/feed.xml
https://example.org/private-feed/R7k2Lm/feed.xml
https://example.org/token/839201/rss
https://example.org/personal/annE4x9/rss
https://feeds.example.org/rss/01HF7YAT0M7Z8K9QW3XE5RVBNC
https://feeds.example.org/rss/ckopqwooh000001la8mbi2im9
https://feeds.example.org/rss/V1StGXR8_Z5jdHi6B-myT
https://feeds.example.org/rss/tok_live_9f8e7d6c5b4a
https://feeds.example.org/rss/sk-ant-a1B2c3D4e5F6
https://feeds.example.org/rss/AKIAIOSFODNN7EXAMPLE
https://feeds.example.org/rss/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dBjftJeZ4CVP
https://feeds.example.org/rss/7h4k-2m9x-8q1z-5w3v
https://feeds.example.org/rss/x9%4bq7%5aT2mLp
https://feeds.example.org/rss/B7D1F0E29C3A48D6
https://feeds.example.org/p/7f3a9b2c1d
https://bookshelf.example/feed/rss/pZqYtRwXsVbN
https://feeds.example.org/list/84hf93kd02jf
https://feeds.example.org/correcthorsebattery/rss
https://feeds.example.org/a/b/c/hunter2/rss
https://feeds.example.org/rss/Pq7xW
""".split()
# What only a person can know: words, and what is as short as a public id.
UNKNOWABLE = {
    "https://feeds.example.org/correcthorsebattery/rss",
    "https://feeds.example.org/a/b/c/hunter2/rss",
    "https://feeds.example.org/rss/Pq7xW",
    "https://feeds.example.org/rss/AKIAIOSFODNN7EXAMPLE",
}


def test_how_often_the_judge_errs() -> None:
    """Of some sixty each: no public address is taken for a private one, and four private ones are not known."""
    assert len(PUBLIC) >= 60
    assert len(PRIVATE) >= 60
    assert [url for url in PUBLIC if is_private(url)] == []
    assert {url for url in PRIVATE if not is_private(url)} == UNKNOWABLE


@pytest.mark.parametrize(
    ("alphabet", "n", "most_missed"),
    [
        ("0123456789abcdef", 16, 0.01),
        ("0123456789abcdef", 32, 0.01),
        (string.ascii_letters + string.digits, 12, 0.04),
        (string.ascii_letters + string.digits, 22, 0.04),
        (string.ascii_letters + string.digits + "-_", 22, 0.05),
        (string.ascii_lowercase + string.digits, 16, 0.05),
        (string.ascii_lowercase + "234567", 26, 0.05),
    ],
)
def test_random_tokens_are_known(alphabet: str, n: int, most_missed: float) -> None:
    """Whatever a random generator makes of letters and digits is a secret, but for a few in a hundred."""
    made = random.Random(14)
    tokens = ["".join(made.choices(alphabet, k=n)) for _ in range(1000)]

    assert sum(not is_secret(token) for token in tokens) / len(tokens) <= most_missed


def test_slugs_are_no_tokens() -> None:
    """Titles of episodes as parts of addresses, with dates and numbers."""
    words = "dust needle record groove wirtschaft geschichte why turns minute vinyle folge interview mit".split()
    between = ("-", "_", "")
    made = random.Random(14)
    tails = ("", "-12", "-ep-214", "-2026-11-29", "-s01e02", "-part-2-of-3", "20261129", "-v2-128k.mp3")
    slugs = [f"{made.choice(between).join(made.choices(words, k=4))}{made.choice(tails)}" for _ in range(1000)]

    assert [slug for slug in slugs if is_secret(slug)] == []
