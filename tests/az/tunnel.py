"""A proxy that tunnels TLS to this machine: `*.localhost` does not resolve everywhere, and az is to reach nobody else."""

import contextlib
import socket
import threading

PIECE = 64 * 1024
REFUSED, CONNECTED = b"HTTP/1.1 403 Forbidden\r\n\r\n", b"HTTP/1.1 200 Connected\r\n\r\n"


class Tunnel:
    """Listens until it is closed; `refused` has the hosts elsewhere that were asked for."""

    def __init__(self) -> None:
        self.refused: set[str] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._listen, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):  # it was closed
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            host, port = _asked(client)
            if host != "localhost" and not host.endswith(".localhost"):
                self.refused.add(host)
                client.sendall(REFUSED)
                return
            with socket.create_connection(("127.0.0.1", port)) as server:
                client.sendall(CONNECTED)
                back = threading.Thread(target=_pass_on, args=(server, client), daemon=True)
                back.start()
                _pass_on(client, server)
                back.join()


def _asked(client: socket.socket) -> tuple[str, int]:
    """Where a CONNECT wants to go."""
    head = b""
    while b"\r\n\r\n" not in head:
        piece = client.recv(PIECE)
        if not piece:
            raise ConnectionError("hung up before it said where to")
        head += piece
    host, _, port = head.split(b" ")[1].decode().rpartition(":")
    return host, int(port)


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(PIECE):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)
