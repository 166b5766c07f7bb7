"""The second look at a text that was aligned: its words that were heard otherwise are looked for in the audio.

It needs the samples and the model that heard the episode; without them the alignment stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from pydantic import TypeAdapter

from flows.artifacts import Artifact, Made, Recipe, Store, stage_key
from flows.engines import model_server
from flows.engines.fetch_weights import is_there
from flows.engines.read_along import read_clips
from flows.episode.later_stages.told import Document
from flows.home import clock
from flows.payloads import read_json
from flows.runs import StageFailed, record, say
from flows.settings import Settings
from transforms.alignment import Alignment, forcing, rows
from transforms.alignment.forcing import Sides, clips_of
from transforms.errors import Interrupted, SourceError, one_line
from transforms.speech.device import Request
from transforms.speech.models import MODELS, Model, find_model

ALIGNMENT = TypeAdapter(Alignment)
N_CLIPS = "clips"  # the fact of an alignment that says how many are worth it

Samples = Callable[[], tuple[Artifact, ...]]


def sides_of(text: Document, heard: Document, alignment: Alignment) -> Sides:
    """Bring together what was aligned, and what came of it."""
    written, spoken = text.row, heard.row
    language = spoken["transcript"]["language"] or written["transcript"]["language"]
    seconds = spoken["rendition"]["decoded_seconds"]
    return Sides(rows.words_of(written), rows.heard_words(spoken), language, seconds, alignment)


def force(
    store: Store, settings: Settings, aligned: Artifact, text: Document, heard: Document, samples: Samples
) -> Artifact:
    """Give words of a text that were heard otherwise the times at which they are said; payload: an `Alignment`.

    `samples` finds the audio that was heard. Where nothing is to be looked for, or nothing to do it with, it is
    `aligned`. What goes wrong is written down, and costs no more than these times.
    """
    started_at, model = clock.now(settings.home), _model(heard, settings)
    if not aligned.manifest.facts.get(N_CLIPS) or model is None or _samples_sha256(heard) is None:
        return aligned
    recipe = _recipe(aligned, text, heard, model)
    done = store.find("align", stage_key("align", **recipe))
    if done is not None:
        return done
    audio = samples()
    if len(audio) != 1 or not is_there(model, settings.models):
        return aligned

    def compute(_: Path) -> Made:
        sides = sides_of(text, heard, read_json(ALIGNMENT, aligned))
        clips, language = clips_of(sides), heard.row["transcript"]["language"] or "en"
        arguments = audio[0], clips, language, model, _device(heard, settings), settings
        read, device = (model_server.read_clips if model_server.is_set() else read_clips)(
            *arguments, lambda _: None, say
        )
        found = forcing.with_read(sides, list(zip(clips, read, strict=True)))
        return Made(ALIGNMENT.dump_json(found), model=model.name, device=device, facts=aligned.manifest.facts)

    try:
        return store.make("align", compute, suffix=".json", **recipe)
    except Interrupted:
        raise
    except Exception as error:
        episode_id = heard.row["episode"]["episode_id"]
        record(StageFailed("align", started_at, error), episode_id, episode_id, settings, load=False)
        origin = text.row["transcript"]["origin"]
        say(f"words of {origin} that were heard otherwise have no times: {one_line(error)}")
        return aligned


def _recipe(aligned: Artifact, text: Document, heard: Document, model: Model) -> Recipe:
    inputs = {"align": aligned.sha256, "text": text.base.sha256, "heard": heard.base.sha256}
    return {
        "method": forcing.METHOD,
        "inputs": {**inputs, "samples": str(_samples_sha256(heard))},
        "parameters": {"model": model.identity},
    }


def _samples_sha256(heard: Document) -> str | None:
    """Return the hash of the samples that were heard; `None` of two channels, which have each their own."""
    decoded = [sha256 for name, sha256 in heard.base.manifest.inputs.items() if name.startswith("decode")]
    return decoded[0] if len(decoded) == 1 else None


def _model(heard: Document, settings: Settings) -> Model | None:
    """Find the model that heard an episode: one that everybody has, or the user's own."""
    name = heard.row["transcript"]["model"]
    if name in MODELS:
        return MODELS[name]
    with suppress(SourceError):
        own = find_model(settings.model, "asr") if settings.model != "auto" else None
        return own if own and own.name == name else None
    return None


def _device(heard: Document, settings: Settings) -> Request:
    """Say where to look: what was heard on a CPU is looked at there."""
    ran_on = next((one["device"] for one in heard.row["stage_runs"] if one["stage"] == "transcribe"), None)
    return "cpu" if ran_on and ran_on.startswith("cpu") else settings.device
