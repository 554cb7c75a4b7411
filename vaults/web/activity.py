"""The latest audit events of an item, for its page."""

import functools
from collections.abc import Callable

from vaults.access import visible_to
from vaults.audit import queries
from vaults.models import AuditEntry, Vault
from vaults.web.rendering import HtmxRequest


def activity_of(request: HtmxRequest, vault: Vault, name: str) -> Callable[[str], list[AuditEntry]]:
    """A function that returns the events of an item by its name.

    Those of `name` are read while the action's calls to Azure are in progress. The vault may spell the name otherwise than the
    address does, so the page asks for its spelling.
    """

    @functools.cache
    def read(spelling: str) -> list[AuditEntry]:
        return queries.activity(visible_to(request.actor, vault.team).entries, vault, spelling)

    request.actor.prepare_with(lambda: read(name))
    return read
