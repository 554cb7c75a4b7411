"""Calls over TLS: reuse of connections, and failures before a request is sent."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from pytest_django import Settings

from tests.azure.proxy import OutboundProxy
from vaults import clients
from vaults.azure.clouds import Cloud, load_clouds
from vaults.azure.errors import AuthenticationError, TransportError, UnreadableCaFile
from vaults.azure.limits import Limits
from vaults.azure.sign_in import ClientSecret, TokenSource
from vaults.azure.transport import Transport
from vaults.emulator.serve.home import Home
from vaults.emulator.serve.server import serve
from vaults.keyvault.client import VaultClient
from vaults.keyvault.session import Patience

pytestmark = pytest.mark.sweep


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A running local Key Vault."""
    home = Home(tmp_path, free_port())
    stop = threading.Event()
    server = threading.Thread(target=serve, args=(home.open(), home, stop))
    server.start()
    _wait_for(home.base_port)
    _wait_for(urlsplit(load_clouds(home.clouds_file)["local"].vault_url("kv-shop-prod")).port)
    yield home
    stop.set()
    server.join()


def _wait_for(port: int | None) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            threading.Event().wait(0.05)
        else:
            return


def connect(home: Home, cloud: Cloud, cloud_of_vault: Cloud) -> VaultClient:
    known = home.credentials()
    admin = known["principals"]["sp-shop-admin"]
    tokens = TokenSource(cloud, known["tenant_id"], admin["client_id"], ClientSecret(admin["client_secret"]))
    return VaultClient("kv-shop-prod", cloud_of_vault, tokens, patience=Patience(tries=1), limits=Limits())


def connections(client: VaultClient, cloud: Cloud) -> int:
    """The number of connections opened to the client's vault so far."""
    url = client.vault_url
    adapter = client.transport.session_for(cloud).get_adapter(url)
    assert isinstance(adapter, requests.adapters.HTTPAdapter)
    pools = adapter.poolmanager.pools
    keys = pools.keys()  # the container itself can't be iterated
    return sum(pools[key].num_connections for key in keys if pools[key].port == urlsplit(url).port)


def test_a_connection_is_used_again_and_only_with_a_trusted_host(home: Home) -> None:
    cloud = load_clouds(home.clouds_file)["local"]
    client = connect(home, cloud, cloud)
    for _ in range(3):
        assert client.secrets.list_page().items

    assert connections(client, cloud) == 1

    stranger = connect(home, cloud, replace(cloud, ca_file=None))
    with pytest.raises(TransportError) as caught:
        stranger.secrets.list_page()
    assert (caught.value.reason, caught.value.maybe_done) == ("tls", False)


def test_an_untrusted_sign_in_host_gets_no_credential(home: Home) -> None:
    cloud = load_clouds(home.clouds_file)["local"]
    with pytest.raises(AuthenticationError) as caught:
        connect(home, replace(cloud, ca_file=None), cloud).secrets.list_page()
    assert (caught.value.reason, caught.value.refused) == ("untrusted", False)


@pytest.mark.parametrize("content", [None, "", "no certificate", "-----BEGIN CERTIFICATE-----\nxx\n"])
def test_a_ca_file_that_cant_be_read_is_our_own_trouble(home: Home, tmp_path: Path, content: str | None) -> None:
    cloud = load_clouds(home.clouds_file)["local"]
    ca_file = tmp_path / "company.pem"
    if content is not None:
        ca_file.write_text(content)
    blind = replace(cloud, ca_file=str(ca_file))
    with pytest.raises(AuthenticationError) as caught:
        connect(home, blind, cloud).secrets.list_page()
    assert (caught.value.reason, caught.value.refused) == ("ca_file", False)
    with pytest.raises(UnreadableCaFile):
        connect(home, cloud, blind).secrets.list_page()


@pytest.fixture
def proxy() -> Iterator[OutboundProxy]:
    with OutboundProxy() as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        yield proxy
        proxy.shutdown()


