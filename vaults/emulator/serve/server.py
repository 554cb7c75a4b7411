"""The emulator over TLS on loopback: one listener for each port, all in one process."""

import logging
import socket
import ssl
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cheroot.server import HTTPConnection
from cheroot.ssl.builtin import BuiltinSSLAdapter
from cheroot.workers.threadpool import ThreadPool, WorkerThread
from cheroot.wsgi import Gateway_10
from cheroot.wsgi import Server as CherootServer

from vaults.emulator.emulator import Emulator
from vaults.emulator.serve.home import Home
from vaults.emulator.state import registry
from vaults.emulator.wire.http import ConnectionLostError

HOST = "127.0.0.1"
THREADS = 24  # per port: with a latency of 50 ms that is still 480 requests a second
MAX_THREADS = 400  # per port, when slow clients occupy their threads
BACKLOG = 128  # waiting connections; with cheroot's default of 5 a burst waits a second or more
TIMEOUT = 30  # seconds for a request to arrive, and for an idle connection
UPDATE_SECONDS = 1.0  # seconds between checks for vaults that another process has added

log = logging.getLogger("vaults.emulator")


class PortTakenError(Exception):
    """Another program listens on a port that the emulator needs."""


class Gateway(Gateway_10):
    """The WSGI gateway of cheroot, which can also close a connection without a response or within one."""

    sent = 0

    def write(self, chunk: bytes) -> None:
        self.sent += len(chunk)
        super().write(chunk)

    def respond(self) -> None:
        try:
            super().respond()
        except ConnectionLostError:
            # cheroot then assumes that the headers were sent, adds nothing and closes the connection.
            self.req.sent_headers = self.req.close_connection = True
        if self.remaining_bytes_out is not None and self.sent < self.remaining_bytes_out:
            self.req.close_connection = True


class Tls(BuiltinSSLAdapter):
    """TLS with the handshake in the thread of the connection.

    cheroot does it in the accepting thread: a client that connects and sends nothing would block all others.
    """

    def wrap(self, sock: socket.socket) -> tuple[ssl.SSLSocket, dict[str, str]]:
        wrapped = self.context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        return wrapped, {"wsgi.url_scheme": "https", "HTTPS": "on"}


class Connection(HTTPConnection):
    """A connection whose handshake may fail, which is logged: the client may not trust our certificate authority."""

    def communicate(self) -> bool:
        try:
            self.socket.do_handshake()  # no effect if already done
        except OSError as error:
            log.info("no TLS with %s: %s", self.remote_addr, error)
            return False
        return bool(super().communicate())  # type: ignore[no-untyped-call]


class Workers(ThreadPool):
    """A thread pool that grows when slow clients occupy all threads."""

    def put(self, connection: Any) -> None:
        if self.idle <= self.qsize:
            self.grow(1)
        super().put(connection)

    def _spawn_worker(self) -> WorkerThread:
        worker: WorkerThread = super()._spawn_worker()  # type: ignore[misc]  # not in the stubs
        worker.ready = True  # it will be soon; `grow` would wait a tenth of a second
        return worker


class Server(CherootServer):
    """A listener that logs its errors; closed connections only at level INFO."""

    def error_log(self, msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:
        gone = isinstance(sys.exc_info()[1], (ConnectionError, ssl.SSLError))
        log.log(logging.INFO if gone else level, "%s", msg, exc_info=traceback and not gone)


def new_server(port: int, application: Any, certificate: tuple[Path, Path]) -> Any:
    """A listener for a WSGI application over TLS; the caller prepares and serves it."""
    server = Server((HOST, port), application, timeout=TIMEOUT, request_queue_size=BACKLOG)
    server.requests = Workers(server, min=THREADS, max=MAX_THREADS)
    server.gateway = Gateway
    server.ConnectionClass = Connection
    server.server_name = "localhost"
    server.shutdown_timeout = 1
    server.keep_alive_conn_limit = 500
    server.ssl_adapter = Tls(*(str(path) for path in certificate))
    return server


class Listeners:
    """The open ports: the base port and one for each vault."""

    def __init__(self, emulator: Emulator, home: Home) -> None:
        self._emulator = emulator
        self._home = home
        self._servers: dict[int, Any] = {}
        self._lock = threading.Lock()

    def start(self) -> None:
        """Open all ports, the base port last, so that all are open once it responds. Raises PortTakenError."""
        self.update()
        self._listen(self._home.base_port)

    def update(self) -> None:
        """Open ports for new vaults, close those of removed ones, and update clouds.toml."""
        with self._lock, self._emulator.store.reading() as db:
            vaults = registry.all_vaults(db)
            if any(vault.port is None for vault in vaults):
                vaults = self._home.assign_ports(self._emulator)
            ports = {vault.port: vault for vault in vaults if vault.port is not None}
            fresh = ports.keys() - self._servers.keys()
            for port in sorted(fresh):
                self._listen(port)
                log.info("vault %s at %s", ports[port].name, self._emulator.vault_url(ports[port].name))
            gone = [self._servers.pop(port) for port in self._servers.keys() - ports.keys() - {self._home.base_port}]
            if fresh or gone:
                self._home.write_clouds(self._emulator)
        for server in gone:
            # It waits for its connections, one of which may be waiting for this call.
            threading.Thread(target=server.stop, daemon=True).start()

    def stop(self) -> None:
        """Close all ports in parallel: each waits for its connections to end."""
        closers = [threading.Thread(target=server.stop) for server in self._servers.values()]
        for closer in closers:
            closer.start()
        for closer in closers:
            closer.join()

    def _listen(self, port: int) -> None:
        server = new_server(port, self._emulator.wsgi, self._home.server_certificate)
        try:
            server.prepare()
        except OSError as error:
            raise PortTakenError(
                f"Port {port} on {HOST} is taken by another program. Stop that program, or choose another "
                "range with KVPORTAL_EMULATOR_PORT."
            ) from error
        threading.Thread(target=server.serve, name=f"port-{port}", daemon=True).start()
        self._servers[port] = server


def serve(
    emulator: Emulator,
    home: Home,
    stop: threading.Event,
    open_control: Callable[[Emulator, Home], None] | None = None,
) -> None:
    """Serve until `stop` is set, with a control page if `open_control` is passed. Raises PortTakenError and InUseError."""
    listeners = Listeners(emulator, home)
    try:
        with home.serving():
            if open_control is not None:
                open_control(emulator, home)
            emulator.vaults_changed = listeners.update
            _serve(listeners, home, stop)
    finally:
        emulator.lift()
        emulator.close()


def _serve(listeners: Listeners, home: Home, stop: threading.Event) -> None:
    try:
        listeners.start()
        log.info("token issuer and Resource Manager at https://localhost:%d", home.base_port)
        log.info("the command `emulator control` opens a page to change all this")
        while not stop.wait(UPDATE_SECONDS):
            listeners.update()
    finally:
        listeners.stop()
