"""The lock of an item that is being changed. It is held in the database, so that it holds between processes."""

from django.db import models


class ItemLock(models.Model):
    """`key`: a digest of cloud, vault, kind and name. `owner`: the change that holds the lock until `expires_at`."""

    key = models.CharField(max_length=64, primary_key=True)
    owner = models.UUIDField()
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.key
