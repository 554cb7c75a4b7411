"""How many round trips to Azure each page of a vault takes one after the other. What does not depend on another goes beside it.

Every answer of the local vault takes LATENCY, so that requests which are sent side by side overlap. A chain is as long as the
longest row of requests of which each begins after the one before has ended.
"""

import threading
import time
from dataclasses import dataclass, field, replace
from typing import Any, Final

import pytest
import requests
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from tests.conftest import World, local_cloud, say
from tests.views.policies import newest
from tests.views.rights import TABLE, V
from vaults.emulator import Emulator
from vaults.emulator.serve.adapter import EmulatorAdapter
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy, Contact, IssuerSettings

__all__ = ["newest"]
pytestmark = pytest.mark.slow
#: Seconds. Much longer than what a busy machine needs to start a thread.
LATENCY: Final = 0.2


@dataclass
class Watched(EmulatorAdapter):
    """The way to the local vault, with a latency, and when each request began and ended."""

    emulator: Emulator
    latency: float = 0.0
    sent: list[tuple[float, float, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(self.emulator)
        self._lock = threading.Lock()

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        began = time.monotonic()
        answer = super().send(request, *args, **options)
        if ".vault.test" in str(request.url):
            time.sleep(self.latency)
            with self._lock:
                self.sent.append((began, time.monotonic(), f"{request.method} {request.path_url}"))
        return answer

    def chain(self) -> int:
        """The length of the longest chain of what was sent since the last look."""
        depths: list[tuple[float, int]] = []
        for began, ended, _ in sorted(self.sent):
            depths.append((ended, 1 + max((depth for end, depth in depths if end <= began), default=0)))
        self.sent.clear()
        return max((depth for _, depth in depths), default=0)


@pytest.fixture
def way(world: World, emulator: Emulator, settings: Settings) -> Watched:
    watched = Watched(emulator)

    def mount(session: requests.Session) -> None:
        session.mount("https://", watched)

    settings.CLOUDS = {"local": replace(local_cloud(emulator), mount=mount)}
    return watched


@pytest.fixture
def places(way: Watched, world: World, newest: VaultClient, emulator: Emulator) -> dict[str, list[object]]:
    """The arguments of each page of the vault that is about more than the vault; everything is there, in two versions."""
    for _ in range(2):
        newest.secrets.set("kept", "hidden")
        newest.keys.create("kept", kty="RSA", key_size=2048)
        newest.certificates.create("kept-tls", CertificatePolicy(issuer_name="Self", subject="CN=shop.example"))
        emulator.clock.advance(60)
    newest.secrets.set("gone", "hidden")
    newest.secrets.delete("gone")
    newest.certificates.create("asked", CertificatePolicy(issuer_name="Unknown", subject="CN=shop.example"))
    newest.issuers.create("digi", IssuerSettings("DigiCert"))
    newest.contacts.set([Contact("pki@shop.example")])
    emulator.clock.advance(60)
    found: dict[str, list[object]] = {}
    for name, (method, arguments, _, _) in TABLE.items():
        if method == "get" and arguments[:1] == [V]:
            found[name] = [V, *_rest(name, arguments[1:], newest)]
    return found | {"vault_connection_remove": [V, world.connection.pk]}


def _rest(page: str, arguments: list[object], vault: VaultClient) -> list[object]:
    if page.startswith("certificate_operation"):
        return ["asked"]
    rest: list[object] = []
    for number, argument in enumerate(arguments):
        if number == 0 and page.startswith(("secret_", "key_")):
            rest.append("kept")
        elif number == 0 and page.startswith("certificate_"):
            rest.append("kept-tls")
        elif argument == "version":
            rest.append(vault.secrets.versions("kept")[-1].version)
        elif argument == "key version":
            rest.append(vault.keys.versions("kept")[-1].version)
        elif argument == "certificate version":
            rest.append(vault.certificates.versions("kept-tls")[-1].version)
        else:
            rest.append(argument)
    return rest


#: Pages that tell only what the portal knows, or ask first and read later.
NOTHING: Final = {
    "vault_detail", "vault_edit", "vault_connections", "vault_connection_remove", "vault_remove", "vault_postman",
    "access_grant", "secret_new", "key_new", "certificate_import", "certificate_operation_cancel",
    "certificate_operation_delete", "issuer_new", "policy_effect", "contacts_delete", "deleted_recover", "deleted_purge",
}  # fmt: skip
#: Pages whose requests depend on others. Whether the check of the permissions goes on depends on each four of its probes.
DEPENDENT: Final = {"access": 11}
#: A busy machine can only make a chain look longer. Then the page is opened again.
TRIES: Final = 3


def test_independent_requests_of_a_page_are_sent_side_by_side(
    olga: Client, way: Watched, world: World, places: dict[str, list[object]]
) -> None:
    olga.get(reverse("secret_list", args=[V]))  # it signs in
    way.latency = LATENCY
    expected = {name: 0 if name in NOTHING else DEPENDENT.get(name, 1) for name in places}
    found = {name: measured(olga, way, name, arguments, expected[name]) for name, arguments in places.items()}
    for name, (chain, count) in found.items():
        say(f"{name}: {count} requests, {chain} round trip{'' if chain == 1 else 's'}")
    several = [name for name, (_, count) in found.items() if count > 1]
    say(f"{len(found)} pages, {len(several)} with several requests, {len(DEPENDENT)} with dependent ones")
    assert {name: chain for name, (chain, _) in found.items()} == expected
    assert len(several) > 15


def measured(olga: Client, way: Watched, name: str, arguments: list[object], expected: int) -> tuple[int, int]:
    """The round trips and the requests of a page."""
    for _ in range(TRIES):
        answer = olga.get(reverse(name, args=arguments), {"name": "fresh"} if name == "name_state" else {})
        assert answer.status_code in (200, 302), name
        count, chain = len(way.sent), way.chain()
        if chain == expected:
            break
    return chain, count


@pytest.mark.parametrize(
    ("sent", "length"),
    [
        ([], 0),
        ([(0, 1)], 1),
        ([(0, 1), (0.1, 1.1), (0.2, 1.2)], 1),
        ([(0, 1), (1, 2), (2, 3)], 3),
        ([(0, 1), (0.5, 1.5), (1.2, 2.2)], 2),
    ],
)
def test_a_chain_is_counted(sent: list[tuple[float, float]], length: int, emulator: Emulator) -> None:
    assert Watched(emulator, sent=[(began, ended, "GET /") for began, ended in sent]).chain() == length


def test_one_after_the_other_is_noticed(way: Watched, world: World, newest: VaultClient) -> None:
    way.latency = LATENCY
    list(newest.secrets.list())
    list(newest.keys.list())
    assert way.chain() == 2
