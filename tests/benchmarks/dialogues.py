"""How many speakers are found in dialogues of many kinds, with and without a number that is given.

    python tests/benchmarks/dialogues.py [--count 40] [--seed 0] EPISODE…

An episode is an audio file with `NAME.rttm` beside it. What each person says there by himself is dealt out to
dialogues of one to ten people, of half a minute to five, some of them higher or lower by a tenth than they are,
which makes somebody else of them, with turns that overlap, at several loudnesses, in noise, in gusts of wind, by
telephone. Each is diarized without a number of speakers, with the right one, with one more and with one less. A
line of Markdown for each says DER (no collar, overlaps scored) and the speakers found; `!` is the flag
`speakers_ignored`. The last lines count where a number makes it better or worse than none.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))
os.environ["PYANNOTE_METRICS_ENABLED"] = "0"

from flows.bench.speech_scores import diarization_errors, read_rttm  # noqa: E402
from flows.settings import Settings  # noqa: E402
from transforms.audio.decoding import SAMPLE_RATE, decode  # noqa: E402
from transforms.records import SpeakerSegment  # noqa: E402
from transforms.speech import diarize  # noqa: E402

Sound = NDArray[np.float32]
Dialogue = tuple[Sound, list[SpeakerSegment]]
PEOPLE = (1, 2, 2, 3, 4, 5, 6, 8, 10)
CONDITIONS = {"clean": 35.0, "noise": 15.0, "wind": 12.0, "telephone": 30.0}  # dB above what else is heard
TEMPOS = (1.0, 0.9, 1.1)  # of whoever speaks: another person each
SHORTEST = 0.8  # seconds that somebody speaks alone
WORSE = 0.001  # DER


def people_of(episodes: Sequence[Path]) -> dict[str, list[Sound]]:
    """Cut out what each person says by himself."""
    found: dict[str, list[Sound]] = defaultdict(list)
    for path in episodes:
        samples = np.asarray(decode(path).samples, np.float32) / 32768
        spoken = read_rttm(path.with_suffix(".rttm"))
        for one in spoken:
            others = [s for s in spoken if s is not one]
            alone = all(s.end_time <= one.start_time or s.start_time >= one.end_time for s in others)
            if alone and one.end_time - one.start_time >= SHORTEST:
                piece = samples[int(one.start_time * SAMPLE_RATE) : int(one.end_time * SAMPLE_RATE)]
                found[f"{path.stem} {one.speaker}"].append(0.06 * piece / (piece.std() + 1e-9))
    return {
        f"{who} {tempo}": [faster(p, tempo) for p in pieces] for who, pieces in found.items() for tempo in TEMPOS
    }


def faster(sound: Sound, tempo: float) -> Sound:
    """Play a sound faster, and so higher."""
    return np.interp(np.arange(0, len(sound) - 1, tempo), np.arange(len(sound)), sound).astype(np.float32)


def compose(people: Mapping[str, Sequence[Sound]], seconds: float, condition: str, rng: Any) -> Dialogue:
    """Let some people talk with each other for so many seconds."""
    loudness = {who: 10 ** (rng.uniform(-4, 2) / 20) for who in people}
    left = {who: list(rng.permutation(len(own))) for who, own in people.items()}
    now, last, spoken = 0.3, "", []
    sound = np.zeros(int((seconds + 60) * SAMPLE_RATE), np.float32)
    queue = list(rng.permutation(list(people)))
    while now < seconds:
        who = queue.pop() if queue else rng.choice([one for one in people if one != last or len(people) == 1])
        now = max(now + (rng.uniform(-0.6, -0.2) if rng.random() < 0.1 else rng.uniform(0.15, 0.8)), 0.0)
        for _ in range(rng.integers(1, 4)):
            left[who] = left[who] or list(rng.permutation(len(people[who])))
            piece = people[who][left[who].pop()] * loudness[who]
            start = int(now * SAMPLE_RATE)
            sound[start : start + len(piece)] += piece
            spoken.append(SpeakerSegment(now, now + len(piece) / SAMPLE_RATE, str(who)))
            now = spoken[-1].end_time + rng.uniform(0.08, 0.4)
        last = who
    sound = sound[: int((now + 1) * SAMPLE_RATE)]
    return in_condition(sound, condition, rng), spoken


def in_condition(sound: Sound, condition: str, rng: Any) -> Sound:
    """Add noise, which comes and goes where it is wind; a telephone leaves the middle of the voice."""
    noise = rng.standard_normal(len(sound))
    if condition == "wind":
        gusts = rng.uniform(0, 1, len(sound) // (3 * SAMPLE_RATE) + 2)
        noise = sosfilt(butter(2, 400, "low", fs=SAMPLE_RATE, output="sos"), noise)
        noise *= np.interp(np.linspace(0, len(gusts) - 1, len(sound)), np.arange(len(gusts)), gusts) ** 2
    level = np.sqrt(np.mean(sound[np.abs(sound) > 0.01] ** 2)) * 10 ** (-CONDITIONS[condition] / 20)
    sound = sound + noise / noise.std() * level
    if condition == "telephone":
        sound = sosfilt(butter(4, [300, 3400], "band", fs=SAMPLE_RATE, output="sos"), sound)
    return np.asarray(0.9 * sound / np.abs(sound).max(), np.float32)


def main() -> None:
    """Compose, diarize, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("episodes", nargs="+", type=Path)
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    models = Settings().models
    weights = models / "segmentation-3.0" / "pytorch_model.bin", models / "campplus" / "campplus_cn_en_common.pt"
    pipeline, people = diarize.load_embedded(*weights, "cpu"), people_of(given.episodes)
    offsets, errors = (None, 0, 1, -1), []
    print("| dialogue | people | without | the right number | one more | one less |\n|---|---|---|---|---|---|")
    for number in range(given.count):
        rng = np.random.default_rng((given.seed, number))
        n, condition = PEOPLE[number % len(PEOPLE)], list(CONDITIONS)[number % len(CONDITIONS)]
        cast = list(rng.permutation(list(people))[:n])
        sound, truth = compose({who: people[who] for who in cast}, rng.uniform(30, 60 + 25 * n), condition, rng)
        kept: dict[str, NDArray[Any]] = {}

        def keep(name: str, compute: Callable[[], NDArray[Any]], kept: dict[str, Any] = kept) -> NDArray[Any]:
            if name not in kept:
                kept[name] = compute()
            return np.array(kept[name])

        cells = []
        for offset in offsets:
            wanted = None if offset is None else (max(n + offset, 1),) * 2
            who = diarize.diarize(sound, pipeline, speakers=wanted, keep=keep)
            cells.append((diarization_errors(truth, who.segments).rate, len(who.voices), bool(who.flags)))
        errors.append([rate for rate, _, _ in cells])
        told = " | ".join(f"{100 * rate:.1f} %, {found}{'!' if flag else ''}" for rate, found, flag in cells)
        print(f"| {number} {condition}, {len(sound) / SAMPLE_RATE:.0f} s | {n} | {told} |", flush=True)
    table = np.array(errors)
    print("| mean | | " + " | ".join(f"{100 * mean:.2f} %" for mean in table.mean(axis=0)) + " |")
    for column, what in ((1, "the right number"), (2, "one more"), (3, "one less")):
        change = table[:, column] - table[:, 0]
        print(f"{what}: better in {(change < -WORSE).sum()}, worse in {(change > WORSE).sum()}")


if __name__ == "__main__":
    main()
