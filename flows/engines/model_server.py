"""One process that keeps the models loaded, for all the runs of a machine: each run is a process of its own.

    python -m flows.engines.model_server COMMAND…      the command, and what it starts, find the models there

A run that finds no such process, or for which it dies, loads the models itself and does the work: what brings down
a process then brings down its own. The connection is a Unix socket in a folder that only this user can enter; what
goes over it is pickled. A run that is gone ends its work here at the next step; if none comes, this process ends,
and those who still wait for it do their work themselves.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from typing import Any

from flows.access import enter
from flows.artifacts import Artifact, Store
from flows.child import await_parents_end
from flows.engines import diarizing, model_loading, read_along, transcribing
from flows.paths import NEUTRAL
from flows.progress import Advance, Say
from flows.settings import Options, Settings
from transforms.alignment.forcing import Clip
from transforms.errors import Interrupted, TurntableError, one_line
from transforms.speech.device import Request, share_freed_memory
from transforms.speech.models import Model

VARIABLE = "TURNTABLE_MODEL_SERVER"
START_SECONDS = 30.0
REST_SECONDS = 1.0
IDLE_SECONDS = 900.0  # without work, until the memory of the models is given back
STUCK_SECONDS = 900.0  # of work that nobody waits for: a batch of the largest model on a slow CPU takes less


def is_set() -> bool:
    """Check whether there is such a process for this one."""
    return VARIABLE in os.environ


def transcribe(
    decoded: Sequence[Artifact], options: Options, settings: Settings, on_progress: Advance, say: Say
) -> tuple[Artifact, ...]:
    """Recognise words as `transcribing.transcribe` does, where the models are."""
    found: tuple[Artifact, ...] = _work("transcribe", (tuple(decoded), options, settings), on_progress, say)
    return found


def diarize(
    decoded: Artifact, options: Options, settings: Settings, on_progress: Advance, say: Say
) -> tuple[Artifact, ...]:
    """Find who spoke when as `diarizing.diarize` does, where the models are."""
    found: tuple[Artifact, ...] = _work("diarize", (decoded, options, settings), on_progress, say)
    return found


def read_clips(
    decoded: Artifact,
    clips: Sequence[Clip],
    language: str,
    model: Model,
    device: Request,
    settings: Settings,
    on_progress: Advance,
    say: Say,
) -> tuple[read_along.Read, str]:
    """Find words in audio as `reading.read_clips` does, where the models are."""
    arguments = decoded, tuple(clips), language, model, device, settings
    found: tuple[read_along.Read, str] = _work("read", arguments, on_progress, say)
    return found


def _transcribe(
    decoded: Sequence[Artifact], options: Options, settings: Settings, on_progress: Advance, say: Say
) -> tuple[Artifact, ...]:
    return transcribing.transcribe(Store(settings.home), decoded, options, settings, on_progress, say)


def _diarize(
    decoded: Artifact, options: Options, settings: Settings, on_progress: Advance, say: Say
) -> tuple[Artifact, ...]:
    return (diarizing.diarize(Store(settings.home), decoded, options, settings, on_progress, say),)


WORK: dict[str, Callable[..., Any]] = {
    "transcribe": _transcribe,
    "diarize": _diarize,
    "read": read_along.read_clips,
}


def _work(name: str, arguments: tuple[Any, ...], on_progress: Advance, say: Say) -> Any:
    """Let the server do some work, or do it here where there is none, or none any more."""
    address = os.environ.get(VARIABLE)
    if address is None:
        return WORK[name](*arguments, on_progress, say)
    tellers: dict[str, Callable[[Any], None]] = {"progress": on_progress, "line": say}
    try:
        with _connected(address) as server:
            server.send((name, arguments))
            while (got := server.recv())[0] in tellers:
                kind, value = got
                tellers[kind](value)
    except (EOFError, ConnectionError, FileNotFoundError):
        say(f"{name}: the process that keeps the models is gone: going on without it")
        return WORK[name](*arguments, on_progress, say)
    kind, value = got
    if kind == "failed":
        raise value
    return value


def _connected(address: str) -> Connection[Any, Any]:
    """Connect to the server, which may be about to start.

    Raises:
        FileNotFoundError, ConnectionRefusedError: it did not.
    """
    give_up = time.monotonic() + START_SECONDS
    while True:
        try:
            return Client(address)
        except (FileNotFoundError, ConnectionRefusedError):
            if time.monotonic() > give_up:
                raise
            time.sleep(0.1)


@contextmanager
def keeping_models() -> Iterator[None]:
    """Keep a server running; what this process starts meanwhile finds it."""
    folder = Path(tempfile.mkdtemp(prefix="turntable-"))
    over, starting = threading.Event(), threading.Lock()
    servers: list[subprocess.Popen[bytes]] = []

    def keep() -> None:
        while True:
            with starting:
                if over.is_set():
                    return
                (folder / "socket").unlink(missing_ok=True)
                servers[:] = [_start(folder / "socket")]
            servers[0].wait()
            over.wait(REST_SECONDS)  # should it die at once, for whatever reason

    keeper = threading.Thread(target=keep, daemon=True)
    os.environ[VARIABLE] = str(folder / "socket")
    keeper.start()
    try:
        yield
    finally:
        with starting:
            over.set()
            for server in servers:
                server.kill()
        keeper.join()
        del os.environ[VARIABLE]
        shutil.rmtree(folder, ignore_errors=True)


def _start(address: Path) -> subprocess.Popen[bytes]:
    """Start a server that dies with this process: it reads the other end of its standard input."""
    return subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-m", "flows.engines.model_server", "--at", str(address)],
        cwd=NEUTRAL,  # whoever starts a worker may stand anywhere
        stdin=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for whoever started us
    )


def _end_with_parent(address: Path) -> None:
    """Leave nothing behind when the parent is gone, however it died."""
    await_parents_end()
    with suppress(OSError):
        address.unlink(missing_ok=True)
        address.parent.rmdir()
    os._exit(0)


@dataclass(slots=True)
class _Run:
    """Somebody who asked for work; `gone_since` when it was seen that nobody waits for it any more."""

    connection: Connection[Any, Any]
    has_asked: bool = False
    gone_since: float | None = None

    def is_gone_for(self, seconds: float) -> bool:
        """Look whether it is gone, and whether that was seen so long ago."""
        # it says nothing behind what it asked for: what is there to read is its end
        if self.gone_since is None and self.has_asked and self.connection.poll():
            self.gone_since = time.monotonic()
        return self.gone_since is not None and time.monotonic() - self.gone_since >= seconds


class _Server:
    """Answers every run in a thread of its own; all of them share the models."""

    def __init__(self, idle_seconds: float = IDLE_SECONDS, stuck_seconds: float = STUCK_SECONDS) -> None:
        self.idle_seconds, self.stuck_seconds = idle_seconds, stuck_seconds
        self.lock = threading.Lock()
        self.runs: list[_Run] = []
        self.idle_since: float | None = None  # None until there was work: without models there is nothing to give

    def listen(self, address: str) -> None:
        """Answer until this process is killed, has nothing to do any more, or is stuck."""
        threading.Thread(target=self._watch, daemon=True).start()
        with Listener(address) as listener:
            while True:
                run = _Run(listener.accept())
                with self.lock:
                    self.runs.append(run)
                threading.Thread(target=self._answer, args=(run,), daemon=True).start()

    def _answer(self, run: _Run) -> None:
        with run.connection:
            try:
                name, arguments = run.connection.recv()
                run.has_asked = True
                _do(name, arguments, run.connection)
            except (EOFError, OSError, Interrupted):
                pass  # whoever asked is gone
            finally:
                with self.lock:
                    self.runs.remove(run)
                    self.idle_since = time.monotonic()

    def _watch(self) -> None:
        """End this process when it is idle, or stuck: nothing gives memory and cores back as surely."""
        while True:
            time.sleep(min(self.idle_seconds, self.stuck_seconds, 5.0))
            with self.lock:
                # work that nobody waits for ends at its next step, and native code may hang before it comes to one
                if any(run.is_gone_for(self.stuck_seconds) for run in self.runs):
                    print("turntable: work that nobody waits for does not end: starting anew", file=sys.stderr)
                    os._exit(1)
                if self.runs or self.idle_since is None:
                    continue
                # a device that failed once is not tried again by a process; the next one tries it
                if time.monotonic() - self.idle_since >= self.idle_seconds or model_loading.has_failed():
                    os._exit(0)


def _do(name: str, arguments: tuple[Any, ...], run: Connection[Any, Any]) -> None:
    """Do what a run asks for, and tell it how far that is."""
    telling = threading.Lock()  # several threads tell

    def tell(kind: str, value: object) -> None:
        try:
            with telling:
                run.send((kind, value))
        except OSError as error:
            msg = f"{name} was interrupted: whoever asked for it is gone"
            raise Interrupted(msg) from error

    try:
        done = WORK[name](*arguments, lambda seconds: tell("progress", seconds), lambda line: tell("line", line))
    except (TurntableError, OSError, MemoryError) as error:
        tell("failed", error)
    except Exception as error:  # others may hold what cannot be sent
        tell("failed", RuntimeError(one_line(error)))
        raise
    else:
        tell("done", done)


def main() -> None:
    """Serve at an address, or run a command beside a server."""
    share_freed_memory()
    if sys.argv[1:2] == ["--at"]:
        address = Path(sys.argv[2])
        threading.Thread(target=_end_with_parent, args=(address,), daemon=True).start()
        _Server().listen(str(address))
    os.environ.setdefault("PREFECT_FLOWS_HEARTBEAT_FREQUENCY", "30")  # who is silent for 90 s is taken for dead
    enter(Settings().home)
    with keeping_models():
        command = subprocess.Popen(sys.argv[1:])  # noqa: S603 - the command of whoever called us
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to the command too
        signal.signal(signal.SIGTERM, lambda *_: command.terminate())
        status = command.wait()
    sys.exit(status if status >= 0 else 128 - status)


if __name__ == "__main__":
    main()
