"""The database under test from outside: its address, all that it stores, and copies of it. For SQLite's files and PostgreSQL."""

import os
import shutil
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from django.db import connection, connections

from tests.servers import URL


def is_sqlite() -> bool:
    return connection.vendor == "sqlite"


def name() -> str:
    """A path, or a name on the server. The settings have the name of the time before the tests."""
    return str(connection.settings_dict["NAME"])


def address() -> dict[str, str]:
    """What leads another process to this database, in its environment."""
    if is_sqlite():
        return {"KVPORTAL_DATABASE_URL": f"sqlite:///{name()}"}
    return _leading_to(name())


def stored() -> dict[str, bytes]:
    """All that is stored: by file with SQLite, the write-ahead log too; by table with PostgreSQL."""
    if is_sqlite():
        path = Path(name())
        return {each.name: each.read_bytes() for each in path.parent.iterdir() if each.name.startswith(path.name)}
    return {table: _cells(table) for table in connection.introspection.table_names()}


def _cells(table: str) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table}")  # noqa: S608 a name of ours
        return b"\n".join(_raw(cell) for row in cursor.fetchall() for cell in row)


def _raw(cell: Any) -> bytes:
    return bytes(cell) if isinstance(cell, bytes | memoryview) else str(cell).encode()


def copy(to: str) -> None:
    """Keep the whole database as it is now, as a backup does."""
    if is_sqlite():
        with closing(sqlite3.connect(name())) as source, closing(sqlite3.connect(f"{name()}.{to}")) as target:
            source.backup(target)
    else:
        _create(f"{name()}_{to}", like=name())


def restore(old: str) -> None:
    """Put the copy in the place of the database."""
    if is_sqlite():
        connections.close_all()
        for left in ("-wal", "-shm"):
            Path(f"{name()}{left}").unlink(missing_ok=True)
        shutil.copy(f"{name()}.{old}", name())
    else:
        _create(name(), like=f"{name()}_{old}")


def _create(made: str, like: str) -> None:
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]  # a database with connections is no template
    on_server(f'DROP DATABASE IF EXISTS "{made}"', f'CREATE DATABASE "{made}" TEMPLATE "{like}"')


def on_server(*commands: str) -> None:
    with psycopg.connect(os.environ[URL], dbname="postgres", autocommit=True) as server:
        for command in commands:
            server.execute(command.encode())


@contextmanager
def new_database(folder: Path) -> Iterator[dict[str, str]]:
    """An empty database for processes of a test's own: what leads to it in their environment."""
    if URL not in os.environ:
        yield {"KVPORTAL_DATABASE_URL": f"sqlite:///{folder / 'kvportal.sqlite3'}"}
        return
    made = f"kvportal_{uuid.uuid4().hex}"
    on_server(f"CREATE DATABASE {made}")
    yield _leading_to(made)
    on_server(f"DROP DATABASE {made} WITH (FORCE)")


def _leading_to(database: str) -> dict[str, str]:
    url = urlsplit(os.environ[URL])._replace(path=f"/{database}").geturl()
    return {"KVPORTAL_DATABASE_URL": url, URL: url}
