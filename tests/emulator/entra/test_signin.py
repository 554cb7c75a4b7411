"""People sign in by way of an application, as allauth and its like have them do."""

import base64
import hashlib
import html
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msal
import pytest
import requests

from vaults.emulator import ADMIN, TENANT_ID, Emulator
from vaults.emulator.serve.adapter import EmulatorAdapter
from vaults.emulator.state import people
from vaults.emulator.state.people import Person
from vaults.emulator.wire import jwt

AUTHORITY = f"https://login.test/{TENANT_ID}"
BACK = "http://localhost:8000/accounts/oidc/callback/"
OLGA = Person("0b1ec700-0000-4000-8000-0000000000a1", TENANT_ID, "Olga Brandt", "olga@shop.example")
RAFI = Person("0b1ec700-0000-4000-8000-0000000000a2", TENANT_ID, "Rafi <Haddad>", "rafi@shop.example")
VERIFIER = "a-verifier-that-is-long-enough-for-the-rules-of-pkce"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


@pytest.fixture
def emulator() -> Emulator:
    emulator = Emulator.for_tests()
    with emulator.store.writing() as db:
        people.add_person(db, OLGA)
        people.add_person(db, RAFI)
        people.add_redirect_uri(db, ADMIN.client_id, BACK)
    return emulator


@pytest.fixture
def visitor(emulator: Emulator) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.mount("https://", EmulatorAdapter(emulator))
    return session


def asked(**changes: Any) -> dict[str, str]:
    request = {
        "client_id": ADMIN.client_id,
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": "openid profile email",
        "state": "a state & more",
        "nonce": "n-1",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    return {name: value for name, value in (request | changes).items() if value is not None}


def chosen(visitor: requests.Session, form: Mapping[str, str]) -> requests.Response:
    return visitor.post(f"{AUTHORITY}/oauth2/v2.0/authorize", data=form, allow_redirects=False)


def result(answer: requests.Response) -> dict[str, str]:
    """What the application is told in the address that the browser is sent to."""
    assert answer.status_code == 302
    location = answer.headers["Location"]
    assert location.startswith(BACK)
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def hidden(page: requests.Response) -> dict[str, str]:
    """The hidden fields of the form on a page."""
    found = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text)
    return {name: html.unescape(value) for name, value in found}


def redeemed(visitor: requests.Session, code: str, **changes: Any) -> requests.Response:
    form = {
        "grant_type": "authorization_code",
        "client_id": ADMIN.client_id,
        "client_secret": ADMIN.client_secret,
        "code": code,
        "redirect_uri": BACK,
        "code_verifier": VERIFIER,
    }
    kept = {name: value for name, value in (form | changes).items() if value is not None}
    return visitor.post(f"{AUTHORITY}/oauth2/v2.0/token", data=kept)


def a_code(visitor: requests.Session, **changes: Any) -> str:
    return result(chosen(visitor, asked(**changes) | {"person": OLGA.object_id}))["code"]


def claims_of(emulator: Emulator, token: str) -> dict[str, Any]:
    return jwt.verify(token, lambda _header: emulator.tokens._public)


def test_from_the_page_to_the_tokens(emulator: Emulator, visitor: requests.Session) -> None:
    page = visitor.get(f"{AUTHORITY}/oauth2/v2.0/authorize", params=asked())
    assert "Olga Brandt" in page.text
    assert "Rafi &lt;Haddad&gt;" in page.text
    assert "form-action 'self' http://localhost:8000;" in page.headers["Content-Security-Policy"]
    form = {
        name: html.unescape(value)
        for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text)
    }
    assert form == asked()
    back = result(chosen(visitor, form | {"person": OLGA.object_id}))
    assert back["state"] == "a state & more"
    tokens = redeemed(visitor, back["code"]).json()
    claims = claims_of(emulator, tokens["id_token"])
    now = int(emulator.clock())
    assert abs(claims.pop("iat") - now) <= 2
    assert claims.pop("exp") > now
    claims.pop("nbf")
    claims.pop("uti")
    subject = claims.pop("sub")
    assert claims == {
        "iss": f"{AUTHORITY}/v2.0",
        "aud": ADMIN.client_id,
        "tid": TENANT_ID,
        "oid": OLGA.object_id,
        "name": "Olga Brandt",
        "preferred_username": "olga@shop.example",
        "email": "olga@shop.example",
        "nonce": "n-1",
        "ver": "2.0",
    }
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    info = visitor.get("https://login.test/oidc/userinfo", headers=bearer).json()
    assert info == {"sub": subject, "name": "Olga Brandt", "email": "olga@shop.example"}
    wrong = {"Authorization": f"Bearer {tokens['id_token']}"}
    assert visitor.get("https://login.test/oidc/userinfo", headers=wrong).status_code == 401
    assert visitor.get("https://login.test/oidc/userinfo").status_code == 401
    vault = "https://kv-shop-prod.vault.test/secrets?api-version=7.3"
    assert visitor.get(vault, headers=bearer).status_code == 401


