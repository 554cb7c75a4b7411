import time
from typing import Any

import jwt as pyjwt
import msal
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from tests.emulator.caller import Caller
from vaults.emulator import ADMIN, TENANT_ID, Emulator
from vaults.emulator.dataplane import x509tools
from vaults.emulator.serve.adapter import EmulatorAdapter
from vaults.emulator.state import directory, keymaterial

SCOPE = "https://vault.azure.net/.default"
AUTHORITY = f"https://login.test/{TENANT_ID}"


def session_for(emulator: Emulator) -> requests.Session:
    session = requests.Session()
    session.mount("https://", EmulatorAdapter(emulator))
    return session


def acquire(emulator: Emulator, credential: Any, *, scope: str = SCOPE, **options: Any) -> dict[str, Any]:
    settings = {"client_id": ADMIN.client_id, "authority": AUTHORITY} | options
    app = msal.ConfidentialClientApplication(
        client_credential=credential, instance_discovery=False, http_client=session_for(emulator), **settings
    )
    result: dict[str, Any] = app.acquire_token_for_client([scope])
    return result


def test_msal_gets_a_token_with_a_secret(emulator: Emulator) -> None:
    result = acquire(emulator, ADMIN.client_secret)
    claims = pyjwt.decode(result["access_token"], options={"verify_signature": False})
    assert claims["aud"] == "https://vault.azure.net"
    assert claims["iss"] == f"https://sts.windows.net/{TENANT_ID}/"
    assert (claims["appid"], claims["oid"], claims["tid"]) == (ADMIN.client_id, ADMIN.object_id, TENANT_ID)
    assert claims["exp"] - claims["iat"] == 3600
    assert result["expires_in"] == 3599


def test_published_keys_verify_the_token(emulator: Emulator) -> None:
    token = acquire(emulator, ADMIN.client_secret)["access_token"]
    session = session_for(emulator)
    configuration = session.get(f"{AUTHORITY}/v2.0/.well-known/openid-configuration").json()
    [key] = session.get(configuration["jwks_uri"]).json()["keys"]
    assert pyjwt.get_unverified_header(token)["kid"] == key["kid"]
    pyjwt.decode(token, pyjwt.PyJWK(key | {"alg": "RS256"}), audience="https://vault.azure.net")


def test_msal_gets_a_token_with_a_certificate(emulator: Emulator) -> None:
    key = keymaterial.pooled_key("RSA", 2048, "client certificate")
    policy = {
        "x509_props": {
            "subject": "CN=sp-shop-admin",
            "validity_months": 12,
            "key_usage": [],
            "ekus": [],
            "basic_constraints": {"ca": False},
        }
    }
    certificate = x509tools.issue(policy, key, time.time())
    with emulator.store.writing() as db:
        directory.add_certificate(db, ADMIN.client_id, certificate)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    public = certificate.public_bytes(serialization.Encoding.PEM).decode()
    assert "access_token" in acquire(emulator, {"private_key": private, "public_certificate": public})
    thumbprint = certificate.fingerprint(hashes.SHA1()).hex()  # noqa: S303 - what msal's older form takes
    assert "access_token" in acquire(emulator, {"private_key": private, "thumbprint": thumbprint})
    other = x509.load_pem_x509_certificate(public.encode()).fingerprint(hashes.MD5()).hex()  # noqa: S303
    refused = acquire(emulator, {"private_key": private, "thumbprint": f"{other}00000000"})
    assert refused["error_codes"] == [700027]


