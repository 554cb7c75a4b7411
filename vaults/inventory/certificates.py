"""What lists do not tell of certificates: the contents of the current version, and the policy. Read one by one, and kept.

Source: Key Vault REST, GetCertificate. It has no value and no private key.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from django.db.models import QuerySet
from django.utils import timezone

from vaults.azure.errors import AuthenticationError, Forbidden, Unauthorized
from vaults.forecast.renewals import CLIENT_AUTH
from vaults.inventory.rows import storable
from vaults.inventory.store import BATCH, locked
from vaults.keyvault import x509
from vaults.keyvault.client import VaultClient
from vaults.keyvault.identifiers import fold
from vaults.keyvault.parts import Part, part
from vaults.keyvault.types import RESERVED_ISSUERS, Certificate, CertificatePolicy, LifetimeAction
from vaults.kinds import CERTIFICATE
from vaults.models import InventoryItem, KnownCertificate, Vault

#: Certificates that one scan reads: those without a row first, then the latest changed. The next scan reads the rest.
MOST_READ: Final = 100
#: A change of a policy does not show in the list: after this time a certificate is read again.
READ_AGAIN: Final = timedelta(days=1)
#: The largest number of an integer column.
LARGEST: Final = 2**31 - 1
MOST_UNREAD: Final = 30

#: Columns that tell of the certificate and not of the look at it.
FACTS = tuple(
    field.name for field in KnownCertificate._meta.fields if field.name not in {"id", "item", "provider", "read_at"}
)
_REPLACED = (*FACTS, "provider", "read_at")

Gather = Callable[[Sequence[Callable[[], Any]]], Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Read:
    """A certificate as it was read, and when it was asked for. `updated`, `thumbprint`: what the list says of it."""

    certificate: Certificate
    at: datetime
    updated: datetime | None
    thumbprint: str


def read_changed(vault: Vault, client: VaultClient, gather: Gather, listed: set[str]) -> Part[Any]:
    """Read those of the listed certificates (folded names) that are unknown or changed, at most MOST_READ, and keep them.

    `gather` runs calls side by side. The first one is asked alone: if it is refused, so are the others, and none is asked. The
    result has that error; another error leaves out its own certificate.
    """
    wanted = _to_read(vault, listed, timezone.now())[:MOST_READ]
    if not wanted:
        return Part()
    looks = list(gather([partial(_look, client, item) for item in wanted[:1]]))
    if not _is_refused(looks[0]):
        looks += gather([partial(_look, client, item) for item in wanted[1:]])
    reads = [look.value for look in looks if look.value]
    names = {_issuer(each.certificate.policy).lower() for each in reads} - RESERVED_ISSUERS - {""}
    keep(vault, reads, _providers(gather, client) if names else None)
    return next((look for look in looks if _is_refused(look)), Part())


def _to_read(vault: Vault, listed: set[str], now: datetime) -> list[InventoryItem]:
    live = vault.items.existing().filter(kind=CERTIFICATE.name, deleted_on=None, issued=True)
    columns = ("vault", "name", "folded_name", "updated_on", "thumbprint")
    known = ("read_at", "of_updated", "of_thumbprint")
    items = live.select_related("known_certificate").only(*columns, *(f"known_certificate__{name}" for name in known))
    wanted = [item for item in items if item.folded_name in listed and _is_due(item, known_of(item), now)]
    return sorted(wanted, key=_urgency)


def known_of(item: InventoryItem) -> KnownCertificate | None:
    """What is known of a certificate; None if it was never read."""
    known: KnownCertificate | None = getattr(item, "known_certificate", None)
    return known


def _is_due(item: InventoryItem, known: KnownCertificate | None, now: datetime) -> bool:
    if known is None or known.read_at < now - READ_AGAIN:
        return True
    return (known.of_updated, known.of_thumbprint) != (item.updated_on, item.thumbprint)


def _urgency(item: InventoryItem) -> tuple[bool, float, str]:
    """The order of reading: the unknown ones, then the latest changed."""
    return known_of(item) is not None, -item.updated_on.timestamp() if item.updated_on else 0.0, item.folded_name


def _look(client: VaultClient, item: InventoryItem) -> Part[Read]:
    at = timezone.now()
    return part(lambda: Read(client.certificates.get(item.name), at, item.updated_on, item.thumbprint))


def _is_refused(look: Part[Any]) -> bool:
    return isinstance(look.error, Forbidden | Unauthorized | AuthenticationError)


def _providers(gather: Gather, client: VaultClient) -> Mapping[str, str] | None:
    """The provider of each of the vault's issuers, by folded name; None if they can't be read."""
    [issuers] = gather([lambda: part(lambda: client.issuers.list())])
    return None if issuers.value is None else providers_of(issuers)


def providers_of(issuers: Part[Any]) -> Mapping[str, str]:
    return {each.name.lower(): each.provider for each in issuers.value or ()}


def keep(vault: Vault, reads: Sequence[Read], providers: Mapping[str, str] | None) -> None:
    """Store what was read; what was read later than that stays. `providers`: by folded issuer; None: keep what is known."""
    rows = {fold(each.certificate.properties.name): row_of(each) for each in reads}
    names = list(rows)
    for start in range(0, len(names), BATCH):
        with locked(vault):
            changed = []
            for item in _items(vault, names[start : start + BATCH]):
                row, known = rows[item.folded_name], known_of(item)
                if known is None or known.read_at <= row.read_at:
                    row.item, row.provider = item, _provider(row, known, providers)
                    changed.append(row)
            KnownCertificate.objects.bulk_create(
                changed, update_conflicts=True, unique_fields=["item"], update_fields=_REPLACED
            )


def is_known(vault: Vault, read: Read) -> bool:
    """True if there is nothing to store of what was read: it is known, or the certificate is not in the index."""
    item = _items(vault, [fold(read.certificate.properties.name)]).first()
    if item is None:
        return True
    row, known = row_of(read), known_of(item)
    return known is not None and all(getattr(row, name) == getattr(known, name) for name in FACTS)


def _items(vault: Vault, names: Sequence[str]) -> QuerySet[InventoryItem]:
    live = vault.items.existing().filter(kind=CERTIFICATE.name, deleted_on=None)
    return live.filter(folded_name__in=names).select_related("known_certificate")


def _provider(row: KnownCertificate, known: KnownCertificate | None, providers: Mapping[str, str] | None) -> str:
    if providers is not None:
        return _bounded(providers.get(row.policy_issuer.lower()), 255)
    return known.provider if known and known.policy_issuer == row.policy_issuer else ""


def row_of(read: Read) -> KnownCertificate:
    """An unsaved row without its item and provider."""
    certificate, policy = read.certificate, read.certificate.policy or CertificatePolicy()
    facts = x509.read_certificate(certificate.cer)
    unread = [*certificate.properties.odd, *certificate.odd, *policy.unread]
    unread += ["lifetime_actions"] if "lifetime_actions" in policy.others else []
    unread += ["cer"] if facts.subject is None else []

    def number(name: str, value: int | None) -> int | None:
        if value is not None and abs(value) > LARGEST:
            unread.append(name)
            return None
        return value

    renewal, mail = _action(policy, "autorenew"), _action(policy, "emailcontacts")
    return KnownCertificate(
        version=_bounded(certificate.properties.version, 64),
        subject=_bounded(facts.subject, 1000),
        issuer=_bounded(facts.issuer, 1000),
        self_signed=None if facts.subject is None or facts.issuer is None else facts.subject == facts.issuer,
        not_before=facts.not_before,
        not_after=facts.not_after,
        key_type=_bounded(facts.key_type, 60),
        key_size=number("key_size", facts.key_size),
        curve=_bounded(facts.curve, 60),
        dns_names=sum(name.kind == "DNS" for name in facts.sans),
        has_policy=certificate.policy is not None,
        policy_issuer=_bounded(_issuer(policy), 255),
        validity_months=number("validity_months", policy.validity_in_months),
        renews=bool(renewal.action),
        renews_at_percent=number("lifetime_percentage", renewal.lifetime_percentage),
        renews_days_before=number("days_before_expiry", renewal.days_before_expiry),
        mails=bool(mail.action),
        mails_at_percent=number("lifetime_percentage", mail.lifetime_percentage),
        mails_days_before=number("days_before_expiry", mail.days_before_expiry),
        only_client_auth=set(policy.ekus) == {CLIENT_AUTH},
        unread=[_bounded(name, 60) for name in dict.fromkeys(unread)][:MOST_UNREAD],
        read_at=read.at,
        of_updated=read.updated,
        of_thumbprint=_bounded(read.thumbprint, 40),
    )


def _action(policy: CertificatePolicy, name: str) -> LifetimeAction:
    """The policy's first lifetime action of this name, which is in lower case; one without a name if there is none."""
    return next((action for action in policy.lifetime_actions if action.action.lower() == name), LifetimeAction(""))


def _issuer(policy: CertificatePolicy | None) -> str:
    return (policy.issuer_name if policy else "") or ""


def _bounded(text: str | None, length: int) -> str:
    return storable(text or "")[:length]
