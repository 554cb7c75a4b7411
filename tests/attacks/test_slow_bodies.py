"""Clients that are slow on purpose: with bodies, heads and answers. They get connections, and never all of the threads."""

import json
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress

import pytest

from kvportal.launch import STOP_SECONDS, THREADS
from tests.conftest import say
from tests.serving import Server, rest_of, served

pytestmark = pytest.mark.sweep

MANY = 500
#: The form's cookie, as anybody can have it: without one Django refuses a form before it reads it.
COOKIE = b"Cookie: kvportal-csrf=" + b"x" * 32
START = (
    b"POST /account/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n" + COOKIE
)
HEAD = START + b"\r\n"
FILE_TYPE = b"multipart/form-data; boundary=cut"
FILE_HEAD = b'--cut\r\nContent-Disposition: form-data; name="upload"; filename="a"\r\n\r\n'


@pytest.fixture(scope="module")
def portal() -> Iterator[Server]:
    with served() as server:
        yield server


def posts(_server: Server, _number: int) -> bytes:
    return HEAD + b"Content-Length: 4000\r\n\r\nlogin="


def chunked_posts(_server: Server, _number: int) -> bytes:
    return HEAD + b"Transfer-Encoding: chunked\r\n\r\nffff\r\nlogin="


def posts_that_wait_to_be_told(_server: Server, _number: int) -> bytes:
    return HEAD + b"Expect: 100-continue\r\nContent-Length: 4000\r\n\r\n"


def posts_with_made_up_sessions(_server: Server, number: int) -> bytes:
    return START + f"; kvportal={number:032d}\r\nContent-Length: 4000\r\n\r\nlogin=".encode()


def posts_behind_a_request(_server: Server, _number: int) -> bytes:
    return b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" + posts(_server, _number)


def posts_of_a_signed_in_person(server: Server, _number: int) -> bytes:
    return START + f"; {server.cookie}\r\nContent-Length: 4000\r\n\r\nlogin=".encode()


def heads(_server: Server, _number: int) -> bytes:
    return b"GET /account/login/ HTTP/1.1\r\nHost: localhost\r\nX-Padding: "


def silence(_server: Server, _number: int) -> bytes:
    return b""


Attack = Callable[[Server, int], bytes]
SLOW: list[tuple[Attack, float]] = [
    (posts, 14),  # longer than any of them is waited for
    (chunked_posts, 4),
    (posts_that_wait_to_be_told, 4),
    (posts_with_made_up_sessions, 4),
    (posts_behind_a_request, 4),
    (posts_of_a_signed_in_person, 4),
    (heads, 4),
    (silence, 4),
]


class Slow:
    """Many connections that begin, and send a byte now and then; whichever is closed is opened again."""

    def __init__(self, server: Server, begin: Callable[[int], bytes], many: int = MANY) -> None:
        self._server = server
        self._begin = begin
        self._stop = threading.Event()
        self.cut = 0
        self._open = [self._connect(number) for number in range(many)]
        self._thread = threading.Thread(target=self._drip)

    def __enter__(self) -> "Slow":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        for connection in self._open:
            connection.close()

    def _connect(self, number: int) -> socket.socket:
        connection = self._server.connect()
        connection.sendall(begin := self._begin(number))
        if begin.startswith(b"GET /healthz"):
            connection.recv(4096)  # the answer to what stands before: what follows is slow, not a flood
        return connection

    def _drip(self) -> None:
        while not self._stop.wait(0.5):
            for number, connection in enumerate(self._open):
                try:
                    if self._begin(number):
                        connection.send(b"x")
                except OSError:
                    connection.close()
                    self.cut += 1
                    with suppress(OSError):
                        self._open[number] = self._connect(number)


def longest(server: Server, seconds: float) -> dict[str, float]:
    """How long pages took at most while it went on."""
    found = {"/healthz": 0.0, "/audit/": 0.0}
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for page, cookie in (("/healthz", ""), ("/audit/", server.cookie)):
            status, took = server.get(page, cookie)
            assert status == 200, f"{page} answers {status} after {took:.1f} s"
            found[page] = max(found[page], took)
        time.sleep(0.2)
    return found


@pytest.mark.parametrize(("attack", "seconds"), SLOW, ids=lambda value: getattr(value, "__name__", ""))
def test_slow_clients_stop_nobody(attack: Attack, seconds: float, portal: Server) -> None:
    portal.get("/audit/", portal.cookie)
    with Slow(portal, lambda number: attack(portal, number)) as slow:
        found = longest(portal, seconds)
    say(f"{MANY} {attack.__name__}: pages took {found} s at most; {slow.cut} were cut off")
    assert max(found.values()) < 1


