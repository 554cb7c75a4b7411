"""A password that was typed: found wrong, or being checked just now. The right one leaves no row."""

from django.db import models


class Guess(models.Model):
    """Account, source and network are keyed digests: what strangers type into a sign-in form may be a password."""

    account = models.CharField(max_length=64)
    source = models.CharField(max_length=64)
    network = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField(db_index=True)

    class Meta:
        indexes = [
            models.Index(fields=["account", "at"], name="guess_account"),
            models.Index(fields=["source", "at"], name="guess_source"),
            models.Index(fields=["network", "at"], name="guess_network"),
        ]

    def __str__(self) -> str:
        return f"{self.account[:12]} {self.at}"
