"""What az does with certificates, their issuers and contacts."""

import base64
import json
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

from tests.az.cli import Az
from tests.emulator.issuing import chain, pem, signed


def certificates(az: Az, vault: str) -> None:
    at = ("--vault-name", vault)
    one = (*at, "--name", "az-certificate")
    assert "emailAddress" not in az("keyvault", "certificate", "get-default-policy", "--scaffold")
    policy = az("keyvault", "certificate", "get-default-policy")
    given = "@" + az.file("policy.json", json.dumps(policy))
    ended = az("keyvault", "certificate", "create", *one, "--policy", given)
    assert ended["status"] == "completed"
    shown = az("keyvault", "certificate", "show", *one)
    version = shown["id"].rpartition("/")[2]
    assert (
        az("keyvault", "certificate", "show", *one, "--version", version)["x509ThumbprintHex"]
        == (shown["x509ThumbprintHex"])
    )
    changed = az("keyvault", "certificate", "set-attributes", *one, "--tags", "a=b")
    assert changed["tags"] == {"a": "b"}
    assert az("keyvault", "certificate", "pending", "show", *one)["status"] == "completed"
    copy = az.file("copy.pem")
    az("keyvault", "certificate", "download", *one, "--file", copy, "--encoding", "PEM")
    leaf = x509.load_pem_x509_certificate(Path(copy).read_bytes())
    assert leaf.public_bytes(serialization.Encoding.DER) == base64.b64decode(shown["cer"])
    assert len(az("keyvault", "certificate", "list", *at, "--maxresults", "1")) == 1
    az("keyvault", "certificate", "create", *one, "--policy", given)
    assert len(az("keyvault", "certificate", "list-versions", *one)) == 2
    after_deletion(az, at, one)


def after_deletion(az: Az, at: tuple[str, ...], one: tuple[str, ...]) -> None:
    blob = az.file("certificate.backup")
    az("keyvault", "certificate", "backup", *one, "--file", blob)
    az("keyvault", "certificate", "delete", *one)
    az.settled("keyvault", "certificate", "show-deleted", *one)
    assert "az-certificate" in {each["name"] for each in az("keyvault", "certificate", "list-deleted", *at)}
    az("keyvault", "certificate", "recover", *one)
    az.settled("keyvault", "certificate", "delete", *one)
    az.settled("keyvault", "certificate", "purge", *one)
    az.settled("keyvault", "certificate", "restore", *at, "--file", blob)
    assert len(az("keyvault", "certificate", "list-versions", *one)) == 2


def signed_elsewhere(az: Az, vault: str) -> None:
    """A signing request is answered by an authority that the vault does not know, or given up."""
    at = ("--vault-name", vault)
    policy = az("keyvault", "certificate", "get-default-policy")
    policy["issuerParameters"]["name"] = "Unknown"
    given = "@" + az.file("unknown.json", json.dumps(policy))
    waiting = (*at, "--name", "az-merged")
    request = az("keyvault", "certificate", "create", *waiting, "--policy", given)
    assert request["status"] == "inProgress"
    assert az("keyvault", "certificate", "pending", "show", *waiting)["csr"] == request["csr"]
    signature = signed(x509.load_der_x509_csr(base64.b64decode(request["csr"])))
    answered = f"-----BEGIN CERTIFICATE-----\n{signature}\n-----END CERTIFICATE-----\n"
    merged = az("keyvault", "certificate", "pending", "merge", *waiting, "--file", az.file("signed.pem", answered))
    assert merged["cer"] == signature
    given_up = (*at, "--name", "az-given-up")
    az("keyvault", "certificate", "create", *given_up, "--policy", given)
    assert az("keyvault", "certificate", "pending", "delete", *given_up)["csr"]
    assert "PendingCertificateNotFound" in az.refused("keyvault", "certificate", "pending", "show", *given_up)


def imports(az: Az, vault: str) -> None:
    """PEM, which az sends as text, and a PFX with a password."""
    key, leaf, root = chain()
    thumbprint = base64.b64encode(leaf.public_bytes(serialization.Encoding.DER)).decode()
    packed = pkcs12.serialize_key_and_certificates(b"name", key, leaf, [root], BestAvailableEncryption(b"pass"))
    files: tuple[tuple[str, Any, tuple[str, ...]], ...] = (
        ("az-pem", pem(key, leaf, root), ()),
        ("az-pfx", packed, ("--password", "pass")),
    )
    for name, content, more in files:
        one = ("--vault-name", vault, "--name", name)
        given = az.file(f"{name}.import", content)
        assert az("keyvault", "certificate", "import", *one, "--file", given, *more)["cer"] == thumbprint


def issuers_and_contacts(az: Az, vault: str) -> None:
    at = ("--vault-name", vault)
    person = ("--email", "ada@example.com", "--name", "Ada", "--phone", "1")
    az("keyvault", "certificate", "contact", "add", *at, *person)
    [contact] = az("keyvault", "certificate", "contact", "list", *at)["contactList"]
    assert contact == {"emailAddress": "ada@example.com", "name": "Ada", "phone": "1"}
    assert az("keyvault", "certificate", "contact", "delete", *at, "--email", "ada@example.com")["contactList"] == []

    one = (*at, "--issuer-name", "az-issuer")
    account = ("--account-id", "7", "--password", "hush")
    made = az("keyvault", "certificate", "issuer", "create", *one, "--provider-name", "DigiCert", *account)
    assert (made["provider"], made["credentials"]["accountId"]) == ("DigiCert", "7")
    assert "hush" not in str(made)
    changed = az("keyvault", "certificate", "issuer", "update", *one, "--organization-id", "org")
    assert changed["organizationDetails"]["id"] == "org"
    assert az("keyvault", "certificate", "issuer", "show", *one) == changed
    assert {each["provider"] for each in az("keyvault", "certificate", "issuer", "list", *at)} == {"DigiCert"}
    admin = ("--email", "grace@example.com", "--first-name", "Grace", "--last-name", "H", "--phone", "2")
    az("keyvault", "certificate", "issuer", "admin", "add", *one, *admin)
    az("keyvault", "certificate", "issuer", "admin", "add", *one, "--email", "ada@example.com")
    az("keyvault", "certificate", "issuer", "admin", "delete", *one, "--email", "ada@example.com")
    [shown] = az("keyvault", "certificate", "issuer", "admin", "list", *one)
    assert (shown["firstName"], shown["emailAddress"]) == ("Grace", "grace@example.com")
    assert az("keyvault", "certificate", "issuer", "delete", *one)["provider"] == "DigiCert"
