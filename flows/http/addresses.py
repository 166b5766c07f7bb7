"""Where a URL leads: into the open Internet, or into somebody's private network.

Addresses are judged as numbers, never as text: what a name resolves to, or what a strange spelling such
as `0x7f.1` stands for. Only behind a proxy, which looks the names up itself, is the text all there is.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from flows.locations import shown_address
from transforms.errors import HostileError, SourceError, TransientError

if TYPE_CHECKING:
    import httpx2

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_MAX_ADDRESSES = 4  # tried in turn; a name with a thousand dead addresses must not hold us for hours

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_COMPATIBLE = ipaddress.IPv6Network("::/96")
_GLOBAL_IPV6 = ipaddress.IPv6Network("2000::/3")
# `is_global` of Python 3.11 lets these through (https://osv.dev/vulnerability/PSF-2024-5 and newer
# entries of https://www.iana.org/assignments/iana-ipv4-special-registry).
_NEVER: tuple[_Network, ...] = tuple(
    map(
        ipaddress.ip_network,
        (
            "192.0.0.0/24",  # protocol assignments; the metadata service of one cloud
            "192.88.99.0/24",  # 6to4 relays
            "168.63.129.16/32",  # looks public, but is the host agent of one cloud
            "2001::/32",  # Teredo: the address inside is behind somebody's router
            "3fff::/20",  # documentation
        ),
    )
)
# Names that no public name service answers (https://www.iana.org/assignments/special-use-domain-names).
_PRIVATE_NAMES = ("localhost", "local", "internal", "intranet", "lan", "home", "corp", "home.arpa", "onion")


def is_public(address: str) -> bool:
    """Check whether an IP address, in any of its disguises, is one of the open Internet.

    An IPv4 address inside an IPv6 one (mapped, compatible, NAT64, 6to4) is judged itself; Teredo is
    never public.

    >>> is_public("1.1.1.1"), is_public("169.254.169.254"), is_public("64:ff9b::a9fe:a9fe")
    (True, False, False)
    """
    outer = ipaddress.ip_address(address)
    judged = _embedded(outer) or outer
    if not judged.is_global or judged.is_multicast or judged.is_reserved:
        return False
    if any(judged in network for network in _NEVER):
        return False
    return judged.version == 4 or judged in _GLOBAL_IPV6


def _embedded(address: _Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that an IPv6 address would be turned into on its way."""
    if not isinstance(address, ipaddress.IPv6Address):
        return None
    if address in _NAT64 or address in _COMPATIBLE:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour


def judged_addresses(target: httpx2.URL, allow: tuple[str, ...]) -> list[str]:
    """Resolve the host of `target` once and judge every answer; one bad one refuses them all.

    Raises:
        HostileError: a private address, or a port where no web server of the open Internet listens.
        SourceError: there is no such name.
        TransientError: the name service does not answer.
    """
    addresses = _resolve(target)
    _judge(target, addresses, allow)
    return addresses[:_MAX_ADDRESSES]


def judge_text(target: httpx2.URL, allow: tuple[str, ...]) -> None:
    """Judge `target` by its text alone, for a proxy will look it up: numbers, and names that are never public.

    A public name that leads to a private address gets through to the proxy, which must refuse it.

    Raises:
        HostileError: as `judged_addresses`.
    """
    name = target.host.rstrip(".").lower()
    try:
        found = socket.getaddrinfo(target.raw_host, None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except socket.gaierror:
        found = []
    _judge(target, [str(address[0]) for *_, address in found], allow)
    if found or is_allowed(name, "", allow):
        return
    if "." not in name or name.endswith(tuple(f".{suffix}" for suffix in _PRIVATE_NAMES)):
        msg = f"{shown(target)}: {name} is a name of a private network; if it is yours, name it in TURNTABLE_ALLOW"
        raise HostileError(msg)
    _check_port(target)


def is_allowed(host: str, address: str, allow: tuple[str, ...]) -> bool:
    """Check whether the user named a host, by its name or by the address that it has."""
    return any(_matches(entry, host, address) for entry in allow)


def _matches(entry: str, host: str, address: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return entry.rstrip(".").lower() == host.rstrip(".").lower()


def _judge(target: httpx2.URL, addresses: list[str], allow: tuple[str, ...]) -> None:
    strangers = [address for address in addresses if not is_allowed(target.host, address, allow)]
    for address in strangers:
        if not is_public(address):
            msg = (
                f"{shown(target)}: {target.host} is the private address {address}; "
                "if it is yours, name it in TURNTABLE_ALLOW"
            )
            raise HostileError(msg)
    if strangers:
        _check_port(target)


def _check_port(target: httpx2.URL) -> None:
    if target.port not in (None, 80, 443):
        msg = f"{shown(target)}: port {target.port} is refused; use 80 or 443, or allow the host"
        raise HostileError(msg)


def _resolve(target: httpx2.URL) -> list[str]:
    try:
        found = socket.getaddrinfo(target.raw_host, None, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        if error.errno in (socket.EAI_NONAME, socket.EAI_NODATA, socket.EAI_FAIL):
            msg = f"{shown(target)}: no address is known for {target.host}; check the name"
            raise SourceError(msg) from error
        msg = f"{shown(target)}: the name service does not answer now; try again later"
        raise TransientError(msg) from error
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def parsed(url: str) -> httpx2.URL:
    """Read a URL; one that cannot be read is not quoted, for nobody knows what is secret in it.

    Raises:
        SourceError: it is none, or not of http or https.
    """
    import httpx2  # a command that reads files needs none of it

    try:
        target = httpx2.URL(url)
    except (httpx2.InvalidURL, ValueError):
        msg = "a URL cannot be read; check its spelling: https://host/path"
        raise SourceError(msg) from None
    if target.scheme not in ("http", "https") or not target.host or (target.port or 80) > 65_535:
        msg = (
            f"a URL of scheme {target.scheme[:20]!r} cannot be fetched; use http://host/path or https://host/path"
        )
        raise SourceError(msg)
    return target


def origin(target: httpx2.URL) -> tuple[str, str, int]:
    """Name whom a URL speaks to: scheme, host and port."""
    port = target.port or (443 if target.scheme == "https" else 80)
    return target.scheme, target.host.rstrip(".").lower(), port


def shown(target: httpx2.URL) -> str:
    """Write a URL for people: nothing secret, and on one line, because httpx2 escapes the rest."""
    return shown_address(str(target))


def check_spelling(location: str) -> None:
    """Refuse what is spelled like an address and is none; whether something is there is another question.

    Raises:
        SourceError: a scheme that is not fetched, no host, or nothing that can be read.
    """
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:/", location) and not Path(location).exists():
        parsed(location)
