"""A team's word on certificate authorities: whether browsers trust them. The rules for public CAs bind no other."""

from django.utils import timezone

from vaults.access import visible_to
from vaults.actors import Actor
from vaults.acts import act
from vaults.inventory import foresight
from vaults.keyvault.identifiers import fold
from vaults.models import CertificateAuthority, Team
from vaults.permissions import Action


class NoSuchAuthority(Exception):
    """No certificate of the team is, or is any more, of this CA."""


def judge_authority(actor: Actor, team: Team, name: str, *, is_public: bool) -> None:
    """Store what the team says of a CA, and foresee the renewals of its certificates anew. Raises NoSuchAuthority.

    `name`: as `inventory.foresight.authority_of` gives it.
    """
    words = {True: "public", False: "not public", None: "not said"}
    with act(actor, Action.AUTHORITY_UPDATE, team, name=name) as doing, doing.writing():
        certificates = [
            known
            for known in visible_to(actor, team).certificates
            if fold(foresight.authority_of_known(known)) == fold(name)
        ]
        if not name or not certificates:
            raise NoSuchAuthority
        before = CertificateAuthority.objects.filter(team=team, folded_name=fold(name)).first()
        doing.detail["before"] = {"authority": words[before.is_public if before else None]}
        doing.detail["after"] = {"authority": words[is_public]}
        CertificateAuthority.objects.update_or_create(
            team=team, folded_name=fold(name), defaults={"name": name, "is_public": is_public}
        )
        foresight.keep_verdicts(certificates, foresight.said_by(team), timezone.now())
