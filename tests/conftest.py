"""What the tests share: the weights, a Prefect server, pieces of the demo episode."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import wave
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from filelock import FileLock
from hypothesis import settings

from tests.support import warm

# Before Prefect is imported anywhere: its files do not belong into the home of who runs the tests.
worker = os.environ.get("PYTEST_XDIST_WORKER", "")
os.environ.setdefault("PREFECT_HOME", str(Path(sys.prefix) / f"prefect-of-the-tests{worker}"))
os.environ["PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL"] = "CRITICAL"
for name in [name for name in os.environ if name.startswith(("TURNTABLE_", "HF_"))]:
    del os.environ[name]
# GNU readline, which pytest imports, sets them for the workers that it starts: a pipe has no width.
for name in ("COLUMNS", "LINES"):
    os.environ.pop(name, None)
# Before torch and CTranslate2 are: threads that have nothing to do sleep. Else they spin on cores that another
# worker or a command needs; on two busy cores a model then takes ten times as long.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# How long an example takes says how busy the machine is, not whether the law holds. The same examples each time: a
# change fails for what it does, not for what was found that day. `make laws` looks for new ones.
settings.register_profile("same", deadline=None, max_examples=50, derandomize=True, database=None)
settings.register_profile("search", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

# Who asks for one of these starts models or a Prefect server, or waits for seconds of audio to be heard.
OF_SYSTEM = {"models", "demo_samples", "clip", "demonstrated", "prefect_server"}
OF_MINUTES = {
    *("test_serve", "test_chaos", "test_engine", "test_docs", "test_ingest", "test_damage", "test_import"),
    *("test_diarize", "test_recognizer", "test_bench", "test_one_row", "test_discover", "test_ways_in"),
    *("test_gpu_check", "test_aligning", "test_speakers", "test_forget", "test_page_browser", "test_model_server"),
}
# The dearest of `make check`.
OF_SECONDS = {"test_store", "test_passages", "test_search", "test_bad_servers", "test_partitions", "test_query"}

ROOT = Path(__file__).parent.parent
DEMO = ROOT / "flows" / "demo"
DEMO_AUDIO = DEMO / "why-a-record-turns.ogg"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as `system` what uses a fixture that is one; modules that start processes say so themselves.

    Files with such tests come first, those of minutes and of seconds before all: what takes long is not left over
    for one worker at the end.
    """
    for item in items:
        if OF_SYSTEM & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.system)
    long = {item.path for item in items if item.get_closest_marker("system")}
    dear = OF_MINUTES, OF_SECONDS
    items.sort(key=lambda item: (*(item.path.stem not in names for names in dear), item.path not in long))


@pytest.fixture(autouse=True)
def home_of_one_test() -> Iterator[None]:
    """Forget the home that `--home` of a command in this process set for all that comes behind."""
    yield
    for name in ("TURNTABLE_HOME", "TURNTABLE_CONFIG"):
        os.environ.pop(name, None)


