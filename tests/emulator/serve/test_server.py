"""The emulator over TLS: ports, certificate, files, and what only a socket shows."""

import http.client
import json
import socket
import ssl
import stat
import threading
import time
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from tests.emulator.running import Running, free_base, opened, start
from vaults.emulator.serve import tls
from vaults.emulator.serve.home import Home, InUseError
from vaults.emulator.serve.server import PortTakenError, serve
from vaults.emulator.state import keymaterial, registry

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = start(Home(tmp_path_factory.mktemp("home") / "emulator", free_base()))
    yield running
    running.stop.set()
    running.thread.join(10)
    assert not running.thread.is_alive()


def test_a_seeded_vault_is_served(running: Running) -> None:
    page = running.get("secrets").json()
    assert len(page["value"]) == 25
    assert page["nextLink"].startswith(f"{running.url()}/secrets?api-version=7.3&$skiptoken=")
    assert page["value"][0]["id"].startswith(f"{running.url()}/secrets/")
    assert running.session.get(page["nextLink"], timeout=10).status_code == 200


def test_the_challenge_names_this_issuer(running: Running) -> None:
    answer = requests.get(f"{running.url()}/secrets", verify=str(running.home.ca_file), timeout=10)
    tenant = running.home.credentials()["tenant_id"]
    assert f'authorization="https://localhost:{running.home.base_port}/{tenant}"' in answer.headers["WWW-Authenticate"]


def test_the_certificate_covers_the_address_too(running: Running) -> None:
    port = running.emulator.vault("kv-shop-prod").port
    answer = running.session.get(f"https://127.0.0.1:{port}/secrets?api-version=7.3", timeout=10)
    assert answer.json()["value"][0]["id"].startswith(f"https://127.0.0.1:{port}/")


def test_every_vault_answers_at_the_base_port_under_its_name(running: Running) -> None:
    """az makes a vault's address of its name and the suffix of the cloud's metadata; only the name look-up is ours here."""
    base = running.home.base_port
    authority = f"https://localhost:{base}"
    metadata = running.session.get(f"{authority}/metadata/endpoints?api-version=2022-09-01", timeout=10).json()
    assert metadata["authentication"]["loginEndpoint"] == f"{authority}/"
    host = f"kv-shop-stage.{metadata['suffixes']['keyVaultDns']}"
    page = asked_by_name(running, host, "secrets")
    assert page["value"][0]["id"].startswith(f"https://{host}/secrets/")
    assert page["nextLink"].startswith(f"https://{host}/secrets?")
    assert "not served here" in str(asked_by_name(running, host.replace("stage", "nowhere"), "secrets"))


def test_trouble_of_one_vault_is_met_under_each_of_its_names(running: Running) -> None:
    host = f"kv-shop-prod.vault.localhost:{running.home.base_port}"
    port = running.emulator.vault("kv-shop-prod").port
    running.emulator.throttle(2, host=f":{port}")
    assert "value" in asked_by_name(running, host.replace("prod", "stage"), "secrets")
    assert "Throttled" in str(asked_by_name(running, host, "secrets"))
    assert running.get("secrets").status_code == 429
    running.emulator.throttle(1, host=running.emulator.addresses.issuer_host)
    assert "value" in asked_by_name(running, host, "secrets")
    running.emulator.lift()


