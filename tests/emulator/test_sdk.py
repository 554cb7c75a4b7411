"""Microsoft's own clients against the emulator over TLS, unmodified. Run with `pytest -m sdk`."""

import base64
import hashlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.identity import ClientSecretCredential
from azure.keyvault.certificates import (
    AdministratorContact,
    CertificateClient,
    CertificateContact,
    CertificatePolicy,
    KeyVaultCertificate,
)
from azure.keyvault.keys import KeyClient, KeyRotationLifetimeAction, KeyRotationPolicy, KeyRotationPolicyAction
from azure.keyvault.keys.crypto import CryptographyClient, EncryptionAlgorithm, SignatureAlgorithm
from azure.keyvault.secrets import SecretClient

from tests.emulator.test_server import Running, free_base, start
from vaults.emulator.home import Home

pytestmark = pytest.mark.sdk

CALLS: list[str] = []


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    home = Home(tmp_path_factory.mktemp("sdk") / "emulator", free_base())
    running = start(home, settle_seconds=0.2, certificate_seconds=1)
    yield running
    running.stop.set()
    running.thread.join(10)


@pytest.fixture
def options(served: Running) -> dict[str, Any]:
    credentials = served.home.credentials()
    principal = credentials["principals"]["sp-shop-admin"]
    ca_file = str(served.home.ca_file)
    credential = ClientSecretCredential(
        credentials["tenant_id"],
        principal["client_id"],
        principal["client_secret"],
        authority=f"https://localhost:{served.home.base_port}",
        disable_instance_discovery=True,
        connection_verify=ca_file,
    )
    return {
        "vault_url": served.url(),
        "credential": credential,
        "verify_challenge_resource": False,
        "connection_verify": ca_file,
        "raw_response_hook": lambda response: CALLS.append(
            f"{response.http_request.method} {response.http_response.status_code}"
        ),
    }


def test_secrets(options: dict[str, Any]) -> None:
    client = SecretClient(**options)
    made = client.set_secret("sdk-secret", "one", content_type="text/plain", tags={"a": "b"})
    assert client.get_secret("sdk-secret").value == "one"
    client.set_secret("sdk-secret", "two")
    assert client.get_secret("sdk-secret", made.properties.version).value == "one"
    assert len(list(client.list_properties_of_secret_versions("sdk-secret"))) == 2
    changed = client.update_secret_properties("sdk-secret", enabled=False)
    assert changed.enabled is False
    with pytest.raises(HttpResponseError, match="disabled"):
        client.get_secret("sdk-secret")
    names = [each.name for each in client.list_properties_of_secrets()]
    assert len(names) > 60
    blob = client.backup_secret("sdk-secret")
    client.begin_delete_secret("sdk-secret", _polling_interval=0.1).wait()
    assert "sdk-secret" in [each.name for each in client.list_deleted_secrets()]
    with pytest.raises(ResourceExistsError):
        client.set_secret("sdk-secret", "three")
    client.begin_recover_deleted_secret("sdk-secret", _polling_interval=0.1).wait()
    client.begin_delete_secret("sdk-secret", _polling_interval=0.1).wait()
    client.purge_deleted_secret("sdk-secret")
    time.sleep(0.5)
    assert client.restore_secret_backup(blob).name == "sdk-secret"
    with pytest.raises(ResourceNotFoundError):
        client.get_secret("sdk-absent")


def test_keys(options: dict[str, Any]) -> None:
    client = KeyClient(**options)
    key = client.create_rsa_key("sdk-rsa", size=2048, tags={"a": "b"})
    assert client.create_ec_key("sdk-ec", curve="P-384").key_type == "EC"
    assert client.update_key_properties("sdk-rsa", enabled=True, tags={"c": "d"}).properties.tags == {"c": "d"}
    assert client.rotate_key("sdk-rsa").properties.version != key.properties.version
    policy = KeyRotationPolicy(
        lifetime_actions=[KeyRotationLifetimeAction(KeyRotationPolicyAction.rotate, time_after_create="P60D")],
        expires_in="P90D",
    )
    assert client.update_key_rotation_policy("sdk-rsa", policy).expires_in == "P90D"
    assert client.get_key_rotation_policy("sdk-rsa").expires_in == "P90D"
    assert len(list(client.list_properties_of_key_versions("sdk-rsa"))) == 2
    assert {"sdk-rsa", "sdk-ec"} <= {each.name for each in client.list_properties_of_keys()}
    blob = client.backup_key("sdk-rsa")
    client.begin_delete_key("sdk-rsa", _polling_interval=0.1).wait()
    assert client.get_deleted_key("sdk-rsa").name == "sdk-rsa"
    client.purge_deleted_key("sdk-rsa")
    time.sleep(0.5)
    assert client.restore_key_backup(blob).name == "sdk-rsa"


