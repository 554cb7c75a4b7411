"""A form's one-time key. It detects a second click, a repeated submission or a reload of the same form."""

import uuid

from django.db import models


class Submission(models.Model):
    """`location`: where the first submission redirected to; empty while it is in progress. No field of the form is stored."""

    key = models.UUIDField(primary_key=True, default=uuid.uuid4)
    user = models.ForeignKey("vaults.User", on_delete=models.CASCADE)
    path = models.CharField(max_length=400)
    digest = models.CharField(max_length=64)
    location = models.CharField(max_length=400, blank=True)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    def __str__(self) -> str:
        return f"{self.path} {self.key}"
