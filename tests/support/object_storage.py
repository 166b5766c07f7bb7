"""A storage that speaks as much of S3 as an export needs: put, get, head, delete and list, each object at once."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

BUCKET = "bucket"
WHEN = formatdate(0, usegmt=True)
DENIED = "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
NO_BUCKET = "<Error><Code>NoSuchBucket</Code><Message>The specified bucket does not exist</Message></Error>"


@dataclass
class Storage:
    """What is in the bucket, and which objects were put, in their order."""

    url: str
    key: str
    objects: dict[str, bytes] = field(default_factory=dict)
    puts: list[str] = field(default_factory=list)

    def answer(self, request: Request) -> Response:
        """Answer one request; one that is not signed by the key is refused."""
        bucket, _, name = request.path.lstrip("/").partition("/")
        if f"Credential={self.key}/" not in request.headers.get("Authorization", ""):
            return Response(DENIED, 403)
        if bucket != BUCKET:
            return Response(NO_BUCKET, 404)
        return self._list(request) if not name else self._answer(request, name)

    def _answer(self, request: Request, name: str) -> Response:
        if request.method == "PUT":
            self.objects[name] = _body(request)
            self.puts.append(name)
        elif request.method == "DELETE":
            self.objects.pop(name, None)
            return Response(status=204)
        if name not in self.objects:
            return Response("<Error><Code>NoSuchKey</Code></Error>", 404)
        data, code = (self.objects[name] if request.method != "PUT" else b""), 200
        if request.range and (asked := request.range.range_for_length(len(data))):
            data, code = data[slice(*asked)], 206
        return Response(data, code, headers={"ETag": '"x"', "Last-Modified": WHEN})

    def _list(self, request: Request) -> Response:
        asked = parse_qs(request.query_string.decode(), keep_blank_values=True)
        names = sorted(name for name in self.objects if name.startswith(asked["prefix"][0]))
        each = "".join(
            f"<Contents><Key>{escape(one)}</Key><Size>{len(self.objects[one])}</Size>"
            "<LastModified>2026-01-01T00:00:00Z</LastModified></Contents>"
            for one in names
        )
        return Response(f"<ListBucketResult><IsTruncated>false</IsTruncated>{each}</ListBucketResult>")


def _body(request: Request) -> bytes:
    """Return what was sent: in pieces, each behind its length, where it says so."""
    data = request.get_data()
    if "aws-chunked" not in request.headers.get("Content-Encoding", ""):
        return data
    stream, whole = io.BytesIO(data), b""
    while length := int(stream.readline().partition(b";")[0], 16):
        whole += stream.read(length)
        stream.readline()
    return whole


@contextmanager
def storage(key: str) -> Iterator[Storage]:
    """Lend a storage with an empty bucket, for who signs with a key."""
    with HTTPServer(threaded=True) as server:
        made = Storage(server.url_for("").rstrip("/"), key)
        server.expect_request(re.compile(".*")).respond_with_handler(made.answer)
        yield made
