"""How an episode is to be heard."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from flows.settings import Settings
from transforms.speech.device import Request

# Where a publisher offers a transcript: both; the audio only where names, times or a part are missing; never the
# audio; never the transcript.
Policy = Literal["audio-first", "transcript-first", "text-only", "audio-only"]


@dataclass(frozen=True, slots=True)
class Options:
    """How an episode is to be heard; `None` and `auto` leave it to the settings and the machine.

    `speakers` are the fewest and the most people that can be heard.
    """

    model: str = "auto"
    language: str | None = None
    device: Request = "auto"
    diarize: bool = True
    diarization_model: str = "auto"
    speakers: tuple[int, int] | None = None
    policy: Policy = "audio-first"

    def filled(self, settings: Settings) -> Options:
        """Take from the settings what was not asked for."""
        return replace(
            self,
            model=settings.model if self.model == "auto" else self.model,
            device=settings.device if self.device == "auto" else self.device,
            diarization_model=(
                settings.diarization_model if self.diarization_model == "auto" else self.diarization_model
            ),
        )
