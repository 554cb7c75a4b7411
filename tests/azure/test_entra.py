"""Errors of the token endpoint: reason from code and text, with Entra's description but without anything that was sent."""

from __future__ import annotations

import traceback
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import quote_plus

import pytest
import requests

from tests.azure.fake import CLIENT_ID, TENANT, FakeAzure, form, response
from vaults.azure.clouds import Cloud
from vaults.azure.entra import MAX_WORDS, redacted_description
from vaults.azure.errors import AuthenticationError
from vaults.azure.sign_in import ClientSecret, TokenSource

SECRET = "s3cret-of~the/client+&"
SCOPE = "https://vault.test/.default"
CORRELATION = "12345678-1234-1234-1234-123456789012"
TAIL = f" Trace ID: 87654321-1234-1234-1234-123456789012 Correlation ID: {CORRELATION} Timestamp: 2026-11-26 10:00:00Z"


def entra_body(description: str, **members: Any) -> dict[str, Any]:
    return {"error": "invalid_client", "error_description": description + TAIL, **members}


def refused(cloud: Cloud, azure: FakeAzure, answer: requests.Response) -> AuthenticationError:
    azure.issuer.append(answer)
    with pytest.raises(AuthenticationError) as caught:
        TokenSource(cloud, TENANT, CLIENT_ID, ClientSecret(SECRET)).token(SCOPE)
    return caught.value


@pytest.mark.parametrize(
    ("description", "reason", "code"),
    [
        (
            "AADSTS70002: Error validating credentials. AADSTS50012: Client assertion is not within its valid time range.",
            "clock",
            "AADSTS50012",
        ),
        (
            "AADSTS70002: Error validating credentials. AADSTS50012: Client assertion contains an invalid signature. "
            "[Reason - The key used is expired., Thumbprint of key used by client: 'C49C', Found key 'Start=08/03/2016']",
            "expired_certificate",
            "AADSTS50012",
        ),
        ("AADSTS70002: Error validating credentials. AADSTS50012: Invalid client secret is provided.", "wrong_secret", None),
        ("AADSTS50012: Authentication failed. The certificate chain isn't valid.", "other", "AADSTS50012"),
        ("AADSTS700027: Invalid signature. [Reason - The key was not found.]", "unknown_certificate", None),
        ("AADSTS700027: The certificate is known. [Reason - The key used is expired., Start=1]", "expired_certificate", None),
        ("AADSTS70002: Error validating credentials.", "other", "AADSTS70002"),
        ("AADSTS7000215: Invalid client secret provided. See AADSTS7000222.", "wrong_secret", "AADSTS7000215"),
    ],
)  # fmt: skip
def test_codes_that_several_causes_share_are_told_apart_by_their_text(
    cloud: Cloud, azure: FakeAzure, description: str, reason: str, code: str | None
) -> None:
    error = refused(cloud, azure, response(401, entra_body(description)))
    assert error.reason == reason
    assert code is None or error.code == code
    assert error.request_id == CORRELATION


def test_a_server_error_of_entra_has_code_id_and_wait(cloud: Cloud, azure: FakeAzure) -> None:
    body = entra_body("AADSTS90033: A transient error has occurred. Please try again.", correlation_id=CORRELATION)
    error = refused(cloud, azure, response(503, body, {"Retry-After": "7"}))
    assert (error.reason, error.code, error.request_id, error.retry_after, error.status) == (
        "unavailable", "AADSTS90033", CORRELATION, 7.0, 503,
    )  # fmt: skip
    assert not error.refused


def test_an_answer_without_ids_is_known_by_the_id_that_was_sent(cloud: Cloud, azure: FakeAzure) -> None:
    error = refused(cloud, azure, response(503, text="<html>Service Unavailable"))
    assert error.request_id == azure.token_requests[0].headers["client-request-id"]


def test_numbers_alone_are_enough(cloud: Cloud, azure: FakeAzure) -> None:
    error = refused(cloud, azure, response(401, {"error": "invalid_client", "error_codes": [7000112, "x", True]}))
    assert (error.reason, error.code) == ("disabled_application", "AADSTS7000112")


