"""Locations as parameters of a run: all who see the server can read those, so one with a secret is veiled."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr

from flows.locations import Location, locate

# As a JSON schema has it: forms and servers refuse what does not fit before there is a run.
ADDRESS_OR_PATH = r"^(https?://[^/?#\s]\S*|[^:]+|[^:]*:[^/].*|[^:/]*/.*)$"
Address = Annotated[str, Field(pattern=ADDRESS_OR_PATH)]
SecretAddress = Annotated[SecretStr, Field(json_schema_extra={"pattern": ADDRESS_OR_PATH})]


def veiled(location: Location, *, private: bool = False) -> str | SecretStr:
    """Write a location as a parameter: of a `private` episode nobody may see it, secret or not."""
    is_shown = location.address == location.public and not private
    return location.address if is_shown else SecretStr(location.address)


def unveiled(given: str | SecretStr) -> Location:
    """Read a location that is a parameter."""
    return locate(given if isinstance(given, str) else given.get_secret_value())
