"""Vaults: add, change and remove them in the portal. The vault in Azure is not affected."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.text import slugify

from vaults import access, clients
from vaults.actors import Actor
from vaults.acts import act
from vaults.azure.errors import InvalidInput
from vaults.models import Connection, FormerVault, Vault, VaultConnection
from vaults.permissions import Action


class VaultGone(Exception):
    """Someone else removed the vault meanwhile."""


class VaultKnown(Exception):
    """The connection reaches this vault already."""

    def __init__(self, vault: Vault) -> None:
        super().__init__()
        self.vault = vault


class LastConnection(Exception):
    """The connection is the only one that reaches a vault, so it can't be taken away."""


@dataclass(frozen=True, slots=True)
class Added:
    """`is_new`: False if the team had the vault already, and it is now reached through one more connection."""

    vault: Vault
    is_new: bool


def add_vault(actor: Actor, connection: Connection, name: str, *, production: bool = False) -> Added:
    """Add a vault by its name, host or URL, each in any spelling. If the team has it already, add the connection to it.

    Raises InvalidVaultName or HostNotAllowed if the connection's cloud has no vault with such a name, VaultKnown, and NotReached
    if the connection was deleted meanwhile or its cloud was changed.
    """
    with act(actor, Action.VAULT_ADD, connection, name=_named(connection, name), production=production) as doing:
        new = clients.vault_of(connection, name)
        new.production = production
        with doing.writing():
            if not Connection.objects.filter(pk=connection.pk, cloud=connection.cloud).exists():
                raise access.NotReached
            known = Vault.objects.filter(team=new.team, cloud=new.cloud, host=new.host).first()
            vault = known or _create(new)
            if connection in vault.connections_in_order:
                raise VaultKnown(vault)
            _append(vault, connection)
            return Added(vault.through(connection), known is None)


def _named(connection: Connection, name: str) -> str:
    """The vault's name for the record, however it was typed; as it was typed if it names no vault."""
    try:
        return clients.vault_of(connection, name).name
    except (clients.UnknownCloud, InvalidInput):
        return name


def _append(vault: Vault, connection: Connection) -> None:
    """Make the connection the last one of the vault's order."""
    last = vault.reached_through.aggregate(last=Max("position"))["last"]
    vault.reached_through.create(connection=connection, position=0 if last is None else last + 1)
    vault.connections_in_order = [*vault.connections_in_order, connection]


def prefer_connection(actor: Actor, vault: Vault, connection: Connection) -> None:
    """Move the connection one place forward in the vault's order. Raises NotReached."""
    with _reordering(actor, vault) as ways:
        place = _place_of(ways, connection)
        ways.insert(max(place - 1, 0), ways.pop(place))


def take_connection_away(actor: Actor, vault: Vault, connection: Connection) -> None:
    """Reach the vault no longer through this connection; choices of it are forgotten. Raises NotReached, LastConnection."""
    with _reordering(actor, vault) as ways:
        gone = ways.pop(_place_of(ways, connection))
        if not ways:
            raise LastConnection
        gone.delete()


@contextmanager
def _reordering(actor: Actor, vault: Vault) -> Iterator[list[VaultConnection]]:
    """The ways to the vault, to be changed in the body; the new order is stored and recorded."""
    with act(actor, Action.VAULT_UPDATE, vault) as doing, doing.writing():
        ways = list(vault.reached_through.all())
        doing.detail["before"] = {"connections": _names_of(ways)}
        yield ways
        doing.detail["after"] = {"connections": _names_of(ways)}
        for place, way in enumerate(ways):
            way.position = place
        VaultConnection.objects.bulk_update(ways, ["position"])


def _names_of(ways: list[VaultConnection]) -> str:
    return ", ".join(way.connection.name for way in ways)


def _place_of(ways: list[VaultConnection], connection: Connection) -> int:
    """Raises NotReached."""
    place = next((place for place, way in enumerate(ways) if way.connection == connection), None)
    if place is None:
        raise access.NotReached
    return place


def update_vault(actor: Actor, vault: Vault, *, production: bool) -> None:
    before = {"production": vault.production}
    with act(actor, Action.VAULT_UPDATE, vault, production=production, before=before) as doing:
        vault.production = production
        with doing.writing():
            vault.save(update_fields=["production"])


def remove_vault(actor: Actor, vault: Vault) -> None:
    """Remove the vault and its inventory; its audit entries remain. Raises VaultGone."""
    with (
        act(actor, Action.VAULT_REMOVE, vault) as doing,
        doing.writing(),
    ):
        if not vault.delete()[0]:
            raise VaultGone


def _create(vault: Vault) -> Vault:
    """Save with a slug made from the vault's name.

    If the slug is taken, maybe by another team, add a random suffix: a number
    would reveal how many times the portal has this vault.
    """
    base = slugify(vault.name) or "vault"
    for suffix in ("", *(f"-{secrets.token_hex(3)}" for _ in range(20))):
        vault.slug = f"{base}{suffix}"
        if _is_taken(vault.slug):
            continue
        try:
            with transaction.atomic():
                vault.save(force_insert=True)
        except (
            IntegrityError
        ):  # another team took the slug meanwhile; the vault itself can't be there: the team is locked
            continue
        return vault
    raise IntegrityError("no free slug")


def _is_taken(slug: str) -> bool:
    """True also for addresses of earlier versions: they lead to the vaults that they named."""
    return Vault.objects.filter(slug=slug).exists() or FormerVault.objects.filter(slug=slug).exists()
