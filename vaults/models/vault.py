"""A vault that a connection reaches."""

import uuid
from typing import TYPE_CHECKING, Any

from django.db import models

from vaults.models.connection import Connection
from vaults.models.team import Team, User

if TYPE_CHECKING:
    from vaults.keyvault.http import Exchange


class Vault(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="vaults")
    name = models.CharField(max_length=260, help_text="The vault's name, or an exact host that the cloud allows.")
    slug = models.SlugField(max_length=80, unique=True)
    production = models.BooleanField(default=False)
    scan_requested_at = models.DateTimeField(null=True, editable=False)
    scan_requested_by = models.ForeignKey(
        User, null=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    scan_started_at = models.DateTimeField(null=True, editable=False)
    scanned_at = models.DateTimeField(null=True, editable=False)
    scan_problem = models.CharField(max_length=300, blank=True, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "name"], name="vault_once_a_connection")]
        ordering = ["name"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        #: What this request has sent to the vault so far, for the page's "By hand" panel.
        self.exchanges: list[Exchange] = []

    def __str__(self) -> str:
        return self.name

    @property
    def team(self) -> Team:
        return self.connection.team
