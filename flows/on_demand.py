"""What a person asks for by a form, a command or a call: one URL, simple parameters, no waiting at a terminal."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from prefect import flow, tags
from pydantic import AfterValidator, Field, SecretStr

from flows.batch import ingest_locations
from flows.home import TAG
from flows.ingest import check_named, ingest_as_run
from flows.locations import ADDRESS_OR_PATH, public_source
from flows.naming import name_of
from flows.options import Options
from flows.pipeline import Outcome, check_starts
from flows.reach import is_requested
from flows.settings import Settings
from flows.tasks import as_tasks
from transforms.records import Channels, Quality
from transforms.speech import languages
from transforms.speech.models import ASR_NAMES

# The schemas are what Prefect's API checks: what does not fit never becomes a run.
Location = Annotated[str, Field(pattern=ADDRESS_OR_PATH)]
Language = Annotated[
    str,
    AfterValidator(languages.spoken_language),
    Field(json_schema_extra={"enum": [*languages.CODES, *languages.ENGLISH_NAMES]}),
]
ModelName = Annotated[str, Field(json_schema_extra={"enum": ["auto", *ASR_NAMES]})]


def _run_name() -> str:
    """Call a run what it was asked for."""
    from prefect.runtime import flow_run

    url = flow_run.parameters["url"]
    return name_of(url.get_secret_value() if isinstance(url, SecretStr) else url, Settings().home)


def _tags() -> list[str]:
    """Return by what the automations know this run, for the runs that it makes."""
    from prefect.runtime import flow_run

    return [tag for tag in flow_run.tags or () if tag.startswith(TAG)]


@flow(name="ingest-episode", flow_run_name=_run_name, persist_result=False)
def ingest_url(
    url: Location,
    latest: Annotated[int, Field(ge=1)] = 1,
    language: Language | None = None,
    speakers: Annotated[int | None, Field(ge=1)] = None,
    diarize: bool = True,
    model: ModelName = "auto",
    device: Literal["auto", "cuda", "cpu"] = "auto",
    quality: Quality | None = None,
    channels: Channels = "mix",
) -> list[dict[str, Any]]:
    """Turn episodes into speaker turns in the warehouse.

    Args:
        url: an audio file, a feed, an episode, or a path on the machine that works, in a folder that is watched
            or allowed. Everybody who sees this server's UI sees it: give `turntable add` what holds a secret.
        latest: how many episodes of a feed, newest first.
        language: as en, de or German; without it, the audio decides.
        speakers: how many people speak, where that is known.
        diarize: find out who speaks.
        model: a name of `turntable models`; auto takes the best that the machine has.
        device: where to compute.
        quality: fast or accurate; without it, what this machine is set to.
        channels: split where each of two channels has one person.

    Raises:
        HostileError: it names a file that nobody watches or allowed.
        TurntableError: an episode failed; each was written down.
    """
    settings = Settings()
    if is_requested():
        check_named(url, (model,), settings)
    options = Options(
        model=model,
        language=language,
        device=device,
        diarize=diarize,
        speakers=(speakers, speakers) if speakers else None,
        quality=quality,
        channels=channels,
    )
    with as_tasks(), tags(*_tags()):
        check_starts(public_source(url))
        outcomes = [one for _, one in ingest_locations([url], latest, options, settings, ingest_as_run)]
    failed = [outcome for outcome in outcomes if not isinstance(outcome, Outcome)]
    if failed:
        raise failed[0]  # each was written down; the run has to show that one failed
    return [{"episode_id": o.episode_id, "turns": o.turns} for o in outcomes if isinstance(o, Outcome)]
