"""Feeds that are odd or mean to harm, made here, and what must come of each."""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Callable

HEAD = "<rss version='2.0'><channel><title>Show</title>"
TAIL = "</channel></rss>"
SOUND = "<enclosure url='https://a.example/1.mp3' type='audio/mpeg'/>"
NAMESPACES = (
    "xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd' xmlns:atom='http://www.w3.org/2005/Atom' "
    "xmlns:podcast='https://podcastindex.org/namespace/1.0'"
)
MANY = 200_000


def rss(*inside: str, head: str = "", prolog: str = "") -> str:
    """Write a feed of items that hold this besides their sound."""
    items = "".join(f"<item>{text}{SOUND}</item>" for text in inside)
    return f"{prolog}{HEAD}{head}{items}{TAIL}"


def dtd(inside: str, use: str = "&x;") -> str:
    """Write a feed with a document type, and a title that uses it."""
    return rss(f"<guid>one</guid><title>{use}</title>", prolog=f"<!DOCTYPE rss [{inside}]>")


def laughs() -> str:
    """Write the entities that would make ten gigabytes."""
    levels = "".join(f"<!ENTITY {chr(98 + n)} '{f'&{chr(97 + n)};' * 10}'>" for n in range(9))
    return dtd("<!ENTITY a 'aaaaaaaaaa'>" + levels, "&j;")


def with_title(text: str) -> str:
    """Write a feed with one odd title."""
    return rss(f"<guid>one</guid><title>{text}</title>")


def with_dates(*dates: str) -> str:
    """Write one item a date."""
    return rss(*(f"<guid>{n}</guid><pubDate>{date}</pubDate>" for n, date in enumerate(dates)))


def with_links(*urls: str) -> str:
    """Write one item an address, in every place that takes one."""
    tags = "".join(
        f"<item><guid>{n}</guid><link>{url}</link><enclosure url='{url}' type='audio/mpeg'/>"
        f"<podcast:transcript url='{url}'/><podcast:chapters url='{url}'/></item>"
        for n, url in enumerate(urls)
    )
    return f"<rss {NAMESPACES}><channel><title>Show</title>{tags}{TAIL}"


DATES = """
2025-03-01|2025-03-01T10:00:00Z|2025-03-01T10:00:00+0130|20250301T100000Z|01 Mar 2025|Sat, 1 Mar 25 10:00 GMT
Sat, 01 Mar 2025 10:00:00 PST|Sat, 01 Mar 2025 25:61:61 GMT|Sat, 99 Mar 2025 10:00:00 GMT|Sat Mar  1 10:00:00 2025
01.03.2025|3/1/2025|1740823200|-1|0|9999-12-31T23:59:59-23:59|0000-00-00|99999-01-01|2025-02-30|2025-W09-6|2025-060
1. März 2025|1 марта 2025|Σαβ, 01 Μαρ 2025 10:00:00 GMT|2025년 3월 1일|令和7年3月1日|２０２５-０３-０１|yesterday
now|Sat, 01 Mar 2025 10:00:00 +9999|Sat, 01 Mar 2025 10:00:00 GMT GMT|2025-03-01T10:00:00.123456789123456789Z
""".replace("\n", "|").strip("|").split("|")  # fmt: skip
DURATIONS = (
    "-1 -00:01 1:02:03:04 00:00:00:12 1e9 NaN inf 0 00:00 99999999:00 ½ １２:３４ 1:2:3,5 PT1H2M 1h2m ::".split()
)
ADDRESSES = """
javascript:alert(1) JaVaScRiPt:x file:///etc/passwd FILE:/etc/passwd file://host/x data:audio/mpeg;base64,AA== ftp://a/x
//host/1.mp3 /1.mp3 ../../../1.mp3 1.mp3 ?x #x http: http:// http://[ http://[::1 https://a:b:c/ \\\\host\\share
http://a.example:99999/ http://\u202eexample/ vbscript:x mailto:a@b magnet:?xt=1 blob:https://a/b
about:blank urn:a:b
""".split()

# name → (the bytes, how many episodes must come of it; None: a ContentError)
Case = tuple[Callable[[], bytes | str], int | None]

