"""What a new emulator is filled with.

A small shop's vaults, with a history, and things that are about to expire.
"""

import random
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from vaults.emulator import access, certificate_policy, certificates, keymaterial, x509tools
from vaults.emulator.call import Call
from vaults.emulator.directory import Principal
from vaults.emulator.emulator import Emulator
from vaults.emulator.keymaterial import PrivateKey
from vaults.emulator.keys import DEFAULT_OPS
from vaults.emulator.kinds import CERTIFICATE, KEY, SECRET, Kind
from vaults.emulator.objects import DELETED, Entry, Version, new_version_id
from vaults.emulator.registry import Vault
from vaults.emulator.sample import DEPLOY_PERMISSIONS
from vaults.emulator.tokens import Caller
from vaults.emulator.versions import API_VERSIONS

DAY = 86400
ADMIN_NAME, DEPLOY_NAME = "sp-shop-admin", "sp-shop-deploy"

# How many days from now things expire; None never. Expired, within 7, 30 and 90 days, and a comfortable rest.
EXPIRES = (None, None, 200, -12, None, 5, 340, None, 21, 64, None, 150, None, -90, 27, None, 420, 3, None, 80)


@dataclass(frozen=True, slots=True)
class Shape:
    """One sort of secret: the end of its name, its content type, the beginning of its value."""

    suffix: str
    content_type: str | None
    prefix: str


SHAPES = (
    Shape("db-password", "text/plain", ""),
    Shape("api-key", "text/plain", "sk_live_"),
    Shape("connection-string", "text/plain", "Server=tcp:sql-shop.example.net,1433;Encrypt=true;Password="),
    Shape("webhook-secret", None, "whsec_"),
    Shape("client-config", "application/json", '{"retries": 3, "token": "'),
)


@dataclass(frozen=True, slots=True)
class Content:
    """What goes into one vault, as words; a key's name is followed by its RSA size or EC curve."""

    name: str
    environment: str
    secret_count: int
    services: str
    keys: str
    hosts: str


CONTENTS = (
    Content(
        name="kv-shop-prod",
        environment="production",
        secret_count=60,
        services=(
            "storefront checkout catalog search inventory shipping identity loyalty reporting notifications "
            "warehouse recommendations"
        ),
        keys=(
            "order-signing P-256 order-encryption 2048 storefront-jwt P-384 backup-wrapping 3072 "
            "customer-data-encryption 2048 loyalty-jwt P-256 audit-log-signing P-521 "
            "search-index-wrapping 2048 invoice-signing 2048 device-attestation P-256K sso-signing 2048 "
            "partner-feed-encryption 2048"
        ),
        hosts=(
            "www.shop.example checkout.shop.example api.shop.example *.cdn.shop.example mail.shop.example "
            "login.shop.example status.shop.example partners.shop.example vpn.shop.example storefront-client"
        ),
    ),
    Content(
        name="kv-shop-stage",
        environment="staging",
        secret_count=40,
        services="storefront checkout catalog search inventory shipping identity loyalty",
        keys=(
            "order-signing P-256 order-encryption 2048 storefront-jwt P-384 load-test-signing 2048 "
            "sso-signing 2048 backup-wrapping 2048"
        ),
        hosts=(
            "www.stage.shop.example api.stage.shop.example login.stage.shop.example *.preview.shop.example stage-client"
        ),
    ),
    Content(
        name="kv-billing-prod",
        environment="production",
        secret_count=30,
        services="billing invoicing payments dunning ledger tax",
        keys=(
            "invoice-signing 3072 card-vault-wrapping 2048 ledger-signing P-256 sepa-mandate-signing P-384 "
            "tax-report-encryption 2048"
        ),
        hosts="billing.shop.example pay.shop.example ledger.shop.example sepa-client",
    ),
)


