"""Every list, bundle and operation of the real service in the public recordings can be read."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from vaults.keyvault.bundles import Requested
from vaults.keyvault.client import VaultClient
from vaults.keyvault.objects import ObjectClient
from vaults.keyvault.paging import page_of
from vaults.keyvault.policies import policy_from_json
from vaults.keyvault.types import Certificate
from vaults.keyvault.x509 import public_key_pem, read_certificate, read_signing_request

RECORDINGS = Path(os.environ.get("KVPORTAL_REFERENCE_DIR", "../shared")) / "recordings"
pytestmark = pytest.mark.skipif(not RECORDINGS.is_dir(), reason="the recordings are not here")


def answers(kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """URL without query, and body, of the successful responses about one kind of object."""
    ours = re.compile(rf"https://[^/]+/(deleted)?{kind}(/(?!issuers|contacts)[^?]*)?$")
    for file in sorted((RECORDINGS / kind).glob("*.json")):
        for entry in json.loads(file.read_text())["Entries"]:
            url, body = str(entry["RequestUri"]).partition("?")[0], entry["ResponseBody"]
            if ours.match(url) and isinstance(body, dict) and entry["StatusCode"] < 300:
                yield url, body


def asked_by(url: str, body: dict[str, Any]) -> Requested:
    """The object that a recorded request was for. Some recorders replaced the host in its URL, but not in the response."""
    listed = isinstance(body.get("value"), list)
    first = next(iter(body["value"] or [{}])) if listed else body
    told = body.get("nextLink") or first.get("id") or first.get("kid") or first.get("key", {}).get("kid") or url
    collection, name, version, *_ = [*urlsplit(url).path.strip("/").split("/"), "", ""]
    host = urlsplit(told).netloc.removesuffix(":443")
    name, version = "" if name == "restore" else name, version if re.fullmatch("[0-9a-f]{32}", version) else ""
    return Requested(f"https://{host}", collection.removeprefix("deleted"), name, version, listed)


def read(client: ObjectClient[Any, Any], url: str, body: dict[str, Any]) -> list[Any]:
    """The client's objects for a list or a bundle, deleted or not; empty for other responses."""
    reader = client._deleted if "/deleted" in url or "recoveryId" in body else client._properties
    if isinstance(body.get("value"), list):
        asked = asked_by(url, body)
        page = page_of(body, f"{asked.vault_url}{urlsplit(url).path}", lambda item: reader(item, asked))
        assert not page.nameless
        return list(page.items)
    if "attributes" not in body or url.endswith("policy"):
        return []
    found = reader(body, asked_by(url, body))
    assert not {"id", "recovery_id"} & found.odd.keys()
    return [found]


def test_secrets(client: VaultClient) -> None:
    found = [item for url, body in answers("secrets") for item in read(client.secrets, url, body)]
    assert len(found) > 650


def test_keys(client: VaultClient) -> None:
    found = 0
    for url, body in answers("keys"):
        found += len(read(client.keys, url, body))
        if "key" in body:
            key = client.keys._key(body, asked_by(url, body))
            if key.key_type in ("RSA", "EC"):
                assert "BEGIN PUBLIC KEY" in public_key_pem(key.jwk)
    assert found > 800


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
def test_certificates(client: VaultClient) -> None:
    found: list[Any] = []
    certificates: list[Certificate] = []
    for url, body in answers("certificates"):
        if "csr" in body:
            operation = client.certificates._operation(body, asked_by(url, body))
            assert operation.status in ("inProgress", "completed")
            assert read_signing_request(operation.csr).subject is not None
        elif url.endswith("/policy"):
            assert policy_from_json(body).issuer_name
        else:
            found += read(client.certificates, url, body)
            if "cer" in body:
                certificates.append(client.certificates._certificate(body, asked_by(url, body)))
    assert (len(found) > 250, len(certificates) > 100) == (True, True)

    for certificate in certificates:
        facts = read_certificate(certificate.cer)
        assert facts.sha1 == certificate.properties.x5t
        assert facts.not_after == certificate.properties.expires_on
        assert facts.subject is not None
        assert facts.key_type in ("RSA", "EC")
