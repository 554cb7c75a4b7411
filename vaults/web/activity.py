"""The latest audit events of an item, for its page."""

import functools
from collections.abc import Callable

from vaults.access import visible_to
from vaults.audit import queries
from vaults.audit.queries import Activity
from vaults.kinds import Kind
from vaults.models import Vault
from vaults.web.rendering import HtmxRequest


def activity_of(request: HtmxRequest, vault: Vault, kind: Kind, name: str) -> Callable[[str], Activity]:
    """A function that returns the events of an item by its name, and who made which of its versions.

    Those of `name` are read while the action's calls to Azure are in progress. The vault may spell the name otherwise than the
    address does, so the page asks for its spelling.
    """

    @functools.cache
    def read(spelling: str) -> Activity:
        return queries.activity(visible_to(request.actor, vault.team).team_entries, vault, kind.name, spelling)

    request.actor.prepare_with(lambda: read(name))
    return read
