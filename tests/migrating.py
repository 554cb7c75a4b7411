"""A database as an earlier version left it, and its way to the present one."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import StateApps


def migrate_to(migration: str) -> StateApps:
    """The models after this migration of the portal."""
    return MigrationExecutor(connection).migrate([("vaults", migration)]).apps


@contextmanager
def database_at(migration: str) -> Iterator[StateApps]:
    """The models after this migration; at the end the database has all migrations again, as other tests expect it."""
    try:
        yield migrate_to(migration)
    finally:
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes())
