"""An item's latest activity, read from the database while the vault is asked for the item itself."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial

from vaults.audit import queries
from vaults.azure.parallel import while_waiting
from vaults.models import AuditEntry, Vault


@contextmanager
def activity_ahead(vault: Vault, name: str) -> Iterator[Callable[[str], list[AuditEntry]]]:
    """Gives the function that the page then asks: for the name as Azure spells it, it may have to read once more."""
    read = cache(partial(queries.activity, vault))
    with while_waiting(lambda: read(name)):
        yield read
