"""The inventory: names, dates and states of every vault's items. Metadata only."""

from django.db import models
from django.urls import reverse

from vaults.kinds import BY_NAME, KINDS, Kind
from vaults.models.json import ShapedJSONField, texts
from vaults.models.vault import Vault

#: Items without an expiry date. Excluded: an expiry date that can't be read, and certificates never issued.
ENDLESS = models.Q(expires_on=None, issued=True) & ~models.Q(odd__has_key="expires_on")


class InventoryItem(models.Model):
    vault = models.ForeignKey(Vault, on_delete=models.CASCADE, related_name="items")
    kind = models.CharField(max_length=12, choices=[(kind.name, kind.title) for kind in KINDS])
    name = models.CharField(max_length=127)
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
    content_type = models.CharField(max_length=255, blank=True)
    subject = models.CharField(max_length=1000, blank=True)
    tags = ShapedJSONField(default=dict, shape=texts)
    #: Attributes that could not be parsed, as text, by the name of their column.
    odd = ShapedJSONField(default=dict, shape=texts)

    class Meta:
        indexes = [
            models.Index(fields=["vault", "kind", "name"], name="inventory_item"),
            models.Index(fields=["vault", "expires_on"], name="inventory_expiry"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"

    @property
    def of_kind(self) -> Kind:
        return BY_NAME[self.kind]

    def get_absolute_url(self) -> str:
        """The item's page, or the page of the deleted item."""
        if self.deleted_on:
            return reverse("deleted_detail", args=[self.vault.slug, self.of_kind, self.name])
        return reverse(self.of_kind.pages.detail, args=[self.vault.slug, self.name])
