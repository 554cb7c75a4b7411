"""Somebody who speaks to Resource Manager."""

from typing import Any

import requests

from tests.emulator.caller import Caller
from vaults.emulator import ADMIN

GUID = "11111111-2222-4333-8444-555555555555"


class Manager:
    """A service principal at Resource Manager."""

    def __init__(self, caller: Caller, who: Any = ADMIN) -> None:
        self.session = caller.session
        self.session.headers["Authorization"] = f"Bearer {caller.token(who, 'https://management.azure.com')}"

    def call(self, method: str, path: str, body: Any = None, **query: str) -> requests.Response:
        params = {"api-version": "2023-07-01"} | query
        return self.session.request(method, f"https://management.test{path}", params=params, json=body)
