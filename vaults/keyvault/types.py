"""The nouns of Key Vault, as frozen records.

Times are aware datetimes in UTC; None means that the vault did not send the member, or sent what can't be read: `odd` has
that as text then, under the name of the field. Only `Secret` has a
value, and its repr does not show it.
"""

from __future__ import annotations

import base64
import enum
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final


class Unset(enum.Enum):
    """The type of UNSET."""

    UNSET = "unset"


UNSET: Final = Unset.UNSET
"""Default of an update's arguments: leave this attribute as it is. (None is sent, as null.)"""


PURGE_PROTECTED: Final = frozenset(
    f"{customized}Recoverable{subscription}"
    for customized in ("", "Customized")
    for subscription in ("", "+ProtectedSubscription")
)
"""Recovery levels at which nobody can purge."""

NO_SOFT_DELETE: Final = "Purgeable"
"""The recovery level of a vault that destroys what is deleted (Key Vault REST: DeletionRecoveryLevel)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Properties:
    """What secrets, keys and certificates have in common. `version` is "" where a list names none."""

    id: str
    name: str
    version: str
    enabled: bool | None = None
    not_before: datetime | None = None
    expires_on: datetime | None = None
    created_on: datetime | None = None
    updated_on: datetime | None = None
    recovery_level: str | None = None
    recoverable_days: int | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    odd: Mapping[str, str] = field(default_factory=dict)

    @property
    def purge_protected(self) -> bool:
        """True if the vault will refuse to purge it; lists that tell no recovery level, or one not known here, give False."""
        return self.recovery_level in PURGE_PROTECTED

    @property
    def recoverable(self) -> bool | None:
        """Does the vault keep what is deleted, so that it can be brought back? None where it doesn't tell, as lists may not."""
        if (self.recovery_level or "").removeprefix("Customized").startswith("Recoverable"):
            return True
        return False if self.recovery_level == NO_SOFT_DELETE else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """What a soft-deleted object says about its deletion. Its `properties` are declared by each kind."""

    recovery_id: str
    deleted_on: datetime | None = None
    scheduled_purge_on: datetime | None = None
    odd: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretProperties(Properties):
    """A secret without its value. `key_id` is set, and `managed` True, behind a certificate."""

    content_type: str | None = None
    managed: bool = False
    key_id: str | None = None


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret with its value."""

    properties: SecretProperties
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletedSecret(Deleted):
    """A soft-deleted secret."""

    properties: SecretProperties


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyProperties(Properties):
    """A key without its key material; lists give no key type."""

    managed: bool = False
    exportable: bool | None = None


@dataclass(frozen=True, slots=True)
class ReleasePolicy:
    """Under which conditions an exportable key may leave its vault. `data` is base64url, mostly of JSON."""

    content_type: str | None
    data: str
    immutable: bool = False

    @property
    def text(self) -> str:
        """The conditions, laid out where they are JSON; as they were sent where they can't be read."""
        try:
            return json.dumps(json.loads(base64.urlsafe_b64decode(self.data + "==")), indent=2, ensure_ascii=False)
        except (ValueError, RecursionError):
            return self.data


@dataclass(frozen=True, slots=True)
class RotationPolicy:
    """When a key gets a new version by itself, and how long each one lasts (ISO 8601 durations such as P90D).

    `odd`: what of it could not be read.
    """

    expiry_time: str | None = None
    rotate_after_create: str | None = None
    rotate_before_expiry: str | None = None
    odd: Mapping[str, str] = field(default_factory=dict)


