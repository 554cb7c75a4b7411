"""Generates realistic sample data for a vault, with a history of a year.

Names, tags and dates are deterministic for each vault; secret values are random. RSA keys come from a small pool, because
generating them is slow.
"""

import random
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count, islice, product
from typing import Any

from vaults.emulator.dataplane import certificate_policy, certificates, x509tools
from vaults.emulator.dataplane.call import Call
from vaults.emulator.dataplane.keys import DEFAULT_OPS
from vaults.emulator.dataplane.versions import API_VERSIONS
from vaults.emulator.emulator import Emulator
from vaults.emulator.entra.tokens import Caller
from vaults.emulator.state import keymaterial
from vaults.emulator.state.entries import DELETED, Entry, Version, new_version_id
from vaults.emulator.state.keymaterial import PrivateKey
from vaults.emulator.state.registry import Vault
from vaults.emulator.wire.kinds import CERTIFICATE, KEY, SECRET, Kind

DAY = 86400
POOL = 4  # RSA keys of one size
BATCH = 500  # objects in one transaction, so that other writers need not wait long

# Days until expiry, None for never: expired ones, within 7, 30 and 90 days, and later.
EXPIRES = (None, None, 200, -12, None, 5, 340, None, 21, 64, None, 150, None, -90, 27, None, 420, 3, None, 80)
CERTIFICATE_EXPIRES = (45, 5, 250, 25, -20, 80, 300, 12, 170, 330)

LATE = 75  # days: a certificate with automatic renewal would already have been renewed
NO_RENEWAL = [{"trigger": {"days_before_expiry": 30}, "action": {"action_type": "EmailContacts"}}]

SERVICES = (
    "storefront", "checkout", "catalog", "search", "inventory", "shipping", "identity", "loyalty", "reporting",
    "notifications", "warehouse", "recommendations", "billing", "invoicing", "payments", "ledger", "returns",
    "pricing", "supplier", "analytics",
)  # fmt: skip
ENVIRONMENTS = ("prod", "stage", "test")
REGIONS = ("weu", "neu", "eus")
PURPOSES = ("signing", "encryption", "wrapping", "jwt")
DETAILS = ("P-256", "2048", "P-384", "2048", "3072", "P-256", "P-521", "2048")


@dataclass(frozen=True, slots=True)
class Shape:
    """A type of secret: the end of its name, its content type, the beginning of its value."""

    suffix: str
    content_type: str | None
    prefix: str

    def value(self) -> bytes:
        end = '"}' if self.prefix.startswith("{") else ""
        return f"{self.prefix}{secrets.token_urlsafe(24)}{end}".encode()


SHAPES = (
    Shape("db-password", "text/plain", ""),
    Shape("api-key", "text/plain", "sk_live_"),
    Shape("connection-string", "text/plain", "Server=tcp:sql-shop.example.net,1433;Encrypt=true;Password="),
    Shape("webhook-secret", None, "whsec_"),
    Shape("client-config", "application/json", '{"retries": 3, "token": "'),
)


class KeyPool:
    """A few RSA keys, used in turn; EC keys are generated each time."""

    def __init__(self, emulator: Emulator) -> None:
        self._new_key = emulator.service.new_key
        self._pools: dict[int, list[PrivateKey]] = {}

    def take(self, detail: str) -> PrivateKey:
        """An RSA key of a size, or an EC key on a curve."""
        if detail.startswith("P-"):
            return self._new_key("EC", 0, detail)
        pool = self._pools.setdefault(int(detail), [])
        if len(pool) < POOL:
            pool.append(self._new_key("RSA", int(detail), ""))
            return pool[-1]
        pool.append(pool.pop(0))
        return pool[-1]


