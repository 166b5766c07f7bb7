"""Everything on one machine, in one command: a Prefect server, if none is set, and what runs the flows.

This process only starts and stops the two; each dies with it, however it ends. The server is behind
`flows.serve.gate`, and only who has the secret of this home (`flows.access`) gets in.
"""

from __future__ import annotations

import base64
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import cast
from urllib.request import ProxyHandler, Request, build_opener

from filelock import FileLock, Timeout

from flows import access, episode_log
from flows.home.folder import home_id, named
from flows.home.permissions import close
from flows.http.addresses import parsed
from flows.locations import shown_address
from flows.serve import gate
from flows.serve.prefect_ui.log_lines import HANDLER
from flows.settings import Settings
from transforms.errors import SourceError, TransientError

START_SECONDS = 180  # the first start makes the server's database
STOP_SECONDS = 10
HOST = "127.0.0.1"
SERVER = "the Prefect server"


@dataclass(frozen=True, slots=True)
class Served:
    """What `serve` was asked for; `every` is in minutes, `podping` a node of Hive, `None` for no listening."""

    port: int
    every: float
    watch: tuple[Path, ...]
    ui: bool
    podping: str | None = None


class _Stopped(Exception):
    """Somebody wants this process to end."""


def check_served(served: Served) -> None:
    """Refuse folders that are not there, and a node that cannot be asked, before anything is made.

    Raises:
        SourceError: a folder is missing, or the node has no address that can be fetched from.
    """
    try:
        _ = served.podping and parsed(served.podping)
    except SourceError as error:
        msg = f"--podping or TURNTABLE_PODPING: {error}; a node of Hive is meant, as https://api.hive.blog"
        raise SourceError(msg) from None
    for folder in served.watch:
        if not folder.is_dir():
            msg = f"no such folder to watch: {folder}"
            raise SourceError(msg)


def serve(served: Served, settings: Settings) -> None:
    """Serve until Ctrl-C or SIGTERM.

    Raises:
        SourceError: a folder to watch is missing, or this home is served already.
        TransientError: the port is taken, or a part of it all came down.
    """
    check_served(served)
    with _alone(settings.home), _stoppable(), ExitStack() as stack:
        start = stack.enter_context(_parts(_log(settings, "runs")))
        api = os.environ.get("PREFECT_API_URL")
        environment = _environment(settings, served)
        parts: dict[str, subprocess.Popen[bytes]] = {}
        if api is None:
            api = f"http://{HOST}:{served.port}/api"
            parts[SERVER] = start(*_server(served, settings, environment))
            _await_server(api, parts[SERVER], environment, _log(settings, "server"))
            stack.enter_context(access.opening(settings.home, api))
        arguments = ["flows.serve.runner", "--every", str(served.every * 60)]
        for folder in served.watch:
            arguments += ["--watch", str(folder.resolve())]
        parts["the runner"] = start(arguments, {**environment, **HANDLER, "PREFECT_API_URL": api}, None)
        _greet(served, settings, api, is_ours=SERVER in parts)
        _await_end(parts, settings)


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Hold a home, so that only one process serves it.

    Raises:
        SourceError: another one does.
    """
    close(home)
    lock = FileLock(home / "serve.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        msg = f"{home} is being served already: stop that process first, or serve another --home"
        raise SourceError(msg) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _stoppable() -> Iterator[None]:
    """End without an error when asked to stop."""

    def stop(_signal: int, _frame: object) -> None:
        for number in caught:
            signal.signal(number, signal.SIG_IGN)  # once is enough; the parts are being ended
        raise _Stopped

    caught = {number: signal.signal(number, stop) for number in _stopping_signals()}
    try:
        yield
    except _Stopped:
        with suppress(OSError):  # the terminal may be what is gone
            print("turntable: stopped; what was not finished goes on at the next start", flush=True)
    finally:
        for number, handler in caught.items():
            signal.signal(number, handler)


def _stopping_signals() -> tuple[int, ...]:
    """List what asks us to end; `nohup` wants a closed terminal ignored."""
    ignored = signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    return (signal.SIGINT, signal.SIGTERM) if ignored else (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _Start:
    """Starts parts, and ends them in reverse order."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self.parts: list[subprocess.Popen[bytes]] = []

    def __call__(
        self, arguments: Sequence[str], environment: Mapping[str, str], log: Path | None
    ) -> subprocess.Popen[bytes]:
        """Start a module as a part that dies with this process."""
        output = log.open("ab") if log else None
        try:
            part = subprocess.Popen(  # noqa: S603 - our own modules
                [sys.executable, "-m", "flows.child", *arguments],
                env=environment,
                stdin=subprocess.PIPE,
                stdout=output or subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for this process, which then ends the parts
            )
        finally:
            if output:
                output.close()
        self.parts.append(part)
        if part.stdout is not None:
            threading.Thread(target=episode_log.show, args=(part.stdout, self.log), daemon=True).start()
        return part

    def end(self) -> None:
        """Kill each part with all that it started: every stage and every load may be cut off anywhere."""
        for part in reversed(self.parts):
            with suppress(ProcessLookupError):
                os.killpg(part.pid, signal.SIGKILL)
            part.wait(STOP_SECONDS)


@contextmanager
def _parts(log: Path) -> Iterator[_Start]:
    start = _Start(log)
    try:
        yield start
    finally:
        start.end()


