"""Code in every place that a model, a setting or a module can come from: how much of it ran.

Each attack would make a canary. Those on models are loaded as the engine loads them, and have to be refused with
one of our errors; those in a working folder lie there while real commands run in it, which have to end well.
"""

from __future__ import annotations

import pickle
import shutil
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from tests.chaos import working_folder
from tests.chaos.figure import Figure
from tests.conftest import DEMO, write_wav
from transforms.errors import TurntableError

Attack = Callable[[Path], object]  # is lent a folder, and loads something that it made there
SHORT = 9
CANARIES: list[Path] = []


class Code:
    """Makes a file when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return open, (str(CANARIES[-1]), "w")


class Evaluated(Code):
    """The same by way of `eval`."""

    def __reduce__(self) -> tuple[Any, ...]:
        return eval, (f"open({str(CANARIES[-1])!r}, 'w')",)


def run(*, short: bool) -> Iterator[Figure]:
    """Attack by models, then by a working folder."""
    with tempfile.TemporaryDirectory() as scratch:
        yield _by_models(Path(scratch), short=short)
        yield _by_working_folder(Path(scratch), short=short)


def _by_models(scratch: Path, *, short: bool) -> Figure:
    """Load each hostile model; what ran, and what was not refused with a line of ours."""
    from tests.support.pipelines import write_pipeline

    sound = write_pipeline(scratch / "sound")
    attacks = list(_attacks())
    chosen = attacks[:: max(len(attacks) // SHORT, 1)] if short else attacks
    got_through = []
    for number, (name, attack) in enumerate(chosen):
        folder = scratch / f"attack-{number}"
        shutil.copytree(sound, folder)
        CANARIES.append(folder / f"canary-{uuid.uuid4().hex}")
        try:
            attack(folder)
            got_through.append(f"{name}: loaded")
        except TurntableError as error:
            if "\n" in str(error):
                got_through.append(f"{name}: {error}")
        except Exception as error:
            got_through.append(f"{name}: {type(error).__name__}: {error}")
        if CANARIES[-1].exists():
            got_through.append(f"{name}: ran")
        shutil.rmtree(folder)
    return Figure("code in models: checkpoints, pipelines, arrays, caches", len(chosen), tuple(got_through), 40)


def _attacks() -> Iterator[tuple[str, Attack]]:
    for part in ("segmentation", "embedding"):
        for name, change in _CHECKPOINTS.items():
            yield f"{part}: {name}", partial(_by_checkpoint, part, change)
    for name, text in _CONFIGURATIONS.items():
        yield f"config.yaml: {name}", partial(_by_configuration, text)
    for file in ("xvec_transform.npz", "plda.npz"):
        for name, write in _ARRAYS.items():
            yield f"{file}: {name}", partial(_by_array, file, write)
    for file in ("model.bin", "tokenizer.json", "config.json"):
        yield f"whisper: {file}", partial(_by_whisper, file)
    yield "embedded: campplus", _by_campplus
    yield "embedded: another file of the same size", _by_embedded
    yield "hub: a changed cache", _by_hub
    yield "artifact: decoded samples", _by_samples


def _saved(path: Path) -> dict[str, Any]:
    import torch

    return dict(torch.load(path, weights_only=False))


def _put(key: str, saved: dict[str, Any]) -> dict[str, Any]:
    """Put code in the place of what a checkpoint has there."""
    return saved | {key: {**saved[key], "more": Code()} if isinstance(saved.get(key), dict) else Code()}


def _with_module(saved: dict[str, Any]) -> dict[str, Any]:
    """Name a module that runs when it is imported."""
    module = f"evil_{uuid.uuid4().hex}"
    (CANARIES[-1].parent / f"{module}.py").write_text(f"open({str(CANARIES[-1])!r}, 'w')")
    sys.path.append(str(CANARIES[-1].parent))
    ours = saved["pyannote.audio"]
    return saved | {"pyannote.audio": ours | {"architecture": {"module": module, "class": "Evil"}}}


def _torch_save(change: Callable[[dict[str, Any]], Any], path: Path, *, zipped: bool = True) -> None:
    import torch

    torch.save(change(_saved(path)), path, _use_new_zipfile_serialization=zipped)


def _torchscript(path: Path) -> None:
    import torch

    torch.jit.script(torch.nn.Linear(2, 2)).save(str(path))


_CHECKPOINTS: dict[str, Callable[[Path], None]] = {
    "an object beside the weights": partial(_torch_save, partial(_put, "more")),
    "among the weights": partial(_torch_save, partial(_put, "state_dict")),
    "among the hyper-parameters": partial(_torch_save, partial(_put, "hyper_parameters")),
    "as the specifications": partial(_torch_save, lambda saved: saved | {"pyannote.audio": Code()}),
    "eval": partial(_torch_save, lambda saved: saved | {"more": Evaluated()}),
    "in torch's old format": partial(_torch_save, partial(_put, "more"), zipped=False),
    "a bare pickle": lambda path: path.write_bytes(pickle.dumps(Code(), protocol=2)) and None,
    "a bare pickle of protocol 5": lambda path: path.write_bytes(pickle.dumps(Code(), protocol=5)) and None,
    "TorchScript": _torchscript,
    "a module by name": partial(_torch_save, _with_module),
}
_CONFIGURATIONS = {
    "a function": "pipeline: {name: builtins.open, params: {file: CANARY, mode: w}}",
    "a class of its own": "pipeline: {name: evil_module.Evil}",
    "another pipeline": "pipeline: {name: pyannote.audio.pipelines.MultiLabelSegmentation}",
    "a tag of YAML": "pipeline: !!python/object/apply:builtins.open [CANARY, w]",
    "preprocessors": "GOOD\npreprocessors: {audio: {name: builtins.open, params: {file: CANARY, mode: w}}}",
    "a part elsewhere": "OTHER: /etc/passwd",
    "a part above": "OTHER: $model/../attack",
    "a part of the hub": "OTHER: pyannote/segmentation-3.0",
    "a part with arguments": "OTHER: {checkpoint: $model/segmentation, strict: false}",
    "an augmentation": "GOOD\naugmentation: {transform: builtins.open}",
    "bytes": "\x80\x04canary",
}


def _array_of_objects(path: Path) -> None:
    np.savez(
        path, **{**np.load(path), "mu": np.array([Code()], dtype=object), "lda": np.array([Code()], dtype=object)}
    )


_ARRAYS: dict[str, Callable[[Path], object]] = {
    "objects": _array_of_objects,
    "a bare pickle": lambda path: path.write_bytes(pickle.dumps(Code())),
    "one array of objects": lambda path: np.save(path.open("wb"), np.array([Code()], dtype=object)),
}


def _load(folder: Path) -> object:
    from flows.engines import model_loading

    model_loading.pipeline.forget()
    return model_loading.pipeline((folder,), "cpu", "accurate")


def _by_checkpoint(part: str, change: Callable[[Path], None], folder: Path) -> object:
    change(folder / part / "pytorch_model.bin")
    return _load(folder)


def _by_configuration(text: str, folder: Path) -> object:
    good = (folder / "config.yaml").read_text()
    other = good.replace("segmentation: $model/segmentation", text.replace("OTHER", "segmentation"))
    made = other if text.startswith("OTHER") else text.replace("GOOD", good)
    (folder / "config.yaml").write_text(made.replace("CANARY", str(CANARIES[-1])), encoding="latin-1")
    return _load(folder)


def _by_array(file: str, write: Callable[[Path], object], folder: Path) -> object:
    write(folder / "plda" / file)
    return _load(folder)


def _by_whisper(file: str, folder: Path) -> object:
    """A model of CTranslate2, one file of which is a pickle; the others are those of the tests' own model."""
    from flows.engines import model_loading
    from flows.settings import Settings

    shutil.copytree(Settings().models / "tiny.en", folder / "whisper")
    (folder / "whisper" / file).write_bytes(pickle.dumps(Code()))
    model_loading.recognizer.forget()
    return model_loading.recognizer(folder / "whisper", "cpu", "int8", 1, 1)


