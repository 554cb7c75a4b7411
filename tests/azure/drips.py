"""Servers that behave correctly but send or read one byte at a time, and host names whose lookup hangs."""

from __future__ import annotations

import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vaults.emulator.serve import tls

PAUSE = 0.1
"""Seconds between two bytes: less than a read timeout of one second."""

Play = Callable[[socket.socket, "Dripping"], None]


class Dripping:
    """A server on a free port. It calls `play` for each connection, in a separate thread."""

    def __init__(self, folder: Path, play: Play) -> None:
        self.ca_file = tls.ensure(folder)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(folder / "server.pem", folder / "server-key.pem")
        self.over = threading.Event()
        self.seen_off = threading.Event()
        self._play = play
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.host = f"localhost:{self._socket.getsockname()[1]}"

    def __enter__(self) -> Dripping:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self._socket.close()

    def _accept(self) -> None:
        while not self.over.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                self._play(connection, self)
            except OSError:
                self.seen_off.set()  # the client closed the connection

    def drip(self, connection: socket.socket, content: bytes) -> None:
        for byte in content:
            if self.over.wait(PAUSE):
                return
            connection.sendall(bytes([byte]))


def handshake(connection: socket.socket, server: Dripping) -> None:
    server.drip(connection, b"\x16\x03\x03\x40\x00" + bytes(0x4000))


def tunnel(connection: socket.socket, server: Dripping) -> None:
    """A proxy's response to CONNECT."""
    connection.recv(4096)
    server.drip(connection, b"HTTP/1.1 200 Connection established\r\nX-Padding: " + b"x" * 4000)


def headers(connection: socket.socket, server: Dripping) -> None:
    secure = server.context.wrap_socket(connection, server_side=True)
    secure.recv(4096)
    server.drip(secure, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Padding: " + b"x" * 4000)


def body(connection: socket.socket, server: Dripping) -> None:
    secure = server.context.wrap_socket(connection, server_side=True)
    secure.recv(4096)
    secure.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n")
    server.drip(secure, b"x" * 4000)


def reading(connection: socket.socket, server: Dripping) -> None:
    """A server that reads the request slowly."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    secure = server.context.wrap_socket(connection, server_side=True)
    while not server.over.wait(PAUSE):
        secure.recv(16 * 1024)


class _Names:
    """Host names whose lookup hangs. An audit hook of the interpreter can't be removed, so it is added only once."""

    def __init__(self) -> None:
        self.hanging: dict[Any, threading.Event] = {}
        self.hooked = False

    def hook(self, event: str, args: tuple[Any, ...]) -> None:
        if event == "socket.getaddrinfo" and (found := self.hanging.get(args[0])):
            found.wait(30)


_names = _Names()


@contextmanager
def unresolved(host: str) -> Iterator[threading.Event]:
    """Inside the block, the lookup of this name waits until the yielded event is set."""
    if not _names.hooked:
        sys.addaudithook(_names.hook)
        _names.hooked = True
    end = _names.hanging[host] = threading.Event()
    try:
        yield end
    finally:
        end.set()
        del _names.hanging[host]
