"""Tokens: requested once, from the right host, with errors that name the problem and nothing secret."""

from __future__ import annotations

import ssl
import threading
import time
import traceback
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from tests.azure.fake import CLIENT_ID, TENANT, FakeAzure, form, response
from vaults.azure.clouds import Cloud
from vaults.azure.errors import AuthenticationError, InvalidTenant
from vaults.azure.sign_in import ClientCertificate, ClientSecret, TokenSource

SECRET = "s3cret-of-the-client"
SCOPE = "https://vault.test/.default"


def refusal(code: str, error: str = "invalid_client", status: int = 401) -> requests.Response:
    return response(
        status,
        {
            "error": error,
            "error_description": f"AADSTS{code}: You sent {SECRET}. Trace ID: x",
            "correlation_id": "12345678-1234-1234-1234-123456789012",
        },
    )


def test_a_token_is_asked_for_once(tokens: TokenSource, azure: FakeAzure) -> None:
    assert [tokens.token(SCOPE), tokens.token(SCOPE)] == ["token-1", "token-1"]

    (request,) = azure.token_requests
    assert request.url == f"https://login.test/{TENANT}/oauth2/v2.0/token"
    sent = form(request)
    assert sent["grant_type"] == "client_credentials"
    assert (sent["client_id"], sent["client_secret"], sent["scope"]) == (CLIENT_ID, SECRET, SCOPE)


def test_each_scope_has_its_own_token(tokens: TokenSource) -> None:
    assert tokens.token(SCOPE) != tokens.token("https://management.test/.default")


def test_many_threads_ask_once(tokens: TokenSource, azure: FakeAzure) -> None:
    got: list[str] = []
    threads = [threading.Thread(target=lambda: got.append(tokens.token(SCOPE))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert got == ["token-1"] * 16
    assert len(azure.token_requests) == 1


def test_threads_that_waited_share_the_failure(tokens: TokenSource, azure: FakeAzure) -> None:
    release = threading.Event()
    failures: list[AuthenticationError] = []

    def slow_refusal() -> requests.Response:
        release.wait(5)
        return refusal("7000215")

    def ask() -> None:
        try:
            tokens.token(SCOPE)
        except AuthenticationError as error:
            failures.append(error)

    azure.issuer.append(slow_refusal)
    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    time.sleep(0.1)  # they have all asked by now
    release.set()
    for thread in threads:
        thread.join()

    assert len({id(error) for error in failures}) == 8
    assert len(azure.token_requests) == 1


def test_forget_asks_anew(tokens: TokenSource) -> None:
    first = tokens.token(SCOPE)
    tokens.forget()
    assert tokens.token(SCOPE) != first


def test_a_refused_token_is_renewed_once_for_all(tokens: TokenSource, azure: FakeAzure) -> None:
    refused = tokens.bearer(SCOPE)
    got: list[str] = []
    threads = [threading.Thread(target=lambda: got.append(tokens.renew(refused, SCOPE).token)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert got == ["token-2"] * 16
    assert len(azure.token_requests) == 2


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("7000215", "wrong_secret"),
        ("7000222", "expired_secret"),
        ("7000213", "unusable_credential"),
        ("700027", "unknown_certificate"),
        ("700024", "clock"),
        ("700016", "unknown_application"),
        ("7000112", "disabled_application"),
        ("7000229", "missing_principal"),
        ("500011", "unknown_resource"),
        ("53003", "conditional_access"),
        ("90002", "unknown_tenant"),
        ("900023", "unknown_tenant"),
        ("90038", "other_cloud"),
        ("90033", "unavailable"),
        ("90055", "throttled"),
        ("50012", "other"),
        ("70011", "other"),
    ],
)
def test_refusals_say_what_is_wrong(tokens: TokenSource, azure: FakeAzure, code: str, reason: str) -> None:
    azure.issuer.append(refusal(code))

    with pytest.raises(AuthenticationError) as caught:
        tokens.token(SCOPE)

    error = caught.value
    assert (error.reason, error.code) == (reason, f"AADSTS{code}")
    assert error.request_id == "12345678-1234-1234-1234-123456789012"
    assert f"AADSTS{code}" in error.message
    assert SECRET not in "".join(traceback.format_exception(error))


def test_an_unknown_tenant_shows_at_discovery(tokens: TokenSource, azure: FakeAzure) -> None:
    azure.discovery = refusal("90002", "invalid_tenant", 400)
    with pytest.raises(AuthenticationError) as caught:
        tokens.token(SCOPE)
    assert (caught.value.reason, caught.value.code) == ("unknown_tenant", "AADSTS90002")


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (requests.ConnectionError("refused"), "unreachable"),
        (requests.ReadTimeout("slow"), "unreachable"),
        (requests.exceptions.SSLError(ssl.SSLCertVerificationError("unknown CA")), "untrusted"),
        (response(503, text="<html>", headers={"Retry-After": "3600"}), "unavailable"),
        (response(429, {"error": "busy"}, {"Retry-After": "3600"}), "throttled"),
        (response(400, {"error": "temporarily_unavailable"}), "unavailable"),
        (response(302, text="", headers={"Location": "https://evil.test"}), "malformed"),
        (response(403, text="<html>Blocked by the proxy"), "malformed"),
        (response(403, {"message": "Blocked by the proxy"}), "malformed"),
        (response(200, text="<html>"), "malformed"),
        (response(200, {"access_token": None}), "malformed"),
        (response(200, {"access_token": "a\r\nX-Evil: 1", "expires_in": 3599}), "malformed"),
    ],
)
def test_a_failure_is_not_remembered(
    tokens: TokenSource, azure: FakeAzure, failure: requests.Response | Exception, reason: str
) -> None:
    azure.issuer.append(failure)
    with pytest.raises(AuthenticationError) as caught:
        tokens.token(SCOPE)
    assert caught.value.reason == reason

    tokens.forget()
    assert tokens.token(SCOPE) == "token-1"