def fill(emulator: Emulator) -> dict[str, Any]:
    """Make tenant, service principals and filled vaults. Returns the credentials, which are stored nowhere in clear."""
    tenant, subscription = str(uuid4()), str(uuid4())
    emulator.add_tenant(tenant, "shop.onmicrosoft.example")
    principals = {name: _principal(emulator, tenant, name) for name in (ADMIN_NAME, DEPLOY_NAME)}
    pool = _KeyPool(emulator)
    for content in CONTENTS:
        group = "rg-billing" if "billing" in content.name else "rg-shop"
        vault = emulator.add_vault(content.name, tenant=tenant, subscription=subscription, resource_group=group)
        emulator.set_permissions(content.name, principals[ADMIN_NAME]["object_id"], access.EVERYTHING)
        _Filler(emulator, vault, pool).put(content)
    emulator.set_permissions(CONTENTS[0].name, principals[DEPLOY_NAME]["object_id"], DEPLOY_PERMISSIONS)
    emulator.assign_role("Owner", principal=ADMIN_NAME)
    return {"tenant_id": tenant, "subscription_id": subscription, "principals": principals}


def add_secrets(emulator: Emulator, vault_name: str, count: int, *, prefix: str = "load") -> None:
    """Put many small secrets into a vault at once: for tests of long lists."""
    filler = _Filler(emulator, emulator.vault(vault_name))
    filler.put_many(f"{prefix}-{number:06d}" for number in range(count))


def _principal(emulator: Emulator, tenant: str, name: str) -> dict[str, str]:
    secret = secrets.token_urlsafe(30)
    principal = Principal(str(uuid4()), tenant, str(uuid4()), name)
    emulator.add_principal(principal)
    emulator.add_client_secret(principal.client_id, secret, days=730)
    return {"client_id": principal.client_id, "object_id": principal.object_id, "client_secret": secret}


class _KeyPool:
    """A few RSA keys, used over and over: nobody should wait on first start for three dozen of them."""

    def __init__(self, emulator: Emulator) -> None:
        self._new_key = emulator.service.new_key
        self._pools: dict[int, list[PrivateKey]] = {}

    def take(self, detail: str) -> PrivateKey:
        """An RSA key of a size, or an EC key on a curve."""
        if detail.startswith("P-"):
            return self._new_key("EC", 0, detail)
        pool = self._pools.setdefault(int(detail), [])
        if len(pool) < 4:
            pool.append(self._new_key("RSA", int(detail), ""))
            return pool[-1]
        pool.append(pool.pop(0))
        return pool[-1]


