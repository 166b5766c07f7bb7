"""The tests of speech as other processors, libraries and numbers of threads run them.

    python tests/benchmarks/processors.py [--only NAME]… [PYTEST ARGUMENT…]

Each setting is a process of its own, for the libraries read theirs when they begin. One that asks for more than
this processor has, which is named above the table, gets what it has. What fails is named below.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))

from flows.engines.math_library import processor  # noqa: E402

NETWORKS = ("recognizer", "speech", "diarize", "pieces", "accuracy", "engine", "model_server")
TESTS = tuple(f"tests/test_{name}.py" for name in NETWORKS)

# What oneDNN, PyTorch, MKL and CTranslate2 may use of the processor; the threads of OpenMP, and the cores that
# Turntable finds (one: no two pieces of work are side by side).
SETTINGS: dict[str, dict[str, str]] = {
    "as it is": {},
    "oneDNN AVX2": {"ONEDNN_MAX_CPU_ISA": "AVX2"},
    "oneDNN AVX-512": {"ONEDNN_MAX_CPU_ISA": "AVX512_CORE"},
    "oneDNN VNNI": {"ONEDNN_MAX_CPU_ISA": "AVX512_CORE_VNNI"},
    "oneDNN bfloat16": {"ONEDNN_MAX_CPU_ISA": "AVX512_CORE_BF16"},
    "oneDNN AMX": {"ONEDNN_MAX_CPU_ISA": "AVX512_CORE_AMX"},
    "PyTorch AVX2": {"ATEN_CPU_CAPABILITY": "avx2"},
    "MKL AVX2": {"MKL_ENABLE_INSTRUCTIONS": "AVX2"},
    "all AVX2": {
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "ATEN_CPU_CAPABILITY": "avx2",
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",
        "CT2_FORCE_CPU_ISA": "AVX2",
    },
    "CTranslate2 generic": {"CT2_FORCE_CPU_ISA": "GENERIC"},
    "CTranslate2 MKL": {"CT2_USE_MKL": "1"},
    "CTranslate2 oneDNN": {"CT2_USE_MKL": "0"},
    "one thread": {"OMP_NUM_THREADS": "1"},
    "one core": {},
}


def main() -> int:
    """Run the tests under each setting, and print a line for each as soon as it is done."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=SETTINGS, metavar="NAME")
    asked, more = parser.parse_known_args()
    print(f"{processor()}\n\n| setting | passed | failed | seconds |\n|---|---|---|---|", flush=True)
    failures: dict[str, list[str]] = {}
    for name in asked.only or SETTINGS:
        began = time.monotonic()
        said = run(name, more)
        failures[name] = re.findall(r"^(?:FAILED|ERROR) (\S+)", said, re.MULTILINE)
        passed = re.search(r"(\d+) passed", said)
        n = int(passed[1]) if passed else 0
        failures[name] += [] if n else [f"nothing ran: {said[-500:]}"]
        print(f"| {name} | {n} | {len(failures[name])} | {time.monotonic() - began:.0f} |", flush=True)
    for name, failed in failures.items():
        for test in failed:
            print(f"{name}: {test}")
    return int(any(failures.values()))


def run(name: str, more: list[str]) -> str:
    """Run the tests under a setting: what pytest says."""
    cores = {min(os.sched_getaffinity(0))} if name == "one core" else None
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *(more or TESTS)],
        cwd=ROOT,
        env={**os.environ, **SETTINGS[name]},
        preexec_fn=cores and (lambda: os.sched_setaffinity(0, cores)),
        capture_output=True,
        text=True,
    ).stdout


if __name__ == "__main__":
    sys.exit(main())