def asked_by_name(running: Running, host: str, path: str) -> dict[str, Any]:
    """A GET over TLS whose certificate is held against the name, for which no look-up is needed."""
    context = ssl.create_default_context(cafile=running.home.ca_file)
    name = host.partition(":")[0]
    with (
        socket.create_connection(("127.0.0.1", running.home.base_port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=name) as connection,
    ):
        asked = http.client.HTTPSConnection(name)
        asked.sock = connection
        headers = {"Host": host, "Authorization": str(running.session.headers["Authorization"])}
        asked.request("GET", f"/{path}?api-version=7.4", headers=headers)
        answer: dict[str, Any] = json.loads(asked.getresponse().read())
        return answer


def test_a_certificate_of_an_earlier_version_is_replaced(tmp_path: Path) -> None:
    tls.ensure(tmp_path)
    first = (tmp_path / "server.pem").read_bytes()
    tls.ensure(tmp_path)
    assert (tmp_path / "server.pem").read_bytes() == first
    without_names = keymaterial.pooled_key("RSA", 2048, "old")
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    old = x509.CertificateBuilder(name, name, without_names.public_key(), 1, now, now + timedelta(days=1))
    san = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    signed = old.add_extension(san, critical=False).sign(without_names, hashes.SHA256())
    (tmp_path / "server.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    tls.ensure(tmp_path)
    made = x509.load_pem_x509_certificate((tmp_path / "server.pem").read_bytes())
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "*.vault.localhost" in names.get_values_for_type(x509.DNSName)


def test_files_of_the_state_folder(running: Running) -> None:
    folder = running.home.folder
    for name in ("server-key.pem", "credentials.json", "emulator.sqlite3", "clouds.toml"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    cloud = tomllib.loads((folder / "clouds.toml").read_text())["clouds"]["local"]
    base = running.home.base_port
    assert cloud["authority"] == cloud["arm_endpoint"] == f"https://localhost:{base}"
    assert cloud["vault_hosts"]["kv-shop-stage"] == f"localhost:{base + 2}"
    assert Path(cloud["ca_file"]).read_bytes() == running.home.ca_file.read_bytes()
    secret = running.home.credentials()["principals"]["sp-shop-admin"]["client_secret"]
    assert secret.encode() not in (folder / "emulator.sqlite3").read_bytes()


def test_a_vault_added_by_another_process_is_taken_up(running: Running) -> None:
    other = running.home.open()
    credentials = running.home.credentials()
    other.add_vault("kv-late", tenant=credentials["tenant_id"], subscription=credentials["subscription_id"])
    other.grant("secrets/list", principal="sp-shop-admin", vault="kv-late")
    running.home.assign_ports(other)
    other.close()
    for _ in range(100):
        try:
            answer = running.session.get(f"{running.url('kv-late')}/secrets?api-version=7.3", timeout=10)
            break
        except requests.ConnectionError:
            time.sleep(0.05)
    assert answer.json() == {"value": [], "nextLink": None}
    hosts = tomllib.loads(running.home.clouds_file.read_text())["clouds"]["local"]["vault_hosts"]
    assert hosts["kv-late"] == f"localhost:{running.emulator.vault('kv-late').port}"


def test_connections_are_kept(running: Running) -> None:
    port = running.emulator.vault("kv-shop-prod").port
    running.get("secrets")
    pool = running.session.get_adapter("https://").poolmanager.connection_from_url(f"https://localhost:{port}")  # type: ignore[attr-defined]
    before = pool.num_connections
    for _ in range(20):
        assert running.get("secrets").status_code == 200
    assert pool.num_connections == before


def test_a_lost_answer_closes_the_connection(running: Running) -> None:
    running.emulator.lose_answer(method="PUT")
    with pytest.raises(requests.ConnectionError, match=r"(?i)closed|aborted|reset"):
        running.session.put(f"{running.url()}/secrets/lost?api-version=7.3", json={"value": "1"}, timeout=10)
    assert running.get("secrets/lost").json()["value"] == "1"


def test_a_cut_body_and_a_slow_one(running: Running) -> None:
    running.emulator.answer_next(200, b'{"value":', {"Content-Length": "500"})
    with pytest.raises(requests.RequestException):
        running.get("secrets")

    def drip() -> Iterator[bytes]:
        for _ in range(100):
            time.sleep(0.1)
            yield b" "

    running.emulator.answer_next(200, drip())
    began = time.monotonic()
    answer = running.get("secrets", stream=True)
    assert next(answer.iter_content(1)) == b" "
    answer.close()
    assert time.monotonic() - began < 2


def test_a_taken_port_is_refused_by_name(tmp_path: Path) -> None:
    home = Home(tmp_path / "emulator", free_base())
    emulator = opened(home)
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", home.base_port + 1))
        squatter.listen()
        with pytest.raises(PortTakenError, match=f"Port {home.base_port + 1} on 127.0.0.1 is taken"):
            serve(emulator, home, threading.Event())


def test_a_folder_is_served_once_and_not_removed_meanwhile(running: Running) -> None:
    with pytest.raises(InUseError, match="is being served"):
        running.home.remove()
    with pytest.raises(InUseError, match="is being served"):
        serve(opened(running.home), running.home, threading.Event())


def test_state_outlives_a_restart_and_a_new_base_port(tmp_path: Path) -> None:
    first = Home(tmp_path / "emulator", free_base())
    emulator = opened(first)
    with emulator.store.reading() as db:
        ports = {vault.name: vault.port for vault in registry.all_vaults(db)}
    credentials = first.credentials()
    emulator.close()
    again = first.open()
    with again.store.reading() as db:
        assert {vault.name: vault.port for vault in registry.all_vaults(db)} == ports
    again.close()
    base = free_base()
    moved = Home(first.folder, base).open()
    assert moved.vault("kv-shop-prod").port in range(base + 1, base + 20)  # the first that nobody else listens on
    assert first.credentials() == credentials
    moved.close()


def test_a_start_that_was_cut_short_is_done_over(tmp_path: Path) -> None:
    home = Home(tmp_path / "emulator", free_base())
    opened(home).close()
    home.credentials_file.unlink()
    opened(home).close()
    assert set(json.loads(home.credentials_file.read_text())["principals"]) == {"sp-shop-admin", "sp-shop-deploy"}
