"""What CTranslate2 multiplies with on a CPU: MKL or oneDNN, whichever is faster here, measured once.

Left to itself it takes MKL on Intel's processors and oneDNN on all others, where MKL may be the faster one. It
reads `CT2_USE_MKL` when it multiplies for the first time, so each is measured in a process of its own.
https://opennmt.net/CTranslate2/environment_variables.html
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

from transforms.speech.device import least_seconds

VARIABLE = "CT2_USE_MKL"
LIBRARIES = {"1": "MKL", "0": "oneDNN"}  # by the value of the variable
MEASURE_SECONDS = 120  # the most that a measurement may take
MEASURED = "math-library.json"


def choose(whisper: Path, n_threads: int) -> None:
    """Let CTranslate2 use the library that encodes faster here, before it multiplies for the first time.

    What was measured lies beside the weights, by processor and version. What the user has set stays; on a
    processor that has no choice, or where nothing can be measured, CTranslate2 decides.

    Args:
        whisper: the folder of the model that is to run.
        n_threads: on how many cores.
    """
    if VARIABLE in os.environ or platform.machine().lower() not in ("x86_64", "amd64"):
        return
    remembered = whisper.parent / MEASURED
    key = f"{processor()}, CTranslate2 {importlib.metadata.version('ctranslate2')}"
    known = _read(remembered)
    if known.get(key) not in LIBRARIES:
        seconds = {value: _measured(whisper, value, n_threads) for value in LIBRARIES}
        if None in seconds.values():
            return
        known[key] = min(LIBRARIES, key=lambda value: seconds[value] or 0.0)
        _write(remembered, known)
    os.environ[VARIABLE] = known[key]


def in_use() -> str:
    """Name the library that CTranslate2 multiplies with in this process."""
    asked = os.environ.get(VARIABLE, "").lower()
    if asked:
        return LIBRARIES["1" if asked in ("1", "true") else "0"]
    return LIBRARIES["1" if "Intel" in processor() else "0"]


def processor() -> str:
    """Name this machine's processor."""
    about = Path("/proc/cpuinfo")
    lines = about.read_text().splitlines() if about.exists() else []
    parts = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    names = (parts.get("vendor_id"), parts.get("model name"))
    return " ".join(name for name in names if name) or platform.processor() or platform.machine()


def _measured(whisper: Path, value: str, n_threads: int) -> float | None:
    try:
        child = subprocess.run(  # noqa: S603 - our own module
            [sys.executable, "-m", "flows.engines.math_library", str(whisper), str(n_threads)],
            env={**os.environ, VARIABLE: value},
            capture_output=True,
            text=True,
            timeout=MEASURE_SECONDS,
            check=True,
        )
        return float(child.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


def _read(path: Path) -> dict[str, str]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}


def _write(path: Path, known: dict[str, str]) -> None:
    part = path.with_suffix(f".{os.getpid()}.part")
    try:
        part.write_text(json.dumps(known, indent=2))
        part.replace(path)
    except OSError:  # weights that others own: measured again in the next process
        part.unlink(missing_ok=True)


def encode_seconds(whisper: Path, n_threads: int) -> float:
    """Time the encoding of one window of noise, in seconds."""
    import ctranslate2
    import numpy as np

    model = ctranslate2.models.Whisper(str(whisper), device="cpu", compute_type="int8", intra_threads=n_threads)
    noise = np.random.default_rng(0).standard_normal((1, model.n_mels, 3000)).astype(np.float32)
    window = ctranslate2.StorageView.from_array(noise)
    return least_seconds(lambda: model.encode(window), times=3)


if __name__ == "__main__":
    print(encode_seconds(Path(sys.argv[1]), int(sys.argv[2])))
