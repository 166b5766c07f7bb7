"""A folder whose new files are ingested and imported: each one a run of a deployment, once."""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prefect.deployments import run_deployment
from prefect.exceptions import PrefectHTTPStatusError

from flows.home import forgotten
from flows.home.folder import home_id, named
from flows.runs import StageFailed, record
from flows.settings import Settings
from flows.sources import folders
from transforms.errors import SourceError, one_line
from transforms.text import visible
from transforms.transcripts.shared.decode import LARGEST

LOOK_EVERY = 5.0  # seconds; a file of the same size at two looks is taken for complete

Look = dict[Path, tuple[int, int]]


def watch(folder: Path, settings: Settings) -> None:
    """Look at a folder for ever, for a home."""
    before: Look = {}
    done: Look = {}
    while True:
        now = look(folder)
        take_in(before, now, done, settings)
        before = now
        time.sleep(LOOK_EVERY)


def take_in(before: Look, now: Look, done: Look, settings: Settings) -> None:
    """Ask for a run of each file that is complete; one that no run can be asked for is a row, once, and let be."""
    for path in complete(before, now, done):
        try:
            if forgotten.is_file(settings.home, path):
                _say(f"{named_in_utf8(path)} is forgotten, and left alone: `turntable ingest` brings it back")
            else:
                submit(path, now[path], settings.home)
        except Exception as error:
            if not is_refusal(error):  # the server may be busy: the file is still there at the next look
                _say(f"{named_in_utf8(path)}: {one_line(error)}; trying again")
                continue
            _record(path, now[path], error, settings)
        done[path] = now[path]


def is_refusal(error: Exception) -> bool:
    """Check whether no run will ever be asked for: the name is to blame, or the server does not take it."""
    if isinstance(error, PrefectHTTPStatusError):
        return error.response.status_code in (400, 409, 413, 422)
    return isinstance(error, SourceError)


def _record(path: Path, measure: tuple[int, int], error: Exception, settings: Settings) -> None:
    """Write down a file that is let be until it changes: one row, also where the server starts anew."""
    source = named_in_utf8(path)
    failed = StageFailed("find", datetime.now(UTC), SourceError(f"{source}: {one_line(error)}"))
    record(failed, source, None, settings, run_id=_key(path, measure, settings.home)[:32])
    _say(f"{failed.error}; it is left alone until it changes")


def _say(line: str) -> None:
    print(visible(f"turntable: {line}"), file=sys.stderr, flush=True)


def named_in_utf8(path: Path) -> str:
    r"""Name a file in text that can be stored and sent, whatever bytes its name has.

    >>> named_in_utf8(Path("caf\udce9.mp3"))
    'caf\\xe9.mp3'
    """
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def look(folder: Path) -> Look:
    """Measure the audio and text files of a folder: bytes and time of change in ns; no hidden ones.

    What may be a text and mostly is something else makes no run of each stray file: it counts beside audio.
    """
    found: Look = {}
    try:
        inside = tuple(folders.walk(folder))
    except SourceError:
        return {}  # it may be there again at the next look, as a disk of the network is
    for path, problem in inside:
        is_wanted = folders.is_audio(path) or (folders.is_text(path) and not folders.is_seldom(path))
        if problem or not (is_wanted or (folders.is_seldom(path) and folders.audio_beside(path))):
            continue
        try:
            stat = path.stat()
            found[path] = stat.st_size, stat.st_mtime_ns
        except OSError:
            continue  # gone between two looks
    return found


def complete(before: Look, now: Look, done: Look) -> Iterator[Path]:
    """Name the files that nobody writes to any more and that were not submitted as they are.

    >>> a, b = Path("a.mp3"), Path("b.mp3")
    >>> list(complete({a: (1, 1), b: (1, 1)}, {a: (1, 1), b: (2, 2)}, {}))
    [PosixPath('a.mp3')]
    """
    for path in sorted(now):
        if now[path][0] and before.get(path) == now[path] != done.get(path):
            yield path


def submit(path: Path, measure: tuple[int, int], home: Path) -> None:
    """Ask for a run; the same file as it is gets the same run, also after a restart.

    Raises:
        SourceError: its name is in no encoding that the server could be told.
    """
    if named_in_utf8(path) != str(path):
        msg = "its name is not in UTF-8: rename it"
        raise SourceError(msg)
    key = _key(path, measure, home)
    audio = folders.is_audio(path)
    name = named("ingest-episode/on-demand" if audio else "import-transcript/on-demand", home)
    parameters: dict[str, Any] = {"url": str(path)} if audio else {"locations": [str(path)]}
    if not audio and measure[0] > LARGEST:
        _say(f"{path} is too large for a transcript: left alone")
        return
    run_deployment(name, parameters=parameters, timeout=0, idempotency_key=f"watched-{key}", as_subflow=False)


def _key(path: Path, measure: tuple[int, int], home: Path) -> str:
    return hashlib.sha256(repr((home_id(home), str(path), measure)).encode()).hexdigest()
