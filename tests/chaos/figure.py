"""What a module of attacks says at its end."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """How many attacks were tried, and a line for each that got through or did harm.

    `wanted` is how many the whole form has to try; `measured` says in words what else was seen, such as the
    largest memory.
    """

    what: str
    tried: int
    got_through: tuple[str, ...]
    wanted: int
    measured: str = ""
