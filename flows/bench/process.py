"""A speech system in a process of its own, asked over pipes, one JSON object a line.

Each system keeps its models, its threads and its memory to itself, so that several can take turns in one run
without being in each other's way. This module needs nothing but Python: other projects' packages, in environments
of their own, answer with it too.

    → {"audio": "/path/of/a.wav"}
    ← {"seconds": 3.2, "segments": [...], "speech": [...], …}   or   {"error": "why not"}
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

Part = Literal["words", "speakers", "both"]  # what a system finds out
Hear = Callable[[Path], dict[str, Any]]

SAMPLE_EVERY = 0.05  # seconds between two looks at the memory
LAST_WORDS = 10.0  # seconds: what a dead process started may keep its standard error open


class SystemFailedError(Exception):
    """A system could not be started, or could not hear a file; its message says why, in one line."""


def serve(load: Callable[[], Hear]) -> None:
    """Load a system, then hear one file a request until nobody asks any more.

    What libraries print goes to standard error; standard output belongs to the answers.

    Args:
        load: gives the function that hears a file; it warms up too. What that function returns is the answer.
    """
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def answer(value: Mapping[str, Any]) -> None:
        answers.write(json.dumps(value) + "\n")
        answers.flush()

    try:
        hear = load()
    except Exception as error:
        answer({"error": _one_line(error)})
        return
    answer({"ready": True})
    for line in sys.stdin:
        try:
            answer(hear(Path(json.loads(line)["audio"])))
        except Exception as error:
            answer({"error": _one_line(error)})


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}"[:300]


class System:
    """The asking end of `serve`; use it as a context, so that the process ends with it."""

    def __init__(self, name: str, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        self.name, self.command, self.environment = name, list(command), environment
        self.loaded_memory: int | None = None
        self._process: subprocess.Popen[str] | None = None
        self._complaints: deque[str] = deque(maxlen=20)
        self._listener = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self) -> System:
        """Start the process and wait until its models are loaded.

        Raises:
            SystemFailedError: it does not come up.
        """
        self._process = subprocess.Popen(  # noqa: S603 - commands of our own tables
            self.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**os.environ, **(self.environment or {})},
        )
        self._listener.start()
        try:
            self._answer()
        except SystemFailedError:
            self.__exit__()
            raise
        self.loaded_memory = memory_of(self._process.pid)
        return self

    def __exit__(self, *_: object) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def hear(self, audio: Path) -> dict[str, Any]:
        """Hear one file.

        Returns:
            What the system answered, with `peak_memory`, the most private memory (bytes) that it was seen to
            hold meanwhile, and `processor_seconds`, the time of all its threads: on a busy machine that says more
            than the clock. `None` where the operating system does not tell.

        Raises:
            SystemFailedError: it cannot hear this file, or died of it.
        """
        assert self._process is not None
        assert self._process.stdin is not None
        before = processor_seconds_of(self._process.pid)
        with Peak(self._process.pid) as peak:
            try:
                self._process.stdin.write(json.dumps({"audio": str(audio)}) + "\n")
                self._process.stdin.flush()
            except BrokenPipeError:
                pass  # it died: `_answer` says so
            answer = self._answer()
        after = processor_seconds_of(self._process.pid)
        worked = None if before is None or after is None else after - before
        return {**answer, "peak_memory": peak.bytes, "processor_seconds": worked}

    def _answer(self) -> dict[str, Any]:
        assert self._process is not None
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            code = self._process.wait()
            self._listener.join(LAST_WORDS)  # on a busy machine it may not have read them yet
            last = self._complaints[-1].strip()[:300] if self._complaints else "it said nothing"
            msg = f"{self.name} died (exit {code}): {last}"
            raise SystemFailedError(msg)
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            msg = f"{self.name}: {answer['error']}"
            raise SystemFailedError(msg)
        return answer

    def _listen(self) -> None:
        """Keep the last lines of standard error, and the pipe empty."""
        assert self._process is not None
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if line.strip():
                self._complaints.append(line)


class Peak:
    """Looks at the memory of a process until it is left; `bytes` is the most that it was seen to hold."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.bytes: int | None = memory_of(pid)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Peak:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._done.wait(SAMPLE_EVERY):
            now = memory_of(self.pid)
            if now is not None:
                self.bytes = max(now, self.bytes or 0)


def memory_of(pid: int) -> int | None:
    """Measure the private memory of a process in bytes (Linux: `RssAnon`, mapped files not counted).

    >>> import os, sys
    >>> sys.platform != "linux" or memory_of(os.getpid()) > 1_000_000
    True
    """
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        return None
    for line in status.splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    return None


def processor_seconds_of(pid: int) -> float | None:
    """Measure how long the threads of a process have computed, in seconds (Linux).

    >>> import os, sys
    >>> sys.platform != "linux" or processor_seconds_of(os.getpid()) > 0
    True
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except (OSError, UnicodeDecodeError):
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
