"""Standard output and error as a stranger's words meet them: shown, never obeyed."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any, TextIO

from transforms.text import visible


class Screen:
    """A stream on its way to a person: control characters that come through it are made visible."""

    def __init__(self, beneath: TextIO) -> None:
        self.beneath = beneath

    def write(self, text: str) -> int:
        """Write text; lines and tabs stay."""
        self.beneath.write(visible(text, keep="\n\t"))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write several texts."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.beneath, name)


def guard() -> None:
    """Let all that this process prints from now on pass through a `Screen`; who draws asks for it `unguarded`."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if (stream.encoding or "ascii").lower() in ("ascii", "us-ascii", "ansi_x3.4-1968"):
            stream.reconfigure(encoding="utf-8")  # else typer writes beside it, in UTF-8 all the same
        setattr(sys, name, Screen(stream))


def unguarded(stream: TextIO) -> TextIO:
    """Return the stream beneath a `Screen`, for what moves the cursor itself and shows no stranger's words."""
    return stream.beneath if isinstance(stream, Screen) else stream
