"""Score Turntable on episodes with truth, and time it from decode to turns.

    python tests/benchmarks/accuracy.py [EPISODE…]

An episode is an audio file with `NAME.stm` and `NAME.rttm` beside it; without any, the demo is scored. Each is
ingested into an empty home with the embedded weights on the CPU, exported, and scored:

WER    word error rate in order of time (Whisper's English normalizer)
cpWER  the same with each speaker's words together, best mapping of speakers (meeteval)
DER    diarization error rate of the RTTM, no collar, overlaps scored (pyannote.metrics)
speed  seconds of audio per second from decode to turns, models loaded on the way
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import warnings
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
DEMO = ROOT / "flows" / "demo" / "why-a-record-turns.ogg"


def main(arguments: Sequence[str]) -> None:
    """Print a line of Markdown table for each episode."""
    print("| episode | WER | cpWER | DER | speakers | × real time |\n|---|---|---|---|---|---|")
    for path in map(Path, arguments or [str(DEMO)]):
        truth = ROOT / "tests" / "data" / path.stem if path == DEMO else path.with_suffix("")
        with tempfile.TemporaryDirectory() as home:
            row = score(path, truth, Path(home))
        print(f"| {path.name} | {' | '.join(row)} |", flush=True)


def score(path: Path, truth: Path, home: Path) -> list[str]:
    """Ingest one episode into an empty home and compare its exports with the truth."""
    os.environ["TURNTABLE_HOME"] = str(home)
    from flows.batch import ingest_location
    from flows.ingest import Outcome
    from flows.options import Options
    from flows.settings import Settings
    from warehouse.export import export

    settings = Settings()
    (outcome,) = ingest_location(str(path), 1, Options(device="cpu", model="base"), settings)
    if not isinstance(outcome, Outcome):
        raise outcome
    heard = json.loads(export(settings.snapshot, outcome.episode_id, "seglst"))
    rttm = home / "heard.rttm"
    rttm.write_text(export(settings.snapshot, outcome.episode_id, "rttm"))
    errors, right = word_errors(truth.with_suffix(".stm"), heard)
    speakers = f"{len({row['speaker'] for row in heard} - {''})} of {right}"
    der = diarization_error(truth.with_suffix(".rttm"), rttm)
    return [*(f"{100 * error:.1f} %" for error in (*errors, der)), speakers, f"{speed(outcome.seconds, home):.1f}"]


def word_errors(truth: Path, heard: list[dict[str, Any]]) -> tuple[tuple[float, float], int]:
    """WER and cpWER, and the true number of speakers."""
    import jiwer
    import meeteval
    from whisper_normalizer.english import EnglishTextNormalizer

    normal = EnglishTextNormalizer()

    def rows(segments: list[dict[str, Any]]) -> list[dict[str, Any]]:
        plain = [{**row, "session_id": "x", "words": normal(row["words"].replace("’", "'"))} for row in segments]
        return sorted((row for row in plain if row["words"]), key=lambda row: row["start_time"])

    fields = ("session_id", "channel", "speaker", "start_time", "end_time", "words")
    lines = [dict(zip(fields, line.split(maxsplit=5), strict=True)) for line in truth.read_text().splitlines()]
    true = rows(
        [{**row, "start_time": float(row["start_time"]), "end_time": float(row["end_time"])} for row in lines]
    )
    ours = rows(heard)
    wer = jiwer.wer(" ".join(row["words"] for row in true), " ".join(row["words"] for row in ours))
    cpwer = meeteval.wer.cpwer(meeteval.io.SegLST(true), meeteval.io.SegLST(ours))["x"].error_rate
    return (wer, cpwer), len({row["speaker"] for row in true})


def diarization_error(truth: Path, heard: Path) -> float:
    """DER of one RTTM against another."""
    from pyannote.database.util import load_rttm
    from pyannote.metrics.diarization import DiarizationErrorRate

    (reference,), (hypothesis,) = load_rttm(str(truth)).values(), load_rttm(str(heard)).values()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(DiarizationErrorRate()(reference, hypothesis))


def speed(seconds: float, home: Path) -> float:
    """Seconds of audio per second of the clock, from the start of decode to the end of turns."""
    runs = [json.loads(path.read_bytes()) for path in home.glob("artifacts/*/*/*/manifest.json")]
    spans = {run["stage"]: (datetime.fromisoformat(run["started_at"]).timestamp(), run["seconds"]) for run in runs}
    began, ended = spans["decode"][0], sum(spans["turns"])
    return seconds / (ended - began)


if __name__ == "__main__":
    os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
    main(sys.argv[1:])
