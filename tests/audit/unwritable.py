"""A database that takes no entries of the record."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def refusing(when: str) -> Iterator[None]:
    """The database itself refuses audit entries: a full disk, a read-only replica, an administrator's trigger."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TRIGGER audit_down BEFORE INSERT ON vaults_auditentry WHEN {when} "
            "BEGIN SELECT RAISE(FAIL, 'disk full'); END"
        )
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER audit_down")


#: The first entry of an act or a look, and whatever follows it.
START, OUTCOME = "NEW.state IN ('started', 'looked')", "NEW.state NOT IN ('started', 'looked')"
