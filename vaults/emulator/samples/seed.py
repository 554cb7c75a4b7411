"""The first content of a served emulator: the vaults of a small shop, with a history, and objects that expire soon."""

import secrets
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from vaults.emulator.emulator import Emulator
from vaults.emulator.samples.filling import CERTIFICATE_EXPIRES, SHAPES, Filler, KeyPool
from vaults.emulator.samples.names import DEPLOY_PERMISSIONS
from vaults.emulator.state import people, policies, registry, tables
from vaults.emulator.state.directory import Principal
from vaults.emulator.state.people import Person
from vaults.emulator.wire.kinds import CERTIFICATE, KEY, SECRET

ADMIN_NAME, DEPLOY_NAME = "sp-shop-admin", "sp-shop-deploy"
PEOPLE = {
    "Olga Brandt": "olga@shop.example",
    "Rafi Haddad": "rafi@shop.example",
    "Otto Stern": "otto@shop.example",
}


@dataclass(frozen=True, slots=True)
class Content:
    """The content of one vault, separated by spaces; the name of a key is followed by its RSA size or EC curve."""

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


def fill(emulator: Emulator, known: dict[str, Any] | None = None) -> dict[str, Any]:
    """Create tenant, people, service principals and filled vaults. Returns the credentials, which are not stored in clear.

    `known`: earlier credentials to use again.
    """
    known = known or {"tenant_id": str(uuid4()), "subscription_id": str(uuid4()), "principals": {}}
    tenant, subscription = known["tenant_id"], known["subscription_id"]
    emulator.add_tenant(tenant, "shop.onmicrosoft.example")
    with emulator.store.writing() as db:
        for name, email in PEOPLE.items():
            people.add_person(db, Person(str(uuid4()), tenant, name, email))
    principals = {
        name: _principal(emulator, tenant, name, known["principals"].get(name)) for name in (ADMIN_NAME, DEPLOY_NAME)
    }
    pool = KeyPool(emulator)
    for content in CONTENTS:
        group = "rg-billing" if "billing" in content.name else "rg-shop"
        vault = emulator.add_vault(content.name, tenant=tenant, subscription=subscription, resource_group=group)
        emulator.set_permissions(content.name, principals[ADMIN_NAME]["object_id"], policies.EVERYTHING)
        _put(emulator, Filler(emulator, vault, pool), content)
    emulator.set_permissions(CONTENTS[0].name, principals[DEPLOY_NAME]["object_id"], DEPLOY_PERMISSIONS)
    emulator.assign_role("Owner", principal=ADMIN_NAME)
    return {"tenant_id": tenant, "subscription_id": subscription, "principals": principals}


def refill(emulator: Emulator, credentials: dict[str, Any]) -> dict[str, Any]:
    """Remove everything and fill again, while being served; vaults keep their ports. Returns the credentials."""
    # Requests wait for the lock meanwhile, so none sees a part of it.
    with emulator.store.reading() as db:
        ports = {vault.name: vault.port for vault in registry.all_vaults(db)}
        with emulator.store.writing():
            tables.clear(db)
        kept = fill(emulator, credentials)
        with emulator.store.writing():
            for vault in registry.all_vaults(db):
                registry.set_port(db, vault, ports.get(vault.name))
    return kept


def add_secrets(emulator: Emulator, vault_name: str, count: int, *, prefix: str = "load") -> None:
    """Add many small secrets to a vault: for tests of long lists."""
    filler = Filler(emulator, emulator.vault(vault_name))
    with emulator.store.writing():
        for number in range(count):
            name = f"{prefix}-{number:06d}"
            filler.add_plain_secret(name, name.encode())


def _principal(emulator: Emulator, tenant: str, name: str, known: dict[str, str] | None) -> dict[str, str]:
    known = known or {"client_id": str(uuid4()), "object_id": str(uuid4()), "client_secret": secrets.token_urlsafe(30)}
    secret = known["client_secret"]
    principal = Principal(known["client_id"], tenant, known["object_id"], name)
    emulator.add_principal(principal)
    emulator.add_client_secret(principal.client_id, secret, days=730)
    return known


def _put(emulator: Emulator, filler: Filler, content: Content) -> None:
    with emulator.store.writing():
        _put_secrets(filler, content)
        words = content.keys.split()
        for number, (name, detail) in enumerate(zip(words[::2], words[1::2], strict=True)):
            tags = {"purpose": name.rpartition("-")[2], "environment": content.environment}
            filler.add_key(number, name, detail, tags)
        for number, host in enumerate(content.hosts.split()):
            days = CERTIFICATE_EXPIRES[number % len(CERTIFICATE_EXPIRES)]
            filler.add_certificate(host, days, {"environment": content.environment})
        _put_deleted(filler)


def _put_secrets(filler: Filler, content: Content) -> None:
    names = [(service, shape) for shape in SHAPES for service in content.services.split()][: content.secret_count]
    for number, (service, shape) in enumerate(names):
        tags = {"service": service, "environment": content.environment}
        if number % 3 == 0:
            tags["owner"] = f"team-{service}"
        if number % 11 == 4:
            tags["rotation"] = "manual"
        filler.add_secret(number, f"{service}-{shape.suffix}", shape, tags)


def _put_deleted(filler: Filler) -> None:
    """Add some recently deleted objects."""
    retired = {"environment": "retired"}
    for number, name in enumerate(("legacy-ftp-password", "old-smtp-password", "campaign-2025-api-key")):
        filler.add_secret(number, name, SHAPES[0], retired)
        filler.mark_deleted(SECRET, name, 2 + 9 * number)
    filler.add_key(1, "retired-signing", "P-256", retired)
    filler.mark_deleted(KEY, "retired-signing", 6)
    name = filler.add_certificate("old.shop.example", -40, retired)
    for kind in (CERTIFICATE, KEY, SECRET):
        filler.mark_deleted(kind, name, 15)
