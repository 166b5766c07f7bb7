"""Which files of this machine a request may name: a person at a terminal is free, a run of a server is not.

Who reaches the server names addresses, episodes that are known, and files in the folders that are watched
(`serve --watch`) or allowed (`TURNTABLE_FOLDERS`); nothing of the home, which holds secrets, and no model but by
its name. A run is a process of its own: it says once, before anything is opened, that it came by a request, and
what opens files asks here. The answer is the same whether a file is there or not.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from flows.locations import Location, at_path
from flows.settings import Settings
from transforms.errors import HostileError
from transforms.speech.models import MODELS

_NAMES = {"auto", "embedded", *MODELS}


@dataclass(frozen=True, slots=True)
class AllowedFolders:
    """Folders, as real paths, that may be named, and a home that may not."""

    folders: tuple[str, ...]
    home: str

    def has(self, path: str) -> bool:
        """Check whether a real path lies in one of the folders and not in the home."""
        return not _lies_in(path, self.home) and any(_lies_in(path, folder) for folder in self.folders)


_allowed: AllowedFolders | None = None  # of this process; None: a person asked


def confine(settings: Settings) -> None:
    """Keep this process to what a request may name, if its run is of a deployment."""
    global _allowed  # noqa: PLW0603 - threads of the run, which copy no context, are kept to it too
    if is_requested():
        _allowed = _of_requests(settings)


def is_confined() -> bool:
    """Check whether this process is kept to what a request may name."""
    return _allowed is not None


def _of_requests(settings: Settings) -> AllowedFolders:
    real = os.path.realpath
    return AllowedFolders(tuple(real(folder.expanduser()) for folder in settings.folders), real(settings.home))


def is_requested() -> bool:
    """Check whether the run that this process is at came over a server."""
    from prefect.context import FlowRunContext

    context = FlowRunContext.get()
    return bool(context and context.flow_run and context.flow_run.deployment_id)


def check(place: Location | Path) -> None:
    """Check that a path or an address may be opened; without a request, every one may.

    Raises:
        HostileError: it is a file that nobody watches or allowed.
    """
    if _allowed is not None:
        _check_within(_allowed, place)


def check_left(location: Location, models: Iterable[str], settings: Settings) -> None:
    """Check what a request left behind, whoever takes it up: it may name what the request might.

    Raises:
        HostileError: it names another file, or a folder as a model.
    """
    check_models(models)
    _check_within(_of_requests(settings), location)


def _check_within(allowed: AllowedFolders, place: Location | Path) -> None:
    location = at_path(place) if isinstance(place, Path) else place
    if not location.is_web and (location.is_url or not allowed.has(_real(location))):
        msg = (
            f"{location.public!r}: a request may name no file outside the folders that are watched "
            "or allowed; use `turntable ingest` or `import` at a terminal, or set TURNTABLE_FOLDERS"
        )
        raise HostileError(msg)


def check_models(names: Iterable[str]) -> None:
    """Check that a request names models, and no folder of this machine.

    Raises:
        HostileError: one is no name that `turntable models` lists.
    """
    for name in names:
        if name not in _NAMES:
            msg = (
                f"{name!r}: a request may name only models of `turntable models`; set TURNTABLE_MODEL to a folder"
            )
            raise HostileError(msg)


def _real(location: Location) -> str:
    """Follow every link of a path, whatever of it is there; `/` for what no path can be."""
    try:
        return os.path.realpath(location.path)
    except (OSError, ValueError):  # a null byte
        return os.sep


def _lies_in(path: str, folder: str) -> bool:
    return os.path.commonpath((path, folder)) == folder
