"""The check for a GPU, on the CPU: from a pack, on a machine that has PyTorch and nothing of ours."""

from __future__ import annotations

import importlib.metadata
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.gpu import pack
from tests.gpu.check import ROOT
from tests.gpu.report import Report, Row, read_report

pytestmark = pytest.mark.system

# What an image with PyTorch has (of httpx the one that its hub asks for); what is installed of it is all that
# the bare machine sees.
BARE = """
absl-py accelerate aiohttp annotated-doc anyio attrs certifi charset-normalizer click cloudpickle colorama
contourpy cycler einops filelock flatbuffers fonttools frozenlist fsspec grpcio h11 hf-xet httpcore httpx
httpcore2 httpx2 truststore huggingface-hub idna jinja2 joblib kiwisolver lightning lightning-utilities
markdown-it-py markupsafe matplotlib mdurl mpmath multidict narwhals networkx numpy onnxruntime packaging
pandas pillow propcache protobuf psutil pygments pyparsing python-dateutil pytorch-lightning pytz pyyaml regex
requests rich safetensors scikit-learn scipy setuptools shellingham six sympy threadpoolctl tokenizers torch
torchaudio torchmetrics tqdm triton typer typing-extensions typing-inspect tzdata urllib3 yarl nvidia-cublas
nvidia-cuda- cupti nvidia-cuda-nvrtc nvidia-cuda-runtime nvidia-cudnn-cu13 nvidia-cufft nvidia-cufile nvidia-
curand nvidia- cusolver nvidia-cusparse nvidia-cusparselt-cu13 nvidia-nccl-cu13 nvidia-nvjitlink nvidia-
nvshmem-cu13 nvidia- nvtx cuda-bindings cuda-pathfinder cuda-toolkit
""".split()
SHARED = ("google", "nvidia")  # folders in which several packages lie


def bare_machine(folder: Path) -> Path:
    """Link the packages that an image with PyTorch has into a folder."""
    folder.mkdir()
    for name in BARE:
        try:
            files = importlib.metadata.distribution(name).files or ()
        except importlib.metadata.PackageNotFoundError:
            continue
        tops = {
            Path(*file.parts[: 2 if file.parts[0] in SHARED else 1]) for file in files if ".." not in file.parts
        }
        for top in tops - {Path("__pycache__")}:
            there = Path(str(importlib.metadata.distribution(name).locate_file(top)))
            (folder / top).parent.mkdir(exist_ok=True)
            if there.exists() and not (folder / top).exists():
                (folder / top).symlink_to(there)
    return folder


@pytest.fixture(scope="module")
def packed(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pack of this tree."""
    folder = tmp_path_factory.mktemp("pack")
    assert 20e6 < pack.pack(folder) < pack.LARGEST
    return folder


def run_there(packed: Path, tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the pack on a machine of whose packages it sees PyTorch and what comes with it."""
    packages = bare_machine(tmp_path / "bare")
    environment = {name: os.environ[name] for name in ("PATH", "TMPDIR", "OMP_WAIT_POLICY") if name in os.environ}
    environment |= {"PYTHON": f"{sys.executable} -S", "PYTHONPATH": str(packages), "HOME": str(tmp_path)}
    return subprocess.run(
        [packed / "run.sh", *arguments], env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=400
    )


def test_a_pack_checks_a_bare_machine(packed: Path, tmp_path: Path) -> None:
    """All parts, without CTranslate2, PyAV and our environment; everything is right, and written down."""
    done = run_there(packed, tmp_path, "--device", "cpu", "--short", "--out", "found")

    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / "found" / "gpu-check.json").read_text())
    rows = [Row(**row) for row in found["rows"]]
    assert {row.part for row in rows} == {"machine", "same", "times", "end to end", "faults"}
    assert found["facts"]["versions"]["ctranslate2"] == found["facts"]["versions"]["av"] == "not installed"
    assert [row for row in rows if row.right is False or row.value in ("failed", "left out")] == []
    assert sum(row.right is True for row in rows) >= 12
    assert all(f"| {row.part} | {row.what} |" in done.stdout for row in rows)
    assert list(tmp_path.glob("tmp*")) == []


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_without_a_gpu_it_says_so(tmp_path: Path) -> None:
    """Exit code 2, and the way out."""
    command = [sys.executable, "-m", "tests.gpu.check", "--out", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert "--device cpu" in done.stderr


def test_a_step_that_fails_is_a_row_and_no_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What was found before it stays, on the disk too; what there is no time for is left out."""
    report = Report(tmp_path / "found.json", time.monotonic() + 60)

    def broken() -> Iterator[Row]:
        yield Row("p", "first", 1.5, "×", 0.25, right=True)
        msg = "CUDA error: an illegal memory access\nand more"
        raise RuntimeError(msg)

    report.step("p", "broken", broken)
    assert not report.is_right
    again = read_report(report.path, 0.0)
    again.step("p", "late", broken)

    assert again.rows[:2] == report.rows
    assert [(row.what, row.value, row.right) for row in again.rows] == [
        ("first", 1.5, True),
        ("broken", "failed", False),
        ("late", "left out", None),
    ]
    assert again.rows[1].note == "RuntimeError: CUDA error: an illegal memory access"
    assert "in broken" in again.facts["tracebacks"]["p: broken"]
    assert "| p | first | 1.5 × | 25% | right |  |" in capsys.readouterr().out