def test_cryptography(options: dict[str, Any]) -> None:
    keys = KeyClient(**options)
    settings = {name: value for name, value in options.items() if name != "vault_url"}
    rsa = CryptographyClient(keys.create_rsa_key("sdk-crypto"), **settings)
    cipher = rsa.encrypt(EncryptionAlgorithm.rsa_oaep_256, b"plain").ciphertext
    assert rsa.decrypt(EncryptionAlgorithm.rsa_oaep_256, cipher).plaintext == b"plain"
    digest = hashlib.sha256(b"text").digest()
    for client, algorithm in (
        (rsa, SignatureAlgorithm.ps256),
        (rsa, SignatureAlgorithm.rs256),
        (CryptographyClient(keys.create_ec_key("sdk-crypto-ec"), **settings), SignatureAlgorithm.es256),
    ):
        signature = client.sign(algorithm, digest).signature
        assert client.verify(algorithm, digest, signature).is_valid


def test_certificates(options: dict[str, Any]) -> None:
    client = CertificateClient(**options)
    policy = CertificatePolicy("Self", subject="CN=sdk.example", san_dns_names=["sdk.example"])
    made = client.begin_create_certificate("sdk-cert", policy, tags={"a": "b"}, _polling_interval=0.3).result()
    assert isinstance(made, KeyVaultCertificate)
    assert made.policy is not None
    assert made.policy.subject == "CN=sdk.example"
    assert made.properties is not None
    assert made.properties.x509_thumbprint is not None
    assert client.get_certificate_policy("sdk-cert").san_dns_names == ["sdk.example"]
    changed = client.update_certificate_properties("sdk-cert", enabled=False).properties
    assert changed is not None
    assert changed.enabled is False
    version = client.get_certificate_version("sdk-cert", str(made.properties.version))
    assert version.cer == made.cer
    assert client.get_certificate_operation("sdk-cert").status == "completed"
    client.set_contacts([CertificateContact(email="a@example.com")])
    assert client.get_contacts()[0].email == "a@example.com"
    client.delete_contacts()
    contact = AdministratorContact(first_name="A", last_name="B", email="a@example.com")
    client.create_issuer("sdk-issuer", "Test", admin_contacts=[contact])
    assert [each.name for each in client.list_properties_of_issuers()] == ["sdk-issuer"]
    client.delete_issuer("sdk-issuer")
    assert "sdk-cert" in [each.name for each in client.list_properties_of_certificates()]
    blob = client.backup_certificate("sdk-cert")
    client.begin_delete_certificate("sdk-cert", _polling_interval=0.1).wait()
    client.begin_recover_deleted_certificate("sdk-cert", _polling_interval=0.1).wait()
    client.begin_delete_certificate("sdk-cert", _polling_interval=0.1).wait()
    client.purge_deleted_certificate("sdk-cert")
    time.sleep(0.5)
    restored = client.restore_certificate_backup(blob)
    pfx = SecretClient(**options)
    client.update_certificate_properties("sdk-cert", enabled=True)
    value = pfx.get_secret("sdk-cert").value
    assert value is not None
    imported = client.import_certificate("sdk-imported", base64.b64decode(value))
    assert imported.cer == restored.cer


def test_figures(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with capsys.disabled():
        print(f"\nsdk: {len(CALLS)} calls of three official clients answered")  # noqa: T201
    assert len(CALLS) > 80
