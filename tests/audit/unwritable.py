"""A database that takes no entries of the record."""

from contextlib import AbstractContextManager

from tests import triggers


def refusing(when: str) -> AbstractContextManager[None]:
    """The database itself refuses audit entries."""
    return triggers.refusing("vaults_auditentry", "INSERT", when)


#: The first entry of an act or a look, and whatever follows it.
START, OUTCOME = "NEW.state IN ('started', 'looked')", "NEW.state NOT IN ('started', 'looked')"
