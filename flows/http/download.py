"""Large files, streamed to disk; a broken one goes on where that is safe."""

from __future__ import annotations

import errno
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import httpx2

from flows.http.addresses import parsed, shown
from flows.http.body import check_not_empty, chunks, content_length, media_type
from flows.http.reach import Reach
from flows.http.redirects import OpenedUrl, opened
from flows.http.request import BrokenError
from flows.http.streams import check_no_playlist, patience_without_length
from transforms.errors import ContentError, SourceError, TransientError
from transforms.records import Seconds

_MAX_TRIES = 5  # each of them must bring something
_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})")
_STRONG = re.compile(r'"[\x21\x23-\x7e]{1,512}"')

Report = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class Download:
    """A file that came from a URL: the last one after redirects, and what the server calls it."""

    url: str
    media_type: str | None


@dataclass(slots=True)
class _Partial:
    """What has come so far of one version of a file; without `etag` it cannot be gone on with."""

    file: IO[bytes]
    size: int = 0
    total: int | None = None
    etag: str | None = None

    def begin(self, response: httpx2.Response | None) -> None:
        """Forget what came, and note the version that comes now."""
        if self.size:
            self.file.seek(0)
            self.file.truncate()
        self.size = 0
        self.total = content_length(response) if response else None
        self.etag = _strong_etag(response) if response and self.total else None

    def add(self, chunk: bytes) -> None:
        """Write the next bytes."""
        self.file.write(chunk)
        self.size += len(chunk)

    def is_continued_by(self, response: httpx2.Response) -> bool:
        """Check whether a 206 brings exactly the missing bytes of this very version."""
        found = _RANGE.fullmatch(response.headers.get("Content-Range", "").strip())
        if not found or self.total is None or "Content-Encoding" in response.headers:
            return False
        start, end, total = map(int, found.groups())
        fits = (start, end, total) == (self.size, self.total - 1, self.total)
        return fits and self.etag is not None and response.headers.get("ETag") == self.etag


def download(
    url: str,
    path: Path,
    reach: Reach,
    *,
    max_bytes: int = 4_000_000_000,
    on_progress: Report | None = None,
    longest: Seconds = 10_800.0,
    expected: Seconds | None = None,
) -> Download:
    """Stream a URL into `path`, which is replaced, and removed when anything fails on the way.

    A connection that breaks is taken up again where the server names this version of the file with a
    strong ETag and sends exactly the rest of it; anything else begins anew or ends, so that two
    versions are never spliced.

    Nothing takes more than `longest`. What has no length has to end by itself, in less: a multiple of how long the
    sound is `expected` to last, where somebody said so.

    `on_progress` is called with the bytes so far and in all; the latter is None where nobody knows.

    Raises:
        TurntableError: as `flows.http.fetch.fetch`; a full disk is a TransientError, what takes longer than
            `longest` a SourceError, what has no length and no end a ContentError.
    """
    clock = _Clock(longest, expected)
    with _file_of(url, path) as open_file:
        partial: _Partial | None = None
        for _ in range(_MAX_TRIES):
            before = partial.size if partial else 0
            try:
                with _next_answer(url, reach, partial) as answer:
                    partial = partial or _Partial(open_file())
                    if not _is_rest(answer, partial):
                        if answer.response.status_code in (206, 416):
                            partial.begin(None)
                            continue
                        partial.begin(answer.response)
                    _take(answer, partial, max_bytes, reach.idle_timeout, clock, on_progress)
                    if partial.total in (None, partial.size):
                        check_not_empty(answer.target, partial.size)
                        return Download(str(answer.target), media_type(answer.response))
                    partial.begin(None)
            except BrokenError:
                if partial is None or partial.etag is None or partial.size <= before:
                    raise
        msg = f"{shown(parsed(url))}: the file breaks off or changes again and again; try again later"
        raise TransientError(msg)


@contextmanager
def _next_answer(url: str, reach: Reach, partial: _Partial | None) -> Iterator[OpenedUrl]:
    """Ask for the whole file, or for the rest of what has come, if it is still the same version."""
    headers = {"Accept-Encoding": "identity"}
    if partial is None or partial.etag is None:
        with opened(url, reach, headers) as answer:
            yield answer
        return
    headers |= {"Range": f"bytes={partial.size}-", "If-Range": partial.etag}
    with opened(url, reach, headers, accept=(206, 416)) as answer:
        yield answer


def _is_rest(answer: OpenedUrl, partial: _Partial) -> bool:
    return answer.response.status_code == 206 and partial.is_continued_by(answer.response)


class _Clock:
    """Says when a download has taken too long, all its tries together."""

    def __init__(self, longest: Seconds, expected: Seconds | None) -> None:
        self.began = time.monotonic()
        self.longest, self.without_length = longest, patience_without_length(longest, expected)

    def check(self, answer: OpenedUrl, partial: _Partial) -> None:
        """Look at the clock.

        Raises:
            SourceError: a file takes longer than anything may.
            ContentError: no length was named, and no end is in sight.
        """
        took, more = time.monotonic() - self.began, "allow more with TURNTABLE_LONGEST_DOWNLOAD"
        if partial.total is None and took > self.without_length:
            cause = f"no length and no end after {took / 60:.0f} minutes, as of a live stream"
            msg = f"{shown(answer.target)}: {cause}; give the address of a recording, or {more}"
            raise ContentError(msg)
        if took > self.longest:
            msg = f"{shown(answer.target)}: not here after {took / 60:.0f} minutes; try at another time, or {more}"
            raise SourceError(msg)


def _take(
    answer: OpenedUrl,
    partial: _Partial,
    max_bytes: int,
    idle_timeout: Seconds,
    clock: _Clock,
    on_progress: Report | None,
) -> None:
    for chunk in chunks(answer.target, answer.response, max_bytes, idle_timeout):
        if partial.total is not None and partial.size + len(chunk) > partial.total:
            break  # more than was promised, so the sizes will not agree
        if not partial.size:
            check_no_playlist(answer.target, answer.response, chunk)
        clock.check(answer, partial)
        partial.add(chunk)
        if on_progress:
            on_progress(partial.size, partial.total)


def _strong_etag(response: httpx2.Response) -> str | None:
    etag = response.headers.get("ETag", "").strip()
    return etag if _STRONG.fullmatch(etag) else None


@contextmanager
def _file_of(url: str, path: Path) -> Iterator[Callable[[], IO[bytes]]]:
    """Lend a way to open `path` for writing; unless all goes well, what was opened is removed."""
    files: list[IO[bytes]] = []

    def open_file() -> IO[bytes]:
        files.append(path.open("wb"))
        return files[0]

    try:
        with _no_space(url, path):
            try:
                yield open_file
            finally:
                for file in files:
                    file.close()
    except BaseException:
        if files:
            path.unlink(missing_ok=True)
        raise


@contextmanager
def _no_space(url: str, path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        msg = f"{shown(parsed(url))}: no space left in {path.parent}; free some and try again"
        raise TransientError(msg) from error
