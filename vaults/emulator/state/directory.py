"""Tenants, service principals and their credentials."""

import hashlib
import hmac
import secrets
import sqlite3
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

TABLES = """
CREATE TABLE IF NOT EXISTS tenant (id TEXT PRIMARY KEY, domain TEXT NOT NULL UNIQUE) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS principal (
    client_id TEXT PRIMARY KEY, tenant TEXT NOT NULL, object_id TEXT NOT NULL UNIQUE, name TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS client_secret (
    client_id TEXT NOT NULL, salt BLOB NOT NULL, digest BLOB NOT NULL, expires_on INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS client_certificate (
    client_id TEXT NOT NULL, sha1 BLOB NOT NULL, sha256 BLOB NOT NULL, der BLOB NOT NULL
);
"""


@dataclass(frozen=True, slots=True)
class Principal:
    """A service principal: the application's (client) id and its object id, which access policies name."""

    client_id: str
    tenant: str
    object_id: str
    name: str


def add_tenant(db: sqlite3.Connection, tenant: str, domain: str) -> None:
    db.execute("INSERT INTO tenant VALUES (?, ?)", (tenant, domain.lower()))


def all_tenants(db: sqlite3.Connection) -> dict[str, str]:
    """Domains by GUID."""
    return {row["id"]: row["domain"] for row in db.execute("SELECT * FROM tenant ORDER BY domain")}


def remove_tenant(db: sqlite3.Connection, tenant: str) -> None:
    """Remove the tenant's own row; `removal.remove_tenant` removes it with everybody in it."""
    db.execute("DELETE FROM tenant WHERE id = ?", (tenant,))


def find_tenant(db: sqlite3.Connection, tenant: str) -> str | None:
    """The tenant's GUID by its GUID or domain."""
    row = db.execute("SELECT id FROM tenant WHERE id = ?1 OR domain = ?1", (tenant.lower(),)).fetchone()
    return row["id"] if row else None


def add_principal(db: sqlite3.Connection, principal: Principal) -> None:
    db.execute(
        "INSERT INTO principal VALUES (?, ?, ?, ?)",
        (principal.client_id, principal.tenant, principal.object_id, principal.name),
    )


def find_principal(db: sqlite3.Connection, identifier: str) -> Principal | None:
    """A service principal by client id, object id or display name."""
    row = db.execute(
        "SELECT * FROM principal WHERE client_id = ?1 OR object_id = ?1 OR name = ?2",
        (identifier.lower(), identifier),
    ).fetchone()
    return _principal(row) if row else None


def all_principals(db: sqlite3.Connection) -> list[Principal]:
    return [_principal(row) for row in db.execute("SELECT * FROM principal ORDER BY name")]


def remove_principal(db: sqlite3.Connection, client_id: str) -> None:
    """Remove a service principal and its credentials; `removal.remove_principal` removes its permissions, too."""
    db.execute("DELETE FROM principal WHERE client_id = ?", (client_id,))
    remove_credentials(db, client_id)


def add_secret(db: sqlite3.Connection, client_id: str, secret: str, expires_on: int) -> None:
    """Let an application sign in with one more secret, kept as a salted hash.

    One round of SHA-256 is enough: client secrets are random, there is no dictionary to try them from.
    """
    salt = secrets.token_bytes(16)
    db.execute("INSERT INTO client_secret VALUES (?, ?, ?, ?)", (client_id, salt, _digest(salt, secret), expires_on))


def remove_credentials(db: sqlite3.Connection, client_id: str) -> None:
    db.execute("DELETE FROM client_secret WHERE client_id = ?", (client_id,))
    db.execute("DELETE FROM client_certificate WHERE client_id = ?", (client_id,))


def secret_expiry(db: sqlite3.Connection, client_id: str, secret: str) -> int | None:
    """When the secret expires, None if the application does not have it."""
    rows = db.execute("SELECT * FROM client_secret WHERE client_id = ?", (client_id,)).fetchall()
    found = [row["expires_on"] for row in rows if hmac.compare_digest(row["digest"], _digest(row["salt"], secret))]
    return max(found) if found else None


def secret_expiries(db: sqlite3.Connection, client_id: str) -> list[int]:
    """When each secret of an application expires."""
    rows = db.execute("SELECT expires_on FROM client_secret WHERE client_id = ? ORDER BY expires_on", (client_id,))
    return [row["expires_on"] for row in rows]


def certificate_count(db: sqlite3.Connection, client_id: str) -> int:
    row = db.execute("SELECT count(*) FROM client_certificate WHERE client_id = ?", (client_id,)).fetchone()
    return int(row[0])


def add_certificate(db: sqlite3.Connection, client_id: str, certificate: x509.Certificate) -> None:
    """Let an application sign in with assertions that this certificate's key has signed."""
    db.execute(
        "INSERT INTO client_certificate VALUES (?, ?, ?, ?)",
        (
            client_id,
            certificate.fingerprint(hashes.SHA1()),  # noqa: S303 - x5t is defined as SHA-1
            certificate.fingerprint(hashes.SHA256()),
            certificate.public_bytes(serialization.Encoding.DER),
        ),
    )


def certificate_key(db: sqlite3.Connection, client_id: str, thumbprint: bytes) -> RSAPublicKey | None:
    """The public key of an application's certificate with this SHA-1 or SHA-256 thumbprint."""
    row = db.execute(
        "SELECT der FROM client_certificate WHERE client_id = ? AND ? IN (sha1, sha256)",
        (client_id, thumbprint),
    ).fetchone()
    if row is None:
        return None
    key = x509.load_der_x509_certificate(row["der"]).public_key()
    return key if isinstance(key, RSAPublicKey) else None


def clear(db: sqlite3.Connection) -> None:
    db.execute("DELETE FROM tenant")
    db.execute("DELETE FROM principal")
    db.execute("DELETE FROM client_secret")
    db.execute("DELETE FROM client_certificate")


def _digest(salt: bytes, secret: str) -> bytes:
    return hashlib.sha256(salt + secret.encode()).digest()


def _principal(row: sqlite3.Row) -> Principal:
    return Principal(row["client_id"], row["tenant"], row["object_id"], row["name"])
