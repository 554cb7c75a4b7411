"""Checks before the portal serves requests."""

import structlog
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, transaction

from vaults import clients, sealing
from vaults.azure.errors import InvalidInput
from vaults.models import Connection, SealedCanary, Vault
from vaults.models.sealed import TEXT

log = structlog.get_logger("vaults.startup")


def check_key_ring() -> None:
    """Refuse to start if the key ring can't open what is stored. Raises ImproperlyConfigured with a plain reason."""
    ring = sealing.key_ring()
    for canary in SealedCanary.objects.all():
        try:
            canary.open()
        except sealing.SealBroken:
            raise ImproperlyConfigured(
                "the keys in KVPORTAL_SEALING_KEYS can't open what this database holds; give the key ring it was sealed "
                f"with (a key with the id {canary.sealed.partition(':')[0]} is needed)"
            ) from None
    SealedCanary.plant(ring.current)


def bind_credentials() -> None:
    """Seal again, once, what version 0.1 sealed. After that, a text from an old copy of the database can't be opened.

    Version 0.1 had no checkpoint file: if there is one, this is already done, whatever the database contains.
    """
    if settings.AUDIT_SINK.exists():
        return
    with transaction.atomic():
        if all(canary.open() == TEXT for canary in SealedCanary.objects.select_for_update()):
            return
        for connection in Connection.objects.select_for_update():
            try:
                connection.reseal(bound_to_row_alone=True)
            except sealing.SealBroken:  # it was broken before; its page says so
                log.exception("a credential could not be sealed anew", connection=str(connection.pk))
                continue
            connection.save(update_fields=["client_secret_sealed", "certificate_sealed"])
        SealedCanary.objects.all().delete()
        SealedCanary.plant(sealing.key_ring().current)


def renew_hosts() -> None:
    """Store the present hosts of vaults that the clouds file lists: an operator may have moved them.

    The cloud of a vault may also have been unknown when the vault was stored.
    """
    moved = [vault for vault in Vault.objects.all() if _follow_cloud(vault)]
    with transaction.atomic():
        for vault in moved:  # two vaults may have swapped their hosts
            Vault.objects.filter(pk=vault.pk).update(host=f"moving:{vault.pk}")
        for vault in moved:
            try:
                with transaction.atomic():
                    vault.save(update_fields=["host", "name"])
            except IntegrityError:
                log.warning("two vaults of a team are at one host now: remove one of them", host=vault.host)
                Vault.objects.filter(pk=vault.pk).update(host=vault.name)  # its cloud still finds it by its name


def _follow_cloud(vault: Vault) -> bool:
    """Set the present host and name, not saved. True if they differ from the stored ones."""
    stored = vault.host, vault.name
    try:
        cloud = clients.azure.clouds()[vault.cloud]
        vault.host = cloud.stored_vault_url(vault.name, vault.host).removeprefix("https://")
        vault.name = cloud.vault_name(vault.host)
    except (KeyError, InvalidInput):  # the vault's page says so
        return False
    return (vault.host, vault.name) != stored
