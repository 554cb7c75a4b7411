"""A `requests` adapter with one total time limit for each request.

`requests` and its sockets apply a timeout to each address, write and read separately, and none to the DNS lookup: a server
that sends one byte a second blocks a worker for ever. Here all steps share the time that `time_limit` leaves.
"""

from __future__ import annotations

import http.client
import io
import socket
import time
from concurrent.futures import Future, wait
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool

from vaults.azure.ca_files import read_cas
from vaults.azure.parallel import start_thread
from vaults.azure.time_limit import time_left

HOUR = 3600.0
"""Default limit in seconds where the caller has set none."""


class NotConnected(OSError):
    """No connection could be opened, so nothing was sent. `__cause__` is the reason."""


class _TimedReads(io.RawIOBase):
    """Reads of a socket that share one time limit, which starts when the response is created."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        self._raw = raw
        self._sock = sock
        timeout = sock.gettimeout()
        self._until = time.monotonic() + time_left(HOUR if timeout is None else timeout)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer took too long")
        self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class TimedResponse(http.client.HTTPResponse):
    """An HTTP response whose status line, headers and body share one timeout."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        raw = self.fp.detach()
        self.fp = io.BufferedReader(_TimedReads(raw, sock))


class _Connection(HTTPSConnection):
    response_class = TimedResponse

    def connect(self) -> None:
        """DNS lookup, connect and TLS handshake within the time limit. Raises NotConnected.

        A DNS lookup can't be cancelled. When the time is over, its thread is left running and closes the connection it opens.
        """
        connecting: Future[None] = Future()
        start_thread(lambda: self._connect(connecting))
        wait([connecting], time_left(HOUR))
        if connecting.cancel():
            raise NotConnected from TimeoutError("connecting took too long")
        connecting.result()

    def _connect(self, connecting: Future[None]) -> None:
        failure = None
        try:
            super().connect()
        except BaseException as error:  # raised again in the thread that waits
            failure = NotConnected()
            failure.__cause__ = error
        if not connecting.set_running_or_notify_cancel():
            self.close()
        elif failure:
            connecting.set_exception(failure)
        else:
            connecting.set_result(None)

    def send(self, data: Any) -> None:
        if self.sock is not None:
            left = time_left(HOUR)
            if left <= 0:
                raise TimeoutError("sending took too long")
            self.sock.settimeout(left)
        super().send(data)


class _Pool(HTTPSConnectionPool):
    ConnectionCls = _Connection


class TimedAdapter(HTTPAdapter):
    """An adapter for https only that reads each response as a TimedResponse.

    `further_cas` is a file of CAs that are trusted in addition to the session's, also for connections through a proxy. It is
    read for each request, so that a changed file takes effect at once.
    """

    def __init__(self, *, further_cas: str | None = None, **kwargs: Any) -> None:
        self._further_cas = further_cas
        super().__init__(**kwargs)

    def build_connection_pool_key_attributes(self, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
        host, tls = super().build_connection_pool_key_attributes(*args, **kwargs)
        return host, {**tls, "ca_cert_data": read_cas(self._further_cas)} if self._further_cas else tls

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"https": _Pool}

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = {**manager.pool_classes_by_scheme, "https": _Pool}
        return manager