CREATED_KEY_SIZES: Final = (2048, 3072, 4096)
"""Bits of the RSA keys that Key Vault makes. Imported ones may have others."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key. `jwk` holds the public parts only (kty, n, e or crv, x, y), base64url; `odd` what of it could not be read.

    `tells_ops`: whether `key_ops` are what the vault said, be it none.
    `no_texts` are those of its `key_ops` that are none, as they were sent, by what stands for them.
    """

    properties: KeyProperties
    key_type: str
    key_ops: tuple[str, ...]
    jwk: Mapping[str, str]
    release_policy: ReleasePolicy | None = None
    tells_ops: bool = True
    odd: Mapping[str, str] = field(default_factory=dict)
    no_texts: Mapping[str, Any] = field(default_factory=dict)

    def as_sent(self, operations: Iterable[str]) -> list[Any]:
        """Operations as the vault has them, where it has them."""
        return [self.no_texts.get(operation, operation) for operation in operations]

    @property
    def unread(self) -> Mapping[str, str]:
        """What makes a key what it is and could not be read, by its name when one is created; its text where there was some."""
        odd = {**self.properties.odd, **self.odd}
        found = {}
        if not self.key_type:
            found["kty"] = odd.get("kty", "")
        elif self.key_type.startswith("RSA") and self.size is None:
            found["key_size"] = odd.get("n", "")
        elif self.key_type.startswith("EC") and not self.jwk.get("crv"):
            found["crv"] = odd.get("crv", "")
        if not self.tells_ops:
            found["key_ops"] = odd.get("key_ops", "")
        if "exportable" in odd:
            found["exportable"] = odd["exportable"]
        if "release_policy" in odd:
            found["release_policy"] = odd["release_policy"]
        return found

    @property
    def size(self) -> int | None:
        """Bits of an RSA key's modulus; None for other types, and where it can't be read."""
        modulus = self._number("n")
        return modulus.bit_length() if modulus else None

    @property
    def exponent(self) -> int | None:
        """An RSA key's public exponent; None for other types, and where it can't be read."""
        return self._number("e")

    def _number(self, name: str) -> int | None:
        try:
            return int.from_bytes(base64.urlsafe_b64decode(self.jwk[name] + "=="))
        except (KeyError, ValueError):
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletedKey(Deleted):
    """A soft-deleted key."""

    properties: KeyProperties


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateProperties(Properties):
    """A certificate without its contents. `x5t`: its SHA-1 thumbprint in upper-case hex, "" while pending."""

    x5t: str = ""
    subject: str | None = None

    @property
    def issued(self) -> bool:
        """What was never issued has no thumbprint; one that can't be read is a thumbprint."""
        return bool(self.x5t) or "x5t" in self.odd


@dataclass(frozen=True, slots=True)
class LifetimeAction:
    """What happens near the end of a certificate's life: "AutoRenew" or "EmailContacts"."""

    action: str
    lifetime_percentage: int | None = None
    days_before_expiry: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificatePolicy:
    """How a certificate is made. None and () mean that the vault decides.

    `as_read` is the vault's own JSON, which is sent back with what was changed; `others` are those of its members, by their
    path, that no field here can tell. `unread` are fields in whose place one of those stands, `locked` fields of a section in
    whose place one stands, each with its path: what is written over a section takes all of it away.
    """

    issuer_name: str | None = None
    certificate_type: str | None = None
    certificate_transparency: bool | None = None
    subject: str | None = None
    dns_names: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    upns: tuple[str, ...] = ()
    uris: tuple[str, ...] = ()
    ip_addresses: tuple[str, ...] = ()
    ekus: tuple[str, ...] = ()
    key_usage: tuple[str, ...] = ()
    validity_in_months: int | None = None
    exportable: bool | None = None
    key_type: str | None = None
    key_size: int | None = None
    curve: str | None = None
    reuse_key: bool | None = None
    content_type: str | None = None
    lifetime_actions: tuple[LifetimeAction, ...] = ()
    as_read: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    others: Mapping[str, Any] = field(default_factory=dict, compare=False)
    unread: Mapping[str, str] = field(default_factory=dict, compare=False)
    locked: Mapping[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class CertificateIssuer:
    """A CA that the vault has an account with, by the name that policies give it."""

    name: str
    provider: str


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate. `cer` is its DER; empty until the first version is issued. `odd`: what of it could not be read.

    `preserve_cert_order`: whether its chain stays in the order it came in; None where the vault does not tell.
    """

    properties: CertificateProperties
    cer: bytes = field(repr=False)
    key_id: str | None = None
    secret_id: str | None = None
    policy: CertificatePolicy | None = None
    content_type: str | None = None
    preserve_cert_order: bool | None = None
    odd: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletedCertificate(Deleted):
    """A soft-deleted certificate."""

    properties: CertificateProperties


_ENDED: Final = frozenset({"completed", "failed", "canceled", "cancelled"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateOperation:
    """The pending operation that makes a certificate. `csr` is a DER certificate signing request."""

    id: str
    name: str
    issuer_name: str | None
    status: str
    status_details: str | None
    request_id: str
    csr: bytes = field(repr=False)
    cancellation_requested: bool = False
    target: str | None = None
    error_code: str | None = None
    error_message: str | None = None

    @property
    def is_pending(self) -> bool:
        """Still at work, or waiting for its certificate to be merged; so is, as far as we know, what has a status of its own."""
        return self.status not in _ENDED
