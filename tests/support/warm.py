"""Processes that start at once: forked from one that has imported what takes seconds to import.

Each is a process of its own all the same, with its environment, output and exit code, and may be killed.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import multiprocessing
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from multiprocessing.context import ForkServerContext
from pathlib import Path
from threading import Thread

# Not Prefect: it reads its settings when it is imported.
IMPORTED = [
    "tests.support.no_garbage",
    "anyio",
    "flows.commands.exporting",
    "flows.commands.subscribe",
    "flows.commands.ingest",
    "flows.commands.machine",
    "flows.commands.ask",
    "flows.commands.texts",
    "flows.display.terminal",
    "flows.doctor",
    "flows.engines.model_loading",
    "flows.episode.batch",
    "flows.feeds.poll",
    "flows.published.import_texts",
    "flows.serve.prefect_ui.log_lines",
    "flows.sources.youtube",
    "flows.upkeep.rebuild",
    "flows.upkeep.verify",
    "httpcore2",
    "pyarrow.parquet",
    "snowballstemmer",
    "tests.chaos.kills",
    "tests.support.killed",
    "transforms.speech.pyannote.campplus",
    "transforms.speech.pyannote.checkpoint",
    "transforms.speech.pyannote.low_memory",
    "transforms.speech.whisper.recognizer",
    "truststore",
    "warehouse.answers.sql",
    "warehouse.export",
]
# Variables that a command reads when it runs, and no library when it is imported.
READ_LATE = ("TURNTABLE_", "PREFECT_", "COLUMNS")


def context() -> ForkServerContext:
    """Return what makes such processes; the first one starts the process that they are forked from."""
    forkserver = multiprocessing.get_context("forkserver")
    forkserver.set_forkserver_preload(IMPORTED)
    return forkserver


class Started:
    """A function at work in a process of its own, as `subprocess.Popen` has it; what it prints goes to files."""

    def __init__(self, work: Callable[..., object], *arguments: object, environment: Mapping[str, str]) -> None:
        self.name = str(arguments)
        self.folder = tempfile.TemporaryDirectory()
        self.out, self.err = (Path(self.folder.name, name) for name in ("out", "err"))
        for path in (self.out, self.err):
            path.touch()
        given = (work, arguments, dict(environment), Path.cwd(), self.out, self.err)
        self.process = context().Process(target=_become, args=given, daemon=True)  # ended with the tests
        self.process.start()
        assert self.process.pid
        self.pid = self.process.pid

    @property
    def returncode(self) -> int | None:
        """Return its exit code; of a process that a signal ended, the signal's number below zero."""
        return self.process.exitcode

    def poll(self) -> int | None:
        """Return its exit code, None as long as it runs."""
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it, and wait for its end."""
        self.process.kill()
        self.process.join()

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait for its end.

        Raises:
            TimeoutExpired: it goes on.
        """
        self.process.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired(self.name, timeout or 0, self.out.read_bytes(), self.err.read_bytes())
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Wait for its end, and return what it printed to its two outputs."""
        self.wait(timeout)
        return self.out.read_text(), self.err.read_text()


def run(
    work: Callable[..., object], *arguments: object, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Call a function in a process of its own, and give what it printed and its exit code.

    Raises:
        TimeoutExpired: it took five minutes; it is killed.
    """
    process = Started(work, *arguments, environment=environment or os.environ)
    try:
        out, err = process.communicate(300)
    finally:
        process.kill()
    return subprocess.CompletedProcess(process.name, process.returncode or 0, out, err)


# A program that has one of these processes run in its place: its arguments, folder, variables, inputs and outputs.
PROGRAM = """\
#!{python} -IS
import json, os, socket, sys

with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as there:
    there.connect({address!r})
    asked = json.dumps([sys.argv, os.getcwd(), dict(os.environ)]).encode()
    socket.send_fds(there, [asked], [0, 1, 2])
    code = int(there.recv(100) or b"1")
sys.exit(code if code >= 0 else 128 - code)
"""


@contextmanager
def program(path: Path) -> Iterator[None]:
    """Put a program that is `turntable` at a path, for as long as the context lasts."""
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as door:
        door.bind(f"{folder}/door")
        door.listen()
        path.write_text(PROGRAM.format(python=sys.executable, address=f"{folder}/door"))
        path.chmod(0o755)
        Thread(target=_let_in, args=(door,), daemon=True).start()
        try:
            yield
        finally:
            door.shutdown(socket.SHUT_RDWR)


def _let_in(door: socket.socket) -> None:
    while True:
        try:
            guest, _ = door.accept()
        except OSError:  # closed
            return
        Thread(target=_answer, args=(guest,), daemon=True).start()


def _answer(guest: socket.socket) -> None:
    with guest:
        process = context().Process(target=_stand_in, args=(guest,), daemon=True)
        process.start()
        process.join()
        guest.send(str(process.exitcode).encode())


def _stand_in(guest: socket.socket) -> None:
    """Be the command that a program was called as."""
    asked, descriptors, _, _ = socket.recv_fds(guest, 1_000_000, 3)
    guest.close()
    (_, *arguments), folder, environment = json.loads(asked)
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    _run(turntable, arguments, environment, folder)


def _become(
    work: Callable[..., object],
    arguments: Sequence[object],
    environment: Mapping[str, str],
    folder: Path,
    out: Path,
    err: Path,
) -> None:
    for descriptor, path in ((1, out), (2, err)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_APPEND), descriptor)
    _run(work, arguments, environment, folder)


def _run(
    work: Callable[..., object], arguments: Sequence[object], environment: Mapping[str, str], folder: Path | str
) -> None:
    gc.freeze()
    gc.enable()
    os.setsid()  # Ctrl-C is for the tests, and who sends one to its group means this process
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    try:
        work(*arguments)
    finally:
        atexit._run_exitfuncs()  # a process that is forked so ends without


def patient(*arguments: str) -> None:
    """Be the command that, asked to stop, has all the time that a busy machine takes for its rows."""
    stopping = importlib.import_module("flows.stopping")
    stopping.LONGEST = 120.0
    turntable(*arguments)


def hasty(*arguments: str) -> None:
    """Be the command that, where systems are measured, lets them hear two seconds before the clock runs."""
    importlib.import_module("flows.bench.compare").WARM_UP_SECONDS = 2
    turntable(*arguments)


def turntable(*arguments: str) -> None:
    """Be the command; it rests for a moment only before it tries again what failed, and copies a new warehouse."""
    importlib.import_module("flows.runs").RETRY_SECONDS = (0.05, 0.05)
    importlib.import_module("tests.support.new_warehouses").are_copies()
    sys.argv = ["-c", *arguments]
    sys.modules["__main__"].__file__ = "turntable"
    importlib.reload(importlib.import_module("flows"))  # it sets variables
    from flows.cli import main

    main()
