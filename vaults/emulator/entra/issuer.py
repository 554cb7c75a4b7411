"""The token issuer: discovery, tokens for service principals, and the endpoints for the sign-in of people.

Source: Microsoft identity platform, "OAuth 2.0 client credentials flow", "OpenID Connect".
"""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from vaults.emulator.entra.aadsts import SignInError, refusal, required
from vaults.emulator.entra.applications import Applications, with_basic_credentials
from vaults.emulator.entra.signin import SCOPES, SHARED, SignIn
from vaults.emulator.entra.tokens import ARM_AUDIENCES, LIFETIME, VAULT_RESOURCE, Tokens
from vaults.emulator.state.clock import Clock
from vaults.emulator.state.directory import Principal
from vaults.emulator.state.store import Store
from vaults.emulator.wire import pages
from vaults.emulator.wire.http import Request, Response, json_response
from vaults.emulator.wire.router import Router

Handler = Callable[..., Response]  # (request, **parameters of the path)
RESOURCES = (VAULT_RESOURCE, *ARM_AUDIENCES)


class Issuer:
    """Routes requests of the token issuer. Addresses in responses have the host of the request."""

    def __init__(self, store: Store, tokens: Tokens, clock: Clock) -> None:
        self._tokens = tokens
        self._clock = clock
        self._applications = Applications(store, clock)
        self._sign_in = SignIn(store, tokens, clock, self._applications)
        self._router: Router[Handler] = Router(self._routes(), exact=True)

    def _routes(self) -> tuple[tuple[str, str, Handler], ...]:
        return (
            ("GET", "common/discovery/instance", self._instance_discovery),
            ("GET", "{tenant}/v2.0/.well-known/openid-configuration", self._configuration_v2),
            ("GET", "{tenant}/.well-known/openid-configuration", self._configuration_v1),
            ("GET", "{tenant}/discovery/keys", self._keys),
            ("GET", "{tenant}/discovery/v2.0/keys", self._keys),
            ("POST", "{tenant}/oauth2/v2.0/token", self._token_v2),
            ("POST", "{tenant}/oauth2/token", self._token_v1),
            ("GET", "{tenant}/oauth2/v2.0/authorize", self._sign_in.authorize),
            ("POST", "{tenant}/oauth2/v2.0/authorize", self._sign_in.authorize),
            ("GET", "{tenant}/oauth2/v2.0/logout", self._sign_in.sign_out),
            ("POST", "{tenant}/oauth2/v2.0/logout", self._sign_in.sign_out),
            ("GET", "oidc/userinfo", self._sign_in.userinfo),
            ("POST", "oidc/userinfo", self._sign_in.userinfo),
            ("GET", "emulator.css", self._style),
        )

    def answer(self, request: Request) -> Response:
        found = self._router.find(request.method, request.segments)
        if found is None:
            return json_response(404, {"error": "not_found", "error_description": "There is nothing at this address."})
        handler, params = found
        try:
            return handler(request, **params)
        except SignInError as error:
            return refusal(error, request, self._clock())

    def _keys(self, request: Request, tenant: str) -> Response:  # noqa: ARG002 - the same for all tenants
        return json_response(200, self._tokens.jwks())

    def _style(self, request: Request) -> Response:  # noqa: ARG002
        return pages.style()

    def _instance_discovery(self, request: Request) -> Response:
        base = _base(request)
        asked = urlsplit(request.query.get("authorization_endpoint", ""))
        tenant = asked.path.strip("/").partition("/")[0] or "common"
        body = {
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
        return json_response(200, body)

    def _configuration_v1(self, request: Request, tenant: str) -> Response:
        return json_response(200, self._configuration(tenant, _base(request), ""))

    def _configuration_v2(self, request: Request, tenant: str) -> Response:
        return json_response(200, self._configuration(tenant, _base(request), "/v2.0"))

    def _configuration(self, tenant: str, base: str, version: str) -> dict[str, Any]:
        """OpenID Connect discovery; the members that msal and azure-identity read, and the usual others."""
        name = tenant.lower() if tenant.lower() in SHARED else self._applications.tenant(tenant)
        root = f"{base}/{name}"
        return {
            "token_endpoint": f"{root}/oauth2{version}/token",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
            "jwks_uri": f"{root}/discovery{version}/keys",
            "response_modes_supported": ["query", "fragment", "form_post"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code"],
            "scopes_supported": list(SCOPES),
            "issuer": f"{root}{version}" if version else f"https://sts.windows.net/{name}/",
            "request_uri_parameter_supported": False,
            "userinfo_endpoint": f"{base}/oidc/userinfo",
            "authorization_endpoint": f"{root}/oauth2/v2.0/authorize",
            "end_session_endpoint": f"{root}/oauth2/v2.0/logout",
            "claims_supported": ["sub", "iss", "aud", "exp", "iat", "nonce", "name", "oid", "tid", "ver", "email"],
            "tenant_region_scope": "EU",
            "cloud_instance_name": base.removeprefix("https://"),
        }

    def _token_v2(self, request: Request, tenant: str) -> Response:
        form = with_basic_credentials(request)
        if form.get("grant_type") == "authorization_code":
            return json_response(200, self._sign_in.redeem(tenant, form, _base(request)))
        principal = self._application(tenant, form)
        scope = required(form, "scope")
        resource, suffix, rest = scope.partition("/.default")
        if not suffix or rest:
            raise SignInError(
                70011,
                "invalid_scope",
                "The provided request must include a 'scope' input parameter. The provided value for the "
                f"input parameter 'scope' is not valid. The scope {scope} is not valid.",
            )
        body = {
            "token_type": "Bearer",
            "expires_in": LIFETIME - 1,
            "ext_expires_in": LIFETIME - 1,
            "access_token": self._access_token(principal, resource),
        }
        return json_response(200, body)

    def _token_v1(self, request: Request, tenant: str) -> Response:
        form = with_basic_credentials(request)
        principal = self._application(tenant, form)
        resource = required(form, "resource")
        now = int(self._clock())
        body = {
            "token_type": "Bearer",
            "expires_in": str(LIFETIME - 1),
            "ext_expires_in": str(LIFETIME - 1),
            "expires_on": str(now + LIFETIME),
            "not_before": str(now),
            "resource": resource,
            "access_token": self._access_token(principal, resource),
        }
        return json_response(200, body)

    def _access_token(self, principal: Principal, resource: str) -> str:
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

    def _application(self, tenant: str, form: Mapping[str, str]) -> Principal:
        """The authenticated service principal of a client credentials request. Raises SignInError."""
        self._applications.tenant(tenant)
        grant = required(form, "grant_type")
        if grant != "client_credentials":
            raise SignInError(
                70003, "unsupported_grant_type", f"The app requested an unsupported grant type '{grant}'."
            )
        return self._applications.authenticate(tenant, form)


def _base(request: Request) -> str:
    """The address of the issuer, as the request has it."""
    return f"https://{request.host}"
