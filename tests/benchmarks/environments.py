"""Make an environment for each peer that wants one of its own, so that package versions never meet.

    python tests/benchmarks/environments.py [NAME…]        all, or some of: senko, openai-whisper, whisperx

They lie in the user's cache, beside the weights; `speech.py` runs those that are there and names the others.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from platformdirs import user_cache_path

FOLDER = user_cache_path("turntable") / "peers"
PACKAGES = {
    "senko": ("senko==0.2.2",),
    "openai-whisper": ("openai-whisper==20250625",),
    "whisperx": ("whisperx==3.8.6",),
}
# What has no package that could be installed, and why: said in the table, never guessed at.
WITHOUT_PACKAGE = {
    "whisper-diarization": "no package on the Python index; its NeMo and punctuation weights come from a hub",
    "whisperX alignment and diarization": "wav2vec2 and pyannote's weights come from a hub",
}


def python_of(name: str) -> Path | None:
    """Return the interpreter of a peer's environment; `None` where it has not been made."""
    made = FOLDER / name / "made"
    return FOLDER / name / "bin" / "python" if made.exists() else None


def make(name: str) -> str | None:
    """Make one environment; give the reason, in a line, where that fails."""
    folder = FOLDER / name
    folder.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
    command = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", *PACKAGES[name]]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        return (errors or done.stderr.splitlines() or ["pip said nothing"])[-1][:200]
    (folder / "made").touch()
    return None


def main(names: Sequence[str]) -> None:
    """Make those that are asked for and missing; exit code 1 if one could not be made."""
    failed = False
    for name in names or PACKAGES:
        if name not in PACKAGES:
            msg = f"no peer is called {name!r}: take one of {', '.join(PACKAGES)}"
            raise SystemExit(msg)
        reason = None if python_of(name) else make(name)
        failed |= reason is not None
        print(f"{name}: {'not installed: ' + reason if reason else FOLDER / name}")
    raise SystemExit(1 if failed else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
