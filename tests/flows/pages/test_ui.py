"""`turntable ui` over HTTP: who gets in, what is answered, and that nothing else can be had."""

from __future__ import annotations

import http.client
import re
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from flows.artifacts import Made, Store
from flows.commands.browse import _meant
from flows.pages.library import Library
from flows.pages.report import write_all, write_episode, write_show
from flows.pages.ui import listen, serve
from tests.conftest import command, started
from tests.support.browsers import chromium, until, violations
from tests.support.documents import EPISODE, PODCAST, RENDITION, TURNS, publish, staged
from transforms.errors import SourceError
from transforms.pages.page_names import page_of
from transforms.pages.show_page import show_page
from warehouse.content.show_content import find_show, read_said, read_show

TOKEN = "a-token-that-nobody-knows"
SOUND = bytes(range(256)) * 40
KEPT = b"what was fetched from a feed"
TITLE = "Why <b>a record</b> turns"


@dataclass(frozen=True, slots=True)
class Ui:
    """A running `ui`: how to ask it, and what it shows."""

    port: int
    library: Library

    def ask(
        self, path: str, method: str = "GET", token: str = TOKEN, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        """Send a request as it is; its status, headers and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.putrequest(method, f"/{token}{path}" if token else path, skip_host=True)
        for name, value in ({"Host": f"127.0.0.1:{self.port}"} | headers).items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body


@pytest.fixture(scope="module")
def ui(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ui]:
    """A home with two episodes of a show and one of none, and its pages."""
    home = tmp_path_factory.mktemp("ui")
    sound = home / "sound.ogg"
    sound.write_bytes(SOUND)
    lone = replace(EPISODE, episode_id="youtube:one", podcast_id=None, guid=None, title="Alone", audio_url=None)
    kept = Store(home).make(
        "fetch", lambda _: Made(KEPT), method="made-1", suffix=".bin", inputs={}, parameters={}
    )
    other = replace(EPISODE, episode_id="0a1b2c3d-two", guid="two", title="The second", audio_path=None)
    snapshot = publish(
        home,
        staged(episode=replace(EPISODE, title=TITLE, audio_path=str(sound))),
        staged(
            episode=lone,
            podcast=None,
            transcript_id="asr-2",
            rendition=replace(RENDITION, rendition_id=kept.sha256),
        ),
        staged(episode=other, transcript_id="asr-3", rendition=None, turns=(), words=(), speaker_segments=()),
    )
    library = Library(snapshot, home)
    with listen(0) as at:
        port = at.getsockname()[1]
        threading.Thread(target=serve, args=(library, at, TOKEN), daemon=True).start()
        ui = Ui(port, library)
        wait_for(ui)
        yield ui


def wait_for(ui: Ui) -> None:
    """Wait until it answers."""
    end = time.monotonic() + 20
    while True:
        try:
            ui.ask("/")
            return
        except OSError:
            assert time.monotonic() < end
            time.sleep(0.05)


def test_pages_lead_to_each_other(ui: Ui) -> None:
    """All shows, a show, its episode; each link that stays here is answered."""
    todo, seen = [""], {}
    while todo:
        path = todo.pop()
        status, headers, body = ui.ask(f"/{path}")
        seen[path] = status, headers["content-type"].partition(";")[0]
        for link in re.findall(
            r'(?:href|src)="([^"#:]+)[#"]', body.decode() if "html" in headers["content-type"] else ""
        ):
            todo += [link] if link not in seen and link not in todo else []
    assert seen == {
        "": (200, "text/html"),
        "index.html": (200, "text/html"),
        "show-show-1.html": (200, "text/html"),
        page_of(EPISODE.episode_id): (200, "text/html"),
        page_of("youtube:one"): (200, "text/html"),
        f"audio/{EPISODE.episode_id}": (200, "audio/ogg"),
        "audio/youtube%3Aone": (200, "application/octet-stream"),
    }


def test_who_has_no_token_gets_nothing(ui: Ui) -> None:
    """Not even to know what there is."""
    answers = {
        ui.ask(path, token=token)[2]
        for path in ("/", "/index.html", "/search?q=turn")
        for token in ("", "x", "%C3%A9")
    }
    assert len(answers) == 1
    assert ui.ask("")[0] == 404  # links of such an address would lead elsewhere
    assert {ui.ask("/", token=token)[0] for token in ("", "x", TOKEN.upper(), TOKEN + "x", "..", "-")} == {404}


def test_who_calls_it_by_another_name_is_refused(ui: Ui) -> None:
    """A page whose name is bound anew to this machine; a page of another server."""
    assert ui.ask("/", Host="evil.example")[0] == 400
    assert ui.ask("/", Host=f"evil.example:{ui.port}")[0] == 400
    assert ui.ask("/", Origin="https://evil.example")[0] == 403
    assert ui.ask("/", Host=f"localhost:{ui.port}")[0] == 200


def test_it_only_reads(ui: Ui) -> None:
    """Whatever else is asked for is refused; answers are kept by nobody and framed by nobody."""
    assert {ui.ask("/", method)[0] for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS")} == {405}
    status, headers, body = ui.ask("/")
    assert status == 200
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-frame-options"] == "DENY"
    assert "default-src &#39;none&#39;" in body.decode()


@pytest.mark.parametrize(
    "path",
    [
        *("/audio/../../../../etc/passwd", "/audio/%2e%2e%2f%2e%2e%2fetc%2fpasswd", "/audio//etc/passwd"),
        *(
            "/audio/sound.ogg",
            "/..%2f..%2fetc%2fpasswd",
            "/show-..%2fx",
            "/audio/",
            "/audio/0a1b2c3d-two",
            "/x.html",
        ),
        "/audio/%00",
    ],
)
def test_no_path_leads_to_a_file(ui: Ui, path: str) -> None:
    """Audio is named by its episode, and the warehouse says where it lies."""
    status, _, body = ui.ask(path)
    assert status == 404
    assert b"root:" not in body


def test_audio_comes_in_ranges(ui: Ui) -> None:
    """As a player asks when somebody clicks in the middle."""
    path = f"/audio/{EPISODE.episode_id}"
    status, headers, body = ui.ask(path, Range="bytes=100-199")
    assert (status, headers["content-range"], body) == (206, f"bytes 100-199/{len(SOUND)}", SOUND[100:200])
    assert ui.ask(path, Range=f"bytes={len(SOUND)}-")[0] == 416
    assert ui.ask(path)[2] == SOUND
    assert ui.ask("/audio/youtube%3Aone")[2] == KEPT


def test_search_finds_what_is_said(ui: Ui) -> None:
    """With links to its second; what is asked is shown and never obeyed."""
    body = ui.ask("/search?q=must")[2].decode()
    assert f'href="{page_of(EPISODE.episode_id)}#t=2&amp;q=must"' in body
    assert "<mark>must</mark>" in body
    assert "&amp;q=%22It%20must%22" in ui.ask("/search?q=%22it%20must%22")[2].decode()
    assert "2 places" in body
    assert "1 place" in ui.ask("/search?q=must&show=groove")[2].decode()
    hostile = ui.ask("/search?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E")[2].decode()
    assert "<script" not in hostile
    assert "there is no word in" in ui.ask("/search?q=%2A%2A")[2].decode()
    assert ui.ask("/search")[0] == 200


@pytest.mark.system
def test_a_reader_searches_and_listens(ui: Ui) -> None:
    """In a browser, without a request to anybody else; axe-core finds nothing."""
    with chromium() as browser:
        page = browser.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"http://127.0.0.1:{ui.port}/{TOKEN}/")
        assert violations(page) == []
        page.fill("#asked", "must")
        page.keyboard.press("Enter")
        page.get_by_text(TITLE).click()
        until(page, "document.querySelector('#find')?.value === 'must'")
        assert page.inner_text("h1") == TITLE
        assert violations(page) == []
        assert all(url.startswith(f"http://127.0.0.1:{ui.port}/{TOKEN}/") for url in asked)


def test_a_port_that_is_taken_is_said(ui: Ui) -> None:
    """In one line, with the way out."""
    with pytest.raises(SourceError, match="leave out --port"):
        listen(ui.port)


@pytest.mark.system
def test_a_home_without_anything_says_what_to_do(tmp_path: Path) -> None:
    """Before there is an address."""
    answer = command(tmp_path, "ui", check=False)
    assert answer.returncode == 1
    assert "turntable demo" in answer.stderr
    assert answer.stdout == ""


@pytest.mark.system
def test_ctrl_c_ends_it(ui: Ui) -> None:
    """Quietly, also while a browser holds a connection open."""
    running = started(ui.library.home, "ui")
    end = time.monotonic() + 60
    while not (address := running.out.read_text().strip()):
        assert running.poll() is None, running.err.read_text()
        assert time.monotonic() < end
        time.sleep(0.1)
    path = re.fullmatch(r"http://127\.0\.0\.1:(\d+)(/[\w-]{43}/)", address)
    assert path
    held = http.client.HTTPConnection("127.0.0.1", int(path[1]), timeout=30)
    held.request("GET", path[2])
    assert held.getresponse().status == 200
    running.send_signal(signal.SIGINT)
    assert running.wait(30) == 0
    held.close()
    assert running.err.read_text().splitlines() == [
        "turntable: this address lets in whoever has it, on this machine; Ctrl-C ends it"
    ]


def test_the_pages_of_all_lie_in_a_folder(ui: Ui, tmp_path: Path) -> None:
    """Each link leads to one of them; an episode without a transcript has none."""
    told: list[str] = []
    first = write_all(ui.library, tmp_path, told.append)
    names = {path.name for path in tmp_path.iterdir()}
    assert first.name == "index.html"
    assert names == {"index.html", "show-show-1.html", page_of(EPISODE.episode_id), page_of("youtube:one")}
    for path in tmp_path.iterdir():
        links = set(re.findall(r'href="([^"#:]+)[#"]', path.read_text()))
        assert links <= names
    assert told == []
    newest = first.read_text().partition("Newest episodes")[2].partition("</ul>")[0]
    assert re.findall(r'href="([^"]+)"', newest) == [page_of(EPISODE.episode_id)]
    assert "The Long Groove" in newest


def test_a_show_and_an_episode_are_written_alone(ui: Ui, tmp_path: Path) -> None:
    """The audio is named by its place; inside of the folder from there, so that both can be moved."""
    show = write_show(ui.library, find_show(ui.library.snapshot, "long groove"), tmp_path / "show", print)
    assert {path.name for path in show.parent.iterdir()} == {"show-show-1.html", page_of(EPISODE.episode_id)}
    assert (PODCAST.title or "") in show.read_text()
    outside = write_episode(ui.library, EPISODE.episode_id, tmp_path)
    assert f'src="{(ui.library.home / "sound.ogg").as_uri()}"' in outside.read_text()
    inside = write_episode(ui.library, EPISODE.episode_id, ui.library.home)
    assert 'src="sound.ogg"' in inside.read_text()
    inside.unlink()


def test_a_show_by_its_title_comes_before_an_episode(ui: Ui) -> None:
    """Then an episode by a piece of its title, and then a show; of what is neither both lists are shown."""
    meant = [_meant(ui.library.snapshot, text) for text in ("the long GROOVE", "second", "groove")]
    assert meant == [("show", "show-1"), ("episode", "0a1b2c3d-two"), ("show", "show-1")]
    with pytest.raises(SourceError, match=r"no episode fits 'nothing'.*no show fits 'nothing'"):
        _meant(ui.library.snapshot, "nothing")


def test_a_folder_that_cannot_be_written_is_said(ui: Ui, tmp_path: Path) -> None:
    """In one line."""
    (tmp_path / "file").write_text("")
    with pytest.raises(SourceError, match="choose another folder with --out"):
        write_episode(ui.library, EPISODE.episode_id, tmp_path / "file" / "pages")


@pytest.mark.system
def test_the_search_of_a_folder_finds(ui: Ui, tmp_path: Path) -> None:
    """In a browser, from a file; the place is opened where it is said."""
    write_all(ui.library, tmp_path, print)
    with chromium() as browser:
        page = browser.new_page()
        page.goto((tmp_path / "index.html").as_uri())
        for asked, found in (
            ("MUST", "2 places"),
            ("mus", "2 places"),
            ("turm", "No places"),
            ("musst", "No places"),
        ):
            page.fill("#asked", asked)
            until(page, f"document.querySelector('#state').textContent === '{found}'")
        assert "Luca Ongaro" in page.content()  # whose licence goes where the code goes
        page.fill("#asked", "it must")
        until(page, "document.querySelectorAll('#places mark').length === 4")
        for asked, found in (('"must it"', "No places"), ('"mus"', "No places"), ("“it mu*”", "2 places")):
            page.fill("#asked", asked)
            until(page, f"document.querySelector('#state').textContent === '{found}'")
        page.fill("#asked", '"it must"')
        until(page, "document.querySelector('#places mark')?.textContent === 'It must'")
        assert violations(page) == []
        page.locator("#places a").first.click()
        until(page, "document.querySelector('article') !== null")
        assert "#t=2" in page.url
        until(page, "document.querySelector('article.landed.hit') !== null")
        assert page.input_value("#find") == '"It must"'
        assert set(page.evaluate("[...CSS.highlights.get('found')].map(String)")) == {"It must"}
        phone = browser.new_page(viewport={"width": 360, "height": 700}, color_scheme="dark")
        for name in ("index.html", "show-show-1.html"):
            phone.goto((tmp_path / name).as_uri())
            assert violations(phone) == []
            assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.system
def test_the_search_of_a_page_knows_the_forms_of_a_word(tmp_path: Path) -> None:
    """By the language of each episode, and not within quotes; before the index is made, too."""
    texts = (("en", "A record turned slowly."), ("en", "Belts keep on turning."), ("de", "Im Turning stand er."))
    snapshot = publish(
        tmp_path,
        *(
            staged(
                episode=replace(EPISODE, episode_id=f"e{n}", guid=f"e{n}", language=language),
                transcript_id=f"t{n}",
                language=language,
                turns=(replace(TURNS[0], text=text),),
                rendition=None,
                words=(),
                stage_runs=(),
            )
            for n, (language, text) in enumerate(texts)
        ),
    )
    content = read_show(snapshot, "show-1")
    said = read_said(snapshot, content.episodes)
    assert said.forms == ("turned turning",)
    path = tmp_path / "show.html"
    path.write_text(show_page(content, page_of, said), encoding="utf-8")
    with chromium() as browser:
        page = browser.new_page()
        page.goto(path.as_uri())
        for asked, marked in (
            ("turned", ["turned", "turning", "Turning"]),
            ('"turned"', ["turned"]),
            ("turned slowly", ["turned", "slowly"]),
            ("turning belt", ["Belts", "turning"]),
        ):
            page.fill("#asked", asked)
            shown = "[...document.querySelectorAll('#places mark')].map((mark) => mark.textContent).sort().join()"
            until(page, f"{shown} === '{','.join(sorted(marked))}'")
        scanned = page.evaluate("prepare().then((known) => scan(known, partsOf('turned', known.forms)).length)")
        assert scanned == 3
