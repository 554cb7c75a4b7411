"""A fake vault and token issuer with scripted responses, without a socket."""

from __future__ import annotations

import io
import json
import urllib.parse
from collections import deque
from collections.abc import Callable
from typing import Any

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

TENANT = "11111111-2222-3333-4444-555555555555"
CLIENT_ID = "99999999-2222-3333-4444-555555555555"
VAULT = "https://kv-one.vault.test"
VERSION = "0123456789abcdef0123456789abcdef"
CHALLENGE = {"WWW-Authenticate": 'Bearer authorization="https://evil.test/x", resource="https://evil.test"'}


def response(
    status: int, body: Any = None, headers: dict[str, str] | None = None, *, text: str | bytes | None = None
) -> requests.Response:
    """A response whose body is read like one from a socket."""
    made = requests.Response()
    made.status_code = status
    made.headers = CaseInsensitiveDict(headers or {})
    content = json.dumps(body) if text is None else text
    made.raw = io.BytesIO(content.encode() if isinstance(content, str) else content)
    return made


Scripted = requests.Response | Exception | Callable[[], requests.Response]


class FakeAzure(BaseAdapter):
    """Returns the scripted responses in order; an Exception is raised, a function called.

    The issuer issues token-1, token-2, ... unless `issuer` has scripted responses.
    """

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[requests.PreparedRequest] = []
        self.answers: deque[Scripted] = deque()
        self.issuer: deque[Scripted] = deque()
        self.discovery: requests.Response | None = None
        self.tokens = 0
        self._rule: Callable[[requests.PreparedRequest], tuple[int, Any]] | None = None

    def answer(self, status: int, body: Any = None, headers: dict[str, str] | None = None, **more: Any) -> None:
        self.answers.append(response(status, body, headers, **more))

    def answer_by(self, rule: Callable[[requests.PreparedRequest], tuple[int, Any]]) -> None:
        """Create all further responses of the vault by a rule."""
        self._rule = rule

    @property
    def vault_requests(self) -> list[requests.PreparedRequest]:
        return [request for request in self.requests if ".vault.test" in str(request.url)]

    @property
    def token_requests(self) -> list[requests.PreparedRequest]:
        return [request for request in self.requests if str(request.url).endswith("/token")]

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        self.requests.append(request)
        url = str(request.url)
        if url.endswith("/openid-configuration"):
            return response(200, _discovery("https://login.test")) if self.discovery is None else self.discovery
        if url.endswith("/token"):
            return _play(self.issuer) if self.issuer else self._token()
        return response(*self._rule(request)) if self._rule else _play(self.answers)

    def _token(self) -> requests.Response:
        self.tokens += 1
        return response(200, {"token_type": "Bearer", "expires_in": 3599, "access_token": f"token-{self.tokens}"})

    def close(self) -> None:
        """Nothing to close."""


def _play(script: deque[Scripted]) -> requests.Response:
    answer = script.popleft()
    if isinstance(answer, Exception):
        raise answer
    return answer if isinstance(answer, requests.Response) else answer()


def _discovery(authority: str) -> dict[str, str]:
    base = f"{authority}/{TENANT}"
    return {
        "issuer": f"{base}/v2.0",
        "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        "token_endpoint": f"{base}/oauth2/v2.0/token",
    }


def body(request: requests.PreparedRequest) -> Any:
    """The JSON body of a request; None without a body."""
    return json.loads(request.body) if request.body else None


def form(request: requests.PreparedRequest) -> dict[str, str]:
    """The form fields of a token request."""
    return dict(urllib.parse.parse_qsl(str(request.body)))


def secret_bundle(name: str = "crpsecret", value: str | None = None, **more: Any) -> dict[str, Any]:
    bundle = {
        "id": f"{VAULT}/secrets/{name}/{VERSION}",
        "attributes": {"enabled": True, "created": 1600000000, "updated": 1600000001},
        **more,
    }
    return bundle if value is None else {**bundle, "value": value}


class FakeTime:
    """A clock that only `sleep` moves forward."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
