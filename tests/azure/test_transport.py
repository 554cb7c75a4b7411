"""One HTTP request: bounded, without redirects or retries, and independent of the environment."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest
import requests
import responses
import urllib3.exceptions

from tests.azure.fake import FakeAzure, response
from vaults.azure import transport
from vaults.azure.clouds import Cloud
from vaults.azure.deadline import TimedResponse
from vaults.azure.errors import MalformedResponse, TransportError
from vaults.azure.transport import Response, Transport

URL = "https://kv-one.vault.test/secrets"
PLAIN = Cloud("plain", "Plain", "https://login.test", "https://vault.test/.default", ("vault.test",))


def get(cloud: Cloud, seconds: float = 5) -> Response:
    return Transport().exchange(cloud, "GET", URL, seconds=seconds)


def test_each_thread_keeps_its_session(cloud: Cloud) -> None:
    shared, others = Transport(), list[requests.Session]()
    thread = threading.Thread(target=lambda: others.append(shared.session_for(cloud)))
    thread.start()
    thread.join()
    assert shared.session_for(cloud) is shared.session_for(cloud)
    assert shared.session_for(cloud) is not others[0]


def test_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "ALL_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NETRC"):
        monkeypatch.setenv(name, "http://evil.test:1/")
    session = Transport().session_for(PLAIN)
    settings = session.merge_environment_settings(URL, {}, None, None, None)
    assert (settings["verify"], dict(settings["proxies"])) == (True, {})
    assert not session.trust_env


def test_a_cloud_brings_its_ca_and_proxy() -> None:
    session = Transport().session_for(
        Cloud("x", "X", "https://login.test", "https://v", ca_file="/ca.pem", proxy="http://proxy.test:3128")
    )
    assert (session.verify, session.proxies) == ("/ca.pem", {"https": "http://proxy.test:3128"})


def test_a_missing_ca_file_is_said() -> None:
    cloud = replace(PLAIN, ca_file="/no/such/ca.pem")
    with pytest.raises(TransportError, match="CA file") as caught:
        get(cloud)
    assert (caught.value.reason, caught.value.maybe_done) == ("tls", False)


def test_nothing_goes_over_plain_http() -> None:
    with pytest.raises(TransportError):
        Transport().exchange(PLAIN, "GET", "http://kv-one.vault.test/", seconds=5)


@responses.activate
def test_cookies_are_not_kept() -> None:
    responses.get(URL, body="{}", headers={"Set-Cookie": "a=b"})
    get(PLAIN)
    get(PLAIN)
    assert "Cookie" not in responses.calls[1].request.headers
    assert responses.calls[1].request.headers["Accept-Encoding"] == "identity"


@responses.activate
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 304])
def test_a_redirect_is_not_followed(status: int) -> None:
    responses.get(URL, status=status, headers={"Location": "https://evil.test/"})
    with pytest.raises(MalformedResponse, match="redirect"):
        get(PLAIN)
    assert len(responses.calls) == 1


@pytest.mark.parametrize("address", ["https://[::1", "https://\u00e9\x00.test/", "https://x:99999/", "//", "%zz"])
def test_a_redirect_to_an_odd_address_is_refused_all_the_same(cloud: Cloud, azure: FakeAzure, address: str) -> None:
    azure.answers.append(response(302, text="", headers={"Location": address}))
    with pytest.raises(MalformedResponse, match="redirect"):
        get(cloud)


@responses.activate
def test_a_compressed_answer_is_refused() -> None:
    responses.get(URL, body=b"\x1f\x8b", headers={"Content-Encoding": "gzip"})
    with pytest.raises(MalformedResponse, match="compressed"):
        get(PLAIN)


def test_a_huge_answer_is_cut_off(cloud: Cloud, azure: FakeAzure) -> None:
    azure.answers.append(response(200, text=b" " * (transport.MAX_ANSWER_BYTES + 1)))
    with pytest.raises(MalformedResponse, match="larger than 4 MB"):
        get(cloud)


def test_no_time_left_means_nothing_is_sent(cloud: Cloud, azure: FakeAzure) -> None:
    with pytest.raises(TransportError) as caught:
        get(cloud, seconds=0)
    assert (caught.value.reason, caught.value.maybe_done, azure.requests) == ("timeout", False, [])


@pytest.mark.parametrize(
    ("failure", "reason", "maybe_done"),
    [
        (requests.ConnectTimeout(), "connect", False),
        (requests.exceptions.ProxyError(), "connect", False),
        (requests.ConnectionError(urllib3.exceptions.NewConnectionError(None, "x")), "connect", False),  # type: ignore[arg-type]
        (requests.exceptions.SSLError(ssl.SSLCertVerificationError("x")), "tls", False),
        (requests.exceptions.SSLError("cut off"), "broken", True),
        (requests.ReadTimeout(), "timeout", True),
        (requests.ConnectionError(urllib3.exceptions.ReadTimeoutError(None, "/", "x")), "timeout", True),  # type: ignore[arg-type]
        (
            requests.ConnectionError(urllib3.exceptions.ProtocolError("x", ConnectionResetError())),
            "broken",
            True,
        ),
        (requests.exceptions.ChunkedEncodingError(), "broken", True),
    ],
)
def test_failures_say_whether_the_request_was_sent(
    cloud: Cloud, azure: FakeAzure, failure: Exception, reason: str, maybe_done: bool
) -> None:
    azure.answers.append(failure)
    with pytest.raises(TransportError) as caught:
        get(cloud)
    assert (caught.value.reason, caught.value.maybe_done) == (reason, maybe_done)


# A slow response


@pytest.fixture
def pipe() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with closing(ours), closing(theirs):
        yield ours, theirs


def drip(sock: socket.socket, text: bytes) -> None:
    """Send a byte every 20 ms, so that no single read takes long."""

    def run() -> None:
        try:
            for byte in text:
                sock.send(bytes([byte]))
                time.sleep(0.02)
        except OSError:
            pass

    threading.Thread(target=run, daemon=True).start()


def _read(sock: socket.socket) -> bytes:
    answer = TimedResponse(sock)
    answer.begin()
    return answer.read()


@pytest.mark.parametrize(
    "text",
    [
        b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 200,
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 200,
    ],
)
def test_a_dripping_answer_is_cut_off(pipe: tuple[socket.socket, socket.socket], text: bytes) -> None:
    ours, theirs = pipe
    ours.settimeout(0.3)
    drip(theirs, text)
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        _read(ours)
    assert time.monotonic() - started < 0.6


def test_an_answer_in_time_is_read_to_its_end(pipe: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pipe
    ours.settimeout(5)
    theirs.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
    assert _read(ours) == b"{}"


def test_https_uses_the_timed_answer() -> None:
    adapter = Transport().session_for(PLAIN).get_adapter(URL)
    assert isinstance(adapter, requests.adapters.HTTPAdapter)
    pool = adapter.poolmanager.connection_from_url(URL)
    assert pool.ConnectionCls.response_class is TimedResponse
