"""Templates → whole documents: one file each, with style and scripts, and a policy that lets nothing else in."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from transforms.pages.timeline import short
from transforms.records import Seconds
from transforms.text import counted

LOOK = Path(__file__).parent / "look"


def document(
    template: str,
    title: str,
    *,
    media: str = "",
    scripts: Sequence[str] = (),
    forms: str = "'none'",
    **values: Any,
) -> str:
    """Write a page; every value is escaped, but what is Markup and our own files.

    `media` is where audio may come from, `forms` where forms lead, as a Content-Security-Policy says it; `scripts`
    are files of `look/scripts`.
    """
    style, code = asset("page.css"), [asset(f"scripts/{name}") for name in scripts]
    text = _templates().get_template(template)
    return text.render(title=title, policy=policy(style, code, media, forms), style=style, scripts=code, **values)


def policy(style: str, scripts: Sequence[str], media: str, forms: str) -> str:
    """Write the Content-Security-Policy of a page: this style, these scripts, this audio, and nothing else."""
    rules = {
        "default-src": "'none'",
        "style-src": _hash(style),
        "script-src": " ".join(map(_hash, scripts)) or "'none'",
        "media-src": media or "'none'",
        "base-uri": "'none'",
        "form-action": forms,
        "require-trusted-types-for": "'script'",  # no text becomes HTML by a script either
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def clock(seconds: Seconds) -> str:
    """Write a time as a clock.

    >>> clock(75.4), clock(3675)
    ('1:15', '1:01:15')
    """
    hours, rest = divmod(int(seconds), 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


def hundredths(seconds: Seconds) -> str:
    """Write seconds to the hundredth, without zeros at the end.

    >>> hundredths(754.2), hundredths(3.0)
    ('754.2', '3')
    """
    return f"{seconds:.2f}".rstrip("0").rstrip(".")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@cache
def asset(name: str) -> str:
    """Return a file of `look`: style or script of ours, or one that we bundle, its licence in front."""
    path = LOOK / name
    licence = path.with_suffix(".LICENSE.txt")
    said = f"/*\n{licence.read_text(encoding='utf-8').strip()}\n*/\n" if licence.exists() else ""
    return said + path.read_text(encoding="utf-8")


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(LOOK),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"clock": clock, "short": short, "hundredths": hundredths, "counted": counted}
    return environment
