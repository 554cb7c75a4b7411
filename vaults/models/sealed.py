"""A known text sealed with each key ever used, so that a wrong key ring is noticed before anybody signs in."""

from typing import Self

from django.db import models

from vaults.sealing import Place, seal, unseal

#: Credentials are bound to cloud, tenant and application; of version 0.1, which bound them to their row alone, is "kvportal".
TEXT = "kvportal: bound to cloud, tenant and application"


class SealedCanary(models.Model):
    key_id = models.CharField(max_length=64, primary_key=True)
    sealed = models.TextField()

    @classmethod
    def plant(cls, key_id: str) -> Self:
        """Remember that the current key is in use here."""
        place = Place(cls._meta.db_table, key_id, "sealed")
        return cls.objects.get_or_create(key_id=key_id, defaults={"sealed": seal(TEXT, place)})[0]

    def open(self) -> str:
        """Raises SealBroken where the key ring does not fit."""
        return unseal(self.sealed, Place(self._meta.db_table, self.key_id, "sealed"))
