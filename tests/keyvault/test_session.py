"""VaultSession.send: token, retries, errors, and the exchanges kept for the audit."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import urllib3.exceptions

from tests.azure.fake import CHALLENGE, VAULT, FakeAzure, FakeTime, secret_bundle
from vaults.azure.clouds import Cloud
from vaults.azure.errors import (
    AzureError,
    BadRequest,
    Conflict,
    Forbidden,
    MalformedResponse,
    ServiceError,
    Throttled,
    TransportError,
    Unauthorized,
    Unavailable,
)
from vaults.azure.limits import Breaker, Bulkhead, Limits, RetryBudget
from vaults.keyvault.client import VaultClient
from vaults.keyvault.operations import OPERATIONS, Operation
from vaults.keyvault.session import Patience

MakeClient = Callable[..., VaultClient]
PAGE: dict[str, Any] = {"value": [], "nextLink": None}
NEVER_SENT = requests.ConnectionError(
    urllib3.exceptions.MaxRetryError(
        None,  # type: ignore[arg-type]
        "/",
        urllib3.exceptions.NewConnectionError(None, "refused"),  # type: ignore[arg-type]
    )
)


def error_body(code: str, inner: str | None = None, message: str = "No.") -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "innererror": {"code": inner} if inner else None}}


# The token


def test_the_token_goes_with_the_request(client: VaultClient, azure: FakeAzure) -> None:
    azure.answer(200, PAGE)
    client.secrets.list_page()
    assert azure.vault_requests[0].headers["Authorization"] == "Bearer token-1"


@pytest.mark.parametrize(
    "challenge",
    [
        'Bearer authorization="https://evil.test/x", resource="https://evil.test"',
        'Bearer authorization="https://login.test.evil.test/x", resource="https://vault.test"',
        'Bearer authorization="https://login.test@evil.test/x", scope="https://evil.test/.default"',
        'bearer authorization="http://169.254.169.254/", resource="evil.test"',
        'BEARER error="invalid_token", claims="eyJldmlsIjoxfQ=="',
        "Bearer",
        "Bearer " + "x" * 5000,
    ],
)
def test_a_challenge_is_met_once_and_its_hosts_are_ignored(
    client: VaultClient, azure: FakeAzure, challenge: str
) -> None:
    azure.answer(401, error_body("Unauthorized"), {"WWW-Authenticate": challenge})
    azure.answer(200, secret_bundle())

    client.secrets.set("crpsecret", "v")

    sent = [request.headers["Authorization"] for request in azure.vault_requests]
    assert sent == ["Bearer token-1", "Bearer token-2"]
    assert {urlsplit(str(request.url)).netloc for request in azure.requests} == {
        "login.test",
        "kv-one.vault.test",
    }
    assert all("evil" not in str(request.body) for request in azure.requests)


def test_a_second_challenge_is_final(client: VaultClient, azure: FakeAzure) -> None:
    for _ in range(2):
        azure.answer(401, error_body("Unauthorized", message="AKV10032: Invalid issuer."), CHALLENGE)
    with pytest.raises(Unauthorized, match="AKV10032"):
        client.secrets.list_page()
    assert len(azure.vault_requests) == 2


def test_a_401_without_challenge_is_final(client: VaultClient, azure: FakeAzure) -> None:
    azure.answer(401, text="")
    with pytest.raises(Unauthorized):
        client.secrets.list_page()
    assert len(azure.token_requests) == 1


@pytest.mark.parametrize(
    "failure",
    [
        requests.ConnectionError("broken"),
        requests.ReadTimeout("slow"),
        RuntimeError("a defect"),
    ],
)
def test_no_error_carries_the_token(client: VaultClient, azure: FakeAzure, failure: Exception) -> None:
    value = "-".join(["hush", "hush"])  # not literal in this source, which a traceback quotes
    azure.answers.append(failure)
    with pytest.raises((AzureError, RuntimeError)) as caught:
        client.secrets.set("crpsecret", value)

    error = caught.value
    shown = "".join(traceback.format_exception(error)) + repr(vars(error))
    assert "token-1" not in shown
    assert value not in shown
    if isinstance(error, AzureError):
        assert error.__context__ is None


@pytest.mark.parametrize("echo", ["token-1", "hush-hush"])
def test_a_vault_that_repeats_what_it_was_sent_is_not_quoted(client: VaultClient, azure: FakeAzure, echo: str) -> None:
    azure.answer(400, error_body(f"Code {echo}", f"Inner {echo}", f"You sent {echo}!"))
    with pytest.raises(BadRequest, match="status 400") as caught:
        client.secrets.set("crpsecret", "hush-hush")
    assert echo not in repr(vars(caught.value))


@pytest.mark.parametrize(
    ("operation", "path"),
    [(name, path) for name, operation in OPERATIONS.items() for path in operation.secret_members],
)
def test_no_secret_member_is_quoted(client: VaultClient, azure: FakeAzure, operation: str, path: str) -> None:
    body: Any = "hush-hush"
    for member in reversed(path.split(".")):
        body = {member: body}
    azure.answer(400, error_body("BadParameter", None, "You sent hush-hush!"))
    with pytest.raises(BadRequest) as caught:
        client.send(OPERATIONS[operation], dict, name="n", version="", json=body)
    assert "hush-hush" not in repr(vars(caught.value))


def test_these_operations_send_something_secret() -> None:
    sent = {
        "SetSecret", "ImportKey", "encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey", "release",
        "securewrapkey", "secureunwrapkey", "ImportCertificate", "SetCertificateIssuer", "UpdateCertificateIssuer",
        *(name for name in OPERATIONS if name.startswith("Restore")),
    }  # fmt: skip
    assert {name for name, operation in OPERATIONS.items() if operation.secret_members} == sent


# Retries


def test_reading_is_repeated_with_growing_pauses(client: VaultClient, azure: FakeAzure, fake_time: FakeTime) -> None:
    azure.answers.append(requests.ConnectionError("broken"))
    azure.answer(503, text="")
    azure.answer(200, PAGE)

    client.secrets.list_page()

    assert fake_time.slept == [0.5, 1.0]
    assert [exchange.status for exchange in client.exchanges] == [None, 503, 200]


def test_three_tries_are_enough(client: VaultClient, azure: FakeAzure) -> None:
    for _ in range(3):
        azure.answer(500, text="")
    with pytest.raises(Unavailable):
        client.secrets.list_page()
    assert len(azure.vault_requests) == 3


@pytest.mark.parametrize(
    "failure", [requests.ConnectionError("broken"), requests.ReadTimeout("slow"), requests.Timeout("slow")]
)
def test_a_lost_answer_to_a_change_is_never_repeated(client: VaultClient, azure: FakeAzure, failure: Exception) -> None:
    azure.answers.append(failure)
    with pytest.raises(TransportError) as caught:
        client.secrets.set("crpsecret", "v")
    assert caught.value.maybe_done
    assert len(azure.vault_requests) == 1


def test_a_500_to_a_change_is_never_repeated(client: VaultClient, azure: FakeAzure) -> None:
    azure.answer(500, error_body("InternalError"))
    with pytest.raises(Unavailable) as caught:
        client.keys.create("k", kty="RSA")
    assert caught.value.maybe_done
    assert caught.value.permission == "keys/create"
    assert len(azure.vault_requests) == 1


def test_an_unreadable_answer_to_a_change_is_maybe_done(client: VaultClient, azure: FakeAzure) -> None:
    azure.answer(200, {"id": "nonsense"}, {"x-ms-request-id": "f0f0"})
    with pytest.raises(MalformedResponse) as caught:
        client.secrets.set("crpsecret", "v")
    error = caught.value
    assert (error.maybe_done, error.status, error.request_id) == (True, 200, "f0f0")

    azure.answer(200, {"id": "nonsense"})
    with pytest.raises(MalformedResponse) as caught:
        client.secrets.get("crpsecret")
    assert not caught.value.maybe_done


def test_a_change_that_was_not_looked_at_is_repeated(client: VaultClient, azure: FakeAzure) -> None:
    azure.answers.append(NEVER_SENT)
    azure.answer(429, error_body("Throttled"))
    azure.answer(200, secret_bundle())
    assert client.secrets.set("crpsecret", "v").name == "crpsecret"


def test_a_read_is_never_maybe_done(client: VaultClient, azure: FakeAzure) -> None:
    azure.answers.extend(requests.ReadTimeout("slow") for _ in range(3))
    with pytest.raises(TransportError) as caught:
        client.secrets.list_page()
    assert not caught.value.maybe_done


@pytest.mark.parametrize("status", [400, 403, 404, 409])
def test_a_refusal_is_not_repeated(client: VaultClient, azure: FakeAzure, status: int) -> None:
    azure.answer(status, error_body("No"))
    with pytest.raises(ServiceError):
        client.secrets.list_page()
    assert len(azure.vault_requests) == 1


def test_retry_after_is_honoured(client: VaultClient, azure: FakeAzure, fake_time: FakeTime) -> None:
    azure.answer(429, error_body("Throttled"), {"Retry-After": "3"})
    azure.answer(200, PAGE)
    client.secrets.list_page()
    assert fake_time.slept == [3.5]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("60", 60),
        ("86400", 86_400),
        ("999999999", None),
        ("9" * 400, None),
        ("1e9", None),
        ("12.5", None),
        ("٣", None),
        ("Fri, 31 Dec 9999 23:59:59 GMT", None),
        ("Wed, 21 Oct 99999999999999999999 07:28:00 GMT", None),
        ("Wed, 21 Oct 2065 07:28:00 +99999999", None),
        ("soon", None),
        ("", None),
        ("-5", None),
        ("Mon, 01 Jan 2001 00:00:00 GMT", 0),
    ],
)
def test_retry_after_is_reported_within_reason(
    make_client: MakeClient, azure: FakeAzure, fake_time: FakeTime, header: str, seconds: float | None
) -> None:
    azure.answer(429, error_body("Throttled"), {"Retry-After": header})
    with pytest.raises(Throttled) as caught:
        make_client(patience=Patience(tries=1)).secrets.list_page()
    assert caught.value.retry_after == seconds
    assert fake_time.slept == []


def test_a_long_retry_after_ends_the_wait(client: VaultClient, azure: FakeAzure, fake_time: FakeTime) -> None:
    azure.answer(429, error_body("Throttled"), {"Retry-After": "60"})
    with pytest.raises(Throttled):
        client.secrets.list_page()
    assert fake_time.slept == []


def test_all_tries_share_one_deadline(make_client: MakeClient, azure: FakeAzure, fake_time: FakeTime) -> None:
    azure.answer(429, error_body("Throttled"), {"Retry-After": "3"})
    with pytest.raises(Throttled):
        make_client(patience=Patience(seconds=3)).secrets.list_page()
    assert fake_time.slept == []


def test_a_storm_is_not_made_worse(make_client: MakeClient, azure: FakeAzure) -> None:
    client = make_client(limits=Limits(budget=RetryBudget(share=0.1, reserve=1)))
    for _ in range(111):
        azure.answer(429, error_body("Throttled"))
    for _ in range(100):
        with pytest.raises(Throttled):
            client.secrets.list_page()
    assert len(azure.vault_requests) <= 111


# Limits


def test_a_sick_vault_is_left_alone_and_tried_again(
    make_client: MakeClient, azure: FakeAzure, fake_time: FakeTime
) -> None:
    limits = Limits(breaker=Breaker(failures=2, rest=10, clock=fake_time.clock))
    client = make_client(limits=limits, patience=Patience(tries=1))
    azure.answer(500, text="")
    azure.answer(500, text="")
    for _ in range(2):
        with pytest.raises(Unavailable):
            client.secrets.list_page()

    with pytest.raises(TransportError) as caught:
        client.secrets.list_page()
    assert (caught.value.reason, caught.value.retry_after) == ("resting", 10)
    assert caught.value.cause == "It answered with status 500."
    assert len(azure.vault_requests) == 2

    fake_time.now += 10
    azure.answer(200, PAGE)
    client.secrets.list_page()
    azure.answer(200, PAGE)
    client.secrets.list_page()


def test_throttling_and_refusals_do_not_open_the_breaker(
    make_client: MakeClient, azure: FakeAzure, fake_time: FakeTime
) -> None:
    limits = Limits(breaker=Breaker(failures=1, rest=10, clock=fake_time.clock))
    client = make_client(limits=limits, patience=Patience(tries=1))
    for status in (429, 403, 404):
        azure.answer(status, error_body("No"))
        with pytest.raises(ServiceError):
            client.secrets.list_page()


def test_too_many_calls_at_once_are_refused(make_client: MakeClient, azure: FakeAzure) -> None:
    bulkhead = Bulkhead(at_once=1, waiting=0)
    client = make_client(limits=Limits(bulkhead=bulkhead))
    with bulkhead.slot(0), pytest.raises(TransportError) as caught:
        client.secrets.list_page()
    assert caught.value.reason == "busy"
    assert azure.vault_requests == []

    azure.answer(200, PAGE)
    client.secrets.list_page()


# Errors


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadRequest),
        (401, Unauthorized),
        (403, Forbidden),
        (404, ServiceError),
        (409, Conflict),
        (418, ServiceError),
        (429, Throttled),
        (502, Unavailable),
    ],
)
def test_each_status_has_its_error(
    make_client: MakeClient, azure: FakeAzure, status: int, kind: type[ServiceError]
) -> None:
    azure.answer(status, error_body("Code", "Inner", "What\r\nhappened"), {"x-ms-request-id": "abc-123"})
    with pytest.raises(ServiceError) as caught:
        make_client(patience=Patience(tries=1)).secrets.list_page()
    error = caught.value
    assert type(error) is kind
    assert (error.status, error.code, error.inner_code) == (status, "Code", "Inner")
    assert (error.message, error.request_id) == ("What  happened", "abc-123")


@pytest.mark.parametrize(
    "text", ["", "[]", "null", '{"error": {"code": 7}}', '{"error": 7}', "{", "[" * 9000, "<html>"]
)
def test_an_error_without_words_has_none(client: VaultClient, azure: FakeAzure, text: str) -> None:
    azure.answer(400, text=text)
    with pytest.raises(BadRequest, match="The vault answered with status 400") as caught:
        client.secrets.list_page()
    assert caught.value.words == ""


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        (
            "<html><style>p {}</style><h1>Bad&nbsp;Request</h1><p>No <b>such</b> site</html>",
            "",
            "Bad Request No such site",
        ),
        ("upstream connect error", "", "upstream connect error"),
        ('"x"', "", '"x"'),
        ('{"error": "invalid_request", "error_description": "No way"}', "", "No way"),
        ('{"error": "x"}', "", "x"),
        ('{"Message": "No HTTP resource was found"}', "", "No HTTP resource was found"),
        ('{"code": "Gone", "message": "It is gone"}', "Gone", "It is gone"),
        ('{"statusCode": 401, "message": "Access denied due to missing key"}', "", "Access denied due to missing key"),
        ('{"Error": {"Code": "C", "Message": "M", "InnerError": {"Code": "I"}}}', "C", "M"),
        ('{"error": {"code": "C", "message": {"lang": "en-US", "value": "M"}}}', "C", "M"),
        ('{"odata.error": {"code": "C", "message": {"value": "M"}}}', "C", "M"),
        ('{"type": "about:blank", "title": "Conflict", "detail": "Too many"}', "", "Too many"),
    ],
)
def test_an_error_of_another_shape_keeps_its_words(
    client: VaultClient, azure: FakeAzure, text: str, code: str, words: str
) -> None:
    azure.answer(400, text=text)
    with pytest.raises(BadRequest) as caught:
        client.secrets.list_page()
    assert (caught.value.code, caught.value.words, caught.value.message) == (code, words, words)


@pytest.mark.parametrize("status", [201, 202, 204, 206])
def test_an_unexpected_success_is_refused(client: VaultClient, azure: FakeAzure, status: int) -> None:
    azure.answer(status, PAGE)
    with pytest.raises(MalformedResponse):
        client.secrets.list_page()


def test_only_the_catalogue_is_sent(client: VaultClient, azure: FakeAzure) -> None:
    with pytest.raises(ValueError, match="catalogue"):
        client.send(Operation("GetSecrets", "secret", "DELETE", "/secrets", "", ""), dict)
    assert azure.requests == []


def test_an_unknown_api_version_is_refused(make_client: MakeClient) -> None:
    with pytest.raises(ValueError, match="api-version"):
        make_client(api_version="1.0")


def test_a_vault_of_another_cloud_is_refused(cloud: Cloud, make_client: MakeClient) -> None:
    with pytest.raises(ValueError, match="no vaults at this host"):
        VaultClient("https://kv-one.vault.azure.net", cloud, make_client()._tokens)


# Exchanges


def test_exchanges_tell_what_went_over_the_wire(make_client: MakeClient, azure: FakeAzure) -> None:
    client = make_client(api_version="7.4", request_id="00000000-0000-0000-0000-00000000000a")
    azure.answer(
        200,
        secret_bundle(),
        {"x-ms-request-id": "f0f0", "Date": "Tue, 24 Nov 2026 10:00:00 GMT"},
    )

    client.secrets.set("crpsecret", "hush-hush", tags={"a": "b"})

    assert azure.vault_requests[0].headers["x-ms-client-request-id"] == "00000000-0000-0000-0000-00000000000a"
    (exchange,) = client.exchanges
    assert (exchange.method, exchange.url) == ("PUT", f"{VAULT}/secrets/crpsecret?api-version=7.4")
    assert (exchange.status, exchange.azure_request_id, exchange.api_version) == (200, "f0f0", "7.4")
    assert exchange.body_members == ("value", "tags")
    assert exchange.azure_date == datetime(2026, 11, 24, 10, tzinfo=UTC)
    assert "hush-hush" not in repr(exchange)


def test_a_request_id_that_is_none_is_not_kept(client: VaultClient, azure: FakeAzure) -> None:
    azure.answer(200, PAGE, {"x-ms-request-id": "<script>"})
    client.secrets.list_page()
    assert client.exchanges[0].azure_request_id == ""
