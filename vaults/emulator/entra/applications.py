"""Authentication of applications: by client secret, or by an assertion signed with their certificate."""

import base64
import binascii
import sqlite3
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus

from vaults.emulator.entra.aadsts import SignInError, required
from vaults.emulator.state import directory
from vaults.emulator.state.clock import Clock
from vaults.emulator.state.directory import Principal
from vaults.emulator.state.store import Store
from vaults.emulator.wire import jwt
from vaults.emulator.wire.http import Request

SKEW = 300  # seconds that a client's clock may be ahead
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class Applications:
    """The tenants and applications, for the endpoints of the token issuer."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def tenant(self, tenant: str) -> str:
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

    def find(self, tenant_id: str, client_id: str) -> Principal:
        """An application of a tenant. Raises SignInError."""
        with self._store.reading() as db:
            principal = directory.find_principal(db, client_id)
        if principal is None or principal.client_id != client_id.lower() or principal.tenant != tenant_id:
            raise SignInError(
                700016,
                "unauthorized_client",
                f"Application with identifier '{client_id}' was not found in the directory "
                f"'{tenant_id}'. This can happen if the application has not been installed by the "
                "administrator of the tenant or consented to by any user in the tenant. You may have "
                "sent your authentication request to the wrong tenant.",
            )
        return principal

    def home_tenant(self, client_id: str) -> str:
        """The tenant in which an application is registered, for paths without a tenant."""
        with self._store.reading() as db:
            principal = directory.find_principal(db, client_id)
        return principal.tenant if principal is not None else "common"

    def authenticate(self, tenant: str, form: Mapping[str, str]) -> Principal:
        """The application that a token request authenticates. Raises SignInError."""
        tenant_id = self.tenant(tenant)
        principal = self.find(tenant_id, required(form, "client_id").lower())
        with self._store.reading() as db:
            if "client_assertion" in form:
                self._check_assertion(db, principal.client_id, form)
            elif "client_secret" in form:
                self._check_secret(db, principal.client_id, form["client_secret"])
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
        begins, expires = claims.get("nbf", 0), claims.get("exp")
        if claims.get("iss") != client_id or claims.get("sub") != client_id:
            raise refused
        now = self._clock()
        if not (
            isinstance(expires, int | float) and isinstance(begins, int | float) and begins - SKEW <= now < expires
        ):
            raise SignInError(700024, "invalid_client", "Client assertion is not within its valid time range.", 401)


def with_basic_credentials(request: Request) -> dict[str, str]:
    """The form of a token request, with client id and secret of an HTTP Basic header (RFC 6749, 2.3.1).

    A header that cannot be decoded counts as missing.
    """
    form = request.form()
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return form
        form |= {"client_id": unquote_plus(name), "client_secret": unquote_plus(secret)}
    return form
