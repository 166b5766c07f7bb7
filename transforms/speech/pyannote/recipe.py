"""A published pipeline of pyannote.audio from its folder: what its `config.yaml` says, and its parts.

pyannote's own loader imports any class that the file names, and fetches what is not there from the hub as it is
today. Here the file chooses among what we know, and everything comes out of the folder.

Importing this module imports torch and pyannote.audio: do it inside a function.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from pyannote.audio.core.plda import PLDA
from pyannote.audio.pipelines.speaker_diarization import SpeakerDiarization

from transforms.errors import ContentError, HostileError
from transforms.speech.pyannote.checkpoint import SAFE, load_network

_NAMES = tuple(f"pyannote.audio.pipelines.{name}SpeakerDiarization" for name in ("", "speaker_diarization."))
_PARTS = ("segmentation", "embedding", "plda")
_NUMBERS = (
    *("segmentation_step", "segmentation_batch_size"),
    *("embedding_batch_size", "embedding_exclude_overlap"),
)
_CLUSTERINGS = ("AgglomerativeClustering", "KMeansClustering", "VBxClustering")
_SECTIONS = ("version", "dependencies", "pipeline", "params")
LARGEST = 100_000  # bytes of a configuration; the published ones have 600


def build_pipeline(folder: Path) -> SpeakerDiarization:
    """Build the pipeline that a folder describes.

    Raises:
        HostileError: its configuration or a part names code.
        ContentError: it is no pipeline that we know, or a part is missing or damaged.
    """
    path = folder / "config.yaml"
    config = _read(path)
    given = _parameters(path, config)
    clustering = given.get("clustering", "VBxClustering")
    try:
        pipeline = SpeakerDiarization(
            segmentation=load_network(_part(folder, given, "segmentation")),
            embedding=load_network(_part(folder, given, "embedding")),
            # only VBx reads one; without one, the constructor fetches it from the hub
            plda=_plda(_part(folder, given, "plda")) if clustering == "VBxClustering" else object.__new__(PLDA),
            clustering=clustering,
            **{name: given[name] for name in _NUMBERS if name in given},
        )
        if isinstance(config.get("params"), dict):
            pipeline.instantiate(config["params"])
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        msg = f"{path} does not fit its pipeline ({type(error).__name__}: {error}): {SAFE}"
        raise ContentError(msg) from error
    return pipeline


def _read(path: Path) -> dict[str, Any]:
    """Read a configuration; what it names is one of what we know.

    Raises:
        HostileError, ContentError: as `build_pipeline`.
    """
    try:
        with path.open("rb") as file:
            config = yaml.safe_load(file.read(LARGEST))
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
        msg = f"{path} is no configuration of a pipeline ({type(error).__name__}): {SAFE}"
        raise ContentError(msg) from error
    if not isinstance(config, dict) or not isinstance(config.get("pipeline"), dict):
        msg = f"{path} names no pipeline: {SAFE}"
        raise ContentError(msg)
    name = config["pipeline"].get("name")
    if name not in _NAMES:
        msg = (
            f"{path} asks for {str(name)[:80]!r}, not for pyannote's SpeakerDiarization, so it is refused: {SAFE}"
        )
        raise HostileError(msg)
    strange = [str(key)[:40] for key in config if key not in _SECTIONS]
    if strange:  # `preprocessors` are classes by name
        msg = f"{path} asks for {strange[0]!r}, which can be code, so it is refused: {SAFE}"
        raise HostileError(msg)
    return config


def _parameters(path: Path, config: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what the pipeline is built with: numbers, names of parts, one of the clusterings.

    Raises:
        ContentError: something else.
    """
    given = config["pipeline"].get("params") or {}
    wrong = [
        str(name)[:40]
        for name, value in (given.items() if isinstance(given, dict) else [("params", given)])
        if not (
            (name in _PARTS and isinstance(value, str))
            or (name in _NUMBERS and isinstance(value, bool | int | float))
            or (name == "clustering" and value in _CLUSTERINGS)
        )
    ]
    if wrong:
        msg = f"{path} has a parameter that is not known or not of its kind ({wrong[0]!r}): {SAFE}"
        raise ContentError(msg)
    return dict(given)


def _part(folder: Path, given: Mapping[str, Any], name: str) -> Path:
    """Find the file or folder of a part, which lies in the folder of the pipeline.

    Raises:
        ContentError: it does not.
    """
    asked = str(given.get(name, f"$model/{name}"))
    inside = Path(asked.removeprefix("$model/").partition("@")[0])
    path = folder / inside
    if inside.is_absolute() or ".." in inside.parts or not path.exists():
        there = folder / "config.yaml"
        msg = f"{there} takes its {name} from {asked[:80]!r}, which is not in its folder: put it there"
        raise ContentError(msg)
    if name == "plda" or path.is_file():
        return path
    if not (path / "pytorch_model.bin").is_file():
        msg = f"{path} holds no pytorch_model.bin: {SAFE}"
        raise ContentError(msg)
    return path / "pytorch_model.bin"


def _plda(folder: Path) -> PLDA:
    """Read a PLDA; numpy reads arrays of numbers and unpickles nothing.

    Raises:
        ContentError: it is none.
    """
    try:
        return PLDA(folder / "xvec_transform.npz", folder / "plda.npz")
    except (
        OSError,
        EOFError,
        LookupError,
        TypeError,
        ValueError,
        zipfile.BadZipFile,
        np.linalg.LinAlgError,
    ) as error:
        msg = f"{folder} holds no PLDA of numbers alone ({type(error).__name__}): {SAFE}"
        raise ContentError(msg) from error
