"""Do names that are hinted at help? Each episode with truth is heard with the names of its speakers, and without.

    python tests/benchmarks/hotwords.py EPISODE…

An episode is an audio file with `NAME.stm` beside it. WER is that of `flows.bench.speech_scores`; names are the
words of speakers' names that are said, and how many of them were heard anywhere. Wrong hints are names that nobody
says.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from flows.bench.speech_scores import Utterance, read_stm, word_errors

STRANGERS = ("Ottoline Farquhar", "Bartholomew Quince", "Siobhan Ashgrove")


def main(arguments: Sequence[str]) -> None:
    """Print a line of Markdown table for each episode and kind of hint."""
    print("| episode | hints | WER | names heard | strangers heard |\n|---|---|---|---|---|")
    for path in (Path(argument).resolve() for argument in arguments):
        true = read_stm(path.with_suffix(".stm"))
        names = tuple(sorted({one.speaker.replace("_", " ") for one in true}))
        wanted = _words(" ".join(one.text for one in true))
        kinds: dict[str, tuple[str, ...]] = {"none": (), "its names": names, "strangers": STRANGERS}
        for kind, hints in kinds.items():
            heard = _heard(path, hints)
            found = _words(" ".join(one.text for one in heard))
            said = {word: wanted[word] for name in names for word in _words(name) if wanted[word]}
            right = sum(min(count, found[word]) for word, count in said.items())
            strange = sum(found[word] for name in STRANGERS for word in _words(name))
            rate = 100 * word_errors(true, heard)[0].rate
            print(
                f"| {path.name} | {kind} | {rate:.2f} % | {right} of {sum(said.values())} | {strange} |",
                flush=True,
            )


def _words(text: str) -> Counter[str]:
    return Counter(re.findall(r"[a-z]+", text.lower()))


def _heard(path: Path, hints: Sequence[str]) -> Sequence[Utterance]:
    """Recognise an episode in an empty home."""
    from flows.episode.batch import ingest_locations
    from flows.episode.pipeline import Outcome
    from flows.locations import at_path
    from flows.settings import Options, Settings
    from warehouse.export import export

    with tempfile.TemporaryDirectory() as home:
        os.environ["TURNTABLE_HOME"] = home
        options = Options(device="cpu", model="base", diarize=False, hotwords=tuple(hints))
        ((_, outcome),) = ingest_locations([at_path(path)], 1, options, settings := Settings())
        if not isinstance(outcome, Outcome):
            raise outcome
        stm = Path(home) / "heard.stm"
        stm.write_text(export(settings.snapshot, outcome.episode_id, "stm"))
        return read_stm(stm)


if __name__ == "__main__":
    main(sys.argv[1:])