def _environment(settings: Settings, served: Served) -> dict[str, str]:
    """Return the environment of the parts: this home, its Prefect home and secret, what is watched."""
    defaults = {
        "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
        "PREFECT_LOGGING_EXTRA_LOGGERS": "flows,transforms,warehouse",
    }
    inherited = {
        name: value for name, value in os.environ.items() if name != "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL"
    }
    folders = dict.fromkeys(str(folder.resolve()) for folder in (*settings.folders, *served.watch))
    own = {
        "TURNTABLE_HOME": str(settings.home.resolve()),
        "TURNTABLE_FOLDERS": os.pathsep.join(folders),
        "PYTHONUNBUFFERED": "1",
        "TURNTABLE_PODPING": served.podping or "",  # it may hold a key, which a list of processes would show
        episode_log.SERVED: "1",
    }
    if "PREFECT_API_URL" not in os.environ:  # with a server elsewhere, the user's Prefect home may hold its key
        own["PREFECT_HOME"] = str(settings.home.resolve() / "prefect")
        own[access.CLIENTS] = access.secret(settings.home)
        own[gate.PROOF] = secrets.token_urlsafe(32)
    return {**defaults, **inherited, **own}


def _server(
    served: Served, settings: Settings, environment: Mapping[str, str]
) -> tuple[Sequence[str], Mapping[str, str], Path]:
    """Return how the server is started.

    Raises:
        TransientError: its port is taken.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, served.port))
        except OSError as error:
            msg = f"port {served.port} is taken: give another --port, or set PREFECT_API_URL to the server there"
            raise TransientError(msg) from error
    log = episode_log.rotated(_log(settings, "server"))
    names = gate.names_of(served.port)
    own = {
        access.SERVERS: environment[access.CLIENTS],
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": ",".join(f"http://{name}" for name in names),
        "PREFECT_SERVER_UI_ENABLED": str(served.ui).lower(),
        "PREFECT_UI_API_URL": f"http://{HOST}:{served.port}/api",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    }
    arguments = ["flows.serve.gate", "--host", HOST, "--port", str(served.port), "--names", ",".join(names)]
    return arguments, {**environment, **own}, log


def _log(settings: Settings, of: str) -> Path:
    return settings.home.resolve() / "prefect" / f"{of}.log"


def _await_server(api: str, server: subprocess.Popen[bytes], environment: Mapping[str, str], log: Path) -> None:
    """Wait until the server answers, and is ours.

    Raises:
        TransientError: it does not.
    """
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and server.poll() is None:
        if is_ours(api, environment[gate.PROOF], environment[access.CLIENTS]):
            return
        time.sleep(0.3)
    msg = f"the Prefect server did not start: {log} says why"
    raise TransientError(msg)


def is_ours(api: str, proof: str, password: str) -> bool:
    """Check whether what answers is the server that was started with a proof, and lets in who has the password.

    Whoever has the port may answer; the password goes to nobody who cannot show the proof.
    """
    shown = _ask(f"{api}/health", {})
    if shown is None or shown.headers.get(gate.PROOF_HEADER) != proof:
        return False
    key = base64.b64encode(password.encode()).decode()
    return _ask(f"{api}/admin/version", {"Authorization": f"Basic {key}"}) is not None


def _ask(url: str, headers: Mapping[str, str]) -> HTTPResponse | None:
    """Return the answer of a server; `None` where there is none, or a refusal."""
    try:
        with build_opener(ProxyHandler({})).open(Request(url, headers=dict(headers)), timeout=5) as answer:  # noqa: S310
            return cast("HTTPResponse", answer)
    except (OSError, HTTPException):
        return None


def _greet(served: Served, settings: Settings, api: str, *, is_ours: bool) -> None:
    """Print where everything is, who gets in, and how to stop it."""
    ui = api.removesuffix("/api") if served.ui or not is_ours else "off"
    password = f"  password  the line in {settings.home / 'prefect' / 'auth'}: the UI asks for it once"
    lines = [
        f"turntable: serving {settings.home} ({home_id(settings.home)})",
        f"  UI        {ui}",
        *([f"  pages     {ui}/artifacts: what came of each episode, poll and import"] if ui != "off" else []),
        f"  logs      {_log(settings, 'runs')}{' and server.log beside it' if is_ours else ''}",
        *([password] if is_ours else []),
        f"  API       {api}        (export PREFECT_API_URL={api})",
        f"  requests  turntable request URL, or the deployment {named('ingest-episode/on-demand', settings.home)}",
        f"  feeds     polled every {served.every:g} minutes",
        *([f"  podping   {shown_address(served.podping)}"] if served.podping else []),
        *(f"  watching  {folder}" for folder in served.watch),
        "  stop      Ctrl-C; what is not finished goes on at the next start",
    ]
    print("\n".join(lines), flush=True)


def _await_end(parts: Mapping[str, subprocess.Popen[bytes]], settings: Settings) -> None:
    """Wait until a part ends, which none should.

    Raises:
        TransientError: one did.
    """
    while True:
        for name, part in parts.items():
            if part.poll() is not None:
                log = _log(settings, "server" if name == SERVER else "runs")
                msg = f"{name} ended with {part.returncode} ({log} may say why): serve again to go on"
                raise TransientError(msg)
        time.sleep(0.5)
