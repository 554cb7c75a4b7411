"""The inventory: names, dates and states of every vault's items. Metadata only."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Self

from django.db import models
from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils import timezone

from vaults.keyvault.identifiers import fold
from vaults.keyvault.types import PURGE_PROTECTED
from vaults.kinds import BY_NAME, CERTIFICATE, KINDS, Kind
from vaults.models.json import ShapedJSONField, texts
from vaults.models.team import User
from vaults.models.vault import Vault

#: Items without an expiry date. Excluded: an expiry date that can't be read, and certificates never issued.
ENDLESS = models.Q(expires_on=None, issued=True) & ~models.Q(odd__has_key="expires_on")
#: Items that exist, are not deleted, and are not the managed secret or key of a certificate.
LIVE = models.Q(gone_since=None, deleted_on=None, managed=False)
#: Items that exist as deleted ones.
DELETED = models.Q(gone_since=None, deleted_on__isnull=False)
#: The columns of the condition LIVE.
OF_LIVE = ("gone_since", "deleted_on", "managed")
#: Azure completes a deletion, a recovery or a purge within this time, mostly within seconds. After it, what Azure shows counts.
SETTLES_WITHIN = timedelta(minutes=5)


def tag_text(tags: Mapping[str, str]) -> str:
    """The tags for a search: one line `name=value` for each, folded."""
    return "\n".join(f"{name}={value}" for name, value in sorted(tags.items())).casefold()


class DerivedField(models.TextField):  # type: ignore[type-arg]
    """A text that is computed from the row's other columns whenever the row is inserted or saved."""

    def __init__(self, *args: Any, of: Callable[[Any], str] = str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.of = of

    def pre_save(self, model_instance: models.Model, add: bool) -> str:  # noqa: ARG002
        value = self.of(model_instance)
        setattr(model_instance, self.attname, value)
        return value

    def deconstruct(self) -> Any:
        """In migrations it is a plain TextField."""
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.TextField", args, kwargs


class Transition(models.TextChoices):
    """A change that the vault has accepted and not completed yet."""

    DELETING = "deleting"
    RECOVERING = "recovering"
    PURGING = "purging"
    #: A certificate's operation is in progress.
    PENDING = "pending"


class InventoryItemQuerySet(models.QuerySet["InventoryItem"]):
    def existing(self) -> Self:
        """Items that exist, live or deleted, as far as is known."""
        return self.filter(gone_since=None)

    def in_recycle_bin(self) -> Self:
        """Deleted items. Left out are a managed secret and key whose certificate is there: they come back, and are purged, with
        it."""
        certificates = InventoryItem.objects.filter(
            DELETED, vault=OuterRef("vault"), kind=CERTIFICATE.name, folded_name=OuterRef("folded_name")
        )
        return self.filter(models.Q(managed=False) | ~Exists(certificates), DELETED)


@lru_cache(maxsize=5000)
def _address(page: str, *parts: str | Kind) -> str:
    """Cached, because the inventory has one for each of its rows."""
    return reverse(page, args=parts)


class InventoryItem(models.Model):
    """One item of a vault, live or deleted; its identity is vault, kind and name without case."""

    vault = models.ForeignKey(Vault, on_delete=models.CASCADE, related_name="items")
    kind = models.CharField(max_length=12, choices=[(kind.name, kind.title) for kind in KINDS])
    name = models.CharField(max_length=127)
    folded_name = DerivedField(of=lambda item: fold(item.name), editable=False)
    #: None if it can't be read.
    enabled = models.BooleanField(null=True)
    managed = models.BooleanField(default=False)
    pending = models.BooleanField(default=False)
    #: False for a certificate without a version: its state and dates mean nothing.
    issued = models.BooleanField(default=True)
    not_before = models.DateTimeField(null=True)
    expires_on = models.DateTimeField(null=True)
    created_on = models.DateTimeField(null=True)
    updated_on = models.DateTimeField(null=True)
    deleted_on = models.DateTimeField(null=True)
    scheduled_purge_on = models.DateTimeField(null=True)
    #: Azure's word for what can be done about the deletion of a deleted item; "" for others, and if it is not known.
    recovery_level = models.CharField(max_length=60, blank=True)
    content_type = models.CharField(max_length=255, blank=True)
    subject = models.CharField(max_length=1000, blank=True)
    #: A certificate's SHA-1 in upper-case hex; "" if it is not known.
    thumbprint = models.CharField(max_length=40, blank=True)
    tags = ShapedJSONField(default=dict, shape=texts)
    tag_text = DerivedField(of=lambda item: tag_text(item.tags), editable=False)
    #: Attributes that could not be parsed, as text, by the name of their column.
    odd = ShapedJSONField(default=dict, shape=texts)

    #: When an item of this name was first and last seen.
    first_seen = models.DateTimeField(default=timezone.now, editable=False)
    last_seen = models.DateTimeField(default=timezone.now, editable=False)
    #: Since when the item is known not to exist; None while it does, as far as is known.
    gone_since = models.DateTimeField(null=True, editable=False)
    #: The time that the row is true for: when its list page was asked for, or when the change was answered.
    observed_at = models.DateTimeField(default=timezone.now, editable=False)
    #: What this portal began and nobody has seen completed; "" if nothing. The other columns tell of the last one.
    transition = models.CharField(max_length=12, choices=Transition, blank=True, editable=False)
    transition_since = models.DateTimeField(null=True, editable=False)
    #: Who began it: name as recorded then, and account.
    transition_by = models.CharField(max_length=255, blank=True, editable=False)
    transition_user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", editable=False)
    #: Azure's time of the deletion that a recovery or purge is about; None if it is not known.
    transition_deleted_on = models.DateTimeField(null=True, editable=False)
    #: Azure's id of the request for a certificate.
    transition_request = models.CharField(max_length=255, blank=True, editable=False)

    objects = InventoryItemQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["vault", "kind", "folded_name"], name="inventory_item_once"),
        ]
        indexes = [
            models.Index(fields=["vault", "kind", "name"], name="inventory_item"),
            # Of live items only, as almost all figures and lists are. The columns of the condition are in it too, because
            # SQLite checks the condition again, and would read the rows themselves.
            models.Index(fields=["vault", "expires_on", "enabled", *OF_LIVE], condition=LIVE, name="inventory_live"),
            # Of the same items: the figures by kind and state.
            models.Index(
                fields=["vault", "kind", "enabled", "issued", "pending", *OF_LIVE],
                condition=LIVE,
                name="inventory_states",
            ),
            # Few items are deleted or pending, and pages say how many.
            # Pages list them in the order in which they are purged, of one vault or of all.
            models.Index(fields=["vault", "scheduled_purge_on", "id"], condition=DELETED, name="inventory_deleted"),
            models.Index(fields=["scheduled_purge_on", "id"], condition=DELETED, name="inventory_purge"),
            models.Index(fields=["vault"], condition=models.Q(pending=True), name="inventory_pending"),
            # A pasted thumbprint is looked for in all vaults.
            models.Index(fields=["thumbprint"], condition=~models.Q(thumbprint=""), name="inventory_thumbprint"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"

    @property
    def of_kind(self) -> Kind:
        return BY_NAME[self.kind]

    def get_absolute_url(self) -> str:
        """The item's page, or the page of the deleted item."""
        if self.deleted_on:
            return _address("deleted_detail", self.vault.slug, self.of_kind, self.name)
        return _address(self.of_kind.pages.detail, self.vault.slug, self.name)

    @property
    def is_live(self) -> bool:
        return self.gone_since is None and self.deleted_on is None

    @property
    def time_of_deletion(self) -> datetime | None:
        """As Azure told it; None if it did not. (Then `deleted_on` is the time of the observation.)"""
        return None if self.deleted_on == self.observed_at or "deleted_on" in self.odd else self.deleted_on

    @property
    def purge_protected(self) -> bool:
        """True for a deleted item that nobody can purge: Azure does it on its day."""
        return self.recovery_level in PURGE_PROTECTED

    @property
    def may_be_purged(self) -> bool:
        """False also if it is not known."""
        return "Purgeable" in self.recovery_level

    @property
    def is_being_deleted(self) -> bool:
        """True if the vault may not have completed the deletion yet: until then it refuses to recover or purge the item."""
        return self.transition == Transition.DELETING and self.is_settling(timezone.now())

    def is_settling(self, at: datetime) -> bool:
        """True if Azure may not have completed the transition at this time."""
        since = self.transition_since
        return bool(self.transition) and since is not None and at < since + SETTLES_WITHIN

    def explains(self, seen: "InventoryItem") -> bool:
        """True if the transition of this row is in progress, and Azure shows `seen` until it is completed."""
        match self.transition:
            case Transition.PENDING:
                return seen.pending and seen.deleted_on is None
            case Transition.DELETING:
                return self.is_settling(seen.observed_at) and seen.deleted_on is None
            case Transition.RECOVERING | Transition.PURGING:
                return (
                    self.is_settling(seen.observed_at) and seen.deleted_on is not None and not self._deleted_again(seen)
                )
        return False

    def _deleted_again(self, seen: "InventoryItem") -> bool:
        """True if this is another deletion than the one that the transition is about. Only Azure's times are compared."""
        before, now = self.transition_deleted_on, seen.time_of_deletion
        return before is not None and now is not None and before != now