class _Filler:
    """Writes objects with a past into one vault."""

    def __init__(self, emulator: Emulator, vault: Vault, pool: _KeyPool | None = None) -> None:
        self._service = emulator.service
        self._vault = vault
        self._pool = pool or _KeyPool(emulator)
        self._now = int(emulator.clock())
        # The same vault looks the same each time; only the secret values differ.
        self._dice = random.Random(vault.name)  # noqa: S311 - decides about dates and tags, not about secrets
        self._call = Call(
            self._service,
            vault,
            Caller("", "", vault.tenant),
            "",
            "",
            API_VERSIONS[-1],
            self._now,
            {},
            {},
            {},
        )

    def put(self, content: Content) -> None:
        with self._service.store.writing():
            self._put_secrets(content)
            self._put_keys(content)
            self._put_certificates(content)
            self._put_deleted()

    def put_many(self, names: Iterable[str]) -> None:
        with self._service.store.writing() as db:
            shelf = self._call.shelf(db, SECRET)
            for name in names:
                shelf.add(name, Version(new_version_id(), self._now, self._now, material=name.encode()))

    def _put_secrets(self, content: Content) -> None:
        names = [(service, shape) for shape in SHAPES for service in content.services.split()][: content.secret_count]
        for number, (service, shape) in enumerate(names):
            tags = {"service": service, "environment": content.environment}
            if number % 3 == 0:
                tags["owner"] = f"team-{service}"
            if number % 11 == 4:
                tags["rotation"] = "manual"
            data = {} if shape.content_type is None else {"contentType": shape.content_type}
            for version in self._history(number, tags, data):
                version.material = _value(shape).encode()
                version.enabled = not (number % 17 == 6 and version.expires_on is None)
                self._add(SECRET, f"{service}-{shape.suffix}", version)

    def _put_keys(self, content: Content) -> None:
        words = content.keys.split()
        for number, (name, detail) in enumerate(zip(words[::2], words[1::2], strict=True)):
            kty = "EC" if detail.startswith("P-") else "RSA"
            tags = {"purpose": name.rpartition("-")[2], "environment": content.environment}
            for version in self._history(number + 3, tags, {}):
                key = self._pool.take(detail)
                version.data = {
                    "kty": kty,
                    "key_ops": list(DEFAULT_OPS[kty]),
                    "jwk": keymaterial.public_jwk(key),
                    "exportable": False,
                }
                version.material = keymaterial.dump(key)
                version.enabled = number % 9 != 7
                self._add(KEY, name, version)

    def _put_certificates(self, content: Content) -> None:
        for number, host in enumerate(content.hosts.split()):
            days = (45, 5, 250, 25, -20, 80, 300, 12, 170, 330)[number % 10]
            self._put_certificate(host, days, {"environment": content.environment})

    def _put_certificate(self, host: str, days: int, tags: dict[str, str]) -> Entry:
        """A self-signed certificate that expires in so many days, having been issued a year before that."""
        issued = self._now + (days - 365) * DAY
        props: dict[str, Any] = {"subject": f"CN={host}, O=Example Shop, C=DE", "validity_months": 12}
        if "." in host:
            props["sans"] = {"dns_names": [host]}
        policy = certificate_policy.complete({"issuer": {"name": "Self"}, "x509_props": props}, issued)
        key = self._pool.take("2048")
        name = host.replace("*", "wildcard").replace(".", "-")
        entry = Entry(name, new_version_id(), extra={"policy": policy})
        version = Version(entry.current, issued, issued, tags=tags)
        with self._service.store.reading() as db:
            leaf = x509tools.issue(policy, key, issued)
            certificates.store_certificate(db, self._call, entry, version, [leaf], key)
        return entry

    def _put_deleted(self) -> None:
        """A few things that somebody deleted lately and may want back."""
        for number, name in enumerate(("legacy-ftp-password", "old-smtp-password", "campaign-2025-api-key")):
            for version in self._history(number, {"environment": "retired"}, {"contentType": "text/plain"}):
                version.material = _value(SHAPES[0]).encode()
                self._add(SECRET, name, version)
            self._mark_deleted(SECRET, name, 2 + 9 * number)
        key = self._pool.take("P-256")
        data = {
            "kty": "EC",
            "key_ops": ["sign", "verify"],
            "jwk": keymaterial.public_jwk(key),
            "exportable": False,
        }
        version = Version(new_version_id(), self._now - 400 * DAY, self._now - 400 * DAY, data=data)
        version.material = keymaterial.dump(key)
        self._add(KEY, "retired-signing", version)
        self._mark_deleted(KEY, "retired-signing", 6)
        entry = self._put_certificate("old.shop.example", -40, {"environment": "retired"})
        for kind in (CERTIFICATE, KEY, SECRET):
            self._mark_deleted(kind, entry.name, 15)

    def _history(self, number: int, tags: dict[str, str], data: dict[str, Any]) -> Iterator[Version]:
        """One to three versions, the oldest first; only the newest has the expiry date."""
        count = 1 + (number % 5 == 0) + (number % 7 == 0)
        age = self._dice.randrange(30, 300)
        for back in range(count, 0, -1):
            created = self._now - age * back * DAY - self._dice.randrange(DAY)
            version = Version(new_version_id(), created, created, tags=dict(tags), data=dict(data))
            if back == 1:
                days = EXPIRES[(number + number // len(EXPIRES)) % len(EXPIRES)]
                version.expires_on = None if days is None else self._now + days * DAY + self._dice.randrange(DAY // 2)
                version.not_before = created if number % 8 == 2 else None
            yield version

    def _add(self, kind: Kind, name: str, version: Version) -> None:
        with self._service.store.reading() as db:
            self._call.shelf(db, kind).add(name, version)

    def _mark_deleted(self, kind: Kind, name: str, days_ago: int) -> None:
        with self._service.store.reading() as db:
            shelf = self._call.shelf(db, kind)
            entry = shelf.live(name)
            entry.state, entry.deleted_on = DELETED, self._now - days_ago * DAY
            entry.purge_on = entry.deleted_on + self._vault.retention_days * DAY
            shelf.save(entry)


def _value(shape: Shape) -> str:
    end = '"}' if shape.prefix.startswith("{") else ""
    return f"{shape.prefix}{secrets.token_urlsafe(24)}{end}"
