"""What a user may set: `TURNTABLE_*` variables, and `turntable.toml` in the user's configuration folder."""

from __future__ import annotations

import grp
import os
import re
import tomllib
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from platformdirs import user_cache_path, user_config_path, user_data_path
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from flows.home.inventory import snapshot_of
from flows.http.reach import Reach
from transforms.errors import SourceError
from transforms.feed import identity
from transforms.records import Channels, Episode, Quality
from transforms.speech.device import EngineRequest, Request

# What stands below it is found by adding to it, and what it says is in messages.
_PAGES = re.compile(r"(?i:https?)://[^\s/?#@<>\"]+(/[^\s?#<>\"]*)?")


def settings_file() -> Path:
    """Name the file of settings: the one of `--config` or `TURNTABLE_CONFIG`, else the user's own.

    Raises:
        SourceError: the named one is not there.
    """
    named = os.environ.get("TURNTABLE_CONFIG")
    if not named:
        return user_config_path("turntable") / "turntable.toml"
    path = Path(named).expanduser()
    if not path.is_file():
        msg = f"no such file of settings: {path} (--config or TURNTABLE_CONFIG names it)"
        raise SourceError(msg)
    return path


def _from_file() -> dict[str, Any]:
    """Read the file of settings; the relative paths in it begin at its folder.

    Raises:
        OSError, ValueError: it is there, and cannot be read.
    """
    path = settings_file()
    found = tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    paths = {name: Path(value).expanduser() for name, value in found.items() if _is_path(name, value)}
    return found | {name: str(path.parent / value) for name, value in paths.items()}


def _is_path(name: str, value: object) -> bool:
    """Check whether a setting names a folder: `home` and `models` always do, a model where it has a slash."""
    is_model = name in ("model", "diarization_model")
    return isinstance(value, str) and (name in ("home", "models") or (is_model and os.sep in value))