def test_slow_readers_of_answers_stop_nobody(portal: Server) -> None:
    """Each asks for the largest file again and again and takes in next to nothing of it."""
    files = max((portal.folder / "static").rglob("*.*"), key=lambda path: path.stat().st_size)
    path = f"/static/{files.relative_to(portal.folder / 'static')}"
    asked = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode() * 6
    readers = [portal.connect(receive_buffer=4096) for _ in range(MANY)]
    for reader in readers:
        reader.sendall(asked)
    time.sleep(3)  # until each has as much as it takes: this is about those who stay, not about a flood
    found = longest(portal, 4)
    say(f"{MANY} slow readers of {files.stat().st_size} bytes: pages took {found} s at most")
    for reader in readers:
        reader.close()
    assert max(found.values()) < 1


def test_slow_clients_are_cut_off(portal: Server) -> None:
    """Also one that sends a few bytes a second, which gain it next to no time; a thousand would be enough."""

    def wait(attack: Attack, drip: bytes) -> tuple[bytes, float]:
        with portal.connect() as connection, suppress(OSError):
            started = time.monotonic()
            connection.sendall(attack(portal, 1))
            while not select.select([connection], [], [], 0.5)[0] and time.monotonic() - started < 20:
                connection.send(drip)
            took = time.monotonic() - started
            return rest_of(connection), took
        return b"", time.monotonic() - started

    cases: list[tuple[Attack, bytes]] = [(posts, b""), (posts, b"xxxx"), (posts_with_made_up_sessions, b"xxxx")]
    cases += [(heads, b""), (heads, b"x"), (silence, b"")]
    with ThreadPoolExecutor(len(cases)) as pool:
        found = list(pool.map(wait, *zip(*cases, strict=True)))
    assert all(9 < seconds < 14 for _, seconds in found), found
    assert [said[:13] for said, _ in found] == [b"HTTP/1.1 408 "] * 3 + [b""] * 3
    assert b"Go back and send it once more." in found[0][0]


def test_there_is_no_way_in_by_http_2(portal: Server) -> None:
    """A connection of it could hold hundreds of requests, and one whose version is not clear yet has no time limit."""
    started = time.monotonic()
    assert portal.says(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])) == b""
    assert time.monotonic() - started < 5
    upgrade = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n\r\n"
    assert portal.says(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + upgrade, seconds=2).startswith(
        b"HTTP/1.1 200 "
    )


@pytest.mark.parametrize("size", [3_000_001, 10**9, 10**18])
def test_a_body_that_is_too_large_is_refused_before_it_is_sent(size: int, portal: Server) -> None:
    for more in (b"", b"Expect: 100-continue\r\n"):
        started = time.monotonic()
        said = portal.says(HEAD + b"%sContent-Length: %d\r\n\r\n" % (more, size))
        assert said.startswith(b"HTTP/1.1 413 ")
        assert b"3 MB" in said
        assert b"<h1>This is larger than" in said
        assert time.monotonic() - started < 5


def test_only_a_restore_of_a_signed_in_person_may_be_large(portal: Server) -> None:
    for address, cookie, size, status in (
        (b"/vaults/kv/restore/", portal.cookie.encode(), 11_000_000, b"403"),  # it has no CSRF token
        (b"/vaults/kv/restore/", portal.cookie.encode(), 12_000_001, b"413"),
        (b"/vaults/kv/restore/", b"kvportal=" + b"0" * 32, 11_000_000, b"413"),
        (b"/vaults/kv/secrets/restore/", portal.cookie.encode(), 11_000_000, b"413"),
        (b"/import/certificate/", portal.cookie.encode(), 11_000_000, b"413"),
    ):
        head = START.replace(b"/account/login/", address).replace(b"application/x-www-form-urlencoded", FILE_TYPE)
        sent = FILE_HEAD + b"x" * (size - len(FILE_HEAD))
        said = portal.says(head + b"; " + cookie + b"\r\nContent-Length: %d\r\n\r\n" % size + sent)
        assert said.startswith(b"HTTP/1.1 " + status), (address, said[:300])


