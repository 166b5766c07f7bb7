"""The bytes of published texts: files, folders, URLs."""

from __future__ import annotations

import stat
from pathlib import Path

from flows.allowed_files import check
from flows.http.reach import Reach
from flows.locations import Location, at_path, kept_address
from flows.sources import folders
from flows.sources.folders import LeftOut
from transforms.errors import ContentError, SourceError
from transforms.transcripts.shared.decode import LARGEST

Facts = dict[str, str | None]


def find_texts(location: Location) -> tuple[Location, ...]:
    """Name the texts behind a path or a URL: a folder means everything in it that is not hidden.

    Raises:
        SourceError: an empty name, or a folder without files.
    """
    if not location.address.strip():
        msg = "an empty name: give a file, a folder or a URL of a transcript"
        raise SourceError(msg)
    check(location)
    if location.is_url or not location.path.is_dir():
        return (location,)
    path = location.path
    found = tuple(at_path(inside) for inside, problem in folders.walk(path) if not _is_other(inside, problem))
    if not found:
        there = left_out(location)
        what = (
            f"there is only {folders.kinds_of(there)}; `turntable ingest` hears audio" if there else "it is empty"
        )
        msg = f"no files in {path} that may be texts: {what}"
        raise SourceError(msg)
    return found


def left_out(location: Location) -> tuple[LeftOut, ...]:
    """List what a folder holds that is taken for no text: audio, pictures, links to other folders."""
    if location.is_url or not location.path.is_dir():
        return ()
    try:
        inside = tuple(folders.walk(location.path))
    except SourceError:
        return ()
    kinds = ((one, problem or one.suffix.lower()) for one, problem in inside if _is_other(one, problem))
    return tuple(folders.left(one, kind) for one, kind in kinds)


def _is_other(path: Path, problem: str | None) -> bool:
    """Check whether something is no text by its name; a pipe and a dead link are refused when they are read."""
    return folders.is_audio(path) or folders.is_picture(path) or path.is_dir() or "folder" in (problem or "")


def read_text(location: Location, reach: Reach) -> tuple[bytes, Facts]:
    """Read the bytes of a text, and what is said of them outside.

    Raises:
        SourceError: nothing is there that can be read.
        ContentError: it is too large.
        TransientError, HostileError: as `flows.http.fetch` says.
    """
    check(location)  # a link in a folder may lead anywhere
    if location.is_url:
        from flows.http import fetch

        body = fetch.fetch(location.address, reach)
        media_type = body.media_type
        if media_type and body.charset:
            media_type = f"{media_type}; charset={body.charset}"
        return body.data, {"url": kept_address(location.address), "media_type": media_type}
    path = location.path
    try:
        _check_file(path)
        return path.read_bytes(), {"name": path.name.encode("utf-8", "replace").decode()}
    except OSError as error:
        cause = (error.strerror or str(error)).lower()
        msg = f"it cannot be read ({cause}): check that it is there and that you may read it"
        raise SourceError(msg) from error


def _check_file(path: Path) -> None:
    """Refuse what is no file before it is opened: a pipe would wait for ever."""
    try:
        info = path.stat()
    except FileNotFoundError as error:
        what = "it is a link to a file that is not there" if path.is_symlink() else "no such file or folder"
        msg = f"{what}: check the path"
        raise SourceError(msg) from error
    if not stat.S_ISREG(info.st_mode):
        msg = "it is no file but a pipe, a socket or a device: save its text in a file and import that"
        raise SourceError(msg)
    if info.st_size > LARGEST:
        msg = f"it has {info.st_size / 1e6:.0f} MB: a transcript has at most {LARGEST / 1e6:.0f} MB"
        raise ContentError(msg)
