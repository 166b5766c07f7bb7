"""How right the times and names of published texts are: on an episode with truth, under damage, over three hours.

    python tests/benchmarks/alignment.py                                      damage and size, with words made up
    python tests/benchmarks/alignment.py --text FILE…                         the same with real texts, too
    python tests/benchmarks/alignment.py --episode AUDIO TEXT TRUTH.json      an episode through the whole pipeline
    python tests/benchmarks/alignment.py --misheard AUDIO…                    damage to what was heard of audio

For `--misheard` the truth lies beside the audio, and its words are compared with when they were heard before they
were misheard.

TRUTH.json: `{"sentences": [{"speaker", "start", "end", "text"}, …]}`, in the order and the words of the text.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

sys.path[0] = str(Path(__file__).parents[2])  # in this folder `warehouse` is another file
from tests.support.alignments import Case, Said, damaged, some_words  # noqa: E402
from tests.support.alignments import misheard as misheard_as  # noqa: E402
from transforms.alignment import Alignment, align  # noqa: E402

RUN = "from flows.cli import main; main()"
NEAR = 0.5
EXACT = 0.3


@dataclass(frozen=True, slots=True)
class Found:
    """What became of a damaged case: shares of its spoken words and of the times given; seconds and megabytes."""

    right: float
    within: float
    false: float
    untold: float
    seconds: float
    megabytes: float


def judge(case: Case) -> Found:
    """Align a case and compare with the truth."""
    began = time.process_time()
    found = align(case.words, case.heard, "en", case.duration)
    seconds = time.process_time() - began
    tracemalloc.start()
    align(case.words, case.heard, "en", case.duration)
    megabytes = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return Found(*_shares(case, found), seconds, megabytes)


def _shares(case: Case, found: Alignment) -> tuple[float, float, float, float]:
    spoken = within = exact = false = given = untold = 0
    for said, word in zip(case.text, found.words, strict=True):
        if not any(map(str.isalnum, said.word)):
            continue
        off = None
        if said.start_time is not None and said.end_time is not None:
            spoken += 1
            untold += word.start_time is None
            if word.start_time is not None and word.end_time is not None:
                off = max(abs(word.start_time - said.start_time), abs(word.end_time - said.end_time))
        if word.start_time is not None:
            given += 1
            false += off is None or off > NEAR
        within += off is not None and off <= NEAR
        exact += off is not None and off <= EXACT
    return within / spoken, exact / spoken, false / given, untold / spoken


def damage(texts: Sequence[Path]) -> None:
    """Print what damage does to words made up, and to real texts."""
    print("| words | damaged side | hours | within 0.5 s | within 0.3 s | false | no time | processor s | MB |")
    print("|---|---|---|---|---|---|---|---|---|")
    words = {"made up": some_words(28_000, 1), **{path.name[:12]: path.read_text().split() for path in texts}}
    for name, every in words.items():
        for side in ("text", "heard"):
            cases = [damaged(every, some_words(3000, 2), random.Random(seed), side) for seed in range(3)]
            found = [judge(case) for case in cases]
            shares = [statistics.fmean(getattr(one, field) for one in found) for field in Found.__slots__[:4]]
            cost = max(one.seconds for one in found), max(one.megabytes for one in found)
            hours = cases[0].duration / 3600
            told = " | ".join(f"{100 * share:.2f} %" for share in shares)
            print(f"| {name}, {len(every):,} | {side} | {hours:.1f} | {told} | {cost[0]:.2f} | {cost[1]:.0f} |")


def misheard(audios: Sequence[Path], model: str, n_seeds: int) -> None:
    """Print what becomes of words that were misheard, before and after they are looked for in the audio."""
    from flows.engines.devices import ladder
    from flows.engines.fetch_weights import get_weights
    from flows.engines.model_loading import recognizer
    from flows.settings import Settings
    from transforms.audio.decoding import decode
    from transforms.speech.device import cpu_threads
    from transforms.speech.models import MODELS

    settings = Settings()
    folder = get_weights(MODELS[model], settings.models)
    (device, *_), _ = ladder(settings.device, folder, settings.engine)
    kind = device.name, device.compute_type, cpu_threads(), device.batch_size, device.engine
    reader = recognizer(folder, *kind)
    print(
        "| audio | words | within 0.5 s | false | after: within 0.5 s | false | s read | processor s | to hear |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for audio in audios:
        samples = decode(audio, audio.name).samples
        words = [
            w for s in json.loads(audio.with_suffix(".json").read_text())["sentences"] for w in s["text"].split()
        ]
        _misheard(audio.stem, words, samples, reader, n_seeds)


def _misheard(name: str, words: Sequence[str], samples: NDArray[np.int16], reader: Any, n_seeds: int) -> None:
    from transforms.alignment.ends import until_quiet
    from transforms.alignment.forcing import Sides, clips_of, with_read
    from transforms.speech.transcribe import transcribe
    from transforms.speech.whisper.reading import read_along

    began, duration = time.process_time(), len(samples) / 16_000
    heard = until_quiet(transcribe(samples, reader, language="en").words, samples)
    to_hear = time.process_time() - began
    true = align(words, heard, "en", duration).words
    text = tuple(
        Said(word, one.start_time, one.end_time)
        for word, one in zip(words, true, strict=True)
        if one.time_source == "aligned"
    )
    places = [place for place, one in enumerate(true) if one.time_source == "aligned"]
    shares, seconds, read_seconds = [], 0.0, 0.0
    for seed in range(n_seeds):
        wrong = misheard_as(heard, some_words(3000, 2), random.Random(seed))
        before = align(words, wrong, "en", duration)
        sides, began = Sides(words, wrong, "en", duration, before), time.process_time()
        clips = clips_of(sides)
        after = with_read(sides, list(zip(clips, read_along(clips, samples, reader, "en"), strict=True)))
        seconds, read_seconds = seconds + time.process_time() - began, sum(one.seconds for one in clips)
        case = Case(text, tuple(wrong), duration)
        both = [replace(one, words=tuple(one.words[place] for place in places)) for one in (before, after)]
        shares.append([share for one in both for share in (_shares(case, one)[0], _shares(case, one)[2])])
    told = " | ".join(f"{100 * statistics.fmean(column):.2f} %" for column in zip(*shares, strict=True))
    costs = f"{read_seconds:.0f} | {seconds / n_seeds:.1f} | {to_hear:.1f}"
    print(f"| {name}, {duration:.0f} s | {len(text)} | {told} | {costs} |", flush=True)


def episode(audio: Path, text: Path, truth: Path) -> None:
    """Ingest an episode, import its text, and compare both with the truth."""
    sentences = json.loads(truth.read_text())["sentences"]
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        began = time.monotonic()
        _turntable(home, "ingest", str(audio))
        heard = time.monotonic() - began
        _turntable(home, "import", str(text), "--episode", "latest")
        with duckdb.connect(str(home / "turntable.duckdb"), read_only=True) as con:
            words = con.execute(
                "select word, w.start_time, w.end_time from words w join transcripts using (transcript_id) "
                "where format is not null order by word_index"
            ).fetchall()
            names = con.execute(
                "select speaker_label, any_value(speaker_name), any_value(name_confidence) from turns "
                "join transcripts using (transcript_id) where source = 'asr' and speaker_label is not null "
                "group by 1 order by 1"
            ).fetchall()
            stage = "select stage, sum(seconds) from stage_runs group by 1"
            seconds = dict(con.execute(stage).fetchall())
            evals = con.execute(
                "select aligned_wer, aligned_cpwer, aligned_tcpwer, der, label_error from evals"
            ).fetchall()
            chapters = con.execute(
                "select title, c.start_time from chapters c join transcripts using (transcript_id) "
                "where source = 'publisher' and c.start_time is not null order by 2"
            ).fetchall()
            best = con.execute(
                "select coalesce(speaker, ''), text, source, text_source from best_turns"
            ).fetchall()
    _compare(sentences, words)
    print(f"best transcript ({best[0][2]}): {sum(one[3] == 'asr' for one in best)} of {len(best)} turns as heard")
    print(
        f"cpWER of the best transcript: {100 * _cpwer(sentences, [(who, text) for who, text, *_ in best]):.2f} %"
    )
    print(f"voices: {names}; evals (WER, cpWER, tcpWER, DER, label error): {evals}; chapters: {chapters}")
    print(f"align {seconds['align']:.2f} s of {heard:.1f} s that the ingest took")


def _cpwer(sentences: Sequence[dict[str, object]], turns: Sequence[tuple[str, str]]) -> float:
    """Return the word error rate with the words of each speaker together, by meeteval and Whisper's normalizer."""
    from meeteval.wer.wer.cp import cp_word_error_rate
    from whisper_normalizer.english import EnglishTextNormalizer

    plain = EnglishTextNormalizer()

    def by_speaker(said: Iterable[tuple[str, str]]) -> dict[str, str]:
        texts: defaultdict[str, list[str]] = defaultdict(list)
        for who, text in said:
            texts[who].append(text.replace("’", "'"))
        return {who: plain(" ".join(every)) for who, every in texts.items()}

    true = by_speaker((str(one["speaker"]), str(one["text"])) for one in sentences)
    return float(cp_word_error_rate(true, by_speaker(turns)).error_rate)


