"""A form's one-time key: what a second click, a resubmit or a reload of the same form meets."""

import uuid

from django.db import models


class Submission(models.Model):
    """`location` is where the first click led; empty while it is still under way. No field of the form is kept."""

    key = models.UUIDField(primary_key=True, default=uuid.uuid4)
    user = models.ForeignKey("vaults.User", on_delete=models.CASCADE)
    path = models.CharField(max_length=400)
    digest = models.CharField(max_length=64)
    location = models.CharField(max_length=400, blank=True)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    def __str__(self) -> str:
        return f"{self.path} {self.key}"