def test_who_sends_it_all_the_same_reads_why(portal: Server) -> None:
    """As browsers do: the whole body first, the answer afterwards."""
    said = portal.says(HEAD + b"Content-Length: 8000000\r\n\r\n" + b"x" * 8_000_000)
    assert said.startswith(b"HTTP/1.1 413 ")


def test_large_bodies_that_come_to_a_halt_do_not_fill_the_memory(portal: Server) -> None:
    """Those of strangers share their room; the small ones of a sign-in have theirs, and so have signed-in people."""
    begun = HEAD + b"Content-Length: 3000000\r\n\r\n" + b"x" * 2_900_000
    with ExitStack() as open_ones:
        halted = [open_ones.enter_context(portal.connect()) for _ in range(20)]
        for connection in halted:
            with suppress(OSError):
                connection.sendall(begun)
        time.sleep(1)
        refused = [connection for connection in halted if select.select([connection], [], [], 0)[0]]
        say(f"{len(refused)} of {len(halted)} large bodies are refused")
        assert len(refused) >= len(halted) - 11
        assert all(connection.recv(100).startswith(b"HTTP/1.1 503 ") for connection in refused)
        portal.sign_in()
        large = START + f"; {portal.cookie}\r\nContent-Length: 2900000\r\n\r\n".encode() + b"x" * 2_900_000
        assert b" 503 " not in portal.says(large, seconds=3)[:15]


def test_a_body_without_a_size_is_refused(portal: Server) -> None:
    assert portal.says(HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n").startswith(b"HTTP/1.1 411 ")
    smuggled = (
        b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
    )
    assert portal.says(HEAD + smuggled).count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize("length", [b"-1", b"1_000", b"0x10", b"+5", b"4, 5", b"9" * 30, b"\xb2"])
def test_a_size_that_is_none_is_refused(length: bytes, portal: Server) -> None:
    assert portal.says(HEAD + b"Content-Length: " + length + b"\r\n\r\nabcde").startswith(b"HTTP/1.1 4")


def test_what_was_broken_off_reaches_nobody(behind: Server) -> None:
    for _ in range(3):
        with behind.connect() as connection:
            connection.sendall(b"POST /hold/?0 HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf")
            connection.shutdown(socket.SHUT_WR)
            time.sleep(0.2)
    assert held(behind)["over"] == 0


@pytest.fixture
def behind() -> Iterator[Server]:
    with served("tests.behind:application") as server:
        yield server


def held(server: Server) -> dict[str, int]:
    said = server.says(b"GET /held/ HTTP/1.1\r\nHost: a\r\nCookie: kvportal=olga\r\nConnection: close\r\n\r\n")
    found: dict[str, int] = json.loads(said.partition(b"\r\n\r\n")[2])
    return found


def test_strangers_never_have_more_than_half_of_the_threads(behind: Server) -> None:
    """Nor do made-up cookies buy more, or a good one that does not count."""
    behind.says(b"GET /sign-in/?olga HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    held(behind)
    cookies = [b"", b"Cookie: kvportal=%032d\r\n", b"Cookie: kvportal=\r\n", b"Cookie: kvportal=olga; kvportal=%d\r\n"]
    open_ones = [behind.connect() for _ in range(300)]
    for number, connection in enumerate(open_ones):
        cookie = cookies[number % len(cookies)]
        cookie = cookie % number if b"%" in cookie else cookie
        connection.sendall(b"GET /hold/?3 HTTP/1.1\r\nHost: a\r\n" + cookie + b"\r\n")
    time.sleep(1)
    started = time.monotonic()
    found = held(behind)
    took = time.monotonic() - started
    for connection in open_ones:
        connection.close()
    say(f"{len(open_ones)} strangers hold {found['most']} of {THREADS} threads; a person waits {took:.2f} s")
    assert found["most"] == THREADS // 2 - 1  # the last one is for /healthz
    assert took < 1


def test_a_body_that_keeps_its_rate_does_not_hold_up_a_stop(behind: Server) -> None:
    stop = threading.Event()

    def send(connection: socket.socket) -> None:
        with suppress(OSError):
            while not stop.wait(0.5):
                connection.send(b"x" * 2000)

    with behind.connect() as connection:
        connection.sendall(HEAD + b"Content-Length: 3000000\r\n\r\n")
        sending = threading.Thread(target=send, args=[connection])
        sending.start()
        time.sleep(0.5)
        behind.process.terminate()
        behind.process.wait(STOP_SECONDS)
        assert rest_of(connection) == b""  # its process has gone, too
        stop.set()
        sending.join()
