"""How an episode is to be heard."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from flows.settings import Settings
from transforms import people
from transforms.records import Channels, Episode, Podcast, Quality
from transforms.speech.device import Request

# Where a publisher offers a transcript: both; the audio only where names, times or a part are missing; never the
# audio; never the transcript.
Policy = Literal["audio-first", "transcript-first", "text-only", "audio-only"]


@dataclass(frozen=True, slots=True)
class Options:
    """How an episode is to be heard; `None` and `auto` leave it to the settings and the machine.

    `speakers` are the fewest and the most people that can be heard, `hotwords` names that may be said.
    `auto_captions` lets in captions that a machine heard. `channels` is `split` where each of two channels has one
    person: they are the speakers then.
    """

    model: str = "auto"
    language: str | None = None
    device: Request = "auto"
    diarize: bool = True
    diarization_model: str = "auto"
    speakers: tuple[int, int] | None = None
    policy: Policy = "audio-first"
    auto_captions: bool = False
    hotwords: tuple[str, ...] = ()
    quality: Quality | None = None
    channels: Channels = "mix"

    def informed(self, podcast: Podcast | None, episode: Episode) -> Options:
        """Take from the publisher whom to listen for, and how many they can be; what the user said stands."""
        return replace(
            self,
            hotwords=self.hotwords or people.names(podcast, episode),
            speakers=self.speakers or people.bounds(episode),
        )

    def filled(self, settings: Settings) -> Options:
        """Take from the settings what was not asked for."""
        return replace(
            self,
            model=settings.model if self.model == "auto" else self.model,
            device=settings.device if self.device == "auto" else self.device,
            diarization_model=(
                settings.diarization_model if self.diarization_model == "auto" else self.diarization_model
            ),
            quality=self.quality or settings.quality,
        )

    @property
    def names(self) -> tuple[str, str | None, str | None]:
        """The models that are asked for, as a user names them, and the language."""
        return self.model, self.diarization_model if self.diarize else None, self.language


def quality_of(options: Options) -> Quality:
    """Give the quality of options that are filled."""
    if options.quality is None:
        msg = "options that are not filled with the settings"
        raise ValueError(msg)
    return options.quality
