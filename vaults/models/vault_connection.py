"""How a vault is reached: its connections in their order, the choices of people, and addresses of earlier versions."""

import uuid

from django.db import models

from vaults.models.connection import Connection
from vaults.models.team import User
from vaults.models.vault import Vault


class VaultConnectionManager(models.Manager["VaultConnection"]):
    def get_queryset(self) -> models.QuerySet["VaultConnection"]:
        return super().get_queryset().select_related("connection")


class VaultConnection(models.Model):
    """A connection that reaches a vault of its own team. The one with the lowest position is the first."""

    vault = models.ForeignKey(Vault, on_delete=models.CASCADE, related_name="reached_through")
    connection = models.ForeignKey(Connection, on_delete=models.RESTRICT, related_name="reaches")
    position = models.PositiveIntegerField()

    objects = VaultConnectionManager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["vault", "connection"], name="connection_once_a_vault")]
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return f"{self.position} {self.connection}"


class ChosenConnection(models.Model):
    """The connection that a person chose for a vault. It is forgotten when the connection no longer reaches the vault."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    vault = models.ForeignKey(Vault, on_delete=models.CASCADE, related_name="+")
    reached_through = models.ForeignKey(VaultConnection, on_delete=models.CASCADE, related_name="chosen_by")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "vault"], name="one_choice_a_vault")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.reached_through_id}"


class FormerVault(models.Model):
    """A row of an earlier version that was merged into a vault: its id in old audit entries, and its address.

    `connection`: the connection that the row had; None if that was deleted since.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.SlugField(max_length=80, unique=True)
    vault = models.ForeignKey(Vault, on_delete=models.CASCADE, related_name="former")
    connection = models.ForeignKey(Connection, null=True, on_delete=models.SET_NULL, related_name="+")

    def __str__(self) -> str:
        return self.slug
