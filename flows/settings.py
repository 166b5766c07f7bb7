"""What a user may set: `TURNTABLE_*` variables, and `turntable.toml` in the working folder."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from platformdirs import user_cache_path, user_data_path
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from transforms.records import Quality


class Settings(BaseSettings):
    """The settings of one machine. Order: arguments, environment, `turntable.toml` of the working folder."""

    model_config = SettingsConfigDict(env_prefix="TURNTABLE_", toml_file="turntable.toml", extra="forbid")

    home: Path = Field(default_factory=lambda: user_data_path("turntable"))
    models: Path = Field(default_factory=lambda: user_cache_path("turntable") / "models")
    model: str = "auto"
    diarization_model: str = "auto"
    device: Literal["auto", "cuda", "cpu"] = "auto"
    quality: Quality = "accurate"
    hf_token: SecretStr | None = Field(default=None, description="a Hugging Face token; HF_TOKEN is read too")
    allow: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="private hosts and networks that may be fetched from, as 10.0.0.0/8,nas.local"
    )
    longest_download: float = Field(
        default=180, gt=0, description="minutes that the audio of one episode may take to come"
    )

    load: Literal["inline", "elsewhere"] = Field(
        default="inline", description="elsewhere: this machine only stages, and load-staged loads on another one"
    )
    proxy: SecretStr | None = Field(
        default=None, description="a proxy that fetches for us, http://host:port; no other one is ever asked"
    )

    @field_validator("allow", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(filter(None, value.split(","))) if isinstance(value, str) else value

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
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @cached_property
    def warehouse(self) -> Path:
        """The database that only the loader opens."""
        return self.home / "warehouse" / "warehouse.duckdb"

    @cached_property
    def snapshot(self) -> Path:
        """The read-only database for people and tools."""
        return self.home / "turntable.duckdb"
