"""The pages over the snapshot as it is now, for the user of this machine: loopback, a token, nothing to write.

    http://127.0.0.1:PORT/TOKEN/            all shows, and a search
    http://127.0.0.1:PORT/TOKEN/ID.html     an episode; show-ID.html a show
    http://127.0.0.1:PORT/TOKEN/audio/ID    its audio, in ranges, if that lies on this machine

The token is in the path, where relative links keep it; a cookie would go to every server of this machine. The gate
is that of the Prefect server: who calls this one by another name, or from another page, is not let in.
"""

from __future__ import annotations

import hmac
import mimetypes
import socket
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote

from flows.pages.audio_links import local_audio, public_audio
from flows.pages.library import Library
from flows.pages.report import INDEX, show_links
from flows.serve.gate import App, Receive, Scope, Send, gated, names_of
from transforms.errors import SourceError, TurntableError, one_line
from transforms.pages.episode_page import PageAudio, PageLinks, episode_page
from transforms.pages.found_page import MOST, Place, found_page, search_form
from transforms.pages.page_content import EpisodeContent, Spoken
from transforms.pages.page_names import page_of
from transforms.pages.show_page import all_page, show_page
from transforms.pages.templates import document
from warehouse.content.episode_content import read_episode
from warehouse.content.show_content import episode_ids, read_show, shows
from warehouse.search.finding import Search, search

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


Answer = Callable[[Library, "Request"], "Response | str"]

HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff", "referrer-policy": "no-referrer"}


def listen(port: int) -> socket.socket:
    """Take a port of this machine alone; 0 is any that is free.

    Raises:
        SourceError: another program has it.
    """
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError as error:
        msg = f"port {port} cannot be opened ({error.strerror}): leave out --port, or choose another"
        raise SourceError(msg) from error


def serve(library: Library, at: socket.socket, token: str) -> None:
    """Serve the pages until somebody stops it."""
    import uvicorn

    app = gated(tokened(pages(library), token), names_of(at.getsockname()[1]))
    # no log of requests: the token is in each of them
    config = uvicorn.Config(
        app,
        log_level="critical",
        access_log=False,
        server_header=False,
        lifespan="off",
        timeout_graceful_shutdown=1,  # a browser holds its audio open
    )
    uvicorn.Server(config).run(sockets=[at])


def tokened(app: App, token: str) -> App:
    """Let only those through whose path begins with the token; it is taken off."""

    async def checked(scope: Scope, receive: Receive, send: Send) -> None:
        given, slash, rest = scope["path"].removeprefix("/").partition("/")
        is_right = hmac.compare_digest(given.encode(), token.encode()) and bool(slash)
        await app({**scope, "path": f"/{rest}" if is_right else "/-/none", "raw_path": None}, receive, send)

    return checked


def pages(library: Library) -> App:
    """Return the app that answers with pages; it reads, and writes nothing."""
    from starlette.applications import Starlette
    from starlette.routing import Route

    def route(path: str, answer: Answer) -> Route:
        # a library of its own for each request: there may be more by then
        return Route(path, lambda request: _answered(replace(library), request, answer), methods=["GET"])

    return Starlette(
        routes=[
            route("/", _all),
            route(f"/{INDEX}", _all),
            route("/search", _search),
            route("/show-{page}", _show),
            route("/audio/{episode:path}", _audio),
            route("/{page}", _episode),
        ],
        exception_handlers={404: lambda *_: _told("There is no such page.", 404)},
    )


def _answered(library: Library, request: Request, answer: Answer) -> Response:
    """Answer a request; what a user can understand of an error is a page, too."""
    from starlette.responses import HTMLResponse

    try:
        given = answer(library, request)
    except TurntableError as error:
        return _told(one_line(error), 404 if isinstance(error, SourceError) else 503)
    return HTMLResponse(given, headers=HEADERS) if isinstance(given, str) else given


def _told(line: str, status: int) -> Response:
    from starlette.responses import HTMLResponse

    return HTMLResponse(document("told.html", "Turntable", line=line), status, headers=HEADERS)


def _all(library: Library, _: Request) -> str:
    content = read_show(library.snapshot, None)
    return all_page(content, page_of, Spoken(), list(show_links(library.snapshot, content)), search_form("search"))


def _show(library: Library, request: Request) -> str:
    podcast_id = _id_of(request.path_params["page"], shows(library.snapshot), "show")
    content = read_show(library.snapshot, podcast_id)
    return show_page(content, page_of, Spoken(), INDEX, search_form("search", show=content.title))


def _episode(library: Library, request: Request) -> str:
    content = read_episode(
        library.snapshot, _id_of(request.path_params["page"], episode_ids(library.snapshot), "episode")
    )
    show = f"show-{page_of(content.podcast_id)}" if content.podcast_id else INDEX
    return episode_page(content, _audio_of(library, content), PageLinks(show, public_audio(content)))


def _audio_of(library: Library, content: EpisodeContent) -> PageAudio | None:
    path, offered = local_audio(content, library), public_audio(content)
    if path is not None:
        return PageAudio(f"audio/{quote(content.episode_id, safe='')}", path.name, is_remote=False)
    return PageAudio(offered, offered, is_remote=True) if offered else None


def _audio(library: Library, request: Request) -> Response:
    """Answer with the file that the warehouse names for an episode; no path comes from outside."""
    from starlette.responses import FileResponse

    content = read_episode(library.snapshot, request.path_params["episode"])
    path = local_audio(content, library)
    if path is None:
        msg = f"the audio of episode {content.episode_id} is not on this machine"
        raise SourceError(msg)
    kind = mimetypes.guess_type(path.name)[0] or ""
    shown = kind if kind.startswith(("audio/", "video/")) else "application/octet-stream"
    return FileResponse(path, media_type=shown, headers=HEADERS)


def _search(library: Library, request: Request) -> str:
    asked, show = request.query_params.get("q", "").strip()[:500], request.query_params.get("show") or None
    if not asked:
        return found_page("", show, [], None, INDEX)
    try:
        table = search(library.snapshot, Search(asked, show=show, most=MOST))
    except SourceError as error:
        return found_page(asked, show, [], one_line(error), INDEX)
    rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    places = [
        Place(
            page_of(row["episode_id"]),
            row["title"],
            row["podcast"],
            row["speaker"],
            row["turn_index"],
            row["start_time"],
            row["snippet"],
        )
        for row in rows
    ]
    return found_page(asked, show, places, None, INDEX)


def _id_of(page: str, known: list[str] | dict[str, str | None], what: str) -> str:
    """Return the id that has a page of this name.

    Raises:
        SourceError: none has.
    """
    found = [one for one in known if page_of(one) == page]
    if not found:
        msg = f"there is no {what} {page.removesuffix('.html')}"
        raise SourceError(msg)
    return found[0]
