"""Every public method of Microsoft's clients against the emulator over TLS, unmodified. Run with `pytest -m sdk`.

The clients are told where to sign in, which certificate authority to trust, and that the vault is not one of
Azure's hosts; nothing else. A method that a newer client brings fails the test until a journey calls it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from azure.identity import ClientSecretCredential
from azure.identity.aio import ClientSecretCredential as AsyncClientSecretCredential
from azure.keyvault import certificates as certificates_package
from azure.keyvault import keys as keys_package
from azure.keyvault import secrets as secrets_package
from azure.keyvault.certificates import CertificateClient
from azure.keyvault.certificates.aio import CertificateClient as AsyncCertificateClient
from azure.keyvault.keys import KeyClient
from azure.keyvault.keys.aio import KeyClient as AsyncKeyClient
from azure.keyvault.keys.crypto import CryptographyClient
from azure.keyvault.keys.crypto.aio import CryptographyClient as AsyncCryptographyClient
from azure.keyvault.secrets import SecretClient
from azure.keyvault.secrets.aio import SecretClient as AsyncSecretClient

from tests.emulator.running import Running, free_base, start
from tests.emulator.sdk.certificates import certificates
from tests.emulator.sdk.crypto import EC_SIGNATURES, rsa, signatures, standing_alone
from tests.emulator.sdk.keys import keys
from tests.emulator.sdk.secrets import secrets
from tests.emulator.sdk.settling import SETTLE
from tests.emulator.sdk.watched import Watched, public_methods
from vaults.emulator.serve.home import Home

pytestmark = pytest.mark.sdk

VERSIONS = ("7.0", "7.4", "7.6", "newest")
KINDS = ("sync", "async")
CRYPTOGRAPHY = ("encrypt", "decrypt", "wrapKey", "unwrapKey", "sign", "verify")


@dataclass(frozen=True)
class Clients:
    """Where the served vault is and how each client is opened for it."""

    running: Running
    asynchronous: bool
    version: str

    @property
    def kind(self) -> str:
        return KINDS[self.asynchronous]

    def version_of(self, package: Any) -> str:
        newest: str = next(iter(package.ApiVersion)).value
        return newest if self.version == "newest" else self.version

    def options(self, package: Any, principal: str = "sp-shop-admin") -> dict[str, Any]:
        credentials = self.running.home.credentials()
        known = credentials["principals"][principal]
        credential = AsyncClientSecretCredential if self.asynchronous else ClientSecretCredential
        ca_file = str(self.running.home.ca_file)
        return {
            "credential": credential(
                credentials["tenant_id"],
                known["client_id"],
                known["client_secret"],
                authority=f"https://localhost:{self.running.home.base_port}",
                disable_instance_discovery=True,
                connection_verify=ca_file,
            ),
            "api_version": self.version_of(package),
            "verify_challenge_resource": False,
            "connection_verify": ca_file,
        }

    async def close(self, options: dict[str, Any]) -> None:
        """Close the credential: its connections are no client's."""
        closing = options["credential"].close()
        if self.asynchronous:
            await closing

    async def journey(self, watched: Watched, options: dict[str, Any], journey: Awaitable[None]) -> None:
        """Play a journey, close the client and its credential, and print what came of it."""
        await journey
        await self.close(options)
        report(watched, self.kind)


def report(watched: Watched, kind: str) -> None:
    """Note the figure of one client and fail where a method is missing in it."""
    client = type(watched.client)
    wanted = public_methods(client) - watched.not_offered
    done, refused = wanted & watched.done, (wanted & watched.refused) - watched.done
    figure = (
        f"sdk {client.__name__} {kind} {watched.api_version}: {len(done | refused)} of {len(wanted)} methods passed"
    )
    if refused:
        figure += f"; {len(refused)} of them refused as Azure refuses: {', '.join(sorted(refused))}"
    if watched.not_offered:
        figure += f"; not offered by the client: {', '.join(sorted(watched.not_offered))}"
    FIGURES.append(figure)
    assert wanted - done - refused == set()


