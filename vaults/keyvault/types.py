"""The objects of Key Vault, as frozen data classes.

Times are aware datetimes in UTC. None means that the vault did not send the member, or that it can't be read: then `odd` has
it as text, under the name of the field. Only `Secret` has a value, and its repr does not show it.
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
"""Default of an update's arguments: do not change this attribute. (None is sent, as null.)"""


PURGE_PROTECTED: Final = frozenset(
    f"{customized}Recoverable{subscription}"
    for customized in ("", "Customized")
    for subscription in ("", "+ProtectedSubscription")
)
"""Recovery levels with purge protection."""

NO_SOFT_DELETE: Final = "Purgeable"
"""The recovery level of a vault that deletes objects permanently (Key Vault REST: DeletionRecoveryLevel)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Properties:
    """The properties common to secrets, keys and certificates. `version` is "" if a list has none."""

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
        """True if the vault refuses to purge it; False if the recovery level is unknown, or missing as in some lists."""
        return self.recovery_level in PURGE_PROTECTED

    @property
    def recoverable(self) -> bool | None:
        """True if a deleted object can be recovered; None if the recovery level does not tell, or is missing as in some lists."""
        if (self.recovery_level or "").removeprefix("Customized").startswith("Recoverable"):
            return True
        return False if self.recovery_level == NO_SOFT_DELETE else None

    @property
    def issued(self) -> bool:
        """Is there anything behind it? Only a certificate may be without."""
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """The deletion of a soft-deleted object. Subclasses add its `properties`."""

    recovery_id: str
    deleted_on: datetime | None = None
    scheduled_purge_on: datetime | None = None
    odd: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretProperties(Properties):
    """A secret without its value. The managed secret of a certificate has `managed` True and a `key_id`."""

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
    """A key without its key material; lists have no key type. `key_size`: bits of an AES key, told since 2026-04-01."""

    managed: bool = False
    exportable: bool | None = None
    key_size: int | None = None


@dataclass(frozen=True, slots=True)
class ReleasePolicy:
    """The conditions for the release of an exportable key. `data` is base64url, usually of JSON."""

    content_type: str | None
    data: str
    immutable: bool = False

    @property
    def text(self) -> str:
        """The conditions as indented JSON; `data` unchanged if it is not JSON. Half a surrogate pair stays an escape."""
        try:
            conditions = json.loads(base64.urlsafe_b64decode(self.data + "=="))
            return json.dumps(conditions, indent=2, ensure_ascii=False).encode("utf-8", "backslashreplace").decode()
        except (ValueError, RecursionError):
            return self.data


@dataclass(frozen=True, slots=True)
class RotationPolicy:
    """When a key is rotated automatically, and how long each version is valid (ISO 8601 durations such as P90D).

    `notify_before_expiry`: when Event Grid is told that the current version is about to expire. `own`: False for the default
    that Key Vault gives for a key without a policy. `other_actions`: what the policy has besides, as JSON. `sent`: the policy as
    it was sent, for an update that keeps what is not shown. `odd`: the members that could not be read.
    """

    expiry_time: str | None = None
    rotate_after_create: str | None = None
    rotate_before_expiry: str | None = None
    notify_before_expiry: str | None = None
    own: bool = True
    other_actions: tuple[str, ...] = ()
    sent: Mapping[str, Any] = field(default_factory=dict, repr=False)
    odd: Mapping[str, str] = field(default_factory=dict)

    @property
    def can_be_changed(self) -> bool:
        """False if it is not built so that a part of it could be changed and the rest kept."""
        actions, attributes = self.sent.get("lifetimeActions"), self.sent.get("attributes")
        return (actions is None or isinstance(actions, list)) and (attributes is None or isinstance(attributes, dict))


@dataclass(frozen=True, slots=True)
class KeyAttestation:
    """What an HSM states about a key that it made. `certificates`: PEM, the statements are checked against them.

    The statements are bytes in the format of the HSM's maker. `members`: the same as Key Vault sent it, base64url. `odd`: the
    members that could not be read.
    """

    version: str | None = None
    certificates: bytes = b""
    private_key: bytes = b""
    public_key: bytes = b""
    members: Mapping[str, str] = field(default_factory=dict)
    odd: Mapping[str, str] = field(default_factory=dict)


CREATED_KEY_SIZES: Final = (2048, 3072, 4096)
"""Sizes in bits of the RSA keys that Key Vault creates. Imported keys may have others."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key. `jwk` has only the public members (kty, n, e or crv, x, y), base64url; `odd` the members that could not be read.

    `tells_ops`: True if the vault sent a list of `key_ops`, even an empty one.
    `non_text_ops`: the items of that list that are not text, as they were sent, by their text in `key_ops`.
    """

    properties: KeyProperties
    key_type: str
    key_ops: tuple[str, ...]
    jwk: Mapping[str, str]
    release_policy: ReleasePolicy | None = None
    tells_ops: bool = True
    odd: Mapping[str, str] = field(default_factory=dict)
    non_text_ops: Mapping[str, Any] = field(default_factory=dict)

    def as_sent(self, operations: Iterable[str]) -> list[Any]:
        """Operations for a request; those that are not text in the vault are sent as the vault has them."""
        return [self.non_text_ops.get(operation, operation) for operation in operations]

    @property
    def unread(self) -> Mapping[str, str]:
        """The essential members that could not be read: argument of `create` -> the text that was sent, "" if none."""
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
    def in_hsm(self) -> bool:
        """True if the key was made in, or for, a hardware security module."""
        return self.key_type.upper().endswith("-HSM")

    @property
    def size(self) -> int | None:
        """Bits of an RSA key's modulus; None for other types, or if it can't be read."""
        modulus = self._number("n")
        return modulus.bit_length() if modulus else None

    @property
    def exponent(self) -> int | None:
        """An RSA key's public exponent; None for other types, or if it can't be read."""
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
    """A certificate without its contents. `x5t`: its SHA-1 thumbprint in upper-case hex; "" while pending, or if unreadable."""

    x5t: str = ""
    subject: str | None = None

    @property
    def managed(self) -> bool:
        """No certificate belongs to another one."""
        return False

    @property
    def issued(self) -> bool:
        """True if a thumbprint was sent, readable or not: a certificate that was never issued has none."""
        return bool(self.x5t) or "x5t" in self.odd


@dataclass(frozen=True, slots=True)
class LifetimeAction:
    """An action near the end of a certificate's lifetime: "AutoRenew" or "EmailContacts"."""

    action: str
    lifetime_percentage: int | None = None
    days_before_expiry: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificatePolicy:
    """How a certificate is created. None and () mean that the vault decides.

    `as_read` is the vault's own JSON, which is sent back with the changes. `others` are its members that no field here can
    represent, by their path. `unread` are the fields whose own member is one of these, and `locked` the fields whose section
    is one of these, each with the path of that member: setting a locked field would replace the whole section.
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
    """A CA that the vault has an account with. `name` is the issuer name used in policies."""

    name: str
    provider: str


@dataclass(frozen=True, slots=True)
class Contact:
    """A person whom the vault sends mail about its certificates."""

    email: str
    name: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Contacts:
    """The contacts of a vault. `unread`: those that can't be read or have members that are not known here, as JSON text."""

    listed: tuple[Contact, ...] = ()
    unread: tuple[str, ...] = ()


