"""A certificate's next renewals, under the rules for public CAs as they are and as they will be."""

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from vaults.access import visible_to
from vaults.actions import certificates
from vaults.actions.certificates import Renewal
from vaults.actors import Person
from vaults.forecast.renewals import Course, Life
from vaults.inventory import observe
from vaults.inventory.certificates import providers_of
from vaults.inventory.foresight import Said, authority_of, is_public
from vaults.keyvault import x509
from vaults.keyvault.x509 import CertificateFacts
from vaults.models import Vault
from vaults.web.certificate_future import axis, cards, loses_client_auth
from vaults.web.decorators import with_vault
from vaults.web.rendering import HtmxRequest, render_page


@require_safe
@with_vault
def certificate_renewals(request: HtmxRequest, vault: Vault, name: str) -> HttpResponse:
    """`?rules=` is the year of the calendar that is shown."""
    found = certificates.read_for_new_version(request.actor, vault, name)
    certificate, facts = found.certificate, x509.read_certificate(found.certificate.cer)
    provider = _provider(found)
    authority = _authority(found, facts, provider)
    known = is_public(provider, authority, observe.read(lambda: said_by(request.actor, vault), {}))
    course = _course(found, facts, is_public=known is not False)
    context = {
        "vault": vault,
        "name": certificate.properties.name,
        "certificate": certificate,
        "course": course,
        "authority": authority,
        "not_said": known is None,
        "cards": [],
    }
    if course:
        now = timezone.now()
        shown = cards(course, now)
        chosen = next((card for card in shown if str(card.year) == request.GET.get("rules")), shown[0])
        context |= {"cards": shown, "chosen": chosen, "axis": axis(chosen, course, now)}
        context["loses_client_auth"] = loses_client_auth(course)
    return render_page(request, "vaults/certificate_renewals.html", context)


def _course(found: Renewal, facts: CertificateFacts, *, is_public: bool) -> Course | None:
    """None without a policy or without dates that can be read."""
    policy = found.certificate.policy
    if policy is None or facts.not_before is None or facts.not_after is None:
        return None
    return Course(
        policy=policy,
        life=Life(facts.not_before, facts.not_after),
        by_ca=facts.subject != facts.issuer,
        is_public=is_public,
    )


def _provider(found: Renewal) -> str:
    """The provider of the policy's issuer; "" if it has none, or the vault's issuers could not be read."""
    return providers_of(found.issuers).get(_issuer(found).lower(), "")


def _authority(found: Renewal, facts: CertificateFacts, provider: str) -> str:
    is_self_signed = facts.subject is not None and facts.subject == facts.issuer
    return authority_of(_issuer(found), provider, facts.issuer or "", is_self_signed)


def _issuer(found: Renewal) -> str:
    policy = found.certificate.policy
    return (policy.issuer_name if policy else "") or ""


def said_by(actor: Person, vault: Vault) -> Said:
    """What the vault's team has said of CAs."""
    return dict(visible_to(actor, vault.team).authorities.values_list("folded_name", "is_public"))
