"""Where something comes from: a path or an address, and what of it may be shown.

What is private is worked on inside `keeping_private`: there messages name hosts, and nothing else of an address.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from transforms.errors import TurntableError
from transforms.redaction import private_address, public_address, public_page, public_text
from transforms.video_info import WATCH, is_youtube, youtube_id

KNOWN_BY_ID = "episode:"  # before the id of an episode that a subscription or the warehouse knows

_PRIVATE: ContextVar[bool] = ContextVar("private", default=False)
_SECRETS: ContextVar[tuple[str, ...]] = ContextVar("secrets", default=())


@contextmanager
def keeping_private(is_private: bool, secrets: tuple[str, ...] = ()) -> Iterator[None]:
    """Work on what is private, if it is: what is raised inside is rewritten on its way out.

    `secrets` are those of its addresses, private or not.
    """
    token, known = _PRIVATE.set(is_private or _PRIVATE.get()), _SECRETS.set((*_SECRETS.get(), *secrets))
    try:
        with redacted_errors():
            yield
    finally:
        _PRIVATE.reset(token)
        _SECRETS.reset(known)


def is_kept_private() -> bool:
    """Check whether what is worked on is private."""
    return _PRIVATE.get()


@contextmanager
def redacted_errors() -> Iterator[None]:
    """Take secrets out of whatever is raised inside, before somebody logs it."""
    try:
        yield
    except Exception as error:
        redact(error)
        raise


def redact(error: BaseException) -> None:
    """Take secrets out of the messages of an error and of those that led to it."""
    seen: set[int] = set()
    left: list[BaseException | None] = [error]
    while left:
        one = left.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        write = (
            private_address
            if is_kept_private()
            else public_page
            if isinstance(one, TurntableError)
            else public_address
        )
        known = _SECRETS.get()
        one.args = tuple(public_text(a, known, write) if isinstance(a, str) else a for a in one.args)
        left += [one.__cause__, one.__context__, *getattr(one, "exceptions", ())]


def shown_address(url: str) -> str:
    """Write an address for a message."""
    return private_address(url) if is_kept_private() else public_source(url)


def kept_text(text: str) -> str:
    """Write a text that somebody else wrote, such as the title in an audio file, to be kept."""
    return public_text(text, _SECRETS.get(), private_address if is_kept_private() else public_page)


def kept_address(url: str) -> str | None:
    """Write an address to be kept with what came from it; `None` where it is private."""
    return None if is_kept_private() else public_address(url)


def is_url(location: str) -> bool:
    """Distinguish a URL of any scheme from a path.

    >>> is_url("https://example.org/1.mp3"), is_url("a/b.mp3"), is_url("C:/b.mp3")
    (True, False, False)
    """
    return "://" in location


def public_source(location: str) -> str:
    r"""Name where something came from, without what may be a secret and with characters that can be printed.

    >>> public_source("https://ann:s3cret@example.org/1?token=x"), public_source("caf\udce9.txt")
    ('https://example.org/1', 'caf?.txt')
    """
    if is_youtube(location) and (video := youtube_id(location)):
        return f"{WATCH}{video}"
    shown = public_address(location) if is_url(location) else location
    return shown.encode("utf-8", "replace").decode()


# As a JSON schema has it: forms and servers refuse what does not fit before there is a run.
ADDRESS_OR_PATH = r"^(https?://[^/?#\s]\S*|[^:]+|[^:]*:[^/].*|[^:/]*/.*)$"