class Settings(BaseSettings):
    """The settings of one machine. Order: arguments, environment, the file of `settings_file`."""

    model_config = SettingsConfigDict(env_prefix="TURNTABLE_", extra="forbid", hide_input_in_errors=True)

    home: Path = Field(default_factory=lambda: user_data_path("turntable"))
    models: Path = Field(default_factory=lambda: user_cache_path("turntable") / "models")
    model: str = "auto"
    diarization_model: str = "auto"
    device: Literal["auto", "cuda", "cpu"] = "auto"
    engine: EngineRequest = Field(
        default="auto",
        description="what writes words on a GPU: ctranslate2, torch, or auto, the first of them that works",
    )
    quality: Quality = "accurate"
    hf_token: SecretStr | None = Field(default=None, description="a Hugging Face token; HF_TOKEN is read too")
    allow: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="private hosts and networks that may be fetched from, as 10.0.0.0/8,nas.local"
    )
    folders: Annotated[tuple[Path, ...], NoDecode] = Field(
        default=(),
        description="folders whose files may be named in requests to a server, as /srv/audio:/srv/texts",
    )
    directory: str = Field(
        default="https://itunes.apple.com",
        description="the directory that knows shows by name, as Apple's answers",
    )
    podping: str | None = Field(
        default=None, description="a node of Hive whose podpings `serve` listens to, as https://api.hive.blog"
    )
    pages_url: str | None = Field(
        default=None, description="where the pages of `report` are published, as https://example.org/pages"
    )
    longest_download: float = Field(
        default=180, gt=0, description="minutes that the audio of one episode may take to come"
    )

    keep_audio: float = Field(
        default=90, ge=0, description="days that the audio of a finished episode is kept; inf: for ever"
    )
    keep_samples: float = Field(
        default=7, ge=0, description="days that its decoded samples are kept; inf: for ever"
    )

    load: Literal["inline", "elsewhere"] = Field(
        default="inline", description="elsewhere: this machine only stages, and load-staged loads on another one"
    )
    semantic: bool = Field(
        default=False, description="make vectors of what is said, for `turntable search --semantic`"
    )
    snapshot_group: str | None = Field(
        default=None, description="a group, by name or number, that may read the snapshot; nobody else may"
    )
    proxy: SecretStr | None = Field(
        default=None, description="a proxy that fetches for us, http://host:port; no other one is ever asked"
    )

    @field_validator("allow", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(filter(None, value.split(","))) if isinstance(value, str) else value

    @field_validator("folders", mode="before")
    @classmethod
    def _split_paths(cls, value: object) -> object:
        return tuple(filter(None, value.split(os.pathsep))) if isinstance(value, str) else value

    @field_validator("home", "models")
    @classmethod
    def _expand(cls, value: Path) -> Path:
        return value.expanduser()

    @field_validator("snapshot_group")
    @classmethod
    def _is_group(cls, value: str | None) -> str | None:
        try:
            _ = value and _gid(value)
        except KeyError as error:
            msg = f"no group is called {value}"
            raise ValueError(msg) from error
        return value

    @field_validator("pages_url")
    @classmethod
    def _is_web(cls, value: str | None) -> str | None:
        if value and not _PAGES.fullmatch(value):
            msg = "an address of pages is written https://host/path, without a password, a query or a #"
            raise ValueError(msg)
        return value

    @field_validator("proxy")
    @classmethod
    def _is_http_proxy(cls, value: SecretStr | None) -> SecretStr | None:
        if value and not value.get_secret_value().startswith(("http://", "https://")):
            msg = "a proxy is written http://host:port"
            raise ValueError(msg)
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic passes it by name
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read arguments, then the environment, then the file."""
        return init_settings, env_settings, InitSettingsSource(settings_cls, _from_file())

    @property
    def snapshot_gid(self) -> int | None:
        """The number of the group that may read the snapshot."""
        return _gid(self.snapshot_group) if self.snapshot_group else None

    @cached_property
    def reach(self) -> Reach:
        """Whom everything that this machine fetches may reach, and how."""
        return Reach(self.allow, self.proxy.get_secret_value() if self.proxy else None)

    @cached_property
    def warehouse(self) -> Path:
        """The database that only the loader opens."""
        return self.home / "warehouse" / "warehouse.duckdb"

    @cached_property
    def snapshot(self) -> Path:
        """The read-only database for people and tools."""
        return snapshot_of(self.home)


def _gid(group: str) -> int:
    return int(group) if group.isdecimal() else grp.getgrnam(group).gr_gid


# How an episode is to be heard.


# Where a publisher offers a transcript: both; the audio only where names, times or a part are missing; never the
# audio; never the transcript.
Policy = Literal["audio-first", "transcript-first", "text-only", "audio-only"]


@dataclass(frozen=True, slots=True)
class Said:
    """What the user says of an episode; `None` leaves it to its feed, its own words or its tags."""

    show: Annotated[str | None, Field(description="Name of the show.")] = None
    title: Annotated[str | None, Field(description="Title of the episode.")] = None
    url: Annotated[str | None, Field(description="Page of the episode.")] = None
    date: Annotated[str | None, Field(description="When it was published, as 2026-10-05.")] = None


@dataclass(frozen=True, slots=True)
class Options:
    """How an episode is to be heard; `None` and `auto` leave it to the settings and the machine.

    `speakers` are the fewest and the most people that can be heard, `hotwords` names that may be said.
    `auto_captions` lets in captions that a machine heard. `channels` is `split` where each of two channels has one
    person: they are the speakers then. `said` is what the user says of the episode itself.
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
    said: Said = Said()

    def informed(self, episode: Episode) -> Options:
        """Take from the publisher how many can be heard; what the user said stands.

        Whom he names is no hint for the recogniser: on episodes with truth it gained nothing.
        """
        return replace(self, speakers=self.speakers or identity.bounds(episode))

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
    """Return the quality of options that are filled."""
    if options.quality is None:
        msg = "options that are not filled with the settings"
        raise ValueError(msg)
    return options.quality
