"""Canaries: secrets in every place of feeds, files and settings; then every file of a home is searched for them.

Searched are the bytes of each file, and, since they are packed, all columns of the tables of DuckDB and SQLite and
every column of Parquet; and all that the commands printed. What is meant to hold an address is left out: `feeds/`,
`waiting/` and `feeds --opml`.
"""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import duckdb

from tests.chaos.figure import Figure
from tests.conftest import command, environment, free_port
from tests.support.feeds import Page, Publisher, item, publisher
from tests.support.serving import answers, put_database

# Each is said in one place; the shapes are those of tokens in the wild, and the last ones only a person can know.
SHAPES = {
    "feed user": "u7Hk2mQx9Lp4",
    "feed password": "pw-9f3c1e7ab04d5526",
    "feed query": "q0Zk3vQ9bT2mLp7RzA",
    "feed path": "abc123TOKEN",
    "feed parameter": "prm4f9a1c7e2b",
    "feed of a page": "7f3a9b2c1d5e8f60",
    "marked feed": "hunter2canary",
    "redirect": "550e8400-e29b-41d4-a716-446655440000",
    "new-feed-url": "hK3xQ9bT2mLp7Wq",
    "atom self": "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "atom next": "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
    "site link": "mfrggzdfmztwq2lknnwg23tp",
    "guid": "https://host.example/g/Xk3vQ9bT2mLp7R",
    "item link": "V1StGXR8Z5jdHi6BmyT3",
    "description": "01HF7YAT0M7Z8K9QW3XE5RVBNC",
    "enclosure path": "s3cr3tT0k3n4711",
    "enclosure query": "Zm9vYmFyYmF6cXV4MTIzNDU2",
    "public enclosure path": "8Zk3vQ9bT2pLm7Rz",
    "public enclosure query": "sg0f1e2d3c4b5a69",
    "public description": "ckopqwooh000001la8mbi2im9",
    "transcript path": "eyJhbGciOiJIUzI1NiJ9",
    "chapters path": "b7d1f0e29c3a48d6",
    "alternate enclosure": "tokLive9f8e7d6c5b4a",
    "OPML title": "op3nM1lT0k3nXyZ9",
    "address without a scheme": "4d5e6f708192a3b4",
    "encoded address": "c3b2a19087f6e5d4",
    "imported address": "1mp0rtT0k3n8Qw2",
    "imported query": "iq9Lp4Xk3vQ9bT2m",
    "ingested address": "1ng3stT0k3n5Zx8",
    "missing address": "m1ss1ngT0k3n6Yv3",
    "proxy password": "pr0xyPassw0rd77",
    "Hugging Face token": "hf_AbCdEfGhIjKlMnOpQr",
}
# As it stands in a file: of an address, what follows its host.
CANARIES = {place: secret.rpartition("/")[2] for place, secret in SHAPES.items()}
MEANT = ("feeds", "waiting")  # where the addresses are kept, readable by their owner alone
VTT = b"WEBVTT\n\n00:00.000 --> 00:02.000\n<v Mara>Welcome to it.\n\n00:02.000 --> 00:04.000\n<v Ivo>Dust.\n"
PODCAST = "xmlns:podcast='https://podcastindex.org/namespace/1.0' xmlns:atom='http://www.w3.org/2005/Atom'"


def run(*, short: bool) -> Iterator[Figure]:
    """Use a home as people do, then look for each canary."""
    with tempfile.TemporaryDirectory() as mine, tempfile.TemporaryDirectory() as theirs, publisher() as told:
        _publish(told)
        home, lists = Path(mine, "home"), Path(theirs)
        with _prefect(Path(mine, "server")) as api:
            said = _use(home, told, lists, api=api)
            said += "" if short else _hear(home, told, lists, api)
        said += "" if short else _use(Path(mine, "alone"), told, lists, api=None)
        n_files = sum(1 for _ in _files(Path(mine)))
        found = [*_in_files(Path(mine)), *(f"{place}: printed" for place in _in(said.encode()))]
        found += [f"{path} was not asked for" for path in _wanted() - {path for path, _ in told.asked}]
        what = f"{n_files} files searched"
        yield Figure("canaries outside feeds/ and waiting/", len(CANARIES), tuple(found), 30, what)
        opened = [
            f"{p}: {p.stat().st_mode & 0o777:o}" for p in Path(mine, "home").rglob("*") if p.stat().st_mode & 0o077
        ]
        yield Figure("files of a home open to others", n_files, tuple(opened), 30)


