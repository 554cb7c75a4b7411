"""Callers who speak HTTP to an emulator, without the portal's own client in between."""

from typing import Any

import requests

from vaults.emulator import ADMIN, TENANT_ID, VAULT_NAMES, Emulator
from vaults.emulator.samples.names import Credentials
from vaults.emulator.serve.adapter import EmulatorAdapter

VAULT = VAULT_NAMES[0]


class Caller:
    """A service principal at one vault: `caller.get("secrets/a")` gives the answer."""

    def __init__(self, emulator: Emulator, who: Credentials = ADMIN, vault: str = VAULT, version: str = "7.3") -> None:
        self.emulator = emulator
        self.base = emulator.vault_url(vault)
        self.version = version
        self.session = requests.Session()
        self.session.trust_env = False  # nothing to look up there, and looking takes longer than the answer
        self.session.mount("https://", EmulatorAdapter(emulator))
        self.session.headers["Authorization"] = f"Bearer {self.token(who)}"

    def token(self, who: Credentials, resource: str = "https://vault.azure.net") -> str:
        form = {
            "grant_type": "client_credentials",
            "client_id": who.client_id,
            "client_secret": who.client_secret,
            "scope": f"{resource}/.default",
        }
        answer = self.session.post(f"https://login.test/{TENANT_ID}/oauth2/v2.0/token", data=form)
        return str(answer.json()["access_token"])

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> requests.Response:
        params = {"api-version": self.version} | query
        return self.session.request(method, f"{self.base}/{path}", params=params, json=body)

    def get(self, path: str, **query: Any) -> requests.Response:
        return self.call("GET", path, **query)

    def put(self, path: str, body: Any = None) -> requests.Response:
        return self.call("PUT", path, body)

    def post(self, path: str, body: Any = None) -> requests.Response:
        return self.call("POST", path, body)

    def patch(self, path: str, body: Any = None) -> requests.Response:
        return self.call("PATCH", path, body)

    def delete(self, path: str) -> requests.Response:
        return self.call("DELETE", path)

    def walk(self, path: str, **query: Any) -> list[list[dict[str, Any]]]:
        """All pages of a list, each as its items."""
        answer = self.get(path, **query).json()
        pages = [answer["value"]]
        while answer["nextLink"]:
            answer = self.session.get(answer["nextLink"]).json()
            pages.append(answer["value"])
        return pages


def refusal(answer: requests.Response) -> tuple[int, str, str | None]:
    """Status, code and inner code of an error."""
    error = answer.json()["error"]
    return answer.status_code, error["code"], (error.get("innererror") or {}).get("code")


SELF_SIGNED = {"policy": {"issuer": {"name": "Self"}, "x509_props": {"subject": "CN=shop.example"}}}


def issued(caller: Caller, name: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Create a certificate and wait for it."""
    assert caller.post(f"certificates/{name}/create", body or SELF_SIGNED).status_code == 202
    caller.emulator.clock.advance(10)
    found: dict[str, Any] = caller.get(f"certificates/{name}").json()
    return found
