"""Operations of certificates: kept with their outcome, because a vault forgets one that is deleted or replaced."""

from typing import ClassVar

from django.db import models
from django.utils import timezone

from vaults.keyvault.identifiers import fold
from vaults.models.inventory import DerivedField
from vaults.models.team import User
from vaults.models.vault import Vault


class Outcome(models.TextChoices):
    """How an operation ended, as far as is known."""

    ISSUED = "issued", "Issued"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"
    #: Through this portal.
    DELETED = "deleted", "Deleted"
    #: The vault has a later operation of the same certificate.
    REPLACED = "replaced", "Replaced"
    #: The vault no longer has it: it, or its certificate, was deleted elsewhere.
    FORGOTTEN = "forgotten", "No longer there"


#: Outcomes that only tell what was not found: the same operation may be found again.
GUESSED = (Outcome.REPLACED, Outcome.FORGOTTEN)


class RecordedOperation(models.Model):
    """One operation of a certificate, as last seen. Its identity is vault, certificate and Azure's id of the request."""

    vault = models.ForeignKey(Vault, on_delete=models.CASCADE, related_name="operations")
    name = models.CharField(max_length=127)
    folded_name = DerivedField(of=lambda operation: fold(operation.name), editable=False)
    #: "" if it is not known.
    request_id = models.CharField(max_length=255, blank=True)
    issuer = models.CharField(max_length=255, blank=True)
    status = models.CharField(max_length=60, blank=True)
    status_details = models.CharField(max_length=1000, blank=True)
    error_code = models.CharField(max_length=120, blank=True)
    error_message = models.CharField(max_length=1000, blank=True)
    cancellation_requested = models.BooleanField(default=False)

    #: When it was started through this portal, else when it was first seen.
    begun_at = models.DateTimeField()
    #: Who started it through this portal: name as recorded then, and account. "" if it was started elsewhere.
    started_by = models.CharField(max_length=255, blank=True)
    started_user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    #: When the vault was last asked for it, as far as this row tells.
    last_seen = models.DateTimeField(default=timezone.now)
    #: When its end was seen; None while it is in progress.
    ended_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=12, choices=Outcome, blank=True)
    #: Who ended it through this portal, as in `started_by`.
    ended_by = models.CharField(max_length=255, blank=True)
    ended_user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["vault", "folded_name", "request_id"], name="operation_once"),
        ]
        indexes: ClassVar = [
            # Pages read these in their order, and each page says how many are open.
            models.Index(fields=["begun_at", "id"], condition=models.Q(ended_at=None), name="operation_open"),
            models.Index(
                fields=["vault", "begun_at", "id"], condition=models.Q(ended_at=None), name="operation_open_of_vault"
            ),
            models.Index(
                fields=["-ended_at", "-id"], condition=models.Q(ended_at__isnull=False), name="operation_ended"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.request_id}"
