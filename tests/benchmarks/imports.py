"""Time `turntable import FOLDER`: made-up transcripts, imported, staged, loaded and published.

    python tests/benchmarks/imports.py [--n 1000] [--kb 80] [--again]

The documents are of five shapes in turn (`Name: text`, `[HH:MM:SS] Name: text`, WebVTT with voices, SRT,
Podcasting 2.0 JSON). The time is that of the whole command, as a user waits for it, from an empty home.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from flows.engines.math_library import processor

ROOT = Path(__file__).parent.parent.parent
WORDS = (
    "the record turns because motor and a belt drive it round so we asked who had made that groove what does "
    "anybody hear in there when you listen again I think it was never about sound but people tell me every day"
).split()

Line = tuple[float, str, str]


def clock(seconds: float, mark: str = ".") -> str:
    """Write a time as captions do."""
    whole = int(seconds)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}{mark}{int(seconds * 1000) % 1000:03}"


def labelled(title: str, lines: list[Line]) -> str:
    """Write `Name: text`."""
    return f"{title}\n\nTranscript\n\n" + "".join(f"{name}: {text}\n\n" for _, name, text in lines)


def stamped(title: str, lines: list[Line]) -> str:
    """Write `[HH:MM:SS] Name: text`."""
    return f"{title}\n\n" + "".join(f"[{clock(at)[:8]}] {name}: {text}\n" for at, name, text in lines)


def vtt(title: str, lines: list[Line]) -> str:
    """Write WebVTT with voices."""
    cues = (f"{clock(at)} --> {clock(at + 9)}\n<v {name}>{text}</v>\n" for at, name, text in lines)
    return f"WEBVTT\n\nNOTE {title}\n\n" + "\n".join(cues)


def srt(_title: str, lines: list[Line]) -> str:
    """Write SRT with names."""
    cues = (
        f"{n}\n{clock(at, ',')} --> {clock(at + 9, ',')}\n{name}: {text}\n"
        for n, (at, name, text) in enumerate(lines, 1)
    )
    return "\n".join(cues)


def podcast_json(_title: str, lines: list[Line]) -> str:
    """Write Podcasting 2.0 JSON."""
    segments = [{"speaker": name, "startTime": at, "endTime": at + 9, "body": text} for at, name, text in lines]
    return json.dumps({"version": "1.0.0", "segments": segments})


SHAPES: tuple[Callable[[str, list[Line]], str], ...] = (labelled, stamped, vtt, srt, podcast_json)


def documents(n: int, size: int) -> Iterator[str]:
    """Make up `n` documents of about `size` bytes, the same ones each time."""
    for index in range(n):
        rng = random.Random(index)
        lines: list[Line] = []
        said = 0
        while said < size * 0.92:
            text = " ".join(rng.choices(WORDS, k=rng.randint(8, 70))).capitalize() + "."
            lines.append((len(lines) * 10.0, ("Ann Lee", "Bob Ray")[len(lines) % 2], text))
            said += len(text) + 40
        yield SHAPES[index % len(SHAPES)](f"Talk number {index} about records", lines)


def run(home: Path, *arguments: str) -> float:
    """Run the command as a user does; the seconds that it took."""
    begun = time.perf_counter()
    code = "from flows.cli import main; main()"
    command = [sys.executable, "-c", code, "--home", str(home), *arguments]
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   env={**os.environ, "PYTHONPATH": path})  # fmt: skip
    return time.perf_counter() - begun


def main() -> None:
    """Print how long the import took."""
    parser = argparse.ArgumentParser(description="Time the import of a folder of transcripts.")
    parser.add_argument("--n", type=int, default=1000)
    parser.add_argument("--kb", type=int, default=80)
    parser.add_argument("--again", action="store_true", help="time a second import, which finds nothing new, too")
    chosen = parser.parse_args()
    print(f"{processor()}, {len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f} before")
    with tempfile.TemporaryDirectory() as place:
        texts, home = Path(place) / "texts", Path(place) / "home"
        texts.mkdir()
        total = 0
        for index, document in enumerate(documents(chosen.n, chosen.kb * 1000)):
            total += (texts / f"{index:05}.txt").write_bytes(document.encode())
        print(f"{chosen.n} documents, {total / chosen.n / 1000:.0f} kB each")
        for what in ("import", "import again") if chosen.again else ("import",):
            took = run(home, "import", str(texts))
            print(f"{what}: {took:.1f} s, {chosen.n / took:.1f} documents/s")


if __name__ == "__main__":
    main()
