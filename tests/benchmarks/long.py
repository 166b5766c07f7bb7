"""Hear a very long episode with the command that people use, beside one of an hour: speed, memory, interruptions.

    python tests/benchmarks/long.py [--hours 12] [--quality accurate] [--kill SECONDS]… EPISODE_OR_FOLDER…

The episodes are joined by `join_episodes.py`. Each long one is ingested in a home of its own; × real time is of
the hearing, from the first of transcription and diarization to the last, models loaded on the way; MB is the most
private memory (RssAnon) that the process had beyond one with both models loaded. With `--kill`, the long one is
ingested once more, killed (`kill -9`) after each of these seconds and started again: what it heard for nothing is
the time that all these runs heard, beyond the time that one took.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import join_episodes  # noqa: E402

from flows.bench.process import Peak  # noqa: E402
from transforms.records import Seconds  # noqa: E402

COMMAND = (sys.executable, "-c", "from flows.cli import main; main()")
LOADED = "from flows.bench.systems import Turntable; t = Turntable('both', {!r}); print(flush=True); input()"
STAGES = """select min(started_at), max(started_at + to_microseconds((seconds * 1e6)::bigint))
    from stage_runs where stage in ('transcribe', 'diarize') and status = 'done'"""


def loaded(quality: str) -> int:
    """Measure the memory of a process with both models, in bytes."""
    child = subprocess.Popen(
        [sys.executable, "-c", LOADED.format(quality)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    child.stdout.readline()
    with Peak(child.pid) as peak:
        pass
    child.kill()
    return peak.bytes or 0


def ingest(audio: Path, home: Path, quality: str, seconds: Seconds | None = None) -> tuple[Seconds, int]:
    """Ingest, killed after so many seconds; how long it ran, and the most memory it had, in bytes."""
    environment = {**os.environ, "TURNTABLE_HOME": str(home), "PREFECT_HOME": str(home.parent / "prefect")}
    began = time.monotonic()
    child = subprocess.Popen([*COMMAND, "ingest", str(audio), "--quality", quality], cwd=ROOT, env=environment)
    with Peak(child.pid) as peak:
        try:
            if child.wait(seconds) != 0:
                sys.exit(f"{audio}: exit {child.returncode}")
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
    return time.monotonic() - began, peak.bytes or 0


def asked(home: Path, sql: str) -> list[dict[str, object]]:
    """Ask the warehouse of a home."""
    environment = {**os.environ, "TURNTABLE_HOME": str(home)}
    found = subprocess.run(
        [*COMMAND, "sql", "--json", sql], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    rows: list[dict[str, object]] = json.loads(found.stdout)
    return rows


def hearing(home: Path) -> Seconds:
    """How long the hearing took, in seconds."""
    (row,) = asked(home, f"select epoch(last - first) as took from ({STAGES}) as t(first, last)")
    return float(str(row["took"]))


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print a line of Markdown for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("episodes", type=Path, nargs="+")
    parser.add_argument("--hours", type=float, default=12.0)
    parser.add_argument("--quality", default="accurate")
    parser.add_argument("--kill", type=float, action="append", default=[])
    given = parser.parse_args(arguments)
    episodes, models = join_episodes.episodes_of(given.episodes), loaded(given.quality)
    print(
        f"models {models / 1e6:.0f} MB\n\n| hours | × real time | the command, s | MB beyond the models | turns |"
    )
    print("|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for hours in (1.0, given.hours):
            audio, home = Path(folder) / f"{hours:g}.wav", Path(folder) / f"home-{hours:g}"
            join_episodes.join(audio, episodes, seconds=hours * 3600, seed=0)
            took, memory = ingest(audio, home, given.quality)
            (row,) = asked(home, "select count(*) as turns, max(end_time) as seconds from turns")
            speed = float(str(row["seconds"])) / hearing(home)
            beyond = (memory - models) / 1e6
            print(f"| {hours:g} | {speed:.1f} | {took:.0f} | {beyond:.0f} | {row['turns']} |", flush=True)
        if given.kill:
            home = Path(folder) / "killed"
            runs = [ingest(audio, home, given.quality, seconds)[0] for seconds in (*given.kill, None)]
            (again,) = asked(home, "select count(*) as turns from turns")
            print(f"\nkilled {len(given.kill)} ×: {sum(runs):.0f} s instead of {took:.0f}, {again['turns']} turns")


if __name__ == "__main__":
    main()
