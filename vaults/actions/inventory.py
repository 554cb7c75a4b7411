"""Export the inventory."""

from django.db.models import QuerySet

from vaults.actors import Actor
from vaults.acts import act
from vaults.models import InventoryItem, Team, Vault
from vaults.permissions import Action


def export_items(actor: Actor, of: Team | Vault, items: QuerySet[InventoryItem]) -> list[InventoryItem]:
    """The items of a team, or of one vault, for an exported file: metadata only."""
    with act(actor, Action.INVENTORY_EXPORT, of) as doing:
        found = list(items)
        doing.detail["count"] = len(found)
    return found
