"""A vault: a cloud and a host, once in a team, however it is typed and however many connections reach it."""

import copy
import uuid
from datetime import datetime, timedelta
from functools import cached_property
from typing import Self

from django.apps import apps
from django.db import models
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from vaults.models.connection import Connection
from vaults.models.json import ShapedJSONField, nested_facts, texts
from vaults.models.team import Team

EXPIRES_SOON = timedelta(days=30)


class VaultQuerySet(models.QuerySet["Vault"]):
    def named(self, spelling: str) -> Self:
        """The vaults with this host or name, in lower case; several if they are in several clouds or teams."""
        return self.filter(models.Q(host=spelling) | models.Q(name=spelling))

    def with_state(self) -> Self:
        """Add what the sidebar shows: for `Vault.state` the earliest expiry date of the enabled live items, and the number of
        operations in progress.

        Both are read from small indexes, because the sidebar needs them on every page, for vaults of any size.
        """
        items = apps.get_model("vaults", "InventoryItem").objects.filter(
            vault=OuterRef("pk"), gone_since=None, deleted_on=None, managed=False
        )
        expiring = items.filter(enabled=True, expires_on__isnull=False).order_by("expires_on")
        recorded = apps.get_model("vaults", "RecordedOperation").objects.filter(vault=OuterRef("pk"), ended_at=None)
        counted = recorded.order_by().values("vault").values(count=Count("pk"))
        return self.annotate(
            first_expiry=Subquery(expiring.values("expires_on")[:1]),
            pending_operations=Coalesce(Subquery(counted), 0),
            has_state=models.Value(True),
        )


class NoConnection(Exception):
    """No connection reaches the vault: somebody has written to the database. Templates show nothing instead."""

    silent_variable_failure = True


class Vault(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="vaults")
    cloud = models.CharField(max_length=40)
    host = models.CharField(max_length=260, help_text="`host` or `host:port` in lower case, without the port 443.")
    name = models.CharField(max_length=260, help_text="The name that az takes, or by which the cloud lists the host.")
    connections = models.ManyToManyField(Connection, through="VaultConnection", related_name="vaults")
    slug = models.SlugField(max_length=80, unique=True)
    production = models.BooleanField(default=False)
    scan_requested_at = models.DateTimeField(null=True, editable=False)
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
    #: Lists that the last scan could not read completely, by name, each with the time of the last scan that did; "" if none.
    unread_lists = ShapedJSONField(default=dict, shape=texts, editable=False)
    #: Whether the vault has contacts, whom it e-mails; None if that was not read, or may not be.
    has_contacts = models.BooleanField(null=True, editable=False)

    #: Set by `with_state`.
    first_expiry: datetime | None = None
    pending_operations: int = 0
    has_state: bool = False

    #: Set by `through`.
    _through: Connection | None = None

    objects = VaultQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "cloud", "host"], name="vault_once_a_team")]
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
    def connection(self) -> Connection:
        """The connection through which this request acts: the one that `through` was called with, else the first.

        Raises NoConnection.
        """
        if self._through is None and not self.connections_in_order:
            raise NoConnection
        return self._through or self.connections_in_order[0]

    @cached_property
    def connections_in_order(self) -> list[Connection]:
        """The connections that reach the vault, the first one first. `with_connections` reads those of many vaults at once."""
        ways = [each.connection for each in self.reached_through.all()]
        return [connection for connection in ways if connection.team_id == self.team_id]

    @property
    def other_connections(self) -> list[Connection]:
        """The connections that reach the vault, without the one through which this request acts."""
        return [each for each in self.connections_in_order if each != self.connection]

    def through(self, connection: Connection) -> Self:
        """The same vault, reached through this connection."""
        same = copy.copy(self)
        same._through = connection
        return same

    @cached_property
    def former_ids(self) -> list[uuid.UUID]:
        """Ids of the rows that were merged into this one; old audit entries contain them."""
        return [former.pk for former in self.former.all()]

    @property
    def suffix(self) -> str:
        """The host, where the name alone is not unique: see `vaults.actions.vaults.add_vault`."""
        return "" if self.slug == self.name else self.host
