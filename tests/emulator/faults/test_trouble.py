"""Trouble on demand, as a client without a socket meets it."""

import time
from collections.abc import Iterator

import pytest
import requests

from tests.emulator.caller import VAULT, Caller, refusal
from vaults.emulator import ADMIN, Emulator
from vaults.emulator.samples.seed import add_secrets


def test_throttle(emulator: Emulator, admin: Caller) -> None:
    emulator.throttle(2)
    assert refusal(admin.get("secrets")) == (429, "Throttled", None)
    assert "Retry-After" not in admin.get("secrets").headers
    assert admin.get("secrets").status_code == 200
    emulator.throttle(retry_after="3")
    assert admin.get("secrets").headers["Retry-After"] == "3"


def test_fail_without_effect(emulator: Emulator, admin: Caller) -> None:
    emulator.fail(1, 500, method="PUT")
    assert admin.get("secrets/a").status_code == 404
    assert admin.put("secrets/a", {"value": "1"}).status_code == 500
    assert admin.get("secrets/a").status_code == 404
    assert admin.put("secrets/a", {"value": "1"}).status_code == 200


def test_lose_the_answer_but_do_it(emulator: Emulator, admin: Caller) -> None:
    emulator.lose_answer(path="/secrets/a$")
    with pytest.raises(requests.ConnectionError):
        admin.put("secrets/a", {"value": "1"})
    assert admin.get("secrets/a").json()["value"] == "1"


def test_lose_the_request(emulator: Emulator, admin: Caller) -> None:
    emulator.lose_request(method="PUT")
    with pytest.raises(requests.ConnectionError):
        admin.put("secrets/a", {"value": "1"})
    assert admin.get("secrets/a").status_code == 404


def test_latency_ends_in_a_timeout_at_once(emulator: Emulator, admin: Caller) -> None:
    emulator.latency(5, times=1)
    start = time.monotonic()
    with pytest.raises(requests.ReadTimeout):
        admin.session.get(f"{admin.base}/secrets?api-version=7.3", timeout=(1, 2))
    assert time.monotonic() - start < 0.5
    emulator.latency(0.05, times=1)
    start = time.monotonic()
    assert admin.get("secrets").status_code == 200
    assert time.monotonic() - start >= 0.05


def test_stop_answering_until_lifted(emulator: Emulator, admin: Caller) -> None:
    emulator.stop_answering()
    for _ in range(3):
        with pytest.raises(requests.ReadTimeout):
            admin.session.get(f"{admin.base}/secrets", timeout=1)
    emulator.lift()
    assert admin.get("secrets").status_code == 200


def test_answers_that_are_none(emulator: Emulator, admin: Caller) -> None:
    emulator.answer_next(502, b"<html>Bad Gateway</html>", {"Content-Type": "text/html"})
    assert admin.get("secrets").text == "<html>Bad Gateway</html>"
    emulator.answer_next(200, ["not", "an", "object"])
    assert admin.get("secrets").json() == ["not", "an", "object"]
    emulator.answer_next(302, b"", {"Location": "https://evil.test/"})
    answer = admin.session.get(f"{admin.base}/secrets", allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (302, "https://evil.test/")


def test_a_body_that_is_cut(emulator: Emulator, admin: Caller) -> None:
    emulator.answer_next(200, b'{"value": "x', {"Content-Length": "900", "Content-Type": "application/json"})
    with pytest.raises(requests.RequestException):
        admin.get("secrets")


def test_a_body_without_end(emulator: Emulator, admin: Caller) -> None:
    def flood() -> Iterator[bytes]:
        while True:
            yield b"x" * 65536

    emulator.answer_next(200, flood())
    answer = admin.session.get(f"{admin.base}/secrets", stream=True)
    read = 0
    for piece in answer.iter_content(65536):
        read += len(piece)
        if read > 1_000_000:
            break
    assert read > 1_000_000


def test_rewritten_links(emulator: Emulator, admin: Caller) -> None:
    add_secrets(emulator, VAULT, 30)
    emulator.rewrite(lambda answer: answer | {"nextLink": "https://evil.test/secrets"})
    assert admin.get("secrets").json()["nextLink"] == "https://evil.test/secrets"
    assert admin.get("secrets").json()["nextLink"].startswith(f"https://{VAULT}.vault.test:443/")


def test_trouble_at_the_issuer(emulator: Emulator, admin: Caller) -> None:
    emulator.fail(1, 503, host="login.test")
    assert admin.get("secrets").status_code == 200
    with pytest.raises((KeyError, requests.RequestException)):
        admin.token(ADMIN)
    assert admin.token(ADMIN)
