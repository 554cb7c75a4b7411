"""A caller with no HTTP library in between: for thousands of requests, of whose time the library takes the larger part."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from vaults.emulator import ADMIN, Emulator
from vaults.emulator.entra.tokens import VAULT_RESOURCE
from vaults.emulator.wire.http import Request


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, body and media type, the first two under the names that `requests` has for them."""

    status_code: int
    content: bytes
    media_type: str

    @property
    def text(self) -> str:
        return self.content.decode()

    def json(self) -> Any:
        return json.loads(self.content)


class Direct:
    """ADMIN at one vault. A new token is there for the asking: `sign_in` after the clock has gone on."""

    def __init__(self, emulator: Emulator, vault: str) -> None:
        self._emulator = emulator
        self.base = emulator.vault_url(vault)
        self.sign_in()

    def sign_in(self) -> None:
        principal = self._emulator.principal(ADMIN.name)
        token = self._emulator.tokens.issue(principal, VAULT_RESOURCE, int(self._emulator.clock()))
        self._signed = {"authorization": f"Bearer {token}", "content-type": "application/json"}

    def ask(self, method: str, url: str, body: Any = None, *, signed: bool = True, accept: str = "*/*") -> Answer:
        parts = urlsplit(url)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        content = b"" if body is None else json.dumps(body).encode()
        headers = {"accept": accept} | (self._signed if signed else {})
        response = self._emulator.answer(Request(method, parts.netloc, unquote(parts.path), query, headers, content))
        assert isinstance(response.body, bytes)
        return Answer(response.status, response.body, dict(response.headers).get("Content-Type", "").partition(";")[0])
