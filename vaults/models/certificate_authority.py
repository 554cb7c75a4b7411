"""Certificate authorities of which a team has said whether browsers trust them."""

from typing import ClassVar

from django.db import models

from vaults.keyvault.identifiers import fold
from vaults.models.inventory import DerivedField
from vaults.models.team import Team

#: PostgreSQL keeps no longer text in an index.
LONGEST_NAME = 500


class CertificateAuthority(models.Model):
    """A team's word on one CA. `name`: of an issuer, as policies name it, or the CA's X.500 name, cut to LONGEST_NAME."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="authorities")
    name = models.CharField(max_length=LONGEST_NAME)
    folded_name = DerivedField(of=lambda authority: fold(authority.name), editable=False)
    is_public = models.BooleanField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["team", "folded_name"], name="authority_once"),
        ]

    def __str__(self) -> str:
        return self.name
