"""How the formats that are JSON are written."""

from __future__ import annotations

import json

from transforms.text import strict_json


def known(**values: object) -> dict[str, object]:
    """Keep what is known.

    >>> known(speaker=None, startTime=0.0)
    {'startTime': 0.0}
    """
    return {name: value for name, value in values.items() if value is not None}


def written(value: object) -> str:
    """Write strict JSON for people and programs."""
    return strict_json(json.dumps(value, ensure_ascii=False, indent=2)) + "\n"
