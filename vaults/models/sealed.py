"""A known text, sealed with each key ever used, so that a wrong key ring is detected before the first sign-in."""

from typing import Self

from django.db import models

from vaults.sealing import Place, seal, unseal

#: The text, while credentials are bound to cloud, tenant and application. Version
#: 0.1 bound them to their row only; its text is "kvportal".
TEXT = "kvportal: bound to cloud, tenant and application"


class SealedCanary(models.Model):
    key_id = models.CharField(max_length=64, primary_key=True)
    sealed = models.TextField()

    @classmethod
    def plant(cls, key_id: str) -> Self:
        """Store the text sealed with the current key, unless it is stored."""
        place = Place(cls._meta.db_table, key_id, "sealed")
        return cls.objects.get_or_create(key_id=key_id, defaults={"sealed": seal(TEXT, place)})[0]

    def open(self) -> str:
        """Raises SealBroken if the key ring does not fit."""
        return unseal(self.sealed, Place(self._meta.db_table, self.key_id, "sealed"))
