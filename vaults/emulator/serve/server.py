"""The emulator over TLS on loopback: one listener a port, all in one process."""

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
THREADS = 24  # per port: a latency of 50 ms then still lets 480 requests a second through
MAX_THREADS = 400  # per port, when clients are slow and hold on to their threads
BACKLOG = 128  # connections that wait to be taken in; with cheroot's 5 a burst of them waits a second and more
TIMEOUT = 30  # seconds for a request to arrive, and for a connection to lie idle
LOOK_AROUND = 1.0  # seconds between looks for vaults that another process has added

log = logging.getLogger("vaults.emulator")


class PortTakenError(Exception):
    """Another program listens on a port that the emulator needs."""


class Gateway(Gateway_10):
    """WSGI as cheroot does it, and ways to hang up: without an answer, and in the middle of one."""

    sent = 0

    def write(self, chunk: bytes) -> None:
        self.sent += len(chunk)
        super().write(chunk)

    def respond(self) -> None:
        try:
            super().respond()
        except ConnectionLostError:
            # cheroot then believes that the head is out, adds nothing to it and closes the connection.
            self.req.sent_headers = self.req.close_connection = True
        if self.remaining_bytes_out is not None and self.sent < self.remaining_bytes_out:
            self.req.close_connection = True


class Tls(BuiltinSSLAdapter):
    """TLS whose handshake waits for a connection's own thread.

    cheroot shakes hands where it takes connections in: a client who connects and then says nothing would keep
    everybody else out.
    """

    def wrap(self, sock: socket.socket) -> tuple[ssl.SSLSocket, dict[str, str]]:
        wrapped = self.context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        return wrapped, {"wsgi.url_scheme": "https", "HTTPS": "on"}


class Connection(HTTPConnection):
    """A connection whose handshake may fail: a client without our certificate authority is nothing to worry about."""

    def communicate(self) -> bool:
        try:
            self.socket.do_handshake()  # does nothing where it is done already
        except OSError as error:
            log.info("no TLS with %s: %s", self.remote_addr, error)
            return False
        return bool(super().communicate())  # type: ignore[no-untyped-call]


class Workers(ThreadPool):
    """Threads that become more where slow clients hold on to all there are."""

    def put(self, connection: Any) -> None:
        if self.idle <= self.qsize:
            self.grow(1)
        super().put(connection)

    def _spawn_worker(self) -> WorkerThread:
        worker: WorkerThread = super()._spawn_worker()  # type: ignore[misc]  # not in the stubs
        worker.ready = True  # it will be in a moment; `grow` would look again after a tenth of a second only
        return worker


class Server(CherootServer):
    """A listener that complains to the log, though not of clients that went away."""

    def error_log(self, msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:
        gone = isinstance(sys.exc_info()[1], (ConnectionError, ssl.SSLError))
        log.log(logging.INFO if gone else level, "%s", msg, exc_info=traceback and not gone)


def new_server(port: int, application: Any, certificate: tuple[Path, Path]) -> Any:
    """A listener for a WSGI application over TLS, which still has to be prepared and served."""
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
        """Open all ports, the base port last: when it answers, everything does. Raises PortTakenError."""
        self.look_around()
        self._listen(self._home.base_port)

    def look_around(self) -> None:
        """Listen for vaults that are new, and no longer for those that are gone; say so in clouds.toml."""
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
            # It waits for its connections, one of which may be waiting for us.
            threading.Thread(target=server.stop, daemon=True).start()

    def stop(self) -> None:
        """Close all ports; side by side, for each waits for its connections to end."""
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
    """Serve until `stop` is set, with a control page if there is a way to open one. Raises PortTakenError and InUseError."""
    listeners = Listeners(emulator, home)
    try:
        with home.serving():
            if open_control is not None:
                open_control(emulator, home)
            emulator.vaults_changed = listeners.look_around
            _serve(listeners, home, stop)
    finally:
        emulator.lift()
        emulator.close()


def _serve(listeners: Listeners, home: Home, stop: threading.Event) -> None:
    try:
        listeners.start()
        log.info("token issuer and Resource Manager at https://localhost:%d", home.base_port)
        log.info("the command `emulator control` opens a page to change all this")
        while not stop.wait(LOOK_AROUND):
            listeners.look_around()
    finally:
        listeners.stop()
