"""A folder that somebody downloaded: all that it could hold to have its code run by who stands in it."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import environment, free_port

# Modules that one of our processes imports by name, or that Python itself looks for.
MODULES = (
    *("flows", "transforms", "warehouse", "sitecustomize", "usercustomize", "json", "pip", "prefect", "uvicorn"),
    *("torch", "pyannote", "yt_dlp", "yt_dlp_plugins", "duckdb", "ctranslate2", "matplotlib", "evil_backend"),
)
PROGRAMS = ("ffmpeg", "ffprobe", "deno", "node", "git", "pip", "python", "turntable", "nvidia-smi")
LIBRARY = "libcuda.so.1"
LOGGING = """
version: 1
disable_existing_loggers: false
handlers:
  evil: {class: logging.FileHandler, filename: "CANARY"}
root: {level: DEBUG, handlers: [evil]}
"""


def bait(folder: Path, canaries: Path) -> tuple[str, ...]:
    """Fill a folder with things that make a file of their names in `canaries` when they run; the names."""
    folder.mkdir()
    canaries.mkdir()
    for name in MODULES:
        _write(folder / f"{name}.py", f"open({str(canaries / name)!r}, 'w').close()\n")
    _write(
        folder / "yt_dlp_plugins" / "extractor" / "evil.py", f"open({str(canaries / 'plugin')!r}, 'w').close()\n"
    )
    for name in PROGRAMS:
        _write(folder / name, f"#!/bin/sh\ntouch {canaries / name}\n")
        (folder / name).chmod(0o755)
    settings = _settings(folder, canaries)
    libraries = (LIBRARY,) if _build(folder / LIBRARY, canaries / LIBRARY) else ()
    return (*MODULES, "plugin", *PROGRAMS, *settings, *libraries)


def _settings(folder: Path, canaries: Path) -> tuple[str, ...]:
    """Write the files of settings that a library may look for where it is started."""
    names = (".env", "prefect.toml", "pyproject.toml")
    for name in names:
        _write(folder / f"logging{name}.yml", LOGGING.replace("CANARY", str(canaries / name)))
    _write(folder / ".env", f"PREFECT_LOGGING_SETTINGS_PATH={folder}/logging.env.yml\n")
    _write(folder / "prefect.toml", f'[logging]\nconfig_path = "{folder}/loggingprefect.toml.yml"\n')
    _write(
        folder / "pyproject.toml", f'[tool.prefect.logging]\nconfig_path = "{folder}/loggingpyproject.toml.yml"\n'
    )
    # these make their own folders; a wrong setting would end the command with an error, which counts too
    _write(folder / "turntable.toml", f'models = "{canaries / "turntable.toml"}"\nmodel = "./evil"\n')
    _write(folder / "matplotlibrc", "backend: module://evil_backend\n")
    _write(folder / "database.yml", "Databases: [")
    _write(folder / ".numba_config.yaml", "cache_dir: [")
    _write(folder / "pip.conf", "[global]\nno-index = maybe\n")
    _write(folder / ".duckdbrc", f".shell touch {canaries / '.duckdbrc'}\n")
    for name in ("base", "tiny.en", "community-1", "embedded"):
        _write(folder / name / "model.bin", "no model")
    return (*names, "turntable.toml", "matplotlibrc", "database.yml", "pip.conf", ".duckdbrc", "base", "tiny.en")


def _build(path: Path, canary: Path) -> bool:
    """Compile a library that makes a file when it is loaded; False without a compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        return False
    code = f'#include <stdio.h>\n__attribute__((constructor)) void run(void) {{ fopen("{canary}", "w"); }}\n'
    _write(path.with_suffix(".c"), code)
    done = subprocess.run(
        [compiler, "-shared", "-fPIC", "-o", str(path), str(path.with_suffix(".c"))], check=False
    )
    return done.returncode == 0


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def stand_in(folder: Path, home: Path, *arguments: str, variables: Mapping[str, str] | None = None) -> str | None:
    """Run a command as who went into the folder would; the line of its error, `None` where it went well."""
    done = subprocess.run(
        command(home, *arguments),
        cwd=folder,
        env=clean(variables),
        capture_output=True,
        text=True,
        timeout=600,
    )
    return None if done.returncode == 0 else (done.stderr.strip().splitlines() or [f"exit {done.returncode}"])[-1]


def command(home: Path, *arguments: str) -> list[str]:
    """The command line, which looks for modules where the script of the installed package does: not here."""
    return [sys.executable, "-P", "-c", "from flows.cli import main; main()", "--home", str(home), *arguments]


def clean(variables: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment without what this process itself took from the package."""
    ours = ("PYTHONSAFEPATH", "YTDLP_NO_PLUGINS", "PREFECT_API_URL")
    return {k: v for k, v in environment(None, dict(variables or {})).items() if k not in ours}


@contextmanager
def serving(folder: Path, home: Path) -> Iterator[None]:
    """Serve and watch the folder, started in it, with polls every three seconds."""
    arguments = ("serve", "--port", str(free_port()), "--every", "0.05", "--watch", ".", "--no-ui")
    process = subprocess.Popen(
        command(home, *arguments), cwd=folder, env=clean(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def wait_for(path: Path, pattern: str, seconds: float) -> bool:
    """Wait until a file of that pattern is there."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if next(path.glob(pattern), None) is not None:
            return True
        time.sleep(0.5)
    return False


def ran(canaries: Path) -> list[str]:
    """Name what ran."""
    return sorted(path.name for path in canaries.iterdir())
