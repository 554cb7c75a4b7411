"""What must be right before anybody is served."""

import structlog
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction

from vaults import sealing
from vaults.models import Connection, SealedCanary
from vaults.models.sealed import TEXT

log = structlog.get_logger("vaults.startup")


def check_key_ring() -> None:
    """Refuse to serve with keys that can't open what is stored. Raises ImproperlyConfigured with a plain reason."""
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
    """Seal anew what version 0.1 has sealed, once: afterwards such a text, from an old copy of the database, opens no more.

    Version 0.1 had no checkpoint file: where there is one, whatever the database says, its time is over.
    """
    if settings.AUDIT_SINK.exists():
        return
    with transaction.atomic():
        if all(canary.open() == TEXT for canary in SealedCanary.objects.select_for_update()):
            return
        for connection in Connection.objects.select_for_update():
            try:
                connection.reseal(bound_to_row_alone=True)
            except sealing.SealBroken:  # as it was before: its page says so
                log.exception("a credential could not be sealed anew", connection=str(connection.pk))
                continue
            connection.save(update_fields=["client_secret_sealed", "certificate_sealed"])
        SealedCanary.objects.all().delete()
        SealedCanary.plant(sealing.key_ring().current)
