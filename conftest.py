"""Which modules pytest collects, and how fast."""

from __future__ import annotations

import gc
import re
from pathlib import Path

import pytest

# A module whose tests are all `system`, or that takes seconds to import.
OF_SYSTEM = re.compile(
    rb"^(?:pytestmark = pytest\.mark\.system|(?:from|import) (?:torch|pyannote\.audio|faster_whisper|prefect)\b)",
    re.MULTILINE,
)

# What is collected stays until the end: to look for garbage in it takes as long as to collect it.
gc.disable()


def pytest_collection_finish() -> None:
    """Look for garbage again, but never in what was collected, and rarely: it takes three quarters of a parse."""
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)
    gc.enable()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Import no module in vain: none without a test or an example, and for `make check` none of the system."""
    if collection_path.suffix != ".py":
        return None
    text = collection_path.read_bytes()
    has_tests = collection_path.name.startswith("test_") or b">>> " in text
    is_wanted = config.getoption("markexpr") != "not system" or not OF_SYSTEM.search(text)
    return None if has_tests and is_wanted else True
