"""A service principal in a tenant of a cloud: the portal signs in to Azure with it."""

import json
import uuid
from dataclasses import replace

from django.db import models

from vaults.models.json import ShapedJSONField
from vaults.models.team import Team
from vaults.sealing import Place, is_current, seal, unseal

NEWEST_API_VERSION = "2026-04-01"
API_VERSIONS = ["7.0", "7.1", "7.2", "7.3", "7.4", "7.5", "7.6", "2025-07-01", NEWEST_API_VERSION]


class Connection(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="connections")
    name = models.CharField(max_length=80)
    cloud = models.CharField(max_length=40)
    tenant_id = models.CharField("tenant ID", max_length=253)
    client_id = models.CharField("application (client) ID", max_length=64)
    api_version = models.CharField(
        "API version", max_length=16, choices=[(v, v) for v in API_VERSIONS], default=NEWEST_API_VERSION
    )
    client_secret_sealed = models.TextField(blank=True, editable=False)
    certificate_sealed = models.TextField(blank=True, editable=False)
    certificate_subject = models.CharField(max_length=500, blank=True, editable=False)
    credential_expires_on = models.DateTimeField("credential ends on", null=True, blank=True)
    credential_changed_at = models.DateTimeField(null=True, editable=False)
    revision = models.PositiveIntegerField(default=1, editable=False)
    tested_at = models.DateTimeField(null=True, editable=False)
    #: The result of the last test, as a code with its facts.
    test_result = models.CharField(max_length=60, blank=True, editable=False)
    test_facts = ShapedJSONField(default=dict, editable=False)
    test_passed = models.BooleanField(null=True, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "name"], name="connection_name_once_a_team")]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def _place(self, field: str) -> Place:
        """The place that a credential is bound to: one team, and one application in one tenant of one cloud.

        A person who changes these must know the credential.
        """
        facts = (str(self.team_id), self.cloud, self.tenant_id, self.client_id)
        return Place(self._meta.db_table, str(self.pk), field, facts)

    def set_client_secret(self, secret: str) -> None:
        self.client_secret_sealed = seal(secret, self._place("client_secret"))
        self.certificate_sealed = self.certificate_subject = ""

    def set_certificate(self, private_key: str, certificate: str, subject: str) -> None:
        """Store a private key and its certificate, both PEM, instead of a client secret."""
        self.certificate_sealed = seal(json.dumps([private_key, certificate]), self._place("certificate"))
        self.certificate_subject = subject
        self.client_secret_sealed = ""

    def client_secret(self) -> str:
        """Raises SealBroken."""
        return unseal(self.client_secret_sealed, self._place("client_secret"))

    def certificate_parts(self) -> tuple[str, str]:
        """The private key and the certificate, both PEM. Raises SealBroken."""
        private_key, certificate = json.loads(unseal(self.certificate_sealed, self._place("certificate")))
        return private_key, certificate

    def is_sealed_with_current_key(self) -> bool:
        return all(is_current(sealed) for sealed in (self.client_secret_sealed, self.certificate_sealed) if sealed)

    def reseal(self, *, bound_to_row_alone: bool = False) -> None:
        """Seal the stored credential again, with the ring's current key. Raises SealBroken.

        `bound_to_row_alone`: it was sealed by version 0.1.
        """
        self.client_secret_sealed = self._resealed(
            self.client_secret_sealed, self._place("client_secret"), bound_to_row_alone
        )
        self.certificate_sealed = self._resealed(
            self.certificate_sealed, self._place("certificate"), bound_to_row_alone
        )

    @staticmethod
    def _resealed(sealed: str, place: Place, bound_to_row_alone: bool) -> str:
        if not sealed:
            return sealed
        return seal(unseal(sealed, replace(place, facts=()) if bound_to_row_alone else place), place)
