"""Sign-in of people: the authorization code flow, so that single sign-on can be tried without Entra.

Source: Microsoft identity platform, "OAuth 2.0 authorization code flow", "OpenID Connect". There are no passwords: the
user chooses a person on the page.
"""

import base64
import hashlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from vaults.emulator.entra.aadsts import SignInError, required
from vaults.emulator.entra.applications import Applications
from vaults.emulator.entra.codes import Code, Codes
from vaults.emulator.entra.tokens import LIFETIME, RefusedError, Tokens
from vaults.emulator.state import people
from vaults.emulator.state.clock import Clock
from vaults.emulator.state.directory import Principal
from vaults.emulator.state.people import Person
from vaults.emulator.state.store import Store
from vaults.emulator.wire import pages
from vaults.emulator.wire.http import Request, Response, json_response
from vaults.emulator.wire.pages import Html, tag

SHARED = ("common", "organizations", "consumers")
GRAPH = "00000003-0000-0000-c000-000000000000"
SCOPES = ("openid", "profile", "email", "offline_access")
# Members of the request that the form on the page sends again.
FORWARDED = (
    "client_id", "redirect_uri", "response_type", "response_mode", "scope", "state", "nonce", "code_challenge",
    "code_challenge_method",
)  # fmt: skip
MODES = {"query": "?", "fragment": "#"}


