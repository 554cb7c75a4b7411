"""One sick vault harms no other: while its pages wait, the others' are served."""

import time
import uuid
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from tests.azure import drips
from tests.browsing import filled, text_of
from tests.conftest import World, client_of, in_threads, local_cloud, make_vault, say, signed_in
from vaults.emulator import ADMIN, Emulator
from vaults.emulator.serve.adapter import EmulatorAdapter
from vaults.emulator.state.policies import EVERYTHING
from vaults.models import Vault

pytestmark = pytest.mark.sweep

SLOW = 1.5


def sick_vault(world: World, emulator: Emulator) -> Vault:
    name = f"kv-sick-{uuid.uuid4().hex[:8]}"
    emulator.add_vault(name)
    emulator.set_permissions(name, ADMIN.object_id, EVERYTHING)
    return make_vault(connection=world.connection, name=name, slug=name)


def test_pages_of_other_vaults_do_not_wait_for_a_slow_one(file_world: World, emulator: Emulator) -> None:
    name = sick_vault(file_world, emulator).name
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


def test_a_key_page_does_not_wait_for_three_slow_vaults(file_world: World, emulator: Emulator) -> None:
    """A key's page asks twice, side by side: whoever waits for other vaults must leave a thread for the second call.

    The vaults are slow enough that a busy computer, which draws 25 pages at once, is told from a page that waits.
    """
    slow_for = 4 * SLOW
    slow = [sick_vault(file_world, emulator) for _ in range(3)]
    for vault in (*slow, file_world.vault):
        client_of(vault).keys.create("signing", kty="EC")
    for vault in slow:
        emulator.latency(slow_for, host=vault.name)
    emulator.requests.clear()

    def page_of(vault: Vault, browser: Client) -> float:
        began = time.monotonic()
        browser.get(f"/vaults/{vault.slug}/keys/signing/")
        return time.monotonic() - began

    def well(browser: Client) -> float:
        while len(emulator.requests) < 8 * len(slow):  # until each slow vault has all that it takes at once
            time.sleep(0.01)
        time.sleep(slow_for / 4)  # and the rest of the pages waits
        return page_of(file_world.vault, browser)

    waiting = [partial(page_of, vault, signed_in(file_world.olga)) for vault in slow for _ in range(8)]
    found = in_threads(*waiting, partial(well, signed_in(file_world.olga)))
    say(f"{len(waiting)} key pages wait for 3 slow vaults; a healthy vault's key page takes {found[-1]:.2f} s")
    assert not [each for each in found if isinstance(each, Exception)]
    assert found[-1] < slow_for / 2


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_page_ends_in_its_time_however_many_calls_it_makes(
    method: str, olga: Client, world: World, emulator: Emulator, settings: Settings
) -> None:
    """Each page of a list comes in time, all of them together do not: what came is shown, and nothing is changed."""
    settings.LOOK_SECONDS = settings.CHANGE_SECONDS = 1
    vault = sick_vault(world, emulator)
    for _ in range(60):
        client_of(vault).secrets.set("kept", "hidden")
    address = f"/vaults/{vault.slug}/secrets/kept/"
    form = filled(olga.get(f"{address}edit/"), tags="team=shop")
    emulator.latency(0.6, host=vault.name)
    began = time.monotonic()
    answer: Any = olga.get(address) if method == "get" else olga.post(f"{address}edit/", form)
    took = time.monotonic() - began
    say(f"{method} of 3 pages, 0.6 s each, with 1 s for all: {took:.1f} s")
    assert took < 1.5
    assert answer.status_code == (200 if method == "get" else 504)
    assert "too long to be read to its end" in text_of(answer)
    assert "Nothing was changed" in text_of(answer)


@pytest.mark.parametrize("page", ["secrets/", "access/"])
@pytest.mark.parametrize("trouble", ["look-up", "handshake", "headers"])
def test_a_page_ends_in_its_time_whatever_the_socket_does(
    trouble: str, page: str, olga: Client, world: World, emulator: Emulator, settings: Settings, tmp_path: Path
) -> None:
    """Signed in as always; the vault is behind a real socket that gets nothing done."""
    settings.LOOK_SECONDS = 1
    play = drips.handshake if trouble == "handshake" else drips.headers
    with (
        drips.Dripping(tmp_path, play) as server,
        drips.unresolved("localhost") if trouble == "look-up" else nullcontext(),
    ):
        name = f"kv-drip-{uuid.uuid4().hex[:8]}"
        settings.CLOUDS = {
            "local": replace(
                local_cloud(emulator),
                vault_hosts={name: server.host},
                ca_file=str(server.ca_file),
                mount=lambda session: session.mount("https://login.test", EmulatorAdapter(emulator)),
            )
        }
        vault = make_vault(connection=world.connection, name=name, slug=name)
        began = time.monotonic()
        answer: Any = olga.get(f"/vaults/{vault.slug}/{page}")
        took = time.monotonic() - began
    say(f"{page} with a {trouble} that does not end, in 1 s: {took:.1f} s")
    assert took < 1.6
    assert "did not answer in time" in text_of(answer)