#: The sections of an issuer that an update replaces as a whole.
ACCOUNT: Final = "credentials"
ORGANIZATION: Final = "org_details"
#: Names of issuers, in lower case, that mean something else in a policy.
RESERVED_ISSUERS: Final = frozenset({"self", "unknown"})


@dataclass(frozen=True, slots=True)
class IssuerAdmin:
    """A person at the organization whom the CA may ask."""

    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class IssuerSettings:
    """What can be set of an issuer, but for the password of its account. `enabled`: None if it was not sent."""

    provider: str
    account_id: str = ""
    organization_id: str = ""
    admins: tuple[IssuerAdmin, ...] = ()
    enabled: bool | None = None


@dataclass(frozen=True, slots=True)
class IssuerDetail:
    """An issuer of a vault. The password of its account is never read.

    `closed`: the sections, ACCOUNT or ORGANIZATION, with members that can't be read or are not known here. A change replaces a
    section as a whole, so they can't be changed without a loss. `odd`: the members that could not be read.
    """

    name: str
    settings: IssuerSettings
    created_on: datetime | None = None
    updated_on: datetime | None = None
    closed: frozenset[str] = frozenset()
    odd: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate. `cer` is its DER, empty until the first version is issued. `odd`: the members that could not be read.

    `preserve_cert_order`: True if the vault keeps the order of its chain; None if the vault did not send it.
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
    """The operation that creates a certificate, pending or ended. `csr` is a DER certificate signing request."""

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
        """True while it is in progress or waits for its certificate to be merged. An unknown status counts as pending."""
        return self.status not in _ENDED

    @property
    def awaits_merge(self) -> bool:
        """True if a CA outside Key Vault signs the request, and the signed certificate is to be merged."""
        return self.is_pending and (self.issuer_name or "").lower() == "unknown"