class SignIn:
    """The authorization endpoint, and the tokens for its codes."""

    def __init__(self, store: Store, tokens: Tokens, clock: Clock, applications: Applications) -> None:
        self._store = store
        self._tokens = tokens
        self._clock = clock
        self._applications = applications
        self._codes = Codes(clock)

    def authorize(self, request: Request, tenant: str) -> Response:
        """The page for choosing a person; after the choice, the redirect to the application."""
        asked = request.form() if request.method == "POST" else request.query
        try:
            application = self._application(tenant, asked)
        except SignInError as error:
            # There is no trusted address to redirect to: show the error.
            return pages.page("Sign-in is not possible", tag("p", error.text, class_="refused"), status=400)
        try:
            _check(asked)
            if request.method != "POST" or not {"person", "cancel"} & asked.keys():
                return self._person_page(application, asked)
            if request.headers.get("origin") not in (None, f"https://{request.host}"):
                return pages.page("Sign-in is not possible", "The choice came from another page.", status=403)
            if "cancel" in asked:
                raise SignInError(65004, "access_denied", "User declined to consent to access the app.")
            return _redirect(asked, {"code": self._code(application, asked)})
        except SignInError as error:
            return _redirect(asked, {"error": error.error, "error_description": error.text})

    def redeem(self, tenant: str, form: Mapping[str, str], base: str) -> dict[str, Any]:
        """The tokens for a code. Raises SignInError."""
        text = required(form, "code")
        application = self._applications.authenticate(self._tenant(tenant, form), form)
        code = self._codes.redeem(text, application.client_id, form)
        now = int(self._clock())
        return {
            "token_type": "Bearer",
            "scope": " ".join(code.scope),
            "expires_in": LIFETIME - 1,
            "ext_expires_in": LIFETIME - 1,
            "access_token": self._tokens.sign(self._access_claims(code, base, now)),
            "id_token": self._tokens.sign(self._id_claims(code, base, now)),
        }

    def userinfo(self, request: Request) -> Response:
        """OpenID Connect: UserInfo."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        try:
            if scheme.lower() != "bearer":
                raise RefusedError("The access token is missing.")
            caller = self._tokens.check(token.strip(), (GRAPH,), None, self._clock())
        except RefusedError as refused:
            challenge = [("WWW-Authenticate", 'Bearer error="invalid_token"')]
            return json_response(401, {"error": "invalid_token", "error_description": refused.message}, challenge)
        with self._store.reading() as db:
            person = people.find_person(db, caller.object_id)
        if person is None:
            return json_response(401, {"error": "invalid_token", "error_description": "The person was removed."})
        body = {"sub": _subject(person, caller.app_id), "name": person.name, "email": person.email}
        return json_response(200, body)

    def sign_out(self, request: Request, tenant: str) -> Response:  # noqa: ARG002 - the same for all tenants
        """OpenID Connect: RP-initiated logout. There is no session to end."""
        asked = request.form() if request.method == "POST" else request.query
        target = asked.get("post_logout_redirect_uri", "")
        with self._store.reading() as db:
            known = people.is_redirect_uri(db, target)
        if not known:
            return pages.page("You are signed out", tag("p", "You may close this page."))
        query = urlencode({"state": asked["state"]}) if "state" in asked else ""
        return Response(302, b"", [("Location", _joined(target, "?", query)), ("Cache-Control", "no-store")])

    def _tenant(self, tenant: str, asked: Mapping[str, str]) -> str:
        """The tenant of a path; the shared names stand for the tenant of the application."""
        if tenant.lower() not in SHARED:
            return tenant
        return self._applications.home_tenant(required(asked, "client_id"))

    def _application(self, tenant: str, asked: Mapping[str, str]) -> Principal:
        """The application of an authorization request. Raises SignInError, also for an unregistered redirect URI."""
        tenant_id = self._applications.tenant(self._tenant(tenant, asked))
        application = self._applications.find(tenant_id, required(asked, "client_id"))
        uri = asked.get("redirect_uri", "")
        with self._store.reading() as db:
            if uri not in people.redirect_uris(db, application.client_id):
                raise SignInError(
                    50011,
                    "invalid_request",
                    f"The redirect URI '{uri}' specified in the request does not match the redirect URIs configured "
                    f"for the application '{application.client_id}'. Make sure the redirect URI sent in the request "
                    "matches one added to your application in the Azure portal.",
                )
        return application

    def _person_page(self, application: Principal, asked: Mapping[str, str]) -> Response:
        with self._store.reading() as db:
            found = people.all_people(db, application.tenant)
        if asked.get("prompt") == "none":
            raise SignInError(50058, "login_required", "A silent sign-in request was sent but no user is signed in.")
        hint = asked.get("login_hint", "").lower()
        found.sort(key=lambda person: person.email != hint)
        buttons = [
            tag("button", f"{person.name}\n{person.email}", name="person", value=person.object_id) for person in found
        ]
        if not buttons:
            buttons = [tag("p", "Nobody is in this tenant. Add people with: manage.py emulator add-person")]
        fields = [pages.hidden(name, asked[name]) for name in FORWARDED if name in asked]
        return pages.page(
            f"Sign in to {application.name}",
            tag("p", "This is the local stand-in for Microsoft Entra ID. Choose who to be."),
            tag("form", *fields, *buttons, _cancel(), method="post"),
            form_targets=(_origin(asked["redirect_uri"]),),
        )

    def _code(self, application: Principal, asked: Mapping[str, str]) -> str:
        with self._store.reading() as db:
            person = people.find_person(db, asked["person"])
        if person is None or person.tenant != application.tenant:
            raise SignInError(50034, "invalid_request", "The user account does not exist in the directory.")
        return self._codes.make(
            Code(
                person,
                application.client_id,
                asked["redirect_uri"],
                [scope for scope in asked["scope"].split() if scope in SCOPES],
                asked.get("nonce", ""),
                asked.get("code_challenge", ""),
            )
        )

    def _id_claims(self, code: Code, base: str, now: int) -> dict[str, Any]:
        """The claims of the id token, by the requested scopes."""
        person = code.person
        claims = _common_claims(code, base, now) | {"aud": code.client_id, "sub": _subject(person, code.client_id)}
        if "profile" in code.scope:
            claims |= {"name": person.name, "oid": person.object_id, "preferred_username": person.email}
        if "email" in code.scope:
            claims["email"] = person.email
        if code.nonce:
            claims["nonce"] = code.nonce
        return claims

    def _access_claims(self, code: Code, base: str, now: int) -> dict[str, Any]:
        """A token for the userinfo endpoint."""
        return _common_claims(code, base, now) | {
            "aud": GRAPH,
            "appid": code.client_id,
            "oid": code.person.object_id,
            "scp": " ".join(code.scope),
        }


def _check(asked: Mapping[str, str]) -> None:
    """Raise SignInError for an unsupported request."""
    if asked.get("response_type") != "code":
        raise SignInError(700054, "unsupported_response_type", "Only the response_type 'code' is supported.")
    if asked.get("response_mode", "query") not in (*MODES, "form_post"):
        raise SignInError(900144, "invalid_request", "The response_mode is not supported.")
    if "openid" not in asked.get("scope", "").split():
        raise SignInError(70011, "invalid_scope", "The scope must name 'openid'.")
    if asked.get("code_challenge") and asked.get("code_challenge_method") != "S256":
        raise SignInError(501491, "invalid_request", "The code_challenge_method must be S256.")


def _redirect(asked: Mapping[str, str], result: dict[str, str]) -> Response:
    """Redirect the browser to the application."""
    if "state" in asked:
        result["state"] = asked["state"]
    target, mode = asked["redirect_uri"], asked.get("response_mode", "query")
    if mode == "form_post":
        fields = [pages.hidden(name, value) for name, value in result.items()]
        form = tag("form", *fields, tag("button", "Continue"), method="post", action=target)
        return pages.page("Back to the application", form, form_targets=(_origin(target),))
    location = _joined(target, MODES.get(mode, "?"), urlencode(result))
    return Response(302, b"", [("Location", location), ("Cache-Control", "no-store")])


def _common_claims(code: Code, base: str, now: int) -> dict[str, Any]:
    return {
        "iss": f"{base}/{code.person.tenant}/v2.0",
        "iat": now,
        "nbf": now,
        "exp": now + LIFETIME,
        "tid": code.person.tenant,
        "ver": "2.0",
    }


def _subject(person: Person, client_id: str) -> str:
    """The pairwise subject of a person: each application gets another one."""
    digest = hashlib.sha256(f"{person.object_id} {client_id}".encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _cancel() -> Html:
    return tag("button", "Cancel", name="cancel", value="yes", class_="plain")


def _joined(target: str, mark: str, query: str) -> str:
    if not query:
        return target
    return f"{target}{'&' if mark == '?' and '?' in target else mark}{query}"


def _origin(uri: str) -> str:
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}"
