"""Access tokens: signed by the issuer, verified by vaults and Resource Manager."""

from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha1
from typing import Any
from uuid import uuid4

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from vaults.emulator.state import keymaterial
from vaults.emulator.state.directory import Principal
from vaults.emulator.state.keymaterial import NewKey
from vaults.emulator.state.store import Store
from vaults.emulator.wire import jwt

LIFETIME = 3600
VAULT_RESOURCE = "https://vault.azure.net"
ARM_RESOURCE = "https://management.azure.com"
# Resource Manager also accepts its old name, for which az requests tokens.
ARM_AUDIENCES = ("https://management.core.windows.net", ARM_RESOURCE)
REMEMBERED = 500  # tokens with a verified signature
CLOCK_SKEW = 300  # as in Azure's token validation


class RefusedError(Exception):
    """A token that is not accepted; `message` is the text of the service."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class Caller:
    """The service principal or person of a token."""

    app_id: str
    object_id: str
    tenant: str

    @property
    def issuer(self) -> str:
        return issuer_of(self.tenant)


def issuer_of(tenant: str) -> str:
    return f"https://sts.windows.net/{tenant}/"


class Tokens:
    """Signs and verifies tokens with one key, which is stored: tokens stay valid after a restart."""

    def __init__(self, store: Store, new_key: NewKey) -> None:
        stored = store.setting("signing key")
        if stored is None:
            stored = keymaterial.dump(new_key("RSA", 2048, ""))
            store.set_setting("signing key", stored)
        key = keymaterial.load(stored)
        assert isinstance(key, RSAPrivateKey)  # noqa: S101 - nothing else is ever stored
        self._key = key
        self._public = key.public_key()
        der = self._public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        self.key_id = jwt.encode(sha1(der, usedforsecurity=False).digest())
        # A valid signature stays valid: verifying it once saves a third of the time of a short request.
        self._signed_claims = lru_cache(maxsize=REMEMBERED)(self._verify)

    def jwks(self) -> dict[str, Any]:
        """The public key as a JSON Web Key Set."""
        numbers = self._public.public_numbers()
        size = (self._public.key_size + 7) // 8
        key = {
            "kty": "RSA",
            "use": "sig",
            "kid": self.key_id,
            "x5t": self.key_id,
            "n": jwt.encode(numbers.n.to_bytes(size, "big")),
            "e": jwt.encode(numbers.e.to_bytes(3, "big")),
        }
        return {"keys": [key]}

    def issue(self, principal: Principal, audience: str, now: int) -> str:
        """An access token for one resource, valid for an hour."""
        claims = {
            "aud": audience,
            "iss": issuer_of(principal.tenant),
            "iat": now,
            "nbf": now,
            "exp": now + LIFETIME,
            "appid": principal.client_id,
            "appidacr": "1",
            "idp": issuer_of(principal.tenant),
            "idtyp": "app",
            "oid": principal.object_id,
            "sub": principal.object_id,
            "tid": principal.tenant,
            "ver": "1.0",
        }
        return self.sign(claims)

    def sign(self, claims: dict[str, Any]) -> str:
        """A token with these claims and a unique `uti`."""
        return jwt.sign(claims | {"uti": uuid4().hex[:22]}, self._key, self.key_id)

    def _verify(self, token: str) -> dict[str, Any]:
        """The claims of a token signed here. Raises jwt.InvalidTokenError."""
        return jwt.verify(token, lambda header: self._public if header.get("kid") == self.key_id else None)

    def check(self, token: str, audiences: tuple[str, ...], tenant: str | None, now: float) -> Caller:
        """The caller. Raises RefusedError unless the token was signed here and is for these audiences, tenant and time.

        `tenant` None: any tenant, as for Resource Manager.
        """
        try:
            claims = self._signed_claims(token)
        except jwt.InvalidTokenError:
            head = token.partition(".")[0]
            raise RefusedError(
                f"AKV10046: Unable to resolve the key used for signature validation. EncodedJwtHeader: '{head}'."
            ) from None
        if claims["exp"] <= now - CLOCK_SKEW or claims["nbf"] > now + CLOCK_SKEW:
            raise RefusedError("AKV10012: Token lifetime validation failed. The token is expired or not yet valid.")
        found = str(claims["aud"])
        if found.rstrip("/") not in audiences:
            raise RefusedError(f"AKV10022: Invalid audience. Expected {', '.join(audiences)}, found: {found}.")
        if tenant is not None and claims["iss"] != issuer_of(tenant):
            raise RefusedError(f"AKV10032: Invalid issuer. Expected one of {issuer_of(tenant)}, found {claims['iss']}.")
        return Caller(claims["appid"], claims["oid"], claims["tid"])
