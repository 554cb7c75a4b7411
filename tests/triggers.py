"""Triggers: what the database itself does beside the portal, the same on SQLite and on PostgreSQL."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from django.db import connection

#: A statement that fails as a full disk does.
DISK_FULL = {
    "sqlite": "SELECT RAISE(FAIL, 'disk full')",
    "postgresql": "RAISE EXCEPTION USING ERRCODE = 'disk_full', MESSAGE = 'disk full'",
}
#: Ends a trigger of a kind: that what was begun is not done. SQLite's other statements need no end.
IGNORED = {"sqlite": "SELECT RAISE(IGNORE)", "postgresql": "RETURN NULL"}


@contextmanager
def trigger(name: str, moment: str, table: str, statement: str, when: str = "true") -> Iterator[None]:
    """Meanwhile the database runs the statement for each row, such as `moment="BEFORE INSERT", when="NEW.seq > 5"`."""
    with connection.cursor() as cursor:
        for command in _commands(name, moment, table, statement, when):
            cursor.execute(command)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TRIGGER {name}" + ("" if connection.vendor == "sqlite" else f" ON {table}"))


def _commands(name: str, moment: str, table: str, statement: str, when: str) -> list[str]:
    if connection.vendor == "sqlite":
        return [f"CREATE TRIGGER {name} {moment} ON {table} WHEN {when} BEGIN {statement}; END"]
    body = f"BEGIN {statement}; RETURN NEW; END" if "DELETE" not in moment else f"BEGIN {statement}; RETURN OLD; END"
    return [
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$",
        f"CREATE TRIGGER {name} {moment} ON {table} FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION {name}()",
    ]


def refusing(table: str, change: str, when: str = "true") -> AbstractContextManager[None]:
    """The database itself refuses such a change of a table: a full disk, a read-only replica, an administrator's trigger."""
    return trigger(f"{table}_down_{change}", f"BEFORE {change}", table, DISK_FULL[connection.vendor], when)
