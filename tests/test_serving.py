"""What stands between granian and Django: the same requests and answers as WSGI's, and an end that loses nothing."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from kvportal import launch
from kvportal.known import known_sessions
from tests.conftest import PASSWORD, World
from tests.serving import Server, free_port, served

pytestmark = pytest.mark.slow

SESSION = settings.SESSION_COOKIE_NAME
REQUESTS: dict[str, bytes] = {
    "plain": b"GET / HTTP/1.1\r\nHost: kv.example\r\n",
    "port in Host": b"GET / HTTP/1.1\r\nHost: kv.example:8443\r\n",
    "no Host": b"GET / HTTP/1.1\r\n",
    "HTTP/1.0": b"GET / HTTP/1.0\r\n",
    "query": b"GET /a?x=1&y=%20%2F&z=+ HTTP/1.1\r\nHost: a\r\n",
    "empty query": b"GET /a? HTTP/1.1\r\nHost: a\r\n",
    "UTF-8 in a path": b"GET /caf%C3%A9/%E2%82%AC/ HTTP/1.1\r\nHost: a\r\n",
    "slash and percent in a path": b"GET /a%2Fb/%2525/%00 HTTP/1.1\r\nHost: a\r\n",
    "dots in a path": b"GET /a/../b//c/./ HTTP/1.1\r\nHost: a\r\n",
    "absolute form": b"GET http://other.example:81/a?b HTTP/1.1\r\nHost: a\r\n",
    "absolute form without Host": b"GET http://other.example:81/a?b HTTP/1.1\r\n",
    "asterisk": b"OPTIONS * HTTP/1.1\r\nHost: a\r\n",
    "a field twice": b"GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: 2.2.2.2\r\n",
    "cookies twice": b"GET / HTTP/1.1\r\nHost: a\r\nCookie: a=1\r\nCookie: b=2\r\n",
    "case of names": b"GET / HTTP/1.1\r\nhOST: a\r\nx-REQUEST-id: A\r\n",
    "an empty field": b"GET / HTTP/1.1\r\nHost: a\r\nX-Empty:\r\nX-Spaces:   a b  \r\n",
    "content type without a body": b"GET / HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n",
    "another method": b"PROPFIND / HTTP/1.1\r\nHost: a\r\n",
    "a body": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain; charset=x\r\nContent-Length: 3\r\n\r\na\xffb",
    "an empty body": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n",
    "a body of a GET": b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
    "an upgrade": b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
}


@pytest.fixture(scope="module")
def front() -> Iterator[Server]:
    with served("tests.behind:application") as server:
        yield server


@pytest.fixture(scope="module")
def wsgi() -> Iterator[int]:
    """The same application as granian serves it by itself."""
    port = free_port()
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port), "--no-log"]
    process = subprocess.Popen([*command, "--http", "1", "--blocking-threads", "4", "tests.behind:bare"])
    launch.wait_for("server", {"server": process}, lambda: launch.answers("127.0.0.1", port))
    yield port
    process.terminate()
    process.wait(10)


def answer_of(port: int, sent: bytes) -> tuple[list[bytes], bytes]:
    """Head and body of the answer; the date apart."""
    head, _, body = sent.partition(b"\r\n\r\n")
    raw = Server(port, None, None).says(head.rstrip(b"\r\n") + b"\r\nConnection: close\r\n\r\n" + body)  # type: ignore[arg-type]
    head, _, body = raw.partition(b"\r\n\r\n")
    return sorted(line for line in head.split(b"\r\n") if not line.startswith(b"date")), body


@pytest.mark.parametrize("case", REQUESTS)
def test_a_request_reaches_the_application_as_wsgi_has_it(case: str, front: Server, wsgi: int) -> None:
    ours, theirs = (json.loads(answer_of(port, REQUESTS[case])[1]) for port in (front.port, wsgi))
    assert (ours.pop("SERVER_PORT"), theirs.pop("SERVER_PORT")) == (str(front.port), str(wsgi))
    assert ours == theirs


def test_a_field_that_is_no_ascii_is_left_out_and_such_a_host_is_none(front: Server) -> None:
    """Not even the server's own name, which Django takes where there is no Host at all."""
    seen = json.loads(answer_of(front.port, b"GET / HTTP/1.1\r\nHost: \xe9\r\nX-Name: \xe9\xff\r\nX-Other: a\r\n")[1])
    assert (seen["HTTP_HOST"], seen.get("HTTP_X_NAME"), seen["HTTP_X_OTHER"]) == ("", None, "a")


