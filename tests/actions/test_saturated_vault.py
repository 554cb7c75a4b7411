"""A person's page of a vault whose scan has many calls under way."""

import threading
import time

import pytest

from tests.conftest import World, client_of
from vaults.actions.scans import scan_vault
from vaults.actions.secrets import read_secret
from vaults.actors import Person, System
from vaults.azure.limits import SLOTS, Caller
from vaults.emulator import Emulator
from vaults.keyvault.types import CertificatePolicy

pytestmark = pytest.mark.slow

#: Longer than a call waits for a slot.
SLOW_SECONDS = 3.0
POLICY = CertificatePolicy(issuer_name="Unknown", subject="CN=shop.example")
PENDING = "^/certificates/.*/pending$"


def under_way(emulator: Emulator) -> int:
    return sum(request.path.endswith("/pending") for request in emulator.requests)


def test_a_page_is_served_while_a_scan_uses_all_its_slots(file_world: World, emulator: Emulator) -> None:
    azure, slots = client_of(file_world.vault), SLOTS[Caller.SCAN]
    azure.secrets.set("kept", "hidden")
    for number in range(2 * slots):
        azure.certificates.create(f"being-made-{number}", POLICY)
    emulator.latency(SLOW_SECONDS, path=PENDING)
    emulator.requests.clear()
    scan = threading.Thread(target=scan_vault, args=(System(), file_world.vault))
    scan.start()
    deadline = time.monotonic() + 20
    while under_way(emulator) < slots and time.monotonic() < deadline:
        time.sleep(0.02)
    assert under_way(emulator) == slots
    began = time.monotonic()
    part = read_secret(Person(file_world.olga), file_world.vault, "kept")
    assert part.error is None
    assert time.monotonic() - began < SLOW_SECONDS / 2
    scan.join(30)
    assert not scan.is_alive()
