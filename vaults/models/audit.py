"""The audit trail: entries that are only ever added, each bound to the one before it in its chain by a keyed hash.

An act has two entries with the same `event`: one at its start, one with its outcome. A look has one, and one more if it was
not answered in full. Names are copied, not referenced, because an entry outlives the person, the team and the vault.
"""

import uuid
from typing import Any, NoReturn, Self

from django.db import models
from django.db.models import OuterRef, Subquery
from django.db.models.functions import Lower

from vaults.models.json import ShapedJSONField, facts, text_list
from vaults.models.team import User


class AuditState(models.TextChoices):
    STARTED = "started", "Started"
    LOOKED = "looked", "Looked"
    SUCCEEDED = "succeeded", "Succeeded"
    DENIED = "denied", "Denied"
    FAILED = "failed", "Failed"
    UNKNOWN = "unknown", "Unknown"


#: The chain of what belongs to no team: sign-ins, passwords, commands. Every team has a chain of its own, named by its id.
INSTALLATION = uuid.UUID(int=0)
#: The layout of the hashed fields of new entries. Entries of versions before there were teams' chains have 1.
SCHEMA = 2
#: `kind` of an entry about a person's account.
ACCOUNT = "account"


#: The most accounts whose entries are asked for one by one.
MOST_ACCOUNTS = 20


class AuditEntryQuerySet(models.QuerySet["AuditEntry"]):
    def with_accounts(self) -> Self:
        """Add the present e-mail address of the actor's account: entries of earlier versions don't contain it."""
        return self.annotate(account_email=Subquery(User.objects.filter(pk=OuterRef("actor_id")).values("email")))

    # Parts of the record, newest first, each in the order of an index. The first field of an order is the same for all entries
    # of the part; it is named so that the index is used.

    def of_team(self, team: Any) -> Self:
        return self.filter(team_id=team).order_by("-team_id", "-id")

    def about_account(self, account: Any) -> Self:
        """`account`: its e-mail address, folded."""
        return self.filter(team_id=None, kind=ACCOUNT, folded_name=account).order_by("-folded_name", "-id")

    def about_accounts(self, accounts: list[str]) -> Self:
        # Lower, although they are: it keeps a database from sorting all entries of these accounts.
        found = self.filter(team_id=None, kind=ACCOUNT).annotate(account=Lower("folded_name"))
        return found.filter(account__in=accounts).order_by("-team_id", "-id")


class AuditEntry(models.Model):
    id = models.BigAutoField(primary_key=True)
    schema = models.PositiveSmallIntegerField(default=SCHEMA)
    chain = models.UUIDField(default=INSTALLATION)
    seq = models.BigIntegerField()
    event = models.UUIDField(db_index=True)
    at = models.DateTimeField(db_index=True)
    state = models.CharField(max_length=10, choices=AuditState)
    #: An entry of a look, and whether the list that begins with changes has the entry.
    look = models.BooleanField(default=False)
    news = models.BooleanField(default=True)
    team_id = models.UUIDField(null=True)
    team_name = models.CharField(max_length=80, blank=True)
    actor_id = models.UUIDField(null=True)
    actor_label = models.CharField(max_length=254)
    source = models.CharField(max_length=10, blank=True)
    action = models.CharField(max_length=40)
    #: Why it was allowed or refused: `access.Decision.because`.
    because = models.CharField(max_length=40, blank=True)
    #: Event of the job that the act belongs to, and the approval that it was done with.
    parent = models.UUIDField(null=True)
    request = models.UUIDField(null=True)
    connection_id = models.UUIDField(null=True)
    connection_name = models.CharField(max_length=80, blank=True)
    client_id = models.CharField(max_length=64, blank=True)
    vault_id = models.UUIDField(null=True)
    vault_cloud = models.CharField(max_length=40, blank=True)
    vault_host = models.CharField(max_length=260, blank=True)
    vault_name = models.CharField(max_length=260, blank=True)
    vault_slug = models.CharField(max_length=80, blank=True)
    #: secret, key, certificate or account; "" for everything else. `folded_name`: the name of such an object, without case.
    kind = models.CharField(max_length=12, blank=True)
    name = models.CharField(max_length=254, blank=True)
    folded_name = models.CharField(max_length=254, blank=True)
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
            models.UniqueConstraint(fields=["chain", "seq"], name="one_entry_a_number"),
            models.UniqueConstraint(
                fields=["event"], condition=~models.Q(state="started") & models.Q(look=False), name="one_outcome_an_act"
            ),
        ]
        indexes = [
            models.Index(fields=["vault_id", "kind", "folded_name", "id"], name="audit_object"),
            models.Index(fields=["team_id", "id"], name="audit_team"),
            models.Index(fields=["team_id", "id"], condition=models.Q(news=True), name="audit_news"),
            models.Index(fields=["team_id", "action", "id"], name="audit_action"),
            models.Index(fields=["actor_id", "at"], name="audit_actor"),
            models.Index(fields=["at"], condition=models.Q(state="started"), name="audit_started"),
            models.Index(fields=["folded_name", "id"], condition=models.Q(team_id=None), name="audit_account"),
            models.Index(
                fields=["folded_name", "id"], condition=models.Q(team_id=None, news=True), name="audit_account_news"
            ),
            models.Index(
                fields=["folded_name", "action", "id"], condition=models.Q(team_id=None), name="audit_account_action"
            ),
        ]
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.chain} {self.seq} {self.action} {self.state}"

    def delete(self, *_args: object, **_kwargs: object) -> NoReturn:
        raise TypeError("audit entries are never deleted")


class AuditChain(models.Model):
    """The newest link of a chain: one row, locked by every process that adds an entry to it, so that they have one order."""

    id = models.BigAutoField(primary_key=True)
    chain = models.UUIDField(unique=True, default=INSTALLATION)
    seq = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64, default="0" * 64)
    seal = models.CharField(max_length=64, blank=True)
    #: `trail`: an id that is set with the first checkpoint. `checkpoint`: the HMAC of the newest checkpoint's line.
    trail = models.CharField(max_length=36, blank=True)
    checkpoint = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"{self.chain} {self.seq} {self.hash}"
