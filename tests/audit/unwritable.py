"""A database that takes no entries of the record."""

from contextlib import AbstractContextManager

from tests import triggers


def refusing(when: str) -> AbstractContextManager[None]:
    """The database itself refuses audit entries."""
    return triggers.refusing("vaults_auditentry", "INSERT", when)


START, OUTCOME = "NEW.state = 'started'", "NEW.state <> 'started'"