ENTITIES: dict[str, Case] = {
    "billion laughs": (laughs, 1),
    "quadratic blow-up": (lambda: dtd(f"<!ENTITY x '{'a' * 50_000}'>", "&x;" * 50_000), 1),
    "entity that names itself": (lambda: dtd("<!ENTITY x '&x;'>"), 1),
    "two entities that name each other": (lambda: dtd("<!ENTITY x '&y;'><!ENTITY y '&x;'>"), 1),
    "entity of a file": (lambda: dtd("<!ENTITY x SYSTEM 'file:///etc/passwd'>"), 1),
    "entity of a web page": (lambda: dtd("<!ENTITY x SYSTEM 'http://127.0.0.1:9/x'>"), 1),
    "entity of a device": (lambda: dtd("<!ENTITY x SYSTEM 'file:///dev/zero'>"), 1),
    "parameter entity of a file": (lambda: dtd("<!ENTITY % p SYSTEM 'file:///etc/passwd'>%p;"), 1),
    "parameter entities that grow": (
        lambda: dtd("<!ENTITY % a '<!ENTITY x \"y\">'>" + "<!ENTITY % b '%a;%a;'>%b;" * 5_000),
        1,
    ),
    "attribute from an entity": (
        lambda: "<!DOCTYPE rss [<!ENTITY x SYSTEM 'file:///etc/passwd'><!ATTLIST item a CDATA '&x;'>]>" + rss("a"),
        1,
    ),
    "100,000 entities": (lambda: dtd("".join(f"<!ENTITY x{n} 'a'>" for n in range(100_000)), "&x1;"), 1),
    "document type of a file": (lambda: "<!DOCTYPE rss SYSTEM 'file:///etc/passwd'>" + rss("<guid>1</guid>"), 1),
    "document type that never ends": (lambda: "<!DOCTYPE rss [" + "<!-- " * MANY, None),
    "XInclude": (
        lambda: rss("<xi:include xmlns:xi='http://www.w3.org/2001/XInclude' href='/etc/passwd' parse='text'/>"),
        1,
    ),
    "stylesheet": (lambda: "<?xml-stylesheet href='file:///etc/passwd'?>" + rss("<guid>1</guid>"), 1),
}

SIZES: dict[str, Case] = {
    "200,000 nested tags": (lambda: HEAD + "<a>" * MANY, None),
    "200,000 nested and closed": (lambda: HEAD + "<a>" * MANY + "</a>" * MANY + TAIL, None),
    "nested items": (lambda: HEAD + ("<item>" + SOUND) * MANY, None),
    "nested markup in a text": (lambda: with_title(f"<![CDATA[{'<b><i>' * MANY}]]>"), 1),
    "escaped nested markup": (lambda: rss(f"<guid>1</guid><description>{'&lt;p&gt;' * MANY}</description>"), 1),
    "huge attribute": (lambda: rss(f"<guid>1</guid><a b='{'c' * 15_000_000}'/>"), None),
    "50,000 attributes": (lambda: rss("<a " + " ".join(f"a{n}=''" for n in range(50_000)) + "/>"), None),
    "tag name of 5 MB": (lambda: rss(f"<{'a' * 5_000_000}/>"), 1),
    "a million items": (lambda: HEAD + "<item/>" * 1_000_000 + TAIL, None),
    "a million tags, almost": (lambda: HEAD + "<a/>" * 999_000 + TAIL, None),
    "10,000 items": (lambda: rss(*(f"<guid>{n}</guid>" for n in range(10_000))), 10_000),
    "guid of 10 MB": (lambda: rss(f"<guid>{'g' * 9_000_000}</guid>", "<guid>two</guid>"), 2),
    "title of 15 MB": (lambda: with_title("t" * 15_000_000), None),
    "19 million ampersands": (lambda: with_title("&" * 19_000_000), None),
    "900,000 ampersands": (lambda: with_title("& " * 900_000), 1),
    "200,000 texts": (lambda: with_title("<![CDATA[x]]>" * MANY), 1),
    "text that never ends": (lambda: rss("<guid>1</guid>") + "<![CDATA[" * MANY, 1),
    "comment that never ends": (lambda: rss("<guid>1</guid>") + "<!--" * MANY, 1),
    "texts in comments in texts": (lambda: with_title("<!-- <![CDATA[ --> ]]> <!-- " * 20_000), 0),
    "10,000 namespaces": (lambda: rss("".join(f"<a xmlns:n{n}='u{n}'/>" for n in range(10_000))), None),
    "20 MB of white space": (lambda: HEAD + " \n" * 9_900_000 + rss("<guid>1</guid>")[len(HEAD) :], None),
    "100,000 persons": (
        lambda: (
            f"<rss {NAMESPACES}><channel><item>{SOUND}"
            + "".join(f"<podcast:person>{n}</podcast:person>" for n in range(100_000))
            + f"</item>{TAIL}"
        ),
        1,
    ),
    "packed in gzip": (lambda: gzip.compress(rss("<guid>1</guid>").encode()), None),
    "packed twice": (lambda: gzip.compress(gzip.compress(rss("<guid>1</guid>").encode())), None),
}

