"""People who may sign in, and the redirect URIs of applications."""

import re
import sqlite3
from dataclasses import dataclass
from urllib.parse import urlsplit

REDIRECT_URI = re.compile(r"https?://[\w.:\[\]-]+(/[!-~]*)?", re.ASCII)  # it becomes part of response headers

TABLES = """
CREATE TABLE IF NOT EXISTS person (
    object_id TEXT PRIMARY KEY, tenant TEXT NOT NULL, name TEXT NOT NULL, email TEXT NOT NULL UNIQUE
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS redirect_uri (
    client_id TEXT NOT NULL, uri TEXT NOT NULL, PRIMARY KEY (client_id, uri)
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Person:
    """A user of a tenant; `email` is also the user principal name."""

    object_id: str
    tenant: str
    name: str
    email: str


def add_person(db: sqlite3.Connection, person: Person) -> None:
    """Raises sqlite3.IntegrityError where the object id or address is taken."""
    db.execute(
        "INSERT INTO person VALUES (?, ?, ?, ?)", (person.object_id, person.tenant, person.name, person.email.lower())
    )


def find_person(db: sqlite3.Connection, identifier: str) -> Person | None:
    """A person by object id or e-mail address."""
    row = db.execute("SELECT * FROM person WHERE object_id = ?1 OR email = ?1", (identifier.lower(),)).fetchone()
    return _person(row) if row else None


def all_people(db: sqlite3.Connection, tenant: str | None = None) -> list[Person]:
    rows = db.execute("SELECT * FROM person WHERE ?1 IS NULL OR tenant = ?1 ORDER BY name", (tenant,))
    return [_person(row) for row in rows]


def remove_person(db: sqlite3.Connection, object_id: str) -> None:
    db.execute("DELETE FROM person WHERE object_id = ?", (object_id,))


def check_redirect_uri(uri: str) -> None:
    """Raises ValueError for an address that Entra would not take: https, or http on loopback, and no fragment."""
    parts = urlsplit(uri) if REDIRECT_URI.fullmatch(uri) else urlsplit("")
    local = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if not parts.hostname or "#" in uri or not (parts.scheme == "https" or (parts.scheme == "http" and local)):
        raise ValueError(f"{uri} is no redirect URI: it must be https, or http on localhost, without a fragment.")


def add_redirect_uri(db: sqlite3.Connection, client_id: str, uri: str) -> None:
    db.execute("INSERT OR IGNORE INTO redirect_uri VALUES (?, ?)", (client_id, uri))


def remove_redirect_uri(db: sqlite3.Connection, client_id: str, uri: str) -> bool:
    """Whether the application had this redirect URI."""
    return db.execute("DELETE FROM redirect_uri WHERE client_id = ? AND uri = ?", (client_id, uri)).rowcount > 0


def redirect_uris(db: sqlite3.Connection, client_id: str) -> list[str]:
    rows = db.execute("SELECT uri FROM redirect_uri WHERE client_id = ? ORDER BY uri", (client_id,))
    return [row["uri"] for row in rows]


def is_redirect_uri(db: sqlite3.Connection, uri: str) -> bool:
    """Whether some application has this redirect URI."""
    return db.execute("SELECT 1 FROM redirect_uri WHERE uri = ?", (uri,)).fetchone() is not None


def remove_redirect_uris(db: sqlite3.Connection, client_id: str) -> None:
    db.execute("DELETE FROM redirect_uri WHERE client_id = ?", (client_id,))


def remove_people(db: sqlite3.Connection, tenant: str) -> None:
    """Remove all people of a tenant."""
    db.execute("DELETE FROM person WHERE tenant = ?", (tenant,))


def clear(db: sqlite3.Connection) -> None:
    db.execute("DELETE FROM person")
    db.execute("DELETE FROM redirect_uri")


def _person(row: sqlite3.Row) -> Person:
    return Person(row["object_id"], row["tenant"], row["name"], row["email"])