def _by_campplus(folder: Path) -> object:
    from transforms.speech.pyannote import campplus

    (folder / "campplus.pt").write_bytes(pickle.dumps({"weights": Code()}, protocol=2))
    return campplus.load(folder / "campplus.pt")


def _by_embedded(folder: Path) -> object:
    from flows.engines.fetch_weights import get_weights
    from transforms.speech.models import MODELS

    model = MODELS["campplus"]
    code = pickle.dumps(Code(), protocol=2)
    (folder / model.name).mkdir()
    (folder / model.name / model.files[0].name).write_bytes(code + bytes(model.files[0].size - len(code)))
    return get_weights(model, folder)


def _by_hub(folder: Path) -> object:
    """The cache of the hub, in which somebody changed a file of the pinned revision."""
    from flows.engines.fetch_weights import get_weights
    from transforms.speech.models import MODELS

    model = MODELS["community-1"]
    cached = folder / "models" / "hub" / f"models--{str(model.repository).replace('/', '--')}"
    shutil.copytree(folder, cached / "snapshots" / str(model.revision), ignore=shutil.ignore_patterns("models"))
    snapshot = get_weights(model, folder / "models")
    _CHECKPOINTS["an object beside the weights"](snapshot / "embedding" / "pytorch_model.bin")
    return _load(snapshot)