def test_msal_signs_a_person_in(visitor: requests.Session) -> None:
    application = msal.ConfidentialClientApplication(
        ADMIN.client_id,
        client_credential=ADMIN.client_secret,
        authority=AUTHORITY,
        http_client=visitor,
        instance_discovery=False,
    )
    flow = application.initiate_auth_code_flow(["email"], redirect_uri=BACK, response_mode="form_post")
    request = {name: values[0] for name, values in parse_qs(urlsplit(flow["auth_uri"]).query).items()}
    back = hidden(chosen(visitor, request | {"person": RAFI.object_id}))
    tokens = application.acquire_token_by_auth_code_flow(flow, back)
    assert tokens["id_token_claims"]["oid"] == RAFI.object_id


def test_scopes_decide_what_is_told(emulator: Emulator, visitor: requests.Session) -> None:
    tokens = redeemed(visitor, a_code(visitor, scope="openid", nonce=None)).json()
    assert not {"email", "name", "oid", "nonce"} & claims_of(emulator, tokens["id_token"]).keys()


def test_discovery_leads_there(visitor: requests.Session) -> None:
    found = visitor.get(f"{AUTHORITY}/v2.0/.well-known/openid-configuration").json()
    assert found["authorization_endpoint"] == f"{AUTHORITY}/oauth2/v2.0/authorize"
    assert found["end_session_endpoint"] == f"{AUTHORITY}/oauth2/v2.0/logout"
    assert found["userinfo_endpoint"] == "https://login.test/oidc/userinfo"
    assert "code" in found["response_types_supported"]


def test_a_code_is_good_once_and_for_a_short_time(emulator: Emulator, visitor: requests.Session) -> None:
    code = a_code(visitor)
    assert redeemed(visitor, code).status_code == 200
    assert redeemed(visitor, code).json()["error_codes"] == [54005]
    late = a_code(visitor)
    emulator.clock.advance(301)
    assert redeemed(visitor, late).json()["error_codes"] == [70008]


@pytest.mark.parametrize(
    ("changes", "number", "error"),
    [
        ({"code": "rubbish"}, 70000, "invalid_grant"),
        ({"code": None}, 900144, "invalid_request"),
        ({"code_verifier": "x"}, 501481, "invalid_grant"),
        ({"code_verifier": None}, 501481, "invalid_grant"),
        ({"redirect_uri": f"{BACK}x"}, 500112, "invalid_grant"),
        ({"client_secret": "wrong"}, 7000215, "invalid_client"),
        ({"client_secret": None}, 7000218, "invalid_client"),
        ({"client_id": "0a11ce00-0000-4000-8000-000000000002", "client_secret": "deploy-secret-for-tests-only"},
         70000, "invalid_grant"),
    ],
)  # fmt: skip
def test_who_cannot_redeem(visitor: requests.Session, changes: dict[str, Any], number: int, error: str) -> None:
    code = a_code(visitor)
    answer = redeemed(visitor, **({"code": code} | changes))
    assert (answer.json()["error_codes"], answer.json()["error"]) == ([number], error)
    assert f"AADSTS{number}: " in answer.json()["error_description"]
    assert redeemed(visitor, code).status_code == 200  # an attempt that failed uses nothing up