ENCODINGS: dict[str, Case] = {
    "UTF-16": (lambda: with_title("砂").encode("utf-16"), 1),
    "UTF-16 without a mark": (lambda: with_title("x").encode("utf-16-le"), 1),
    "UTF-32": (lambda: with_title("砂").encode("utf-32"), 1),
    "claims UTF-16, is UTF-8": (lambda: "<?xml version='1.0' encoding='utf-16'?>" + with_title("é"), 1),
    "claims EBCDIC, is not": (lambda: "<?xml version='1.0' encoding='cp037'?>" + with_title("é"), 1),
    "is EBCDIC": (lambda: with_title("x").encode("cp037"), None),
    "UTF-7": (lambda: "<?xml version='1.0' encoding='utf-7'?>" + with_title("+ADw-item+AD4-"), 1),
    "an unknown encoding": (lambda: "<?xml version='1.0' encoding='klingon'?>" + with_title("x"), 1),
    "three encodings in one": (
        lambda: with_title("é").encode() + with_title("é").encode("latin-1") + "é".encode("utf-16"),
        1,
    ),
    "cut in the middle of a letter": (lambda: rss("<guid>1</guid>").encode() + "é".encode()[:1], 1),
    "truncated": (lambda: rss(*(f"<guid>{n}</guid>" for n in range(9)))[:500], 5),
    "control characters": (lambda: with_title("\0\1\2\x1b[31m\x7f\u202e\ufffe&#0;&#x1F;"), 1),
    "lone surrogates": (lambda: with_title("\ud800").encode("utf-8", "surrogatepass"), 1),
}

