"""Object storage that speaks S3, as a place for an export; who we are there is said as everywhere, by `AWS_*`.

Keys come from `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, `~/.aws` or the role of the machine, and are never
held here; `AWS_ENDPOINT_URL_S3` or `AWS_ENDPOINT_URL` names a storage that is not Amazon's.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flows.locations import shown_address
from transforms.errors import SourceError

SCHEME = "s3://"
WAY_OUT = "give a folder, or s3://bucket/folder"

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{2,254}")  # Amazon's old ones, too, and those of other storages


@dataclass(frozen=True, slots=True)
class BucketFolder:
    """What a bucket holds below a name."""

    address: str
    system: Any
    root: str

    def __str__(self) -> str:
        """Return its address."""
        return self.address

    def is_empty(self) -> bool:
        """Check whether nothing is in it, or it is not there yet."""
        return not self._listed(recursive=False)

    def files(self) -> set[str]:
        """Name all that is in it."""
        return {one.path.removeprefix(f"{self.root}/") for one in self._listed(recursive=True) if one.is_file}

    def _listed(self, *, recursive: bool) -> list[Any]:
        from pyarrow.fs import FileSelector

        return list(self.system.get_file_info(FileSelector(self.root, recursive=recursive, allow_not_found=True)))

    def read(self, name: str) -> bytes | None:
        """Read an object; `None` where there is none."""
        try:
            with self.system.open_input_file(f"{self.root}/{name}") as file:
                return bytes(file.read(file.size()))  # without its size it comes in pieces of 256 KB
        except FileNotFoundError:
            return None

    @contextmanager
    def writing(self, name: str) -> Iterator[Path]:
        """Lend a path for what becomes the object: it has all of it, or what it had."""
        from pyarrow import memory_map

        with tempfile.TemporaryDirectory(prefix="turntable-") as folder:
            fresh = Path(folder) / "fresh"
            yield fresh
            with memory_map(str(fresh)) as file, self.system.open_output_stream(f"{self.root}/{name}") as stream:
                stream.write(file.read_buffer())  # at once: who is interrupted between two closes it all the same

    def remove(self, name: str) -> None:
        """Remove an object, if it is there."""
        try:
            self.system.delete_file(f"{self.root}/{name}")
        except FileNotFoundError:
            return


def find_bucket(address: str) -> BucketFolder:
    """Return what `s3://bucket/folder` names; nothing is asked yet.

    Raises:
        SourceError: it is no such address.
    """
    root = root_of(address)
    return BucketFolder(f"{SCHEME}{root}", _connect(root.partition("/")[0]), root)


def root_of(address: str) -> str:
    """Return the bucket and the folder in it that `s3://bucket/folder` names.

    Raises:
        SourceError: it is no such address.
    """
    bucket, _, folder = address.removeprefix(SCHEME).partition("/")
    root = "/".join(part for part in (bucket, *folder.split("/")) if part)
    is_bucket = address.startswith(SCHEME) and _BUCKET.fullmatch(bucket)
    if not is_bucket or "/" not in root or {".", ".."} & set(root.split("/")):
        msg = f"{shown_address(address)} is no place for an export: {WAY_OUT}"  # keys in it are not repeated
        raise SourceError(msg)
    return root


def _connect(bucket: str) -> Any:
    """Make what speaks to a storage: the one that the environment names, else Amazon's where the bucket is.

    Raises:
        SourceError: the environment names no storage, or nobody knows where the bucket is.
    """
    from pyarrow.fs import S3FileSystem, resolve_s3_region

    if endpoint := find_endpoint():
        scheme, host = endpoint
        return S3FileSystem(
            endpoint_override=host, scheme=scheme, region=region() or "us-east-1", allow_delayed_open=True
        )
    try:
        return S3FileSystem(region=region() or resolve_s3_region(bucket), allow_delayed_open=True)
    except OSError as error:
        msg = f"where s3://{bucket} lies cannot be told: set AWS_REGION, or AWS_ENDPOINT_URL for another storage"
        raise SourceError(msg) from error


def region() -> str | None:
    """Return the region that the environment names."""
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")


def find_endpoint() -> tuple[str, str] | None:
    """Return the scheme and the host of the storage that the environment names, if it is not Amazon's.

    Raises:
        SourceError: it names none.
    """
    named = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    if not named:
        return None
    endpoint = urlsplit(named)
    if endpoint.scheme not in ("http", "https") or not endpoint.hostname or endpoint.path.strip("/"):
        msg = "AWS_ENDPOINT_URL is no address of a storage: give https://host or https://host:port"
        raise SourceError(msg)
    return endpoint.scheme, endpoint.netloc.rpartition("@")[2]