def _by_samples(folder: Path) -> object:
    """An artifact: samples that are objects."""
    from transforms.errors import ContentError

    np.save(folder / "samples.npy", np.array([Code()], dtype=object))
    try:
        return np.load(folder / "samples.npy", mmap_mode="r")
    except ValueError as error:  # a payload that its manifest does not know is moved aside before this
        raise ContentError(str(error)) from error


def _by_working_folder(scratch: Path, *, short: bool) -> Figure:
    """Run commands in a hostile folder; what ran, and which command did not end well."""
    folder, canaries, home = scratch / "downloaded", scratch / "canaries", scratch / "home"
    names = working_folder.bait(folder, canaries)
    write_wav(folder / "ep.wav", 0.1 * np.random.default_rng(0).standard_normal(2 * 16_000).astype(np.float32))
    shutil.copy(DEMO / "why-a-record-turns.vtt", folder / "ep.vtt")
    commands: list[tuple[str, ...]] = [("ingest", "ep.wav", "--model", "tiny.en"), ("sql", "select 1 as one")]
    if not short:
        commands += [
            ("import", "ep.vtt"),
            ("import", "--explain", "ep.vtt"),
            ("doctor",),
            ("models",),
            ("models", "fetch", "tiny.en"),
            ("status",),
            ("poll",),
            ("reparse",),
            ("verify",),
            ("rebuild",),
        ]
    got_through = []
    for arguments in commands:
        line = working_folder.stand_in(folder, home, *arguments)
        got_through += [f"{arguments[0]}: {line}"] if line else []
        got_through += [f"{arguments[0]}: {name} ran" for name in working_folder.ran(canaries)]
        for canary in canaries.iterdir():
            canary.unlink() if canary.is_file() else shutil.rmtree(canary)
    if not short:
        with working_folder.serving(folder, scratch / "served"):
            if not working_folder.wait_for(scratch / "served" / "artifacts" / "stage", "*/*/manifest.json", 300):
                got_through.append("serve: it never took in what lies in the folder that it watches")
        got_through += [f"serve: {name} ran" for name in working_folder.ran(canaries)]
    tried = len(names) * (len(commands) + (not short))
    return Figure("code and settings in the working folder", tried, tuple(got_through), 300, f"{len(names)} baits")
