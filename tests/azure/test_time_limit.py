"""One time limit for all calls of a piece of work; a call that got too little time does not count against the host."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from tests.azure.fake import FakeAzure, response
from tests.conftest import in_threads
from vaults.azure import sign_in
from vaults.azure.errors import AuthenticationError, AzureError, TransportError
from vaults.azure.limits import Breaker, Limits
from vaults.azure.parallel import gather
from vaults.azure.sign_in import TokenSource
from vaults.azure.time_limit import time_left, time_limit
from vaults.keyvault.client import VaultClient
from vaults.keyvault.session import Patience

MakeClient = Callable[..., VaultClient]
PAGE: dict[str, object] = {"value": [], "nextLink": None}
SCOPE = "https://vault.test/.default"


def test_a_limit_holds_within_another_and_in_gathered_calls() -> None:
    with time_limit(5), time_limit(60):
        assert max(gather(*[lambda: time_left(15)] * 3)) <= 5
    assert time_left(15) == 15


def test_nothing_is_sent_without_time_and_the_vault_is_not_blamed(make_client: MakeClient, azure: FakeAzure) -> None:
    limits = Limits(breaker=Breaker(failures=1))
    client = make_client(limits=limits)
    with time_limit(0), pytest.raises(AzureError) as caught:
        client.secrets.list_page()
    assert not caught.value.maybe_done
    assert not azure.vault_requests
    azure.answer(200, PAGE)
    client.secrets.list_page()  # the breaker is closed


def test_a_vault_with_hardly_any_time_is_not_blamed(make_client: MakeClient, azure: FakeAzure) -> None:
    limits = Limits(breaker=Breaker(failures=1))
    client = make_client(limits=limits, patience=Patience(tries=1))
    azure.answers.append(TimeoutError("read timed out"))
    with time_limit(1), pytest.raises(TransportError):
        client.secrets.list_page()
    azure.answer(200, PAGE)
    client.secrets.list_page()


def test_no_change_is_begun_that_cannot_be_waited_for(make_client: MakeClient, azure: FakeAzure) -> None:
    with time_limit(1), pytest.raises(TransportError) as caught:
        make_client().keys.delete("signing")
    assert (caught.value.reason, caught.value.maybe_done) == ("timeout", False)
    assert not azure.vault_requests


# Sign-in


class Silent:
    """A sign-in host that responds only when the test lets it."""

    def __init__(self) -> None:
        self.asked = threading.Semaphore(0)
        self.answer = threading.Event()

    def __call__(self) -> object:
        self.asked.release()
        self.answer.wait(3)
        return response(200, {"token_type": "Bearer", "expires_in": 3599, "access_token": "token-late"})


def test_no_call_waits_for_a_token_longer_than_its_time(tokens: TokenSource, azure: FakeAzure) -> None:
    silent = Silent()
    azure.issuer.append(silent)  # type: ignore[arg-type]
    first = threading.Thread(target=tokens.token, args=[SCOPE])
    first.start()
    assert silent.asked.acquire(timeout=5)
    began = time.monotonic()
    with pytest.raises(AuthenticationError) as caught:
        tokens.token(SCOPE, 0.2)
    assert time.monotonic() - began < 1
    assert caught.value.reason == "unreachable"
    silent.answer.set()
    first.join()
    assert tokens.token(SCOPE, 0.2) == "token-late"


@pytest.mark.slow
def test_only_so_many_wait_for_a_token(tokens: TokenSource, azure: FakeAzure) -> None:
    patience, between = sign_in.QUEUE_SECONDS + 0.8, sign_in.QUEUE_SECONDS + 0.5
    silent = Silent()
    azure.issuer.append(silent)  # type: ignore[arg-type]

    def ask() -> float:
        began = time.monotonic()
        try:
            tokens.token(SCOPE, patience)
        except AuthenticationError:
            return time.monotonic() - began
        return patience

    took = in_threads(*[ask] * 40)
    silent.answer.set()
    quickly = [seconds for seconds in took if seconds < between]
    assert len(quickly) == 40 - sign_in.MOST_WAITING


def test_a_silent_sign_in_host_is_left_alone_for_a_while(cloud: object, azure: FakeAzure) -> None:
    now = 1000.0
    tokens = TokenSource(
        cloud,  # type: ignore[arg-type]
        "11111111-2222-3333-4444-555555555555",
        "99999999-2222-3333-4444-555555555555",
        sign_in.ClientSecret("s3cret-of-the-client"),
        clock=lambda: now,
    )
    azure.issuer.extend([TimeoutError("read timed out")] * 2)
    for _ in range(5):
        now += 1
        with pytest.raises(AuthenticationError) as caught:
            tokens.token(SCOPE)
        assert caught.value.reason == "unreachable"
    assert len(azure.token_requests) == 2
    now += sign_in.REST_SECONDS
    assert tokens.token(SCOPE) == "token-1"


def test_a_good_token_is_used_while_no_newer_one_can_be_had(tokens: TokenSource, azure: FakeAzure) -> None:
    """Entra ID sends a time for early renewal (refresh_in): after it, each call would wait for a host that does not respond."""
    aging = {"token_type": "Bearer", "expires_in": 3599, "refresh_in": -1, "access_token": "token-aging"}
    azure.issuer.extend([response(200, aging), *[TimeoutError("read timed out")] * 5])
    assert [tokens.token(SCOPE) for _ in range(6)] == ["token-aging"] * 6
    assert len(azure.token_requests) == 1 + 2
