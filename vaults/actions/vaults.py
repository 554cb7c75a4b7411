"""Vaults: add, change and remove them in the portal. The vault in Azure is not affected."""

import secrets

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from vaults import clients
from vaults.actors import Actor
from vaults.acts import act
from vaults.models import Connection, Vault
from vaults.permissions import Action


class VaultGone(Exception):
    """Someone else removed the vault meanwhile."""


class VaultKnown(Exception):
    """The connection has this vault already."""


def add_vault(actor: Actor, connection: Connection, name: str, *, production: bool = False) -> Vault:
    """Add a vault by its name, host or URL, each in any spelling.

    Raises InvalidVaultName or HostNotAllowed if the connection's cloud has no vault with such a name, and VaultKnown.
    """
    with (
        act(actor, Action.VAULT_ADD, connection, name=name, production=production) as doing,
        doing.writing(),
    ):
        vault = Vault(connection=connection, name=clients.vault_name(connection, name), production=production)
        # Rows of earlier versions may have a host or a URL as name, so compare the resulting URLs.
        known = clients.vaults_by_spelling(connection.vaults.select_related("connection"))
        if clients.vault_url(vault).removeprefix("https://") in known:
            raise VaultKnown
        return _create(vault)


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
    base = slugify(vault.name.removeprefix("https://").partition(".")[0].replace(":", "-")) or "vault"
    for suffix in ("", *(f"-{secrets.token_hex(3)}" for _ in range(20))):
        vault.slug = f"{base}{suffix}"
        if Vault.objects.filter(slug=vault.slug).exists():
            continue
        try:
            with transaction.atomic():
                vault.save(force_insert=True)
        except IntegrityError:
            if Vault.objects.filter(connection=vault.connection, name=vault.name).exists():
                raise VaultKnown from None
            continue
        return vault
    raise IntegrityError("no free slug")
