"""A folder whose new files are ingested and imported: each one a run of a deployment, once."""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from prefect.deployments import run_deployment

from flows.home import home_id, named
from transforms.audio import SUFFIXES
from transforms.errors import one_line
from transforms.text import visible
from transforms.transcripts.decode import LARGEST

LOOK_EVERY = 5.0  # seconds; a file of the same size at two looks is taken for complete

# Any other text format would make a run of each stray file.
TEXTS = (".vtt", ".srt", ".ttml", ".json", ".json3", ".txt", ".md", ".html", ".htm", ".stm", ".ctm")

Look = dict[Path, tuple[int, int]]


def watch(folder: Path, home: Path) -> None:
    """Look at a folder for ever, for a home."""
    before: Look = {}
    done: Look = {}
    while True:
        now = look(folder)
        for path in complete(before, now, done):
            try:
                submit(path, now[path], home)
            except Exception as error:  # the server may be busy: the file is still there at the next look
                print(visible(f"turntable: {path}: {one_line(error)}; trying again"), file=sys.stderr, flush=True)
            else:
                done[path] = now[path]
        before = now
        time.sleep(LOOK_EVERY)


def look(folder: Path) -> Look:
    """Measure the audio and text files of a folder: bytes and time of change in ns; no hidden ones."""
    found: Look = {}
    for path in folder.rglob("*"):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if hidden or not path.name.lower().endswith((*SUFFIXES, *TEXTS)):
            continue
        try:
            if path.is_file():
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
    """Ask for a run; the same file as it is gets the same run, also after a restart."""
    key = hashlib.sha256(repr((home_id(home), str(path), measure)).encode()).hexdigest()
    audio = path.name.lower().endswith(SUFFIXES)
    name = named("ingest-episode/on-demand" if audio else "import-transcript/on-demand", home)
    parameters: dict[str, Any] = {"url": str(path)} if audio else {"locations": [str(path)]}
    if not audio and measure[0] > LARGEST:
        print(visible(f"turntable: {path} is too large for a transcript: left alone"), file=sys.stderr, flush=True)
        return
    run_deployment(name, parameters=parameters, timeout=0, idempotency_key=f"watched-{key}", as_subflow=False)
