"""Authorization codes: valid once, for five minutes, for one application. They are kept in memory."""

import base64
import hashlib
import hmac
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass

from vaults.emulator.entra.aadsts import SignInError
from vaults.emulator.state.clock import Clock
from vaults.emulator.state.people import Person

LIFETIME = 300


@dataclass(slots=True)
class Code:
    """A sign-in that an application may redeem."""

    person: Person
    client_id: str
    redirect_uri: str
    scope: list[str]
    nonce: str
    challenge: str
    expires: float = 0.0
    redeemed: bool = False


class Codes:
    """The recent codes by their hash, so that the time of a lookup reveals nothing."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._codes: dict[bytes, Code] = {}
        self._lock = threading.Lock()

    def make(self, code: Code) -> str:
        """Store a code. Returns its text."""
        text = f"0.{secrets.token_urlsafe(48)}"
        now = self._clock()
        code.expires = now + LIFETIME
        with self._lock:
            # Expired codes are kept for a while: there is an own error for them.
            self._codes = {key: kept for key, kept in self._codes.items() if kept.expires > now - LIFETIME}
            self._codes[_digest(text)] = code
        return text

    def redeem(self, text: str, client_id: str, form: Mapping[str, str]) -> Code:
        """Redeem a code. Raises SignInError; the code can then still be redeemed."""
        with self._lock:
            code = self._codes.get(_digest(text))
            if code is None or code.client_id != client_id:
                raise SignInError(70000, "invalid_grant", "The provided value for the 'code' parameter is not valid.")
            if code.redeemed:
                raise SignInError(
                    54005,
                    "invalid_grant",
                    "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an "
                    "existing refresh token.",
                )
            if code.expires <= self._clock():
                raise SignInError(
                    70008,
                    "invalid_grant",
                    "The provided authorization code or refresh token has expired due to inactivity. Send a new "
                    "interactive authorization request for this user and resource.",
                )
            _check_redeemer(code, form)
            code.redeemed = True
        return code


def _check_redeemer(code: Code, form: Mapping[str, str]) -> None:
    """Raise SignInError unless redirect URI and code verifier are those of the authorization request."""
    if form.get("redirect_uri") != code.redirect_uri:
        raise SignInError(
            500112,
            "invalid_grant",
            f"The reply address '{form.get('redirect_uri', '')}' does not match the reply address "
            f"'{code.redirect_uri}' provided when requesting Authorization code.",
        )
    hashed = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    computed = base64.urlsafe_b64encode(hashed).rstrip(b"=")
    if code.challenge and not hmac.compare_digest(computed, code.challenge.encode()):
        raise SignInError(
            501481,
            "invalid_grant",
            "The Code_Verifier does not match the code_challenge supplied in the authorization request.",
        )


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
