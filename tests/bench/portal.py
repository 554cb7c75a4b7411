"""A person at the portal, as far as the bench needs one: signs in by the form, opens pages, reveals a value."""

import json
import re
import subprocess
import sys

import requests

from tests.bench.stack import EMAIL, PASSWORD, VAULT, Stack

CSRF = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


class Portal:
    """One browser with its cookies and its warm connection."""

    def __init__(self, stack: Stack) -> None:
        self._url = stack.portal_url
        self._session = requests.Session()
        self._session.trust_env = False
        self._csrf = ""

    def sign_in(self) -> None:
        self._read_csrf(self._get("/account/login/", "Sign in"))
        self._post("/account/login/", {"login": EMAIL, "password": PASSWORD}, "Sign out")

    def open_list(self) -> None:
        self._get(f"/vaults/{VAULT}/secrets/", "data-row")

    def open_item(self, collection: str, name: str) -> None:
        self._get(f"/vaults/{VAULT}/{collection}/{name}/", "Versions")

    def prepare_reveal(self, name: str) -> None:
        """Open the secret's page: its form holds what has to be posted."""
        self._read_csrf(self._get(f"/vaults/{VAULT}/secrets/{name}/", "Reveal"))

    def reveal(self, name: str) -> None:
        """What htmx sends when the button is pressed."""
        headers = {"HX-Request": "true", "HX-Target": "value"}
        self._post(f"/vaults/{VAULT}/secrets/{name}/reveal/", {"version": ""}, "data-value", headers)

    def pages_per_second(self, *paths: str) -> dict[str, float]:
        """Of each path, asked for by several clients at once. They run in a process of their own, beside the portal's."""
        cookie = "; ".join(f"{cookie.name}={cookie.value}" for cookie in self._session.cookies)
        command = [sys.executable, "-m", "tests.bench.throughput", self._url.rpartition(":")[2], cookie, *paths]
        found = subprocess.run(command, check=True, stdout=subprocess.PIPE)
        counted: dict[str, float] = json.loads(found.stdout)
        return counted

    def _get(self, path: str, expected: str) -> str:
        return self._page(self._session.get(f"{self._url}{path}", timeout=20), expected)

    def _post(self, path: str, form: dict[str, str], expected: str, headers: dict[str, str] | None = None) -> str:
        data = {"csrfmiddlewaretoken": self._csrf, **form}
        return self._page(self._session.post(f"{self._url}{path}", data=data, headers=headers, timeout=20), expected)

    def _read_csrf(self, page: str) -> None:
        found = CSRF.search(page)
        if not found:
            raise RuntimeError("There is no form on the page.")
        self._csrf = found[1]

    @staticmethod
    def _page(response: requests.Response, expected: str) -> str:
        """The page, once it is known to be the one that was meant: a quick error page must not look like a quick page."""
        response.raise_for_status()
        if expected not in response.text:
            raise RuntimeError(f"{response.url} is not the page that was meant: it lacks {expected!r}.")
        return response.text