def test_credentials_in_a_header(visitor: requests.Session) -> None:
    basic = base64.b64encode(f"{ADMIN.client_id}:{ADMIN.client_secret}".encode()).decode()
    form = {
        "grant_type": "authorization_code",
        "code": a_code(visitor),
        "redirect_uri": BACK,
        "code_verifier": VERIFIER,
    }
    url = f"{AUTHORITY}/oauth2/v2.0/token"
    assert visitor.post(url, data=form, headers={"Authorization": "Basic !"}).status_code == 400
    assert visitor.post(url, data=form, headers={"Authorization": f"Basic {basic}"}).status_code == 200


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({"client_id": "11111111-2222-4333-8444-555555555555"}, 700016),
        ({"client_id": None}, 900144),
        ({"redirect_uri": f"{BACK}/"}, 50011),
        ({"redirect_uri": BACK.replace("8000", "8001")}, 50011),
        ({"redirect_uri": None}, 50011),
    ],
)
def test_requests_that_lead_nowhere(visitor: requests.Session, changes: dict[str, Any], number: int) -> None:
    answer = visitor.get(f"{AUTHORITY}/oauth2/v2.0/authorize", params=asked(**changes), allow_redirects=False)
    assert answer.status_code == 400
    assert f"AADSTS{number}: " in answer.text


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "profile"}, "invalid_scope"),
        ({"scope": None}, "invalid_scope"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"response_mode": "pigeon"}, "invalid_request"),
        ({"prompt": "none"}, "login_required"),
    ],
)
def test_requests_that_the_application_hears_of(visitor: requests.Session, changes: dict[str, Any], error: str) -> None:
    url = f"{AUTHORITY}/oauth2/v2.0/authorize"
    back = result(visitor.get(url, params=asked(**changes), allow_redirects=False))
    assert (back["error"], back["state"]) == (error, "a state & more")
    assert back["error_description"].startswith("AADSTS")


def test_choices_that_are_none(visitor: requests.Session) -> None:
    assert result(chosen(visitor, asked() | {"cancel": "yes"}))["error"] == "access_denied"
    assert "error" in result(chosen(visitor, asked() | {"person": "nobody"}))
    url = f"{AUTHORITY}/oauth2/v2.0/authorize"
    form = asked() | {"person": OLGA.object_id}
    assert visitor.post(url, data=form, headers={"Origin": "https://evil.test"}).status_code == 403
    linked = visitor.get(url, params=form, allow_redirects=False)
    assert (linked.status_code, "Olga Brandt" in linked.text) == (200, True)  # a link chooses nobody
    unknown = visitor.get("https://login.test/nowhere.test/oauth2/v2.0/authorize", params=asked())
    assert "AADSTS90002" in unknown.text


def test_other_ways_back(visitor: requests.Session) -> None:
    posted = chosen(visitor, asked(response_mode="form_post") | {"person": OLGA.object_id})
    assert f'action="{BACK}"' in posted.text
    assert 'name="code"' in posted.text
    fragment = chosen(visitor, asked(response_mode="fragment") | {"person": OLGA.object_id})
    assert urlsplit(fragment.headers["Location"]).fragment.startswith("code=")
    shared = visitor.get("https://login.test/common/oauth2/v2.0/authorize", params=asked(login_hint=RAFI.email))
    assert shared.text.index("Rafi") < shared.text.index("Olga")


def test_sign_out(visitor: requests.Session) -> None:
    url = f"{AUTHORITY}/oauth2/v2.0/logout"
    known = visitor.get(url, params={"post_logout_redirect_uri": BACK, "state": "s"}, allow_redirects=False)
    assert known.headers["Location"] == f"{BACK}?state=s"
    other = visitor.get(url, params={"post_logout_redirect_uri": "https://evil.test/"}, allow_redirects=False)
    assert (other.status_code, "signed out" in other.text) == (200, True)


@pytest.mark.parametrize("uri", ["", "ftp://a/", "http://shop.example/", "https://a/#b", "https://a;b/", "https://a /"])
def test_redirect_uris_that_are_none(uri: str) -> None:
    with pytest.raises(ValueError, match="no redirect URI"):
        people.check_redirect_uri(uri)
