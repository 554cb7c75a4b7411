"""Clients over TLS that are slow, silent, enormous or many: others are served meanwhile, and nothing gets lost."""

import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator

import pytest
import requests

from tests.emulator.running import Running, free_base, start
from tests.emulator.side_by_side import side_by_side
from vaults.emulator.serve.home import Home
from vaults.emulator.serve.server import THREADS

pytestmark = pytest.mark.slow

SOON = 2.0  # seconds in which others must have their answer
MEGABYTE = 1024 * 1024


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = start(Home(tmp_path_factory.mktemp("rough") / "emulator", free_base()), settle_seconds=0)
    yield running
    running.stop.set()
    running.thread.join(10)
    assert not running.thread.is_alive()


def connected(running: Running, *, tls: bool = True) -> socket.socket:
    """A connection to the vault that has said nothing yet."""
    plain = socket.create_connection(("127.0.0.1", running.emulator.vault("kv-shop-prod").port), timeout=10)
    if not tls:
        return plain
    return ssl.create_default_context(cafile=str(running.home.ca_file)).wrap_socket(plain, server_hostname="localhost")


def put(running: Running, name: str, body: bytes | Iterator[bytes]) -> requests.Response:
    return running.session.put(f"{running.url()}/secrets/{name}?api-version=7.4", data=body, timeout=30)


def in_time(running: Running) -> bool:
    """Whether a newcomer gets an answer soon."""
    began = time.monotonic()
    with requests.Session() as newcomer:
        newcomer.trust_env = False
        newcomer.verify = str(running.home.ca_file)
        newcomer.headers = running.session.headers
        assert newcomer.get(f"{running.url()}/secrets?api-version=7.4", timeout=10).status_code == 200
    return time.monotonic() - began < SOON


def test_clients_that_send_nothing_do_not_block_others(running: Running) -> None:
    silent = [connected(running, tls=False) for _ in range(THREADS + 6)]
    try:
        assert in_time(running)
    finally:
        for each in silent:
            each.close()


def test_clients_that_never_finish_do_not_block_others(running: Running) -> None:
    """Half a head from half of them, half a body from the others."""
    slow = [connected(running) for _ in range(2 * THREADS)]
    try:
        for number, each in enumerate(slow):
            head = "PUT /secrets/slow?api-version=7.4 HTTP/1.1\r\nHost: localhost\r\n"
            each.sendall((head + "Content-Length: 500\r\n\r\n{" * (number % 2)).encode())
        assert in_time(running)
    finally:
        for each in slow:
            each.close()
    assert running.get("secrets/slow").status_code == 404


def test_clients_without_tls_or_trust_are_no_error(running: Running, caplog: pytest.LogCaptureFixture) -> None:
    with connected(running, tls=False) as plain:
        plain.sendall(b"GET /secrets HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert plain.recv(100) == b""
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(f"{running.url()}/secrets", timeout=10)
    assert in_time(running)
    loud = [record for record in caplog.records if record.name == "vaults.emulator" and record.levelname != "INFO"]
    assert loud == []


def test_a_body_of_25_megabytes_is_refused_in_words(running: Running) -> None:
    body = json.dumps({"value": "x" * 25 * MEGABYTE}).encode()
    answer = put(running, "huge", body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "RequestEntityTooLarge")
    assert running.get("secrets/huge").status_code == 404


def test_a_body_in_chunks_is_read(running: Running) -> None:
    assert put(running, "chunks", iter([b'{"value"', b":", b'"1"}'])).json()["value"] == "1"
    assert put(running, "huge", (b"x" * MEGABYTE for _ in range(25))).status_code == 413
    assert running.get("secrets/huge").status_code == 404


def test_parallel_writers_to_one_name_lose_no_version(running: Running) -> None:
    made: list[str] = []
    lock = threading.Lock()

    def work(number: int) -> None:
        with requests.Session() as session:
            session.trust_env = False
            session.verify = str(running.home.ca_file)
            session.headers = running.session.headers
            for turn in range(10):
                url = f"{running.url()}/secrets/shared?api-version=7.4"
                answer = session.put(url, json={"value": f"{number}-{turn}"}, timeout=30)
                assert answer.status_code == 200
                with lock:
                    made.append(answer.json()["id"])

    assert side_by_side(6, work) == []
    kept: list[str] = []
    link = f"{running.url()}/secrets/shared/versions?api-version=7.4"
    while link:
        page = running.session.get(link, timeout=10).json()
        kept += [item["id"] for item in page["value"]]
        link = page["nextLink"]
    assert sorted(kept) == sorted(made)