def test_a_field_with_an_underscore_passes_for_no_other(front: Server) -> None:
    sent = b"GET / HTTP/1.1\r\nHost: a\r\nX_Forwarded_For: 6.6.6.6\r\nX-Forwarded_Proto: https\r\n"
    seen = json.loads(answer_of(front.port, sent)[1])
    assert not [name for name in seen if "FORWARDED" in name]
    seen = json.loads(answer_of(front.port, sent + b"X-Forwarded-For: 1.1.1.1\r\nContent_Length: 7\r\n")[1])
    assert (seen["HTTP_X_FORWARDED_FOR"], seen.get("CONTENT_LENGTH")) == ("1.1.1.1", None)


@pytest.mark.parametrize("path", ["/418/", "/304/", "/large/?100000", "/large/?0"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_answer_leaves_as_from_wsgi(method: str, path: str, front: Server, wsgi: int) -> None:
    sent = f"{method} {path} HTTP/1.1\r\nHost: a\r\n".encode()
    ours, theirs = answer_of(front.port, sent), answer_of(wsgi, sent)
    assert ours[0] == theirs[0]
    assert ours[1].replace(str(front.port).encode(), b"") == theirs[1].replace(str(wsgi).encode(), b"")


def test_requests_in_one_go_are_answered_in_their_order(front: Server) -> None:
    body = b"POST /%d HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n%d"
    said = front.says(b"".join(body % (number, number) for number in range(5)), seconds=2)
    assert [said.index(b'"body": "%d"' % number) for number in range(5)] == sorted(
        said.index(b'"body": "%d"' % number) for number in range(5)
    )


@contextmanager
def asking(server: Server, sent: bytes) -> Iterator[socket.socket]:
    with server.connect() as connection:
        connection.sendall(sent)
        time.sleep(0.5)
        yield connection


def held(server: Server) -> dict[str, Any]:
    seen: dict[str, Any] = json.loads(answer_of(server.port, b"GET /held/ HTTP/1.1\r\nHost: a\r\n")[1])
    return seen


def test_work_goes_on_where_its_client_has_gone(front: Server) -> None:
    before = held(front)["over"]
    with asking(front, b"POST /hold/?1.5 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx"):
        pass
    time.sleep(1.5)
    assert held(front)["over"] == before + 1


def test_a_stop_waits_for_work_under_way(tmp_path: Any) -> None:
    with (
        served("tests.behind:application") as server,
        asking(server, b"GET /hold/?2 HTTP/1.1\r\nHost: a\r\n\r\n") as connection,
    ):
        server.process.send_signal(signal.SIGTERM)
        assert connection.recv(4096).startswith(b"HTTP/1.1 200 OK")
        assert server.process.wait(5) == 0


def test_a_session_is_known_while_it_is_a_persons(world: World) -> None:
    browser = Client()
    browser.cookies[SESSION] = "m4de0up" * 4
    browser.get("/account/login/")
    assert not known_sessions.includes(f"{SESSION}={'m4de0up' * 4}")
    browser.post("/account/login/", {"login": world.olga.email, "password": PASSWORD})
    cookie = f"a=b; {SESSION}={browser.cookies[SESSION].value}"
    assert known_sessions.includes(cookie)
    browser.post("/account/logout/")
    assert not known_sessions.includes(cookie)