def test_a_lasting_503_is_asked_again_each_time(tokens: TokenSource, azure: FakeAzure) -> None:
    azure.issuer.extend(response(503, text="", headers={"Retry-After": "3600"}) for _ in range(3))
    for _ in range(3):
        with pytest.raises(AuthenticationError):
            tokens.token(SCOPE)
    assert len(azure.token_requests) == 3
    assert tokens.token(SCOPE) == "token-1"


def test_the_secret_goes_to_no_other_host(tokens: TokenSource, azure: FakeAzure) -> None:
    azure.discovery = response(
        200,
        {
            "authorization_endpoint": f"https://login.test/{TENANT}/authorize",
            "token_endpoint": f"https://login.test.evil.test/{TENANT}/oauth2/v2.0/token",
        },
    )
    with pytest.raises(AuthenticationError) as caught:
        tokens.token(SCOPE)
    assert "not its own" in caught.value.message
    assert azure.token_requests == []


def test_the_environment_can_not_redirect(
    tokens: TokenSource, azure: FakeAzure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MSAL_FORCE_REGION", "westeurope")
    monkeypatch.setenv("HTTPS_PROXY", "http://evil.test:3128")
    assert tokens.token(SCOPE) == "token-1"


@pytest.mark.parametrize(
    "tenant",
    ["", "common", "adfs", "a/b", "../x", "contoso.com/x", "contoso.com?x", "evil.test#", "c_x.com",
     "a@b.com", "dstsv2", f"{TENANT}/b2c_1", f"{TENANT}\n", "contoso..com", "-contoso.com", "contoso.com.",
     "%2e%2e.com"],
)  # fmt: skip
def test_a_tenant_that_leads_elsewhere_is_refused(cloud: Cloud, tenant: str) -> None:
    with pytest.raises(InvalidTenant):
        TokenSource(cloud, tenant, CLIENT_ID, ClientSecret(SECRET))


@pytest.mark.parametrize("tenant", [TENANT, "contoso.com", "contoso.onmicrosoft.com"])
def test_a_guid_or_a_domain_is_a_tenant(cloud: Cloud, tenant: str) -> None:
    TokenSource(cloud, tenant, CLIENT_ID, ClientSecret(SECRET))


def test_nothing_secret_in_a_repr(tokens: TokenSource) -> None:
    shown = repr([ClientSecret(SECRET), ClientCertificate("PRIVATE", "PUBLIC"), tokens, tokens.bearer(SCOPE)])
    for secret in (SECRET, "PRIVATE", "token-1"):
        assert secret not in shown


def test_a_certificate_signs_the_request(cloud: Cloud, azure: FakeAzure) -> None:
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "kvportal")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(UTC))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    credential = ClientCertificate(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode(),
        certificate.public_bytes(serialization.Encoding.PEM).decode(),
    )

    assert TokenSource(cloud, TENANT, CLIENT_ID, credential).token(SCOPE) == "token-1"

    assertion = form(azure.token_requests[0])["client_assertion"]
    header = jwt.get_unverified_header(assertion)
    assert (header["alg"], "x5t#S256" in header) == ("PS256", True)
    claims = jwt.decode(
        assertion, key.public_key(), ["PS256"], audience=f"https://login.test/{TENANT}/oauth2/v2.0/token"
    )
    assert claims["iss"] == claims["sub"] == CLIENT_ID


def pem_of(key: Any) -> str:
    return str(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
        "ascii",
    )


@pytest.mark.parametrize(
    ("private_key", "reason"),
    [
        ("rubbish", "unusable_certificate"),
        (pem_of(ec.generate_private_key(ec.SECP256R1())), "unusable_certificate"),
        (pem_of(ed25519.Ed25519PrivateKey.generate()), "unusable_certificate"),
        (pem_of(rsa.generate_private_key(65537, 2048)), "internal"),  # msal can't read the certificate
    ],
    ids=["no key", "EC", "Ed25519", "RSA without its certificate"],
)
def test_a_failure_of_our_own_is_no_refusal(cloud: Cloud, azure: FakeAzure, private_key: str, reason: str) -> None:
    with pytest.raises(AuthenticationError) as caught:
        TokenSource(cloud, TENANT, CLIENT_ID, ClientCertificate(private_key, "rubbish")).token(SCOPE)
    assert (caught.value.reason, caught.value.refused, azure.token_requests) == (reason, False, [])
    assert "Entra" not in caught.value.message
