"""A vault that a connection reaches."""

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Count, Q
from django.utils import timezone

from vaults.models.connection import Connection
from vaults.models.team import Team, User

if TYPE_CHECKING:
    from vaults.keyvault.http import Exchange


EXPIRES_SOON = timedelta(days=30)


class VaultQuerySet(models.QuerySet["Vault"]):
    def with_state(self) -> Self:
        """Count what `Vault.state` needs to know: enabled live items that have expired, or will within 30 days."""
        now = timezone.now()
        live = Q(items__deleted_on=None, items__managed=False, items__enabled=True)
        soon = Q(items__expires_on__gt=now, items__expires_on__lte=now + EXPIRES_SOON)
        return self.annotate(
            expired_items=Count("items", filter=live & Q(items__expires_on__lte=now)),
            expiring_items=Count("items", filter=live & soon),
        )


class Vault(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="vaults")
    name = models.CharField(max_length=260, help_text="The vault's name, or an exact host that the cloud allows.")
    slug = models.SlugField(max_length=80, unique=True)
    production = models.BooleanField(default=False)
    scan_requested_at = models.DateTimeField(null=True, editable=False)
    scan_requested_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", editable=False)
    scan_started_at = models.DateTimeField(null=True, editable=False)
    scanned_at = models.DateTimeField(null=True, editable=False)
    scan_problem = models.CharField(max_length=300, blank=True, editable=False)

    objects = VaultQuerySet.as_manager()

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
    def state(self) -> str:
        """One word for how it is: "unknown" (never scanned), "bad", "soon" or "ok". Needs `with_state`."""
        if self.scan_problem or self.__dict__.get("expired_items"):
            return "bad"
        if self.scanned_at is None:
            return "unknown"
        return "soon" if self.__dict__.get("expiring_items") else "ok"

    @property
    def team(self) -> Team:
        return self.connection.team
