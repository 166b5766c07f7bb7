"""Real servers on this machine, honest and lying ones: what they say is written byte by byte."""

from __future__ import annotations

import re
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from flows.http.reach import Reach

HERE = Reach(("127.0.0.1",))


@dataclass
class Server:
    """A server that answers with given bytes, honest or not."""

    answers: tuple[bytes, ...]  # one a connection, the last one for all that follow
    then: bytes = b""  # sent again and again until the other side hangs up
    pause: float = 0.0
    host: str = "127.0.0.1"
    port: int = 0
    requests: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{self.host}:{self.port}"


@contextmanager
def serve(
    *answers: bytes, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1", **how: Any
) -> Iterator[Server]:
    """Listen on a free port of this machine for as long as the block lasts."""
    server = Server(answers, host=host, **how)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            connection: socket.socket = self.request
            try:
                if tls:
                    connection = tls.wrap_socket(connection, server_side=True)
                received = b""
                while b"\r\n\r\n" not in received:
                    received += connection.recv(65_536) or b"\r\n\r\n"
                head, _, body = received.partition(b"\r\n\r\n")
                length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
                while length and len(body) < int(length[1]):  # unread, it would break the connection
                    body += connection.recv(65_536)
                server.requests.append(received)
                connection.sendall(answers[min(len(server.requests), len(answers)) - 1])
                time.sleep(server.pause)
                while server.then:
                    connection.sendall(server.then)
                    time.sleep(server.pause)
                connection.close()
            except OSError:
                pass  # the client hung up, as it should

    with socketserver.ThreadingTCPServer((host, 0), Handler) as listener:
        listener.daemon_threads = True
        listener.block_on_close = False
        server.port = listener.server_address[1]
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            listener.shutdown()
            thread.join()


def answer(status: str = "200 OK", body: bytes = b"", **headers: str) -> bytes:
    """Write a response by hand; `Content_Length` and the like become headers."""
    lines = [f"HTTP/1.1 {status}", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


def honest(body: bytes, **headers: str) -> bytes:
    """Write a whole response with the right length."""
    return answer(body=body, Content_Length=str(len(body)), **headers)
