"""A certificate's next renewals, under the rules for public CAs as they are and as they will be."""

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from vaults.actions import certificates
from vaults.actions.certificates import Renewal
from vaults.forecast.renewals import Course, Life
from vaults.forecast.rules import PUBLIC_PROVIDERS
from vaults.keyvault import x509
from vaults.models import Vault
from vaults.web.certificate_future import axis, cards, loses_client_auth
from vaults.web.decorators import with_vault
from vaults.web.rendering import HtmxRequest, render_page


@require_safe
@with_vault
def certificate_renewals(request: HtmxRequest, vault: Vault, name: str) -> HttpResponse:
    """`?rules=` is the year of the calendar that is shown; `?public=` yes or no, where the issuer does not tell."""
    found = certificates.read_for_new_version(request.actor, vault, name)
    certificate, said = found.certificate, request.GET.get("public", "")
    known = _is_public(found)
    course = _course(found, is_public=known if known is not None else said != "no")
    context = {
        "vault": vault,
        "name": certificate.properties.name,
        "certificate": certificate,
        "course": course,
        "asks_public": known is None,
        "said_public": said != "no",
        "cards": [],
    }
    if course:
        now = timezone.now()
        shown = cards(course, now)
        chosen = next((card for card in shown if str(card.year) == request.GET.get("rules")), shown[0])
        context |= {"cards": shown, "chosen": chosen, "axis": axis(chosen, course, now)}
        context["loses_client_auth"] = loses_client_auth(course)
    return render_page(request, "vaults/certificate_renewals.html", context)


def _course(found: Renewal, *, is_public: bool) -> Course | None:
    """None without a policy or without dates that can be read."""
    facts, policy = x509.read_certificate(found.certificate.cer), found.certificate.policy
    if policy is None or facts.not_before is None or facts.not_after is None:
        return None
    return Course(
        policy=policy,
        life=Life(facts.not_before, facts.not_after),
        by_ca=facts.subject != facts.issuer,
        is_public=is_public,
    )


def _is_public(found: Renewal) -> bool | None:
    """Whether the CA of the next version is public; None if that can't be known from here."""
    issuer = (found.certificate.policy.issuer_name or "") if found.certificate.policy else ""
    if issuer.lower() == "self":
        return False
    providers = {each.name.lower(): each.provider.lower() for each in found.issuers.value or ()}
    provider = providers.get(issuer.lower(), "")
    return True if provider in PUBLIC_PROVIDERS else None
