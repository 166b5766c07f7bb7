"""Networks of pyannote.audio, read from their checkpoints as data: nothing in a file is run.

pyannote's own loader unpickles whatever a file holds, and imports the module that it names: a checkpoint is code.
Importing this module imports torch and pyannote.audio: do it inside a function.
"""

from __future__ import annotations

import inspect
import pickle
import re
import warnings
from pathlib import Path
from typing import Any

import torch
from pyannote.audio import Model
from pyannote.audio.core.task import Problem, Resolution, Specifications
from pyannote.audio.models.embedding import wespeaker
from pyannote.audio.models.segmentation import PyanNet
from torch.torch_version import TorchVersion

from transforms.errors import ContentError, HostileError
from transforms.speech.device import is_device_failure

# What a checkpoint may name. The others of pyannote's networks fetch or load more by themselves.
NETWORKS = {
    network.__name__: network
    for network in (
        PyanNet,
        wespeaker.WeSpeakerResNet34,
        wespeaker.WeSpeakerResNet152,
        wespeaker.WeSpeakerResNet221,
        wespeaker.WeSpeakerResNet293,
    )
}
_DATA = (Specifications, Problem, Resolution, TorchVersion)  # beside numbers and text
SAFE = (
    "take `turntable ingest --diarization-model community-1`, whose revision is pinned, or weights that you trust"
)
_FOREIGN = re.compile(r"GLOBAL ([\w.]+)")  # of torch's message
_UNFIT = (LookupError, TypeError, ValueError, AttributeError, AssertionError)


def load_network(path: Path) -> Model:
    """Load a network, ready to be used, on the CPU.

    Raises:
        HostileError: the file holds more than weights, which would run as code.
        ContentError: it is no checkpoint of a network that we know.
    """
    saved = read_checkpoint(path)
    try:
        name = saved["pyannote.audio"]["architecture"]["class"]
        if name not in NETWORKS:
            msg = f"{path} holds a {name}, which is not loaded: give one of {', '.join(NETWORKS)}"
            raise ContentError(msg)
        known = inspect.signature(NETWORKS[name]).parameters.keys() - {"task"}
        network = NETWORKS[name](**{k: v for k, v in saved["hyper_parameters"].items() if k in known})
        network.on_load_checkpoint(saved)  # sets the specifications and builds the last layer
        # the loss of the training may have weights too
        weights = {k: v for k, v in saved["state_dict"].items() if not k.startswith("loss_func")}
        network.load_state_dict(weights)
    except (RuntimeError, *_UNFIT) as error:
        if is_device_failure(error):
            raise
        msg = f"{path} does not fit the network that it names ({type(error).__name__}): {SAFE}"
        raise ContentError(msg) from error
    return network.eval()


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Read the numbers and texts of a checkpoint.

    Raises:
        HostileError, ContentError: as `load_network`.
    """
    try:
        with torch.serialization.safe_globals(list(_DATA)), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what is refused anyway
            saved = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, *_UNFIT) as error:
        if is_device_failure(error):
            raise
        code = "TorchScript" if "TorchScript" in str(error) else next(iter(_FOREIGN.findall(str(error))), None)
        if code is None:
            msg = f"{path} is damaged, or no checkpoint that holds only weights: {SAFE}"
            raise ContentError(msg) from error
        msg = f"{path} holds code ({code}) and not only weights, so it is refused: {SAFE}"
        raise HostileError(msg) from error
    if not isinstance(saved, dict):
        msg = f"{path} is no checkpoint of pyannote.audio: {SAFE}"
        raise ContentError(msg)
    return saved