FIGURES: list[str] = []


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    home = Home(tmp_path_factory.mktemp("sdk") / "emulator", free_base())
    # The journeys of all clients make more keys in seconds than Azure allows, and the SDK does not ask again for a POST.
    running = start(home, settle_seconds=SETTLE, certificate_seconds=SETTLE, has_limits=False)
    for each in CRYPTOGRAPHY:
        running.emulator.grant(f"keys/{each}", principal="sp-shop-deploy", vault="kv-shop-prod")
    running.emulator.deny("keys/get", principal="sp-shop-deploy", vault="kv-shop-prod")
    yield running
    running.stop.set()
    running.thread.join(10)


@pytest.fixture(scope="module", autouse=True)
def _figures(pytestconfig: pytest.Config) -> Iterator[None]:
    """Print the figures where no output is captured, at the end."""
    yield
    capture = pytestconfig.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        print("", *FIGURES, sep="\n")  # noqa: T201


@pytest.fixture(params=[(kind, version) for version in VERSIONS for kind in KINDS], ids="-".join)
def clients(request: pytest.FixtureRequest, served: Running) -> Clients:
    kind, version = request.param
    return Clients(served, kind == "async", version)


@pytest.mark.sweep
@pytest.mark.parametrize(
    ("package", "sync_client", "async_client", "play"),
    [
        pytest.param(secrets_package, SecretClient, AsyncSecretClient, secrets, id="secrets"),
        pytest.param(keys_package, KeyClient, AsyncKeyClient, keys, id="keys"),
        pytest.param(certificates_package, CertificateClient, AsyncCertificateClient, certificates, id="certificates"),
    ],
)
def test_every_method(
    clients: Clients,
    package: Any,
    sync_client: Any,
    async_client: Any,
    play: Callable[[Watched, str], Awaitable[None]],
) -> None:
    async def travel() -> None:
        options = clients.options(package)
        client = (async_client if clients.asynchronous else sync_client)(clients.running.url(), **options)
        watched = Watched(client, options["api_version"])
        name = f"sdk-{play.__name__}-{clients.kind}-{clients.version.replace('.', '-')}"
        await clients.journey(watched, options, play(watched, name))

    asyncio.run(travel())


@pytest.mark.sweep
def test_every_method_of_cryptography(clients: Clients) -> None:
    """Each operation done by the client where it can, and by the vault where the client may not see the key."""
    recorded = clients.running.emulator
    keys_made = KeyClient(
        clients.running.url(), **Clients(clients.running, False, clients.version).options(keys_package)
    )
    key = keys_made.create_rsa_key("sdk-crypto")
    curves = {curve: keys_made.create_ec_key(f"sdk-crypto-{curve}", curve=curve) for curve in EC_SIGNATURES}
    keys_made.close()

    async def travel() -> None:
        options = clients.options(keys_package)
        make = AsyncCryptographyClient if clients.asynchronous else CryptographyClient
        blind = clients.options(keys_package, "sp-shop-deploy")
        far = Watched(make(str(key.id), **blind), options["api_version"])
        recorded.requests.clear()
        recorded.recording = True
        await rsa(far)
        for curve, algorithm in EC_SIGNATURES.items():
            elliptic = Watched(make(str(curves[curve].id), **blind), options["api_version"])
            await signatures(elliptic, algorithm)
            await elliptic("close")
        recorded.recording = False
        asked = {request.path.rpartition("/")[2] for request in recorded.requests}
        assert {each.lower() for each in CRYPTOGRAPHY} <= asked
        near = Watched(make(key, **options), options["api_version"])
        near.done |= far.done
        await far("close")
        await clients.close(blind)
        await rsa(near)
        await clients.journey(near, options, standing_alone(near, key))

    asyncio.run(travel())
