"""Published pipelines and their parts: loaded as pyannote does, and never run."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml

from tests.support.pipelines import CONFIG, write_pipeline
from transforms.errors import ContentError, HostileError, TurntableError
from transforms.speech.diarize import load_published
from transforms.speech.pyannote.recipe import build_pipeline

pytestmark = pytest.mark.system  # pyannote is imported


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A whole pipeline with random weights."""
    return write_pipeline(tmp_path / "pipeline")


class Code:
    """Makes a folder when it is unpickled."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.canary),)


def test_a_published_pipeline_is_what_pyannote_loads(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same weights, the same clustering with the same settings, ready to run."""
    monkeypatch.setenv("PYANNOTE_METRICS_ENABLED", "0")
    from pyannote.audio import Pipeline

    ours, theirs = load_published(folder, "cpu"), Pipeline.from_pretrained(folder)

    for one, other in (
        (ours._segmentation.model, theirs._segmentation.model),
        (ours._embedding.model_, theirs._embedding.model_),
    ):
        weights = other.state_dict()
        assert one.specifications == other.specifications
        assert one.state_dict().keys() == weights.keys()
        assert all(torch.equal(weight, weights[name]) for name, weight in one.state_dict().items())
    assert ours.parameters(instantiated=True) == theirs.parameters(instantiated=True)
    assert np.allclose(ours._plda.phi, theirs._plda.phi)


@pytest.mark.parametrize("part", ["segmentation", "embedding"])
def test_code_in_a_checkpoint_is_refused_and_not_run(part: str, folder: Path, tmp_path: Path) -> None:
    """One line that names the file, the code and the way out."""
    path = folder / part / "pytorch_model.bin"
    saved = torch.load(path, weights_only=False)
    torch.save({**saved, "more": Code(tmp_path / "canary")}, path)

    with pytest.raises(
        HostileError, match=rf"{part}/pytorch_model\.bin holds code \(\w+\.mkdir\).*revision is pinned"
    ):
        build_pipeline(folder)

    assert not (tmp_path / "canary").exists()


@pytest.mark.parametrize("size", [0, 100, 100_000])
def test_a_cut_checkpoint_is_said_to_be_damaged(size: int, folder: Path) -> None:
    """Empty, without its end, without anything behind its head."""
    path = folder / "segmentation" / "pytorch_model.bin"
    path.write_bytes(path.read_bytes()[:size])

    with pytest.raises(ContentError, match="is damaged, or no checkpoint"):
        build_pipeline(folder)


def test_weights_of_another_network_are_refused(folder: Path) -> None:
    """The file is sound, and does not fit what it says to be."""
    path = folder / "segmentation" / "pytorch_model.bin"
    saved = torch.load(path, weights_only=False)
    saved["state_dict"].popitem()
    torch.save(saved, path)

    with pytest.raises(ContentError, match="does not fit the network"):
        build_pipeline(folder)


def test_objects_among_the_arrays_are_refused_and_not_run(folder: Path, tmp_path: Path) -> None:
    """A PLDA is numbers."""
    path = folder / "plda" / "plda.npz"
    np.savez(path, **{**np.load(path), "mu": np.array([Code(tmp_path / "canary")], dtype=object)})

    with pytest.raises(ContentError, match="no PLDA of numbers alone"):
        build_pipeline(folder)

    assert not (tmp_path / "canary").exists()


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"pipeline": {"name": "os.mkdir", "params": {"path": "canary"}}}, HostileError, "asks for 'os.mkdir'"),
        ({"preprocessors": {"audio": {"name": "os.mkdir"}}}, HostileError, "asks for 'preprocessors'"),
        ({"pipeline": None}, ContentError, "names no pipeline"),
        ({"segmentation": "pyannote/segmentation-3.0"}, ContentError, "takes its segmentation from 'pyannote/"),
        ({"embedding": "$model/../embedding"}, ContentError, "not in its folder: put it there"),
        ({"embedding": {"checkpoint": "x/y"}}, ContentError, "not known or not of its kind ('embedding')"),
        ({"clustering": "OracleClustering"}, ContentError, "not known or not of its kind ('clustering')"),
        ({"hook": "os.mkdir"}, ContentError, "not known or not of its kind ('hook')"),
        ({"params": {"clustering": {"nonsense": 1}}}, ContentError, "does not fit its pipeline"),
    ],
)
def test_a_configuration_chooses_among_what_we_know(
    change: dict[str, Any], error: type[TurntableError], words: str, folder: Path
) -> None:
    """What is behind `pipeline` changes its parameters, the rest the file."""
    config = yaml.safe_load(CONFIG)
    if change.keys() & {"pipeline", "preprocessors", "params"}:
        config |= change
    else:
        config["pipeline"]["params"] |= change
    (folder / "config.yaml").write_text(yaml.safe_dump(config))

    with pytest.raises(error, match=re.escape(words)) as caught:
        build_pipeline(folder)

    assert "\n" not in str(caught.value)
