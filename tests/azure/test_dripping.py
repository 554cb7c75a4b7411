"""A call ends within its time limit in every case: over TLS, with servers that send slowly and never finish."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from tests.azure import drips
from tests.azure.drips import Dripping, unresolved
from tests.conftest import say
from vaults.azure.clouds import Cloud
from vaults.azure.errors import TransportError
from vaults.azure.transport import Transport

pytestmark = pytest.mark.slow

SECONDS = 1.0
LARGE = b"x" * 3_000_000


def cloud_of(server: Dripping, *, proxy: bool = False) -> Cloud:
    host = "vault.test" if proxy else server.host
    return Cloud(
        "drip",
        "Drip",
        f"https://{host}",
        "https://vault.test/.default",
        ca_file=str(server.ca_file),
        proxy=f"http://{server.host}" if proxy else None,
    )


@pytest.mark.sweep
@pytest.mark.parametrize("play", [drips.handshake, drips.tunnel, drips.headers, drips.body, drips.reading])
def test_a_call_ends_in_its_time_whatever_drips(play: drips.Play, tmp_path: Path) -> None:
    with Dripping(tmp_path, play) as server:
        cloud = cloud_of(server, proxy=play is drips.tunnel)
        began = time.monotonic()
        with pytest.raises(TransportError) as caught:
            Transport().exchange(
                cloud, "PUT", f"{cloud.authority}/x", data=LARGE if play is drips.reading else b"{}", seconds=SECONDS
            )
        took = time.monotonic() - began
    say(f"{play.__name__}: {took:.2f} s of {SECONDS} s")
    assert took < SECONDS + 0.3
    never_sent = play in (drips.handshake, drips.tunnel)
    assert (caught.value.reason, caught.value.maybe_done) == ("timeout", not never_sent)


def test_a_call_ends_in_its_time_while_the_host_is_being_looked_up(tmp_path: Path) -> None:
    with Dripping(tmp_path, drips.headers) as server, unresolved("localhost") as found:
        cloud = cloud_of(server)
        began = time.monotonic()
        with pytest.raises(TransportError) as caught:
            Transport().exchange(cloud, "GET", f"{cloud.authority}/", seconds=SECONDS)
        assert time.monotonic() - began < SECONDS + 0.3
        assert (caught.value.reason, caught.value.maybe_done) == ("timeout", False)
        found.set()  # what was abandoned ends by itself, and leaves no connection behind
        until = time.monotonic() + 5
        while [thread for thread in threading.enumerate() if thread.name == "connecting"]:
            assert time.monotonic() < until
            time.sleep(0.01)
        assert server.seen_off.wait(5)


def test_connecting_takes_from_the_time_for_the_answer(tmp_path: Path) -> None:
    """A slow DNS lookup leaves less time for the rest."""
    with Dripping(tmp_path, drips.headers) as server, unresolved("localhost") as found:
        cloud = cloud_of(server)
        threading.Timer(0.7, found.set).start()
        began = time.monotonic()
        with pytest.raises(TransportError) as caught:
            Transport().exchange(cloud, "GET", f"{cloud.authority}/", seconds=SECONDS)
        assert time.monotonic() - began < SECONDS + 0.3
    assert (caught.value.reason, caught.value.maybe_done) == ("timeout", True)