def _publish(told: Publisher) -> None:
    """Put the canaries into feeds, pages and redirects."""
    c, url = CANARIES, told.url
    private = (
        f"<link>{url}/site/{c['site link']}/</link>"
        f"<itunes:new-feed-url>{url}/new/{c['new-feed-url']}/rss</itunes:new-feed-url>"
        f"<atom:link {PODCAST} rel='self' href='{url}/self/{c['atom self']}'/>"
        f"<atom:link {PODCAST} rel='next' href='{url}/older/{c['atom next']}'/>"
    )
    mine = (
        f"<item {PODCAST}><title>Dust (www.host.example/{c['address without a scheme']})</title>"
        f"<guid>{SHAPES['guid']}</guid>"
        f"<podcast:person role='{c['enclosure path']}'>https%3A%2F%2Fhost.example%2F{c['encoded address']}"
        "</podcast:person>"
        f"<podcast:person>Ann {c['transcript path']}</podcast:person>"
        f"<link>{url}/p/{c['item link']}/</link><description>yours: {c['description']}</description>"
        f"<enclosure url='{url}/u/{c['enclosure path']}/1.mp3?t={c['enclosure query']}' type='audio/mpeg'/>"
        f"<podcast:transcript url='{url}/t/{c['transcript path']}/1.vtt' type='text/vtt'/>"
        f"<podcast:chapters url='{url}/c/{c['chapters path']}/1.json' type='application/json'/>"
        "<podcast:alternateEnclosure type='audio/mpeg'>"
        f"<podcast:source uri='{url}/alt/{c['alternate enclosure']}.mp3'/></podcast:alternateEnclosure></item>"
    )
    for path in (_feed_path(), f"/new/{c['new-feed-url']}/rss"):
        told.publish(path, [mine], title="Private", channel=private)
    told.publish(f"/older/{c['atom next']}", [item(9)])
    behind = f"/feed/{c['feed of a page']}/rss"
    told.pages["/show"] = Page(
        f"<html><link rel='alternate' type='application/rss+xml' href='{behind}'></html>".encode(),
        headers={"Content-Type": "text/html"},
    )
    told.publish(behind, [item(1)], title="Behind a page")
    told.publish("/marked/hunter2canary/rss", [item(1, audio=f"{url}/marked/hunter2canary/1.mp3")], title="Marked")
    told.pages["/moved"] = Page(
        status=302, headers={"Location": f"/feed/{c['redirect']}/rss", "Content-Length": "0"}
    )
    theirs = (
        f"<item {PODCAST}><title>Needle</title><guid>n</guid>"
        f"<description>see {url}/d/{c['public description']} and buy</description>"
        f"<enclosure url='{url}/u/{c['public enclosure path']}/2.mp3?sig={c['public enclosure query']}'/>"
        f"<podcast:transcript url='{url}/2.vtt' type='text/vtt'/></item>"
    )
    told.publish("/public.xml", [theirs], title="Public")
    texts = (f"/t/{c['transcript path']}/1.vtt", "/2.vtt", f"/i/{c['imported address']}/3.vtt")
    told.pages |= {path: Page(VTT, headers={"Content-Type": "text/vtt"}) for path in texts}
    told.pages[f"/a/{c['ingested address']}/4.mp3"] = Page(
        b"no audio at all", headers={"Content-Type": "audio/mpeg"}
    )
    told.publish(f"/l/{c['OPML title']}/feed.xml", [], title="none")


def _feed_path() -> str:
    return f"/feed/{CANARIES['feed path']}/rss;v={CANARIES['feed parameter']}"


def _wanted() -> set[str]:
    """The addresses that must have been asked for: else nothing would be proved."""
    c = CANARIES
    paths = (
        f"/t/{c['transcript path']}/1.vtt",
        f"/c/{c['chapters path']}/1.json",
        f"/i/{c['imported address']}/3.vtt",
    )
    more = (f"/feed/{c['redirect']}/rss", f"/a/{c['ingested address']}/4.mp3", f"/older/{c['atom next']}")
    return {_feed_path(), "/public.xml", "/marked/hunter2canary/rss", "/2.vtt", *paths, *more}


