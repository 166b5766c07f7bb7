"""The short form of `make chaos`: a few attacks of each kind, and none gets through."""

from __future__ import annotations

import importlib

import pytest

from tests.chaos.__main__ import MODULES
from tests.chaos.disk import can_mount

pytestmark = pytest.mark.system


# tests/flows/serve/test_serve.py serves already, and to mount a disk takes root
NAMES = [name for name in MODULES if name != "web" and (name != "disk" or can_mount())]


@pytest.mark.parametrize("name", NAMES)
def test_nothing_gets_through(name: str) -> None:
    """Each attack was tried, and none did what it should not."""
    figures = list(importlib.import_module(f"tests.chaos.{name}").run(short=True))

    assert [line for figure in figures for line in figure.got_through] == []
    assert figures
    assert all(figure.tried for figure in figures)