@pytest.mark.parametrize("address", ["203.0.113.7", "2001:db8::7"])
def test_conditional_access_names_the_address(cloud: Cloud, azure: FakeAzure, address: str) -> None:
    text = f"AADSTS53003: Access has been blocked by Conditional Access policies at 10:00:00. IP address: {address}. Sorry."
    error = refused(cloud, azure, response(400, entra_body(text)))
    assert (error.reason, error.detail) == ("conditional_access", f"Entra ID saw this server at {address}.")


def test_conditional_access_without_an_address_makes_none_up(cloud: Cloud, azure: FakeAzure) -> None:
    text = "AADSTS53003: Access has been blocked by Conditional Access policies (1.2.3.4.5, 999.1.1.1, 10:20:30)."
    assert refused(cloud, azure, response(400, entra_body(text))).detail == ""


@pytest.mark.parametrize(("hours", "told"), [(2, "120 min behind"), (-2, "120 min ahead of"), (0, "")])
def test_a_wrong_clock_says_by_how_much(cloud: Cloud, azure: FakeAzure, hours: int, told: str) -> None:
    headers = {"Date": format_datetime(datetime.now(UTC) + timedelta(hours=hours), usegmt=True)}
    body = entra_body("AADSTS700024: Client assertion is not within its valid time range.")
    detail = refused(cloud, azure, response(401, body, headers)).detail
    assert told in detail if told else detail == ""


ECHOES = {
    "whole": SECRET,
    "as the form has it": quote_plus(SECRET),
    "upper case": SECRET.upper(),
    "its end cut off": SECRET[:12],
    "its beginning cut off": SECRET[-12:],
    "in a sentence of JSON": f'"client_secret":"{SECRET}"',
    "twice": f"{SECRET}, {SECRET}",
}


@pytest.mark.parametrize("echo", ECHOES)
def test_the_secret_is_taken_out_of_entras_words(cloud: Cloud, azure: FakeAzure, echo: str) -> None:
    text = f"AADSTS12345: The value {ECHOES[echo]} is of no use."
    error = refused(cloud, azure, response(401, entra_body(text)))
    assert "AADSTS12345: The value" in error.words
    assert "is of no use." in error.words
    shown = f"{error.words} {error.message} {error!r} {''.join(traceback.format_exception(error))}".lower()
    for piece in (SECRET, quote_plus(SECRET), SECRET[:8], SECRET[-8:], SECRET[6:14]):
        assert piece.lower() not in shown


def test_an_assertion_is_taken_out_even_if_it_is_not_ours(cloud: Cloud, azure: FakeAzure) -> None:
    text = "AADSTS12345: eyJhbGciOiJQUzI1NiJ9.eyJpc3MiOiJ4In0.c2lnbmF0dXJl and eyJhbGciOiJQUzI1 are malformed."
    assert refused(cloud, azure, response(401, entra_body(text))).words == "AADSTS12345: … and … are malformed."


def test_words_are_one_line_of_bounded_length(cloud: Cloud, azure: FakeAzure) -> None:
    error = refused(cloud, azure, response(401, entra_body("AADSTS12345: a\r\nb\x00c\u202e" + "x" * 100_000)))
    assert error.words.startswith("AADSTS12345: a b c xxx")
    assert len(error.words) == MAX_WORDS + 1


def test_the_ids_and_the_time_are_not_said_twice() -> None:
    assert redacted_description(f"AADSTS1234: No.{TAIL}", []) == "AADSTS1234: No."