class Filler:
    """Writes objects into one vault, inside a transaction of the caller."""

    def __init__(self, emulator: Emulator, vault: Vault, pool: KeyPool | None = None) -> None:
        self.now = int(emulator.clock())
        self._service = emulator.service
        self._vault = vault
        self._pool = pool or KeyPool(emulator)
        self._random = random.Random(vault.name)  # noqa: S311 - decides about dates and tags, not about secrets
        caller = Caller("", "", vault.tenant)
        self._call = Call(self._service, vault, caller, "", "", API_VERSIONS[-1], self.now, {}, {}, {})

    def is_free(self, kind: Kind, name: str) -> bool:
        with self._service.store.reading() as db:
            return self._call.table(db, kind).entry(name) is None

    def add_secret(self, number: int, name: str, shape: Shape, tags: dict[str, str]) -> None:
        data = {} if shape.content_type is None else {"contentType": shape.content_type}
        for version in self._history(number, tags, data):
            version.material = shape.value()
            version.enabled = not (number % 17 == 6 and version.expires_on is None)
            self._add(SECRET, name, version)

    def add_plain_secret(self, name: str, value: bytes) -> None:
        """One version, no tags, no dates."""
        self._add(SECRET, name, Version(new_version_id(), self.now, self.now, material=value))

    def add_key(self, number: int, name: str, detail: str, tags: dict[str, str]) -> None:
        """`detail` is an RSA size or an EC curve."""
        kty = "EC" if detail.startswith("P-") else "RSA"
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

    def add_certificate(self, host: str, days: int, tags: dict[str, str]) -> str:
        """A self-signed certificate that expires in `days` days, issued a year earlier. Returns its name."""
        issued = self.now + (days - 365) * DAY
        props: dict[str, Any] = {"subject": f"CN={host}, O=Example Shop, C=DE", "validity_months": 12}
        if "." in host:
            props["sans"] = {"dns_names": [host]}
        draft: dict[str, Any] = {"issuer": {"name": "Self"}, "x509_props": props}
        if days < LATE:
            draft["lifetime_actions"] = NO_RENEWAL
        policy = certificate_policy.complete(draft, issued)
        key = self._pool.take("2048")
        entry = Entry(certificate_name(host), new_version_id(), extra={"policy": policy})
        version = Version(entry.current, issued, issued, tags=tags)
        with self._service.store.reading() as db:
            leaf = x509tools.issue(policy, key, issued)
            certificates.store_certificate(db, self._call, entry, version, [leaf], key)
        return entry.name

    def mark_deleted(self, kind: Kind, name: str, days_ago: int) -> None:
        with self._service.store.reading() as db:
            table = self._call.table(db, kind)
            entry = table.live(name)
            entry.state, entry.deleted_on = DELETED, self.now - days_ago * DAY
            entry.purge_on = entry.deleted_on + self._vault.retention_days * DAY
            table.save(entry)

    def _history(self, number: int, tags: dict[str, str], data: dict[str, Any]) -> Iterator[Version]:
        """One to three versions, the oldest first; only the newest has the expiry date."""
        versions = 1 + (number % 5 == 0) + (number % 7 == 0)
        age = self._random.randrange(30, 300)
        for back in range(versions, 0, -1):
            created = self.now - age * back * DAY - self._random.randrange(DAY)
            version = Version(new_version_id(), created, created, tags=dict(tags), data=dict(data))
            if back == 1:
                days = EXPIRES[(number + number // len(EXPIRES)) % len(EXPIRES)]
                version.expires_on = None if days is None else self.now + days * DAY + self._random.randrange(DAY // 2)
                version.not_before = created if number % 8 == 2 else None
            yield version

    def _add(self, kind: Kind, name: str, version: Version) -> None:
        with self._service.store.reading() as db:
            self._call.table(db, kind).add(name, version)


def fill_vault(emulator: Emulator, name: str, *, secret_count: int, key_count: int, certificate_count: int) -> None:
    """Add objects of each kind to a vault. Raises UnknownNameError."""
    filler = Filler(emulator, emulator.vault(name))
    tasks = (
        (SECRET, secret_count, _secret_drafts(), filler.add_secret),
        (KEY, key_count, _key_drafts(), filler.add_key),
    )
    for kind, wanted, drafts, add in tasks:
        free = ((number, *draft) for number, draft in enumerate(drafts) if filler.is_free(kind, draft[0]))
        _in_batches(emulator, islice(free, wanted), add)
    hosts = ((number, host) for number, host in enumerate(_hosts()) if _is_free_host(filler, host))

    def add_certificate(number: int, host: str) -> None:
        days = CERTIFICATE_EXPIRES[number % len(CERTIFICATE_EXPIRES)]
        filler.add_certificate(host, days, {"service": host.partition(".")[0], "owner": "team-edge"})

    _in_batches(emulator, islice(hosts, certificate_count), add_certificate)


def certificate_name(host: str) -> str:
    return host.replace("*", "wildcard").replace(".", "-")


def _in_batches(emulator: Emulator, drafts: Iterator[tuple[Any, ...]], add: Any) -> None:
    while batch := list(islice(drafts, BATCH)):
        with emulator.store.writing():
            for draft in batch:
                add(*draft)


def _secret_drafts() -> Iterator[tuple[str, Shape, dict[str, str]]]:
    """Endless names, content types and tags."""
    for name, parts in _names(SHAPES, lambda shape: shape.suffix):
        service, environment, region, shape = parts
        tags = {"service": service, "environment": environment, "region": region}
        if len(name) % 3 == 0:
            tags["owner"] = f"team-{service}"
        yield name, shape, tags


def _key_drafts() -> Iterator[tuple[str, str, dict[str, str]]]:
    for number, (name, parts) in enumerate(_names(PURPOSES, str)):
        service, environment, _region, purpose = parts
        yield name, DETAILS[number % len(DETAILS)], {"service": service, "environment": environment, "purpose": purpose}


def _hosts() -> Iterator[str]:
    """Endless host names."""
    for repetition in count(1):
        number = "" if repetition == 1 else str(repetition)
        for environment, region, service in product(ENVIRONMENTS, REGIONS, SERVICES):
            yield f"{service}{number}.{region}.{environment}.shop.example"


def _names(last: Iterable[Any], word: Any) -> Iterator[tuple[str, tuple[str, str, str, Any]]]:
    """Names such as checkout-prod-weu-api-key, followed by 02, 03... once all combinations are used."""
    for repetition in count(1):
        ending = "" if repetition == 1 else f"-{repetition:02}"
        for environment, region, part, service in product(ENVIRONMENTS, REGIONS, last, SERVICES):
            yield f"{service}-{environment}-{region}-{word(part)}{ending}", (service, environment, region, part)


def _is_free_host(filler: Filler, host: str) -> bool:
    name = certificate_name(host)
    return all(filler.is_free(kind, name) for kind in (CERTIFICATE, KEY, SECRET))
