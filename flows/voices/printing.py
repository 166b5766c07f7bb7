"""A staged transcript and its audio → the voiceprints of its labels, as an artifact (stage `voiceprint`)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from flows.artifacts import Artifact, Made, Manifest, Store
from flows.engines import model_loading
from flows.engines.fetch_weights import get_weights
from flows.episode.later_stages.decoded import Decoded
from flows.payloads import DIARIZATION, read_json, read_samples
from flows.runs import say
from flows.settings import Settings
from transforms.audio import decoding
from transforms.errors import SourceError
from transforms.records import SpeakerSegment
from transforms.speech.device import cpu_threads, use_threads
from transforms.speech.models import MODELS
from transforms.voices import prints
from transforms.voices.prints import Voiceprint
from transforms.voices.stretches import Stretch, clean_stretches
from warehouse.loading.staging import read_transcript

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

STAGE = "voiceprint"
_PRINTS = TypeAdapter(dict[str, Voiceprint])
_MODEL = MODELS["campplus"]

Prints = dict[str, Voiceprint]  # by label


def make_prints(
    settings: Settings, transcript_id: str, heard: Artifact, decoded: Decoded, silenced: Collection[str] = ()
) -> Artifact | None:
    """Make the voiceprints of a transcript of our own; payload: `Voiceprint` by label, as JSON.

    `heard` is its document as it was staged first, `silenced` are labels of people who are not to be known. Where
    the audio is gone, what the diarization kept of each voice stands in for it; `None` where that is gone, too.
    """
    store, inputs = Store(settings.home), heard.manifest.inputs

    def compute(_: Path) -> Made:
        stretches = _stretches(heard, silenced)
        found = _of_audio(settings, store, heard, decoded, stretches)
        if found is None:
            found = _of_diarization(store, heard, stretches)
        facts = {"voices": len(found), "prints": sum(one.vector is not None for one in found.values())}
        return Made(_PRINTS.dump_json(found), model=_MODEL.name, device="cpu", facts=facts)

    try:
        return store.make(
            STAGE,
            compute,
            method=prints.METHOD,
            suffix=".json",
            inputs={name: inputs[name] for name in sorted(inputs) if name.startswith(("decode", "diarize"))},
            parameters=_parameters(transcript_id, silenced),
        )
    except SourceError:
        return None


def read_prints(store: Store) -> dict[str, Prints]:
    """Read the voiceprints of this model and method, by transcript."""
    found: dict[str, Prints] = {}
    for manifest in store.manifests(STAGE):
        if manifest.method == prints.METHOD and manifest.parameters["model"] == _MODEL.identity:
            artifact = store.find(STAGE, manifest.key)
            if artifact is not None:
                found[manifest.parameters["transcript_id"]] = read_json(_PRINTS, artifact)
    return found


def silence(store: Store, silenced: Mapping[str, Collection[str]]) -> int:
    """Erase the voiceprints of labels, by transcript, those of older methods and models too; how many."""
    erased = 0
    for manifest in list(store.manifests(STAGE)):
        out = silenced.get(manifest.parameters["transcript_id"], ())
        artifact = store.find(STAGE, manifest.key) if set(out) - {*manifest.parameters["without"]} else None
        if artifact is not None:
            known = read_json(_PRINTS, artifact)
            left = {label: one for label, one in known.items() if label not in out}
            _write_left(store, manifest, left, out)
            store.delete(artifact.path.parent)
            erased += len(known) - len(left)
    return erased


def erase(store: Store, transcript_id: str) -> None:
    """Erase the voiceprints of a transcript; who needs them makes them again."""
    for manifest in list(store.manifests(STAGE)):
        if manifest.parameters["transcript_id"] == transcript_id:
            store.delete(store.folder(STAGE, manifest.key))


def _write_left(store: Store, before: Manifest, left: Prints, silenced: Collection[str]) -> None:
    """Keep what is left under the key that it would have had without the silenced labels."""
    made = Made(_PRINTS.dump_json(left), model=before.model, device=before.device, facts={"voices": len(left)})
    without = sorted({*before.parameters["without"], *silenced})
    store.make(
        STAGE,
        lambda _: made,
        method=before.method,
        suffix=".json",
        inputs=before.inputs,
        parameters={**before.parameters, "without": without},
    )


def _parameters(transcript_id: str, silenced: Collection[str]) -> dict[str, Any]:
    return {"transcript_id": transcript_id, "model": _MODEL.identity, "without": sorted(silenced)}


def _stretches(heard: Artifact, silenced: Collection[str]) -> dict[str, list[Stretch]]:
    """Find where each label speaks alone."""
    rows = read_transcript(heard.path)["speaker_segments"]
    segments = [SpeakerSegment(row["start_time"], row["end_time"], row["speaker_label"]) for row in rows]
    labels = sorted({segment.speaker for segment in segments} - set(silenced))
    return {label: clean_stretches(segments, label) for label in labels}


def _of_audio(
    settings: Settings, store: Store, heard: Artifact, decoded: Decoded, stretches: Mapping[str, list[Stretch]]
) -> dict[str, Voiceprint] | None:
    """Make the prints of what can be heard; `None` where the audio is gone."""
    with _audio(store, heard, decoded) as channels:
        if not channels:
            return None
        embed = model_loading.voice_embedding(get_weights(_MODEL, settings.models, say=say))
        use_threads(cpu_threads())
        return {label: prints.make_print(channels, own, embed) for label, own in stretches.items()}


@contextmanager
def _audio(store: Store, heard: Artifact, decoded: Decoded) -> Iterator[list[NDArray[np.int16]]]:
    """Lend the audio of a transcript: as it was decoded, else decoded for the moment; nothing where it is gone."""
    if found := decoded.of(heard.manifest):
        yield [read_samples(one) for one in found]
        return
    fetched = store.of_payload("fetch", heard.manifest.inputs.get("fetch"))
    if fetched is None or "decode-1" in heard.manifest.inputs:
        yield []
        return
    with store.scratch() as scratch:
        yield [decoding.decode(fetched.path, "the audio", into=scratch / "samples.npy").samples]


def _of_diarization(
    store: Store, heard: Artifact, stretches: Mapping[str, list[Stretch]]
) -> dict[str, Voiceprint]:
    """Take what the diarization kept of the voices, under the labels that they have in the transcript.

    Raises:
        SourceError: it is gone, or embeds voices in another way.
    """
    diarized = store.of_payload("diarize", heard.manifest.inputs.get("diarize"))
    if diarized is None or _MODEL.identity not in diarized.manifest.parameters.get("models", ()):
        msg = "neither the audio nor the voices of its diarization are there"
        raise SourceError(msg)
    found = read_json(DIARIZATION, diarized)
    rows = read_transcript(heard.path)["speaker_segments"]
    labels = {one.speaker: row["speaker_label"] for one, row in zip(found.segments, rows, strict=True)}
    voices = {labels[label]: voice for label, voice in found.voices.items() if label in labels}
    return {label: prints.print_of(voices[label], own) for label, own in stretches.items() if label in voices}
