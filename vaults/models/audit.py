"""The audit trail: entries that are only ever added, each bound to the one before it by a keyed hash.

An act has two entries with the same `event`: one at its start, one with its outcome. Names are copied, not referenced,
because an entry outlives the person, the team and the vault.
"""

from typing import NoReturn, Self

from django.db import models
from django.db.models import OuterRef, Subquery

from vaults.models.json import ShapedJSONField, facts, text_list
from vaults.models.team import User


class AuditState(models.TextChoices):
    STARTED = "started", "Started"
    SUCCEEDED = "succeeded", "Succeeded"
    DENIED = "denied", "Denied"
    FAILED = "failed", "Failed"
    UNKNOWN = "unknown", "Unknown"


class AuditEntryQuerySet(models.QuerySet["AuditEntry"]):
    def with_accounts(self) -> Self:
        """Add the present e-mail address of the actor's account: entries of earlier versions don't contain it."""
        return self.annotate(account_email=Subquery(User.objects.filter(pk=OuterRef("actor_id")).values("email")))


class AuditEntry(models.Model):
    seq = models.BigIntegerField(primary_key=True)
    event = models.UUIDField(db_index=True)
    at = models.DateTimeField(db_index=True)
    state = models.CharField(max_length=10, choices=AuditState)
    team_id = models.UUIDField(db_index=True)
    team_name = models.CharField(max_length=80)
    actor_id = models.UUIDField(null=True)
    actor_label = models.CharField(max_length=254)
    action = models.CharField(max_length=40)
    connection_name = models.CharField(max_length=80, blank=True)
    client_id = models.CharField(max_length=64, blank=True)
    vault_id = models.UUIDField(null=True)
    vault_name = models.CharField(max_length=260, blank=True)
    vault_slug = models.CharField(max_length=80, blank=True)
    name = models.CharField(max_length=254, blank=True)
    version = models.CharField(max_length=64, blank=True)
    detail = ShapedJSONField(default=dict, shape=facts)
    status = models.PositiveSmallIntegerField(null=True)
    code = models.CharField(max_length=80, blank=True)
    inner_code = models.CharField(max_length=80, blank=True)
    azure_request_ids = ShapedJSONField(default=list, shape=text_list)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    #: Set by `with_accounts`.
    account_email: str | None = None

    objects = AuditEntryQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event"], condition=~models.Q(state="started"), name="one_outcome_an_act")
        ]
        indexes = [models.Index(fields=["vault_id", "name", "seq"], name="audit_object")]
        ordering = ["-seq"]

    def __str__(self) -> str:
        return f"{self.seq} {self.action} {self.state}"

    def delete(self, *_args: object, **_kwargs: object) -> NoReturn:
        raise TypeError("audit entries are never deleted")


class AuditChain(models.Model):
    """The newest link: one row, locked by every process that adds an entry, so that all entries have one order."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    seq = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64, default="0" * 64)
    seal = models.CharField(max_length=64, blank=True)
    #: `chain`: id of the trail, set with the first checkpoint. `checkpoint`: the HMAC of the newest checkpoint's line.
    chain = models.CharField(max_length=36, blank=True)
    checkpoint = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"{self.seq} {self.hash}"