@pytest.fixture(autouse=True, scope="session")
def new_warehouses_are_copies(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Make migrations and views once, not for each home; tests/warehouse/test_store.py makes them anew."""
    from tests.support import new_warehouses

    path = tmp_path_factory.mktemp("new") / "warehouse.duckdb"
    path.write_bytes(new_warehouses.empty())
    os.environ[new_warehouses.OF_ALL] = str(path)
    new_warehouses.are_copies()


@pytest.fixture(scope="session")
def models() -> Path:
    """The folder of the embedded weights, fetched if they are not there."""
    from flows.engines.fetch_weights import get_weights
    from flows.settings import Settings
    from transforms.speech.models import EMBEDDED

    folder = Settings().models
    for model in EMBEDDED:
        get_weights(model, folder)
    return folder


@pytest.fixture(scope="session")
def demo_samples() -> np.ndarray:
    """The demo episode: float32 mono, 16 kHz."""
    from transforms.audio.decoding import decode

    return decode(DEMO_AUDIO).samples.astype(np.float32) / 32768


@pytest.fixture(scope="session")
def clip(demo_samples: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first 19 s of the demo, two speakers, as a WAV file."""
    path = tmp_path_factory.mktemp("clip") / "clip.wav"
    write_wav(path, demo_samples[: 19 * 16_000])
    return path


@pytest.fixture(scope="session")
def demonstrated(models: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The home of a reader who ran `turntable demo`, and what that printed; heard once for all workers."""
    from tests.support.pages import Desk

    folder = tmp_path_factory.getbasetemp()
    folder = (folder.parent if worker else folder) / "demonstrated"
    desk = Desk(folder, models, "https://example.org")
    with FileLock(f"{folder}.lock"):
        if not (folder / "printed").exists():
            code, printed = desk.run("turntable demo")
            assert code == 0, printed
            (folder / "printed").write_text(printed)
    return desk.home, (folder / "printed").read_text()


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of one real Prefect server for all flows and commands of the session."""
    from prefect.settings import PREFECT_API_URL
    from prefect.testing import utilities

    from tests.support.serving import put_database

    folder = tmp_path_factory.mktemp("prefect")
    put_database(folder / "prefect-test.db")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(utilities, "mkdtemp", lambda: str(folder))  # where the harness looks for its database
        with utilities.prefect_test_harness(server_startup_timeout=120):
            yield str(PREFECT_API_URL.value())


def write_wav(path: Path, samples: np.ndarray, rate: int = 16_000) -> None:
    """Write float samples as 16-bit mono WAV."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())


def encode(path: Path, samples: np.ndarray, codec: str, rate: int = 16_000, **metadata: str) -> None:
    """Write float samples through any encoder that PyAV brings."""
    import av

    with av.open(str(path), "w") as box:
        box.metadata.update(metadata)
        stream = box.add_stream(codec, rate=rate, layout="mono")
        pcm = (np.clip(samples, -1, 1) * 32767).astype(np.int16)
        resampler = av.AudioResampler(format=stream.format, layout="mono", rate=rate, frame_size=stream.frame_size)
        frame = av.AudioFrame.from_ndarray(pcm[None], format="s16", layout="mono")
        frame.sample_rate = 16_000
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            box.mux(stream.encode(piece))
        box.mux(stream.encode(None))


def command(
    home: Path, *arguments: str, api: str | None = None, check: bool = True, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run `turntable` as a user would, in a process of its own."""
    surroundings = environment(api, variables)
    if all(name.startswith(warm.READ_LATE) for name in variables):
        result = warm.run(warm.turntable, "--home", str(home), *arguments, environment=surroundings)
    else:
        result = subprocess.run(
            turntable(home, *arguments), env=surroundings, capture_output=True, text=True, timeout=300
        )
    if check:
        assert result.returncode == 0, result.stderr
    return result


def started(home: Path, *arguments: str, api: str | None = None, **variables: str) -> warm.Started:
    """Start `turntable` in a session of its own, and do not wait for its end."""
    return warm.Started(warm.turntable, "--home", str(home), *arguments, environment=environment(api, variables))


def turntable(home: Path, *arguments: str) -> list[str]:
    """The command line of `turntable` with a home."""
    # with a file, as the command has one: DuckDB takes a program without one for a shell, and draws bars there
    code = "import __main__; __main__.__file__ = 'turntable'; from flows.cli import main; main()"
    return [sys.executable, "-c", code, "--home", str(home), *arguments]


def environment(api: str | None, variables: dict[str, str] | None = None) -> dict[str, str]:
    """The environment of a user who has a Prefect server at `api`, or none."""
    server = {"PREFECT_API_URL": api} if api else {}
    inherited = {k: v for k, v in os.environ.items() if k != "PREFECT_API_URL"}
    return {**inherited, **server, **(variables or {})}


def ask(home: Path, sql: str) -> Any:
    """The rows of a query, as a script gets them from `turntable sql --json`, without a process of its own."""
    from warehouse.answers.sandbox import written
    from warehouse.snapshot import open_snapshot

    with open_snapshot(home / "turntable.duckdb") as con:
        return json.loads("".join(written(con, sql, "json")))


def rows_of(snapshot: Path, sql: str) -> list[tuple[Any, ...]]:
    """The rows of a query as Python has them, without a process of its own."""
    from warehouse.snapshot import open_snapshot

    with open_snapshot(snapshot) as con:
        return con.execute(sql).fetchall()


def free_port() -> int:
    """A port that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def only(rows: Sequence[Any]) -> Any:
    """The one row that there must be."""
    (row,) = rows
    return row