ODD: dict[str, Case] = {
    "nothing": (lambda: "", None),
    "JSON": (lambda: json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": [{"id": 1}]}), None),
    "an error page": (lambda: "<!DOCTYPE html><html><head><title>502</title></head><body>Bad</body></html>", None),
    "an error page with a feed in it": (lambda: "<html><body>" + rss("<guid>1</guid>") + "</body></html>", None),
    "sound": (lambda: b"ID3\4\0\0" + bytes(range(256)) * 40, None),
    "an empty channel": (rss, 0),
    "items without anything": (lambda: HEAD + "<item/><item></item><item>x</item>" + TAIL, 0),
    "items without a guid": (lambda: rss("<title>a</title>", "<title>b</title>"), 1),
    "items without a sound": (lambda: HEAD + "<item><guid>1</guid></item>" * 3 + TAIL, 0),
    "one guid for all": (lambda: rss(*["<guid>same</guid>"] * 50), 1),
    "emoji for guids": (lambda: rss("<guid>🎧</guid>", "<guid>👩‍🚀</guid>", "<guid> 🎧 </guid>"), 2),
    "markup for a guid": (lambda: rss("<guid><![CDATA[<script>'; drop table episodes --]]></guid>"), 1),
    "addresses": (lambda: with_links(*ADDRESSES), 10),
    "dates": (lambda: with_dates(*DATES), len(DATES)),
    "durations": (
        lambda: (
            f"<rss {NAMESPACES}><channel>"
            + "".join(
                f"<item><guid>{n}</guid>{SOUND}<itunes:duration>{text}</itunes:duration></item>"
                for n, text in enumerate(DURATIONS)
            )
            + TAIL
        ),
        len(DURATIONS),
    ),
    "namespaces that mean something else": (
        lambda: (
            "<rss xmlns:podcast='http://www.w3.org/2005/Atom' xmlns:itunes='https://podcastindex.org/namespace/1.0'>"
            f"<channel><item>{SOUND}<itunes:person>Ann</itunes:person><podcast:title>x</podcast:title></item>{TAIL}"
        ),
        1,
    ),
    "a namespace given anew in each item": (lambda: rss(*["<guid xmlns='a'>1</guid><b xmlns:a='c'/>"] * 9), 1),
    "comments everywhere": (lambda: rss("<guid><!-- a -->1<!-- b --></guid><title>a<!-- > -->b</title>"), 1),
    "RSS in Atom": (lambda: f"<feed xmlns='http://www.w3.org/2005/Atom'>{rss('<guid>1</guid>')}</feed>", 1),
    "Atom in RSS": (
        lambda: (
            f"{HEAD}<entry xmlns='http://www.w3.org/2005/Atom'><id>1</id>"
            f"<link rel='enclosure' href='https://a.example/1.mp3'/></entry>{TAIL}"
        ),
        1,
    ),
    "two feeds in one": (lambda: rss("<guid>1</guid>") + rss("<guid>2</guid>"), 2),
    "tags that are never closed": (lambda: f"{HEAD}<item><title>a<guid>1{SOUND}<item><guid>2{SOUND}", 0),
    "script in the notes": (
        lambda: rss("<guid>1</guid><description><![CDATA[<script>x</script><img onerror=x>ok]]></description>"),
        1,
    ),
    "numbers without measure": (
        lambda: rss(f"<guid>1</guid><itunes:season>{'9' * 99}</itunes:season><itunes:episode>-1</itunes:episode>"),
        1,
    ),
}

FEEDS: dict[str, Case] = ENTITIES | SIZES | ENCODINGS | ODD


def build(name: str) -> bytes:
    """Make one of them."""
    made = FEEDS[name][0]()
    return made if isinstance(made, bytes) else made.encode("utf-8", "surrogatepass")


def _measure(name: str) -> dict[str, object]:
    """Read one in a process of its own, which may take 10 s and 512 MB, and say how it went."""
    import os
    import resource
    import time

    data = build(name)
    came, goes = os.pipe()
    started = time.monotonic()
    child = os.fork()
    if not child:
        os.close(came)
        resource.setrlimit(resource.RLIMIT_CPU, (10, 10))
        resource.setrlimit(resource.RLIMIT_DATA, (512_000_000, 512_000_000))
        os.write(goes, json.dumps(_outcome(data)).encode())
        os._exit(0)
    os.close(goes)
    with os.fdopen(came, "rb") as pipe:
        outcome = json.loads(pipe.read() or '"killed"')
    _, _, used = os.wait4(child, 0)
    return {
        "name": name,
        "outcome": outcome,
        "seconds": used.ru_utime + used.ru_stime,
        "wall": time.monotonic() - started,
        "megabytes": used.ru_maxrss / 1_000,
    }


def _outcome(data: bytes) -> object:
    from flows.sources.feed_pages import parse_safely
    from transforms.errors import ContentError

    try:
        feed = parse_safely(data, "https://feeds.example/show/feed.xml?token=secret")
    except ContentError as error:
        return str(error)
    addresses = [episode.audio_url for episode in feed.episodes]
    addresses += [link.url for episode in feed.episodes for link in (*episode.audio_links, *episode.transcripts)]
    addresses += [episode.page_url for episode in feed.episodes] + [
        episode.chapters_url for episode in feed.episodes
    ]
    texts = [text for episode in feed.episodes[:99] for text in (episode.title, episode.description, episode.guid)]
    return {
        "episodes": len(feed.episodes),
        "schemes": sorted({url.partition(":")[0] for url in addresses if url}),
        "leaks": [text[:50] for text in texts if text and ("root:" in text or "\0" in text or "\x1b" in text)],
    }


if __name__ == "__main__":
    import flows.sources.feed_pages  # noqa: F401 - before the forks, so that each does not do it again

    for each in sys.argv[1:] or FEEDS:
        sys.stdout.write(json.dumps(_measure(each)) + "\n")
        sys.stdout.flush()
