"""whisperX hears words, with the same weights; its wav2vec2 alignment needs a hub and is left out.

whisperx_peer.py FOLDER_OF_THE_CTRANSLATE2_MODEL COMPUTE_TYPE BEAM BATCH THREADS
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[3]))
from flows.bench.process import Hear, serve


def load() -> Hear:
    """Load it as its documentation shows."""
    import torch
    import whisperx

    folder, compute_type, beam, batch, threads = sys.argv[1:6]
    torch.set_num_threads(int(threads))
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = whisperx.load_model(
        folder, device, compute_type=compute_type, asr_options={"beam_size": int(beam)}, threads=int(threads)
    )

    def hear(path: Path) -> dict[str, Any]:
        import wave

        import numpy as np

        with wave.open(str(path)) as file:
            samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32) / 32768
        began = time.perf_counter()
        heard = model.transcribe(samples, batch_size=int(batch))
        seconds = time.perf_counter() - began
        said = [["", one["start"], one["end"], one["text"]] for one in heard["segments"]]
        return {"seconds": seconds, "utterances": said}

    return hear


if __name__ == "__main__":
    serve(load)
