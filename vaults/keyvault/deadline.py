"""An answer that has to be there in time, however slowly its bytes drip.

`requests` and the sockets below count a timeout for each read, so a server that sends one byte a second keeps
a worker for ever. Here the read timeout of a request is the time for the whole answer, headers and body.
"""

from __future__ import annotations

import http.client
import io
import socket
import time
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool

from vaults.keyvault.ca_files import read_cas
from vaults.keyvault.parallel import use_the_wait


class _TimedReads(io.RawIOBase):
    """A socket's reads, each given only what is left of the timeout set when the answer began."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        self._raw = raw
        self._sock = sock
        timeout = sock.gettimeout()
        self._until = None if timeout is None else time.monotonic() + timeout

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._until is not None:
            left = self._until - time.monotonic()
            if left <= 0:
                raise TimeoutError("the answer took too long")
            self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class TimedResponse(http.client.HTTPResponse):
    """An HTTP answer whose status line, headers and body share one timeout."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        raw = self.fp.detach()
        self.fp = io.BufferedReader(_TimedReads(raw, sock))


class _Connection(HTTPSConnection):
    response_class = TimedResponse

    def getresponse(self) -> Any:
        use_the_wait()
        return super().getresponse()


class _Pool(HTTPSConnectionPool):
    ConnectionCls = _Connection


class TimedAdapter(HTTPAdapter):
    """`requests`' adapter for https, with TimedResponse for every answer; http:// is not served at all.

    `further_cas` is a file of CAs that are trusted beside the session's, on the way through a proxy, too. It is read
    for each request, so that a changed file counts at once.
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
