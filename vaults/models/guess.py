"""Password guesses: wrong passwords, and passwords being checked now. A correct password leaves no row."""

from django.db import models


class Guess(models.Model):
    """One guess. Account, source and network are keyed digests: text typed as an e-mail address may be a password."""

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
