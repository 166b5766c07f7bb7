"""Check and time the speech core on a GPU, in minutes, without a network: `make gpu-check`.

    python -m tests.gpu.check [--device cuda|cpu] [--short] [--out DIR] [--weights DIR] [--clips DIR]

In this order: what is there and what it can do at most; whether it is right; how fast each stage is; end to end;
faults. On a GPU each part is a process of its own, which a failure of the card ends and nothing else. A step that
fails is a row of the table. `DIR/gpu-check.json` is written after each step, `DIR/gpu-check.md` at the end.
Exit code 1 where something is wrong, 2 where there is no such device.
"""

from __future__ import annotations

import argparse
import importlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.gpu.report import Report, Row, read_report, table
from tests.gpu.stand_ins import stand_in

ROOT = Path(__file__).parents[2]
# Each module has `run(bench)`; the seconds that it may take on a GPU, all of them less than eight minutes.
PARTS = {"machine": 45, "same": 110, "times": 110, "throughput": 120, "faults": 80}
KILL_AFTER = 20.0  # seconds behind the end of its time


def main() -> int:
    """Run the parts and return the exit code."""
    given = arguments()
    given.out.mkdir(parents=True, exist_ok=True)
    path = given.out / "gpu-check.json"
    if given.one:
        return run_part(given, path)
    path.unlink(missing_ok=True)
    stand_in()
    import torch

    if given.device == "cuda" and not torch.cuda.is_available():
        print("there is no CUDA device here: --device cpu runs the same on the CPU", file=sys.stderr)
        return 2
    for line in table(()):
        print(line, flush=True)
    for part in given.parts:
        if given.device == "cuda":
            in_a_process(given, part, path)
        else:
            given.one = part
            run_part(given, path)
    report = read_report(path, 0.0)
    (given.out / "gpu-check.md").write_text("\n".join(table(report.rows)) + "\n")
    print(f"\n{'all right' if report.is_right else 'something is WRONG'}; {path}")
    return 0 if report.is_right else 1


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    parser.add_argument("--short", action="store_true", help="a toy in the place of the large models, as CI does")
    parser.add_argument("--out", type=Path, default=Path("gpu-check"))
    weights = os.environ.get("TURNTABLE_MODELS", Path.home() / ".cache" / "turntable" / "models")
    parser.add_argument("--weights", type=Path, default=Path(weights), help="tiny.en, campplus, segmentation-3.0")
    parser.add_argument("--clips", type=Path, help="WAV files, mono 16 kHz; without it, the bundled episode")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--one", choices=PARTS, help=argparse.SUPPRESS)
    return parser.parse_args()


def in_a_process(given: argparse.Namespace, part: str, path: Path) -> None:
    """Run a part in a process of its own, which ends when its time is over, whatever it does."""
    command = [sys.executable, "-m", "tests.gpu.check", "--device", given.device, "--out", str(given.out)]
    command += ["--weights", str(given.weights), "--one", part]
    command += ["--clips", str(given.clips)] if given.clips else []
    command += ["--short"] if given.short else []
    # the parts run in the folder of the code: paths may be relative to where this was called
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]).rstrip(":")}
    try:
        code = subprocess.run(command, env=env, timeout=PARTS[part] + KILL_AFTER).returncode
    except subprocess.TimeoutExpired:
        code = "its time was over"
    if code != 0:
        read_report(path, time.monotonic()).add(Row(part, "the part", "ended", right=False, note=f"exit: {code}"))


def run_part(given: argparse.Namespace, path: Path) -> int:
    """Run one part here."""
    began = time.monotonic()
    stand_in()
    patience = 1 if given.device == "cuda" else 5  # a CPU may be busy with something else
    report: Report = read_report(path, began + patience * PARTS[given.one])

    def run() -> Iterator[Row]:
        from tests.gpu.bench import Bench

        bench = Bench(given.device, given.short, given.weights, given.clips, report)
        importlib.import_module(f"tests.gpu.{given.one}").run(bench)
        yield from ()

    report.step(given.one, "the part", run)
    report.facts.setdefault("parts", {})[given.one] = round(time.monotonic() - began, 1)
    report.save()
    return 0


if __name__ == "__main__":
    sys.exit(main())
