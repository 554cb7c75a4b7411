"""manage.py reseal: seal all credentials again with the key ring's current key, so that an old key can be removed."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from vaults import sealing
from vaults.models import Connection, SealedCanary
from vaults.startup import bind_credentials, check_key_ring


class Command(BaseCommand):
    help = "Seal all stored credentials with the first key of KVPORTAL_SEALING_KEYS. Can be interrupted and run again."

    def handle(self, *_: Any, **__: Any) -> None:
        check_key_ring()
        bind_credentials()
        resealed = 0
        for pk in Connection.objects.values_list("pk", flat=True):
            with transaction.atomic():
                connection = Connection.objects.select_for_update().get(pk=pk)
                if connection.is_sealed_with_current_key():
                    continue
                connection.reseal()
                connection.save(update_fields=["client_secret_sealed", "certificate_sealed"])
                resealed += 1
        current = sealing.key_ring().current
        SealedCanary.objects.exclude(key_id=current).delete()
        self.stdout.write(f"{resealed} credentials sealed anew; the key {current} opens everything now")
