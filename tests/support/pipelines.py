"""A published pipeline of pyannote.audio in a folder, laid out as community-1 is; its weights are random."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from pyannote.audio import Model
from pyannote.audio.core.task import Problem, Resolution, Specifications
from pyannote.audio.models.embedding import WeSpeakerResNet34
from pyannote.audio.models.segmentation import PyanNet

CONFIG = """
dependencies:
  pyannote.audio: 4.0.0
pipeline:
  name: pyannote.audio.pipelines.SpeakerDiarization
  params:
    clustering: VBxClustering
    segmentation: $model/segmentation
    segmentation_batch_size: 32
    embedding: $model/embedding
    embedding_batch_size: 32
    embedding_exclude_overlap: true
    plda: $model/plda
params:
  clustering: {threshold: 0.6, Fa: 0.07, Fb: 0.8}
  segmentation: {min_duration_off: 0.0}
"""


def write_pipeline(folder: Path) -> Path:
    """Write configuration, segmentation, embedding and PLDA, each as pyannote writes it."""
    torch.manual_seed(0)
    segmentation = PyanNet(sincnet={"stride": 10}, linear={"hidden_size": 16, "num_layers": 1})
    segmentation.specifications = Specifications(
        problem=Problem.MONO_LABEL_CLASSIFICATION,
        resolution=Resolution.FRAME,
        duration=10.0,
        classes=["speaker#1", "speaker#2", "speaker#3"],
        powerset_max_classes=2,
        permutation_invariant=True,
    )
    segmentation.build()
    write_checkpoint(segmentation, folder / "segmentation")
    embedding = WeSpeakerResNet34()
    embedding.specifications = Specifications(
        problem=Problem.REPRESENTATION, resolution=Resolution.CHUNK, duration=5.0
    )
    write_checkpoint(embedding, folder / "embedding")
    write_plda(folder / "plda")
    (folder / "config.yaml").write_text(CONFIG)
    return folder


def write_checkpoint(network: Model, folder: Path) -> None:
    """Write a checkpoint as Lightning does."""
    saved = {"state_dict": network.state_dict(), "hyper_parameters": dict(network.hparams)}
    network.on_save_checkpoint(saved)
    folder.mkdir(parents=True)
    torch.save({**saved, "pytorch-lightning_version": "2.6.0"}, folder / "pytorch_model.bin")


def write_plda(folder: Path, dimension: int = 256, reduced: int = 128) -> None:
    """Write a PLDA of random numbers."""
    rng = np.random.default_rng(0)
    folder.mkdir(parents=True)
    np.savez(
        folder / "xvec_transform.npz",
        mean1=rng.standard_normal(dimension),
        mean2=rng.standard_normal(reduced),
        lda=rng.standard_normal((dimension, reduced)),
    )
    np.savez(
        folder / "plda.npz",
        mu=rng.standard_normal(reduced),
        tr=np.eye(reduced) + rng.standard_normal((reduced, reduced)) / 100,
        psi=np.linspace(3, 0.5, reduced),
    )
