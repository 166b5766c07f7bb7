"""The redirects to an answer: each hop is judged anew, and nothing secret goes from one host to another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import httpx2

from flows.http.addresses import origin, parsed, shown
from flows.http.reach import Reach
from flows.http.request import answer, check_status
from flows.http.streams import check_recording
from transforms.errors import HostileError, SourceError

_MAX_REDIRECTS = 5
_PERMANENT = (301, 308)


@dataclass(frozen=True, slots=True)
class OpenedUrl:
    """An answer at the end of its redirects, its body unread; `moved_to` is where it lives for good."""

    target: httpx2.URL
    response: httpx2.Response
    moved_to: str | None


@contextmanager
def opened(
    url: str, reach: Reach, headers: Mapping[str, str], *, accept: tuple[int, ...] = ()
) -> Iterator[OpenedUrl]:
    """Follow redirects to an answer with a body, judging every hop; `accept` adds to the good statuses.

    Raises:
        TurntableError: as `flows.http.fetch.fetch`.
    """
    target = parsed(url)
    permanent = True
    for n_redirects in range(_MAX_REDIRECTS + 1):
        with answer(target, reach, headers) as response:
            following = _redirected(target, response)
            if following is None:
                check_status(target, response, accept)
                check_recording(target, response)
                yield OpenedUrl(target, response, str(target) if n_redirects and permanent else None)
                return
            permanent = permanent and response.status_code in _PERMANENT
        target = following
    msg = f"{shown(target)}: more than {_MAX_REDIRECTS} redirects lead here; give the URL of their end"
    raise HostileError(msg)


def _redirected(target: httpx2.URL, response: httpx2.Response) -> httpx2.URL | None:
    """Return where a redirect leads; None where the answer is no redirect.

    The user and password in a URL are for its origin alone, and a redirect cannot name others.
    """
    if not response.has_redirect_location:
        return None
    try:
        following = parsed(str(target.join(response.headers["Location"])))
    except (httpx2.InvalidURL, ValueError, SourceError):
        msg = f"{shown(target)}: it redirects to what is no http address; give the URL of the file itself"
        raise HostileError(msg) from None
    return following.copy_with(userinfo=target.userinfo if origin(following) == origin(target) else b"")