@pytest.mark.parametrize(
    ("credential", "options", "error", "number"),
    [
        ("wrong", {}, "invalid_client", 7000215),
        ("old", {}, "invalid_client", 7000222),
        ("x", {"client_id": "00000000-0000-0000-0000-000000000009"}, "unauthorized_client", 700016),
        (ADMIN.client_secret, {"scope": "https://vault.azure.net/read"}, "invalid_scope", 70011),
        (ADMIN.client_secret, {"scope": "https://graph.test/.default"}, "invalid_resource", 500011),
    ],
)
def test_refusals_bear_their_aadsts_number(
    emulator: Emulator, credential: str, options: dict[str, Any], error: str, number: int
) -> None:
    emulator.add_client_secret(ADMIN.client_id, "old", days=-1)
    result = acquire(emulator, credential, **options)
    assert result["error"] == error
    assert result["error_codes"] == [number]
    assert result["error_description"].startswith(f"AADSTS{number}: ")
    assert result["correlation_id"] in result["error_description"]


def test_unknown_tenant_is_refused(emulator: Emulator) -> None:
    url = "https://login.test/00000000-0000-0000-0000-00000000dead/oauth2/v2.0/token"
    answer = session_for(emulator).post(url, data={"grant_type": "client_credentials"})
    assert answer.status_code == 400
    assert answer.json()["error_codes"] == [90002]


def test_a_secret_can_be_replaced_without_a_gap(emulator: Emulator) -> None:
    emulator.add_client_secret(ADMIN.client_id, "next", days=2)
    assert "access_token" in acquire(emulator, ADMIN.client_secret)
    assert "access_token" in acquire(emulator, "next")
    emulator.clock.advance(3 * 86400)
    assert acquire(emulator, "next")["error_codes"] == [7000222]


def test_v1_endpoint_answers_in_strings(emulator: Emulator) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": ADMIN.client_id,
        "client_secret": ADMIN.client_secret,
        "resource": "https://vault.azure.net",
    }
    answer = session_for(emulator).post(f"{AUTHORITY}/oauth2/token", data=form).json()
    assert answer["expires_in"] == "3599"
    assert answer["resource"] == "https://vault.azure.net"
    assert isinstance(answer["expires_on"], str)


def test_secrets_are_kept_as_hashes(emulator: Emulator) -> None:
    with emulator.store.reading() as db:
        rows = [tuple(row) for row in db.execute("SELECT * FROM client_secret")]
    assert len(rows) == 2
    assert not any(ADMIN.client_secret.encode() in bytes(str(row), "utf-8") for row in rows)


def test_a_token_for_another_resource_opens_no_vault(emulator: Emulator, admin: Caller) -> None:
    admin.session.headers["Authorization"] = f"Bearer {admin.token(ADMIN, 'https://management.azure.com')}"
    answer = admin.get("secrets")
    assert answer.status_code == 401
    assert answer.json()["error"]["message"] == (
        "AKV10022: Invalid audience. Expected https://vault.azure.net, found: https://management.azure.com."
    )


def test_a_token_expires(emulator: Emulator, admin: Caller) -> None:
    assert admin.get("secrets").status_code == 200
    emulator.clock.advance(3600 + 301)
    answer = admin.get("secrets")
    assert answer.status_code == 401
    assert 'resource="https://vault.azure.net"' in answer.headers["WWW-Authenticate"]


def test_a_forged_token_is_refused(admin: Caller) -> None:
    head, claims, signature = f"Bearer {admin.token(ADMIN)}".split(".")
    for forged in (
        f"{head}.{claims}x.{signature}",
        f"{head}.{claims}.",
        "Bearer nonsense",
        f"{head}.e30.{signature}",
    ):
        admin.session.headers["Authorization"] = forged
        assert admin.get("secrets").status_code == 401


def test_a_token_of_another_tenant_is_refused(emulator: Emulator, admin: Caller) -> None:
    emulator.add_tenant("bbbbbbbb-0000-4000-8000-000000000002", "other.onmicrosoft.test")
    emulator.add_vault("kv-other", tenant="bbbbbbbb-0000-4000-8000-000000000002")
    answer = admin.session.get("https://kv-other.vault.test/secrets?api-version=7.3")
    assert answer.status_code == 401
    assert answer.json()["error"]["message"].startswith("AKV10032: Invalid issuer.")
