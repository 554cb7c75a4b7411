"""Checks before the portal serves requests."""

import structlog
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction

from vaults import sealing
from vaults.models import Connection, SealedCanary
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
