"""Lets faster-whisper be imported where CTranslate2 or PyAV is not: nothing of them runs in PyTorch's engine."""

from __future__ import annotations

import importlib.util
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

SITE = Path(__file__).parents[2] / "site"  # of a pack: packages that the machine lacks, behind its own


class _Absent:
    """Stand where a class of an absent library would."""


def stand_in() -> list[str]:
    """Put empty modules where libraries are missing; return the names of these."""
    if SITE.is_dir() and str(SITE) not in sys.path:
        sys.path.append(str(SITE))
    absent_ones = [name for name in ("ctranslate2", "av") if is_missing(name)]
    missing = [name for name in absent_ones if name not in sys.modules]
    for name in missing:
        sys.modules[name] = ModuleType(name)
        sys.modules[name].__spec__ = ModuleSpec(name, None)  # others ask `find_spec` for it
    if "ctranslate2" in missing:
        absent, models = sys.modules["ctranslate2"], ModuleType("ctranslate2.models")
        for module, names in (
            (absent, ("StorageView", "Device")),
            (models, ("Whisper", "WhisperGenerationResult")),
        ):
            for name in names:
                setattr(module, name, type(name, (_Absent,), {}))
        absent.models = models  # type: ignore[attr-defined]
        sys.modules["ctranslate2.models"] = models
    return absent_ones


def is_missing(name: str) -> bool:
    """Return whether a library is not there, or only a stand-in of ours."""
    if name in sys.modules:
        return getattr(sys.modules[name], "__file__", None) is None
    return importlib.util.find_spec(name) is None
