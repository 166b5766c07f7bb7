"""Score Turntable on episodes with truth, and time it from decode to turns.

    python tests/benchmarks/accuracy.py [EPISODE…]

An episode is an audio file with `NAME.stm` and `NAME.rttm` beside it; without any, the demo is scored. Each is
ingested into an empty home with the embedded weights on the CPU, exported, and scored:

WER, cpWER and DER are those of `flows.bench.speech_scores`; the speed is seconds of audio per second from decode
to turns, models loaded on the way.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from flows.bench.speech_scores import diarization_errors, read_rttm, read_stm, word_errors

ROOT = Path(__file__).parent.parent.parent
DEMO = ROOT / "flows" / "demo" / "why-a-record-turns.ogg"


def main(arguments: Sequence[str]) -> None:
    """Print a line of Markdown table for each episode."""
    print("| episode | WER | cpWER | DER | speakers | × real time |\n|---|---|---|---|---|---|")
    for path in (Path(argument).resolve() for argument in arguments or [str(DEMO)]):
        truth = ROOT / "tests" / "data" / path.stem if path == DEMO else path.with_suffix("")
        with tempfile.TemporaryDirectory() as home:
            row = score(path, truth, Path(home))
        print(f"| {path.name} | {' | '.join(row)} |", flush=True)


def score(path: Path, truth: Path, home: Path) -> list[str]:
    """Ingest one episode into an empty home and compare its exports with the truth."""
    os.environ["TURNTABLE_HOME"] = str(home)
    from flows.episode.batch import ingest_locations
    from flows.episode.pipeline import Outcome
    from flows.locations import at_path
    from flows.settings import Options, Settings
    from warehouse.export import export

    settings = Settings()
    ((_, outcome),) = ingest_locations([at_path(path)], 1, Options(device="cpu", model="base"), settings)
    if not isinstance(outcome, Outcome):
        raise outcome
    for form in ("stm", "rttm"):
        (home / f"heard.{form}").write_text(export(settings.snapshot, outcome.episode_id, form))
    said, true = read_stm(home / "heard.stm"), read_stm(truth.with_suffix(".stm"))
    spoken = read_rttm(home / "heard.rttm")
    rates = [*word_errors(true, said), diarization_errors(read_rttm(truth.with_suffix(".rttm")), spoken)]
    speakers = f"{len({one.speaker for one in spoken})} of {len({one.speaker for one in true})}"
    return [*(f"{100 * one.rate:.1f} %" for one in rates), speakers, f"{speed(outcome.seconds, home):.1f}"]


def speed(seconds: float, home: Path) -> float:
    """Seconds of audio per second of the clock, from the start of decode to the end of turns."""
    runs = [json.loads(path.read_bytes()) for path in home.glob("artifacts/*/*/*/manifest.json")]
    spans = {run["stage"]: (datetime.fromisoformat(run["started_at"]).timestamp(), run["seconds"]) for run in runs}
    began, ended = spans["decode"][0], sum(spans["turns"])
    return seconds / (ended - began)


if __name__ == "__main__":
    main(sys.argv[1:])
