"""The token issuer: Microsoft Entra ID as far as the client credentials flow goes.

Microsoft identity platform: "OAuth 2.0 client credentials flow"; the refusals are the AADSTS codes that a
portal meets.
"""

import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from vaults.emulator import directory, jwt
from vaults.emulator.clock import Clock
from vaults.emulator.directory import Principal
from vaults.emulator.store import Store
from vaults.emulator.tokens import ARM_RESOURCE, LIFETIME, VAULT_RESOURCE, Tokens
from vaults.emulator.web import Request, Response, json_response

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
RESOURCES = (VAULT_RESOURCE, ARM_RESOURCE)
SHARED = ("common", "organizations", "consumers")


class SignInError(Exception):
    """A refusal with its AADSTS number, OAuth error word and HTTP status."""

    def __init__(self, number: int, error: str, message: str, status: int = 400) -> None:
        super().__init__(f"AADSTS{number}")
        self.number = number
        self.error = error
        self.message = message
        self.status = status


class Issuer:
    """Answers discovery and token requests under the host that the request came in by."""

    def __init__(self, store: Store, tokens: Tokens, clock: Clock) -> None:
        self._store = store
        self._tokens = tokens
        self._clock = clock

    def answer(self, request: Request) -> Response:
        base = f"https://{request.host}"
        try:
            match request.method, request.segments:
                case "GET", ["common", "discovery", "instance"]:
                    return json_response(200, self._instance_discovery(request, base))
                case "GET", [tenant, "v2.0", ".well-known", "openid-configuration"]:
                    return json_response(200, self._configuration(tenant, base, "/v2.0"))
                case "GET", [tenant, ".well-known", "openid-configuration"]:
                    return json_response(200, self._configuration(tenant, base, ""))
                case "GET", [_, "discovery", "keys"] | [_, "discovery", "v2.0", "keys"]:
                    return json_response(200, self._tokens.jwks())
                case "POST", [tenant, "oauth2", "v2.0", "token"]:
                    return json_response(200, self._token_v2(tenant, request))
                case "POST", [tenant, "oauth2", "token"]:
                    return json_response(200, self._token_v1(tenant, request))
        except SignInError as error:
            return self._refusal(error, request)
        return json_response(404, {"error": "not_found", "error_description": "There is nothing at this address."})

    def _instance_discovery(self, request: Request, base: str) -> dict[str, Any]:
        asked = urlsplit(request.query.get("authorization_endpoint", ""))
        tenant = asked.path.strip("/").partition("/")[0] or "common"
        return {
            "tenant_discovery_endpoint": f"{base}/{tenant}/v2.0/.well-known/openid-configuration",
            "api-version": "1.1",
            "metadata": [
                {
                    "preferred_network": request.host,
                    "preferred_cache": request.host,
                    "aliases": [request.host],
                }
            ],
        }

    def _configuration(self, tenant: str, base: str, version: str) -> dict[str, Any]:
        """OpenID Connect discovery; the members that msal and azure-identity read, and the usual rest."""
        name = tenant.lower() if tenant.lower() in SHARED else self._tenant(tenant)
        root = f"{base}/{name}"
        return {
            "token_endpoint": f"{root}/oauth2{version}/token",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
            "jwks_uri": f"{root}/discovery{version}/keys",
            "response_modes_supported": ["query", "fragment", "form_post"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "issuer": f"{root}{version}" if version else f"https://sts.windows.net/{name}/",
            "authorization_endpoint": f"{root}/oauth2{version}/authorize",
            "tenant_region_scope": "EU",
            "cloud_instance_name": base.removeprefix("https://"),
        }

    def _token_v2(self, tenant: str, request: Request) -> dict[str, Any]:
        form = request.form()
        principal = self._sign_in(tenant, form)
        scope = _required(form, "scope")
        resource, suffix, rest = scope.partition("/.default")
        if not suffix or rest:
            raise SignInError(
                70011,
                "invalid_scope",
                "The provided request must include a 'scope' input parameter. The provided value for the "
                f"input parameter 'scope' is not valid. The scope {scope} is not valid.",
            )
        return {
            "token_type": "Bearer",
            "expires_in": LIFETIME - 1,
            "ext_expires_in": LIFETIME - 1,
            "access_token": self._token(principal, resource),
        }

    def _token_v1(self, tenant: str, request: Request) -> dict[str, Any]:
        form = request.form()
        principal = self._sign_in(tenant, form)
        resource = _required(form, "resource")
        now = int(self._clock())
        return {
            "token_type": "Bearer",
            "expires_in": str(LIFETIME - 1),
            "ext_expires_in": str(LIFETIME - 1),
            "expires_on": str(now + LIFETIME),
            "not_before": str(now),
            "resource": resource,
            "access_token": self._token(principal, resource),
        }

    def _token(self, principal: Principal, resource: str) -> str:
        if resource.rstrip("/") not in RESOURCES:
            raise SignInError(
                500011,
                "invalid_resource",
                f"The resource principal named {resource} was not found in the tenant named "
                f"{principal.tenant}. This can happen if the application has not been installed by the "
                "administrator of the tenant or consented to by any user in the tenant. You might have sent "
                "your authentication request to the wrong tenant.",
            )
        return self._tokens.issue(principal, resource, int(self._clock()))

    def _tenant(self, tenant: str) -> str:
        with self._store.reading() as db:
            found = directory.find_tenant(db, tenant)
        if found is None:
            raise SignInError(
                90002,
                "invalid_request",
                f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are "
                "signing into the correct cloud. Check with your subscription administrator, this may "
                "happen if there are no active subscriptions for the tenant.",
            )
        return found

    def _sign_in(self, tenant: str, form: Mapping[str, str]) -> Principal:
        """The service principal that a token request proves to be. Raises SignInError."""
        tenant_id = self._tenant(tenant)
        grant = _required(form, "grant_type")
        if grant != "client_credentials":
            raise SignInError(
                70003, "unsupported_grant_type", f"The app requested an unsupported grant type '{grant}'."
            )
        client_id = _required(form, "client_id").lower()
        with self._store.reading() as db:
            principal = directory.find_principal(db, client_id)
            if principal is None or principal.client_id != client_id or principal.tenant != tenant_id:
                raise SignInError(
                    700016,
                    "unauthorized_client",
                    f"Application with identifier '{client_id}' was not found in the directory "
                    f"'{tenant_id}'. This can happen if the application has not been installed by the "
                    "administrator of the tenant or consented to by any user in the tenant. You may have "
                    "sent your authentication request to the wrong tenant.",
                )
            if "client_assertion" in form:
                self._check_assertion(db, client_id, form)
            elif "client_secret" in form:
                self._check_secret(db, client_id, form["client_secret"])
            else:
                raise SignInError(
                    7000218,
                    "invalid_client",
                    "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
                    401,
                )
        return principal

    def _check_secret(self, db: sqlite3.Connection, client_id: str, secret: str) -> None:
        expires_on = directory.secret_expiry(db, client_id, secret)
        if expires_on is None:
            raise SignInError(
                7000215,
                "invalid_client",
                "Invalid client secret provided. Ensure the secret being sent in the request is the client "
                f"secret value, not the client secret ID, for a secret added to app '{client_id}'.",
                401,
            )
        if expires_on <= self._clock():
            raise SignInError(
                7000222,
                "invalid_client",
                f"The provided client secret keys for app '{client_id}' are expired. Visit the Azure portal "
                "to create new keys for your app: https://aka.ms/NewClientSecret, or consider using "
                "certificate credentials for added security: https://aka.ms/certCreds.",
                401,
            )

    def _check_assertion(self, db: sqlite3.Connection, client_id: str, form: Mapping[str, str]) -> None:
        """Certificate credentials: the assertion's header names the certificate by x5t or x5t#S256."""
        refused = SignInError(
            700027,
            "invalid_client",
            "The certificate with identifier used to sign the client assertion is not registered on "
            f"application. [Reason - The key was not found., Client app ID: '{client_id}'.]",
            401,
        )
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            raise refused

        def find_key(header: dict[str, Any]) -> Any:
            thumbprint = jwt.decode(str(header.get("x5t#S256") or header.get("x5t") or ""))
            return directory.certificate_key(db, client_id, thumbprint)

        try:
            claims = jwt.verify(form["client_assertion"], find_key)
        except ValueError:
            raise refused from None
        expires = claims.get("exp")
        if claims.get("iss") != client_id or claims.get("sub") != client_id:
            raise refused
        if not isinstance(expires, int | float) or expires <= self._clock():
            raise SignInError(700024, "invalid_client", "Client assertion is not within its valid time range.", 401)

    def _refusal(self, error: SignInError, request: Request) -> Response:
        now = datetime.fromtimestamp(self._clock(), UTC)
        stamp = f"{now:%Y-%m-%d %H:%M:%SZ}"
        trace = str(uuid4())
        correlation = request.headers.get("client-request-id") or str(uuid4())
        ids = f"Trace ID: {trace} Correlation ID: {correlation} Timestamp: {stamp}"
        body = {
            "error": error.error,
            "error_description": f"AADSTS{error.number}: {error.message} {ids}",
            "error_codes": [error.number],
            "timestamp": stamp,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"https://{request.host}/error?code={error.number}",
        }
        return json_response(error.status, body, [("Cache-Control", "no-store, no-cache"), ("Pragma", "no-cache")])


def _required(form: Mapping[str, str], name: str) -> str:
    value = form.get(name, "")
    if not value:
        raise SignInError(
            900144, "invalid_request", f"The request body must contain the following parameter: '{name}'."
        )
    return value
