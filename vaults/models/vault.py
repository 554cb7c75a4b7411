"""A vault that a connection reaches."""

import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from django.apps import apps
from django.db import models
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from vaults.models.connection import Connection
from vaults.models.team import Team, User

if TYPE_CHECKING:
    from vaults.keyvault.session import Exchange


EXPIRES_SOON = timedelta(days=30)


class VaultQuerySet(models.QuerySet["Vault"]):
    def with_state(self) -> Self:
        """Look up what `Vault.state` needs to know: when the first of the enabled live items expires, or has expired.

        One row of an index for each vault: the rail asks for it on every page, however much the vaults hold.
        """
        items = apps.get_model("vaults", "InventoryItem").objects.filter(
            vault=OuterRef("pk"), deleted_on=None, managed=False, enabled=True, expires_on__isnull=False
        )
        return self.annotate(first_expiry=Subquery(items.order_by("expires_on").values("expires_on")[:1]))


class Vault(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="vaults")
    name = models.CharField(max_length=260, help_text="The vault's name, or an exact host that the cloud allows.")
    slug = models.SlugField(max_length=80, unique=True)
    production = models.BooleanField(default=False)
    scan_requested_at = models.DateTimeField(null=True, editable=False)
    scan_requested_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", editable=False)
    scan_started_at = models.DateTimeField(null=True, editable=False)
    #: When the scan under way last gave a sign of life.
    scan_seen_at = models.DateTimeField(null=True, editable=False)
    #: How far the scan under way has come: lists read to their end, and items found so far.
    scan_lists = models.PositiveSmallIntegerField(default=0, editable=False)
    scan_items = models.PositiveIntegerField(default=0, editable=False)
    #: When the last scan ended, whether or not it went through; `scanned_at` is when the last one did.
    scan_ended_at = models.DateTimeField(null=True, editable=False)
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
        """One word for how it is. Without `with_state` it is not known.

        "bad": the last scan did not go through; "soon": something in it has expired or will within 30 days; "ok"; "unknown".
        """
        if self.scan_problem:
            return "bad"
        if self.scanned_at is None or "first_expiry" not in self.__dict__:
            return "unknown"
        first_expiry: datetime | None = self.__dict__["first_expiry"]
        return "soon" if first_expiry and first_expiry <= timezone.now() + EXPIRES_SOON else "ok"

    @property
    def read_in_full(self) -> bool:
        """Has the last scan seen all that the vault holds? Else a figure of zero says nothing."""
        return self.scanned_at is not None and not self.scan_problem

    @property
    def team(self) -> Team:
        return self.connection.team