PAGE = "<html><head><style>p {}</style></head><body><h1>Blocked</h1><p>Category &amp; policy: <b>cloud</b></p>"
#: Body, reason, words.
OTHER_SHAPES: dict[str, tuple[Any, str, str]] = {
    "a page": (PAGE, "malformed", "Blocked Category & policy: cloud"),
    "plain text": ("Access denied by egress policy 17.\r\n", "malformed", "Access denied by egress policy 17."),
    "a gateway's JSON": ({"message": "Blocked by the proxy"}, "malformed", "Blocked by the proxy"),
    "a gateway's JSON, in capitals": ({"Error": {"Message": "Blocked"}}, "malformed", "Blocked"),
    "JSON with a mere error": ({"error": "Blocked by the proxy!"}, "malformed", "Blocked by the proxy!"),
    "Azure's other shape": (
        {"error": {"code": "invalid_tenant", "message": f"AADSTS90002: Tenant not found.{TAIL}"}},
        "unknown_tenant",
        "AADSTS90002: Tenant not found.",
    ),
    "Azure's other shape, without a number": (
        {"error": {"code": "invalid_request", "message": "No such thing."}},
        "other",
        "No such thing.",
    ),
    "Entra's page": ("<title>Sign in</title><p>AADSTS7000112: Application is disabled.", "disabled_application", ""),
    "a description that is none": ({"error": "invalid_client", "error_description": None}, "other", ""),
    "nothing": ("", "malformed", ""),
    "a list": ([], "malformed", ""),
    "JSON cut off": ('{"error": "inva', "malformed", ""),
}


def answer_of(status: int, body: Any) -> requests.Response:
    return response(status, text=body) if isinstance(body, str) else response(status, body)


@pytest.mark.parametrize("shape", OTHER_SHAPES)
def test_an_answer_of_another_shape_keeps_its_words(cloud: Cloud, azure: FakeAzure, shape: str) -> None:
    body, reason, words = OTHER_SHAPES[shape]
    error = refused(cloud, azure, answer_of(403, body))
    assert (error.reason, error.status) == (reason, 403)
    assert error.words == words or (not words and reason == "disabled_application")


@pytest.mark.parametrize("status", [429, 502, 503])
def test_trouble_of_another_shape_keeps_its_words(cloud: Cloud, azure: FakeAzure, status: int) -> None:
    error = refused(cloud, azure, answer_of(status, PAGE))
    assert error.reason == ("throttled" if status == 429 else "unavailable")
    assert (error.words, error.code) == ("Blocked Category & policy: cloud", "")


def test_what_is_no_token_keeps_its_words(cloud: Cloud, azure: FakeAzure) -> None:
    """A network's sign-in page, or an error, with the status of a success."""
    assert refused(cloud, azure, answer_of(200, PAGE)).words == "Blocked Category & policy: cloud"
    error = refused(cloud, azure, answer_of(200, entra_body("AADSTS7000112: Application is disabled.")))
    assert (error.reason, error.words) == ("disabled_application", "AADSTS7000112: Application is disabled.")
    error = refused(cloud, azure, answer_of(200, {"access_token": None}))
    assert (error.reason, error.detail, error.words) == ("malformed", "It holds no token.", "")


def test_discovery_keeps_words_too(cloud: Cloud, azure: FakeAzure) -> None:
    azure.discovery = answer_of(407, PAGE)
    with pytest.raises(AuthenticationError) as caught:
        TokenSource(cloud, TENANT, CLIENT_ID, ClientSecret(SECRET)).token(SCOPE)
    assert (caught.value.reason, caught.value.words) == ("malformed", "Blocked Category & policy: cloud")


@pytest.mark.parametrize("status", [200, 403, 503])
@pytest.mark.parametrize("echo", ECHOES)
def test_the_secret_is_taken_out_of_a_page_too(cloud: Cloud, azure: FakeAzure, echo: str, status: int) -> None:
    for body in (f"<p>You sent <b>{ECHOES[echo]}</b>.", {"message": f"You sent {ECHOES[echo]}."}):
        error = refused(cloud, azure, answer_of(status, body))
        assert error.words.startswith("You sent")
        shown = f"{error.words} {error.message} {error!r} {''.join(traceback.format_exception(error))}".lower()
        for piece in (SECRET, quote_plus(SECRET), SECRET[:8], SECRET[-8:], SECRET[6:14]):
            assert piece.lower() not in shown


def test_odd_members_spoil_nothing(cloud: Cloud, azure: FakeAzure) -> None:
    body = {"error": ["x"], "error_description": {"a": "AADSTS7000112"}, "error_codes": "x", "correlation_id": 7}
    error = refused(cloud, azure, response(401, body))
    assert error.reason in ("disabled_application", "malformed")
    assert "client_secret" in form(azure.token_requests[0])