def _compare(
    sentences: Sequence[dict[str, object]], words: Sequence[tuple[str, float | None, float | None]]
) -> None:
    """Print how far the sentences are off, and whether any word has a time that was not said."""
    said = [word for one in sentences for word in str(one["text"]).split()]
    first = next(n for n in range(len(words)) if [w for w, *_ in words[n : n + 6]] == said[:6])
    place, starts, ends = first, [], []
    for one in sentences:
        inside = words[place : place + len(str(one["text"]).split())]
        place += len(inside)
        starts.append(_off(inside[0][1], one["start"]))
        ends.append(_off(inside[-1][2], one["end"]))
    unspoken = [word for word, start, _ in (*words[:first], *words[place:]) if start is not None]
    for name, off in (("starts", starts), ("ends", ends)):
        near = sum(one <= EXACT for one in off) / len(off)
        mean = statistics.fmean(off)
        print(f"{name} of {len(off)} sentences: {100 * near:.1f} % within {EXACT} s, mean {mean:.3f} s")
    print(f"words with a time of {len(words) - len(said)} that were not said: {len(unspoken)}")


def _off(found: float | None, true: object) -> float:
    return abs(found - float(str(true))) if found is not None else float("inf")


def _turntable(home: Path, *arguments: str) -> None:
    command, environment = [sys.executable, "-c", RUN, *arguments], {**os.environ, "TURNTABLE_HOME": str(home)}
    subprocess.run(command, check=True, capture_output=True, env=environment)


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--text", nargs="*", type=Path, default=[])
    parser.add_argument("--episode", nargs=3, type=Path)
    parser.add_argument("--misheard", nargs="+", type=Path)
    parser.add_argument("--model", default="base")
    parser.add_argument("--seeds", type=int, default=3)
    asked = parser.parse_args()
    if asked.misheard:
        misheard(asked.misheard, asked.model, asked.seeds)
    elif asked.episode:
        episode(*asked.episode)
    else:
        damage(asked.text)


if __name__ == "__main__":
    main()
