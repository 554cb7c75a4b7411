"""How fast the local vault is: it must not be what a benchmark of the portal measures."""

import http.client
import json
import ssl
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.emulator.caller import Caller
from tests.emulator.running import Running, free_base, start
from tests.emulator.served import serve
from vaults.emulator import Emulator
from vaults.emulator.samples.seed import add_secrets
from vaults.emulator.serve.home import Home
from vaults.emulator.serve.server import new_server

MANY = 100_000
SHOP, BILLING = "kv-shop-prod", "kv-billing-prod"
LIST = "/secrets?api-version=7.4"

Ask = Callable[[], object]


def lines() -> Iterator[tuple[str, float, str, float]]:
    """What was measured: its name, figure and unit, and the most that it should be."""
    with tempfile.TemporaryDirectory(prefix="kvportal-bench-vault-") as folder:
        home = Home(Path(folder), free_base())
        with running(home) as vault:
            yield from over_tls(vault)
        yield f"start with {MANY:,} secrets, to the first page", seconds_to_start(home), "s", 2
    yield "get, in process", 1000 * in_process(), "ms", 1


@contextmanager
def running(home: Home) -> Iterator[Running]:
    vault = start(home, has_limits=False)
    add_secrets(vault.emulator, BILLING, MANY)
    yield vault
    vault.stop.set()
    vault.thread.join(10)


def over_tls(vault: Running) -> Iterator[tuple[str, float, str, float]]:
    with hello_port(vault) as port:
        plain, shop = Line(vault, port), Line(vault, vault.emulator.vault(SHOP).port or 0)
        name = shop.ask(LIST).decode().partition("/secrets/")[2].partition('"')[0]
        hello, page, get = medians(
            lambda: plain.ask("/"), lambda: shop.ask(LIST), lambda: shop.ask(f"/secrets/{name}?api-version=7.4")
        )
    yield f"page of 25 secrets ({1000 * page:.2f} ms)", page / hello, "x the least that server and TLS can do", 2
    yield f"get of a secret ({1000 * get:.2f} ms)", get / hello, "x the same", 2
    billing = Line(vault, vault.emulator.vault(BILLING).port or 0)
    links = pages(billing)
    first, last = medians(lambda: billing.ask(links[1]), lambda: billing.ask(links[-2]))
    yield f"last page of {len(links):,}", last / first, "x the first", 1.5


def hello(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"hello"]


@contextmanager
def hello_port(vault: Running) -> Iterator[int]:
    """The least that this server and TLS can do."""
    server = new_server(0, hello, vault.home.server_certificate)
    server.prepare()
    threading.Thread(target=server.serve, daemon=True).start()
    yield server.bind_addr[1]
    server.stop()


class Line:
    """One connection that is kept."""

    def __init__(self, vault: Running, port: int) -> None:
        context = ssl.create_default_context(cafile=str(vault.home.ca_file))
        self._connection = http.client.HTTPSConnection("localhost", port, context=context, timeout=10)
        self._headers = {"Authorization": str(vault.session.headers["Authorization"])}

    def ask(self, path: str) -> bytes:
        self._connection.request("GET", path, headers=self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        assert answer.status == 200, body
        return body


def pages(line: Line) -> list[str]:
    """The addresses of all pages of a vault's secrets."""
    links = [LIST]
    while link := json.loads(line.ask(links[-1]))["nextLink"]:
        links.append("/" + link.partition("://")[2].partition("/")[2])
    return links


def seconds_to_start(home: Home) -> float:
    began = time.monotonic()
    served = serve(home)
    with served.session() as session:
        session.get(f"{served.vault}/secrets", timeout=10).raise_for_status()
    taken = time.monotonic() - began
    served.process.terminate()
    served.process.wait(10)
    return taken


def in_process() -> float:
    emulator = Emulator.for_tests()
    caller = Caller(emulator)
    caller.put("secrets/a", {"value": "1"})
    emulator.recording = False
    [median] = medians(lambda: caller.session.get(f"{caller.base}/secrets/a?api-version=7.3"))
    return median


def medians(*asks: Ask, rounds: int = 300) -> list[float]:
    """The median time of each in seconds, taken in turns so that other work on the machine affects all alike."""
    for ask in asks:
        for _ in range(20):
            ask()
    taken: list[list[float]] = [[] for _ in asks]
    for _ in range(rounds):
        for ask, times in zip(asks, taken, strict=True):
            began = time.perf_counter()
            ask()
            times.append(time.perf_counter() - began)
    return [statistics.median(times) for times in taken]
