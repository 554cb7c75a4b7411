"""One sick vault harms no other: while its pages wait, the others' are served."""

import time
import uuid

from tests.conftest import World, in_threads, say, signed_in
from vaults.emulator import ADMIN, Emulator
from vaults.emulator.access import EVERYTHING
from vaults.models import Vault

SLOW = 1.5


def test_pages_of_other_vaults_do_not_wait_for_a_slow_one(file_world: World, emulator: Emulator) -> None:
    name = f"kv-sick-{uuid.uuid4().hex[:8]}"
    emulator.add_vault(name)
    emulator.set_permissions(name, ADMIN.object_id, EVERYTHING)
    Vault.objects.create(connection=file_world.connection, name=name, slug=name)
    browser = signed_in(file_world.olga)
    browser.get("/vaults/kv-shop-prod/secrets/")
    emulator.latency(SLOW, host=name)

    def page_of(vault: str) -> float:
        """How long a page of this vault takes, in seconds."""
        client = signed_in(file_world.olga)
        started = time.monotonic()
        assert client.get(f"/vaults/{vault}/secrets/").status_code == 200
        return time.monotonic() - started

    found = in_threads(*[lambda: page_of(name)] * 7, lambda: [page_of("kv-shop-prod") for _ in range(5)])
    sick, well = found[:7], found[7]
    say(f"7 pages wait {min(sick):.1f} s for a slow vault; another vault's page takes {max(well):.2f} s at most")
    assert min(sick) >= SLOW
    assert max(well) < SLOW
