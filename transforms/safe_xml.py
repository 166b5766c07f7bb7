"""How strangers' XML is parsed by lxml: no entities, no files, no network, no trees without an end."""

from __future__ import annotations

from typing import Any

SAFE: dict[str, Any] = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": False,
}
# Broken documents are read as far as they go, and what is no element is left out.
SAFE_AND_LENIENT: dict[str, Any] = {**SAFE, "recover": True, "remove_comments": True, "remove_pis": True}
