"""Processes that start at once: forked from one that has imported what takes seconds to import.

Each is a process of its own all the same, with its environment, output and exit code, and may be killed.
"""

from __future__ import annotations

import atexit
import importlib
import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.context import ForkServerContext
from pathlib import Path

# Not Prefect: it reads its settings when it is imported.
IMPORTED = [
    "flows.commands.feeds",
    "flows.commands.ingest",
    "flows.commands.machine",
    "flows.commands.models",
    "flows.commands.query",
    "flows.commands.texts",
    "flows.display.terminal",
    "flows.doctor",
    "flows.engines.model_loading",
    "flows.episode.batch",
    "flows.feeds.poll",
    "flows.published.import_texts",
    "flows.sources.youtube",
    "flows.upkeep.rebuild",
    "flows.upkeep.verify",
    "tests.chaos.kills",
    "tests.killed",
    "transforms.speech.pyannote.campplus",
    "transforms.speech.pyannote.checkpoint",
    "transforms.speech.pyannote.low_memory",
    "transforms.speech.whisper.recognizer",
    "warehouse.sql",
]
# Variables that a command reads when it runs, and no library when it is imported.
READ_LATE = ("TURNTABLE_", "PREFECT_", "COLUMNS")


def context() -> ForkServerContext:
    """Return what makes such processes; the first one starts the process that they are forked from."""
    forkserver = multiprocessing.get_context("forkserver")
    forkserver.set_forkserver_preload(IMPORTED)
    return forkserver


def run(
    work: Callable[..., object], *arguments: object, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Call a function in a process of its own, and give what it printed and its exit code.

    Raises:
        TimeoutExpired: it took five minutes; it is killed.
    """
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        given = (work, arguments, dict(environment or os.environ), Path.cwd(), out, err)
        process = context().Process(target=_become, args=given)
        process.start()
        try:
            process.join(300)
            if process.exitcode is None:
                raise subprocess.TimeoutExpired([str(arguments)], 300, out.read_bytes(), err.read_bytes())
        finally:
            process.kill()
            process.join()
        return subprocess.CompletedProcess(arguments, process.exitcode, out.read_text(), err.read_text())


def _become(
    work: Callable[..., object],
    arguments: Sequence[object],
    environment: Mapping[str, str],
    folder: Path,
    out: Path,
    err: Path,
) -> None:
    for descriptor, path in ((1, out), (2, err)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), descriptor)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    try:
        work(*arguments)
    finally:
        atexit._run_exitfuncs()  # a process that is forked so ends without


def turntable(*arguments: str) -> None:
    """Be the command."""
    sys.argv = ["-c", *arguments]
    sys.modules["__main__"].__file__ = "turntable"
    importlib.reload(importlib.import_module("flows"))  # it sets variables
    from flows.cli import main

    main()
