"""What the portal is measured against: bare `requests` with a ready token, and Microsoft's SDK, both warm; and the disk."""

import sqlite3
from pathlib import Path
from typing import Any

import requests
from azure.identity import ClientSecretCredential
from azure.keyvault.certificates import CertificateClient
from azure.keyvault.keys import KeyClient
from azure.keyvault.secrets import SecretClient

from tests.bench.stack import Stack
from vaults.keyvault.operations import API_VERSIONS

SCOPE = "https://vault.azure.net/.default"


class Bare:
    """The least that a round trip can cost: one session, one warm connection, a token at hand."""

    def __init__(self, stack: Stack) -> None:
        self._vault_url = stack.vault_url
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = stack.ca_file
        self._session.headers["User-Agent"] = "kvportal-bench"
        tenant_id, client_id, client_secret = stack.credentials
        form = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": client_secret,
            "scope": SCOPE,
        }
        answer = self._session.post(f"{stack.authority}/{tenant_id}/oauth2/v2.0/token", data=form, timeout=10)
        answer.raise_for_status()
        self._session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def get(self, path: str) -> requests.Response:
        answer = self._session.get(f"{self._vault_url}/{path}", params={"api-version": API_VERSIONS[-1]}, timeout=10)
        answer.raise_for_status()
        return answer

    def a_name(self, collection: str) -> str:
        """The first item of a collection that is enabled and does not belong to a certificate."""
        for item in self.get(collection).json()["value"]:
            if item["attributes"]["enabled"] and not item.get("managed"):
                return str(item.get("kid") or item["id"]).rpartition("/")[2]
        raise LookupError(f"The first page of {collection} has nothing to measure with.")


class Sdk:
    """Microsoft's clients, set up as its documentation says for a vault outside Azure's own domains."""

    def __init__(self, stack: Stack) -> None:
        credential = ClientSecretCredential(
            *stack.credentials,
            authority=stack.authority,
            disable_instance_discovery=True,
            connection_verify=stack.ca_file,
        )
        options: dict[str, Any] = {"verify_challenge_resource": False, "connection_verify": stack.ca_file}
        self.secrets = SecretClient(stack.vault_url, credential, **options)
        self.keys = KeyClient(stack.vault_url, credential, **options)
        self.certificates = CertificateClient(stack.vault_url, credential, **options)

    def first_page(self) -> None:
        list(next(self.secrets.list_properties_of_secrets().by_page()))

    def key_with_versions(self, name: str) -> None:
        self.keys.get_key(name)
        list(self.keys.list_properties_of_key_versions(name))

    def certificate_with_versions(self, name: str) -> None:
        self.certificates.get_certificate(name)
        list(self.certificates.list_properties_of_certificate_versions(name))

    def secret(self, name: str) -> None:
        self.secrets.get_secret(name)


class Disk:
    """What no page can do without: the start of an act is on the disk before the vault is asked, its end before the answer."""

    def __init__(self, folder: Path) -> None:
        self._db = sqlite3.connect(folder / "two-commits.sqlite3", isolation_level=None)
        for statement in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "CREATE TABLE record (words TEXT)"):
            self._db.execute(statement)

    def two_commits(self) -> None:
        for _ in range(2):
            self._db.execute("INSERT INTO record VALUES (?)", ("x" * 600,))