@pytest.fixture
def azure_at_home(home: Home, tmp_path: Path, settings: Settings) -> Settings:
    """Azure's public cloud with the hosts of the local Key Vault."""
    local = load_clouds(home.clouds_file)["local"]
    settings.CLOUDS_FILE = tmp_path / "clouds.toml"
    settings.CLOUDS_FILE.write_text(
        f'[clouds.azure]\nauthority = "{local.authority}"\n'
        f'vault_hosts = {{ kv-shop-prod = "{local.vault_hosts["kv-shop-prod"]}" }}\n'
    )
    return settings


@pytest.mark.parametrize("behind_proxy", [False, True])
@pytest.mark.parametrize("said_in", ["variable", "file of clouds"])
def test_a_company_ca_counts_for_azures_own_clouds_and_the_proxy_stays(
    said_in: str, behind_proxy: bool, home: Home, azure_at_home: Settings, proxy: OutboundProxy
) -> None:
    with pytest.raises(AuthenticationError, match="not trusted"):
        connect(home, clients.azure.clouds()["azure"], clients.azure.clouds()["azure"]).secrets.list_page()

    if behind_proxy:
        azure_at_home.OUTBOUND_PROXY = proxy.url
    if said_in == "variable":
        azure_at_home.CA_FILE = home.ca_file
    else:
        with azure_at_home.CLOUDS_FILE.open("a") as file:
            file.write(f'ca_file = "{home.ca_file}"\n')
    azure = clients.azure.clouds()["azure"]
    assert connect(home, azure, azure).secrets.list_page().items
    hosts = [urlsplit(azure.authority).netloc, azure.vault_hosts["kv-shop-prod"]]
    assert proxy.targets == (hosts if behind_proxy else [])


def test_a_company_ca_is_trusted_in_addition_to_the_public_ones(home: Home) -> None:
    """A proxy that intercepts TLS does not intercept all of Azure's hosts."""
    cloud = load_clouds(home.clouds_file)["local"]
    beside = replace(cloud, public_cas=True)
    assert connect(home, beside, beside).secrets.list_page().items
    trusted = {known: _trusted_by_a_connection_to(known) for known in (cloud, beside)}
    assert trusted[cloud] in (0, 1)
    assert trusted[beside] > 100


def _trusted_by_a_connection_to(cloud: Cloud) -> int:
    """The number of CAs trusted by the connection of the last response."""
    transport = Transport()
    transport.exchange(cloud, "GET", f"{cloud.authority}/", seconds=5)
    adapter = transport.session_for(cloud).get_adapter(cloud.authority)
    assert isinstance(adapter, requests.adapters.HTTPAdapter)
    pools = adapter.poolmanager.pools
    port = urlsplit(cloud.authority).port
    pool = next(pools[key] for key in pools.keys() if pools[key].port == port)  # noqa: SIM118 - can't be iterated itself
    connection = pool.pool.queue[-1]
    return int(connection.sock.context.cert_store_stats()["x509_ca"])


def test_a_changed_company_ca_counts_at_once(home: Home, tmp_path: Path) -> None:
    cloud = load_clouds(home.clouds_file)["local"]
    ca_file = tmp_path / "company.pem"
    ca_file.write_text("# noch leer: für später\n")
    beside = replace(cloud, ca_file=str(ca_file), public_cas=True)
    with pytest.raises(AuthenticationError) as caught:
        connect(home, beside, cloud).secrets.list_page()
    assert caught.value.reason == "ca_file"
    with pytest.raises(UnreadableCaFile):
        connect(home, cloud, beside).secrets.list_page()
    ca_file.write_text(f"# für später\n{home.ca_file.read_text()}")
    assert connect(home, beside, beside).secrets.list_page().items


def test_threads_share_their_warm_connections(home: Home) -> None:
    cloud = load_clouds(home.clouds_file)["local"]
    client = connect(home, cloud, cloud)
    for _ in range(4):
        with ThreadPoolExecutor(1) as fresh_thread:
            assert fresh_thread.submit(client.secrets.list_page).result().items

    assert connections(client, cloud) == 1


def test_nobody_there(tmp_path: Path) -> None:
    cloud = Cloud("x", "X", f"https://localhost:{free_port()}", "https://vault.test/.default")
    with pytest.raises(TransportError) as caught:
        Transport().exchange(cloud, "GET", f"{cloud.authority}/", seconds=5)
    assert (caught.value.reason, caught.value.maybe_done) == ("connect", False)
