"""A vault that a connection reaches."""

import uuid
from datetime import datetime, timedelta
from typing import Self

from django.apps import apps
from django.db import models
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from vaults.models.connection import Connection
from vaults.models.json import ShapedJSONField, nested_facts
from vaults.models.team import Team, User

EXPIRES_SOON = timedelta(days=30)


class VaultQuerySet(models.QuerySet["Vault"]):
    def with_state(self) -> Self:
        """Add what `Vault.state` needs: the earliest expiry date of the enabled live items.

        It reads one index row per vault, because the sidebar needs it on every page, for vaults of any size.
        """
        items = apps.get_model("vaults", "InventoryItem").objects.filter(
            vault=OuterRef("pk"), deleted_on=None, managed=False, enabled=True, expires_on__isnull=False
        )
        first_expiry = Subquery(items.order_by("expires_on").values("expires_on")[:1])
        return self.annotate(first_expiry=first_expiry, has_state=models.Value(True))


class Vault(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="vaults")
    name = models.CharField(max_length=260, help_text="The vault's name, or an exact host that the cloud allows.")
    slug = models.SlugField(max_length=80, unique=True)
    production = models.BooleanField(default=False)
    scan_requested_at = models.DateTimeField(null=True, editable=False)
    scan_requested_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", editable=False)
    scan_started_at = models.DateTimeField(null=True, editable=False)
    #: The scan that holds the lease, in whichever process it runs.
    scan_owner = models.UUIDField(null=True, editable=False)
    #: Scans that failed in a row. No scan that nobody requested begins before `scan_rests_until`.
    scan_failures = models.PositiveIntegerField(default=0, editable=False)
    scan_rests_until = models.DateTimeField(null=True, editable=False)
    #: When the running scan last reported progress.
    scan_seen_at = models.DateTimeField(null=True, editable=False)
    #: Progress of the running scan: lists read completely, and items found so far.
    scan_lists = models.PositiveSmallIntegerField(default=0, editable=False)
    scan_items = models.PositiveIntegerField(default=0, editable=False)
    #: When the last scan ended, also if it failed. `scanned_at`: when the last scan ended that stored its items.
    scan_ended_at = models.DateTimeField(null=True, editable=False)
    scanned_at = models.DateTimeField(null=True, editable=False)
    #: Problem of the last scan, as stored by `problems.scans`; "" if there was none.
    scan_problem = models.CharField(max_length=60, blank=True, editable=False)
    scan_problem_facts = ShapedJSONField(default=dict, shape=nested_facts, editable=False)

    #: Set by `with_state`.
    first_expiry: datetime | None = None
    has_state: bool = False

    objects = VaultQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "name"], name="vault_once_a_connection")]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def state(self) -> str:
        """The vault's state in one word; "unknown" without `with_state`, unless it is "bad".

        "bad": the last scan had a problem; "soon": an item has expired or will within 30 days; "ok"; "unknown".
        """
        if self.scan_problem:
            return "bad"
        if self.scanned_at is None or not self.has_state:
            return "unknown"
        return "soon" if self.first_expiry and self.first_expiry <= timezone.now() + EXPIRES_SOON else "ok"

    @property
    def problem_codes(self) -> set[str]:
        """The codes of all problems of the last scan."""
        listed = self.scan_problem_facts.get("lists") if self.scan_problem else None
        lists = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
        codes = [each.get("code") for each in lists]
        return {code for code in codes if isinstance(code, str)} or {self.scan_problem} - {""}

    @property
    def read_in_full(self) -> bool:
        """True if the last scan read the whole vault. If not, a figure of zero means nothing."""
        return self.scanned_at is not None and not self.scan_problem

    @property
    def team(self) -> Team:
        return self.connection.team