def _use(home: Path, told: Publisher, lists: Path, *, api: str | None) -> str:
    """Subscribe, poll, ingest, import; all that was printed."""
    c, (scheme, host) = CANARIES, told.url.split("://")
    said = ""

    def do(*arguments: str, **more: str) -> None:
        nonlocal said
        variables = {"TURNTABLE_ALLOW": "127.0.0.1", "TURNTABLE_HF_TOKEN": c["Hugging Face token"], **more}
        variables.setdefault("PREFECT_HOME", str(home.parent / "prefect"))
        done = command(home, *arguments, api=api, check=False, **variables)
        said += done.stdout + done.stderr

    user = f"{c['feed user']}:{c['feed password']}"
    feed = f"{scheme}://{user}@{host}{_feed_path()}?auth={c['feed query']}"
    opml = lists / "feeds.opml"
    name = f"{told.url}/l/{c['OPML title']}/feed.xml"
    opml.write_text(f"<opml><body><outline text='{name}' xmlUrl='{name}'/></body></opml>", encoding="utf-8")
    sources = (feed, f"{told.url}/show", f"{told.url}/moved", f"{told.url}/public.xml", str(opml))
    do("--debug", "add", *sources, "--text-only", "--backfill", "5")
    do("add", f"{told.url}/marked/hunter2canary/rss", "--private", "--text-only")
    proxy = f"http://u:{c['proxy password']}@127.0.0.1:9"
    do("--debug", "poll", f"{told.url}/public.xml", TURNTABLE_PROXY=proxy)
    do("--debug", "poll", "--ingest")
    do(
        "--debug",
        "import",
        f"{told.url}/i/{c['imported address']}/3.vtt?k={c['imported query']}",
        f"{told.url}/i/{c['missing address']}",
    )
    do(
        "--debug",
        "ingest",
        f"{told.url}/a/{c['ingested address']}/4.mp3",
        f"{told.url}/a/{c['missing address']}.mp3",
    )
    for listing in (("feeds",), ("status", "--json"), ("sql", "from stage_runs", "--json")):
        do(*listing)
    return said


def _hear(home: Path, told: Publisher, lists: Path, api: str) -> str:
    """Hear the audio of the private feed too."""
    c = CANARIES
    with wave.open(str(lists / "1.wav"), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(bytes(64_000))
    told.pages[f"/u/{c['enclosure path']}/1.mp3"] = Page(Path(lists, "1.wav").read_bytes())
    address = f"{told.url}{_feed_path()}"
    options = ("--audio-only", "--model", "tiny.en", "--no-diarize")
    done = command(home, "--debug", "ingest", address, *options, api=api, check=False, TURNTABLE_ALLOW="127.0.0.1")
    return done.stdout + done.stderr


@contextmanager
def _prefect(folder: Path) -> Iterator[str]:
    """Run a Prefect server whose database can be searched."""
    put_database(folder / "prefect.db")
    port = free_port()
    variables = {"PREFECT_HOME": str(folder), "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
    server = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "prefect",
            "server",
            "start",
            "--host",
            "127.0.0.1",
            "--port",
            str(port),
            "--no-ui",
        ],
        env=environment(None, variables),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + 180
        while not answers(api := f"http://127.0.0.1:{port}/api"):
            assert time.monotonic() < until
            time.sleep(0.1)
        yield api
        time.sleep(3)  # it writes logs and events behind
    finally:
        server.terminate()
        server.wait(30)


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.relative_to(folder).parts[1] not in MEANT:
            yield path


def _in_files(folder: Path) -> Iterator[str]:
    for path in _files(folder):
        data = path.read_bytes() + _unpacked(path)
        yield from (f"{place}: in {path.relative_to(folder)}" for place in _in(data))


def _in(data: bytes) -> list[str]:
    return [place for place, secret in CANARIES.items() if secret.encode() in data]


def _unpacked(path: Path) -> bytes:
    """Write out whatever tables a file holds."""
    with path.open("rb") as file:
        magic = file.read(16)
    if magic.startswith(b"SQLite format 3"):
        with closing(sqlite3.connect(path)) as base:
            names = [name for (name,) in base.execute("select name from sqlite_master where type = 'table'")]
            return repr([base.execute(f'select * from "{name}"').fetchall() for name in names]).encode()
    if magic.startswith(b"PAR1"):
        return repr(duckdb.sql(f"select * from read_parquet('{path}')").fetchall()).encode()
    if magic[8:12] == b"DUCK":
        with duckdb.connect(str(path), read_only=True) as con:
            names = [name for (name,) in con.execute("select table_name from duckdb_tables()").fetchall()]
            return repr([con.execute(f'from "{name}"').fetchall() for name in names]).encode()
    return b""
